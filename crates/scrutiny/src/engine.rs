//! The engine: what it is told, what it answers.

use std::collections::VecDeque;

use paraph_tally::{Millis, PetitionId, SignatureId};

use crate::around::Around;
use crate::baseline::{Baseline, References, Trait};
use crate::bounds::{
    FAMILIES_NEEDED, FIRST_SIGHT, MAX_CLUSTERS, MAX_CLUSTERS_PER_PETITION, MAX_PARDONS, SAME_MOMENT, WAIT_SECONDS,
};
use crate::cluster::{Cluster, Rule, strongest};
use crate::finding::{ClusterId, Finding, FindingName};
use crate::groups::{Groups, Keys, Seed, when_confirmed};
use crate::holds::Holds;
use crate::in_force::InForce;
use crate::islands::{Islands, Shore};
use crate::look::{Judged, Look};
use crate::mail::Mail;
use crate::observe::{Observation, Source};
use crate::record::{Record, Time, flag};
use crate::remnants::Remnants;
use crate::sketch::Sketch;
use crate::telling::Notice;
use crate::window::{Seq, Window};

/// What scrutiny says of one signature when it is to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Passed: it may settle. Also for what is older than the window, or unknown.
    Pass,
    /// To be held, as a member of this cluster.
    Hold(ClusterId),
    /// Not yet: its group is being watched, or its cluster's holds of this hour are used up. Ask again at the next tick.
    Wait,
}

/// Seconds without a new member after which a cluster no longer takes any in.
pub(crate) const CLUSTER_RESTS: f64 = 24.0 * 3600.0;

/// While a petition is under attack all of its groups are looked at this often, in seconds: what is left of an attack that
/// has ended would else wait for more that never comes.
const HURRY: f64 = 180.0;

/// Scrutiny of all petitions of a platform. Deterministic: the same calls give the same answers. To rebuild it after a
/// restart, repeat the calls of the last ten days out of journal and features, with a tick for every minute of theirs.
pub struct Scrutiny {
    pub(crate) base: Option<Millis>,
    pub(crate) now: Time,
    /// Contributions of one moment, to be taken in in the order of their ids.
    moment: Vec<Record>,
    pub(crate) window: Window,
    sketch: Sketch,
    pub(crate) groups: Groups,
    pub(crate) references: References,
    around: Around,
    pub(crate) mail: Mail,
    pub(crate) baseline: Baseline,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) in_force: InForce,
    pub(crate) notices: Vec<Notice>,
    pardons: Vec<Rule>,
    pub(crate) islands: Islands,
    pub(crate) remnants: Remnants,
    pub(crate) next_cluster: u16,
    hurried: Time,
    pub(crate) families_needed: usize,
    pub(crate) holds: Holds,
    wait_seconds: u64,
}

impl Default for Scrutiny {
    fn default() -> Self {
        Self::new()
    }
}

impl Scrutiny {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            base: None,
            now: Time::default(),
            moment: Vec::new(),
            window: Window::new(),
            sketch: Sketch::new(),
            groups: Groups::default(),
            references: References::default(),
            around: Around::default(),
            mail: Mail::new(),
            baseline: Baseline::new(),
            clusters: Vec::new(),
            in_force: InForce::default(),
            notices: Vec::new(),
            pardons: Vec::new(),
            islands: Islands::default(),
            remnants: Remnants::default(),
            next_cluster: 0,
            hurried: Time::default(),
            families_needed: FAMILIES_NEEDED,
            holds: Holds::default(),
            wait_seconds: WAIT_SECONDS,
        }
    }

    /// The same with another bound for how long who is watched may wait, in seconds from the confirmation.
    pub fn set_wait_seconds(&mut self, seconds: u64) {
        self.wait_seconds = seconds;
    }

    /// The same with another hourly cap: a person raised it, or the past is repeated, in which nothing is to be held anew.
    pub fn set_holds_per_hour(&mut self, cap: u64) {
        self.holds.cap = cap;
    }

    /// These are held: whoever repeats the past learns so who was, and need not find them in the same order again. They are
    /// not handed out any more. What was held without a person counts to its hour, once.
    pub fn held(&mut self, ids: &[SignatureId], at: Millis, by_itself: bool) {
        let now = self.advance(at);
        let mut fresh = 0;
        for id in ids {
            let seq = self.window.find(*id);
            let Some((seq, record)) = seq.and_then(|seq| Some((seq, self.window.get(seq)?))) else {
                // Erased since, so a start is told nothing of it. It was one of its hour's all the same.
                fresh += 1;
                continue;
            };
            if record.is(flag::HELD) {
                continue;
            }
            self.window.set(seq, flag::HELD);
            if let Some(cluster) = self.clusters.iter_mut().find(|one| record.cluster() == Some(one.id)) {
                cluster.held += 1;
            }
            fresh += 1;
        }
        if by_itself {
            self.holds.give(now, fresh);
        }
        self.nobody_waits_in_vain();
    }

    /// Of those who were to be held, forgets whom somebody held, let go or took back meanwhile.
    pub(crate) fn nobody_waits_in_vain(&mut self) {
        for cluster in &mut self.clusters {
            let mut outstanding = std::mem::take(&mut cluster.outstanding);
            outstanding.retain(|seq| cluster.awaits(&self.window, *seq).is_some());
            cluster.outstanding = outstanding;
        }
    }

    /// A contribution was admitted. Twice the same id is once.
    pub fn observe(&mut self, seen: &Observation) {
        let now = self.time(seen.at);
        if now != self.now || self.moment.len() >= SAME_MOMENT {
            self.take_in_moment();
            self.now = now;
        }
        let base = self.base.unwrap_or_default();
        let audience = self.references.audience(seen.petition);
        self.moment.push(Record::new(seen, audience, base));
    }

    /// A signature was confirmed, from there.
    pub fn confirm(&mut self, id: SignatureId, at: Millis, source: &Source) {
        let now = self.advance(at);
        let Some(seq) = self.window.find(id) else { return };
        let done = flag::CONFIRMED | flag::ENDED;
        if self.window.flags(seq).is_none_or(|flags| flags & done != 0) {
            return;
        }
        let Some(record) = self.window.change(seq, |record| record.confirm(now, source)) else {
            return;
        };
        if record.cluster == 0 && !self.join(&record, seq) {
            self.may_be_left(&record, seq);
            let late = Trait::LongGap.holds(&record);
            self.touch(&record, late.then_some(seq));
            self.references.confirmed(&record, seq);
            self.mail.confirmed(&record);
            if let Some((seed, key)) = when_confirmed(&record) {
                self.gather(seed, key, self.groups.find(key), record.petition, seq);
            }
        }
    }

    /// "It wasn't me."
    pub fn disown(&mut self, id: SignatureId, at: Millis) {
        self.advance(at);
        let Some(seq) = self.window.find(id) else { return };
        self.window.set(seq, flag::DISOWNED | flag::ENDED);
        if let Some(record) = self.window.get(seq).filter(|record| record.cluster == 0) {
            self.touch(&record, None);
        }
    }

    /// A signature entered the count. Once it has stood for a day outside every finding, it teaches what is normal.
    pub fn settled(&mut self, id: SignatureId, at: Millis) {
        let now = self.advance(at);
        if let Some(seq) = self.window.find(id) {
            self.window.set(seq, flag::SETTLED);
            self.baseline.settled(seq, now);
        }
    }

    /// A signature was withdrawn or has expired: it teaches nothing any more.
    pub fn ended(&mut self, id: SignatureId) {
        self.take_in_moment();
        if let Some(seq) = self.window.find(id) {
            self.window.set(seq, flag::ENDED);
        }
    }

    /// Its features were erased: everything but its place is forgotten.
    pub fn erased(&mut self, id: SignatureId) {
        self.take_in_moment();
        if let Some(seq) = self.window.find(id) {
            self.window.change(seq, Record::wipe);
        }
    }

    /// Looks at what has changed. Call it every ten seconds or so; the answer holds each cluster that is new or has grown,
    /// with the signatures to be held now, and each notice that is worth a person's look.
    pub fn tick(&mut self, now: Millis) -> Vec<Finding> {
        let now = self.advance(now);
        self.window.forget(now);
        self.baseline.ripen(&self.window, now);
        let resting = |last: Time| now.seconds_since(last) > CLUSTER_RESTS;
        self.clusters
            .retain(|cluster| !(resting(cluster.grown) && cluster.outstanding.is_empty()));
        self.notices.retain(|notice| !resting(notice.last));
        let mut told = Vec::new();
        self.in_force.are(&self.clusters);
        let hurries = now.seconds_since(self.hurried) > HURRY && !self.in_force.is_empty();
        if hurries {
            self.hurried = now;
            self.groups.hurry(|petition| self.in_force.any_of(petition));
        }
        let known = self.clusters.len();
        let mut around = std::mem::take(&mut self.around);
        around.next_tick();
        for place in self.groups.due() {
            told.extend(self.look_at(place, known, &mut around));
        }
        self.around = around;
        if self.clusters.len() > known {
            self.sweep(known);
            self.in_force.are(&self.clusters);
        }
        self.come_ashore(now);
        self.take_remnants(hurries);
        let holds = self.hand_out(now);
        for (place, to_hold) in holds {
            told.push(self.tell(place, to_hold));
        }
        told
    }

    /// Whether a signature may settle.
    #[must_use]
    pub fn standing(&self, id: SignatureId, now: Millis) -> Standing {
        let Some(record) = self.window.find(id).and_then(|seq| self.window.get(seq)) else {
            return Standing::Pass;
        };
        let now = Time::of(now, self.base.unwrap_or_default());
        match record.cluster() {
            Some(cluster) if record.is(flag::HELD) => Standing::Hold(cluster),
            Some(_) => Standing::Wait,
            None if record.is(flag::INNOCENT) || !record.is(flag::WATCHED) => Standing::Pass,
            None if now.seconds_since(record.confirmed) < self.wait_seconds as f64 => Standing::Wait,
            None => Standing::Pass,
        }
    }

    /// Members of a cluster, by its name: held, waiting or ended. Of a notice, those who were looked at.
    #[must_use]
    pub fn members(&self, name: FindingName) -> Vec<SignatureId> {
        let Some(cluster) = self.clusters.iter().find(|cluster| cluster.name == name) else {
            let notice = self.notices.iter().find(|notice| notice.name() == name);
            return notice.map_or_else(Vec::new, |notice| notice.shown.clone());
        };
        let members = (0..self.window.chunks()).flat_map(|chunk| self.window.of(chunk, |_, of| of == cluster.id.0 + 1));
        members.filter_map(|seq| self.window.id(seq)).collect()
    }

    /// A person found a cluster innocent: its members pass, and so does what looks like them from now on. Says who was
    /// held and is to be released.
    pub fn release(&mut self, id: ClusterId) -> Vec<SignatureId> {
        self.take_in_moment();
        let Some(place) = self.clusters.iter().position(|cluster| cluster.id == id) else {
            return Vec::new();
        };
        let cluster = self.clusters.remove(place);
        self.in_force.are(&self.clusters);
        if self.pardons.len() == MAX_PARDONS {
            self.pardons.remove(0);
        }
        self.pardons.push(cluster.rule);
        let mut released = Vec::new();
        for chunk in 0..self.window.chunks() {
            for seq in self.window.of(chunk, |_, cluster| cluster == id.0 + 1) {
                if self.window.flags(seq).is_some_and(|flags| flags & flag::HELD != 0) {
                    released.extend(self.window.id(seq));
                }
                self.window.change(seq, Record::pardon);
            }
        }
        released
    }

    /// Bytes that its tables take, without the allocator's own.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let outstanding: usize = self
            .clusters
            .iter()
            .map(|cluster| cluster.outstanding.capacity() * 4)
            .sum();
        self.window.bytes()
            + self.sketch.bytes()
            + self.groups.bytes()
            + self.references.bytes()
            + self.around.bytes()
            + self.in_force.bytes()
            + self.baseline.bytes()
            + self.islands.bytes()
            + self.remnants.bytes()
            + outstanding
    }

    /// Contributions remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.window.len() + self.moment.len()
    }

    /// Signatures that the baseline was learned from.
    #[must_use]
    pub fn learned(&self) -> u64 {
        self.baseline.learned()
    }

    fn time(&mut self, at: Millis) -> Time {
        let base = *self.base.get_or_insert(at);
        Time::of(at, base)
    }

    fn advance(&mut self, at: Millis) -> Time {
        self.take_in_moment();
        let now = self.time(at);
        self.now = now;
        now
    }

    fn take_in_moment(&mut self) {
        let mut moment = std::mem::take(&mut self.moment);
        moment.sort_unstable_by_key(|record| record.id);
        for record in &moment {
            self.take_in(*record);
        }
        moment.clear();
        self.moment = moment;
    }

    fn take_in(&mut self, mut record: Record) {
        if self.pardons.iter().any(|rule| rule.takes(&record)) {
            record.set(flag::INNOCENT);
        }
        let Some(seq) = self.window.push(&record) else { return };
        if record.is(flag::INNOCENT) || self.join(&record, seq) {
            return;
        }
        self.may_be_left(&record, seq);
        self.references.see(&record, seq);
        for (seed, key, found) in Keys::of(&record).found(&self.groups) {
            // Unless it gave way meanwhile, to one that has only now become a group.
            let found = found.filter(|place| self.groups.get(*place).key == key);
            self.gather(seed, key, found, record.petition, seq);
        }
    }

    /// Puts a contribution into its group, if what it shares was seen often enough to be one.
    fn gather(&mut self, seed: Seed, key: u64, found: Option<u32>, petition: PetitionId, seq: Seq) {
        let place = match found {
            Some(place) => place,
            None if self.sketch.see(key, self.now) >= FIRST_SIGHT => self.groups.create(key, seed, petition),
            None => return,
        };
        self.groups.touch(place, Some(seq));
    }

    /// Something became known of a contribution: its groups are worth another look. Where it was confirmed late, it is among
    /// their latest members again.
    fn touch(&mut self, record: &Record, late: Option<Seq>) {
        for (_, _, found) in Keys::of(record).found(&self.groups) {
            if let Some(place) = found {
                match late {
                    Some(seq) => self.groups.confirmed_late(place, seq),
                    None => self.groups.touch(place, None),
                }
            }
        }
    }

    /// Makes a contribution a member of the first cluster whose rule takes it.
    fn join(&mut self, record: &Record, seq: Seq) -> bool {
        let Some(place) = self.in_force.first_that_takes(record) else {
            return false;
        };
        if self.islands.land(record, seq, self.now) == Shore::Island {
            self.window.set(seq, flag::WATCHED);
            return false;
        }
        self.clusters[place].take(&mut self.window, seq, self.now)
    }

    /// Takes in those whose place has turned out to belong to the attack.
    fn come_ashore(&mut self, now: Time) {
        if self.clusters.is_empty() {
            self.islands.clear();
            return;
        }
        let mut islands = std::mem::take(&mut self.islands);
        let ashore = islands.ashore(now, |waiting| self.ask(waiting), |waiting| self.alone(waiting));
        self.islands = islands;
        for seq in ashore {
            let Some(record) = self.window.get(seq) else { continue };
            if record.cluster != 0 || record.is(flag::INNOCENT | flag::ENDED) {
                continue;
            }
            if let Some(cluster) = self.clusters.iter_mut().find(|cluster| cluster.takes(&record)) {
                cluster.take(&mut self.window, seq, self.now);
            }
        }
    }

    /// Looks at one group, and makes a cluster or a notice of it if enough agrees.
    fn look_at(&mut self, place: u32, known: usize, around: &mut Around) -> Option<Finding> {
        let look = self.judge(place, known, around);
        let watch = look.as_ref().is_some_and(|look| matches!(look.judged, Judged::Watch));
        self.groups.suspect(place, watch);
        let look = look?;
        match &look.judged {
            Judged::Watch => {
                self.watch(&look.suspects);
                None
            }
            Judged::Cluster(rule) => self.found(rule.clone(), &look, place),
            Judged::Notice {
                organisation,
                watch,
                size,
            } => {
                if *watch {
                    self.watch(&look.suspects);
                } else if *organisation {
                    self.watch_no_longer(&look.members);
                }
                self.notice(&look, *organisation, *size)
            }
        }
    }

    /// Their settling waits for a few minutes: more may become known.
    fn watch(&mut self, ids: &[SignatureId]) {
        for id in ids {
            if let Some(seq) = self.window.find(*id) {
                self.window.set(seq, flag::WATCHED);
            }
        }
    }

    /// They are an organisation: those who came before that was known need not wait for the rest of their minutes, unless a rule would
    /// take them.
    fn watch_no_longer(&mut self, ids: &[SignatureId]) {
        for id in ids {
            let Some(seq) = self.window.find(*id) else { continue };
            let record = self.window.get(seq).filter(|record| record.is(flag::WATCHED));
            if record.is_some_and(|record| self.in_force.first_that_takes(&record).is_none()) {
                self.window.change(seq, |record| record.flags &= !flag::WATCHED);
            }
        }
    }

    /// A new cluster; its members are gathered by the sweep at the end of the tick. With no room left, it is shown instead.
    fn found(&mut self, rule: Rule, look: &Look, place: u32) -> Option<Finding> {
        let (petition, (first, last)) = (rule.petition, look.span);
        let beside = self
            .clusters
            .iter()
            .filter(|cluster| cluster.rule.petition == petition)
            .count();
        if self.clusters.len() >= MAX_CLUSTERS || beside >= MAX_CLUSTERS_PER_PETITION {
            let group = self.groups.get(place);
            // The whole group where the rule takes all that is remembered of it, else those of them whom it takes. All others
            // whom it would take are not looked for: that is a walk through the window, and every look would repeat it.
            let is_whole = look.members.len() == group.remembered();
            let about = if is_whole {
                group.size()
            } else {
                look.members.len() as u64
            };
            return self.notice(look, false, about);
        }
        if self.clusters.iter().any(|cluster| cluster.rule == rule) {
            return None;
        }
        let here = self.clusters.iter().filter(|cluster| cluster.rule.petition == petition);
        let joined = here.fold(None, |joined: Option<Rule>, cluster| {
            joined.as_ref().unwrap_or(&rule).joined(&cluster.rule).or(joined)
        });
        let id = self.next_id()?;
        let name = self.unused(&rule.said());
        self.clusters.push(Cluster {
            id,
            name,
            rule,
            joined,
            evidence: strongest(&look.agreed),
            seen: self.now,
            first,
            last,
            grown: self.now,
            members: 0,
            held: 0,
            outstanding: VecDeque::new(),
            changed: true,
        });
        None
    }

    /// Gathers the members that the clusters from this place on have among all contributions of the window.
    fn sweep(&mut self, from: usize) {
        let fresh = &mut self.clusters[from..];
        let petitions: Vec<PetitionId> = fresh.iter().map(|cluster| cluster.rule.petition).collect();
        self.remnants.forget(&petitions);
        for chunk in 0..self.window.chunks() {
            let open = self
                .window
                .of(chunk, |petition, cluster| cluster == 0 && petitions.contains(&petition));
            for seq in open {
                let Some(record) = self.window.get(seq) else { continue };
                if record.is(flag::INNOCENT | flag::ENDED) {
                    continue;
                }
                if let Some(cluster) = fresh.iter_mut().find(|cluster| cluster.takes(&record))
                    && self.islands.land(&record, seq, self.now) == Shore::Mainland
                {
                    cluster.take(&mut self.window, seq, self.now);
                } else {
                    self.remnants.remember(&record, seq);
                }
            }
        }
    }
}

impl Cluster {
    /// A member that is still to be held. None who is held already, was let go or taken back.
    pub(crate) fn awaits(&self, window: &Window, seq: Seq) -> Option<SignatureId> {
        let record = window.get(seq)?;
        let awaits = record.cluster() == Some(self.id) && !record.is(flag::HELD | flag::ENDED);
        awaits.then_some(record.id)
    }

    /// Makes a contribution a member; `false` if it is gone, or its chunk has no number left for this cluster.
    pub(crate) fn take(&mut self, window: &mut Window, seq: Seq, now: Time) -> bool {
        let Some(record) = window.change(seq, |record| record.cluster = self.id.0 + 1) else {
            return false;
        };
        if self.members == 0 || self.first.seconds_since(record.signed) > 0.0 {
            self.first = record.signed;
        }
        if record.signed.seconds_since(self.last) > 0.0 {
            self.last = record.signed;
        }
        self.grown = now;
        self.members += 1;
        self.changed = true;
        if record.is(flag::HELD) {
            self.held += 1;
        } else if record.is(flag::SETTLED) {
            self.outstanding.push_front(seq);
        } else {
            self.outstanding.push_back(seq);
        }
        true
    }
}
