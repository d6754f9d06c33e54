//! The three axes of a signature. Every public word is a view of them, and no event on one axis erases a fact on another.

use crate::event::VerdictKind;
use crate::rule::Rule;

/// Whether the mailbox's holder has confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mailbox {
    /// Not yet, or never.
    #[default]
    Unconfirmed,
    /// Yes; it stays a fact whatever comes after.
    Confirmed,
}

/// What the verdicts so far amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Nothing against it.
    #[default]
    Clear,
    /// Set aside until someone looks.
    Held,
    /// Judged not to count; nothing was against it before.
    Invalidated,
    /// Judged not to count; held before. Who takes the invalidation back alone has it held again.
    InvalidatedWhileHeld,
}

/// How it came to an end, if it did. An end is final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// It stands.
    #[default]
    None,
    /// Never confirmed in time.
    Expired,
    /// Taken back after confirmation.
    Withdrawn,
    /// "It wasn't me."
    Disowned,
}

/// Where a signature stands. The default is a signature just admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Axes {
    /// First axis.
    pub mailbox: Mailbox,
    /// Second axis.
    pub verdict: Standing,
    /// Third axis.
    pub end: End,
    /// Whether it has entered the displayed count; it may have left it since.
    pub settled: bool,
}

impl Axes {
    /// The count is the number of signatures of which this is true.
    #[must_use]
    pub fn is_counted(self) -> bool {
        self.settled && self.is_confirmed() && self.is_clear() && !self.is_ended()
    }

    /// Previously counted, now held.
    #[must_use]
    pub fn is_held(self) -> bool {
        self.settled && self.is_confirmed() && self.verdict == Standing::Held && !self.is_ended()
    }

    /// Previously counted, now invalidated.
    #[must_use]
    pub fn is_invalidated(self) -> bool {
        self.settled && self.is_confirmed() && self.is_judged_invalid() && !self.is_ended()
    }

    /// Previously counted, now withdrawn, whatever its standing.
    #[must_use]
    pub fn is_withdrawn(self) -> bool {
        self.settled && self.is_confirmed() && self.end == End::Withdrawn
    }

    /// Previously counted, now disowned, whatever its standing.
    #[must_use]
    pub fn is_disowned(self) -> bool {
        self.settled && self.is_confirmed() && self.end == End::Disowned
    }

    /// The mailbox axis says confirmed.
    #[must_use]
    pub fn is_confirmed(self) -> bool {
        self.mailbox == Mailbox::Confirmed
    }

    /// The verdict axis says clear.
    #[must_use]
    pub fn is_clear(self) -> bool {
        self.verdict == Standing::Clear
    }

    /// The verdict axis says invalidated, whatever it said before.
    #[must_use]
    pub fn is_judged_invalid(self) -> bool {
        matches!(self.verdict, Standing::Invalidated | Standing::InvalidatedWhileHeld)
    }

    /// The end axis says something.
    #[must_use]
    pub fn is_ended(self) -> bool {
        self.end != End::None
    }

    /// Six bits: 0 confirmed; 1-2 clear 0, held 1, invalidated 2, invalidated while held 3; 3-4 no end 0, expired 1, withdrawn 2,
    /// disowned 3; 5 settled. The rest are zero.
    #[must_use]
    pub fn to_bits(self) -> u16 {
        let mailbox = u16::from(self.is_confirmed());
        let verdict = match self.verdict {
            Standing::Clear => 0,
            Standing::Held => 1,
            Standing::Invalidated => 2,
            Standing::InvalidatedWhileHeld => 3,
        };
        let end = match self.end {
            End::None => 0,
            End::Expired => 1,
            End::Withdrawn => 2,
            End::Disowned => 3,
        };
        mailbox | verdict << 1 | end << 3 | u16::from(self.settled) << 5
    }

    /// Reads [`Axes::to_bits`]. `None` for bits that no legal life leads to: a bit above these, settled or withdrawn
    /// without confirmation, expired with one.
    #[must_use]
    pub fn from_bits(bits: u16) -> Option<Self> {
        if bits >> 6 != 0 {
            return None;
        }
        let mailbox = if bits & 1 == 1 {
            Mailbox::Confirmed
        } else {
            Mailbox::Unconfirmed
        };
        let verdict = match bits >> 1 & 3 {
            0 => Standing::Clear,
            1 => Standing::Held,
            2 => Standing::Invalidated,
            _ => Standing::InvalidatedWhileHeld,
        };
        let end = match bits >> 3 & 3 {
            0 => End::None,
            1 => End::Expired,
            2 => End::Withdrawn,
            _ => End::Disowned,
        };
        let axes = Self {
            mailbox,
            verdict,
            end,
            settled: bits >> 5 == 1,
        };
        axes.is_possible().then_some(axes)
    }

    fn is_possible(self) -> bool {
        match self.mailbox {
            Mailbox::Confirmed => self.end != End::Expired,
            Mailbox::Unconfirmed => !self.settled && self.end != End::Withdrawn,
        }
    }

    pub(crate) fn confirm(self) -> Result<Self, Rule> {
        self.not_ended()?;
        match self.mailbox {
            Mailbox::Confirmed => Err(Rule::AlreadyConfirmed),
            Mailbox::Unconfirmed => Ok(Self {
                mailbox: Mailbox::Confirmed,
                ..self
            }),
        }
    }

    pub(crate) fn settle(self) -> Result<Self, Rule> {
        self.not_ended()?;
        if !self.is_confirmed() {
            return Err(Rule::Unconfirmed);
        }
        if self.settled {
            return Err(Rule::AlreadySettled);
        }
        if !self.is_clear() {
            return Err(Rule::NotClear);
        }
        Ok(Self { settled: true, ..self })
    }

    pub(crate) fn expire(self) -> Result<Self, Rule> {
        self.not_ended()?;
        if self.is_confirmed() {
            return Err(Rule::AlreadyConfirmed);
        }
        Ok(Self {
            end: End::Expired,
            ..self
        })
    }

    pub(crate) fn withdraw(self) -> Result<Self, Rule> {
        self.not_ended()?;
        if !self.is_confirmed() {
            return Err(Rule::Unconfirmed);
        }
        Ok(Self {
            end: End::Withdrawn,
            ..self
        })
    }

    pub(crate) fn disown(self) -> Result<Self, Rule> {
        self.not_ended()?;
        Ok(Self {
            end: End::Disowned,
            ..self
        })
    }

    /// What a verdict makes of it. Looks at the verdict axis alone: an ended or unconfirmed signature can be judged like
    /// any other. Judging again by the same verdict is illegal, so a ledger that is not sure whether it has brought a row
    /// up to date can ask again.
    ///
    /// # Errors
    /// The standing does not allow it.
    pub fn judge(self, kind: VerdictKind) -> Result<Self, Rule> {
        let verdict = match (kind, self.verdict) {
            (VerdictKind::Held, Standing::Clear) => Standing::Held,
            (VerdictKind::Held, _) => return Err(Rule::NotClear),
            (VerdictKind::Released, Standing::Held) => Standing::Clear,
            (VerdictKind::Released, _) => return Err(Rule::NotHeld),
            (VerdictKind::Invalidated, Standing::Clear) => Standing::Invalidated,
            (VerdictKind::Invalidated, Standing::Held) => Standing::InvalidatedWhileHeld,
            (VerdictKind::Invalidated, _) => return Err(Rule::AlreadyInvalidated),
            (VerdictKind::Reinstated, Standing::Invalidated | Standing::InvalidatedWhileHeld)
            | (VerdictKind::Restored, Standing::Invalidated) => Standing::Clear,
            (VerdictKind::Restored, Standing::InvalidatedWhileHeld) => Standing::Held,
            (VerdictKind::Reinstated | VerdictKind::Restored, _) => return Err(Rule::NotInvalidated),
        };
        Ok(Self { verdict, ..self })
    }

    /// What a verdict makes of it that takes an earlier one back. A hold that is taken back is lifted, and one that comes back with
    /// its release is put on again, beneath an invalidation too: whoever takes the invalidation back has what stands without both.
    /// Illegal where it would change nothing, like [`Axes::judge`].
    ///
    /// # Errors
    /// The standing does not allow it.
    pub fn take_back(self, kind: VerdictKind) -> Result<Self, Rule> {
        let verdict = match (kind, self.verdict) {
            (VerdictKind::Released, Standing::InvalidatedWhileHeld) => Standing::Invalidated,
            (VerdictKind::Held, Standing::Invalidated) => Standing::InvalidatedWhileHeld,
            _ => return self.judge(kind),
        };
        Ok(Self { verdict, ..self })
    }

    /// [`Axes::take_back`] for a verdict that takes another back, else [`Axes::judge`].
    ///
    /// # Errors
    /// The standing does not allow it.
    pub fn judged(self, kind: VerdictKind, takes_back: bool) -> Result<Self, Rule> {
        if takes_back {
            self.take_back(kind)
        } else {
            self.judge(kind)
        }
    }

    fn not_ended(self) -> Result<(), Rule> {
        if self.is_ended() { Err(Rule::Ended) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Axes, End, Mailbox, Standing};
    use crate::event::VerdictKind;

    /// Each move is legal exactly where the documentation of its event says so, and touches its own axis alone.
    #[test]
    fn no_move_touches_a_fact_on_another_axis() {
        for axes in (0..64).filter_map(Axes::from_bits) {
            let (confirmed, ended) = (axes.mailbox == Mailbox::Confirmed, axes.end != End::None);
            let expect = |legal: bool, after: Axes| legal.then_some(after);
            let confirm = Axes {
                mailbox: Mailbox::Confirmed,
                ..axes
            };
            assert_eq!(axes.confirm().ok(), expect(!ended && !confirmed, confirm), "{axes:?}");
            let settles = !ended && confirmed && !axes.settled && axes.verdict == Standing::Clear;
            assert_eq!(
                axes.settle().ok(),
                expect(settles, Axes { settled: true, ..axes }),
                "{axes:?}"
            );
            let end = |end| Axes { end, ..axes };
            assert_eq!(
                axes.expire().ok(),
                expect(!ended && !confirmed, end(End::Expired)),
                "{axes:?}"
            );
            assert_eq!(
                axes.withdraw().ok(),
                expect(!ended && confirmed, end(End::Withdrawn)),
                "{axes:?}"
            );
            assert_eq!(axes.disown().ok(), expect(!ended, end(End::Disowned)), "{axes:?}");
            use Standing::{Clear, Held, Invalidated, InvalidatedWhileHeld};
            for (kind, moves) in [
                (VerdictKind::Held, &[(Clear, Held)][..]),
                (VerdictKind::Released, &[(Held, Clear)]),
                (
                    VerdictKind::Invalidated,
                    &[(Clear, Invalidated), (Held, InvalidatedWhileHeld)],
                ),
                (
                    VerdictKind::Reinstated,
                    &[(Invalidated, Clear), (InvalidatedWhileHeld, Clear)],
                ),
                (
                    VerdictKind::Restored,
                    &[(Invalidated, Clear), (InvalidatedWhileHeld, Held)],
                ),
            ] {
                let to = moves.iter().find(|(from, _)| *from == axes.verdict);
                let judged = to.map(|(_, verdict)| Axes {
                    verdict: *verdict,
                    ..axes
                });
                assert_eq!(axes.judge(kind).ok(), judged, "{kind:?} {axes:?}");
                let beneath = match (kind, axes.verdict) {
                    (VerdictKind::Held, Invalidated) => Some(InvalidatedWhileHeld),
                    (VerdictKind::Released, InvalidatedWhileHeld) => Some(Invalidated),
                    _ => None,
                };
                let taken_back = beneath.map_or(judged, |verdict| Some(Axes { verdict, ..axes }));
                assert_eq!(axes.take_back(kind).ok(), taken_back, "{kind:?} {axes:?}");
            }
        }
    }

    /// Taking an invalidation back, and nothing else, gives what was before it.
    #[test]
    fn what_is_restored_stands_as_it_stood_before() {
        for axes in (0..64).filter_map(Axes::from_bits) {
            let Ok(invalidated) = axes.judge(VerdictKind::Invalidated) else {
                continue;
            };
            assert_eq!(invalidated.judge(VerdictKind::Restored), Ok(axes));
            assert!(invalidated.judge(VerdictKind::Reinstated).is_ok_and(Axes::is_clear));
        }
    }

    #[test]
    fn bits_round_trip_and_impossible_lives_are_refused() {
        let possible: Vec<Axes> = (0..=u16::MAX).filter_map(Axes::from_bits).collect();
        assert!(
            possible
                .iter()
                .all(|axes| Axes::from_bits(axes.to_bits()) == Some(*axes))
        );
        // Unconfirmed: 4 standings, not ended or expired or disowned. Confirmed: 4 standings, not ended or withdrawn
        // or disowned, settled or not.
        assert_eq!(possible.len(), 4 * 3 + 4 * 3 * 2);
    }

    #[test]
    fn a_settled_signature_has_exactly_one_public_word() {
        for axes in (0..64).filter_map(Axes::from_bits) {
            let words = [
                axes.is_counted(),
                axes.is_held(),
                axes.is_invalidated(),
                axes.is_withdrawn(),
                axes.is_disowned(),
            ];
            assert_eq!(
                words.iter().filter(|word| **word).count(),
                usize::from(axes.settled),
                "{axes:?}"
            );
        }
    }
}
