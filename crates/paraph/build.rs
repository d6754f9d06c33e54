//! Embeds what the pages are made of: adding a language or an asset is adding a file.
//!
//! - `locales/{code}.ftl` with `locales/desk/{code}.ftl` and `locales/{code}.countries.tsv` become one row of `LOCALES`;
//! - `locales/mail/{code}.ftl` becomes one row of `LANGUAGES`, and so does `locales/alerts/{code}.ftl` for alerts;
//! - every file under `assets/` except licences becomes one row of `ASSETS`, compressed once, here, and named by its
//!   content, with a constant that holds its address (`sign.js` is `SIGN_JS`).

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives a place"));
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=assets");
    fs::write(out.join("locales.rs"), locales(&root.join("locales"))).expect("write locales.rs");
    fs::write(out.join("mail.rs"), mail(&root.join("locales/mail"))).expect("write mail.rs");
    fs::write(out.join("alerts.rs"), mail(&root.join("locales/alerts"))).expect("write alerts.rs");
    fs::write(out.join("assets.rs"), assets(&root.join("assets"), &out)).expect("write assets.rs");
}

/// Paths in a folder and its folders, sorted, so that the same files make the same binary.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("readable folder").path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

/// The languages in a folder: code and file of each.
fn languages(folder: &Path) -> Vec<(String, PathBuf)> {
    walk(folder)
        .into_iter()
        .filter(|path| path.parent() == Some(folder) && path.extension().is_some_and(|end| end == "ftl"))
        .map(|path| {
            let code = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("a language code");
            (code.to_owned(), path)
        })
        .collect()
}

fn mail(folder: &Path) -> String {
    let mut table = String::from("pub(super) const LANGUAGES: &[(&str, &str)] = &[\n");
    for (code, messages) in languages(folder) {
        writeln!(table, "({code:?}, include_str!({messages:?})),").expect("a string");
    }
    table + "];\n"
}

fn locales(folder: &Path) -> String {
    let mut table = String::from("const LOCALES: &[(&str, &str, &str)] = &[\n");
    for (code, messages) in languages(folder) {
        let countries = messages.with_extension("countries.tsv");
        assert!(
            countries.exists(),
            "{} has no {}",
            messages.display(),
            countries.display()
        );
        let desk = folder.join("desk").join(format!("{code}.ftl"));
        writeln!(
            table,
            "({code:?}, concat!(include_str!({messages:?}), \"\\n\", include_str!({desk:?})), include_str!({countries:?})),"
        )
        .expect("a string");
    }
    table + "];\n"
}

fn assets(folder: &Path, out: &Path) -> String {
    let mut table = String::from("const ASSETS: &[Embedded] = &[\n");
    let mut addresses = String::new();
    for path in walk(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        let Some(content_type) = content_type(name) else {
            continue;
        };
        let bytes = fs::read(&path).expect("readable asset");
        let digest = Sha256::digest(&bytes);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let compressed = out.join(format!("{name}.gz"));
        fs::write(&compressed, gzip(&bytes)).expect("write compressed asset");
        let constant = name.to_uppercase().replace(['.', '-'], "_");
        writeln!(
            addresses,
            "/// Address of `{name}`, by content.\npub const {constant}: &str = \"/assets/{hash}/{name}\";"
        )
        .expect("a string");
        writeln!(
            table,
            "Embedded {{ name: {name:?}, hash: {hash:?}, etag: \"\\\"{hash}\\\"\", \
             gzip_etag: \"\\\"{hash}-gzip\\\"\", content_type: {content_type:?}, \
             bytes: include_bytes!({path:?}), gzip: include_bytes!({compressed:?}) }},"
        )
        .expect("a string");
    }
    table + "];\n" + &addresses
}

/// What a file is served as; `None` is not served (licences travel in the source).
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Compressed without a file name or time, so that the same bytes in are the same bytes out.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory")
}
