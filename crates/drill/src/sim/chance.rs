//! Draws that look like people.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{DAY, HOUR, Moment};

/// The randomness of a night.
pub(super) struct Chance(pub(super) ChaCha8Rng);

impl Chance {
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    pub(super) fn yes(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub(super) fn number(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.0.random_range(0..of.len())])
    }

    /// Box-Muller; 1 - u is never zero, so the logarithm is finite.
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal with this median.
    pub(super) fn about(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Exponential with this mean: the wait for the next of many who do not know of one another.
    pub(super) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// A moment between two days, more likely when people are awake.
    pub(super) fn by_day(&mut self, from: Moment, to: Moment, ahead: i8) -> Moment {
        loop {
            let at = from + (self.unit() * (to - from) as f64) as Moment;
            let hour = local_hour(at, ahead);
            if self.unit() * MOST < AWAKE[usize::from(hour)] {
                return at;
            }
        }
    }
}

/// Share of a day's signatures in each hour, in percent.
const AWAKE: [f64; 24] = [
    1.6, 0.8, 0.4, 0.3, 0.3, 0.5, 1.4, 3.2, 4.8, 5.6, 5.8, 5.6, 5.9, 6.0, 5.2, 4.9, 5.0, 5.6, 6.2, 6.8, 7.6, 7.4, 5.6,
    3.5,
];
const MOST: f64 = 7.6;

/// Spreads a number over all bits (SplitMix64): a draw that disturbs no other.
pub(super) fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Hour of the day at a place.
pub(super) fn local_hour(at: Moment, ahead: i8) -> u8 {
    ((at + DAY).wrapping_add_signed(i64::from(ahead) * HOUR as i64) / HOUR % 24) as u8
}

/// Few values that many have, many that few have.
pub(super) struct Zipf(Vec<f64>);

impl Zipf {
    pub(super) fn new(values: u32, exponent: f64) -> Self {
        let mut sum = 0.0;
        let heaped = (1..=values).map(|rank| {
            sum += f64::from(rank).powf(-exponent);
            sum
        });
        Self(heaped.collect())
    }

    /// A rank from 0 on.
    pub(super) fn draw(&self, chance: &mut Chance) -> u32 {
        let at = chance.unit() * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|heaped| *heaped < at) as u32
    }
}
