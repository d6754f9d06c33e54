//! Petitions, from draft to close: what their authors and operators ask for, but for what `content` has.

use paraph_tally::{Event, PetitionId};

use super::command::{PetitionAnswer, PetitionCommand};
use super::decide::Decider;
use crate::journal::content::Beside;
use crate::journal::{NewPetition, NewText};
use crate::ledger::petition_id;
use crate::ledger::record::text_hash;
use crate::store::db::{DbError, Value};

impl Decider<'_> {
    pub(super) async fn petition_settled(&mut self, command: PetitionCommand) -> Result<PetitionAnswer, DbError> {
        let answer = self.petition(command).await?;
        if self.decided.publish {
            self.settle_all().await?;
        }
        Ok(answer)
    }

    async fn petition(&mut self, command: PetitionCommand) -> Result<PetitionAnswer, DbError> {
        match command {
            PetitionCommand::Create { .. } => self.create(command).await,
            PetitionCommand::Edit(edit) => self.edit(edit).await,
            PetitionCommand::Post(post) => self.post_update(post).await,
            PetitionCommand::Publish {
                slug,
                settle_after_seconds,
            } => {
                let Some(petition) = self.petition_called(&slug).await? else {
                    return Ok(PetitionAnswer::Unknown);
                };
                let opened = self.record(Event::Opened {
                    petition,
                    settle_after_seconds,
                })?;
                self.decided.publish = true;
                Ok(if opened.is_ok() {
                    PetitionAnswer::Done
                } else {
                    PetitionAnswer::NotDraft
                })
            }
            PetitionCommand::Discard { slug } => self.discard(&slug).await,
            PetitionCommand::Close { slug } => {
                let Some(petition) = self.petition_called(&slug).await? else {
                    return Ok(PetitionAnswer::Unknown);
                };
                let closed = self.record(Event::Closed { petition })?;
                self.decided.publish = true;
                Ok(if closed.is_ok() {
                    PetitionAnswer::Done
                } else {
                    PetitionAnswer::NotOpen
                })
            }
        }
    }

    pub(super) async fn petition_called(&mut self, slug: &str) -> Result<Option<PetitionId>, DbError> {
        let sql = "SELECT id FROM petition WHERE slug = ?1 AND phase <> 3";
        let Some(row) = self.db.query_one(sql, &[Value::Text(slug)]).await? else {
            return Ok(None);
        };
        let petition = petition_id(&row, 0)?;
        self.load_petition(petition).await?;
        Ok(Some(petition))
    }

    async fn create(&mut self, command: PetitionCommand) -> Result<PetitionAnswer, DbError> {
        let PetitionCommand::Create {
            slug,
            owner,
            language,
            goal,
            title,
            body,
            consent_hash,
            publish,
            settle_after_seconds,
            details,
        } = command
        else {
            return Ok(PetitionAnswer::Unknown);
        };
        let taken = self
            .db
            .query_one("SELECT id FROM petition WHERE slug = ?1", &[Value::Text(&slug)])
            .await?;
        if taken.is_some() || self.decided.batch.petitions.iter().any(|new| new.slug == slug) {
            return Ok(PetitionAnswer::SlugTaken);
        }
        let last = self
            .db
            .query_one("SELECT COALESCE(MAX(id), 0) FROM petition", &[])
            .await?;
        let last = last.map_or(Ok(0), |row| row.unsigned(0))? + self.decided.batch.petitions.len() as u64;
        let petition = PetitionId(u32::try_from(last + 1).map_err(|_| DbError::Shape("room for another petition"))?);
        let text_hash = text_hash(&title, &body);
        let adopted = Event::TextAdopted {
            petition,
            version: 1,
            text: text_hash,
            consent: consent_hash,
        };
        if self.record(adopted)?.is_err() {
            return Err(DbError::Shape("a journal that knows no later petition"));
        }
        if publish
            && self
                .record(Event::Opened {
                    petition,
                    settle_after_seconds,
                })?
                .is_err()
        {
            return Err(DbError::Shape("a draft that can be opened"));
        }
        let batch = &mut self.decided.batch;
        batch.petitions.push(NewPetition {
            id: petition,
            slug,
            owner,
            language,
            goal,
            created_at: self.at,
        });
        let adopted_at = self.at;
        batch.texts.push(NewText {
            petition,
            version: 1,
            title,
            body,
            addressee: details.addressee,
            text_hash,
            consent_hash,
            adopted_at,
        });
        batch.content.beside.push(Beside {
            petition,
            first_signatories: details.first_signatories,
            video: details.video,
        });
        self.decided.publish = true;
        Ok(PetitionAnswer::Done)
    }
}
