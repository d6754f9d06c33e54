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
    // What two members bear together leads from one to the other whoever is left out.
    let mut firm = Parts::of(named.len());
    let mut together = vec![0u8; named.len() * named.len()];
    for (a, b) in borne.iter().flat_map(|own| pairs(own)) {
        let seen = &mut together[a * named.len() + b];
        *seen = seen.saturating_add(1);
        if *seen == 2 {
            firm.join(a, b);
        }
    }
    let joins = |own: &Vec<usize>| own.windows(2).any(|pair| firm.root(pair[0]) != firm.root(pair[1]));
    let joining: Vec<usize> = (0..members.len()).filter(|nth| joins(&borne[*nth])).collect();
    let mut left_out = std::iter::once(None).chain(joining.iter().copied().map(Some));
    let apart = left_out.find_map(|left_out| {
        let mut parts = firm.clone();
        for nth in joining.iter().filter(|nth| Some(**nth) != left_out) {
            pairs(&borne[*nth]).for_each(|(a, b)| parts.join(a, b));
        }
        let label = |nth: usize| {
            borne[nth]
                .first()
                .filter(|_| Some(nth) != left_out)
                .map(|value| parts.root(*value))
        };
        let labels: Vec<Option<usize>> = (0..members.len()).map(label).collect();
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

/// Each two of these, the smaller first.
fn pairs(own: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let behind = |(nth, a): (usize, &usize)| {
        let a = *a;
        own[nth + 1..].iter().map(move |b| (a, *b))
    };
    own.iter().enumerate().flat_map(behind)
}

/// Values that hang together.
#[derive(Clone)]
struct Parts(Vec<usize>);

impl Parts {
    /// So many, each by itself.
    fn of(values: usize) -> Self {
        Self((0..values).collect())
    }

    fn root(&self, mut value: usize) -> usize {
        while self.0[value] != value {
            value = self.0[value];
        }
        value
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
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
