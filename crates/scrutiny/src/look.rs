//! A look at one group: who of it belongs together, and what is to be done about it.

use std::collections::BTreeMap;

use paraph_tally::{PetitionId, SignatureId};

use crate::around::{Around, Neighbours, those};
use crate::baseline::Kind;
use crate::bounds::{
    COVERAGE, DECADES_TO_AGREE, HELD_PLACE, LIFT, MIN_CLUSTER, MIN_WATCHED, ORGANISATION, OWNED, RING, ROOM,
};
use crate::cluster::{Rule, score, strongest};
use crate::copies::COPIES;
use crate::crowds::crowds;
use crate::engine::Scrutiny;
use crate::families::{Agreement, Mark, Sample, agreements, families, surprise, weighing};
use crate::finding::{ClusterId, Fact, Family};
use crate::groups::{Group, Seed};
use crate::islands::Asked;
use crate::organisations::{most_frequent, of_one_domain, opened_in_one_place, organisation};
use crate::record::{Record, Time, flag};
use crate::surge::surge;
use crate::times;
use crate::window::Seq;

/// Members and decades from which a group is worth showing to a person although two families are too few to hold.
pub(crate) const SHOWN: (usize, f64) = (48, 40.0);

/// How much more often than by chance two values must come together to speak for two families.
const LIFT_OF_A_PAIR: f64 = 3.0;

/// How often a rule is measured again by those whom it takes. Each time fewer remain, or it is done.
const ROUNDS: usize = 4;

/// What was seen of a group.
pub(crate) struct Look {
    pub(crate) petition: PetitionId,
    pub(crate) judged: Judged,
    pub(crate) agreed: Vec<Agreement>,
    pub(crate) members: Vec<SignatureId>,
    /// Those of them who bear the marks of two families themselves: only they may be made to wait. What people share with a
    /// forger because they must, an address or a browser that many have, keeps nobody out of the count.
    pub(crate) suspects: Vec<SignatureId>,
    pub(crate) span: (Time, Time),
}

/// Members, what agrees among them, and what that comes down to.
struct Measured<'a> {
    members: Vec<&'a Record>,
    agreed: Vec<Agreement>,
    judged: Option<Judged>,
}

/// What is to be done about it.
pub(crate) enum Judged {
    /// Wait for more to be known.
    Watch,
    /// A cluster, by this rule.
    Cluster(Rule),
    /// Show it to a person.
    Notice {
        /// It may be one place with one mail domain.
        organisation: bool,
        /// Its members wait a few minutes for more to be known. Those of an organisation need not, nor those who bear no
        /// machine's mark.
        watch: bool,
        /// How many it is about.
        size: u64,
    },
}

impl Scrutiny {
    /// Judges a group; `None` if there is nothing to say. Clusters from `known` on have yet to gather their members.
    pub(crate) fn judge(&self, place: u32, known: usize, around: &mut Around) -> Option<Look> {
        let group = self.groups.get(place);
        if group.remembered() < MIN_WATCHED {
            return None;
        }
        // In order already, but for those who were confirmed late.
        let mut seqs: Vec<Seq> = group.members().collect();
        seqs.sort_unstable();
        seqs.dedup();
        // Those who come faster than the others did, by themselves; what holds or makes wait is not lost in all of them.
        let latest = surge(&seqs).filter(|_| group.seed.mixes());
        let latest = latest.and_then(|latest| self.judge_these(group, latest, known, around));
        let holds = |look: &Look| matches!(look.judged, Judged::Cluster(_));
        if latest.as_ref().is_some_and(holds) {
            return latest;
        }
        let whole = self.judge_these(group, &seqs, known, around);
        let waits = |look: &Look| matches!(look.judged, Judged::Watch | Judged::Notice { watch: true, .. });
        latest
            .filter(|latest| waits(latest) && !whole.as_ref().is_some_and(holds))
            .or(whole)
    }

    /// Judges these members of a group.
    fn judge_these(&self, group: &Group, seqs: &[Seq], known: usize, around: &mut Around) -> Option<Look> {
        let (seed, key, size) = (group.seed, group.key, group.size());
        let fresh = &self.clusters[known..];
        // An organisation is judged by itself, and not along with others whom it happens to resemble.
        let by_itself = matches!(seed, Seed::Near | Seed::Domain);
        let open = |record: &&Record| {
            let taken = record.cluster != 0 || record.is(flag::INNOCENT);
            let apart = !by_itself && self.islands.stands_apart(record);
            !taken && !apart && !fresh.iter().any(|cluster| cluster.takes(record))
        };
        let all = self.window.all(seqs);
        let mut members = those(&all, open);
        if members.len() < MIN_WATCHED {
            return None;
        }
        // Without its surroundings first: most groups show nothing, and looking around is what costs.
        let glance = agreements(&self.sample(&members, &Neighbours::NOBODY));
        let copies = seed == Seed::Comment && members.len() >= COPIES;
        if !worth_looking_around(&members, &glance) && !copies {
            return None;
        }
        if !by_itself {
            let organisations = self.organisations(&members);
            members.retain(|record| !organisations.contains(&record.near));
            if let Some(staff) = self.staff(&members) {
                members.retain(|record| weighing(Kind::Domain, record) != staff);
            }
            if members.len() < MIN_WATCHED {
                return None;
            }
        }
        let petition = members[0].petition;
        let here = self.references.of(petition)?;
        let around = around.of(petition, here, &self.window);
        let of_the_group = all.iter().find(|record| seed.key(record) == Some(key));
        let shared = of_the_group.and_then(|record| seed.values(record));
        let outside = |record: &&Record| record.cluster == 0 && (shared.is_none() || seed.values(record) != shared);
        let outside = around.those(outside);
        let agreeing = |members: &[&Record]| {
            let agreed = agreements(&self.sample(members, &outside));
            let agreed = self.without_chance(seed, members[0], size, agreed);
            self.without_room(members, without_selection(seed, members[0], agreed, &around.latest))
        };
        let agreed = agreeing(&members);
        if copies && families(&agreed) == [Family::Content] {
            let own = (members.len() >= SHOWN.0).then(|| self.crowd(&members, size, agreed, &outside));
            return own.flatten().or_else(|| self.crowds_together(&members, &outside));
        }
        let judged = self.advise(&members, &members, size, &agreed);
        let first = Measured {
            members: members.clone(),
            agreed,
            judged,
        };
        let Measured {
            members,
            agreed,
            judged,
        } = self.by_rule(&members, first, seed.mixes(), ROUNDS, &agreeing)?;
        Some(Look {
            petition,
            judged: judged?,
            members: members.iter().map(|record| record.id).collect(),
            suspects: suspects(&members, &agreed),
            span: (members.first()?.signed, members.last()?.signed),
            agreed,
        })
    }

    /// Families may agree on different people of a group that only chance has brought together. So a rule is measured again by those
    /// whom it takes, until it takes all of them; and where it is known to bring several crowds
    /// together (`apart`), each of them is judged by itself.
    fn by_rule<'a>(
        &self,
        whole: &[&'a Record],
        measured: Measured<'a>,
        apart: bool,
        rounds: usize,
        agreeing: &impl Fn(&[&Record]) -> Vec<Agreement>,
    ) -> Option<Measured<'a>> {
        let Some(Judged::Cluster(rule)) = measured.judged.as_ref().filter(|_| rounds > 0) else {
            return Some(measured);
        };
        let members = measured.members.iter();
        let caught: Vec<&Record> = members.filter(|record| rule.takes(record)).copied().collect();
        if caught.is_empty() {
            return None;
        }
        let crowds = if apart {
            crowds(rule, &caught)
        } else {
            vec![caught.clone()]
        };
        if crowds.len() == 1 && caught.len() == measured.members.len() {
            return Some(measured);
        }
        let mut largest = None;
        // Fewer than make a cluster are no more than a reason to wait, and the largest crowd may be one.
        let worth = |(nth, crowd): &(usize, &Vec<&Record>)| *nth == 0 || crowd.len() >= MIN_CLUSTER;
        for (nth, crowd) in crowds.iter().enumerate().filter(worth) {
            let of_another = |one: &Record| {
                let mut others = crowds.iter().enumerate().filter(|(other, _)| *other != nth);
                others.any(|(_, crowd)| crowd.iter().any(|other| other.id == one.id))
            };
            let whole: Vec<&Record> = whole.iter().filter(|one| !of_another(one)).copied().collect();
            let agreed = agreeing(crowd);
            let judged = self.advise(&whole, crowd, crowd.len() as u64, &agreed);
            let members = crowd.clone();
            let again = Measured {
                members,
                agreed,
                judged,
            };
            let found = self.by_rule(&whole, again, apart, rounds - 1, agreeing);
            let holds = |found: &Measured<'_>| matches!(found.judged, Some(Judged::Cluster(_)));
            if found.as_ref().is_some_and(holds) {
                return found;
            }
            largest = largest.or(found);
        }
        largest
    }

    pub(crate) fn sample<'a>(&'a self, members: &'a [&'a Record], outside: &'a Neighbours<&'a Record>) -> Sample<'a> {
        Sample {
            members,
            latest: &outside.latest,
            life: &outside.life,
            at_home: &outside.at_home,
            mail: &self.mail,
            baseline: &self.baseline,
        }
    }

    /// What those on an island say. It is no organisation where they have mailboxes at several domains, keep a machine's times or
    /// read from a list. That their mail came late is no such sign. Who waits there bears the marks of an attack, be it capitals, a
    /// time or a mail server: so everybody is asked who has come from there.
    pub(crate) fn ask(&self, waiting: &[Seq]) -> Asked {
        let mut places: Vec<u64> = waiting
            .iter()
            .filter_map(|seq| Seed::Near.key(&self.window.get(*seq)?))
            .collect();
        places.sort_unstable();
        places.dedup();
        let groups = places.into_iter().filter_map(|key| self.groups.find(key));
        let mut latest: Vec<Seq> = groups.flat_map(|place| self.groups.get(place).members()).collect();
        latest.sort_unstable();
        latest.dedup();
        let all = self.window.all(&latest[latest.len().saturating_sub(RING)..]);
        let members: Vec<&Record> = all.iter().collect();
        let Some(here) = members.first().and_then(|one| self.references.of(one.petition)) else {
            return Asked::Unknown;
        };
        let around = Neighbours::of(here, &self.window);
        let agreed = agreements(&self.sample(&members, &around.those(|_| true)));
        if mixed(&members) || !human(&self.without_room(&members, agreed)) {
            return Asked::None;
        }
        let own = members
            .iter()
            .filter(|record| weighing(Kind::Domain, record) != 0)
            .count();
        if own * 2 >= members.len() {
            Asked::Own
        } else {
            Asked::Unknown
        }
    }

    /// The cluster that takes those on an island, if hardly anybody has come from there, or has a mailbox there: too few for either to be
    /// watched. One of them may be the first of an organisation; where as many as make a cluster are so, each in a place and with a domain
    /// of its own, it is the attack that has many of both.
    pub(crate) fn alone(&self, waiting: &[Seq]) -> Option<ClusterId> {
        let all = self.window.all(waiting);
        let watched = |one: &Record, seed: Seed| seed.key(one).is_some_and(|key| self.groups.find(key).is_some());
        if all
            .iter()
            .any(|one| watched(one, Seed::Near) || watched(one, Seed::Domain))
        {
            return None;
        }
        let first = all.first()?;
        self.clusters
            .iter()
            .find(|cluster| cluster.takes(first))
            .map(|cluster| cluster.id)
    }

    /// Of two common values some people have both. Where they are together no more often than chance brings them, only the
    /// rarer of the two speaks.
    fn without_chance(&self, seed: Seed, member: &Record, size: u64, mut agreed: Vec<Agreement>) -> Vec<Agreement> {
        let Some([a, b]) = seed.parts() else { return agreed };
        let [with_a, with_b] = [a, b].map(|part| self.groups.size_of(part.key(member)).max(size));
        let all = self.references.seen(member.petition).max(1);
        let commoner = if with_a > with_b { a } else { b };
        let (with_rarer, with_commoner) = (with_a.min(with_b), with_a.max(with_b));
        let normal = agreed.iter().find(|one| Some(one.evidence.fact) == commoner.fact());
        let share = (with_commoner as f64 / all as f64).max(normal.map_or(0.0, |one| one.expected));
        let lift = size as f64 / (share * with_rarer as f64);
        if lift < LIFT_OF_A_PAIR || surprise(size as usize, with_rarer as usize, share) < DECADES_TO_AGREE {
            agreed.retain(|one| Some(one.evidence.fact) != commoner.fact());
        }
        agreed
    }

    /// In one room that is nobody's server people are called up one after another, in the order of a list, and have their names as
    /// one list has them. As many as an organisation has if they have its mailboxes, or as there are in a class. Where most
    /// have mailboxes at one domain capitals are no sign, of however many, wherever they sign: that is its list.
    fn without_room(&self, members: &[&Record], mut agreed: Vec<Agreement>) -> Vec<Agreement> {
        let listed =
            |one: &Agreement| matches!(one.evidence.fact, Fact::Regular | Fact::DirectoryOrder | Fact::Capitals);
        if agreed.iter().any(listed) && of_one_domain(members, 0.5).is_some() {
            agreed.retain(|one| one.evidence.fact != Fact::Capitals);
        }
        if !agreed.iter().any(listed) || members.iter().any(|record| record.is(flag::HOSTING)) {
            return agreed;
        }
        let [first, second] = most_frequent(members.iter().map(|record| record.near));
        let of_one = organisation(members);
        let all = |(_, near): (usize, u32)| {
            let one = members.iter().find(|record| record.near == near);
            one.map_or(0, |record| self.groups.size_of(Seed::Near.key(record)))
        };
        let most = if of_one.is_some() { ORGANISATION } else { ROOM };
        if (first.0 + second.0) * 10 >= members.len() * 9 && all(first) + all(second) <= most {
            agreed.retain(|one| !listed(one));
        }
        agreed
    }

    /// The latest of a group, if it is one.
    pub(crate) fn latest(&self, key: Option<u64>) -> Vec<Record> {
        let place = key.and_then(|key| self.groups.find(key));
        let seqs: Vec<Seq> = place.map_or_else(Vec::new, |place| self.groups.get(place).members().collect());
        self.window.all(&seqs)
    }

    /// Whether nearly all come from prefixes of which most is held that came from there: what kept a beat with those does not without
    /// them. Nobody's line of an access network is such a place.
    fn are_from_a_held_place(&self, members: &[&Record]) -> bool {
        let mut places: Vec<&Record> = members
            .iter()
            .filter(|one| weighing(Kind::Near, one) != 0)
            .copied()
            .collect();
        if self.clusters.is_empty() || places.len() * 10 < members.len() * 9 {
            return false;
        }
        places.sort_unstable_by_key(|one| one.near);
        places.dedup_by_key(|one| one.near);
        let held: u64 = places.iter().map(|one| self.islands.landed(one, Kind::Near)).sum();
        let others: u64 = places.iter().map(|one| self.groups.size_of(Seed::Near.key(one))).sum();
        held >= HELD_PLACE * others.max(1)
    }

    fn advise(&self, group: &[&Record], members: &[&Record], size: u64, agreed: &[Agreement]) -> Option<Judged> {
        let agreeing = families(agreed);
        let marked = marked(agreed) || self.are_from_a_held_place(members);
        let shown = |organisation| Judged::Notice {
            organisation,
            watch: marked && !organisation,
            size,
        };
        let petition = members.first()?.petition;
        let own = |rule: Rule| {
            let rule = rule.purified(group, agreed)?;
            self.without_domains_of_others(rule, group)
        };
        let owned = || owned(petition, members, agreed).and_then(own);
        if agreeing.len() < self.families_needed {
            if let Some(rule) = owned() {
                return Some(Judged::Cluster(rule));
            }
            let strong = members.len() >= SHOWN.0 && score(&strongest(agreed)) >= SHOWN.1;
            // One place and one domain are a firm's, and who comes from there need not wait for a third family.
            let of_one = organisation(members).filter(|_| members.len() >= MIN_CLUSTER && human(agreed));
            let of_one = of_one.map(|member| self.groups.size_of(Seed::Domain.key(member)));
            let one =
                of_one.is_some_and(|size| size <= ORGANISATION) || (human(agreed) && self.staff(members).is_some());
            return match agreeing.len() {
                2.. if strong => Some(Judged::Notice {
                    organisation: false,
                    watch: marked && !one,
                    size,
                }),
                2.. if marked && !one => Some(Judged::Watch),
                _ => None,
            };
        }
        if members.len() < MIN_CLUSTER {
            return marked.then_some(Judged::Watch);
        }
        let rule = Rule::specific(petition, agreed).and_then(own);
        let Some(rule) = rule.filter(|_| marked).or_else(owned) else {
            return Some(shown(human(agreed) && self.staff(members).is_some()));
        };
        let caught: Vec<&Record> = members.iter().filter(|record| rule.takes(record)).copied().collect();
        let one = organisation(&caught).or_else(|| {
            let one = opened_in_one_place(&caught)?;
            let all = self.latest(Seed::Domain.key(one));
            let alike = all.iter().filter(|one| rule.bears(Family::Client, one) == Some(true));
            ((alike.count() as f64) < COVERAGE * all.len() as f64).then_some(one)
        });
        let of_one = one.map(|member| self.groups.size_of(Seed::Domain.key(member)));
        if human(agreed) && of_one.is_some_and(|size| size <= ORGANISATION) {
            return Some(shown(true));
        }
        Some(Judged::Cluster(rule))
    }
}

/// What a group is made of is shared by all of it, because that is how it was chosen. It speaks only where it is frequent among
/// those who bear the other marks: an attack brings its share of every common pattern of addresses, and none of them is its own.
fn without_selection(seed: Seed, member: &Record, mut agreed: Vec<Agreement>, latest: &[Record]) -> Vec<Agreement> {
    // Nor that they have mailboxes of their own, if that is how they were chosen: which domains these are may speak.
    if seed == Seed::HostingOwnMail {
        agreed.retain(|one| one.evidence.fact != Fact::OwnMail || matches!(one.mark, Mark::Values(..)));
    }
    for part in seed.parts().unwrap_or([seed, seed]) {
        let chosen = agreed.iter().find(|one| Some(one.evidence.fact) == part.fact());
        let Some((fact, expected)) = chosen.map(|one| (one.evidence.fact, one.expected)) else {
            continue;
        };
        let others: Vec<Family> = families(&agreed)
            .into_iter()
            .filter(|one| *one != fact.family())
            .collect();
        let bears = |record: &&Record| {
            let borne = |family: &Family| {
                let mut own = agreed.iter().filter(|one| one.evidence.fact.family() == *family);
                own.any(|one| one.mark == Mark::Group || one.mark.is_on(record))
            };
            record.cluster == 0 && others.iter().all(borne)
        };
        let bearers: Vec<&Record> = latest.iter().filter(bears).collect();
        let sharing = bearers
            .iter()
            .filter(|record| part.values(record) == part.values(member))
            .count();
        if others.len() > 1 && bearers.len() >= MIN_CLUSTER && (sharing as f64) < LIFT * expected * bearers.len() as f64
        {
            agreed.retain(|one| one.evidence.fact != fact);
        }
    }
    agreed
}

/// Whether anything may come of a group, by what it shows without its surroundings. They explain away, and of network,
/// geography and language only one gives way to another: so two families become three only by time, which is measured by what
/// is usual. Two of a few, none of them a machine's mark, are nothing.
fn worth_looking_around(members: &[&Record], glance: &[Agreement]) -> bool {
    match families(glance).len() {
        0 | 1 => false,
        2 => members.len() >= SHOWN.0 || marked(glance) || times::may_agree(members),
        _ => true,
    }
}

/// Whether a machine's mark is among what agrees.
fn marked(agreed: &[Agreement]) -> bool {
    agreed.iter().any(|one| one.evidence.fact.is_a_mark())
}

/// Those who bear marks of two of the families that agree, as whoever a rule takes must.
fn suspects(members: &[&Record], agreed: &[Agreement]) -> Vec<SignatureId> {
    let families = families(agreed);
    let mut stems: BTreeMap<u32, usize> = BTreeMap::new();
    if agreed.iter().any(|one| one.evidence.fact == Fact::ManySpellings) {
        for record in members {
            *stems.entry(record.stem).or_default() += 1;
        }
    }
    // In every crowd somebody signs again. Where mailboxes come up more often than that, theirs is none of them.
    let again = if stems.values().any(|seen| *seen > 2) { 2 } else { 1 };
    let bears = |record: &Record, family: Family| {
        let mut own = agreed.iter().filter(|one| one.evidence.fact.family() == family);
        own.any(|one| {
            let spelt = one.evidence.fact == Fact::ManySpellings;
            one.mark.is_on(record) && !(spelt && stems[&record.stem] <= again)
        })
    };
    let borne = |record: &Record| families.iter().filter(|family| bears(record, **family)).count();
    let suspects = members.iter().filter(|record| borne(record) >= 2);
    suspects.map(|record| record.id).collect()
}

/// The rule of two families that are extreme: mailboxes at a few domains that neither the platform nor the rest of the petition
/// knows, none of which is that of most; and nearly all come from rented servers, in many prefixes of several holders, or come from
/// everywhere and are confirmed on one server. People behind a proxy or a service that hides them have their own firm's domain, or
/// everybody's.
fn owned(petition: PetitionId, members: &[&Record], agreed: &[Agreement]) -> Option<Rule> {
    let of = |fact: Fact| agreed.iter().find(|one| one.evidence.fact == fact);
    let domains = of(Fact::SameDomains)?;
    let unknown = domains.expected <= Kind::Domain.prior() * f64::from(domains.evidence.values) * 1.01;
    if !unknown || !(2..=OWNED.1).contains(&domains.evidence.values) {
        return None;
    }
    let on_one_server = of(Fact::ConfirmedInOnePlace).filter(|_| of(Fact::ConfirmedFromHosting).is_some());
    let network = on_one_server.or_else(|| of(Fact::Hosting))?;
    let rule = Rule::owned(petition, network, domains);
    let caught: Vec<&Record> = members.iter().filter(|record| rule.takes(record)).copied().collect();
    let prefixes = counts(caught.iter().map(|record| record.near));
    // One in five is at another holder's than most are.
    let holders = counts(caught.iter().map(|record| record.origin).filter(|origin| *origin != 0));
    let several = on_one_server.is_some() || holders.iter().sum::<usize>() * 4 >= holders.first()? * 5;
    let extreme = caught.len() >= OWNED.0 && caught.len() * 10 >= members.len() * 9;
    (extreme && prefixes.len() >= MIN_CLUSTER && several && mixed(&caught)).then_some(rule)
}

/// How often each value comes up, the most frequent first.
fn counts(values: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    let mut counts: Vec<usize> = values.chunk_by(|a, b| a == b).map(<[u32]>::len).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Whether nothing speaks against people: no machine's times, no list. Late mail is a mail server's doing, or a weekend's.
fn human(agreed: &[Agreement]) -> bool {
    agreed.iter().all(|one| {
        let family = one.evidence.fact.family();
        one.evidence.fact == Fact::StoredUp || (family != Family::Time && family != Family::Identity)
    })
}

/// Whether mailboxes are at several domains. One in a hundred of an organisation has a domain of their own; a forger's domains are
/// used alike.
fn mixed(members: &[&Record]) -> bool {
    let mut domains: Vec<u32> = members.iter().map(|record| weighing(Kind::Domain, record)).collect();
    domains.retain(|domain| *domain != 0);
    domains.sort_unstable();
    let most = domains
        .chunk_by(|a, b| a == b)
        .map(<[u32]>::len)
        .max()
        .unwrap_or_default();
    domains.len() >= MIN_CLUSTER && most * 5 < domains.len() * 4
}
