//! What authors change, and what signatories ask for beside signing.

use paraph_tally::{Event, PetitionId, Phase};

use super::command::{Edit, Head, PetitionAnswer, Post, Sign};
use super::decide::Decider;
use crate::journal::NewText;
use crate::journal::content::{Beside, Choice, NewUpdate};
use crate::ledger::content::beside;
use crate::ledger::record::text_hash;
use crate::mail::stop;
use crate::store::db::{DbError, Value};

/// What a version says.
#[derive(PartialEq, Eq)]
struct Says {
    title: String,
    body: String,
    addressee: String,
}

impl Decider<'_> {
    /// Adopts the next version if the text or its addressee differ, and changes what stands beside it.
    pub(super) async fn edit(&mut self, edit: Edit) -> Result<PetitionAnswer, DbError> {
        let Some(petition) = self.petition_called(&edit.slug).await? else {
            return Ok(PetitionAnswer::Unknown);
        };
        let Some(state) = self.load_petition(petition).await? else {
            return Ok(PetitionAnswer::Unknown);
        };
        if matches!(state.phase, Phase::Closed | Phase::Discarded) {
            return Ok(PetitionAnswer::Closed);
        }
        if let Some(head) = &edit.head {
            if state.phase != Phase::Draft {
                return Ok(PetitionAnswer::NotDraft);
            }
            if self
                .petition_called(&head.slug)
                .await?
                .is_some_and(|other| other != petition)
            {
                return Ok(PetitionAnswer::SlugTaken);
            }
        }
        let head = self.head(petition).await?;
        let new_head = edit.head.filter(|new| *new != head);
        let (mut version, before) = (state.text_version, self.text(petition, state.text_version).await?);
        let after = Says {
            title: edit.title.unwrap_or_else(|| before.title.clone()),
            body: edit.body.unwrap_or_else(|| before.body.clone()),
            addressee: edit.addressee.unwrap_or_else(|| before.addressee.clone()),
        };
        let adopted = after != before;
        if adopted {
            if u64::from(version) >= self.limits.text_versions {
                return Ok(PetitionAnswer::Full(self.limits.text_versions));
            }
            version += 1;
            self.adopt(petition, version, after, edit.consent_hash)?;
        }
        let (first, video) = beside(self.db, petition).await?;
        let new_first = edit.first_signatories.unwrap_or_else(|| first.clone());
        let new_video = edit.video.unwrap_or_else(|| video.clone());
        if !adopted && new_head.is_none() && new_first == first && new_video == video {
            return Ok(PetitionAnswer::Unchanged);
        }
        self.decided.batch.content.beside.push(Beside {
            petition,
            first_signatories: new_first,
            video: new_video,
        });
        self.decided
            .batch
            .content
            .heads
            .extend(new_head.map(|head| (petition, head)));
        self.decided.publish = true;
        Ok(PetitionAnswer::Edited { version, adopted })
    }

    /// What stands above the text.
    async fn head(&mut self, petition: PetitionId) -> Result<Head, DbError> {
        let sql = "SELECT slug, owner, language, COALESCE(goal, 0) FROM petition WHERE id = ?1";
        let found = self.db.query_one(sql, &[Value::Int(petition.0.into())]).await?;
        let row = found.ok_or(DbError::Shape("a petition"))?;
        Ok(Head {
            slug: row.text(0)?.to_owned(),
            owner: row.text(1)?.to_owned(),
            language: row.text(2)?.to_owned(),
            goal: Some(row.unsigned(3)?).filter(|goal| *goal > 0),
        })
    }

    /// The text in force.
    async fn text(&mut self, petition: PetitionId, version: u16) -> Result<Says, DbError> {
        let sql = "SELECT title, body, addressee FROM petition_text WHERE petition = ?1 AND version = ?2";
        let found = self
            .db
            .query_one(sql, &[Value::Int(petition.0.into()), Value::Int(version.into())])
            .await?;
        let row = found.ok_or(DbError::Shape("the text in force"))?;
        Ok(Says {
            title: row.text(0)?.to_owned(),
            body: row.text(1)?.to_owned(),
            addressee: row.text(2)?.to_owned(),
        })
    }

    fn adopt(&mut self, petition: PetitionId, version: u16, says: Says, consent: [u8; 32]) -> Result<(), DbError> {
        let Says { title, body, addressee } = says;
        let text = text_hash(&title, &body);
        let event = Event::TextAdopted {
            petition,
            version,
            text,
            consent,
        };
        if self.record(event)?.is_err() {
            return Err(DbError::Shape("a petition whose text can change"));
        }
        self.decided.batch.texts.push(NewText {
            petition,
            version,
            title,
            body,
            addressee,
            text_hash: text,
            consent_hash: consent,
            adopted_at: self.at,
        });
        Ok(())
    }

    /// Gives a draft up, with all that was written of it.
    pub(super) async fn discard(&mut self, slug: &str) -> Result<PetitionAnswer, DbError> {
        let Some(petition) = self.petition_called(slug).await? else {
            return Ok(PetitionAnswer::Unknown);
        };
        let discarded = self.record(Event::Discarded { petition })?;
        self.decided.publish = true;
        Ok(if discarded.is_ok() {
            PetitionAnswer::Done
        } else {
            PetitionAnswer::NotDraft
        })
    }

    /// Puts an update on the pages, and into the hands of the mailer if it is to be mailed.
    pub(super) async fn post_update(&mut self, post: Post) -> Result<PetitionAnswer, DbError> {
        let Some(petition) = self.petition_called(&post.slug).await? else {
            return Ok(PetitionAnswer::Unknown);
        };
        let state = self.load_petition(petition).await?;
        if state.is_none_or(|state| state.phase == Phase::Draft) {
            return Ok(PetitionAnswer::NotOpen);
        }
        let id = Value::Int(petition.0.into());
        let sql = "SELECT COALESCE(MAX(number), 0) FROM petition_update WHERE petition = ?1";
        let last = self.db.query_one(sql, &[id]).await?;
        let here = self.decided.batch.content.updates.iter();
        let here = here.filter(|update| update.petition == petition).count() as u64;
        let posted = last.map_or(Ok(0), |row| row.unsigned(0))? + here;
        if posted >= self.limits.updates {
            return Ok(PetitionAnswer::Full(self.limits.updates));
        }
        let subscribers = if post.mail {
            stop::readers_of_news(self.db, petition, self.at).await?
        } else {
            0
        };
        let number = u32::try_from(posted + 1).map_err(|_| DbError::Shape("room for another update"))?;
        self.decided.batch.content.updates.push(NewUpdate {
            petition,
            number,
            title: post.title,
            body: post.body,
            posted_at: self.at,
            mail: post.mail,
        });
        self.decided.publish = true;
        Ok(PetitionAnswer::Posted { number, subscribers })
    }

    /// Keeps what a contribution asked for, and that it signed an earlier version.
    pub(super) fn note_choices(&mut self, sign: &Sign) {
        let in_force = self.fold.petition(sign.petition).map(|state| state.text_version);
        let content = &mut self.decided.batch.content;
        if in_force.is_some_and(|version| sign.text_version < version) {
            content.signed_earlier.push((sign.id, sign.text_version));
        }
        if sign.choices.name || sign.choices.news {
            content.choices.push(Choice {
                signature: sign.id,
                asks: sign.choices,
                address: sign.address_tag,
            });
        }
    }
}
