//! Schools, firms, offices: people with one mail domain who sign in one place, or open their mail there.

use crate::baseline::{Kind, Trait};
use crate::bounds::{COVERAGE, MIN_CLUSTER, MIN_WATCHED, ORGANISATION};
use crate::engine::Scrutiny;
use crate::families::weighing;
use crate::groups::Seed;
use crate::record::{Record, flag};

impl Scrutiny {
    /// The prefixes, two at most, where many of these sign who are an organisation: everybody there has mailboxes at one domain, and
    /// that domain is nowhere else.
    pub(crate) fn organisations(&self, members: &[&Record]) -> Vec<u32> {
        let many = most_frequent(members.iter().map(|record| record.near)).into_iter();
        let alone = |key: Option<u64>| {
            let all = self.latest(key);
            organisation(&all.iter().collect::<Vec<_>>()).and_then(|one| Seed::Domain.key(one))
        };
        let is_one = |near: u32| {
            let one = members.iter().find(|record| record.near == near)?;
            let place = Seed::Near.key(one);
            let domain = alone(place).filter(|_| self.groups.size_of(place) <= ORGANISATION)?;
            alone(Some(domain))
        };
        let many = many.filter(|(seen, near)| *seen >= MIN_CLUSTER && is_one(*near).is_some());
        many.map(|(_, near)| near).collect()
    }

    /// The mail domain of those among these who sign anywhere and open their mail late and in one place, if that is an organisation with
    /// browsers of all kinds: they had to be there to open it.
    pub(crate) fn staff(&self, members: &[&Record]) -> Option<u32> {
        let late = |record: &Record| Trait::LongGap.holds(record);
        let [(seen, domain), _] = most_frequent(
            members
                .iter()
                .filter(|one| late(one))
                .map(|record| weighing(Kind::Domain, record)),
        );
        if seen < MIN_WATCHED {
            return None;
        }
        let of_it = |records: &[&Record]| -> Option<u32> {
            let mut late: Vec<&Record> = records.iter().filter(|one| late(one)).copied().collect();
            late.retain(|record| weighing(Kind::Domain, record) == domain);
            opened_in_one_place(&late).map(|one| one.domain)
        };
        of_it(members)?;
        let key = members
            .iter()
            .find(|record| record.domain == domain)
            .and_then(|one| Seed::Domain.key(one));
        let all = self.latest(key);
        let all: Vec<&Record> = all.iter().collect();
        let [(alike, _), _] = most_frequent(all.iter().map(|record| record.client));
        let of_all_kinds = (alike as f64) < COVERAGE * all.len() as f64;
        of_it(&all).filter(|_| of_all_kinds && self.groups.size_of(key) <= ORGANISATION)
    }
}

/// One of those who make up an organisation, if it may be one: nearly everybody in at most two prefixes, half of them at one
/// domain of their own.
pub(crate) fn organisation<'a>(members: &[&'a Record]) -> Option<&'a Record> {
    let [(first, _), (second, _)] = most_frequent(members.iter().map(|record| record.near));
    of_one_domain(members, 0.5).filter(|_| (first + second) * 10 >= members.len() * 9)
}

/// The same of those who sign at home and open their mail at work: nearly everybody in the same place, which is no rented server,
/// four in five at one domain of their own.
pub(crate) fn opened_in_one_place<'a>(members: &[&'a Record]) -> Option<&'a Record> {
    let opened = members.iter().filter(|record| !record.is(flag::CONFIRM_HOSTING));
    let [(first, _), (second, _)] = most_frequent(opened.map(|record| record.confirm_near));
    of_one_domain(members, 0.8).filter(|_| (first + second) * 10 >= members.len() * 9)
}

/// One of those at the uncommon domain where most have their mailbox, if that is at least this share.
pub(crate) fn of_one_domain<'a>(members: &[&'a Record], share: f64) -> Option<&'a Record> {
    let [(seen, domain), _] = most_frequent(members.iter().map(|record| weighing(Kind::Domain, record)));
    let one = members.iter().find(|record| record.domain == domain && domain != 0);
    one.copied().filter(|_| seen as f64 >= share * members.len() as f64)
}

/// The two values that come up most often, and how often; 0 is none.
pub(crate) fn most_frequent(values: impl Iterator<Item = u32>) -> [(usize, u32); 2] {
    let mut values: Vec<u32> = values.filter(|value| *value != 0).collect();
    values.sort_unstable();
    let mut runs: Vec<(usize, u32)> = values.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).collect();
    runs.sort_unstable_by(|a, b| b.cmp(a));
    [0, 1].map(|nth| runs.get(nth).copied().unwrap_or_default())
}
