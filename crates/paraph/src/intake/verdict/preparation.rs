//! Who of a set a verdict judges: found out a slice at a time, while the writer goes on with what else is asked.
//!
//! What the writer records in between is told by [`Preparation::note`], so that at the end every member is as it stands then.

use std::collections::HashMap;

use paraph_tally::{Axes, Changed, MailboxId, Rule, SignatureId, SignatureState, Standings};

use super::members;
use crate::intake::command::{JudgeAnswer, Judgement, Reply};
use crate::journal::integer;
use crate::ledger::taking_back::{self, Without};
use crate::store::db::{Db, DbError, Value};

/// A judgement, as far as its members have been looked at.
pub(super) struct Preparation {
    pub(super) judgement: Judgement,
    pub(super) reply: Reply<JudgeAnswer>,
    /// Of a judgement that takes a verdict back: who stands otherwise without it.
    without: Option<Without>,
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
            without: None,
            judgement,
            reply,
        }
    }

    /// Begins again: what was recorded meanwhile is not known.
    pub(super) fn restart(&mut self) {
        self.standing.clear();
        self.places.clear();
        self.without = None;
    }

    /// Looks at the next `most` members. Whether all have been looked at.
    pub(super) async fn read(&mut self, db: &mut Db, most: usize) -> Result<bool, DbError> {
        if let Some(undone) = self.judgement.undoes
            && !self.look_back(db, undone, most).await?
        {
            return Ok(false);
        }
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

    /// Looks at other verdicts of the petition until `most` members of them were seen. Whether all have been looked at: no other
    /// verdict is recorded until this one is.
    async fn look_back(&mut self, db: &mut Db, undone: u64, most: usize) -> Result<bool, DbError> {
        let (kind, set) = (self.judgement.kind, &self.judgement.set);
        let without = match &mut self.without {
            Some(without) => without,
            unknown => {
                let petition = Value::Int(self.judgement.petition.0.into());
                let rows = db.query(taking_back::GIVEN, &[petition]).await?;
                unknown.insert(Without::of(&rows, undone, kind, set.len())?)
            }
        };
        let mut seen = 0;
        while let Some(position) = without.next() {
            if seen >= most {
                return Ok(false);
            }
            let row = db.query_one(taking_back::EVENT, &[integer(position)]).await?;
            seen += without.note(set, row.as_ref())?;
        }
        Ok(true)
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

    fn becomes(&self, axes: Axes) -> Result<Axes, Rule> {
        axes.judged(self.judgement.kind, self.judgement.undoes.is_some())
    }

    fn would_count_again(&self, state: &SignatureState) -> bool {
        self.becomes(state.axes).is_ok_and(|after| after.is_counted()) && !state.axes.is_counted()
    }

    /// Judges a member, or leaves it out, by the rules of [`paraph_tally::Fold::apply`].
    fn consider(&mut self, index: usize, state: &SignatureState, counted: Option<SignatureId>) {
        if self.places.get(&state.mailbox) == Some(&index) {
            self.places.remove(&state.mailbox);
        }
        let is_meant = self.without.as_ref().is_none_or(|without| without.means(index));
        let is_legal = state.petition == self.judgement.petition && self.becomes(state.axes).is_ok();
        let is_judged = is_legal
            && is_meant
            && (!self.would_count_again(state)
                || (counted.is_none() && *self.places.entry(state.mailbox).or_insert(index) == index));
        self.standing[index] = is_judged.then_some(state.axes);
    }
}
