//! Campaigns that are drawn from a seed: how many, at what pace, from which networks, with which programs, names and
//! mailboxes. What takes days is compressed in time and in size, and says what it stands for.
//!
//! None is made to be found out: names, programs and delays are those of people wherever that costs a forger nothing.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha20Rng;

use crate::forgeries::{self, Confirms, Dress, Forgery, Guise, Method};
use crate::networks::{self, Ground};
use crate::scenario::{ForgedRate, NOEL_DAYS, Options, Scenario, StandsFor, Wave, human_delay, letters, mix};
use crate::{brigade, browsers, people};

const DAY: u64 = 86_400;

/// What is played against honest people, and when.
pub(crate) struct Campaign {
    pub(crate) forgeries: Vec<Forgery>,
    pub(crate) waves: Vec<Wave>,
    /// Which wave misuses the protocol.
    pub(crate) abuse: Option<usize>,
    pub(crate) stands_for: Option<StandsFor>,
}

/// The campaign of a scenario, forgeries in order of time.
pub(crate) fn of(rng: &mut ChaCha20Rng, options: &Options) -> Campaign {
    let (forgeries, stands_for) = match options.scenario {
        Scenario::Noel2020 => return noel(rng, options),
        Scenario::LowAndSlow => low_and_slow(rng, options),
        Scenario::BrowserFarm => browser_farm(rng, options),
        Scenario::StoredUp => stored_up(rng, options),
        Scenario::StolenIdentities => stolen_identities(rng, options),
        Scenario::Brigade => (Vec::new(), Some(brigade::stands_for())),
        _ => (forgeries::of(rng, options), None),
    };
    Campaign {
        forgeries,
        waves: vec![Wave {
            name: options.scenario.name(),
            from: options.warm_up,
            to: options.warm_up + options.attack,
        }],
        abuse: Some(0),
        stands_for,
    }
}

/// When forgeries are made.
#[derive(Clone, Copy)]
struct Span {
    from: Duration,
    length: Duration,
}

impl Span {
    fn of(options: &Options) -> Self {
        Self {
            from: options.warm_up,
            length: options.attack,
        }
    }

    fn at(self, place: f64) -> Duration {
        self.from + self.length.mul_f64(place.clamp(0.0, 1.0))
    }

    /// How many of a campaign that would make `share` of what the rate allows.
    fn room(self, options: &Options, share: f64) -> usize {
        let rate = match options.forged_rate {
            ForgedRate::InAll(rate) => rate,
            ForgedRate::PerSource(rate) => rate * networks::HOSTING_ADDRESSES as f64,
        };
        ((rate * self.length.as_secs_f64() * share).max(0.0) as usize).min(options.max_forgeries)
    }
}

/// What a forger has bought or prepared.
struct Kit {
    places: Vec<Ipv4Addr>,
    browsers: Vec<u16>,
    /// Mail domains of their own; none: accounts at large providers.
    domains: Vec<String>,
    styles: Vec<u8>,
    comment: &'static str,
    /// Median, in seconds, and spread of the time of filling in.
    fill: (f64, f64),
    confirms: bool,
}

/// How much of something: at least and at most.
type Between = (u16, u16);

impl Kit {
    fn new(rng: &mut ChaCha20Rng, ground: Ground, networks: Between, prefixes: Between, browsers: Between) -> Self {
        let numbers: Vec<u8> = (0..rng.random_range(networks.0..=networks.1))
            .map(|_| rng.random())
            .collect();
        let prefixes: Vec<(u8, u8)> = (0..rng.random_range(prefixes.0..=prefixes.1))
            .map(|_| (numbers.choose(rng).copied().unwrap_or_default(), rng.random()))
            .collect();
        // Some addresses of each prefix: proxies and servers are rented by the handful.
        let places = prefixes.iter().flat_map(|(network, prefix)| {
            let hosts = rng.random_range(1..=12);
            let first = rng.random_range(1..=240);
            (first..first + hosts).map(|host| ground.address(*network, *prefix, host))
        });
        let places = places.collect();
        Self {
            places,
            browsers: (0..rng.random_range(browsers.0..=browsers.1))
                .map(|_| browsers::of_somebody(rng.random()))
                .collect(),
            domains: (0..rng.random_range(1..=8u8))
                .map(|_| people::own_domain(rng))
                .collect(),
            styles: (0..rng.random_range(1..=3u8))
                .map(|_| rng.random_range(0..people::STYLES))
                .collect(),
            comment: "",
            fill: (35.0, 0.6),
            confirms: true,
        }
    }

    /// One forgery with a name from the lists that honest people have theirs from.
    fn forge(&self, rng: &mut ChaCha20Rng, options: &Options, nth: usize, at: Duration) -> Forgery {
        let (first, last) = people::ordinary_name(rng);
        self.forge_as(rng, options, nth, at, (first, last))
    }

    fn forge_as(
        &self,
        rng: &mut ChaCha20Rng,
        options: &Options,
        nth: usize,
        at: Duration,
        (first, last): (&str, &str),
    ) -> Forgery {
        let style = self.styles.choose(rng).copied().unwrap_or_default();
        // A letter more than in the mailboxes of honest people.
        let local = people::local_part(style, first, last, &format!("{nth}{}q", letters(options.seed)));
        let domain = match self.domains.choose(rng) {
            Some(domain) => domain.clone(),
            None => people::large_provider(rng).to_owned(),
        };
        let dress = Dress {
            name: format!("{first} {last}"),
            address: format!("{local}@{domain}"),
            comment: self.comment,
            browser: self.browsers.choose(rng).copied().unwrap_or_default(),
            dwell: human_delay(rng, self.fill.0, self.fill.1, options.typing()),
            confirms: Confirms::After(human_delay(rng, 90.0, 1.0, options.compression)),
        };
        Forgery {
            at,
            source: self
                .places
                .choose(rng)
                .copied()
                .unwrap_or(Ipv4Addr::new(198, 51, 100, 9)),
            port: rng.random_range(1024..=u16::MAX),
            method: if self.confirms {
                Method::SolveAndConfirm
            } else {
                Method::Solve
            },
            guise: Guise::Invented,
            number: ((mix(options.seed) as u32) << 20).wrapping_add(nth as u32),
            nth: nth as u32,
            victim: None,
            petition: 0,
            wave: 0,
            dress: Some(Arc::new(dress)),
        }
    }
}

type Drawn = (Vec<Forgery>, Option<StandsFor>);

fn stands_for(seconds: u64, forged: u64) -> Option<StandsFor> {
    Some(StandsFor {
        seconds,
        forged,
        honest: None,
    })
}

/// Through a few neighbouring prefixes, at a steady pace with a little chance in it.
fn low_and_slow(rng: &mut ChaCha20Rng, options: &Options) -> Drawn {
    let ground = if rng.random() { Ground::Unlisted } else { Ground::Rented };
    let mut kit = Kit::new(rng, ground, (1, 1), (1, 6), (2, 5));
    if rng.random() {
        kit.domains.clear();
    }
    let forged: u64 = rng.random_range(9_000..=13_000);
    let span = Span::of(options);
    let many = span.room(options, forged as f64 / 12_000.0);
    let forgeries = (0..many).map(|nth| {
        let place = (nth as f64 + rng.random_range(0.0..0.8)) / many as f64;
        kit.forge(rng, options, nth, span.at(place))
    });
    (forgeries.collect(), stands_for(10 * DAY, forged))
}

/// One pace of filling in, day and night, on many lines.
fn browser_farm(rng: &mut ChaCha20Rng, options: &Options) -> Drawn {
    let ground = if rng.random() { Ground::Homes } else { Ground::Rented };
    let mut kit = Kit::new(rng, ground, (2, 4), (200, 500), (2, 6));
    kit.fill = (rng.random_range(15.0..60.0), rng.random_range(0.05..0.2));
    let days: u64 = rng.random_range(3..=6);
    let span = Span::of(options);
    let many = span.room(options, rng.random_range(0.8..1.2));
    let mut places: Vec<f64> = (0..many).map(|_| rng.random()).collect();
    places.sort_unstable_by(f64::total_cmp);
    let forgeries = places.into_iter().enumerate();
    let forgeries = forgeries.map(|(nth, place)| kit.forge(rng, options, nth, span.at(place)));
    (forgeries.collect(), stands_for(days * DAY, 1000 * days))
}

/// Most that the burst in the end takes of the whole; compressed with the rest it would be shorter than a request.
const BURST: f64 = 0.12;

/// Signed by day over some days, confirmed in the end, all within one burst.
fn stored_up(rng: &mut ChaCha20Rng, options: &Options) -> Drawn {
    let ground = if rng.random() { Ground::Rented } else { Ground::Unlisted };
    let kit = Kit::new(rng, ground, (1, 5), (10, 80), (4, 12));
    let (days, pause): (u64, u64) = (rng.random_range(3..=5), rng.random_range(4..=30) * 3600);
    let forged: u64 = rng.random_range(1_500..=6_000);
    let span = Span::of(options);
    let whole = days * DAY + pause;
    let signing = (1.0 - BURST) * (days * DAY) as f64 / whole as f64;
    let many = span.room(options, forged as f64 / 4_000.0);
    let mut places: Vec<f64> = (0..many).map(|_| by_day(rng, days as f64)).collect();
    places.sort_unstable_by(f64::total_cmp);
    let forgeries = places.into_iter().enumerate().map(|(nth, place)| {
        let forgery = kit.forge(rng, options, nth, span.at(place * signing));
        let pressed = span.at(1.0 - BURST + BURST * rng.random::<f64>());
        confirming(forgery, Confirms::At(pressed))
    });
    (forgeries.collect(), stands_for(whole, forged))
}

fn confirming(forgery: Forgery, confirms: Confirms) -> Forgery {
    let dress = forgery.dress.as_deref().cloned();
    Forgery {
        dress: dress.map(|dress| Arc::new(Dress { confirms, ..dress })),
        ..forgery
    }
}

/// A moment of some days from one midnight on, as part of them: rarely at night.
fn by_day(rng: &mut ChaCha20Rng, days: f64) -> f64 {
    loop {
        let place: f64 = rng.random();
        let awake = 1.0 - 0.9 * (std::f64::consts::TAU * days * place).cos();
        if rng.random::<f64>() * 1.9 < awake {
            return place;
        }
    }
}

/// Share of a day that the list of a night takes; more than on the clock, so that it is no flood.
const NIGHT: f64 = 0.5;

/// A list from top to bottom, a part of it each midnight, as it was written.
fn stolen_identities(rng: &mut ChaCha20Rng, options: &Options) -> Drawn {
    let ground = if rng.random_bool(0.7) {
        Ground::Rented
    } else {
        Ground::Unlisted
    };
    let kit = Kit::new(rng, ground, (1, 3), (3, 30), (2, 4));
    let (sorted, capitals) = (rng.random_bool(0.7), rng.random_bool(0.5));
    let nights: u64 = rng.random_range(4..=6);
    let forged: u64 = (0..nights).map(|_| rng.random_range(200..=600u64)).sum();
    let span = Span::of(options);
    let each = span.room(options, forged as f64 / 2_000.0) / nights as usize;
    let mut forgeries = Vec::new();
    for night in 0..nights {
        let mut list: Vec<String> = (0..each).map(|_| people::last_name(rng)).collect();
        if sorted {
            list.sort_unstable();
        }
        let mut places: Vec<f64> = (0..each).map(|_| rng.random()).collect();
        places.sort_unstable_by(f64::total_cmp);
        for (last, place) in list.iter().zip(places) {
            let at = span.at((night as f64 + NIGHT * place) / nights as f64);
            let (first, last) = (people::first_name(rng), last.as_str());
            let (upper_first, upper_last) = (first.to_uppercase(), last.to_uppercase());
            let name = if capitals {
                (upper_first.as_str(), upper_last.as_str())
            } else {
                (first, last)
            };
            forgeries.push(kit.forge_as(rng, options, forgeries.len(), at, name));
        }
    }
    (forgeries, stands_for(nights * DAY, forged))
}

/// Where the three waves lie in the five days, as parts of the whole, in the order of the event: a night, the evening two
/// days later, the evening of the fourth day. Between them lies what an incident needs to be over.
const WAVES: [(&str, f64, f64); 3] = [
    ("forged-signatures", 0.14, 0.26),
    ("request-flood", 0.44, 0.60),
    ("officials", 0.87, 0.95),
];

/// Signatures that the petition of the event had in the end, about.
const NOEL_SIGNATURES: u64 = 34_000;

/// Forged signatures from rented servers, confirmed by their authors; a flood of requests; officials signed unawares.
fn noel(rng: &mut ChaCha20Rng, options: &Options) -> Campaign {
    let whole = options.warm_up + options.attack + options.calm;
    let waves: Vec<Wave> = WAVES
        .iter()
        .map(|(name, from, to)| Wave {
            name,
            from: whole.mul_f64(*from),
            to: whole.mul_f64(*to),
        })
        .collect();
    let span = |wave: &Wave| Span {
        from: wave.from,
        length: wave.to.saturating_sub(wave.from),
    };
    let forged: u64 = rng.random_range(20_000..=50_000);
    let officials: u64 = rng.random_range(1_000..=1_100);
    let mut forgeries = well_known_wave(rng, options, span(&waves[0]));
    let first = forgeries.len();
    forgeries.extend(officials_wave(rng, options, span(&waves[2]), first));
    Campaign {
        forgeries,
        waves,
        abuse: Some(1),
        stands_for: Some(StandsFor {
            seconds: NOEL_DAYS as u64 * DAY,
            forged: forged + officials,
            honest: Some(NOEL_SIGNATURES),
        }),
    }
}

/// 216 to 218 servers, one name that everybody knows, one comment, an even pace.
fn well_known_wave(rng: &mut ChaCha20Rng, options: &Options, span: Span) -> Vec<Forgery> {
    let mut kit = Kit::new(rng, Ground::Rented, (1, 1), (1, 1), (1, 2));
    let (name, comment) = people::well_known(rng);
    let words = name.split_once(' ').unwrap_or((name, ""));
    kit.comment = comment;
    if rng.random() {
        kit.fill = (rng.random_range(3.0..20.0), 0.1);
    }
    let servers = rng.random_range(216..=networks::HOSTING_ADDRESSES);
    let many = span.room(options, 1.0);
    let forgeries = (0..many).map(|nth| {
        let at = span.at(nth as f64 / many as f64);
        Forgery {
            source: networks::hosting_address(nth % servers),
            ..kit.forge_as(rng, options, nth, at, words)
        }
    });
    forgeries.collect()
}

/// A public directory from A to Z; nobody of those in it confirms.
fn officials_wave(rng: &mut ChaCha20Rng, options: &Options, span: Span, first: usize) -> Vec<Forgery> {
    let mut kit = Kit::new(rng, Ground::Rented, (1, 3), (1, 20), (1, 3));
    kit.confirms = false;
    kit.domains = vec!["assembly.example".to_owned(), "senate.example".to_owned()];
    kit.styles = vec![0];
    let many = span.room(options, 1.0);
    let mut list: Vec<String> = (0..many).map(|_| people::last_name(rng)).collect();
    list.sort_unstable();
    let forgeries = list.iter().enumerate().map(|(nth, last)| {
        let (at, name) = (
            span.at(nth as f64 / many as f64),
            (people::first_name(rng), last.as_str()),
        );
        Forgery {
            wave: 2,
            ..kit.forge_as(rng, options, first + nth, at, name)
        }
    });
    forgeries.collect()
}
