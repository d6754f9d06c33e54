//! `paraph export --static DIR`: the public pages as files.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::{block_on, configured, print};
use crate::cli::Export;
use crate::failure::Failure;
use crate::handlers::shelf;
use crate::journal;
use crate::ledger::catalogue::{self, Catalogue};
use crate::ledger::judged;
use crate::plural::many;
use crate::server::{look, site};
use crate::views::{self, Copied, CopyPage, Frame, Lang, Site};

pub(super) fn run(command: &Export) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let catalogue = block_on(async {
        let mut db = look(&config.directory).await?;
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::failed(
                format!("the petitions cannot be read: {error}"),
                "`paraph fsck` says more",
            )
        };
        // One snapshot for all reads: numbers and their moment belong together.
        db.run("BEGIN").await.map_err(|error| unreadable(&error))?;
        let end = journal::end(&mut db).await.map_err(|error| unreadable(&error))?;
        let work = judged::unfinished(&mut db).await.map_err(|error| unreadable(&error))?;
        let pending = work.as_ref().map(|work| &work.pending);
        let catalogue = catalogue::read(&mut db, end.at, 0, &Catalogue::default(), pending).await;
        catalogue.map_err(|error| unreadable(&error))
    })?;
    refuse_what_is_no_copy(&command.directory)?;
    let base_url = config.site.base_url_for(config.listen.http);
    let petitions = shelf::copied(&catalogue);
    let written = write(
        &command.directory,
        &site(&config, &base_url),
        &petitions,
        catalogue.as_of.0,
    )?;
    if command.json {
        print(&json!({ "petitions": petitions.len(), "files": written }).to_string());
    } else {
        print(&format!(
            "{}, {} in {}; put them on any web space",
            many(petitions.len() as u64, "petition", "petitions"),
            many(written as u64, "file", "files"),
            command.directory.display()
        ));
    }
    Ok(())
}

/// A directory with something else in it is somebody's site: its pages have the same names.
fn refuse_what_is_no_copy(directory: &Path) -> Result<(), Failure> {
    let is_copy = ["paraph.svg", "site.css"]
        .iter()
        .all(|name| directory.join(name).is_file());
    let is_empty = fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if is_empty || is_copy {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "--static: {} holds something else than an earlier copy",
            directory.display()
        ),
        "name a directory that is empty or absent, or one that this command has filled before",
    ))
}

/// Every page in every language: the first at the top, the others each in a directory of its own.
fn write(directory: &Path, site: &Site, petitions: &[Copied], as_of: u64) -> Result<usize, Failure> {
    let mut written = 0;
    let mut put = |path: &Path, bytes: &[u8]| {
        written += 1;
        replace(&directory.join(path), bytes)
            .map_err(|error| Failure::io(format!("cannot write {}", directory.join(path).display()), &error))
    };
    for (name, url) in [
        ("site.css", views::assets::SITE_CSS),
        ("paraph.svg", views::assets::PARAPH_SVG),
    ] {
        let asset = views::asset(url).map(|asset| asset.bytes).unwrap_or_default();
        put(Path::new(name), asset)?;
    }
    for (index, lang) in site.languages.iter().enumerate() {
        let (place, up) = if index == 0 { ("", "") } else { (lang.code(), "../") };
        let mut page = |file: &Path, above: &str, petition: Option<&Copied>| {
            let here = petition.map_or(String::new(), |copied| format!("p/{}/", copied.petition.slug));
            let page = CopyPage {
                petitions,
                petition,
                root: &format!("{above}{up}"),
                home: above,
                here: &here,
                as_of,
            };
            put(&Path::new(place).join(file), copy(site, *lang, &page).as_bytes())
        };
        page(Path::new("index.html"), "", None)?;
        for copied in petitions {
            let file = Path::new("p").join(&copied.petition.slug).join("index.html");
            page(&file, "../../", Some(copied))?;
        }
    }
    Ok(written)
}

fn copy(site: &Site, lang: Lang, page: &CopyPage<'_>) -> String {
    views::copy(&Frame { site, lang, path: None }, page)
}

/// Whole or not at all: a web server may be reading.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut fresh = tempfile::NamedTempFile::new_in(directory)?;
    fresh.write_all(bytes)?;
    // Another user's web server serves them.
    fresh.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}
