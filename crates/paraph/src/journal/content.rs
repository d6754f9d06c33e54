//! Rows of what authors add and of what signatories asked for beside signing. Nothing here bears on the count.

use paraph_tally::{Entry, Event, MailboxId, Millis, PetitionId, SignatureId};

use super::integer;
use crate::intake::command::{Choices, Head};
use crate::ledger::content::FirstSignatory;
use crate::store::db::{Db, DbError, Value};

/// What one batch writes of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// What stands beside texts now.
    pub beside: Vec<Beside>,
    /// What stands above drafts from now on.
    pub heads: Vec<(PetitionId, Head)>,
    /// Updates to post.
    pub updates: Vec<NewUpdate>,
    /// What contributions of this batch asked for.
    pub choices: Vec<Choice>,
    /// Contributions of this batch that signed an earlier version, and which.
    pub signed_earlier: Vec<(SignatureId, u16)>,
    /// Names that wait for a batch from now on.
    pub names: Vec<WaitingName>,
    /// Names to show.
    pub batches: Vec<NameBatch>,
    /// How far updates have been mailed.
    pub progress: Vec<Progress>,
    /// Mails of updates that are made, tried again or put off.
    pub mails: Vec<NewsMail>,
    /// Mails to look at again, not before a moment.
    pub deferred: Vec<(NewsKey, Millis)>,
    /// Mails that were sent or given up.
    pub done: Vec<NewsKey>,
}

/// What stands beside the text of a petition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The petition.
    pub petition: PetitionId,
    /// Named by the author.
    pub first_signatories: Vec<FirstSignatory>,
    /// Address of a video or of its page; may be empty.
    pub video: String,
}

/// An update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpdate {
    /// Its petition.
    pub petition: PetitionId,
    /// 1, 2, 3…
    pub number: u32,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// When it is posted.
    pub posted_at: Millis,
    /// Whether it is mailed.
    pub mail: bool,
}

/// What a contribution asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The contribution.
    pub signature: SignatureId,
    /// At least one of both.
    pub asks: Choices,
    /// Keyed tag of the canonical address over all petitions, for the budget of news.
    pub address: [u8; 16],
}

/// A name that waits for its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingName {
    /// Whose.
    pub signature: SignatureId,
    /// On which petition.
    pub petition: PetitionId,
    /// When it settled.
    pub since: Millis,
}

/// Names that are shown together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameBatch {
    /// On which petition.
    pub petition: PetitionId,
    /// When; the name of the batch.
    pub at: Millis,
    /// Whose, each with its place in the shuffle.
    pub members: Vec<(SignatureId, i64)>,
    /// Names that a page shows: batches behind the one that fills it up are forgotten.
    pub keep: u64,
}

/// Name of a mail of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewsKey {
    /// The petition.
    pub petition: PetitionId,
    /// Which of its updates.
    pub number: u32,
    /// To which mailbox.
    pub mailbox: MailboxId,
}

/// A mail of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewsMail {
    /// Its name.
    pub key: NewsKey,
    /// When it was made.
    pub made_at: Millis,
    /// When it is due, or its claim runs out.
    pub due_at: Millis,
    /// Tries so far, the coming one included.
    pub attempts: u32,
    /// Tag of the address.
    pub address: [u8; 16],
    /// The moment it counts at in the budget; `None` if it was counted, or is put off.
    pub counted_at: Option<Millis>,
}

/// How far an update has been mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The petition.
    pub petition: PetitionId,
    /// Which of its updates.
    pub number: u32,
    /// Up to this mailbox; `None`: to all.
    pub mailed_to: Option<MailboxId>,
}

impl NewsKey {
    fn values(&self) -> [Value<'_>; 3] {
        [
            Value::Int(self.petition.0.into()),
            Value::Int(self.number.into()),
            Value::Blob(&self.mailbox.0),
        ]
    }
}

impl Content {
    pub(super) async fn write(&self, db: &mut Db, entries: &[Entry]) -> Result<(), DbError> {
        self.write_petitions(db).await?;
        self.write_choices(db, entries).await?;
        self.write_names(db).await?;
        self.write_news(db).await
    }

    async fn write_petitions(&self, db: &mut Db) -> Result<(), DbError> {
        for (petition, head) in &self.heads {
            let sql = "UPDATE petition SET slug = ?2, owner = ?3, language = ?4, goal = ?5 WHERE id = ?1";
            let values = [
                Value::Int(petition.0.into()),
                Value::Text(&head.slug),
                Value::Text(&head.owner),
                Value::Text(&head.language),
                head.goal.map_or(Value::Null, integer),
            ];
            db.execute(sql, &values).await?;
        }
        for beside in &self.beside {
            let first = serde_json::to_string(&beside.first_signatories).unwrap_or_default();
            db.execute(
                "INSERT INTO petition_content (petition, revision, first_signatories, video) VALUES (?1, 1, ?2, ?3) \
                 ON CONFLICT (petition) DO UPDATE SET revision = petition_content.revision + 1, \
                 first_signatories = excluded.first_signatories, video = excluded.video",
                &[
                    Value::Int(beside.petition.0.into()),
                    Value::Text(&first),
                    Value::Text(&beside.video),
                ],
            )
            .await?;
        }
        for update in &self.updates {
            let petition = Value::Int(update.petition.0.into());
            db.execute(
                "INSERT INTO petition_update (petition, number, title, body, posted_at, mailing, mailed_to) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                &[
                    petition,
                    Value::Int(update.number.into()),
                    Value::Text(&update.title),
                    Value::Text(&update.body),
                    integer(update.posted_at.0),
                    Value::Int(update.mail.into()),
                    Value::Blob(&[]),
                ],
            )
            .await?;
            db.execute(
                "INSERT INTO petition_content (petition, revision, first_signatories, video) VALUES (?1, 1, '[]', '') \
                 ON CONFLICT (petition) DO UPDATE SET revision = petition_content.revision + 1",
                &[petition],
            )
            .await?;
        }
        Ok(())
    }

    /// Choices come with a contribution, take effect when it is confirmed, and end with it.
    async fn write_choices(&self, db: &mut Db, entries: &[Entry]) -> Result<(), DbError> {
        let choices: Vec<[Value<'_>; 4]> = self
            .choices
            .iter()
            .map(|choice| {
                [
                    Value::Blob(&choice.signature.0),
                    Value::Int(choice.asks.name.into()),
                    Value::Int(choice.asks.news.into()),
                    Value::Blob(&choice.address),
                ]
            })
            .collect();
        db.load(
            "INSERT INTO choice (id, name, news, address) VALUES (?1, ?2, ?3, ?4)",
            &choices,
        )
        .await?;
        let earlier: Vec<[Value<'_>; 2]> = self
            .signed_earlier
            .iter()
            .map(|(id, version)| [Value::Blob(&id.0), Value::Int((*version).into())])
            .collect();
        db.load("INSERT INTO signed_earlier (id, version) VALUES (?1, ?2)", &earlier)
            .await?;
        for (at, entry) in entries.iter().enumerate() {
            match &entry.event {
                Event::Confirmed { signature } => {
                    db.execute(
                        "INSERT INTO news (mailbox, petition, signature, address, since) \
                         SELECT s.mailbox, s.petition, s.id, w.address, s.confirmed_at FROM choice w JOIN signature s ON s.id = w.id \
                         WHERE w.id = ?1 AND w.news = 1 \
                         ON CONFLICT (mailbox) DO UPDATE SET signature = excluded.signature, since = excluded.since",
                        &[Value::Blob(&signature.0)],
                    )
                    .await?;
                }
                Event::Withdrawn { signature, .. } | Event::Disowned { signature } => {
                    end_news_of(db, *signature).await?;
                }
                Event::Opened { petition, .. } => {
                    let is_later = |entry: &&Entry| matches!(entry.event, Event::TextAdopted { petition: of, .. } if of == *petition);
                    let later = entries[at + 1..].iter().filter(is_later).count() as u64;
                    forget_drafts(db, *petition, later).await?;
                }
                Event::Discarded { petition } => discard(db, *petition).await?,
                _ => {}
            }
        }
        Ok(())
    }

    async fn write_names(&self, db: &mut Db) -> Result<(), DbError> {
        let names: Vec<[Value<'_>; 3]> = self
            .names
            .iter()
            .map(|name| {
                [
                    Value::Blob(&name.signature.0),
                    Value::Int(name.petition.0.into()),
                    integer(name.since.0),
                ]
            })
            .collect();
        // A signature that settles again after a verdict was lifted keeps its place.
        db.load(
            "INSERT INTO shown_name (id, petition, since) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
            &names,
        )
        .await?;
        for batch in &self.batches {
            for (id, place) in &batch.members {
                db.execute(
                    "UPDATE shown_name SET batch = ?2, place = ?3 WHERE id = ?1",
                    &[Value::Blob(&id.0), integer(batch.at.0), Value::Int(*place)],
                )
                .await?;
            }
            db.execute(
                "DELETE FROM shown_name WHERE petition = ?1 AND batch < (SELECT batch FROM shown_name \
                 WHERE petition = ?1 AND batch IS NOT NULL ORDER BY batch DESC LIMIT 1 OFFSET ?2)",
                &[Value::Int(batch.petition.0.into()), integer(batch.keep)],
            )
            .await?;
        }
        Ok(())
    }

    async fn write_news(&self, db: &mut Db) -> Result<(), DbError> {
        for mail in &self.mails {
            let [petition, number, mailbox] = mail.key.values();
            db.execute(
                "INSERT INTO news_outbox (petition, number, mailbox, made_at, due_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (petition, number, mailbox) DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts",
                &[
                    petition,
                    number,
                    mailbox,
                    integer(mail.made_at.0),
                    integer(mail.due_at.0),
                    Value::Int(mail.attempts.into()),
                ],
            )
            .await?;
            let Some(at) = mail.counted_at else { continue };
            db.execute(
                "INSERT INTO news_sent (address, at, petition, number) VALUES (?1, ?2, ?3, ?4)",
                &[Value::Blob(&mail.address), integer(at.0), petition, number],
            )
            .await?;
        }
        for progress in &self.progress {
            let key = [
                Value::Int(progress.petition.0.into()),
                Value::Int(progress.number.into()),
            ];
            match &progress.mailed_to {
                Some(mailbox) => {
                    let sql = "UPDATE petition_update SET mailed_to = ?3 WHERE petition = ?1 AND number = ?2";
                    db.execute(sql, &[key[0], key[1], Value::Blob(&mailbox.0)]).await?;
                }
                None => {
                    let sql = "UPDATE petition_update SET mailing = 0 WHERE petition = ?1 AND number = ?2";
                    db.execute(sql, &key).await?;
                }
            }
        }
        for (key, at) in &self.deferred {
            let [petition, number, mailbox] = key.values();
            let sql = "UPDATE news_outbox SET due_at = ?4 WHERE petition = ?1 AND number = ?2 AND mailbox = ?3";
            db.execute(sql, &[petition, number, mailbox, integer(at.0)]).await?;
        }
        for key in &self.done {
            let sql = "DELETE FROM news_outbox WHERE petition = ?1 AND number = ?2 AND mailbox = ?3";
            db.execute(sql, &key.values()).await?;
        }
        Ok(())
    }
}

/// What a petition said before it opened was nobody's to sign, nor to read: a reviewer may have sent it back for what it said.
/// `later` versions of what is written now were adopted after it opened.
async fn forget_drafts(db: &mut Db, petition: PetitionId, later: u64) -> Result<(), DbError> {
    let sql = "DELETE FROM petition_text WHERE petition = ?1 AND version < \
               (SELECT MAX(version) FROM petition_text WHERE petition = ?1) - ?2";
    db.execute(sql, &[Value::Int(petition.0.into()), integer(later)])
        .await?;
    Ok(())
}

/// Only the number stays, which signatures of no other petition may take: the slug is free again.
async fn discard(db: &mut Db, petition: PetitionId) -> Result<(), DbError> {
    for sql in [
        "UPDATE petition SET slug = '~' || id, owner = '', language = '', goal = NULL WHERE id = ?1",
        "DELETE FROM petition_text WHERE petition = ?1",
        "DELETE FROM petition_content WHERE petition = ?1",
        "DELETE FROM desk_petition WHERE petition = ?1",
    ] {
        db.execute(sql, &[Value::Int(petition.0.into())]).await?;
    }
    Ok(())
}

/// No more news that were asked for with a signature that ended.
async fn end_news_of(db: &mut Db, signature: SignatureId) -> Result<(), DbError> {
    let id = [Value::Blob(&signature.0)];
    db.execute(
        "DELETE FROM news_outbox WHERE mailbox IN (SELECT mailbox FROM news WHERE signature = ?1)",
        &id,
    )
    .await?;
    db.execute("DELETE FROM news WHERE signature = ?1", &id).await?;
    Ok(())
}

/// What was asked for goes with the record.
pub(super) async fn forget(db: &mut Db, erased: &[(SignatureId, Millis)]) -> Result<(), DbError> {
    for (signature, _) in erased {
        let id = [Value::Blob(&signature.0)];
        db.execute("DELETE FROM choice WHERE id = ?1", &id).await?;
        db.execute("DELETE FROM shown_name WHERE id = ?1", &id).await?;
        db.execute("DELETE FROM signed_earlier WHERE id = ?1", &id).await?;
        end_news_of(db, *signature).await?;
    }
    Ok(())
}
