//! Contributions a second and bytes for each, beside a pass that only decodes the same stream: with few rules in force, and
//! with as many as there can be.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;

use paraph_drill::sim::{Act, SimScenario, Truth, TuningSeed, simulate};
use paraph_scrutiny::{Advice, Country, Finding, NetworkKind, Observation, Scrutiny, Source, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};

use paraph_nights::replay;

const TICK: u64 = 10_000;

/// How often the rules in force are counted, in milliseconds.
const COUNTED: u64 = 6 * 3_600_000;

/// Petition 99 is the one that all of them attack.
const MOST_ATTACKED: u32 = 99;

/// Every scenario that leaves a rule behind.
const ATTACKS: [SimScenario; 9] = [
    SimScenario::Lockstep218,
    SimScenario::SelfConfirm,
    SimScenario::StoredUp,
    SimScenario::AliasFarm,
    SimScenario::LowAndSlow,
    SimScenario::BrowserFarm,
    SimScenario::StolenIdentities,
    SimScenario::Noel2020,
    SimScenario::Mimicry,
];

/// What is measured.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    /// Three petitions of all are under attack.
    Calm,
    /// Three of ten are, each by another scenario; and one by all of them, again and again.
    Attacked,
}

/// One step as it would lie in a journal with its features: fixed places, 82 bytes.
struct Line {
    at: u64,
    /// On how many petitions it happens for each copy of the stream; 0 is on one in all.
    each: u32,
    bytes: [u8; Line::BYTES],
}

impl Line {
    const BYTES: usize = 82;
    const SIGN: u8 = 0;
    const CONFIRM: u8 = 1;
    const SETTLE: u8 = 2;

    fn encode(kind: u8, at: u64, seen: &Observation, confirmed_in: &Source) -> Self {
        let mut bytes = [0; Self::BYTES];
        let mut rest = &mut bytes[..];
        let mut put = |value: &[u8]| {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(value.len());
            here.copy_from_slice(value);
            rest = after;
        };
        put(&[kind, seen.local_hour, u8::from(seen.script), u8::from(seen.name_upper)]);
        put(&[
            u8::from(seen.common_mail),
            seen.source.kind as u8,
            confirmed_in.kind as u8,
        ]);
        put(&seen.id.0);
        put(&seen.petition.0.to_le_bytes());
        for tag in Self::tags(seen) {
            put(&tag.0.to_le_bytes());
        }
        put(&confirmed_in.near.0.to_le_bytes());
        put(&(seen.fill_ms as u32).to_le_bytes());
        put(&seen.name_order.to_le_bytes());
        put(&seen.source.country.0.to_le_bytes());
        put(&seen.declared.0.to_le_bytes());
        Self { at, each: 0, bytes }
    }

    /// On how many petitions it happens.
    fn times(&self, copies: u32) -> u32 {
        (self.each * copies).max(1)
    }

    fn tags(seen: &Observation) -> [Tag; 9] {
        let source = &seen.source;
        [
            source.near,
            source.origin,
            seen.client,
            seen.language,
            seen.name,
            seen.comment,
            seen.local_shape,
            seen.local_stem,
            seen.domain,
        ]
    }

    /// The step as one of many petitions has it: nothing of one has a value in common with another.
    fn decode(&self, copy: u32) -> (u8, Observation, Source) {
        let bytes = &self.bytes;
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|offset| bytes[at + offset]));
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let salt = copy.wrapping_mul(0x9e37_79b1);
        let tag = |nth: usize| match word(27 + 4 * nth) {
            0 => Tag::NONE,
            value => Tag((value ^ salt).max(1)),
        };
        let kind = |byte: u8| match byte {
            1 => NetworkKind::Access,
            2 => NetworkKind::Hosting,
            _ => NetworkKind::Unknown,
        };
        let mut id: [u8; 16] = std::array::from_fn(|at| bytes[7 + at]);
        id[12..].copy_from_slice(&(word(19) ^ salt).to_be_bytes());
        let source = Source {
            near: tag(0),
            origin: tag(1),
            kind: kind(bytes[5]),
            country: Country(short(73)),
        };
        let seen = Observation {
            id: SignatureId(id),
            petition: PetitionId(word(23) + 100 * copy),
            at: Millis(self.at),
            source,
            local_hour: bytes[1],
            client: tag(2),
            language: tag(3),
            script: bytes[2] == 1,
            fill_ms: word(67).into(),
            name: tag(4),
            name_order: short(71),
            name_upper: bytes[3] == 1,
            comment: tag(5),
            local_shape: tag(6),
            local_stem: tag(7),
            domain: tag(8),
            common_mail: bytes[4] == 1,
            declared: Country(short(75)),
        };
        let confirmed_in = Source {
            near: tag(9),
            kind: kind(bytes[6]),
            ..source
        };
        (bytes[0], seen, confirmed_in)
    }
}

/// Measures and prints.
pub(crate) fn print(case: Case, most: usize) {
    let lines = lines(case);
    forget_peak();
    let signed = || lines.iter().filter(|line| line.bytes[0] == Line::SIGN);
    let copies = (most / signed().map(|line| line.each as usize).sum::<usize>()).max(1) as u32;
    let contributions: f64 = signed().map(|line| f64::from(line.times(copies))).sum();
    let petitions = signed().map(|line| (line.decode(0).1.petition, line.times(copies)));
    println!(
        "{contributions} contributions to {} petitions in ten days, and what becomes of them",
        petitions.collect::<BTreeMap<_, _>>().values().sum::<u32>()
    );
    let began = on_cpu();
    let mut sum = 0u64;
    for line in &lines {
        for copy in 0..line.times(copies) {
            let (kind, seen, source) = line.decode(copy);
            sum =
                sum.wrapping_add(u64::from(kind) + u64::from(seen.domain.0) + u64::from(source.near.0) + seen.fill_ms);
        }
    }
    black_box(sum);
    let decoding = on_cpu() - began;
    let mut engine = Scrutiny::new();
    let (mut findings, mut told, mut rules) = (0, DefaultHasher::new(), Vec::new());
    let (began, mut next, mut count) = (on_cpu(), 0, 0);
    let mut tell = |finding: Finding| {
        findings += 1;
        (
            finding.name,
            finding.members,
            finding.held,
            finding.over_cap,
            finding.to_hold,
        )
            .hash(&mut told);
    };
    for line in &lines {
        while next <= line.at {
            engine.tick(Millis(next)).into_iter().for_each(&mut tell);
            next = (next + TICK).max(line.at / TICK * TICK);
        }
        if count <= line.at {
            rules.push(in_force(&engine));
            count = line.at + COUNTED;
        }
        for copy in 0..line.times(copies) {
            let (kind, seen, source) = line.decode(copy);
            match kind {
                Line::SIGN => engine.observe(&seen),
                Line::CONFIRM => engine.confirm(seen.id, Millis(line.at), &source),
                _ => engine.settled(seen.id, Millis(line.at)),
            }
        }
    }
    engine.tick(Millis(next)).into_iter().for_each(&mut tell);
    let scrutiny = on_cpu() - began;
    println!(
        "decoding alone  {:>9.0} contributions in a second of one core",
        contributions / decoding
    );
    println!(
        "with scrutiny   {:>9.0} contributions in a second of one core, ratio {:.3}",
        contributions / scrutiny,
        decoding / scrutiny
    );
    let most_of = |of: fn(&(usize, usize)) -> usize| rules.iter().map(of).max().unwrap_or_default();
    println!(
        "rules in force  {:>9} in the mean, {} at most; {} on one petition",
        rules.iter().map(|(all, _)| all).sum::<usize>() / rules.len().max(1),
        most_of(|(all, _)| *all),
        most_of(|(_, on_one)| *on_one)
    );
    println!("findings told   {findings:>9}, checksum {:016x}", told.finish());
    println!(
        "state           {:>9.1} MiB for {} contributions; peak of the process {} ",
        engine.bytes() as f64 / 1_048_576.0,
        engine.remembered(),
        peak()
    );
}

/// Rules that take in members, of all petitions and of the one that has most.
fn in_force(engine: &Scrutiny) -> (usize, usize) {
    let mut rules: BTreeMap<PetitionId, usize> = BTreeMap::new();
    for finding in engine.findings() {
        *rules.entry(finding.petition).or_default() += usize::from(finding.advice == Advice::Hold);
    }
    (rules.values().sum(), rules.values().max().copied().unwrap_or_default())
}

/// Nights of tuning seeds over one another.
fn lines(case: Case) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut seeds = TuningSeed::all(u32::MAX);
    let mut add = |scenario, petition, each| add(&mut lines, scenario, seeds.next(), petition, each);
    match case {
        Case::Calm => {
            add(SimScenario::LowAndSlow, 1, 0);
            add(SimScenario::Lockstep218, 2, 0);
            add(SimScenario::SelfConfirm, 3, 0);
            (4..=9).for_each(|petition| add(SimScenario::Honest, petition, 1));
        }
        Case::Attacked => {
            for (petition, scenario) in (1..).zip(ATTACKS) {
                add(scenario, petition, 1);
            }
            (10..=16).for_each(|petition| add(SimScenario::Honest, petition, 3));
            for scenario in [ATTACKS; 6].concat() {
                add(scenario, MOST_ATTACKED, 0);
            }
        }
    }
    lines.sort_by_key(|line| line.at);
    lines
}

/// One night; of those on the petition that all attack, only what is forged.
fn add(lines: &mut Vec<Line>, scenario: SimScenario, seed: Option<TuningSeed>, petition: u32, each: u32) {
    let Some(seed) = seed else { return };
    let night = simulate(scenario, seed);
    let (ids, begin) = (replay::ids(&night), replay::BEGIN);
    for step in &night.steps {
        let whose = step.whose as usize;
        if petition == MOST_ATTACKED && matches!(night.truth[whose], Truth::Honest(_)) {
            continue;
        }
        let mut seen = replay::observation(&night.contributions[whose], ids[whose], &night.registry);
        seen.petition = PetitionId(petition);
        let mut put = |kind, at, source: &Source| {
            lines.push(Line {
                each,
                ..Line::encode(kind, at, &seen, source)
            });
        };
        let at = begin + step.at;
        match step.act {
            Act::Sign => put(Line::SIGN, at, &Source::default()),
            Act::Confirm(place) => {
                let source = replay::source(&place, &night.registry);
                put(Line::CONFIRM, at, &source);
                put(Line::SETTLE, at + 180_000, &source);
            }
            Act::Withdraw | Act::Disown => {}
        }
    }
}

/// Seconds that this process has had a core for: what others do on the machine at the same time is not counted.
fn on_cpu() -> f64 {
    let status = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = status.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Largest resident memory of this process begins anew.
fn forget_peak() {
    // Where that cannot be said, the peak is that of all cases.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Largest resident memory of this process.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
