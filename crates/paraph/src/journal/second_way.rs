//! Rows of the second way: held people who are asked once, by mail. Nothing here bears on the count.

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId};

use super::integer;
use crate::store::db::{Db, DbError, Value};

/// What one batch writes of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SecondWay {
    /// Mailboxes that are to be asked.
    pub offered: Vec<Offered>,
    /// Mails that somebody is about to send.
    pub claims: Vec<Claimed>,
    /// Mails to look at again, not before a moment.
    pub put_off: Vec<([u8; 16], Millis)>,
    /// Mails of which nothing more is sent: they have left, or their signature is held no more.
    pub over: Vec<[u8; 16]>,
    /// Incidents whose mails that have not left are called back.
    pub called_back: Vec<u64>,
    /// Who answered, when, and from where scrutiny may know.
    pub answered: Vec<(SignatureId, Millis, Vec<u8>)>,
}

/// A mailbox that is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Name of the mail.
    pub id: [u8; 16],
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The held signature.
    pub signature: SignatureId,
    /// Its petition.
    pub petition: PetitionId,
    /// The incident that it was held in.
    pub incident: u64,
    /// Tag of the address over all petitions, for the budgets.
    pub address: [u8; 16],
    /// Tag of the mail domain, for the drip.
    pub domain: [u8; 16],
    /// Whether the domain is a large provider.
    pub common: bool,
    /// When it was offered.
    pub at: Millis,
    /// When its mail is due.
    pub due_at: Millis,
}

/// A mail that is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its name.
    pub id: [u8; 16],
    /// The moment it counts at in the drip; `None` for another try.
    pub counted_at: Option<Millis>,
    /// When the claim runs out and it is due again.
    pub until: Millis,
}

impl SecondWay {
    pub(super) async fn write(&self, db: &mut Db, erased: &[(SignatureId, Millis)]) -> Result<(), DbError> {
        for offered in &self.offered {
            offered.write(db).await?;
        }
        for claim in &self.claims {
            let counted_at = claim.counted_at.map_or(Value::Null, |at| integer(at.0));
            let sql = "UPDATE second_way SET due_at = ?2, counted_at = COALESCE(?3, counted_at), attempts = attempts + 1 \
                       WHERE id = ?1";
            db.execute(sql, &[Value::Blob(&claim.id), integer(claim.until.0), counted_at])
                .await?;
        }
        for (id, at) in &self.put_off {
            let sql = "UPDATE second_way SET due_at = ?2 WHERE id = ?1 AND due_at IS NOT NULL";
            db.execute(sql, &[Value::Blob(id), integer(at.0)]).await?;
        }
        for id in &self.over {
            // Who was never written to may be asked another time.
            let sql = "DELETE FROM second_way WHERE id = ?1 AND counted_at IS NULL";
            db.execute(sql, &[Value::Blob(id)]).await?;
            let sql = "UPDATE second_way SET due_at = NULL WHERE id = ?1";
            db.execute(sql, &[Value::Blob(id)]).await?;
        }
        for incident in &self.called_back {
            let sql = "DELETE FROM second_way WHERE incident = ?1 AND counted_at IS NULL";
            db.execute(sql, &[integer(*incident)]).await?;
        }
        for (signature, at, from) in &self.answered {
            let sql = "UPDATE second_way SET due_at = NULL, answered_at = ?2, answered_from = ?3 \
                       WHERE signature = ?1 AND answered_at IS NULL";
            db.execute(sql, &[Value::Blob(&signature.0), integer(at.0), Value::Blob(from)])
                .await?;
        }
        for (signature, _) in erased {
            let sql = "UPDATE second_way SET due_at = NULL, address = ?2, domain = ?2, answered_from = NULL WHERE signature = ?1";
            db.execute(sql, &[Value::Blob(&signature.0), Value::Blob(&[])]).await?;
        }
        Ok(())
    }
}

impl Offered {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        let sql = "INSERT INTO second_way \
                   (mailbox, id, signature, incident, petition, address, domain, common, offered_at, due_at, attempts) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)";
        let values = [
            Value::Blob(&self.mailbox.0),
            Value::Blob(&self.id),
            Value::Blob(&self.signature.0),
            integer(self.incident),
            Value::Int(self.petition.0.into()),
            Value::Blob(&self.address),
            Value::Blob(&self.domain),
            Value::Int(self.common.into()),
            integer(self.at.0),
            integer(self.due_at.0),
        ];
        db.execute(sql, &values).await?;
        Ok(())
    }
}

/// What was observed of answers goes when all features of that time do.
pub(super) async fn prune(db: &mut Db, before: Millis) -> Result<(), DbError> {
    let sql = "UPDATE second_way SET answered_from = NULL WHERE answered_at < ?1 AND answered_from IS NOT NULL";
    db.execute(sql, &[integer(before.0)]).await?;
    Ok(())
}
