//! From commands to one batch: what each command means, given what the store holds and what the batch decided before it.
//!
//! Nothing is written here. Reads need no transaction: this is the one writer, and [`journal::append`](crate::journal::append) fences it.

use std::collections::HashMap;
use std::sync::Arc;

use paraph_tally::{
    End as Ending, Entry, Event, Fold, IllegalMove, Mailbox, MailboxId, Millis, PetitionId, PetitionState, Phase,
    RECORD_VERSION, Rule, SignatureId, SignatureState, WithdrawnBy,
};

use super::Unavailable;
use super::command::{
    Command, ConfirmAnswer, DisownAnswer, Disowned, JudgeAnswer, Judgement, Keeping, Reply, Sign, SignAnswer,
    WithdrawAnswer,
};
use super::writer::Ready;
use crate::journal::{Batch, End, NewMailbox, Posting, SpentNonce, integer};
use crate::ledger::judged;
use crate::ledger::mailbox::{self, CONFIRMED_BY};
use crate::ledger::{PETITION_BY_ID, SIGNATURE_BY_ID, petition_state, signature_state};
use crate::limits::Limits;
use crate::scrutiny::board::Checked;
use crate::store::db::{Db, DbError, Value};
use crate::store::id;

/// Contributions of one mailbox that one "it wasn't me" ends; the rest follow when the link is used again, or expire.
const DISOWNED_AT_ONCE: u64 = 1000;

/// Decides the commands of one batch, one after another.
pub(super) struct Decider<'a> {
    pub(super) db: &'a mut Db,
    pub(super) limits: &'a Limits,
    pub(super) at: Millis,
    /// The time by which things are old enough to be erased; `None`: nothing is.
    pub(super) of_ages: Option<Millis>,
    /// What may settle; `None`: everything.
    pub(super) checked: Option<Arc<Checked>>,
    pub(super) fold: Fold,
    /// Position at which this batch began.
    pub(super) began: u64,
    /// The verdict whose members' rows are not all up to date.
    pub(super) following: Option<Arc<judged::Pending>>,
    position: u64,
    mailboxes: HashMap<[u8; 16], MailboxId>,
    nonces: HashMap<[u8; 16], [u8; 16]>,
    pending: HashMap<MailboxId, Pending>,
    pub(super) decided: Decided,
}

/// Where the pending mail of a mailbox is.
#[derive(Clone, Copy)]
enum Pending {
    /// In this batch, at this index.
    Here(usize),
    /// In the store.
    Stored,
}

/// What a batch came to.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) batch: Batch,
    /// Wrapped keys of the sealed records.
    pub(super) wrapped: Vec<([u8; 16], Vec<u8>)>,
    pub(super) waiting: u64,
    pub(super) publish: bool,
    pub(super) sweep: bool,
    /// Judgements that were asked for; each goes its own way.
    pub(super) judgements: Vec<(Judgement, Reply<JudgeAnswer>)>,
}

impl Decided {
    pub(super) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }
}

impl<'a> Decider<'a> {
    pub(super) fn new(db: &'a mut Db, end: End, at: Millis, waiting: u64, limits: &'a Limits) -> Self {
        let mut fold = Fold::new();
        fold.load_end(end.position, end.at);
        let decided = Decided {
            waiting,
            ..Decided::default()
        };
        let (mailboxes, nonces, pending) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self {
            db,
            limits,
            at,
            of_ages: None,
            checked: None,
            fold,
            began: end.position,
            following: None,
            position: end.position,
            mailboxes,
            nonces,
            pending,
            decided,
        }
    }

    /// Decides one command and puts its answer by.
    pub(super) async fn take(&mut self, command: Command, answers: &mut Vec<Ready>) -> Result<(), DbError> {
        match command {
            Command::Sign(sign, reply) => answer(answers, reply, self.sign(*sign).await),
            Command::Confirm(id, from, reply) => answer(answers, reply, self.confirm(id, from).await),
            Command::Withdraw(id, by, reply) => answer(answers, reply, self.withdraw(id, by).await),
            Command::Disown(id, keeping, reply) => answer(answers, reply, self.disown(id, keeping).await),
            Command::Petition(command, reply) => answer(answers, reply, self.petition_noted(None, *command).await),
            Command::Desk(command, reply) => answer(answers, reply, self.desk(*command).await),
            Command::Judge(judgement, reply) => {
                self.decided.judgements.push((*judgement, reply));
                Ok(())
            }
            Command::KeepIncidents(incidents, line, reply) => {
                if let Some((by, entry, text)) = line {
                    self.log_shift(by, entry, text, incidents.last().map(|incident| incident.id));
                }
                self.decided.batch.incidents.extend(incidents);
                answer(answers, reply, Ok(()))
            }
            Command::Tick(reply) => answer(answers, reply, self.tick().await),
            Command::Replay(erasures, reply) => answer(answers, reply, self.replay(erasures).await),
            Command::OfferSecondWay(incident, offers, reply) => {
                answer(answers, reply, self.offer_second_way(incident, offers).await)
            }
            Command::CallBackSecondWay(incident, reply) => {
                answer(answers, reply, self.call_back_second_way(incident).await)
            }
            Command::AnswerSecondWay(signature, from, reply) => {
                answer(answers, reply, self.answer_second_way(signature, from).await)
            }
            Command::ClaimMail(most, reply) => answer(answers, reply, self.claim_mail(most).await),
            Command::StopMail(wish, reply) => {
                self.stop_mail(wish);
                answer(answers, reply, Ok(()))
            }
            Command::Bounced(bounced, reply) => {
                self.bounced(bounced);
                answer(answers, reply, Ok(()))
            }
            Command::MailDone(outcomes, reply) => answer(answers, reply, self.mail_done(outcomes).await),
            Command::ClaimNews(most, reply) => answer(answers, reply, self.claim_news(most).await),
            Command::NewsDone(outcomes, reply) => answer(answers, reply, self.news_done(outcomes).await),
        }
    }

    /// The batch, with what the fold says has changed.
    pub(super) fn finish(mut self) -> Decided {
        self.decided.batch.changed = self.fold.take_changed();
        self.decided
    }

    /// Applies an event at the next position, or says which rule forbids it.
    pub(super) fn record(&mut self, event: Event) -> Result<Result<(), Rule>, DbError> {
        let entry = self.next_entry(event);
        let applied = self.fold.apply(&entry);
        self.recorded(entry, applied)
    }

    pub(super) fn next_entry(&self, event: Event) -> Entry {
        Entry {
            position: self.position + 1,
            at: self.at,
            event,
        }
    }

    /// Puts an entry into the batch that the fold has taken, or says which rule forbids it.
    pub(super) fn recorded(
        &mut self,
        entry: Entry,
        applied: Result<(), IllegalMove>,
    ) -> Result<Result<(), Rule>, DbError> {
        match applied {
            Ok(()) => {
                self.position += 1;
                self.decided.batch.entries.push(entry);
                Ok(Ok(()))
            }
            Err(IllegalMove::Illegal(rule)) => Ok(Err(rule)),
            Err(IllegalMove::NotLoaded(_)) => Err(DbError::Shape("what an event refers to")),
            Err(IllegalMove::Contradiction) => Err(DbError::Shape("a ledger that agrees with itself")),
        }
    }

    async fn sign(&mut self, sign: Sign) -> Result<SignAnswer, DbError> {
        if let Some(body_mac) = self.spent(sign.nonce).await? {
            return Ok(if body_mac == sign.body_mac {
                SignAnswer::Repeat
            } else {
                SignAnswer::NonceSpent
            });
        }
        if self.decided.waiting >= self.limits.waiting_contributions {
            return Ok(SignAnswer::Full);
        }
        if self
            .load_petition(sign.petition)
            .await?
            .is_none_or(|state| state.phase != Phase::Open)
        {
            return Ok(SignAnswer::NotOpen);
        }
        let (mailbox, is_new) = self.mailbox(sign.mailbox_tag, sign.id).await?;
        let event = Event::Signed {
            signature: sign.id,
            petition: sign.petition,
            mailbox,
            text_version: sign.text_version,
            record_version: RECORD_VERSION,
        };
        if self.record(event)?.is_err() {
            return Ok(SignAnswer::NotOpen);
        }
        self.note_choices(&sign);
        if is_new {
            self.decided.batch.mailboxes.push(NewMailbox {
                id: mailbox,
                tag: sign.mailbox_tag,
            });
            self.mailboxes.insert(sign.mailbox_tag, mailbox);
        }
        self.decided.waiting += 1;
        self.nonces.insert(sign.nonce, sign.body_mac);
        let batch = &mut self.decided.batch;
        batch.nonces.push(SpentNonce {
            nonce: sign.nonce,
            body_mac: sign.body_mac,
            expires: sign.nonce_expires,
        });
        batch.vault.push((sign.id, sign.sealed));
        batch.features.push((sign.id, sign.features));
        self.decided.wrapped.push((sign.id.0, sign.wrapped));
        let posting = Posting {
            id: id::time_ordered(self.at),
            mailbox,
            signature: sign.id,
            address: sign.address_tag,
            otherwise: sign.otherwise,
            petition: sign.petition,
            due_at: self.at,
        };
        self.post(posting, is_new).await?;
        Ok(SignAnswer::Admitted)
    }

    async fn spent(&mut self, nonce: [u8; 16]) -> Result<Option<[u8; 16]>, DbError> {
        if let Some(body_mac) = self.nonces.get(&nonce) {
            return Ok(Some(*body_mac));
        }
        let row = self
            .db
            .query_one("SELECT body_mac FROM nonce WHERE nonce = ?1", &[Value::Blob(&nonce)])
            .await?;
        row.map(|row| row.array(0)).transpose()
    }

    /// The mailbox behind a tag, and whether this batch has to make it.
    async fn mailbox(&mut self, tag: [u8; 16], signature: SignatureId) -> Result<(MailboxId, bool), DbError> {
        if let Some(mailbox) = self.mailboxes.get(&tag) {
            return Ok((*mailbox, false));
        }
        let sql = "SELECT mailbox FROM mailbox_tag WHERE tag = ?1";
        match self.db.query_one(sql, &[Value::Blob(&tag)]).await? {
            Some(row) => {
                let mailbox = MailboxId(row.array(0)?);
                self.mailboxes.insert(tag, mailbox);
                Ok((mailbox, false))
            }
            // Ordered by time like the signature, random in the rest: its row is appended, not scattered.
            None => {
                let mut fresh: [u8; 16] = id::random();
                fresh[..6].copy_from_slice(&signature.0[..6]);
                Ok((MailboxId(fresh), true))
            }
        }
    }

    /// One pending mail a mailbox: another contribution redirects it, so that a budget spent delays and never drops. But what is spelt
    /// otherwise than the mailbox's own name takes no mail from that, as its server may swallow it.
    async fn post(&mut self, posting: Posting, is_new: bool) -> Result<(), DbError> {
        let mailbox = posting.mailbox;
        let pending = match self.pending.get(&mailbox) {
            Some(pending) => Some(*pending),
            // Nothing can wait for a mailbox that this batch makes.
            None if is_new => None,
            // What this batch cancels is still in the store; it will be gone when the new mail is written.
            None if self.decided.batch.cancelled.contains(&mailbox) => None,
            None => {
                let sql = "SELECT 1 FROM outbox WHERE mailbox = ?1";
                let stored = self.db.query_one(sql, &[Value::Blob(&mailbox.0)]).await?;
                stored.map(|_| Pending::Stored)
            }
        };
        let batch = &mut self.decided.batch;
        match pending {
            Some(Pending::Here(index)) => batch.outbox[index].redirect(&posting),
            Some(Pending::Stored) => batch.redirect(&posting),
            None => {
                batch.outbox.push(posting);
                self.pending.insert(mailbox, Pending::Here(batch.outbox.len() - 1));
            }
        }
        Ok(())
    }

    pub(super) async fn confirm(&mut self, id: SignatureId, from: Vec<u8>) -> Result<ConfirmAnswer, DbError> {
        let Some(state) = self.load_signature(id).await? else {
            return Ok(ConfirmAnswer::Unknown);
        };
        if state.axes.end != Ending::None {
            let confirmed = self.ever_confirmed_by(state.mailbox).await?;
            let ends = confirmed.iter().map(|(_, state)| state.axes.end);
            return Ok(ConfirmAnswer::Ended(mailbox::told_of(state.axes.end, ends)));
        }
        let already = self.standing_beside(state.mailbox, id).await?;
        if let Some(at) = state.confirmed_at {
            return Ok(ConfirmAnswer::Confirmed { at, already });
        }
        if self.record(Event::Confirmed { signature: id })?.is_err() {
            return Ok(ConfirmAnswer::Unknown);
        }
        self.decided.waiting = self.decided.waiting.saturating_sub(1);
        if !from.is_empty() {
            self.decided.batch.confirmed_from.push((id, from));
        }
        self.cancel_mail(state.mailbox);
        Ok(ConfirmAnswer::Confirmed { at: self.at, already })
    }

    /// Whether another confirmed signature of the mailbox stands.
    async fn standing_beside(&mut self, mailbox: MailboxId, id: SignatureId) -> Result<bool, DbError> {
        let standing = self.confirmed_of(mailbox).await?;
        Ok(standing.iter().any(|(other, _)| *other != id))
    }

    /// Confirmed signatures of a mailbox, as the store has them.
    async fn confirmed_rows(&mut self, mailbox: MailboxId) -> Result<Vec<(SignatureId, SignatureState)>, DbError> {
        let rows = self.db.query(CONFIRMED_BY, &[Value::Blob(&mailbox.0)]).await?;
        mailbox::confirmed(self.following.as_deref(), &rows)
    }

    /// What a mailbox ever confirmed, as this batch leaves it.
    async fn ever_confirmed_by(&mut self, mailbox: MailboxId) -> Result<Vec<(SignatureId, SignatureState)>, DbError> {
        let rows = self.confirmed_rows(mailbox).await?;
        for (id, state) in &rows {
            self.load_row(*id, *state);
        }
        // Those that this very batch has confirmed are in the fold but not yet in the store.
        let here = self.decided.batch.entries.iter().filter_map(|entry| match entry.event {
            Event::Confirmed { signature } => Some(signature),
            _ => None,
        });
        let mut ids: Vec<SignatureId> = here.collect();
        ids.extend(rows.iter().map(|(id, _)| *id));
        ids.sort_unstable();
        ids.dedup();
        let states = ids
            .into_iter()
            .filter_map(|id| self.fold.signature(id).map(|state| (id, *state)));
        Ok(states.filter(|(_, state)| state.mailbox == mailbox).collect())
    }

    /// Of these, what stands.
    async fn confirmed_of(&mut self, mailbox: MailboxId) -> Result<Vec<(SignatureId, SignatureState)>, DbError> {
        let mut confirmed = self.ever_confirmed_by(mailbox).await?;
        confirmed.retain(|(_, state)| !state.axes.is_ended());
        Ok(confirmed)
    }

    /// Afterwards nothing stands that the mailbox confirmed, by whichever of its links: a mail names one contribution, and its
    /// reader may have confirmed another. Of two that were, the second must not step into the place of the first.
    async fn withdraw(&mut self, id: SignatureId, by: WithdrawnBy) -> Result<WithdrawAnswer, DbError> {
        let Some(state) = self.load_signature(id).await? else {
            return Ok(WithdrawAnswer::Unknown);
        };
        let confirmed = self.ever_confirmed_by(state.mailbox).await?;
        let ends = confirmed.iter().map(|(_, state)| state.axes.end);
        let mut answer = match mailbox::told_of(state.axes.end, ends) {
            Ending::None if state.axes.mailbox == Mailbox::Unconfirmed => self.end_waiting(id, &state).await?,
            // Erased before, by a press like this one or by itself: the same answer.
            Ending::Expired => WithdrawAnswer::Erased,
            Ending::None | Ending::Withdrawn => WithdrawAnswer::Withdrawn { at: None },
            Ending::Disowned => WithdrawAnswer::Disowned,
        };
        for (each, _) in confirmed.into_iter().filter(|(_, state)| !state.axes.is_ended()) {
            self.load_counted(state.mailbox).await?;
            if self.record(Event::Withdrawn { signature: each, by })?.is_ok() {
                self.erase(each, state.mailbox);
                answer = WithdrawAnswer::Withdrawn { at: Some(self.at) };
            }
        }
        Ok(answer)
    }

    /// Who takes back what was never confirmed need not wait until it expires.
    async fn end_waiting(&mut self, id: SignatureId, state: &SignatureState) -> Result<WithdrawAnswer, DbError> {
        self.load_petition(state.petition).await?;
        let expired = Event::Expired {
            petition: state.petition,
            signatures: vec![id],
        };
        if self.record(expired)?.is_ok() {
            self.decided.waiting = self.decided.waiting.saturating_sub(1);
            self.erase(id, state.mailbox);
        }
        Ok(WithdrawAnswer::Erased)
    }

    async fn disown(&mut self, id: SignatureId, keeping: Keeping) -> Result<DisownAnswer, DbError> {
        let Some(state) = self.load_signature(id).await? else {
            return Ok(DisownAnswer::Unknown);
        };
        let mut ended = 0;
        let mut others = self.waiting_of(state.mailbox).await?;
        let standing = self.confirmed_of(state.mailbox).await?;
        // Who says so of what was confirmed takes back all that was, or another would step into its place. Of what was not,
        // what was confirmed beside it may be the holder's own.
        let confirmed = standing.iter().any(|(standing, _)| *standing == id);
        if confirmed {
            others.extend(standing.iter().map(|(id, _)| *id));
        }
        self.load_counted(state.mailbox).await?;
        for each in std::iter::once(id).chain(others.into_iter().filter(|other| *other != id)) {
            let was_waiting = self
                .fold
                .signature(each)
                .is_some_and(|state| state.axes.mailbox == Mailbox::Unconfirmed);
            if self.record(Event::Disowned { signature: each })?.is_err() {
                continue;
            }
            ended += 1;
            if was_waiting {
                self.decided.waiting = self.decided.waiting.saturating_sub(1);
            }
            if keeping == Keeping::Erase {
                self.erase(each, state.mailbox);
            }
        }
        // What was disowned before: a later "erase everything" is obeyed too, and what was erased is not kept.
        let mut kept = ended > 0;
        for each in self.disowned_of(state.mailbox).await? {
            if !self.has_record(each).await? {
                continue;
            }
            match keeping {
                Keeping::Erase => self.erase(each, state.mailbox),
                Keeping::KeepForComplaint => kept = true,
            }
        }
        self.cancel_mail(state.mailbox);
        Ok(DisownAnswer::Disowned(Disowned {
            ended,
            kept: kept && keeping == Keeping::KeepForComplaint,
            confirmed,
            stands: !confirmed && !standing.is_empty(),
        }))
    }

    /// Those of a mailbox that the store has as disowned.
    async fn disowned_of(&mut self, mailbox: MailboxId) -> Result<Vec<SignatureId>, DbError> {
        // Bit 4 of the axes is set for who took it back: the condition of an index.
        let sql = "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature \
                   WHERE mailbox = ?1 AND axes & 16 = 16 ORDER BY id DESC LIMIT ?2";
        let rows = self
            .db
            .query(sql, &[Value::Blob(&mailbox.0), integer(DISOWNED_AT_ONCE)])
            .await?;
        let ended = rows
            .iter()
            .map(|row| Ok((SignatureId(row.array(0)?), signature_state(row, 1)?.axes.end)));
        let ended: Vec<_> = ended.collect::<Result<_, DbError>>()?;
        Ok(ended
            .into_iter()
            .filter(|(_, end)| *end == Ending::Disowned)
            .map(|(id, _)| id)
            .collect())
    }

    async fn has_record(&mut self, id: SignatureId) -> Result<bool, DbError> {
        let row = self
            .db
            .query_one("SELECT 1 FROM vault WHERE id = ?1", &[Value::Blob(&id.0)])
            .await?;
        Ok(row.is_some())
    }

    async fn waiting_of(&mut self, mailbox: MailboxId) -> Result<Vec<SignatureId>, DbError> {
        let sql = "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature \
                   WHERE mailbox = ?1 AND waiting = 1 ORDER BY id DESC LIMIT ?2";
        let rows = self
            .db
            .query(sql, &[Value::Blob(&mailbox.0), integer(DISOWNED_AT_ONCE)])
            .await?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = SignatureId(row.array(0)?);
            self.load_row(id, signature_state(row, 1)?);
            // This very batch may have confirmed it.
            let state = self.fold.signature(id);
            if state.is_some_and(|state| state.axes.mailbox == Mailbox::Unconfirmed) {
                waiting.push(id);
            }
        }
        Ok(waiting)
    }

    pub(super) fn erase(&mut self, id: SignatureId, mailbox: MailboxId) {
        self.decided.batch.erased.push((id, self.at));
        self.decided.batch.forgotten.push(mailbox);
    }

    pub(super) fn cancel_mail(&mut self, mailbox: MailboxId) {
        self.decided.batch.cancelled.push(mailbox);
        // A later contribution in this same batch starts a mail of its own.
        self.pending.remove(&mailbox);
        self.decided.batch.outbox.retain(|posting| posting.mailbox != mailbox);
        let postings = self.decided.batch.outbox.iter().enumerate();
        self.pending
            .extend(postings.map(|(index, posting)| (posting.mailbox, Pending::Here(index))));
    }

    pub(super) async fn load_petition(&mut self, petition: PetitionId) -> Result<Option<PetitionState>, DbError> {
        if self.fold.petition(petition).is_none() {
            let Some(row) = self
                .db
                .query_one(PETITION_BY_ID, &[Value::Int(petition.0.into())])
                .await?
            else {
                return Ok(None);
            };
            self.fold.load_petition(petition, petition_state(&row, 0)?);
        }
        Ok(self.fold.petition(petition).copied())
    }

    pub(super) async fn load_signature(&mut self, id: SignatureId) -> Result<Option<SignatureState>, DbError> {
        if self.fold.signature(id).is_none() {
            let Some(row) = self.db.query_one(SIGNATURE_BY_ID, &[Value::Blob(&id.0)]).await? else {
                return Ok(None);
            };
            self.load_row(id, signature_state(&row, 0)?);
        }
        let Some(state) = self.fold.signature(id).copied() else {
            return Ok(None);
        };
        self.load_petition(state.petition).await?;
        Ok(Some(state))
    }

    /// Adds a signature to the working set, as the verdict that is being applied has it.
    pub(super) fn load_row(&mut self, id: SignatureId, row: SignatureState) {
        self.fold
            .load_signature(id, judged::seen(self.following.as_deref(), id, row));
    }

    pub(super) async fn load_counted(&mut self, mailbox: MailboxId) -> Result<(), DbError> {
        if self.following.is_some() {
            // The mailbox's row follows with the rows of its signatures: until then they say who counts.
            let standing = self.confirmed_rows(mailbox).await?;
            let counted = standing.into_iter().find(|(_, state)| state.axes.is_counted());
            self.fold.load_counted(mailbox, counted.map(|(id, _)| id));
            return Ok(());
        }
        let sql = "SELECT counted FROM mailbox WHERE id = ?1";
        let row = self.db.query_one(sql, &[Value::Blob(&mailbox.0)]).await?;
        let counted = row.map_or(Ok(None), |row| row.maybe_array(0))?;
        self.fold.load_counted(mailbox, counted.map(SignatureId));
        Ok(())
    }
}

/// Puts an answer by until the batch is durable, or fails the batch.
fn answer<T: Send + 'static>(
    answers: &mut Vec<Ready>,
    reply: Reply<T>,
    decided: Result<T, DbError>,
) -> Result<(), DbError> {
    let (value, outcome) = match decided {
        Ok(value) => (Ok(value), Ok(())),
        Err(error) => (Err(Unavailable), Err(error)),
    };
    answers.push(Box::new(move |durable| {
        // Whoever asked may have gone away; the event stands all the same.
        let _ = reply.send(durable.and(value));
    }));
    outcome
}
