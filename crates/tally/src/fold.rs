//! The fold that is the count.
//!
//! A [`Fold`] is either *whole*, started from an empty journal, where what it does not know does not exist; or a
//! *working set*, where what it does not know was not loaded. The writer makes a working set for a batch, loads what
//! the batch touches, applies its entries, and writes what [`Fold::take_changed`] returns. Both run the same code.
//!
//! What has to be loaded: for every event its petition; for every event about signatures those signatures (for
//! `Signed` too, if the ledger has that id, so that a repetition is seen); and for `Settled`, `Released`,
//! `Reinstated` and `Restored` who counts for the mailboxes of those signatures.

use std::collections::BTreeMap;

use crate::axes::Axes;
use crate::counts::Counts;
use crate::event::{Entry, Event};
use crate::plan::{Move, Plan};
use crate::record::RECORD_VERSION;
use crate::rule::{IllegalMove, MAX_SET, Missing, Rule};
use crate::standings::Standings;
use crate::{MailboxId, Millis, PetitionId, SignatureId};

/// Where a petition stands, as far as the count is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Has a text, takes no signatures yet (draft and review).
    Draft,
    /// Takes signatures.
    Open,
    /// Takes no new signatures, for good (closed and archived).
    Closed,
    /// Was a draft, and is no more.
    Discarded,
}

/// What the fold knows of a petition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PetitionState {
    /// Draft, open, closed or discarded.
    pub phase: Phase,
    /// The latest version adopted, from 1.
    pub text_version: u16,
    /// Seconds between confirmation and settling; 0 while a draft.
    pub settle_after_seconds: u32,
    /// Its numbers.
    pub counts: Counts,
}

/// What the fold knows of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignatureState {
    /// Its petition.
    pub petition: PetitionId,
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Time of its `Signed`.
    pub signed_at: Millis,
    /// Time of its `Confirmed`; present if and only if the mailbox axis says confirmed.
    pub confirmed_at: Option<Millis>,
    /// Where it stands.
    pub axes: Axes,
}

/// What a ledger has to write after a batch. Each list ascends by its key and holds a key once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// New and changed signatures.
    pub signatures: Vec<(SignatureId, SignatureState)>,
    /// New and changed petitions.
    pub petitions: Vec<(PetitionId, PetitionState)>,
    /// Mailboxes for which another signature, or none, counts now.
    pub mailboxes: Vec<(MailboxId, Option<SignatureId>)>,
}

/// A journal that breaks its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("journal entry at position {position}: {source}")]
pub struct RecountError {
    /// Position that the entry claims.
    pub position: u64,
    /// What is wrong with it.
    pub source: IllegalMove,
}

/// States computed from events. See the [crate] documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    whole: bool,
    end: Option<(u64, Millis)>,
    petitions: BTreeMap<PetitionId, Slot<PetitionState>>,
    signatures: BTreeMap<SignatureId, Slot<SignatureState>>,
    mailboxes: BTreeMap<MailboxId, Slot<Option<SignatureId>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot<T> {
    state: T,
    changed: bool,
}

impl Fold {
    /// An empty working set. It takes the first entry's position and time as they come, unless [`Fold::load_end`] told
    /// where the journal ends.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fold of an empty journal.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            whole: true,
            end: Some((0, Millis(0))),
            ..Self::default()
        }
    }

    /// Folds a whole journal from its first entry.
    ///
    /// # Errors
    /// The first entry that is out of place or illegal.
    pub fn recount(journal: impl IntoIterator<Item = Entry>) -> Result<Self, RecountError> {
        let mut fold = Self::whole();
        for entry in journal {
            fold.apply(&entry).map_err(|source| RecountError {
                position: entry.position,
                source,
            })?;
        }
        Ok(fold)
    }

    /// Tells a working set the position and time of the journal's last entry: the next one has to follow it.
    pub fn load_end(&mut self, position: u64, at: Millis) {
        self.end = Some((position, at));
    }

    /// Adds a petition as the ledger knows it. What is in the working set already stays: it is as new or newer.
    pub fn load_petition(&mut self, id: PetitionId, state: PetitionState) {
        self.petitions.entry(id).or_insert(Slot { state, changed: false });
    }

    /// Adds a signature as the ledger knows it. What is in the working set already stays.
    pub fn load_signature(&mut self, id: SignatureId, state: SignatureState) {
        self.signatures.entry(id).or_insert(Slot { state, changed: false });
    }

    /// Adds which signature counts for a mailbox, or that none does. What is in the working set already stays.
    pub fn load_counted(&mut self, mailbox: MailboxId, counted: Option<SignatureId>) {
        self.mailboxes.entry(mailbox).or_insert(Slot {
            state: counted,
            changed: false,
        });
    }

    /// Applies one entry, all of it or, on an error, nothing.
    ///
    /// # Errors
    /// Out of place, illegal, not loaded, or met by a contradiction: see [`IllegalMove`].
    pub fn apply(&mut self, entry: &Entry) -> Result<(), IllegalMove> {
        self.check_place(entry)?;
        let plan = self.plan(entry)?;
        let (petition, state) = plan.petition;
        self.petitions.insert(petition, Slot { state, changed: true });
        for (id, state) in plan.signatures {
            self.signatures.insert(id, Slot { state, changed: true });
        }
        for (mailbox, state) in plan.mailboxes {
            self.mailboxes.insert(mailbox, Slot { state, changed: true });
        }
        self.end = Some((entry.position, entry.at));
        Ok(())
    }

    /// Those signatures of a `Settled`, `Expired` or `Verdict` to which it may happen at `at`, in the order given: what
    /// remains, unless it is empty, is legal as a set. Of several that would count for one mailbox the first stays,
    /// and of a signature named twice the first; at most [`MAX_SET`] do. Other events have no such part.
    ///
    /// # Errors
    /// [`IllegalMove::NotLoaded`] and [`IllegalMove::Contradiction`]; a petition that does not exist.
    pub fn legal_part(&self, at: Millis, event: &Event) -> Result<Vec<SignatureId>, IllegalMove> {
        let (petition, signatures, mv) = match event {
            Event::Settled { petition, signatures } => (*petition, signatures, Move::Settle),
            Event::Expired { petition, signatures } => (*petition, signatures, Move::Expire),
            Event::Verdict {
                verdict,
                petition,
                undoes,
                signatures,
                ..
            } => (*petition, signatures, Move::Judge(*verdict, undoes.is_some())),
            _ => return Ok(Vec::new()),
        };
        let mut plan = Plan::new(petition, *self.require_petition(petition)?);
        let mut legal = Vec::new();
        for id in signatures {
            match plan.push(self, *id, mv, at) {
                Ok(()) => legal.push(*id),
                Err(IllegalMove::Illegal(_)) => {}
                Err(fault) => return Err(fault),
            }
            if legal.len() == MAX_SET {
                break;
            }
        }
        Ok(legal)
    }

    /// Applies a verdict to the numbers of its petition alone, knowing of its members only how many stand where: for a
    /// verdict on more signatures than a writer can load at once. Whoever calls has looked at each member, as
    /// [`Fold::apply`] would (its petition, its standing, and that the place of its mailbox is free where it would count
    /// again), and brings the members' states up to date by [`Axes::judged`] afterwards. The set ascends.
    ///
    /// # Errors
    /// As [`Fold::apply`]; [`IllegalMove::Contradiction`] too when the entry is no verdict, or its set is not what was
    /// counted. The fold is then as before.
    pub fn apply_counted(&mut self, entry: &Entry, members: &Standings) -> Result<(), IllegalMove> {
        self.check_place(entry)?;
        let Event::Verdict {
            verdict,
            petition,
            undoes,
            signatures,
            ..
        } = &entry.event
        else {
            return Err(IllegalMove::Contradiction);
        };
        check_undoes(*undoes, entry.position)?;
        check_set(signatures)?;
        if !signatures.is_sorted_by(|before, after| before < after) {
            return Err(Rule::SetDuplicate.into());
        }
        if members.total() != signatures.len() as u64 {
            return Err(IllegalMove::Contradiction);
        }
        let mut state = *self.require_petition(*petition)?;
        for (axes, many) in members.iter() {
            let counts = state.counts.moved(many, axes, axes.judged(*verdict, undoes.is_some())?);
            state.counts = counts.ok_or(IllegalMove::Contradiction)?;
        }
        self.petitions.insert(*petition, Slot { state, changed: true });
        self.end = Some((entry.position, entry.at));
        Ok(())
    }

    /// A signature in the working set.
    #[must_use]
    pub fn signature(&self, id: SignatureId) -> Option<&SignatureState> {
        self.signatures.get(&id).map(|slot| &slot.state)
    }

    /// A petition in the working set.
    #[must_use]
    pub fn petition(&self, id: PetitionId) -> Option<&PetitionState> {
        self.petitions.get(&id).map(|slot| &slot.state)
    }

    /// Which signature counts for a mailbox. `None` also for a mailbox that was not loaded.
    #[must_use]
    pub fn counted_of(&self, mailbox: MailboxId) -> Option<SignatureId> {
        self.mailboxes.get(&mailbox).and_then(|slot| slot.state)
    }

    /// Position and time of the last entry applied or told; `None` for a working set that knows neither.
    #[must_use]
    pub fn end(&self) -> Option<(u64, Millis)> {
        self.end
    }

    /// What changed since the last call, for the ledger to write. After a recount, that is everything there is.
    pub fn take_changed(&mut self) -> Changed {
        Changed {
            signatures: take(&mut self.signatures),
            petitions: take(&mut self.petitions),
            mailboxes: take(&mut self.mailboxes),
        }
    }

    pub(crate) fn require_signature(&self, id: SignatureId) -> Result<&SignatureState, IllegalMove> {
        self.signature(id)
            .ok_or(self.absent(Missing::Signature, Rule::SignatureUnknown))
    }

    pub(crate) fn require_counted(&self, mailbox: MailboxId) -> Result<Option<SignatureId>, IllegalMove> {
        match self.mailboxes.get(&mailbox) {
            Some(slot) => Ok(slot.state),
            None if self.whole => Ok(None),
            None => Err(IllegalMove::NotLoaded(Missing::Mailbox)),
        }
    }

    fn require_petition(&self, id: PetitionId) -> Result<&PetitionState, IllegalMove> {
        self.petition(id)
            .ok_or(self.absent(Missing::Petition, Rule::PetitionUnknown))
    }

    fn absent(&self, missing: Missing, rule: Rule) -> IllegalMove {
        if self.whole {
            IllegalMove::Illegal(rule)
        } else {
            IllegalMove::NotLoaded(missing)
        }
    }

    fn check_place(&self, entry: &Entry) -> Result<(), Rule> {
        let Some((position, at)) = self.end else { return Ok(()) };
        if position.checked_add(1) != Some(entry.position) {
            return Err(Rule::PositionNotNext);
        }
        if entry.at < at {
            return Err(Rule::TimeRunsBack);
        }
        Ok(())
    }

    fn plan(&self, entry: &Entry) -> Result<Plan, IllegalMove> {
        let at = entry.at;
        match &entry.event {
            Event::TextAdopted { petition, version, .. } => self.plan_text(*petition, *version),
            Event::Opened {
                petition,
                settle_after_seconds,
            } => self.plan_open(*petition, *settle_after_seconds),
            Event::Closed { petition } => self.plan_close(*petition),
            Event::Discarded { petition } => self.plan_discard(*petition),
            Event::Signed {
                signature,
                petition,
                mailbox,
                text_version,
                record_version,
            } => {
                let (petition, mailbox, axes) = (*petition, *mailbox, Axes::default());
                let state = SignatureState {
                    petition,
                    mailbox,
                    signed_at: at,
                    confirmed_at: None,
                    axes,
                };
                self.plan_signed(*signature, state, (*text_version, *record_version))
            }
            Event::Confirmed { signature } => self.plan_one(*signature, Move::Confirm, at),
            Event::Withdrawn { signature, by: _ } => self.plan_one(*signature, Move::Withdraw, at),
            Event::Disowned { signature } => self.plan_one(*signature, Move::Disown, at),
            Event::Settled { petition, signatures } => self.plan_set(*petition, signatures, Move::Settle, at),
            Event::Expired { petition, signatures } => self.plan_set(*petition, signatures, Move::Expire, at),
            Event::Verdict {
                verdict,
                petition,
                undoes,
                signatures,
                ..
            } => {
                check_undoes(*undoes, entry.position)?;
                self.plan_set(*petition, signatures, Move::Judge(*verdict, undoes.is_some()), at)
            }
        }
    }

    fn plan_text(&self, id: PetitionId, version: u16) -> Result<Plan, IllegalMove> {
        let created = PetitionState {
            phase: Phase::Draft,
            text_version: 0,
            settle_after_seconds: 0,
            counts: Counts::default(),
        };
        let before = match self.petition(id) {
            Some(state) => *state,
            None if version == 1 => created,
            None => return Err(self.absent(Missing::Petition, Rule::PetitionUnknown)),
        };
        match before.phase {
            Phase::Draft | Phase::Open => {}
            Phase::Closed => return Err(Rule::PetitionClosed.into()),
            Phase::Discarded => return Err(Rule::PetitionDiscarded.into()),
        }
        if before.text_version.checked_add(1) != Some(version) {
            return Err(Rule::TextVersionNotNext.into());
        }
        Ok(Plan::new(
            id,
            PetitionState {
                text_version: version,
                ..before
            },
        ))
    }

    fn plan_open(&self, id: PetitionId, settle_after_seconds: u32) -> Result<Plan, IllegalMove> {
        let before = *self.require_petition(id)?;
        if before.phase != Phase::Draft {
            return Err(Rule::PetitionNotDraft.into());
        }
        Ok(Plan::new(
            id,
            PetitionState {
                phase: Phase::Open,
                settle_after_seconds,
                ..before
            },
        ))
    }

    fn plan_close(&self, id: PetitionId) -> Result<Plan, IllegalMove> {
        let before = *self.require_petition(id)?;
        if before.phase != Phase::Open {
            return Err(Rule::PetitionNotOpen.into());
        }
        Ok(Plan::new(
            id,
            PetitionState {
                phase: Phase::Closed,
                ..before
            },
        ))
    }

    fn plan_discard(&self, id: PetitionId) -> Result<Plan, IllegalMove> {
        let before = *self.require_petition(id)?;
        if before.phase != Phase::Draft {
            return Err(Rule::PetitionNotDraft.into());
        }
        Ok(Plan::new(
            id,
            PetitionState {
                phase: Phase::Discarded,
                ..before
            },
        ))
    }

    fn plan_signed(&self, id: SignatureId, state: SignatureState, versions: (u16, u8)) -> Result<Plan, IllegalMove> {
        let petition = *self.require_petition(state.petition)?;
        let (text_version, record_version) = versions;
        if petition.phase != Phase::Open {
            return Err(Rule::PetitionNotOpen.into());
        }
        if !(1..=petition.text_version).contains(&text_version) {
            return Err(Rule::TextVersionUnknown.into());
        }
        if record_version != RECORD_VERSION {
            return Err(Rule::RecordVersionUnknown.into());
        }
        if self.signature(id).is_some() {
            return Err(Rule::SignatureExists.into());
        }
        let counts = petition.counts.with(state.axes).ok_or(IllegalMove::Contradiction)?;
        let mut plan = Plan::new(state.petition, PetitionState { counts, ..petition });
        plan.signatures.insert(id, state);
        Ok(plan)
    }

    fn plan_one(&self, id: SignatureId, mv: Move, at: Millis) -> Result<Plan, IllegalMove> {
        let petition = self.require_signature(id)?.petition;
        self.plan_set(petition, &[id], mv, at)
    }

    fn plan_set(&self, petition: PetitionId, ids: &[SignatureId], mv: Move, at: Millis) -> Result<Plan, IllegalMove> {
        check_set(ids)?;
        let mut plan = Plan::new(petition, *self.require_petition(petition)?);
        for id in ids {
            plan.push(self, *id, mv, at)?;
        }
        Ok(plan)
    }
}

fn check_set(ids: &[SignatureId]) -> Result<(), Rule> {
    match ids.len() {
        0 => Err(Rule::SetEmpty),
        1..=MAX_SET => Ok(()),
        _ => Err(Rule::SetTooLarge),
    }
}

/// What a verdict claims to take back has to be possible, as far as one entry can show.
fn check_undoes(undoes: Option<u64>, position: u64) -> Result<(), Rule> {
    match undoes {
        Some(undone) if !(1..position).contains(&undone) => Err(Rule::UndoesNotEarlier),
        _ => Ok(()),
    }
}

fn take<K: Copy + Ord, T: Copy>(slots: &mut BTreeMap<K, Slot<T>>) -> Vec<(K, T)> {
    let changed = slots.iter_mut().filter(|(_, slot)| slot.changed);
    let taken = changed.map(|(key, slot)| {
        slot.changed = false;
        (*key, slot.state)
    });
    taken.collect()
}
