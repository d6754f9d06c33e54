//! What `scripts/fuzz` feeds: a target for each parser that meets the network, an author or a file of ours.
//!
//! A target takes any bytes. It fails by panicking: where the parser does, and where what came out breaks the rule that
//! is written beside it. The same targets are run in every `cargo test` on the seeds in `fuzz/seeds/`, into which every input
//! that once failed goes under the name of what was wrong. Compiled for tests and for the fuzzer only.

mod mail;
mod stored;
mod typed;

use std::sync::LazyLock;

use paraph_tally::Millis;

use crate::admit::fuzz as door;
use crate::keys::Keys;

/// What a target does with any bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of the directory with its seeds.
pub const TARGETS: &[(&str, Target)] = &[
    ("proxy", door::proxy),
    ("forwarded", door::forwarded),
    ("ticket", door::ticket),
    ("clearance", door::clearance),
    ("h2", door::h2),
    ("form", typed::form),
    ("email", typed::email),
    ("desk-form", typed::desk_form),
    ("headers", typed::headers),
    ("token", typed::token),
    ("text", typed::text),
    ("bounce", mail::bounce),
    ("lmtp", mail::lmtp),
    ("event", stored::event),
    ("leaf", stored::leaf),
    ("packed", stored::packed),
    ("features", stored::features),
    ("networks", stored::networks),
    ("networks-table", stored::networks_table),
    ("alerts", stored::alerts),
    ("locale", stored::locale),
    ("control", stored::control),
    ("shield", stored::shield),
];

/// Keys that no two processes share, and two runs of one process do.
static KEYS: LazyLock<Keys> = LazyLock::new(Keys::random);

/// A day in 2026.
const NOW: Millis = Millis(1_795_000_000_000);

/// Something of ours with changes that the bytes ask for, three for each: what to do, where, with which byte. So a fuzzer
/// finds in seconds what it would never find by guessing a MAC.
pub(crate) fn changed(ours: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = ours.to_vec();
    for &[what, at, byte] in changes.as_chunks().0 {
        let at = usize::from(at) % bytes.len().max(1);
        match what % 4 {
            0 if at < bytes.len() => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.truncate(bytes.len() - usize::from(byte) % (bytes.len() + 1)),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::TARGETS;

    /// What once failed does not fail again, and a seed that is kept is one that some target reads.
    #[test]
    fn every_seed_goes_through_its_target() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        let names = |directory: &Path| -> Vec<_> {
            let entries =
                std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
            let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
            paths.sort();
            paths
        };
        let mut directories = names(&seeds);
        for (name, target) in TARGETS {
            let own = seeds.join(name);
            directories.retain(|directory| *directory != own);
            let files = names(&own);
            assert!(!files.is_empty(), "{name} has no seed");
            for file in files {
                println!("{}", file.display());
                target(&std::fs::read(&file).expect("a seed"));
            }
            target(b"");
        }
        assert!(directories.is_empty(), "seeds of no target: {directories:?}");
    }
}
