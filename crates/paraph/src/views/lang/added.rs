//! Languages that an operator adds: files in a directory, read once at start.
//!
//! `{code}.ftl` is all that is needed. `{code}.countries.tsv` names the countries, `mail/{code}.ftl` holds the mails. What a
//! file lacks is said in the site's first language, and reported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::locale::{self, Locale, TextError};
use super::{LOCALES, Lang, MORE, More};
use crate::limits::LOCALE_FILE_BYTES;
use crate::{mail, named};

/// Ids without which a file is not a language: its own name, the way it runs, and how it writes thousands.
const NEEDED: [&str; 3] = ["name", "dir", "number-group"];

/// Why the directory of languages cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocaleError {
    /// A file or the directory cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A file is not a language.
    #[error("{}: {error}", path.display())]
    Text {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: TextError,
    },
    /// A text that every language needs is not there.
    #[error("{}: there is no message {id}", path.display())]
    Needed {
        /// Which file.
        path: PathBuf,
        /// Which message.
        id: &'static str,
    },
    /// The program has this language already.
    #[error("{}: the program has {code} built in", path.display())]
    BuiltIn {
        /// Which file.
        path: PathBuf,
        /// Its language.
        code: String,
    },
}

/// A language that was added, and what is to be said of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its code.
    pub code: String,
    /// Messages that it lacks; said in the site's first language.
    pub missing: Vec<String>,
    /// Messages that no page asks for: a typing error, or a text of another version.
    pub unknown: Vec<String>,
    /// Whether it has mails of its own; else they are in English.
    pub has_mails: bool,
}

/// Codes of the languages in a directory, sorted.
///
/// # Errors
/// The directory cannot be read.
pub fn codes_in(directory: &Path) -> Result<Vec<String>, LocaleError> {
    let unreadable = |error| LocaleError::Unreadable {
        path: directory.to_owned(),
        error,
    };
    let mut codes = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let code = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(code) = code.filter(|_| path.extension().is_some_and(|end| end == "ftl")) {
            codes.push(code.to_owned());
        }
    }
    codes.sort();
    Ok(codes)
}

/// Adds the languages of a directory to those built in. Once for each process, before anything is rendered; a second time
/// changes nothing. `first` is the site's first language.
///
/// # Errors
/// A file cannot be read, or is not a language.
pub fn add(directory: &Path, first: &str) -> Result<(), LocaleError> {
    let mut locales = Vec::new();
    for code in codes_in(directory)? {
        locales.push(read(directory, &code)?);
        let path = directory.join("mail").join(format!("{code}.ftl"));
        if let Some(mails) = text(&path)? {
            locale::no_panic(&mails).map_err(|error| LocaleError::Text { path, error })?;
            mail::texts::add_language(code.leak(), &mails);
        }
    }
    let fallback = Lang::from_code(first)
        .or_else(|| Lang::from_code("en"))
        .unwrap_or(Lang(0));
    // A first language that is itself added has texts only where its file does; English stands behind it.
    let _ = MORE.set(More { locales, fallback });
    Ok(())
}

fn read(directory: &Path, code: &str) -> Result<Locale, LocaleError> {
    let path = directory.join(format!("{code}.ftl"));
    if LOCALES.iter().any(|(known, ..)| known.eq_ignore_ascii_case(code)) {
        let code = code.to_owned();
        return Err(LocaleError::BuiltIn { path, code });
    }
    let messages = text(&path)?.unwrap_or_default();
    let countries = text(&directory.join(format!("{code}.countries.tsv")))?.unwrap_or_default();
    // Kept for as long as the process, like those built in.
    let locale = match Locale::read(code.to_owned().leak(), &messages, countries.leak()) {
        Ok(locale) => locale,
        Err(error) => return Err(LocaleError::Text { path, error }),
    };
    match NEEDED.into_iter().find(|id| !locale.has(id)) {
        Some(id) => Err(LocaleError::Needed { path, id }),
        None => Ok(locale),
    }
}

/// A file, if there is one.
fn text(path: &Path) -> Result<Option<String>, LocaleError> {
    match named::text(path, LOCALE_FILE_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let path = path.to_owned();
            Err(LocaleError::Unreadable { path, error })
        }
    }
}

/// What is to be said of the languages in a directory, without adding them.
///
/// # Errors
/// As [`add`].
pub fn report(directory: &Path) -> Result<Vec<Added>, LocaleError> {
    let english: BTreeSet<&str> = LOCALES
        .iter()
        .filter(|(code, ..)| *code == "en")
        .flat_map(|(_, messages, _)| ids(messages))
        .collect();
    let mut found = Vec::new();
    for code in codes_in(directory)? {
        read(directory, &code)?;
        let messages = text(&directory.join(format!("{code}.ftl")))?.unwrap_or_default();
        let own: BTreeSet<&str> = ids(&messages).collect();
        let owned = |ids: &mut dyn Iterator<Item = &&str>| ids.map(|id| (*id).to_owned()).collect();
        found.push(Added {
            // The desk speaks the languages built in: three people work there.
            missing: owned(&mut english.difference(&own).filter(|id| !id.starts_with("desk-"))),
            unknown: owned(&mut own.difference(&english)),
            has_mails: directory.join("mail").join(format!("{code}.ftl")).exists(),
            code,
        });
    }
    Ok(found)
}

/// Ids of the messages in a file: what stands before ` =` at the start of a line.
fn ids(messages: &str) -> impl Iterator<Item = &str> {
    let id = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    messages
        .lines()
        .filter(id)
        .filter_map(|line| line.split_once('=').map(|(id, _)| id.trim_end()))
        .filter(|id| !id.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).expect("written");
        }
        directory
    }

    fn refused(name: &str, text: &str) -> String {
        report(directory(&[(name, text)]).path())
            .expect_err("refused")
            .to_string()
    }

    #[test]
    fn a_file_is_a_language_and_what_it_lacks_is_reported() {
        let text = "name = Qwerty\ndir = rtl\nnumber-group = .\nyes = Qw\nyse = Qw\n";
        let found = report(directory(&[("qw.ftl", text)]).path()).expect("read");
        let [added] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&*added.code, added.has_mails), ("qw", false));
        assert_eq!(added.unknown, ["yse"]);
        assert!(added.missing.contains(&"no".to_owned()) && !added.missing.contains(&"yes".to_owned()));
    }

    #[test]
    fn what_is_not_a_language_is_refused_with_its_place() {
        let whole = "name = Q\ndir = ltr\nnumber-group = .\n";
        assert!(
            refused("qw.ftl", "name = Q\n}{\n").contains("line 2"),
            "{}",
            refused("qw.ftl", "name = Q\n}{\n")
        );
        assert!(refused("qw.ftl", "name = Q\nnumber-group = .\n").contains("no message dir"));
        let odd = refused("qw.ftl", "name = Q\ndir = ltr\nnumber-group = x\n");
        assert!(
            odd.contains("number-group is x (U+0078)") && odd.contains("U+066C"),
            "{odd}"
        );
        assert!(refused("not a code.ftl", whole).contains("not a language code"));
        assert!(refused("fr.ftl", whole).contains("built in"));
    }
}
