//! What is normal: on the platform, learned from signatures that have stood for a day; and on a petition, from what
//! surrounds a group.

use std::collections::VecDeque;

use paraph_tally::PetitionId;

use crate::bounds::{
    AUDIENCE, BASELINE_CAP, BASELINE_CELLS, MAX_PETITIONS, MAX_RIPENING, PRIOR, REFERENCE, RIPE_SECONDS,
};
use crate::groups::{KeyedMap, mix};
use crate::observe::Country;
use crate::record::{Record, Time, flag};
use crate::window::{Seq, Window};

/// A kind of value, with the share that the prior gives to a value nobody has seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Near,
    Origin,
    ConfirmNear,
    Client,
    Language,
    Name,
    Comment,
    Shape,
    Stem,
    Domain,
    Country,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::Near,
        Self::Origin,
        Self::ConfirmNear,
        Self::Client,
        Self::Language,
        Self::Name,
        Self::Comment,
        Self::Shape,
        Self::Stem,
        Self::Domain,
        Self::Country,
    ];

    pub(crate) fn of(self, record: &Record) -> u32 {
        match self {
            Self::Near => record.near,
            Self::Origin => record.origin,
            Self::ConfirmNear => record.confirm_near,
            Self::Client => record.client,
            Self::Language => u32::from(record.language),
            Self::Name => record.name,
            Self::Comment => record.comment,
            Self::Shape => record.shape,
            Self::Stem => record.stem,
            Self::Domain => record.domain,
            Self::Country => u32::from(record.country),
        }
    }

    /// Where a new value starts: rather too common than too rare.
    pub(crate) fn prior(self) -> f64 {
        match self {
            Self::Near | Self::ConfirmNear => 0.004,
            Self::Origin => 0.01,
            Self::Client => 0.01,
            Self::Language => 0.1,
            Self::Name => 0.002,
            Self::Comment => 0.01,
            Self::Shape => 0.03,
            Self::Stem => 0.0001,
            Self::Domain => 0.004,
            Self::Country => 0.04,
        }
    }
}

/// A fact of yes or no, with the share that the prior gives to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trait {
    Hosting,
    ConfirmedFromHosting,
    NoScript,
    Upper,
    /// A mailbox at no large provider.
    OwnMail,
    Elsewhere,
    Night,
    /// Hours between form and confirmation.
    LongGap,
    /// An hour at least.
    Lay,
}

/// Seconds from which a confirmation is late.
pub(crate) const LONG_GAP: f64 = 6.0 * 3600.0;

/// Seconds from which it lay: most people have confirmed within minutes.
const LAY: f64 = 3600.0;

impl Trait {
    const ALL: [Self; 9] = [
        Self::Hosting,
        Self::ConfirmedFromHosting,
        Self::NoScript,
        Self::Upper,
        Self::OwnMail,
        Self::Elsewhere,
        Self::Night,
        Self::LongGap,
        Self::Lay,
    ];

    pub(crate) fn holds(self, record: &Record) -> bool {
        match self {
            Self::Hosting => record.is(flag::HOSTING),
            Self::ConfirmedFromHosting => record.is(flag::CONFIRM_HOSTING),
            Self::NoScript => !record.is(flag::SCRIPT),
            Self::Upper => record.is(flag::UPPER),
            Self::OwnMail => !record.is(flag::COMMON_MAIL),
            Self::Elsewhere => record.is(flag::ELSEWHERE),
            Self::Night => record.is(flag::NIGHT),
            Self::LongGap => record.gap().is_some_and(|gap| gap > LONG_GAP),
            Self::Lay => record.gap().is_some_and(|gap| gap > LAY),
        }
    }

    pub(crate) fn prior(self) -> f64 {
        match self {
            Self::Hosting | Self::ConfirmedFromHosting => 0.04,
            Self::NoScript => 0.06,
            Self::Upper => 0.06,
            Self::OwnMail => 0.15,
            Self::Elsewhere => 0.06,
            Self::Night => 0.06,
            Self::LongGap => 0.08,
            Self::Lay => 0.1,
        }
    }
}

/// The platform's baseline. Enters it: what was settled for 24 hours, outside every finding, and neither its prefix nor its
/// own mail domain makes up more than a hundredth of it.
pub(crate) struct Baseline {
    /// Settled and not yet learned from; and how many of them settled when, as they do by the thousand.
    ripening: VecDeque<Seq>,
    settled: VecDeque<(Time, u32)>,
    total: f64,
    traits: [f64; Trait::ALL.len()],
    cells: Vec<u32>,
}

impl Baseline {
    pub(crate) fn new() -> Self {
        Self {
            ripening: VecDeque::new(),
            settled: VecDeque::new(),
            total: 0.0,
            traits: [0.0; Trait::ALL.len()],
            cells: vec![0; BASELINE_CELLS],
        }
    }

    pub(crate) fn settled(&mut self, seq: Seq, now: Time) {
        if self.ripening.len() >= MAX_RIPENING {
            return;
        }
        self.ripening.push_back(seq);
        match self.settled.back_mut() {
            Some((when, count)) if *when == now => *count += 1,
            _ => self.settled.push_back((now, 1)),
        }
    }

    /// Takes in what has stood long enough.
    pub(crate) fn ripen(&mut self, window: &Window, now: Time) {
        let clear = |record: &Record| record.cluster == 0 && !record.is(flag::ENDED);
        while let Some((since, count)) = self.settled.front().copied() {
            if now.seconds_since(since) < RIPE_SECONDS as f64 {
                break;
            }
            self.settled.pop_front();
            for _ in 0..count {
                let record = self.ripening.pop_front().and_then(|seq| window.get(seq));
                if let Some(record) = record.filter(clear) {
                    self.learn(&record);
                }
            }
        }
    }

    fn learn(&mut self, record: &Record) {
        let most = BASELINE_CAP * (self.total + PRIOR);
        let crowded = |kind: Kind| f64::from(self.count(kind, kind.of(record))) >= most;
        if crowded(Kind::Near) || (!record.is(flag::COMMON_MAIL) && crowded(Kind::Domain)) {
            return;
        }
        self.total += 1.0;
        for (count, fact) in self.traits.iter_mut().zip(Trait::ALL) {
            *count += f64::from(u8::from(fact.holds(record)));
        }
        for kind in Kind::ALL {
            let value = kind.of(record);
            if value != 0 {
                let cells = cells(kind, value);
                let raised = self.count(kind, value).saturating_add(1);
                for cell in cells {
                    self.cells[cell] = self.cells[cell].max(raised);
                }
            }
        }
    }

    fn count(&self, kind: Kind, value: u32) -> u32 {
        let [a, b] = cells(kind, value);
        self.cells[a].min(self.cells[b])
    }

    /// Share of honest signatures that have this value.
    pub(crate) fn share(&self, kind: Kind, value: u32) -> f64 {
        self.learned_share(kind, value).max(kind.prior())
    }

    /// The same as far as it was learned: none of a value that nobody had.
    pub(crate) fn learned_share(&self, kind: Kind, value: u32) -> f64 {
        f64::from(self.count(kind, value)) / (self.total + PRIOR)
    }

    /// Share of honest signatures of which this is true.
    pub(crate) fn share_of(&self, fact: Trait) -> f64 {
        let learned = self.traits[fact as usize] + PRIOR * fact.prior();
        (learned / (self.total + PRIOR)).max(fact.prior() / 2.0)
    }

    /// Signatures that it was learned from.
    pub(crate) fn learned(&self) -> u64 {
        self.total as u64
    }

    pub(crate) fn bytes(&self) -> usize {
        self.ripening.capacity() * 4 + self.settled.capacity() * 8 + self.cells.capacity() * 4
    }
}

fn cells(kind: Kind, value: u32) -> [usize; 2] {
    let hash = mix((kind as u64 + 1) << 32 | u64::from(value));
    [hash as usize % BASELINE_CELLS, (hash >> 32) as usize % BASELINE_CELLS]
}

/// What surrounds a group on its petition: the latest contributions, and some drawn evenly from all its life.
pub(crate) struct Surroundings {
    pub(crate) latest: Vec<Seq>,
    pub(crate) life: Vec<Seq>,
    /// The latest who confirmed, of those at home with a mailbox at a large provider: whether mail comes late for all.
    pub(crate) at_home: Vec<Seq>,
    audience: Audience,
    confirmed: u64,
    seen: u64,
    used: bool,
}

/// The country from which most come, if there is one from which more come than from all others together (Boyer and Moore).
#[derive(Clone, Copy, Default)]
struct Audience {
    country: u16,
    ahead: u32,
}

impl Audience {
    fn vote(&mut self, country: u16) {
        if country == self.country {
            self.ahead = self.ahead.saturating_add(1);
        } else if self.ahead > 0 {
            self.ahead -= 1;
        } else {
            *self = Self { country, ahead: 1 };
        }
    }
}

/// The surroundings of every petition that is alive.
#[derive(Default)]
pub(crate) struct References {
    all: Vec<(PetitionId, Surroundings)>,
    by_petition: KeyedMap<u32, u32>,
    hand: usize,
}

impl References {
    pub(crate) fn see(&mut self, record: &Record, seq: Seq) {
        let place = self.place(record.petition);
        let here = &mut self.all[place].1;
        (here.used, here.seen) = (true, here.seen + 1);
        put(&mut here.latest, here.seen, seq);
        if record.country != 0 {
            here.audience.vote(record.country);
        }
        // Reservoir sampling, with the id as the draw: the same stream draws the same.
        let [.., a, b, c, d] = record.id.0;
        let draw = mix(u64::from(u32::from_be_bytes([a, b, c, d])) ^ here.seen) % here.seen;
        if here.life.len() < REFERENCE {
            here.life.push(seq);
        } else if (draw as usize) < REFERENCE {
            here.life[draw as usize] = seq;
        }
    }

    /// Someone confirmed who is in no cluster.
    pub(crate) fn confirmed(&mut self, record: &Record, seq: Seq) {
        if record.is(flag::ACCESS) && record.is(flag::COMMON_MAIL) {
            let place = self.place(record.petition);
            let here = &mut self.all[place].1;
            here.confirmed += 1;
            put(&mut here.at_home, here.confirmed, seq);
        }
    }

    fn place(&mut self, petition: PetitionId) -> usize {
        if let Some(place) = self.by_petition.get(&petition.0) {
            return *place as usize;
        }
        let fresh = Surroundings {
            latest: Vec::new(),
            life: Vec::new(),
            at_home: Vec::new(),
            audience: Audience::default(),
            confirmed: 0,
            seen: 0,
            used: true,
        };
        let place = if self.all.len() < MAX_PETITIONS {
            self.all.push((petition, fresh));
            self.all.len() - 1
        } else {
            while std::mem::take(&mut self.all[self.hand].1.used) {
                self.hand = (self.hand + 1) % self.all.len();
            }
            self.by_petition.remove(&self.all[self.hand].0.0);
            self.all[self.hand] = (petition, fresh);
            self.hand
        };
        self.by_petition.insert(petition.0, place as u32);
        place
    }

    pub(crate) fn of(&self, petition: PetitionId) -> Option<&Surroundings> {
        let place = self.by_petition.get(&petition.0)?;
        self.all.get(*place as usize).map(|(_, here)| here)
    }

    /// The country of a petition's audience, once it is by so many ahead of all others that a few do not change it.
    pub(crate) fn audience(&self, petition: PetitionId) -> Country {
        let here = self.of(petition).map(|here| here.audience);
        let known = here.filter(|audience| audience.ahead >= AUDIENCE);
        known.map_or(Country::UNKNOWN, |audience| Country(audience.country))
    }

    /// Contributions that a petition has had.
    pub(crate) fn seen(&self, petition: PetitionId) -> u64 {
        self.of(petition).map_or(0, |here| here.seen)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.all.len() * (REFERENCE * 12 + size_of::<(PetitionId, Surroundings)>())
    }
}

fn put(ring: &mut Vec<Seq>, nth: u64, seq: Seq) {
    if ring.len() < REFERENCE {
        ring.push(seq);
    } else {
        ring[(nth % REFERENCE as u64) as usize] = seq;
    }
}
