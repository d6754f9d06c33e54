//! Least rates with a grace: a slow phone passes, somebody who is slow on purpose does not.
//!
//! A deadline alone does not tell them apart. One byte every few seconds is progress for ever, and a deadline that is
//! long enough for a phone on 2G lets that go on.

use std::time::Duration;

/// So many bytes a second, on average over what was waited for, once the grace is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeastRate {
    pub(super) grace: Duration,
    pub(super) bytes_per_second: u64,
}

impl LeastRate {
    pub(super) fn new(grace_seconds: u64, bytes_per_second: u64) -> Self {
        Self {
            grace: Duration::from_secs(grace_seconds),
            bytes_per_second: bytes_per_second.max(1),
        }
    }

    /// How long so many bytes may take in all.
    pub(super) fn allows(self, bytes: u64) -> Duration {
        self.grace + self.earned(bytes)
    }

    fn earned(self, bytes: u64) -> Duration {
        Duration::from_millis(bytes.saturating_mul(1000) / self.bytes_per_second)
    }
}

/// What was waited for somebody to take bytes, and what they took. Waiting that fast reading has made good is forgotten,
/// so that a connection is judged by how it reads now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waited {
    waited: Duration,
    taken: u64,
}

impl Waited {
    /// How much longer nothing may be taken; zero when the time is up.
    pub(super) fn left(&self, rate: LeastRate) -> Duration {
        rate.allows(self.taken).saturating_sub(self.waited)
    }

    /// So long nothing was taken.
    pub(super) fn wait(&mut self, time: Duration) {
        self.waited += time;
    }

    /// So many bytes were taken. Costs a comparison for who never let us wait.
    pub(super) fn take(&mut self, bytes: u64, rate: LeastRate) {
        if self.waited.is_zero() {
            return;
        }
        self.taken = self.taken.saturating_add(bytes);
        if rate.earned(self.taken) >= self.waited {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: LeastRate = LeastRate {
        grace: Duration::from_secs(20),
        bytes_per_second: 500,
    };

    /// Reads `bytes` every `seconds` until it is cut off; the seconds that took, if it ever happened within an hour.
    fn cut_off(bytes: u64, seconds: u64) -> Option<u64> {
        let mut waited = Waited::default();
        for passed in (seconds..3600).step_by(seconds.try_into().expect("small")) {
            if waited.left(RATE) < Duration::from_secs(seconds) {
                return Some(passed);
            }
            waited.wait(Duration::from_secs(seconds));
            waited.take(bytes, RATE);
        }
        None
    }

    #[test]
    fn a_slow_phone_passes_and_a_drip_does_not() {
        assert_eq!(cut_off(1_000, 1), None, "2G at its worst");
        assert_eq!(cut_off(10_000, 15), None, "2G that changes its cell all the time");
        assert!(cut_off(0, 1).expect("cut off") <= 21, "nothing at all");
        assert!(cut_off(1, 1).expect("cut off") <= 21, "a byte a second");
        assert!(
            cut_off(1_400, 10).expect("cut off") <= 40,
            "a segment every ten seconds"
        );
        let mut paused = Waited::default();
        paused.wait(Duration::from_secs(15));
        paused.take(1 << 20, RATE);
        assert_eq!(paused.left(RATE), RATE.grace, "made good");
    }

    proptest! {
        #[test]
        fn whoever_reads_at_the_rate_is_never_cut_off(steps in proptest::collection::vec((1u64..15_000, 0u64..4), 1..50)) {
            let mut waited = Waited::default();
            for (ms, more) in steps {
                prop_assert!(waited.left(RATE) >= Duration::from_millis(ms));
                waited.wait(Duration::from_millis(ms));
                waited.take((ms + 1) * (1 + more) * RATE.bytes_per_second / 1000 + 1, RATE);
            }
        }
    }
}
