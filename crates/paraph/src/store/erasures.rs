//! `keys/erasures.log`: which records were erased, beside the keys and apart from the data.
//!
//! A backup of the data holds records that were erased later, and a backup of the keys may still open them. This log
//! travels with the keys, so that a restore knows what to erase again even when the newer data are lost. One line a
//! record: its internal id, when the erasure was asked for, and how the signature had ended (`w` withdrawn, `d` disowned,
//! `x` expired), so that a restore does not count it again either. No personal data.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use paraph_tally::{End, Millis, SignatureId};

/// A record that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The contribution that it belonged to.
    pub id: SignatureId,
    /// When the erasure was asked for.
    pub at: Millis,
    /// How the contribution had ended.
    pub end: End,
}

/// The log of one data directory.
#[derive(Clone, Debug)]
pub struct ErasureLog {
    path: PathBuf,
}

impl ErasureLog {
    /// The log at a path; made when something is first written to it.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Whether it has ever been written.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Adds erasures, durably: when this returns, their keys may go.
    ///
    /// # Errors
    /// What the system said; some lines may have been written, and writing them again does no harm.
    pub fn append(&self, erasures: &[Erasure]) -> io::Result<()> {
        let fresh = !self.exists();
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let mut text = String::new();
        if is_torn(&mut file)? {
            // A line that a crash cut short stays unreadable; the next one must not be glued to it.
            text.push('\n');
        }
        for erasure in erasures {
            let id = HEXLOWER.encode(&erasure.id.0);
            text += &format!("{id} {} {}\n", erasure.at.0, letter(erasure.end));
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        match self.path.parent() {
            Some(directory) if fresh => File::open(directory)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// Everything in the log, in its order; an absent log is empty. Lines cut short by a crash are left out: the keys of
    /// their records were not destroyed yet.
    ///
    /// # Errors
    /// What the system said.
    pub fn read(&self, mut each: impl FnMut(Erasure)) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        // By bytes: what a power cut left of a line need not be text.
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            if let Some(erasure) = std::str::from_utf8(&line).ok().and_then(parse) {
                each(erasure);
            }
        }
        Ok(())
    }

    /// Copies the log as it stands.
    ///
    /// # Errors
    /// What the system said.
    pub fn copy(&self, to: &Path) -> io::Result<()> {
        if !self.exists() {
            return File::create(to).map(drop);
        }
        fs::copy(&self.path, to).map(drop)
    }
}

fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn letter(end: End) -> char {
    match end {
        End::Withdrawn => 'w',
        End::Disowned => 'd',
        End::Expired | End::None => 'x',
    }
}

fn parse(line: &str) -> Option<Erasure> {
    let mut words = line.split(' ');
    let id = HEXLOWER.decode(words.next()?.as_bytes()).ok()?;
    let erasure = Erasure {
        id: SignatureId(id.try_into().ok()?),
        at: Millis(words.next()?.parse().ok()?),
        end: match words.next()? {
            "w" => End::Withdrawn,
            "d" => End::Disowned,
            "x" => End::Expired,
            _ => return None,
        },
    };
    words.next().is_none().then_some(erasure)
}

#[cfg(test)]
mod tests {
    use paraph_tally::{End, Millis, SignatureId};

    use super::{Erasure, ErasureLog};

    #[test]
    fn what_is_appended_is_read_again_and_a_torn_line_spoils_no_other() {
        let place = tempfile::tempdir().expect("a directory");
        let log = ErasureLog::new(place.path().join("erasures.log"));
        let read = || {
            let mut all = Vec::new();
            log.read(|erasure| all.push(erasure)).expect("read");
            all
        };
        assert_eq!(read(), []);
        let erasure = |id, end| Erasure {
            id: SignatureId([id; 16]),
            at: Millis(7),
            end,
        };
        let (one, two) = (erasure(1, End::Withdrawn), erasure(2, End::Expired));
        log.append(&[one]).expect("written");
        let whole = std::fs::read(place.path().join("erasures.log")).expect("read");
        log.append(&[two]).expect("written");
        assert_eq!(read(), [one, two]);
        for cut in 1..whole.len() {
            std::fs::write(place.path().join("erasures.log"), &whole[..cut]).expect("torn");
            // Without its line feed a line may still be whole.
            assert!(read().len() <= 1);
            log.append(&[two]).expect("written");
            assert_eq!(read().last(), Some(&two), "cut at {cut}");
            assert!(read().iter().all(|read| [one, two].contains(read)), "cut at {cut}");
        }
    }
}
