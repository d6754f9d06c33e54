//! The writer's time: it never runs back, it goes on when the wall clock has stepped back, and it erases nothing on the
//! word of a wall clock that has just leapt.

use std::time::Duration;

use paraph_tally::Millis;

/// A leap of the wall clock against the monotonic one that no correction of a working clock makes.
const LEAP: Duration = Duration::from_secs(3600);

/// A store that was not written for longer than this may have been away, or the clock may be wrong.
const AWAY: Duration = Duration::from_secs(24 * 3600);

/// How long such a clock has to hold, under a running server, before anything is erased by its word. Long enough for a
/// person to see what the log and the metrics say; what is erased a day late harms nobody.
const HOLD: Duration = Duration::from_secs(24 * 3600);

/// From two clocks, the time of the journal, and the time by which ages are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// All since 1970.
    wall: Duration,
    journal: Duration,
    /// What the wall clock showed when it was believed last, gone on by the monotonic clock since.
    believed: Duration,
    doubted_for: Duration,
}

/// What of it outlives the process. Without it, the journal written under a wrong clock would vouch for that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The time by which ages were told last.
    pub(super) believed: Millis,
    /// How long the wall clock has to hold yet; zero: it was believed.
    pub(super) doubted_for: Duration,
}

impl Time {
    /// Takes up where a journal ends (`Millis(0)` for an empty one), and where ages were told last.
    pub(super) fn new(wall: Millis, end: Millis, kept: Option<Kept>) -> Self {
        let since_1970 = |at: Millis| Duration::from_millis(at.0);
        let (wall, journal) = (since_1970(wall), since_1970(end));
        let last = kept.map_or(journal, |kept| since_1970(kept.believed));
        if last.is_zero() || wall <= last + AWAY {
            return Self {
                wall,
                journal,
                believed: wall,
                doubted_for: Duration::ZERO,
            };
        }
        let left = kept.map(|kept| kept.doubted_for).filter(|left| !left.is_zero());
        let doubted_for = left.unwrap_or(HOLD);
        tracing::error!(
            days = (wall - last).as_secs() / 86400,
            hours = doubted_for.as_secs().div_ceil(3600),
            "the clock is days ahead of the store: nothing expires or is erased by age until it has held for these hours"
        );
        Self {
            wall,
            journal,
            believed: last,
            doubted_for,
        }
    }

    /// The time now, given what the wall clock shows and how long ago it was asked before.
    ///
    /// After a step back the journal is ahead. It then runs at half speed until the wall clock has caught up: standing
    /// still, nothing would settle until then, and at full speed it would stay ahead for good.
    pub(super) fn advance(&mut self, wall: Millis, elapsed: Duration) -> Millis {
        let wall = Duration::from_millis(wall.0);
        self.doubted_for = self.doubted_for.saturating_sub(elapsed);
        self.believed += elapsed;
        if wall > self.wall + elapsed + LEAP {
            let seconds = (wall - self.wall).as_secs();
            tracing::error!(
                seconds,
                "the clock leapt ahead: nothing expires or is erased by age until it has held for a day"
            );
            self.doubted_for = HOLD;
        }
        if wall + LEAP < self.wall {
            let seconds = (self.wall - wall).as_secs();
            tracing::error!(seconds, "the clock stepped back: the journal's time is ahead of it");
        }
        if !self.doubted_for.is_zero() && wall <= self.believed + LEAP {
            tracing::warn!("the clock is right again");
            self.doubted_for = Duration::ZERO;
        }
        if self.doubted_for.is_zero() {
            self.believed = wall;
        }
        self.wall = wall;
        self.journal = wall.max(self.journal + elapsed / 2);
        millis(self.journal)
    }

    /// What has to be kept for the next start.
    pub(super) fn keep(&self) -> Kept {
        Kept {
            believed: millis(self.believed),
            doubted_for: self.doubted_for,
        }
    }

    /// The time by which ages are told, where what is old is erased: that of people's own clocks, so the wall clock's when
    /// the journal is ahead of it. `None` while the wall clock is not believed.
    pub(super) fn of_ages(&self) -> Option<Millis> {
        let believed = self.doubted_for.is_zero();
        believed.then(|| millis(self.wall.min(self.journal)))
    }
}

fn millis(since_1970: Duration) -> Millis {
    Millis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use paraph_tally::Millis;

    use super::Time;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_step_back_slows_the_journal_down_until_the_wall_clock_has_caught_up() {
        let start = 1000 * HOUR;
        let mut time = Time::new(Millis(start), Millis(start), None);
        assert_eq!(time.advance(Millis(start + 1000), SECOND), Millis(start + 1000));
        let mut last = start + 1000;
        for second in 1..=10 {
            let wall = start - 3000 + second * 1000;
            let now = time.advance(Millis(wall), SECOND).0;
            assert!(now > last, "{second}: it never stands still");
            last = now;
        }
        assert_eq!(last, start + 7000, "and is right again");
        assert!(time.of_ages().is_some());
        // Steps of less than a millisecond add up.
        time.advance(Millis(start), Duration::ZERO);
        let before = time.advance(Millis(start), Duration::ZERO).0;
        let after = (0..1000).map(|_| time.advance(Millis(start), SECOND / 1000).0).last();
        assert_eq!(after, Some(before + 500));
    }

    #[test]
    fn a_leap_ahead_erases_nothing_until_it_has_held_for_a_day() {
        let start = 1000 * HOUR;
        let mut time = Time::new(Millis(start), Millis(start - HOUR), None);
        assert!(time.of_ages().is_some());
        let leapt = start + 720 * HOUR;
        assert_eq!(time.advance(Millis(leapt), SECOND), Millis(leapt));
        assert_eq!(time.of_ages(), None);
        let almost = Duration::from_millis(24 * HOUR) - SECOND;
        time.advance(Millis(leapt + 24 * HOUR - 1000), almost);
        assert_eq!(time.of_ages(), None);
        let held = Millis(leapt + 24 * HOUR);
        time.advance(held, SECOND);
        assert_eq!(time.of_ages(), Some(held), "a clock that has stood for a day");
        // Set right again, nobody is as old as the journal's time says.
        time.advance(Millis(start), SECOND);
        assert_eq!(time.of_ages(), Some(Millis(start)));
    }

    #[test]
    fn a_leap_that_is_taken_back_is_forgiven_at_once() {
        let start = 1000 * HOUR;
        let mut time = Time::new(Millis(start), Millis(start), None);
        time.advance(Millis(start + 720 * HOUR), SECOND);
        assert_eq!(time.of_ages(), None);
        time.advance(Millis(start + 2000), SECOND);
        assert_eq!(time.of_ages(), Some(Millis(start + 2000)));
    }

    #[test]
    fn a_restart_does_not_make_a_wrong_clock_believed() {
        let start = 1000 * HOUR;
        let wrong = start + 720 * HOUR;
        let mut time = Time::new(Millis(wrong), Millis(start), None);
        assert_eq!(time.of_ages(), None, "a server that was away for a month waits too");
        time.advance(Millis(wrong + HOUR), Duration::from_millis(HOUR));
        let kept = time.keep();
        assert_eq!(kept.doubted_for, Duration::from_millis(23 * HOUR));
        // The journal goes on under the wrong clock, and does not vouch for it.
        let mut again = Time::new(Millis(wrong + 2 * HOUR), Millis(wrong + HOUR), Some(kept));
        assert_eq!(again.of_ages(), None);
        again.advance(Millis(wrong + 25 * HOUR), Duration::from_millis(23 * HOUR));
        assert!(again.of_ages().is_some(), "23 hours were left");
        let right = Time::new(Millis(start + 3 * HOUR), Millis(wrong + HOUR), Some(kept));
        assert_eq!(right.of_ages(), Some(Millis(start + 3 * HOUR)));
        assert!(Time::new(Millis(start), Millis(0), None).of_ages().is_some());
    }
}
