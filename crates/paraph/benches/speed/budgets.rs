//! What budgets cost while ten million IPv6 /64 come by in one minute: time of a look against the same budgets holding
//! 1,000, and memory.

use std::hint::black_box;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use paraph::admit::budget::{Asker, Budgets, Purpose};
use paraph::admit::source::Source;
use paraph::limits::Limits;
use paraph_tally::Millis;

use crate::Outcome;
use crate::finding::{Bar, Finding};
use crate::networks::resident_mib;

const NOW: Millis = Millis(4_102_444_800_000);
const SOURCES: u32 = 10_000_000;
const FEW: u32 = 1000;
const LOOKS: u32 = 1_000_000;

pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let before = resident_mib()?;
    let many = holding(SOURCES);
    let memory = resident_mib()? - before;
    let few = holding(FEW);
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(per_second(&many, SOURCES));
        baseline.push(per_second(&few, FEW));
    }
    Ok(vec![
        Finding {
            what: format!("budgets: a look at one of {SOURCES} /64"),
            unit: "looks/s",
            ours,
            baseline,
            bar: Bar::Ratio(0.5),
            note: format!("four levels, one core, random among those held; baseline: the same budgets holding {FEW}"),
        },
        Finding {
            what: format!("budgets: memory after {SOURCES} /64 in one minute, in each of five budgets"),
            unit: "MiB",
            ours: vec![memory],
            baseline: Vec::new(),
            bar: Bar::AtMost(256.0),
            note: "growth of the resident set".to_owned(),
        },
    ])
}

fn holding(sources: u32) -> Budgets {
    let budgets = Budgets::new(&Limits::default());
    for purpose in Purpose::ALL {
        for number in 0..sources {
            // What is refused is not counted, and that is part of it.
            let _ = black_box(budgets.charge(purpose, &asker(number), NOW));
        }
    }
    budgets
}

/// All over 2001:db8::/32, each number a /64 of its own: multiplication by an odd number permutes.
fn asker(number: u32) -> Asker {
    let spread = number.wrapping_mul(0x9E37_79B1);
    let bits = 0x2001_0db8_u128 << 96 | u128::from(spread) << 64 | 1;
    Source::direct(SocketAddr::new(IpAddr::V6(Ipv6Addr::from_bits(bits)), 1)).into()
}

fn per_second(budgets: &Budgets, sources: u32) -> f64 {
    let mut state = 0x9E37_79B9_u32;
    let started = Instant::now();
    for _ in 0..LOOKS {
        // Marsaglia's xorshift: cheap, and all over the place.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        black_box(budgets.pressure(Purpose::Sign, &asker(state % sources), NOW));
    }
    f64::from(LOOKS) / started.elapsed().as_secs_f64()
}
