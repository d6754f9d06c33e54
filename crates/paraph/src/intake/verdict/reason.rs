//! The reason table: why a verdict was given, as a code in the journal and words where a person reads it.
//!
//! A code never changes its meaning. A new reason is a new code, and [`POLICY`] rises with the table.

use paraph_tally::VerdictKind;

use crate::views::Lang;

/// Version of this table and of the rules behind it; stands in every verdict.
pub const POLICY: u16 = 1;

/// Why a verdict was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Contributions alike in at least three independent ways.
    Lockstep,
    /// Made by a machine, as a person who looked has found.
    Machine,
    /// Several signatures of one person.
    SamePerson,
    /// Readers of the mailboxes say "it wasn't me".
    Disowned,
    /// Somebody looked, and found nothing against them.
    Reviewed,
    /// They answered the mail that asks held people.
    Answered,
    /// The verdict that is taken back was a mistake.
    Mistake,
}

impl Reason {
    /// Every reason, by its code.
    pub const ALL: [Self; 7] = [
        Self::Lockstep,
        Self::Machine,
        Self::SamePerson,
        Self::Disowned,
        Self::Reviewed,
        Self::Answered,
        Self::Mistake,
    ];

    /// What stands in the journal.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Lockstep => 1,
            Self::Machine => 2,
            Self::SamePerson => 3,
            Self::Disowned => 4,
            Self::Reviewed => 5,
            Self::Answered => 6,
            Self::Mistake => 7,
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Its name on a command line and in an interface of programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lockstep => "lockstep",
            Self::Machine => "machine",
            Self::SamePerson => "same-person",
            Self::Disowned => "disowned",
            Self::Reviewed => "reviewed",
            Self::Answered => "answered",
            Self::Mistake => "mistake",
        }
    }

    /// The reason with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Whether it can stand behind such a verdict: what speaks against signatures does not release them. Whichever way, a
    /// verdict can have been a mistake that is taken back.
    #[must_use]
    pub fn is_for(self, kind: VerdictKind, takes_back: bool) -> bool {
        let against = match self {
            Self::Lockstep | Self::Machine | Self::SamePerson | Self::Disowned => true,
            Self::Reviewed | Self::Answered | Self::Mistake => false,
        };
        against == matches!(kind, VerdictKind::Held | VerdictKind::Invalidated) || (takes_back && self == Self::Mistake)
    }

    /// In words.
    #[must_use]
    pub fn words(self, lang: Lang) -> String {
        lang.text(match self {
            Self::Lockstep => "reason-lockstep",
            Self::Machine => "reason-machine",
            Self::SamePerson => "reason-same-person",
            Self::Disowned => "reason-disowned",
            Self::Reviewed => "reason-reviewed",
            Self::Answered => "reason-answered",
            Self::Mistake => "reason-mistake",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use crate::views::Lang;

    #[test]
    fn every_reason_has_one_code_one_name_and_words_in_every_language() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(reason.code()), at + 1);
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
            for lang in Lang::all() {
                assert!(
                    !reason.words(lang).starts_with("reason-"),
                    "{reason:?} in {}",
                    lang.code()
                );
            }
        }
    }
}
