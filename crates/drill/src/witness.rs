//! What the server under rehearsal says of single contributions, clusters and incidents. A visitor cannot ask that, and must
//! not be able to; who shares the server's machine and may read its store can.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Where a contribution stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It is held.
    pub held: bool,
    /// It is invalidated.
    pub invalidated: bool,
    /// It is confirmed, and neither judged nor counted yet.
    pub waits: bool,
}

/// Contributions that scrutiny has bound together and held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its number.
    pub number: u64,
    /// Families of evidence that agreed when it held first.
    pub families: Vec<String>,
    /// Contributions in it.
    pub signatures: u64,
    /// Those of them that were asked about, by their place in the question.
    pub of: Vec<usize>,
}

/// An attack, as the server wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incident {
    /// Its number.
    pub id: u64,
    /// When it was opened, milliseconds since 1970.
    pub opened_at: i64,
    /// When it was closed, if it was.
    pub closed_at: Option<i64>,
    /// When something was held in it.
    pub held_at: Vec<i64>,
    /// When it was pressed by refused requests.
    pub pressed_at: Vec<i64>,
}

/// What the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// One for each token that was asked about; `None` where nothing is known of it.
    pub of: Vec<Option<Standing>>,
    /// When it first held anybody by itself since the moment that was asked about, milliseconds since 1970.
    pub first_hold_at: Option<i64>,
    /// Clusters that held anybody since that moment.
    pub clusters: Vec<Cluster>,
    /// Incidents that were opened since that moment.
    pub incidents: Vec<Incident>,
    /// Letters on their way, those kept back left out.
    pub mails_on_their_way: u64,
    /// Contributions in all that are confirmed, and neither judged nor counted yet.
    pub waiting: u64,
}

/// Asks about contributions, by the tokens of their confirmation links, and for what was held since a moment in
/// milliseconds since 1970. May block.
pub type Question = dyn Fn(&[String], i64) -> Option<Testimony> + Send + Sync;

/// Who can be asked.
#[derive(Clone)]
pub struct Witness(Arc<Question>);

impl Witness {
    /// One that answers like this.
    pub fn new(answer: impl Fn(&[String], i64) -> Option<Testimony> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    pub(crate) fn ask(&self, tokens: &[String], since: i64) -> Option<Testimony> {
        (self.0)(tokens, since)
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// Contributions that are asked about together: honest people, a hostile crowd, a wave of forgers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) held: u64,
    pub(crate) invalidated: u64,
    pub(crate) waiting: u64,
    /// Clusters that hold any of them.
    pub(crate) clusters: u64,
    /// Contributions of others that the same clusters hold, as far as they are known.
    pub(crate) strangers: u64,
}

/// What was asked in the end, and what was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) honest: Judged,
    pub(crate) hostile: Judged,
    pub(crate) waves: Vec<Judged>,
    /// Families of evidence by wave.
    pub(crate) families: Vec<Vec<String>>,
    pub(crate) incidents: Vec<Incident>,
    /// Milliseconds since the drill's start.
    pub(crate) first_at: Option<i64>,
}

impl Heard {
    /// Forgeries that were confirmed, and neither judged nor counted yet.
    pub(crate) fn forged_waiting(&self) -> u64 {
        self.waves.iter().map(|wave| wave.waiting).sum()
    }
}

/// Asks a witness once about all groups: honest people, a hostile crowd, and each wave. Nothing from one that does not know
/// each of them: the server has mailed every token, so its store is another's, and what it says of anybody means nothing.
pub(crate) fn hear(witness: &Witness, since: i64, groups: &[Vec<String>]) -> Option<Heard> {
    let mut end = 0;
    let ranges: Vec<Range<usize>> = groups
        .iter()
        .map(|group| {
            let start = end;
            end += group.len();
            start..end
        })
        .collect();
    let told = witness.ask(&groups.concat(), since)?;
    if told.of.iter().any(Option::is_none) {
        return None;
    }
    let judged = |range: &Range<usize>| judged(&told, range);
    let families = |range: &Range<usize>| {
        let clusters = told.clusters.iter().filter(|cluster| holds(cluster, range));
        let all: BTreeSet<String> = clusters.flat_map(|cluster| cluster.families.iter().cloned()).collect();
        all.into_iter().collect()
    };
    let waves = ranges.get(2..).unwrap_or_default();
    Some(Heard {
        honest: ranges.first().map(judged).unwrap_or_default(),
        hostile: ranges.get(1).map(judged).unwrap_or_default(),
        waves: waves.iter().map(judged).collect(),
        families: waves.iter().map(families).collect(),
        first_at: told.first_hold_at.map(|at| at - since),
        incidents: told.incidents,
    })
}

fn holds(cluster: &Cluster, range: &Range<usize>) -> bool {
    cluster.of.iter().any(|place| range.contains(place))
}

fn judged(told: &Testimony, range: &Range<usize>) -> Judged {
    let of = told.of.get(range.clone()).unwrap_or_default();
    let count = |is: fn(&Standing) -> bool| of.iter().flatten().filter(|of| is(of)).count() as u64;
    let mut judged = Judged {
        held: count(|of| of.held),
        invalidated: count(|of| of.invalidated),
        waiting: count(|of| of.waits),
        ..Judged::default()
    };
    let mut strangers: HashSet<&usize> = HashSet::new();
    for cluster in told.clusters.iter().filter(|cluster| holds(cluster, range)) {
        judged.clusters += 1;
        strangers.extend(cluster.of.iter().filter(|place| !range.contains(place)));
    }
    judged.strangers = strangers.len() as u64;
    judged
}

#[cfg(test)]
mod tests {
    use super::{Cluster, Judged, Standing, Testimony, Witness, hear};

    #[test]
    fn a_cluster_that_holds_two_groups_is_told_of_both() {
        let held = Some(Standing {
            held: true,
            ..Standing::default()
        });
        let waits = Some(Standing {
            waits: true,
            ..Standing::default()
        });
        let cluster = |number, of: &[usize]| Cluster {
            number,
            of: of.to_vec(),
            families: vec![format!("family-{number}")],
            signatures: of.len() as u64,
        };
        let told = Testimony {
            of: vec![held, waits, held, held, held],
            first_hold_at: Some(1500),
            clusters: vec![cluster(1, &[0, 2]), cluster(2, &[3, 4])],
            ..Testimony::default()
        };
        let witness = Witness::new(move |_, _| Some(told.clone()));
        let groups = [1, 1, 1, 2].map(|many| vec!["token".to_owned(); many]);
        let heard = hear(&witness, 1000, &groups).expect("an answer");
        let judged = |held, clusters, strangers| Judged {
            held,
            clusters,
            strangers,
            ..Judged::default()
        };
        let waiting = Judged {
            waiting: 1,
            ..Judged::default()
        };
        assert_eq!((heard.honest, heard.hostile), (judged(1, 1, 1), waiting));
        assert_eq!(heard.waves, [judged(1, 1, 1), judged(2, 1, 0)]);
        assert_eq!(heard.families, [["family-1"], ["family-2"]]);
        assert_eq!(heard.first_at, Some(500));
    }

    #[test]
    fn who_does_not_know_a_contribution_is_no_witness_of_any() {
        let of = |of: [Option<Standing>; 2]| {
            let told = Testimony {
                of: of.to_vec(),
                ..Testimony::default()
            };
            let witness = Witness::new(move |_, _| Some(told.clone()));
            hear(&witness, 0, &[vec!["token".to_owned(); 2]])
        };
        let known = Some(Standing::default());
        assert!(of([known, known]).is_some());
        assert!(of([known, None]).is_none() && of([None, None]).is_none());
    }
}
