//! Who of a set a verdict judges: found out a slice at a time, while the writer goes on with what else is asked.
//!
//! What the writer records in between is told by [`Preparation::note`], so that at the end every member is as it stands then.

use std::collections::HashMap;

use paraph_tally::{Axes, Changed, MailboxId, SignatureId, SignatureState, Standings};

use super::members;
use crate::intake::command::{JudgeAnswer, Judgement, Reply};
use crate::store::db::{Db, DbError};

/// A judgement, as far as its members have been looked at.
pub(super) struct Preparation {
    pub(super) judgement: Judgement,
    pub(super) reply: Reply<JudgeAnswer>,
    /// Of the first members: where each stands, `None` for those left out.
    standing: Vec<Option<Axes>>,
    /// Mailboxes whose place a member takes, who would count again: one each.
    places: HashMap<MailboxId, usize>,
}

impl Preparation {
    /// The set of `judgement` ascends.
    pub(super) fn new(judgement: Judgement, reply: Reply<JudgeAnswer>) -> Self {
        Self {
            standing: Vec::with_capacity(judgement.set.len()),
            places: HashMap::new(),
            judgement,
            reply,
        }
    }

    /// Begins again: what was recorded meanwhile is not known.
    pub(super) fn restart(&mut self) {
        self.standing.clear();
        self.places.clear();
    }

    /// Looks at the next `most` members. Whether all have been looked at.
    pub(super) async fn read(&mut self, db: &mut Db, most: usize) -> Result<bool, DbError> {
        let from = self.standing.len();
        let to = self.judgement.set.len().min(from + most);
        let read = members::read(db, &self.judgement.set[from..to]).await?;
        self.standing.resize(to, None);
        for member in read {
            if let Ok(index) = self.judgement.set[from..to].binary_search(&member.id) {
                self.consider(from + index, &member.state, member.counted);
            }
        }
        Ok(to == self.judgement.set.len())
    }

    /// What a batch that was recorded meanwhile has changed.
    pub(super) fn note(&mut self, changed: &Changed) {
        for (mailbox, counted) in &changed.mailboxes {
            if counted.is_some()
                && let Some(index) = self.places.remove(mailbox)
            {
                self.standing[index] = None;
            }
        }
        for (id, state) in &changed.signatures {
            let known = self.judgement.set.binary_search(id).ok();
            if let Some(index) = known.filter(|index| *index < self.standing.len()) {
                // Who held a place still may; who ended does not want it any more. Nobody begins to want one.
                let was = self.places.get(&state.mailbox) == Some(&index);
                if was || !self.would_count_again(state) {
                    self.consider(index, state, None);
                }
            }
        }
    }

    /// The members that are judged, and how many of them stand where.
    pub(super) fn members(&mut self) -> (Vec<SignatureId>, Standings) {
        let set = std::mem::take(&mut self.judgement.set);
        let judged = set.into_iter().zip(&self.standing).filter(|(_, axes)| axes.is_some());
        let judged = judged.map(|(id, _)| id).collect();
        (judged, self.standing.iter().flatten().copied().collect())
    }

    fn would_count_again(&self, state: &SignatureState) -> bool {
        let after = state.axes.judge(self.judgement.kind);
        after.is_ok_and(|after| after.is_counted()) && !state.axes.is_counted()
    }

    /// Judges a member, or leaves it out, by the rules of [`paraph_tally::Fold::apply`].
    fn consider(&mut self, index: usize, state: &SignatureState, counted: Option<SignatureId>) {
        if self.places.get(&state.mailbox) == Some(&index) {
            self.places.remove(&state.mailbox);
        }
        let is_legal = state.petition == self.judgement.petition && state.axes.judge(self.judgement.kind).is_ok();
        let is_judged = is_legal
            && (!self.would_count_again(state)
                || (counted.is_none() && *self.places.entry(state.mailbox).or_insert(index) == index));
        self.standing[index] = is_judged.then_some(state.axes);
    }
}
