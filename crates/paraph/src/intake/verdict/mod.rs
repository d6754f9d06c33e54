//! Verdicts: judgements on sets of signatures, with reason, evidence, author and a way back.
//!
//! One at a time goes through three stages, each a little at a time between the batches of everybody else: its members are
//! looked at ([`preparation`]), its event is recorded with the new counts, and the rows of its members follow
//! ([`judged`](crate::ledger::judged)). The answer is given when the event is durable. A store that was killed while rows
//! followed goes on where it was.

mod members;
mod preparation;
pub mod reason;

use std::collections::VecDeque;
use std::sync::Arc;

use paraph_tally::{Author, Changed, Event, Millis};
use sha2::{Digest, Sha256};

use super::Unavailable;
use super::command::{JudgeAnswer, Judgement, Malformed, Reply};
use super::decide::Decider;
use super::writer::State;
use crate::journal::{self, AppendError, Batch, NewVerdict, Progress};
use crate::ledger::judged::{Judged, Pending, Unfinished};
use crate::limits::Limits;
use crate::store::db::DbError;
use preparation::Preparation;
use reason::{POLICY, Reason};

/// Judgements that may wait for the one in work. A person waits for the answer, and scrutiny for its own.
const WAITING: usize = 64;

/// Verdicts that are asked for and in work.
#[derive(Default)]
pub(super) struct Docket {
    waiting: VecDeque<(Judgement, Reply<JudgeAnswer>)>,
    preparing: Option<Preparation>,
    applying: Option<Applying>,
    /// The same for readers.
    judged: Judged,
    /// The store refused the last step; the next batch that it takes ends that.
    is_stalled: bool,
}

struct Applying {
    pending: Arc<Pending>,
    done: usize,
}

impl Docket {
    /// With what the store is in the middle of.
    pub(super) fn new(unfinished: Option<Unfinished>) -> Self {
        let mut docket = Self::default();
        if let Some(Unfinished { pending, done }) = unfinished {
            tracing::info!(
                members = pending.set.len() - done,
                "a verdict that was interrupted goes on"
            );
            docket.apply(pending, done);
        }
        docket
    }

    pub(super) fn judged(&self) -> Judged {
        self.judged.clone()
    }

    /// The verdict whose rows still follow.
    pub(super) fn pending(&self) -> Option<Arc<Pending>> {
        self.applying.as_ref().map(|applying| Arc::clone(&applying.pending))
    }

    /// Whether there is a step to take now.
    pub(super) fn has_work(&self) -> bool {
        !self.is_stalled && (self.applying.is_some() || self.preparing.is_some() || !self.waiting.is_empty())
    }

    /// Takes a judgement in, or answers at once where it cannot be given.
    pub(super) fn ask(&mut self, judgement: Judgement, reply: Reply<JudgeAnswer>, limits: &Limits) {
        let refused = if self.waiting.len() >= WAITING {
            Some(Err(Unavailable))
        } else {
            check(&judgement, limits)
                .err()
                .map(|why| Ok(JudgeAnswer::Malformed(why)))
        };
        match refused {
            Some(answer) => {
                // Whoever asked may have gone away.
                let _ = reply.send(answer);
            }
            None => self.waiting.push_back((judgement, reply)),
        }
    }

    /// What a batch has changed.
    pub(super) fn note(&mut self, changed: &Changed) {
        self.is_stalled = false;
        if let Some(preparing) = &mut self.preparing {
            preparing.note(changed);
        }
    }

    /// After a batch of which nobody knows whether it was kept: what the store says.
    pub(super) fn resume(&mut self, unfinished: Option<Unfinished>) {
        self.applying = None;
        self.judged.set(None);
        if let Some(Unfinished { pending, done }) = unfinished {
            self.apply(pending, done);
        }
        if let Some(preparing) = &mut self.preparing {
            preparing.restart();
        }
    }

    fn apply(&mut self, pending: Pending, done: usize) {
        let pending = Arc::new(pending);
        self.judged.set(Some(Arc::clone(&pending)));
        self.applying = Some(Applying { pending, done });
    }
}

fn check(judgement: &Judgement, limits: &Limits) -> Result<(), Malformed> {
    if !Reason::from_code(judgement.reason)
        .is_some_and(|reason| reason.is_for(judgement.kind, judgement.undoes.is_some()))
    {
        return Err(Malformed::Reason);
    }
    if judgement.set.len() as u64 > limits.verdict_signatures {
        return Err(Malformed::TooMany);
    }
    if [judgement.evidence.len(), judgement.note.len()]
        .into_iter()
        .any(|bytes| bytes as u64 > limits.evidence_bytes)
    {
        return Err(Malformed::TooLong);
    }
    Ok(())
}

impl State {
    /// One step with the verdict in work: short, so that whoever signs hardly waits for it.
    pub(super) async fn judge_a_little(&mut self) -> Result<(), AppendError> {
        let outcome = self.next_step().await;
        self.docket.is_stalled = outcome.is_err();
        outcome
    }

    async fn next_step(&mut self) -> Result<(), AppendError> {
        let rows = usize::try_from(self.settings.limits.verdict_rows).unwrap_or(1);
        if let Some(applying) = &self.docket.applying {
            let (pending, done) = (Arc::clone(&applying.pending), applying.done);
            return self.apply_rows(&pending, done, rows).await;
        }
        let waiting = &mut self.docket.waiting;
        let next = self.docket.preparing.take();
        let next = next.or_else(|| {
            waiting
                .pop_front()
                .map(|(judgement, reply)| Preparation::new(judgement, reply))
        });
        let Some(mut preparing) = next else { return Ok(()) };
        match preparing.read(&mut self.main, rows).await {
            Ok(false) => self.docket.preparing = Some(preparing),
            Ok(true) => {
                let answer = self.give(&mut preparing).await;
                let told = answer.as_ref().map_or(Err(Unavailable), |answer| Ok(*answer));
                // Whoever asked may have gone away; the verdict stands all the same.
                let _ = preparing.reply.send(told);
                answer?;
            }
            Err(error) => {
                let _ = preparing.reply.send(Err(Unavailable));
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Records the event, with its counts.
    async fn give(&mut self, preparing: &mut Preparation) -> Result<JudgeAnswer, AppendError> {
        let asked = preparing.judgement.set.len() as u64;
        let (set, members) = preparing.members();
        if set.is_empty() {
            return Ok(JudgeAnswer::Nothing);
        }
        let judged = set.len() as u64;
        let judgement = &preparing.judgement;
        let (petition, kind) = (judgement.petition, judgement.kind);
        let event = Event::Verdict {
            verdict: kind,
            petition,
            reason: judgement.reason,
            policy: POLICY,
            evidence: Sha256::digest(&judgement.evidence).into(),
            author: judgement.author,
            undoes: judgement.undoes,
            signatures: set,
        };
        let at = self.moment();
        let mut decider = self.decider(at);
        decider.load_petition(petition).await?;
        let Ok(position) = decider.record_counted(event, &members)? else {
            return Ok(JudgeAnswer::Nothing);
        };
        if let Author::Person(account) = judgement.author {
            decider.note_verdict(account, judgement, (position, judged)).await?;
        }
        let mut decided = decider.finish();
        decided
            .batch
            .verdicts
            .push(verdict_row(judgement, position, judged, at));
        journal::append(&mut self.main, self.end.position, &decided.batch).await?;
        self.appended(&decided.batch);
        if let Some(Event::Verdict { signatures: set, .. }) = decided.batch.entries.pop().map(|entry| entry.event) {
            let pending = Pending {
                position,
                petition,
                kind,
                takes_back: preparing.judgement.undoes.is_some(),
                set,
            };
            self.docket.apply(pending, 0);
        }
        Ok(JudgeAnswer::Judged {
            position,
            judged,
            left_out: asked - judged,
        })
    }

    /// Brings the rows of the next members up to date.
    async fn apply_rows(&mut self, pending: &Pending, done: usize, most: usize) -> Result<(), AppendError> {
        let to = pending.set.len().min(done + most);
        let (mut changed, mut resumed) = (Changed::default(), Vec::new());
        for member in members::read(&mut self.main, &pending.set[done..to]).await? {
            let after = pending.state(member.id, member.state);
            if after == member.state {
                continue;
            }
            let mailbox = after.mailbox;
            match (after.axes.is_counted(), member.counted) {
                (true, _) => changed.mailboxes.push((mailbox, Some(member.id))),
                // Another one may have stepped into the place since it was free.
                (false, Some(counted)) if counted == member.id => changed.mailboxes.push((mailbox, None)),
                (false, _) => {}
            }
            if after.axes.is_clear() && !after.axes.is_confirmed() && !after.axes.is_ended() {
                resumed.push(mailbox);
            }
            changed.signatures.push((member.id, after));
        }
        let last = pending.set[..to].last().copied();
        let is_done = to == pending.set.len();
        let at = self.moment();
        let batch = Batch {
            changed,
            resumed: resumed.into_iter().map(|mailbox| (mailbox, at)).collect(),
            progress: Some(Progress {
                position: pending.position,
                done_to: last.filter(|_| !is_done),
            }),
            ..Batch::default()
        };
        journal::append(&mut self.main, self.end.position, &batch).await?;
        if is_done {
            self.docket.applying = None;
            self.docket.judged.set(None);
        } else if let Some(applying) = &mut self.docket.applying {
            applying.done = to;
        }
        Ok(())
    }
}

impl Decider<'_> {
    /// Records a verdict whose members were counted, not loaded. Its position, unless it is illegal.
    fn record_counted(
        &mut self,
        event: Event,
        members: &paraph_tally::Standings,
    ) -> Result<Result<u64, paraph_tally::Rule>, DbError> {
        let entry = self.next_entry(event);
        let position = entry.position;
        let applied = self.fold.apply_counted(&entry, members);
        Ok(self.recorded(entry, applied)?.map(|()| position))
    }
}

fn verdict_row(judgement: &Judgement, position: u64, judged: u64, at: Millis) -> NewVerdict {
    NewVerdict {
        position,
        petition: judgement.petition,
        kind: judgement.kind,
        reason: judgement.reason,
        author: judgement.author,
        evidence: judgement.evidence.clone(),
        at,
        judged,
        undoes: judgement.undoes,
        note: judgement.note.clone(),
    }
}
