//! Contributions a second and bytes for each, beside a pass that only decodes the same stream.

use std::hint::black_box;

use paraph_drill::sim::{Act, SimScenario, TuningSeed, simulate};
use paraph_scrutiny::{Country, NetworkKind, Observation, Scrutiny, Source, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};

use paraph_nights::replay;

const TICK: u64 = 10_000;

/// One step as it would lie in a journal with its features: fixed places, 82 bytes.
struct Line {
    at: u64,
    /// On how many petitions it happens: attacks on one, ordinary days on all.
    copies: u32,
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
        Self { at, copies: 1, bytes }
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
pub(crate) fn print(most: usize) {
    let lines = lines();
    let signed = |everywhere: bool| {
        let signed = lines.iter().filter(|line| line.bytes[0] == Line::SIGN);
        signed.filter(|line| (line.copies > 1) == everywhere).count()
    };
    let copies = (most / signed(true)).max(1) as u32;
    let contributions = (signed(true) * copies as usize + signed(false)) as f64;
    println!(
        "{contributions} contributions to {} petitions in ten days, and what becomes of them",
        6 * copies + 3
    );
    let began = on_cpu();
    let mut sum = 0u64;
    for line in &lines {
        for copy in 0..copies.min(line.copies) {
            let (kind, seen, source) = line.decode(copy);
            sum =
                sum.wrapping_add(u64::from(kind) + u64::from(seen.domain.0) + u64::from(source.near.0) + seen.fill_ms);
        }
    }
    black_box(sum);
    let decoding = on_cpu() - began;
    let mut engine = Scrutiny::new();
    let (began, mut findings, mut next) = (on_cpu(), 0, 0);
    for line in &lines {
        while next <= line.at {
            findings += engine.tick(Millis(next)).len();
            next = (next + TICK).max(line.at / TICK * TICK);
        }
        for copy in 0..copies.min(line.copies) {
            let (kind, seen, source) = line.decode(copy);
            match kind {
                Line::SIGN => engine.observe(&seen),
                Line::CONFIRM => engine.confirm(seen.id, Millis(line.at), &source),
                _ => engine.settled(seen.id, Millis(line.at)),
            }
        }
    }
    findings += engine.tick(Millis(next)).len();
    let scrutiny = on_cpu() - began;
    println!(
        "decoding alone  {:>9.0} contributions in a second of one core",
        contributions / decoding
    );
    println!(
        "with scrutiny   {:>9.0} contributions in a second of one core, ratio {:.3}; {findings} findings told",
        contributions / scrutiny,
        decoding / scrutiny
    );
    println!(
        "state           {:>9.1} MiB for {} contributions; peak of the process {} ",
        engine.bytes() as f64 / 1_048_576.0,
        engine.remembered(),
        peak()
    );
}

/// Nine nights of tuning seeds over one another.
fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, seed) in (1..).zip(TuningSeed::all(9)) {
        let (scenario, copies) = match number {
            1 => (SimScenario::LowAndSlow, 1),
            2 => (SimScenario::Lockstep218, 1),
            3 => (SimScenario::SelfConfirm, 1),
            _ => (SimScenario::Honest, u32::MAX),
        };
        let night = simulate(scenario, seed);
        let (ids, begin) = (replay::ids(&night), replay::BEGIN);
        for step in &night.steps {
            let whose = step.whose as usize;
            let mut seen = replay::observation(&night.contributions[whose], ids[whose], &night.registry);
            seen.petition = PetitionId(number);
            let at = begin + step.at;
            match step.act {
                Act::Sign => lines.push(Line {
                    copies,
                    ..Line::encode(Line::SIGN, at, &seen, &Source::default())
                }),
                Act::Confirm(place) => {
                    let source = replay::source(&place, &night.registry);
                    lines.push(Line {
                        copies,
                        ..Line::encode(Line::CONFIRM, at, &seen, &source)
                    });
                    lines.push(Line {
                        copies,
                        ..Line::encode(Line::SETTLE, at + 180_000, &seen, &source)
                    });
                }
                Act::Withdraw | Act::Disown => {}
            }
        }
    }
    lines.sort_by_key(|line| line.at);
    lines
}

/// Seconds that this process has had a core for: what others do on the machine at the same time is not counted.
fn on_cpu() -> f64 {
    let status = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = status.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Largest resident memory of this process.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
