//! Crowds that one look has brought together. A firm behind a rented proxy and readers who hide both rent; each has its browser, its
//! mail domains, its pattern of addresses. A rule that names those of both takes readers for what the firm does. Whoever forges uses
//! what he owns crosswise: any of his browsers with any of his domains.

use crate::baseline::Kind;
use crate::cluster::Rule;
use crate::families::{Mark, weighing};
use crate::record::Record;

/// Members of a crowd, at the least: as many as bear a value that a rule names.
const CROWD: usize = 3;

/// The crowds among those whom a rule takes, the largest first. Who share a value that the rule names are of one, and so are who
/// share one with these; but no single member joins two, as somebody among the readers may have the firm's browser. What has no
/// value, such as that they rent, joins nobody. Who is of no crowd goes with the largest. All are one where the rule names values
/// of one family only: nothing can be crosswise then.
pub(crate) fn crowds<'a>(rule: &Rule, members: &[&'a Record]) -> Vec<Vec<&'a Record>> {
    let (mut named, mut families) = (Vec::new(), Vec::new());
    for (family, mark) in rule.marks() {
        if let Mark::Values(kind, values) = mark {
            named.extend(values.iter().map(|value| (*kind, *value)));
            families.push(family);
        }
    }
    families.dedup();
    let borne: Vec<Vec<usize>> = members.iter().map(|record| borne(&named, record)).collect();
    let mut bearers = vec![0; named.len()];
    for nth in borne.iter().flatten() {
        bearers[*nth] += 1;
    }
    // Where nearly all bear one value they are one crowd, whoever is left out. So it is in most groups.
    let alike = bearers.iter().any(|bearers| bearers + CROWD > members.len());
    if families.len() < 2 || alike {
        return vec![members.to_vec()];
    }
    let left_out = std::iter::once(None).chain((0..members.len()).map(Some));
    let apart = left_out.map(|one| labels(named.len(), &borne, one)).find_map(|labels| {
        let largest = largest(&labels);
        (largest.len() > 1).then_some((labels, largest))
    });
    let Some((labels, largest)) = apart else {
        return vec![members.to_vec()];
    };
    let mut crowds = vec![Vec::new(); largest.len()];
    for (record, label) in members.iter().zip(labels) {
        let nth = largest.iter().position(|of| Some(*of) == label);
        crowds[nth.unwrap_or(0)].push(*record);
    }
    crowds
}

/// Which of these values one bears.
fn borne(named: &[(Kind, u32)], record: &Record) -> Vec<usize> {
    let bears = |(_, (kind, value)): &(usize, &(Kind, u32))| weighing(*kind, record) == *value;
    named.iter().enumerate().filter(bears).map(|(nth, _)| nth).collect()
}

/// The crowd of each member, named by one of its values; of nobody left out.
fn labels(values: usize, borne: &[Vec<usize>], left_out: Option<usize>) -> Vec<Option<usize>> {
    let mut parents: Vec<usize> = (0..values).collect();
    let root = |parents: &[usize], mut value: usize| {
        while parents[value] != value {
            value = parents[value];
        }
        value
    };
    for (nth, own) in borne.iter().enumerate() {
        for pair in own.windows(2).filter(|_| Some(nth) != left_out) {
            let [a, b] = [root(&parents, pair[0]), root(&parents, pair[1])];
            parents[a.max(b)] = a.min(b);
        }
    }
    let label = |(nth, own): (usize, &Vec<usize>)| {
        let first = own.first().filter(|_| Some(nth) != left_out);
        first.map(|value| root(&parents, *value))
    };
    borne.iter().enumerate().map(label).collect()
}

/// Those that are crowds, the largest first.
fn largest(labels: &[Option<usize>]) -> Vec<usize> {
    let mut all: Vec<usize> = labels.iter().flatten().copied().collect();
    all.sort_unstable();
    let runs = all.chunk_by(|a, b| a == b).filter(|run| run.len() >= CROWD);
    let mut runs: Vec<(usize, usize)> = runs.map(|run| (run.len(), run[0])).collect();
    runs.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    runs.into_iter().map(|(_, label)| label).collect()
}
