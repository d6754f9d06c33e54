//! Two kinds of seeds that cannot be mistaken for each other.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::TuningSeed {}
    impl Sealed for super::ReportingSeed {}
}

/// A seed, of either kind. Nobody can invent a third.
pub trait Seed: Copy + std::fmt::Debug + sealed::Sealed {
    /// Its number, for tables.
    fn number(self) -> u32;

    /// The randomness behind it.
    fn chance(self) -> ChaCha8Rng;
}

/// For finding thresholds. No figure that is published comes from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TuningSeed(u32);

/// For published figures. The stream is the fifteenth: what failed on those before was published with the numbers of its seeds,
/// and whoever has read that could tune by it. When failures of this one are published and something is then changed, take
/// a fifteenth. What tunes takes [`TuningSeed`] by type, and there is no way from one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportingSeed(u32);

impl TuningSeed {
    /// The one of this number.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// The first so many.
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        (1..=count).map(Self)
    }
}

impl ReportingSeed {
    /// The first so many.
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        (1..=count).map(Self)
    }
}

impl Seed for TuningSeed {
    fn number(self) -> u32 {
        self.0
    }

    fn chance(self) -> ChaCha8Rng {
        stream(b"paraph simulation: seed to tune by", self.0)
    }
}

impl Seed for ReportingSeed {
    fn number(self) -> u32 {
        self.0
    }

    fn chance(self) -> ChaCha8Rng {
        stream(b"paraph simulation: report fifteen ", self.0)
    }
}

/// The texts differ within the 32 bytes that are used.
fn stream(label: &[u8; 34], number: u32) -> ChaCha8Rng {
    let mut seed = [0; 32];
    seed.copy_from_slice(&label[2..]);
    for (byte, digit) in seed.iter_mut().zip(number.to_be_bytes()) {
        *byte ^= digit;
    }
    ChaCha8Rng::from_seed(seed)
}
