//! What it costs to ask who announces an address: time against the same search in a table of 1,000 ranges, and memory.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use paraph::trace::networks::{EMBEDDED, Networks, snapshot};

use crate::Outcome;
use crate::finding::{Bar, Finding};

const LOOKUPS: usize = 1_000_000;
const SMALL: usize = 1000;

pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let before = resident_mib()?;
    let opening = Instant::now();
    let whole = Networks::embedded();
    let opened = opening.elapsed();
    let memory = resident_mib()? - before;
    let (mut table, _) = snapshot::decode(EMBEDDED)?;
    // Each 412th range, so that the small table spans the same Internet.
    let every = table.v4.len() / SMALL;
    table.v4 = table.v4.into_iter().step_by(every).collect();
    let every = table.places.v4.len() / SMALL;
    table.places.v4 = table.places.v4.into_iter().step_by(every.max(1)).collect();
    let small = Networks::from_bytes(&snapshot::encode(&table)?)?;

    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        ours.push(per_second(&whole, round));
        baseline.push(per_second(&small, round));
    }
    let sizes = whole.sizes();
    Ok(vec![
        Finding {
            what: format!(
                "networks: who announces an address, and its country, {} ranges",
                sizes.0
            ),
            unit: "lookups/s",
            ours,
            baseline,
            bar: Bar::Ratio(0.5),
            note: format!(
                "random IPv4 addresses, one core; baseline: the same with {SMALL} ranges, and {SMALL} of countries"
            ),
        },
        Finding {
            what: format!(
                "networks: memory of {} + {} ranges, {} systems",
                sizes.0, sizes.1, sizes.2
            ),
            unit: "MiB",
            ours: vec![memory],
            baseline: Vec::new(),
            bar: Bar::AtMost(40.0),
            note: format!(
                "growth of the resident set, with what reading left behind; read in {} ms from {} bytes",
                opened.as_millis(),
                EMBEDDED.len()
            ),
        },
    ])
}

/// Lookups of addresses all over the Internet, the same ones for every table.
#[expect(clippy::cast_precision_loss, reason = "a million")]
fn per_second(networks: &Networks, round: usize) -> f64 {
    let mut state = 0x9E37_79B9_u32.wrapping_mul(u32::try_from(round).unwrap_or(0) + 1);
    let started = Instant::now();
    for _ in 0..LOOKUPS {
        // Marsaglia's xorshift: cheap, and all over the place.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let address = IpAddr::V4(Ipv4Addr::from_bits(state));
        black_box((networks.lookup(address), networks.country(address)));
    }
    LOOKUPS as f64 / started.elapsed().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "pages of one process")]
pub(crate) fn resident_mib() -> Outcome<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("statm has two fields")?.parse()?;
    Ok(pages as f64 * 4096.0 / f64::from(1 << 20))
}
