//! What a server can know of a place: the country in which a registry puts its addresses, and what the clocks of that country
//! say. Registries err, and where clocks of one country do not agree nobody can tell the hour.

use super::chance::{Chance, mixed};
use super::world::{ABROAD, HOME};
use super::{Contribution, Place};

/// No country.
const NOWHERE: [u8; 2] = [0; 2];

/// Of a thousand prefixes, how many a registry puts into another country, or into none.
const MISPLACED: (u64, u64) = (30, 10);
/// Of a hundred people, how many leave the country of the form empty.
const UNDECLARED: u64 = 40;

/// The registries of a night.
#[derive(Clone, Copy, Debug)]
pub struct Registry {
    salt: u64,
    /// Hours that clocks at home are ahead of what is taken for theirs, if they agree: a list of clocks knows winter only.
    home: Option<i8>,
}

impl Registry {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let agree = chance.yes(0.7);
        let summer = i8::from(chance.yes(0.5));
        Self {
            salt: chance.number(0, u32::MAX).into(),
            home: agree.then_some(-summer),
        }
    }

    /// Where the prefix is said to be; two zeros if that is not known.
    #[must_use]
    pub fn country(&self, place: &Place) -> [u8; 2] {
        let draw = mixed(self.salt << 32 | u64::from(place.prefix));
        match draw % 1000 {
            draw if draw < MISPLACED.1 => NOWHERE,
            draw if draw < MISPLACED.0 + MISPLACED.1 => ABROAD[draw as usize % ABROAD.len()].0,
            _ => place.country,
        }
    }

    /// Hours that clocks there are ahead of those by which nights are told, as far as is known; none where they do not agree.
    #[must_use]
    pub fn ahead(&self, country: [u8; 2]) -> Option<i8> {
        if country == HOME {
            return self.home;
        }
        // One of the five spans as many hours as the largest countries do.
        let clocks = ABROAD.iter().find(|(code, hours)| *code == country && *hours > -6);
        clocks.map(|(_, hours)| hours + self.home.unwrap_or_default())
    }

    /// The country given in the form; many leave it empty.
    #[must_use]
    pub fn declared(&self, contribution: &Contribution) -> [u8; 2] {
        let empty = mixed(!self.salt ^ u64::from(contribution.mailbox)) % 100 < UNDECLARED;
        if empty { NOWHERE } else { contribution.declared }
    }
}
