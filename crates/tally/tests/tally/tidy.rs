//! House rules of a pure crate.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn depends_on_nothing_but_hashes_and_error_texts() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("readable");
    let tables: Vec<&str> = manifest
        .lines()
        .filter(|line| line.starts_with('[') && line.contains("dependencies"))
        .collect();
    assert_eq!(tables, ["[dependencies]", "[dev-dependencies]"]);
    let dependencies = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let dependencies = dependencies
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim().is_empty());
    let names: Vec<&str> = dependencies
        .filter_map(|line| line.split([' ', '.', '=']).next())
        .collect();
    assert_eq!(names, ["hmac", "sha2", "thiserror"]);
}

/// Clock, files, network, threads, chance. Hash maps of the standard library are among them: their order is random.
#[test]
fn has_no_clock_no_files_no_network_no_chance() {
    const FORBIDDEN: [&str; 16] = [
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
        "getrandom",
        "HashMap",
        "HashSet",
        "async",
        "await",
        "unsafe",
    ];
    for path in sources(&Path::new(ROOT).join("src")) {
        let source = fs::read_to_string(&path).expect("readable");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for word in code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')) {
            assert!(!FORBIDDEN.contains(&word), "{word} in {}", path.display());
        }
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .expect("readable")
        .map(|entry| entry.expect("readable").path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories.iter().flat_map(|directory| sources(directory));
    files.into_iter().chain(below).collect()
}
