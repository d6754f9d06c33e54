//! How many signatures of a set stand where: what the counts have to know of them, and no more.

use crate::axes::Axes;

/// Numbers of signatures by their axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings([u64; 64]);

impl Default for Standings {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Standings {
    /// One more that stands so.
    pub fn add(&mut self, axes: Axes) {
        if let Some(number) = self.0.get_mut(usize::from(axes.to_bits())) {
            *number += 1;
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Those that stand anywhere, by where.
    pub fn iter(&self) -> impl Iterator<Item = (Axes, u64)> + '_ {
        let numbers = (0..).zip(self.0).filter(|(_, many)| *many > 0);
        numbers.filter_map(|(bits, many)| Some((Axes::from_bits(bits)?, many)))
    }
}

impl FromIterator<Axes> for Standings {
    fn from_iter<T: IntoIterator<Item = Axes>>(all: T) -> Self {
        let mut standings = Self::default();
        all.into_iter().for_each(|axes| standings.add(axes));
        standings
    }
}
