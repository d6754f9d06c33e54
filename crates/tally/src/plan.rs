//! One move of several signatures, worked out beside the fold: nothing changes until all of it is known to be legal.

use std::collections::BTreeMap;

use crate::event::VerdictKind;
use crate::fold::{Fold, PetitionState, SignatureState};
use crate::rule::{IllegalMove, Missing, Rule};
use crate::{MailboxId, Millis, PetitionId, SignatureId};

/// What an event does to each signature that it names.
#[derive(Clone, Copy)]
pub(crate) enum Move {
    Confirm,
    Settle,
    Expire,
    Withdraw,
    Disown,
    /// Which way, and whether it takes another verdict back.
    Judge(VerdictKind, bool),
}

/// What will change. An event changes one petition, and signatures and mailboxes of it.
pub(crate) struct Plan {
    pub(crate) petition: (PetitionId, PetitionState),
    pub(crate) signatures: BTreeMap<SignatureId, SignatureState>,
    pub(crate) mailboxes: BTreeMap<MailboxId, Option<SignatureId>>,
}

impl Plan {
    pub(crate) fn new(id: PetitionId, state: PetitionState) -> Self {
        Self {
            petition: (id, state),
            signatures: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
        }
    }

    /// Adds one signature's move; on an error the plan is as before.
    pub(crate) fn push(&mut self, fold: &Fold, id: SignatureId, mv: Move, at: Millis) -> Result<(), IllegalMove> {
        let before = *fold.require_signature(id)?;
        let (petition, petition_state) = self.petition;
        if before.petition != petition {
            return Err(Rule::OtherPetition.into());
        }
        if self.signatures.contains_key(&id) {
            return Err(Rule::SetDuplicate.into());
        }
        let after = moved(&before, mv, at, petition_state.settle_after_seconds)?;
        let counts = petition_state
            .counts
            .without(before.axes)
            .and_then(|counts| counts.with(after.axes));
        let counts = counts.ok_or(IllegalMove::Contradiction)?;
        let mailbox = self.mailbox_change(fold, id, &before, &after)?;

        self.petition.1.counts = counts;
        self.signatures.insert(id, after);
        self.mailboxes.extend(mailbox);
        Ok(())
    }

    /// Who counts for the mailbox from now on, if that changes.
    fn mailbox_change(
        &self,
        fold: &Fold,
        id: SignatureId,
        before: &SignatureState,
        after: &SignatureState,
    ) -> Result<Option<(MailboxId, Option<SignatureId>)>, IllegalMove> {
        let mailbox = before.mailbox;
        match (before.axes.is_counted(), after.axes.is_counted()) {
            (false, true) => {
                let counted = match self.mailboxes.get(&mailbox) {
                    Some(counted) => *counted,
                    None => fold.require_counted(mailbox)?,
                };
                if counted.is_some() {
                    return Err(Rule::MailboxCounted.into());
                }
                Ok(Some((mailbox, Some(id))))
            }
            (true, false) => match fold.require_counted(mailbox) {
                // That it is counted says already who counts for its mailbox, so nobody has to load that.
                Ok(Some(counted)) if counted == id => Ok(Some((mailbox, None))),
                Err(IllegalMove::NotLoaded(Missing::Mailbox)) => Ok(Some((mailbox, None))),
                _ => Err(IllegalMove::Contradiction),
            },
            (false, false) | (true, true) => Ok(None),
        }
    }
}

fn moved(
    before: &SignatureState,
    mv: Move,
    at: Millis,
    settle_after_seconds: u32,
) -> Result<SignatureState, IllegalMove> {
    let mut after = *before;
    after.axes = match mv {
        Move::Confirm => before.axes.confirm()?,
        Move::Settle => before.axes.settle()?,
        Move::Expire => before.axes.expire()?,
        Move::Withdraw => before.axes.withdraw()?,
        Move::Disown => before.axes.disown()?,
        Move::Judge(kind, takes_back) => before.axes.judged(kind, takes_back)?,
    };
    match mv {
        Move::Confirm => after.confirmed_at = Some(at),
        Move::Settle => {
            let confirmed_at = before.confirmed_at.ok_or(IllegalMove::Contradiction)?;
            if at < confirmed_at.plus_seconds(settle_after_seconds) {
                return Err(Rule::TooEarlyToSettle.into());
            }
        }
        Move::Expire | Move::Withdraw | Move::Disown | Move::Judge(..) => {}
    }
    Ok(after)
}
