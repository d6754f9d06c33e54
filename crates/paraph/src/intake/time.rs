//! The writer's time: it never runs back, it goes on when the wall clock has stepped back, and it erases nothing on the
//! word of a wall clock that has just leapt.

use std::time::Duration;

use paraph_tally::Millis;

/// A leap of the wall clock against the monotonic one that no correction of a working clock makes.
const LEAP: Duration = Duration::from_secs(3600);

/// How long such a clock is not believed where believing it would erase something.
const DISTRUST: Duration = Duration::from_secs(3600);

/// A store that was not written for longer than this may have been away, or the clock may be wrong.
const AWAY: Duration = Duration::from_secs(24 * 3600);

/// From two clocks, the time of the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// Both since 1970.
    wall: Duration,
    journal: Duration,
    distrusted_for: Duration,
}

impl Time {
    /// Takes up where a journal ends; `Millis(0)` for an empty one.
    pub(super) fn new(wall: Millis, end: Millis) -> Self {
        let (wall, journal) = (Duration::from_millis(wall.0), Duration::from_millis(end.0));
        let was_away = end.0 > 0 && wall > journal + AWAY;
        Self {
            wall,
            journal,
            distrusted_for: if was_away { DISTRUST } else { Duration::ZERO },
        }
    }

    /// The time now, given what the wall clock shows and how long ago it was asked before.
    ///
    /// After a step back the journal is ahead. It then runs at half speed until the wall clock has caught up: standing
    /// still, nothing would settle until then, and at full speed it would stay ahead for good.
    pub(super) fn advance(&mut self, wall: Millis, elapsed: Duration) -> Millis {
        let wall = Duration::from_millis(wall.0);
        self.distrusted_for = self.distrusted_for.saturating_sub(elapsed);
        if wall > self.wall + elapsed + LEAP {
            let seconds = (wall - self.wall).as_secs();
            tracing::error!(
                seconds,
                "the clock leapt ahead: nothing expires or is erased by age for an hour"
            );
            self.distrusted_for = DISTRUST;
        }
        if wall + LEAP < self.wall {
            let seconds = (self.wall - wall).as_secs();
            tracing::error!(seconds, "the clock stepped back: the journal's time is ahead of it");
        }
        self.wall = wall;
        self.journal = wall.max(self.journal + elapsed / 2);
        Millis(u64::try_from(self.journal.as_millis()).unwrap_or(u64::MAX))
    }

    /// The time by which ages are told, where what is old is erased: that of people's own clocks, so the wall clock's when
    /// the journal is ahead of it. `None` while the wall clock is not believed.
    pub(super) fn of_ages(&self) -> Option<Millis> {
        let sooner = self.wall.min(self.journal).as_millis();
        let believed = self.distrusted_for.is_zero();
        believed.then(|| Millis(u64::try_from(sooner).unwrap_or(u64::MAX)))
    }
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
        let mut time = Time::new(Millis(start), Millis(start));
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
    fn a_leap_ahead_erases_nothing_for_an_hour() {
        let start = 1000 * HOUR;
        let mut time = Time::new(Millis(start), Millis(start - HOUR));
        assert!(time.of_ages().is_some());
        assert_eq!(
            time.advance(Millis(start + 720 * HOUR), SECOND),
            Millis(start + 720 * HOUR)
        );
        assert_eq!(time.of_ages(), None);
        time.advance(Millis(start + 721 * HOUR), 3599 * SECOND);
        assert_eq!(time.of_ages(), None);
        time.advance(Millis(start + 721 * HOUR + 1000), SECOND);
        let believed = Some(Millis(start + 721 * HOUR + 1000));
        assert_eq!(time.of_ages(), believed, "a clock that has stood for an hour");
        // Set right again, nobody is as old as the journal's time says.
        time.advance(Millis(start), SECOND);
        assert_eq!(time.of_ages(), Some(Millis(start)));
        // A server that was away for a month waits too: its clock may be the one that is wrong.
        assert_eq!(Time::new(Millis(start), Millis(start - 720 * HOUR)).of_ages(), None);
        assert!(Time::new(Millis(start), Millis(0)).of_ages().is_some());
    }
}
