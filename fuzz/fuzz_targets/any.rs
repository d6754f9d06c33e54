//! One program for every target, chosen by name: one link instead of twenty.
#![no_main]

use std::sync::LazyLock;

use paraph::fuzz::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("PARAPH_FUZZ").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    let names = || TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    found.unwrap_or_else(|| panic!("PARAPH_FUZZ={wanted}: one of {}", names())).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET)(data));
