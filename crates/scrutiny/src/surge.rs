//! What begins in a group that others were in before. Its window is as long as its latest members took: where a firm behind a
//! rented proxy has signed two days ago, it is mostly that firm, and forgers who come now would have to be more than all of it.

use crate::bounds::{LIFT, MIN_CLUSTER, SURGE};
use crate::window::Seq;

/// The latest members, if as many as make a cluster have come at several times the pace of those before: of twice or four times as
/// many, or of all. Paces are measured by all that came to the platform meanwhile, so that a busy hour is none. Members are in order.
pub(crate) fn surge(members: &[Seq]) -> Option<&[Seq]> {
    let newest = members.last()?;
    let took = |latest: usize| newest - members[members.len() - latest];
    if members.len() < 2 * MIN_CLUSTER {
        return None;
    }
    let lately = took(MIN_CLUSTER);
    let pace = |latest: usize| f64::from(took(latest)) / latest as f64;
    let [twice, more] = [2, 4].map(|times| (times * MIN_CLUSTER).min(members.len()));
    let before = [twice, more, members.len()].map(pace).into_iter().fold(0.0, f64::max);
    let since = newest.saturating_sub(SURGE * lately);
    (before >= LIFT * pace(MIN_CLUSTER)).then(|| &members[members.partition_point(|seq| *seq < since)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crowd, a long silence, and then one in two: those are told from the crowd until they are most of all. Nothing is, where
    /// all came alike, or where everything became more.
    #[test]
    fn those_are_told_who_come_faster_than_others_did() {
        let crowd: Vec<Seq> = (0..80).map(|nth| 5 * nth).collect();
        let with = |latest: u32| -> Vec<Seq> {
            let mut all = crowd.clone();
            all.extend((0..latest).map(|nth| 2000 + 2 * nth));
            all
        };
        let told = [0, 11, 12, 20, 40, 48].map(|latest| surge(&with(latest)).map_or(0, <[Seq]>::len));
        assert_eq!(told, [0, 0, 12, 20, 40, 45]);
        assert_eq!(surge(&[7; 23]), None);
    }
}
