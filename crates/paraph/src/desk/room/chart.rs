//! Charts drawn here, as SVG: what came in, what was counted, held and sent away, minute by minute.

use std::collections::VecDeque;
use std::fmt::Write as _;

use paraph_tally::Millis;

/// Minutes that are kept and drawn: a night.
pub const MINUTES: usize = 480;

/// Running totals as of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// When.
    pub at: Millis,
    /// Contributions taken in, over all petitions.
    pub admitted: u64,
    /// Signatures that entered a count.
    pub settled: u64,
    /// Signatures under a hold.
    pub held: u64,
    /// Who wanted to sign and was told to come back.
    pub sent_away: u64,
    /// Signatures refused at the door: not solved, forged, or out of a used-up budget.
    pub refused: u64,
}

/// One line of a chart: what happened in each minute, the oldest first.
pub type Series = Vec<u64>;

/// The last minutes.
#[derive(Clone, Debug, Default)]
pub struct Minutes(VecDeque<Totals>);

impl Minutes {
    /// Keeps the totals of a minute.
    pub fn note(&mut self, totals: Totals) {
        self.0.push_back(totals);
        while self.0.len() > MINUTES + 1 {
            self.0.pop_front();
        }
    }

    /// From when to when they are.
    #[must_use]
    pub fn span(&self) -> Option<(Millis, Millis)> {
        Some((self.0.front()?.at, self.0.back()?.at)).filter(|_| self.0.len() > 1)
    }

    /// Taken in, counted, sent away, refused: what each minute added.
    #[must_use]
    pub fn added(&self) -> [Series; 4] {
        let of: [fn(&Totals) -> u64; 4] = [|t| t.admitted, |t| t.settled, |t| t.sent_away, |t| t.refused];
        of.map(|of| {
            let pairs = self.0.iter().zip(self.0.iter().skip(1));
            pairs
                .map(|(before, after)| of(after).saturating_sub(of(before)))
                .collect()
        })
    }

    /// Signatures under a hold in each minute.
    #[must_use]
    pub fn held(&self) -> Series {
        self.0.iter().skip(1).map(|totals| totals.held).collect()
    }
}

/// Width and height of a chart in its own units.
pub const SIZE: (u32, u32) = (480, 120);

/// A series as a path over the whole width; `most` is the value at the top.
#[must_use]
pub fn path(series: &[u64], most: u64) -> String {
    let mut path = String::new();
    let (width, height) = SIZE;
    let steps = u64::try_from(series.len().saturating_sub(1)).unwrap_or(1).max(1);
    for (index, value) in (0_u64..).zip(series) {
        let x = index * u64::from(width) / steps;
        let y = u64::from(height) - value.saturating_mul(u64::from(height)) / most.max(1);
        let letter = if index == 0 { 'M' } else { 'L' };
        write!(path, "{letter}{x} {y}").expect("writing into a string does not fail");
    }
    path
}

/// A round number at or above the largest value.
#[must_use]
pub fn top(series: &[&[u64]]) -> u64 {
    let most = series
        .iter()
        .flat_map(|series| series.iter())
        .copied()
        .max()
        .unwrap_or(0)
        .max(10);
    let mut round = 10;
    while round < most {
        round = match round.to_string().as_bytes()[0] {
            b'1' => round * 2,
            b'2' => round / 2 * 5,
            _ => round * 2,
        };
    }
    round
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{MINUTES, Minutes, Totals, path, top};

    #[test]
    fn minutes_are_differences_and_bounded() {
        let mut minutes = Minutes::default();
        assert_eq!(minutes.span(), None);
        for minute in 0..1000_u64 {
            minutes.note(Totals {
                at: Millis(minute * 60_000),
                admitted: minute * 3,
                settled: minute,
                held: 7,
                // A restart of the count of those sent away is no negative minute.
                sent_away: if minute == 999 { 0 } else { 5 },
                refused: minute * 2,
            });
        }
        let [admitted, settled, sent_away, refused] = minutes.added();
        assert_eq!((admitted.len(), settled.len()), (MINUTES, MINUTES));
        assert!(admitted.iter().all(|added| *added == 3) && sent_away.iter().all(|added| *added == 0));
        assert!(refused.iter().all(|added| *added == 2));
        assert_eq!(minutes.held().len(), MINUTES);
    }

    #[test]
    fn a_path_stays_within_its_box() {
        assert_eq!(path(&[0, 5, 10], 10), "M0 120L240 60L480 0");
        assert_eq!(path(&[3], 10), "M0 84");
        assert_eq!(path(&[], 10), "");
        assert_eq!(top(&[&[0], &[]]), 10);
        assert_eq!([11, 21, 99, 1001].map(|most| top(&[&[most]])), [20, 50, 100, 2000]);
    }
}
