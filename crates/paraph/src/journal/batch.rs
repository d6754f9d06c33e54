//! What one transaction writes beside the journal itself.

use paraph_tally::{Changed, End, Entry, Mailbox, MailboxId, Millis, PetitionId, SignatureId, SignatureState};

use super::content::{Content, forget};
use super::desk::{self, DeskRow};
use super::integer;
use super::mailing::{self, Claim, Posting, Redirected};
use super::second_way::SecondWay;
use super::verdict::{self, NewVerdict, Progress};
use crate::incident::book::Incident;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
use crate::store::db::{Db, DbError, Value};

/// Everything that one commit makes durable. The rows follow from decisions already taken; writing them decides nothing.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events, at consecutive positions.
    pub entries: Vec<Entry>,
    /// What the fold says has changed.
    pub changed: Changed,
    /// New petitions; their state comes with `changed`.
    pub petitions: Vec<NewPetition>,
    /// New versions of texts.
    pub texts: Vec<NewText>,
    /// Mailboxes seen for the first time.
    pub mailboxes: Vec<NewMailbox>,
    /// Nonces that this batch spends.
    pub nonces: Vec<SpentNonce>,
    /// Sealed records.
    pub vault: Vec<(SignatureId, Vec<u8>)>,
    /// Pseudonymous observations.
    pub features: Vec<(SignatureId, Vec<u8>)>,
    /// The same of confirming requests.
    pub confirmed_from: Vec<(SignatureId, Vec<u8>)>,
    /// Mails to send.
    pub outbox: Vec<Posting>,
    /// Pending mails that now speak of a later contribution.
    pub redirected: Vec<Redirected>,
    /// Mailboxes whose pending mail has become pointless.
    pub cancelled: Vec<MailboxId>,
    /// Records to erase, with the time of the request.
    pub erased: Vec<(SignatureId, Millis)>,
    /// Mailboxes whose address is to be forgotten, unless something of theirs still stands.
    pub forgotten: Vec<MailboxId>,
    /// Confirmed signatures that cannot settle while another of their mailbox counts.
    pub blocked: Vec<SignatureId>,
    /// Mails that somebody is about to send.
    pub claims: Vec<Claim>,
    /// Mails to look at again, not before a moment.
    pub deferred: Vec<([u8; 16], Millis)>,
    /// Mails put off, until when, and why.
    pub put_off: Vec<([u8; 16], Millis, mailing::Why)>,
    /// Mailboxes with a clear contribution, new or again: what was put off under a finding is due from this moment on.
    pub resumed: Vec<(MailboxId, Millis)>,
    /// What readers of mailboxes want, since when, and the end of a stop that has one.
    pub wishes: Vec<(Wish, Millis, Option<Millis>)>,
    /// Letters that came back, when, and until when their address is left alone.
    pub bounces: Vec<(Bounced, Millis, Option<Millis>)>,
    /// Mails that were sent.
    pub mailed: Vec<mailing::Mailed>,
    /// Mails that nobody gets.
    pub given_up: Vec<mailing::GivenUp>,
    /// Held people who are asked, and what they answer.
    pub second_way: SecondWay,
    /// What authors add, and what signatories asked for beside signing.
    pub content: Content,
    /// What the desk keeps.
    pub desk: Vec<DeskRow>,
    /// Verdicts of this batch.
    pub verdicts: Vec<NewVerdict>,
    /// How far the rows that follow a verdict are; the rows themselves come with `changed`.
    pub progress: Option<Progress>,
    /// Incidents as they stand now.
    pub incidents: Vec<Incident>,
    /// Forget what is older than these moments.
    pub prune: Option<Prune>,
}

/// What a tick forgets.
#[derive(Clone, Copy, Debug)]
pub struct Prune {
    /// Nonces that had run out by then.
    pub nonces_before: Millis,
    /// Mails sent before then no longer count in any budget.
    pub mails_before: Millis,
    /// Stops that have ended by then.
    pub stops_before: Millis,
    /// Bounces of addresses that were heard of last before then.
    pub bounces_before: Millis,
    /// Features observed before then.
    pub features_before: Millis,
    /// Links to the desk that had run out by then.
    pub desk_links_before: Millis,
    /// Sessions of the desk that began before then.
    pub desk_sessions_before: Millis,
    /// Lines of the desk's audit log from before then.
    pub desk_audit_before: Millis,
}

/// Rows that one tick forgets of each kind at the most: forgetting must not hold up signing.
const PRUNED_AT_ONCE: u64 = 10_000;

/// A petition's row.
#[derive(Clone, Debug)]
pub struct NewPetition {
    /// Internal key.
    pub id: PetitionId,
    /// Its name in addresses.
    pub slug: String,
    /// Who launches it, as shown.
    pub owner: String,
    /// Language of its text.
    pub language: String,
    /// Signatures hoped for.
    pub goal: Option<u64>,
    /// When it was created.
    pub created_at: Millis,
}

/// A version of a petition's text.
#[derive(Clone, Debug)]
pub struct NewText {
    /// Its petition.
    pub petition: PetitionId,
    /// 1, 2, 3…
    pub version: u16,
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
    /// To whom it is addressed; may be empty.
    pub addressee: String,
    /// SHA-256 of title, line feed, body.
    pub text_hash: [u8; 32],
    /// SHA-256 of the consent sentences.
    pub consent_hash: [u8; 32],
    /// When it was adopted.
    pub adopted_at: Millis,
}

/// A mailbox of a petition.
#[derive(Clone, Copy, Debug)]
pub struct NewMailbox {
    /// Its name in the journal.
    pub id: MailboxId,
    /// Keyed tag of petition and canonical address.
    pub tag: [u8; 16],
}

/// A clearance or ticket that admitted a contribution.
#[derive(Clone, Copy, Debug)]
pub struct SpentNonce {
    /// Its nonce.
    pub nonce: [u8; 16],
    /// MAC of the body that it came with.
    pub body_mac: [u8; 16],
    /// When it would have run out by itself.
    pub expires: Millis,
}

/// What was set aside behind another of its mailbox may settle.
const SETTLES_AGAIN: &str = "UPDATE signature SET unsettled = 1 WHERE mailbox = ?1 AND axes = 1 AND unsettled = 0";

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            entries,
            changed,
            petitions,
            texts,
            mailboxes,
            nonces,
            vault,
            features,
            confirmed_from,
            outbox,
            redirected,
            cancelled,
            erased,
            forgotten,
            blocked,
            claims,
            deferred,
            put_off,
            resumed,
            wishes,
            bounces,
            mailed,
            given_up,
            second_way,
            content,
            desk,
            verdicts,
            progress,
            incidents,
            prune,
        } = self;
        entries.is_empty()
            && *changed == Changed::default()
            && petitions.is_empty()
            && texts.is_empty()
            && mailboxes.is_empty()
            && nonces.is_empty()
            && vault.is_empty()
            && features.is_empty()
            && confirmed_from.is_empty()
            && outbox.is_empty()
            && redirected.is_empty()
            && cancelled.is_empty()
            && erased.is_empty()
            && forgotten.is_empty()
            && blocked.is_empty()
            && claims.is_empty()
            && deferred.is_empty()
            && put_off.is_empty()
            && resumed.is_empty()
            && wishes.is_empty()
            && bounces.is_empty()
            && mailed.is_empty()
            && given_up.is_empty()
            && *second_way == SecondWay::default()
            && *content == Content::default()
            && desk.is_empty()
            && verdicts.is_empty()
            && progress.is_none()
            && incidents.is_empty()
            && prune.is_none()
    }

    pub(super) async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        self.write_petitions(db).await?;
        self.write_signatures(db).await?;
        self.write_mailboxes(db).await?;
        self.write_records(db).await?;
        mailing::write_outbox(self, db).await?;
        mailing::write_claims(self, db).await?;
        self.second_way.write(db, &self.erased).await?;
        self.content.write(db, &self.entries).await?;
        forget(db, &self.erased).await?;
        mailing::write(self, db).await?;
        desk::write(&self.desk, db).await?;
        verdict::write(db, &self.verdicts).await?;
        verdict::keep(db, &self.incidents).await?;
        if let Some(progress) = &self.progress {
            verdict::proceed(db, progress).await?;
        }
        match &self.prune {
            Some(prune) => prune.write(db).await,
            None => Ok(()),
        }
    }

    async fn write_petitions(&self, db: &mut Db) -> Result<(), DbError> {
        for new in &self.petitions {
            db.execute(
                "INSERT INTO petition (id, slug, owner, language, goal, created_at, phase, text_version, settle_after_seconds, counts) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, ?7)",
                &[
                    Value::Int(new.id.0.into()),
                    Value::Text(&new.slug),
                    Value::Text(&new.owner),
                    Value::Text(&new.language),
                    new.goal.map_or(Value::Null, integer),
                    integer(new.created_at.0),
                    Value::Blob(&[]),
                ],
            )
            .await?;
        }
        for text in &self.texts {
            db.execute(
                "INSERT INTO petition_text (petition, version, title, body, text_hash, consent_hash, adopted_at, addressee) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                &[
                    Value::Int(text.petition.0.into()),
                    Value::Int(text.version.into()),
                    Value::Text(&text.title),
                    Value::Text(&text.body),
                    Value::Blob(&text.text_hash),
                    Value::Blob(&text.consent_hash),
                    integer(text.adopted_at.0),
                    Value::Text(&text.addressee),
                ],
            )
            .await?;
        }
        for (id, state) in &self.changed.petitions {
            let counts: Vec<u8> = state
                .counts
                .to_array()
                .iter()
                .flat_map(|number| number.to_be_bytes())
                .collect();
            db.execute(
                "UPDATE petition SET phase = ?2, text_version = ?3, settle_after_seconds = ?4, counts = ?5 WHERE id = ?1",
                &[
                    Value::Int(id.0.into()),
                    Value::Int(crate::ledger::phase_code(state.phase)),
                    Value::Int(state.text_version.into()),
                    Value::Int(state.settle_after_seconds.into()),
                    Value::Blob(&counts),
                ],
            )
            .await?;
        }
        Ok(())
    }

    async fn write_signatures(&self, db: &mut Db) -> Result<(), DbError> {
        let rows: Vec<[Value<'_>; 8]> = self
            .changed
            .signatures
            .iter()
            .map(|(id, state)| signature_row(id, state))
            .collect();
        db.load(
            "INSERT INTO signature (id, petition, mailbox, signed_at, confirmed_at, axes, waiting, unsettled) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET confirmed_at = excluded.confirmed_at, \
             axes = excluded.axes, waiting = excluded.waiting, unsettled = excluded.unsettled",
            &rows,
        )
        .await?;
        for id in &self.blocked {
            db.execute(
                "UPDATE signature SET unsettled = 0 WHERE id = ?1",
                &[Value::Blob(&id.0)],
            )
            .await?;
        }
        Ok(())
    }

    async fn write_mailboxes(&self, db: &mut Db) -> Result<(), DbError> {
        // A mailbox has no row of its own before something counts for it: most that a flood names never will.
        let tags: Vec<[Value<'_>; 2]> = self
            .mailboxes
            .iter()
            .map(|new| [Value::Blob(&new.tag), Value::Blob(&new.id.0)])
            .collect();
        db.load("INSERT INTO mailbox_tag (tag, mailbox) VALUES (?1, ?2)", &tags)
            .await?;
        let counted: Vec<[Value<'_>; 2]> = self
            .changed
            .mailboxes
            .iter()
            .map(|(id, counted)| {
                [
                    Value::Blob(&id.0),
                    counted.as_ref().map_or(Value::Null, |id| Value::Blob(&id.0)),
                ]
            })
            .collect();
        db.load(
            "INSERT INTO mailbox (id, counted) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET counted = excluded.counted",
            &counted,
        )
        .await?;
        self.leave_places(db).await?;
        self.free_places(db).await
    }

    /// Who ends while a verdict takes them out of the count whose rows still follow counts no more by the verdict already, so that the
    /// fold changes nothing about the mailbox; and when the row is reached, it stands as the verdict has it, and is passed over.
    async fn leave_places(&self, db: &mut Db) -> Result<(), DbError> {
        let ended = self.changed.signatures.iter();
        for (id, state) in ended.filter(|(_, state)| state.axes.is_ended() && state.confirmed_at.is_some()) {
            let mailbox = Value::Blob(&state.mailbox.0);
            let sql = "UPDATE mailbox SET counted = NULL WHERE id = ?1 AND counted = ?2";
            if db.execute(sql, &[mailbox, Value::Blob(&id.0)]).await? > 0 {
                db.execute(SETTLES_AGAIN, &[mailbox]).await?;
            }
        }
        Ok(())
    }

    /// Where a place is free again, a signature that was confirmed beside the one that counted may settle. Its axes are then
    /// exactly "confirmed", bit 0 of `Axes::to_bits`.
    async fn free_places(&self, db: &mut Db) -> Result<(), DbError> {
        let mut free = self
            .changed
            .mailboxes
            .iter()
            .filter(|(_, counted)| counted.is_none())
            .peekable();
        if free.peek().is_none() {
            return Ok(());
        }
        // Those set aside are few, and have an index of their own.
        let sql = "SELECT 1 FROM signature WHERE axes = 1 AND unsettled = 0 LIMIT 1";
        if db.query_one(sql, &[]).await?.is_none() {
            return Ok(());
        }
        for (mailbox, _) in free {
            db.execute(SETTLES_AGAIN, &[Value::Blob(&mailbox.0)]).await?;
        }
        Ok(())
    }

    async fn write_records(&self, db: &mut Db) -> Result<(), DbError> {
        let nonces: Vec<[Value<'_>; 3]> = self
            .nonces
            .iter()
            .map(|spent| {
                [
                    Value::Blob(&spent.nonce),
                    Value::Blob(&spent.body_mac),
                    integer(spent.expires.0),
                ]
            })
            .collect();
        db.load(
            "INSERT INTO nonce (nonce, body_mac, expires) VALUES (?1, ?2, ?3)",
            &nonces,
        )
        .await?;
        db.load("INSERT INTO vault (id, sealed) VALUES (?1, ?2)", &blobs(&self.vault))
            .await?;
        db.load(
            "INSERT INTO features (id, observed) VALUES (?1, ?2)",
            &blobs(&self.features),
        )
        .await?;
        db.load(
            "INSERT INTO confirmed_from (id, observed) VALUES (?1, ?2)",
            &blobs(&self.confirmed_from),
        )
        .await?;
        let erased: Vec<[Value<'_>; 3]> = self
            .erased
            .iter()
            .map(|(id, at)| [Value::Blob(&id.0), integer(at.0), Value::Int(0)])
            .collect();
        db.load(
            "INSERT INTO erasure (id, at, done) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
            &erased,
        )
        .await?;
        for (id, _) in &self.erased {
            db.execute("DELETE FROM vault WHERE id = ?1", &[Value::Blob(&id.0)])
                .await?;
            db.execute("DELETE FROM features WHERE id = ?1", &[Value::Blob(&id.0)])
                .await?;
            db.execute("DELETE FROM confirmed_from WHERE id = ?1", &[Value::Blob(&id.0)])
                .await?;
        }
        for mailbox in &self.forgotten {
            // Forgetting the address while a signature of it stands would let the same address count twice.
            // Bits 3 and 4 of the axes are the end.
            db.execute(
                "DELETE FROM mailbox_tag WHERE mailbox = ?1 \
                 AND NOT EXISTS (SELECT 1 FROM signature WHERE mailbox = ?1 AND waiting = 1) \
                 AND NOT EXISTS (SELECT 1 FROM signature WHERE mailbox = ?1 AND confirmed_at IS NOT NULL AND axes & 24 = 0)",
                &[Value::Blob(&mailbox.0)],
            )
            .await?;
        }
        Ok(())
    }
}

impl Prune {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        let most = integer(PRUNED_AT_ONCE);
        db.execute(
            // Nonces sort by the time they were made, so those that have expired are among the first.
            "DELETE FROM nonce WHERE nonce IN (SELECT nonce FROM \
             (SELECT nonce, expires FROM nonce ORDER BY nonce LIMIT ?2) AS oldest WHERE expires < ?1)",
            &[integer(self.nonces_before.0), most],
        )
        .await?;
        db.execute("DELETE FROM mail_sent WHERE at < ?1", &[integer(self.mails_before.0)])
            .await?;
        db.execute("DELETE FROM news_sent WHERE at < ?1", &[integer(self.mails_before.0)])
            .await?;
        mailing::prune(db, self).await?;
        super::second_way::prune(db, self.features_before).await?;
        desk::prune(db, self).await?;
        let cutoff = crate::store::id::first_at(self.features_before);
        db.execute(
            "DELETE FROM features WHERE id IN (SELECT id FROM features WHERE id < ?1 ORDER BY id LIMIT ?2)",
            &[Value::Blob(&cutoff), most],
        )
        .await?;
        db.execute(
            "DELETE FROM confirmed_from WHERE id IN (SELECT id FROM confirmed_from WHERE id < ?1 ORDER BY id LIMIT ?2)",
            &[Value::Blob(&cutoff), most],
        )
        .await?;
        Ok(())
    }
}

fn signature_row<'a>(id: &'a SignatureId, state: &'a SignatureState) -> [Value<'a>; 8] {
    let axes = state.axes;
    let waiting = axes.mailbox == Mailbox::Unconfirmed && axes.end == End::None;
    let unsettled = axes.is_confirmed() && axes.is_clear() && !axes.is_ended() && !axes.settled;
    [
        Value::Blob(&id.0),
        Value::Int(state.petition.0.into()),
        Value::Blob(&state.mailbox.0),
        integer(state.signed_at.0),
        state.confirmed_at.map_or(Value::Null, |at| integer(at.0)),
        Value::Int(axes.to_bits().into()),
        Value::Int(waiting.into()),
        Value::Int(unsettled.into()),
    ]
}

fn blobs(rows: &[(SignatureId, Vec<u8>)]) -> Vec<[Value<'_>; 2]> {
    rows.iter()
        .map(|(id, bytes)| [Value::Blob(&id.0), Value::Blob(bytes)])
        .collect()
}
