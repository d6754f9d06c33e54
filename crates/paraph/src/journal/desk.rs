//! Rows of the desk. Nothing here bears on the count.

use paraph_tally::{Millis, PetitionId};

use super::{Prune, integer};
use crate::desk::command::{Invitation, MemberId, NewPasskey, PasskeyUse, TokenHash};
use crate::desk::role::Role;
use crate::store::db::{Db, DbError, Value};

/// One thing that the desk keeps or forgets.
#[derive(Clone, Debug)]
pub enum DeskRow {
    /// A member, or another password and code generator of one.
    Member(Member),
    /// Another password.
    Password(MemberId, Vec<u8>),
    /// The last step of a code that was used.
    Step(MemberId, u64),
    /// Recovery codes in place of those before.
    Recovery(MemberId, Vec<[u8; 16]>),
    /// A recovery code was used.
    RecoverySpent(MemberId, [u8; 16]),
    /// A passkey.
    Passkey(MemberId, NewPasskey, Millis),
    /// A passkey answered a challenge.
    PasskeyUsed(PasskeyUse, Millis),
    /// A passkey has a copy somewhere.
    PasskeyStopped(Vec<u8>, Millis),
    /// A passkey is forgotten.
    PasskeyRemoved(Vec<u8>),
    /// Every passkey of a member is.
    NoPasskeys(MemberId),
    /// A link.
    Invitation(Invitation, Option<MemberId>, Millis),
    /// A link was used.
    InvitationSpent(TokenHash),
    /// No link that nobody made: those of the first operator.
    NoFirstLinks,
    /// A session begins.
    Session(TokenHash, MemberId, Millis),
    /// A session is in use.
    Seen(TokenHash, Millis),
    /// One session of a member ends; `None`: all but the one in the third place.
    Ended(MemberId, Option<TokenHash>, Option<TokenHash>),
    /// A member is removed.
    Removed(MemberId, Millis),
    /// Where a draft stands.
    Petition(PetitionId, Standing),
    /// A line of the audit log.
    Audit(Line),
    /// A line of the shift log, and the incident that it belongs to.
    Shift(Line, Option<u64>),
    /// Every session and link ends.
    NothingOpen,
}

/// A member's row.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name in the store.
    pub id: MemberId,
    /// As shown.
    pub name: String,
    /// As compared.
    pub login: String,
    /// What they may do.
    pub role: Role,
    /// Hash of the password.
    pub password: Vec<u8>,
    /// Secret of the code generator, sealed.
    pub totp: Vec<u8>,
    /// Step of the last code used.
    pub step: u64,
    /// When they joined.
    pub made_at: Millis,
}

/// Where a draft stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who wrote it; `None` keeps who is known.
    pub author: Option<MemberId>,
    /// 0 with its author, 1 to be reviewed, 2 sent back.
    pub review: i64,
    /// Why it was sent back.
    pub note: String,
    /// Since when.
    pub since: Millis,
}

/// A line of the audit log, or of the shift log.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its time-ordered name.
    pub id: [u8; 16],
    /// When.
    pub at: Millis,
    /// Who; `None`: at the command line, or a link of no member.
    pub member: Option<MemberId>,
    /// What.
    pub act: &'static str,
    /// About what.
    pub subject: String,
}

const AUDIT: &str = "INSERT INTO desk_audit (id, at, member, act, subject) VALUES (?1, ?2, ?3, ?4, ?5)";
const SHIFT: &str = "INSERT INTO desk_shift (id, at, member, kind, text, incident) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

fn maybe(id: Option<&MemberId>) -> Value<'_> {
    id.map_or(Value::Null, |id| Value::Blob(id))
}

pub(super) async fn write(rows: &[DeskRow], db: &mut Db) -> Result<(), DbError> {
    for row in rows {
        row.write(db).await?;
    }
    Ok(())
}

pub(super) async fn prune(db: &mut Db, prune: &Prune) -> Result<(), DbError> {
    let at = |at: Millis| [integer(at.0)];
    let sql = "DELETE FROM desk_invitation WHERE expires < ?1";
    db.execute(sql, &at(prune.desk_links_before)).await?;
    let sql = "DELETE FROM desk_session WHERE made_at < ?1";
    db.execute(sql, &at(prune.desk_sessions_before)).await?;
    let sql = "DELETE FROM desk_audit WHERE at < ?1";
    db.execute(sql, &at(prune.desk_audit_before)).await?;
    let sql = "DELETE FROM desk_shift WHERE at < ?1";
    db.execute(sql, &at(prune.desk_audit_before)).await?;
    Ok(())
}

impl DeskRow {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        match self {
            Self::Member(member) => member.write(db).await?,
            Self::Password(id, password) => {
                let sql = "UPDATE desk_member SET password = ?2 WHERE id = ?1";
                db.execute(sql, &[Value::Blob(id), Value::Blob(password)]).await?;
            }
            Self::Step(id, step) => {
                let sql = "UPDATE desk_member SET totp_step = ?2 WHERE id = ?1";
                db.execute(sql, &[Value::Blob(id), integer(*step)]).await?;
            }
            Self::Recovery(id, codes) => {
                let sql = "DELETE FROM desk_recovery WHERE member = ?1";
                db.execute(sql, &[Value::Blob(id)]).await?;
                let rows: Vec<_> = codes.iter().map(|code| [Value::Blob(id), Value::Blob(code)]).collect();
                let sql = "INSERT INTO desk_recovery (member, code) VALUES (?1, ?2)";
                db.load(sql, &rows).await?;
            }
            Self::RecoverySpent(id, code) => {
                let sql = "DELETE FROM desk_recovery WHERE member = ?1 AND code = ?2";
                db.execute(sql, &[Value::Blob(id), Value::Blob(code)]).await?;
            }
            Self::Petition(petition, standing) => standing.write(db, *petition).await?,
            Self::Audit(line) => {
                db.execute(AUDIT, &line.values()).await?;
            }
            Self::Shift(line, incident) => {
                let incident = incident.map_or(Value::Null, integer);
                let values = [&line.values()[..], &[incident]].concat();
                db.execute(SHIFT, &values).await?;
            }
            Self::Removed(id, at) => removed(db, id, *at).await?,
            Self::Passkey(..)
            | Self::PasskeyUsed(..)
            | Self::PasskeyStopped(..)
            | Self::PasskeyRemoved(_)
            | Self::NoPasskeys(_) => self.write_passkey(db).await?,
            _ => self.write_ways_in(db).await?,
        }
        Ok(())
    }

    async fn write_passkey(&self, db: &mut Db) -> Result<(), DbError> {
        match self {
            Self::Passkey(member, passkey, at) => {
                let sql = "INSERT INTO desk_passkey (id, member, name, public_key, counter, challenged_at, made_at) \
                           VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
                let values = [
                    Value::Blob(&passkey.id),
                    Value::Blob(member),
                    Value::Text(&passkey.name),
                    Value::Blob(&passkey.public_key),
                    integer(passkey.counter.into()),
                    integer(at.0),
                ];
                db.execute(sql, &values).await?;
            }
            Self::PasskeyUsed(used, at) => {
                let sql = "UPDATE desk_passkey SET counter = ?2, challenged_at = ?3, used_at = ?4 WHERE id = ?1";
                let values = [
                    Value::Blob(&used.id),
                    integer(used.counter.into()),
                    integer(used.challenged.0),
                    integer(at.0),
                ];
                db.execute(sql, &values).await?;
            }
            Self::PasskeyStopped(id, at) => {
                let sql = "UPDATE desk_passkey SET stopped_at = ?2 WHERE id = ?1";
                db.execute(sql, &[Value::Blob(id), integer(at.0)]).await?;
            }
            Self::PasskeyRemoved(id) => {
                db.execute("DELETE FROM desk_passkey WHERE id = ?1", &[Value::Blob(id)])
                    .await?;
            }
            Self::NoPasskeys(member) => no_passkeys(db, member).await?,
            _ => {}
        }
        Ok(())
    }

    /// Links and sessions.
    async fn write_ways_in(&self, db: &mut Db) -> Result<(), DbError> {
        match self {
            Self::Invitation(link, by, at) => {
                let sql = "INSERT INTO desk_invitation (token, role, member, made_by, made_at, expires) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                let values = [
                    Value::Blob(&link.token),
                    Value::Int(link.role.code()),
                    maybe(link.member.as_ref()),
                    maybe(by.as_ref()),
                    integer(at.0),
                    integer(link.expires.0),
                ];
                db.execute(sql, &values).await?;
            }
            Self::InvitationSpent(token) => {
                let sql = "DELETE FROM desk_invitation WHERE token = ?1";
                db.execute(sql, &[Value::Blob(token)]).await?;
            }
            Self::NoFirstLinks => {
                let sql = "DELETE FROM desk_invitation WHERE made_by IS NULL";
                db.execute(sql, &[]).await?;
            }
            Self::Session(token, member, at) => {
                let sql = "INSERT INTO desk_session (token, member, made_at, seen_at) VALUES (?1, ?2, ?3, ?3)";
                let values = [Value::Blob(token), Value::Blob(member), integer(at.0)];
                db.execute(sql, &values).await?;
            }
            Self::Seen(token, at) => {
                let sql = "UPDATE desk_session SET seen_at = ?2 WHERE token = ?1";
                db.execute(sql, &[Value::Blob(token), integer(at.0)]).await?;
            }
            Self::Ended(member, Some(token), _) => {
                let sql = "DELETE FROM desk_session WHERE member = ?1 AND token = ?2";
                db.execute(sql, &[Value::Blob(member), Value::Blob(token)]).await?;
            }
            Self::Ended(member, None, kept) => {
                let kept = kept.as_ref().map_or(&[][..], |token| &token[..]);
                let sql = "DELETE FROM desk_session WHERE member = ?1 AND token <> ?2";
                db.execute(sql, &[Value::Blob(member), Value::Blob(kept)]).await?;
            }
            _ => {
                db.execute("DELETE FROM desk_session", &[]).await?;
                db.execute("DELETE FROM desk_invitation", &[]).await?;
            }
        }
        Ok(())
    }
}

impl Member {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        let sql = "INSERT INTO desk_member (id, name, login, role, password, totp, totp_step, made_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
                   password = excluded.password, totp = excluded.totp, totp_step = excluded.totp_step";
        let values = [
            Value::Blob(&self.id),
            Value::Text(&self.name),
            Value::Text(&self.login),
            Value::Int(self.role.code()),
            Value::Blob(&self.password),
            Value::Blob(&self.totp),
            integer(self.step),
            integer(self.made_at.0),
        ];
        db.execute(sql, &values).await?;
        Ok(())
    }
}

impl Standing {
    async fn write(&self, db: &mut Db, petition: PetitionId) -> Result<(), DbError> {
        let sql = "INSERT INTO desk_petition (petition, author, review, note, since) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (petition) DO UPDATE SET review = excluded.review, note = excluded.note, since = excluded.since";
        let values = [
            Value::Int(petition.0.into()),
            maybe(self.author.as_ref()),
            Value::Int(self.review),
            Value::Text(&self.note),
            integer(self.since.0),
        ];
        db.execute(sql, &values).await?;
        Ok(())
    }
}

impl Line {
    fn values(&self) -> [Value<'_>; 5] {
        [
            Value::Blob(&self.id),
            integer(self.at.0),
            maybe(self.member.as_ref()),
            Value::Text(self.act),
            Value::Text(&self.subject),
        ]
    }
}

async fn no_passkeys(db: &mut Db, member: &MemberId) -> Result<(), DbError> {
    let sql = "DELETE FROM desk_passkey WHERE member = ?1";
    db.execute(sql, &[Value::Blob(member)]).await?;
    Ok(())
}

/// The row stays, so that the audit log still says "a former member"; everything of the person goes.
async fn removed(db: &mut Db, id: &MemberId, at: Millis) -> Result<(), DbError> {
    let sql = "UPDATE desk_member SET name = '', login = NULL, password = ?2, totp = ?2, removed_at = ?3 WHERE id = ?1";
    db.execute(sql, &[Value::Blob(id), Value::Blob(&[]), integer(at.0)])
        .await?;
    let own = [Value::Blob(id)];
    db.execute("DELETE FROM desk_recovery WHERE member = ?1", &own).await?;
    db.execute("DELETE FROM desk_session WHERE member = ?1", &own).await?;
    no_passkeys(db, id).await?;
    // A link that they made would let them in again, in any role.
    db.execute("DELETE FROM desk_invitation WHERE member = ?1 OR made_by = ?1", &own)
        .await?;
    Ok(())
}
