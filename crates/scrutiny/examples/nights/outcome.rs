//! What a replayed night comes down to.

/// Definitions are those of the drill's report in the contract, with simulated time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Number of the seed.
    pub(crate) seed: u32,
    /// Honest people who signed.
    pub(crate) honest: u64,
    /// Of these, held at any time.
    pub(crate) honest_held: u64,
    /// Honest people who confirmed and were not in the count within ten minutes.
    pub(crate) honest_late: u64,
    /// Forgeries.
    pub(crate) forged: u64,
    /// Forgeries that are counted at the end without scrutiny.
    pub(crate) counted_without: u64,
    /// The same with scrutiny.
    pub(crate) counted: u64,
    /// Forgeries that were counted for a day or are counted at the end.
    pub(crate) counted_for_a_day: u64,
    /// Forgeries held.
    pub(crate) forged_held: u64,
    /// From the first contribution of a hostile crowd of real people to a notice of which most are about it.
    pub(crate) seconds_to_shown: Option<f64>,
    /// From the first forgery to the first hold of one.
    pub(crate) seconds_to_first_hold: Option<f64>,
    /// Largest distance between the count shown and the truth, as a share of the truth.
    pub(crate) worst_error: f64,
    /// Longest time in a row that the count was off by more than a hundredth (or five), in minutes.
    pub(crate) minutes_off: u64,
    /// Distance five minutes after the last forgery was confirmed, as a share of the truth.
    pub(crate) error_after: f64,
    /// Largest error without scrutiny, as a share of the truth.
    pub(crate) error_without: f64,
    /// Victims who signed themselves and confirmed.
    pub(crate) victims: u64,
    /// Of these, counted within ten minutes.
    pub(crate) victims_in_time: u64,
    /// Honest groups: name, held for longer than ten minutes, people.
    pub(crate) groups: Vec<(&'static str, u64, u64)>,
    /// Clusters that hold, and notices that ask, as one line each.
    pub(crate) findings: Vec<String>,
    /// Notices to a person.
    pub(crate) notices: u64,
}
