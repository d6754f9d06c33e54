//! Languages that an operator adds: files in a directory, read once at start.
//!
//! `{code}.ftl` is all that is needed. `{code}.countries.tsv` names the countries, `mail/{code}.ftl` holds the mails. What a
//! file lacks is said in the site's first language, and reported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::faults;
use super::locale::{self, Locale, TextError};
use super::{LOCALES, MORE, More};
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
    /// Messages that it lacks.
    pub missing: Vec<String>,
    /// Messages that no page asks for: a typing error, or a text of another version.
    pub unknown: Vec<String>,
    /// Whether it has mails of its own.
    pub has_mails: bool,
    /// Messages of mails that it lacks.
    pub missing_in_mails: Vec<String>,
    /// The language that says what it lacks: the site's first, or English if it is the first itself.
    pub instead: String,
    /// What is wrong with single texts and lines, each with its file, its message or line, and what to write.
    pub faults: Vec<String>,
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
/// changes nothing, but says whether the files can be used. `first` is the site's first language.
///
/// # Errors
/// A file cannot be read, or is not a language.
pub fn add(directory: &Path, first: &str) -> Result<(), LocaleError> {
    let mut read = codes_in(directory)?
        .iter()
        .map(|code| Read::of(directory, code, first))
        .collect::<Result<Vec<_>, _>>()?;
    let mails: Vec<_> = read
        .iter_mut()
        .filter_map(|read| Some((read.locale.code, read.mails.take()?)))
        .collect();
    let locales = read.into_iter().map(|read| read.locale).collect();
    // A first language that is itself added has texts only where its file does; English stands behind it.
    let more = |fallback| More { locales, fallback };
    let is_first = MORE.set(more(first.to_owned())).is_ok();
    if is_first {
        mail::texts::add_languages(&mails, first);
    }
    Ok(())
}

/// The files of a language.
struct Read {
    locale: Locale,
    messages: String,
    mails: Option<String>,
    /// What is wrong with single texts and lines, each with its file.
    faults: Vec<String>,
}

impl Read {
    fn of(directory: &Path, code: &str, first: &str) -> Result<Self, LocaleError> {
        let path = directory.join(format!("{code}.ftl"));
        if LOCALES.iter().any(|(known, ..)| known.eq_ignore_ascii_case(code)) {
            let code = code.to_owned();
            return Err(LocaleError::BuiltIn { path, code });
        }
        let messages = text(&path)?.unwrap_or_default();
        let mut faults = Vec::new();
        let mut note = |path: &Path, found: Vec<String>| {
            faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", path.display())));
        };
        // Kept for as long as the process, like those built in.
        let mut locale = match Locale::read(code.to_owned().leak(), &messages, "") {
            Ok(locale) => locale,
            Err(error) => return Err(LocaleError::Text { path, error }),
        };
        if let Some(id) = NEEDED.into_iter().find(|id| !locale.has(id)) {
            return Err(LocaleError::Needed { path, id });
        }
        note(&path, faults::of_texts(&messages, english()));

        let path = directory.join(format!("{code}.countries.tsv"));
        let file = text(&path)?.unwrap_or_default();
        let (countries, found) = faults::countries(file.leak(), &countries_instead(first));
        locale.countries = countries;
        note(&path, found);

        let path = directory.join("mail").join(format!("{code}.ftl"));
        let mails = text(&path)?;
        if let Some(mails) = &mails {
            if let Err(error) = locale::check(mails) {
                return Err(LocaleError::Text { path, error });
            }
            note(&path, faults::of_texts(mails, mail::texts::english_source()));
        }
        Ok(Self {
            locale,
            messages,
            mails,
            faults,
        })
    }
}

/// The texts that every language has.
fn english() -> &'static str {
    let english = LOCALES.iter().find(|(code, ..)| *code == "en");
    english.map_or("", |(_, messages, _)| messages)
}

/// Names of the countries that an added language does not name: in the site's first language, if it is built in.
fn countries_instead(first: &str) -> Vec<faults::Country> {
    let of = |code: &str| LOCALES.iter().find(|(known, ..)| *known == code);
    let file = of(first).or_else(|| of("en")).map_or("", |(.., countries)| countries);
    file.lines().filter_map(|line| line.split_once('\t')).collect()
}

/// A file, if there is one; without the mark that some editors put before UTF-8.
fn text(path: &Path) -> Result<Option<String>, LocaleError> {
    match named::text(path, LOCALE_FILE_BYTES) {
        Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let path = path.to_owned();
            Err(LocaleError::Unreadable { path, error })
        }
    }
}

/// What is to be said of the languages in a directory, without adding them. `first` is the site's first language.
///
/// # Errors
/// As [`add`].
pub fn report(directory: &Path, first: &str) -> Result<Vec<Added>, LocaleError> {
    let of_pages: BTreeSet<&str> = ids(english());
    let of_mails: BTreeSet<&str> = ids(mail::texts::english_source());
    let mut found = Vec::new();
    for code in codes_in(directory)? {
        let read = Read::of(directory, &code, first)?;
        let (own, mails) = (ids(&read.messages), read.mails.as_deref().map(ids));
        let owned = |ids: &mut dyn Iterator<Item = &&str>| ids.map(|id| (*id).to_owned()).collect();
        found.push(Added {
            // The desk speaks the languages built in: three people work there.
            missing: owned(&mut of_pages.difference(&own).filter(|id| !id.starts_with("desk-"))),
            unknown: owned(&mut own.difference(&of_pages)),
            has_mails: mails.is_some(),
            missing_in_mails: mails.map_or_else(Vec::new, |mails| owned(&mut of_mails.difference(&mails))),
            instead: if first == code { "en" } else { first }.to_owned(),
            faults: read.faults,
            code,
        });
    }
    Ok(found)
}

fn ids(messages: &str) -> BTreeSet<&str> {
    let messages = locale::ids(messages).map(|(_, id)| id);
    messages.filter(|id| !id.starts_with('-')).collect()
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
        report(directory(&[(name, text)]).path(), "fr")
            .expect_err("refused")
            .to_string()
    }

    #[test]
    fn a_file_is_a_language_and_what_it_lacks_is_reported() {
        let text = "name = Qwerty\ndir = rtl\nnumber-group = .\nyes = Qw\nyse = Qw\n";
        let found = report(directory(&[("qw.ftl", text)]).path(), "fr").expect("read");
        let [added] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&*added.code, added.has_mails, &*added.instead), ("qw", false, "fr"));
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
        let twice = refused("qw.ftl", &format!("\u{feff}{whole}# again\nname = R\n"));
        assert!(
            twice.ends_with("line 5: name stands in a line before; remove one of them"),
            "{twice}"
        );
        let up = refused("qw.ftl", "name = Q\ndir = up\nnumber-group = .\n");
        assert!(up.contains("message dir: it says \"up\"; write ltr"), "{up}");
        assert!(refused("not a code.ftl", whole).contains("not a language code"));
        assert!(refused("fr.ftl", whole).contains("built in"));
    }
}
