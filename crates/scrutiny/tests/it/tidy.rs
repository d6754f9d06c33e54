//! House rules of a pure crate.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn depends_on_nothing_but_the_tally() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("readable");
    let dependencies = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let dependencies = dependencies.take_while(|line| !line.starts_with('['));
    let names: Vec<&str> = dependencies
        .filter_map(|line| line.split([' ', '.', '=']).next())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(names, ["paraph-tally"]);
}

/// Clock, files, network, threads, chance. The one hash map has a hasher of its own (`KeyedMap`).
#[test]
fn has_no_clock_no_files_no_network_no_chance() {
    const FORBIDDEN: [&str; 15] = [
        "SystemTime",
        "Instant",
        "fs",
        "net",
        "io",
        "env",
        "thread",
        "process",
        "sync",
        "rand",
        "RandomState",
        "HashSet",
        "async",
        "await",
        "unsafe",
    ];
    for entry in fs::read_dir(Path::new(ROOT).join("src")).expect("readable") {
        let path = entry.expect("readable").path();
        let source = fs::read_to_string(&path).expect("readable");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for word in code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')) {
            assert!(!FORBIDDEN.contains(&word), "{word} in {}", path.display());
            let map = word == "HashMap" && !path.ends_with("groups.rs");
            assert!(
                !map,
                "HashMap in {}: its order is random, take KeyedMap",
                path.display()
            );
        }
    }
}
