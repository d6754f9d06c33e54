//! `keys/erasures.log`: which records were erased, beside the keys and apart from the data.
//!
//! A backup of the data holds records that were erased later, and a backup of the keys may still open them. This log
//! travels with the keys, so that a restore knows what to erase again even when the newer data are lost. One line a
//! record: its internal id, when the erasure was asked for, and how the signature had ended (`w` withdrawn, `d` disowned,
//! `x` expired), so that a restore does not count it again either. No personal data.
//!
//! A line is needed while a backup may be left that holds its key: after that, that the key is missing beside a record says
//! the same, and [`ErasureLog::forget`] drops the line. A log that was shortened begins with `since` and the moment from
//! which on it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use paraph_tally::{End, Millis, SignatureId};

const DAY: u64 = 24 * 3600 * 1000;
/// What the first line of a shortened log begins with.
const SINCE: &str = "since ";

/// Lines cut short that are looked for further down: each is what one crash left.
const MOST_TORN: usize = 64;

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

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has ever been written.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Whether it can be written, if there is one; whoever only finds out at the first erasure has promised it by then.
    ///
    /// # Errors
    /// What the system said.
    pub fn probe(&self) -> io::Result<()> {
        match OpenOptions::new().append(true).open(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.path.metadata().map_or(true, |log| log.len() == 0)
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
            text += &line(erasure);
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        match self.path.parent() {
            Some(directory) if fresh => File::open(directory)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// Everything in the log, in its order; an absent log is empty. Lines cut short by a crash are left out: the keys of
    /// their records were not destroyed yet, and the next tick wrote the line again. How many lines were left out that no
    /// whole one repeats: what they said is lost.
    ///
    /// # Errors
    /// What the system said.
    pub fn read(&self, mut each: impl FnMut(Erasure)) -> io::Result<u64> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let (mut unreadable, mut torn) = (0, Vec::new());
        // By bytes: what a power cut left of a line need not be text.
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            let text = std::str::from_utf8(&line).ok();
            match text.and_then(parse) {
                Some(erasure) => {
                    torn.retain(|torn: &Vec<u8>| !line.starts_with(torn));
                    each(erasure);
                }
                None if line.is_empty() || text.is_some_and(|text| text.starts_with(SINCE)) => {}
                None if torn.len() < MOST_TORN => torn.push(line),
                None => unreadable += 1,
            }
        }
        Ok(unreadable + torn.len() as u64)
    }

    /// Drops the lines of before a moment, once the oldest is a day older than that: so at most once a day. How many went.
    ///
    /// What is kept is written to a file beside the log, made durable, and takes the log's name: whenever the power is
    /// cut, the log is the old one or the new one.
    ///
    /// # Errors
    /// What the system said; the log is then as it was.
    pub fn forget(&self, before: Millis) -> io::Result<u64> {
        match self.oldest()? {
            Some(oldest) if oldest.0 + DAY < before.0 => {}
            _ => return Ok(0),
        }
        let shorter = self.path.with_extension("log.new");
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&shorter)?;
        let mut writing = BufWriter::new(file);
        writeln!(writing, "{SINCE}{}", before.0)?;
        let (mut dropped, mut failed) = (0, Ok(()));
        self.read(|erasure| {
            if erasure.at < before {
                dropped += 1;
            } else if failed.is_ok() {
                failed = writing.write_all(line(&erasure).as_bytes());
            }
        })?;
        failed?;
        writing
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        fs::rename(&shorter, &self.path)?;
        self.path
            .parent()
            .map_or(Ok(()), |directory| File::open(directory)?.sync_all())?;
        Ok(dropped)
    }

    /// From when on every erasure is in it; 0 for a log that was never shortened.
    ///
    /// # Errors
    /// What the system said.
    pub fn since(&self) -> io::Result<Millis> {
        let head = self.head()?;
        let since = head.lines().find_map(|line| line.strip_prefix(SINCE)?.parse().ok());
        Ok(Millis(since.unwrap_or(0)))
    }

    /// When the record of the first line was erased: lines are added in the order of time, those of a restore apart.
    fn oldest(&self) -> io::Result<Option<Millis>> {
        Ok(self.head()?.lines().find_map(|line| Some(parse(line)?.at)))
    }

    /// The first lines, the last of them perhaps cut; nothing of an absent log.
    fn head(&self) -> io::Result<String> {
        let mut head = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(4096).read_to_end(&mut head)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(error),
        };
        Ok(String::from_utf8_lossy(&head).into_owned())
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

fn line(erasure: &Erasure) -> String {
    let id = HEXLOWER.encode(&erasure.id.0);
    format!("{id} {} {}\n", erasure.at.0, letter(erasure.end))
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
        let lost = || log.read(|_| {}).expect("read");
        assert_eq!((read(), lost()), (vec![], 0));
        let erasure = |id, end| Erasure {
            id: SignatureId([id; 16]),
            at: Millis(7),
            end,
        };
        let (one, two) = (erasure(0x11, End::Withdrawn), erasure(0x22, End::Expired));
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
            // The next tick says it again: then nothing is lost.
            let said = read().contains(&one);
            assert_eq!(lost(), u64::from(!said), "cut at {cut}");
            log.append(&[one]).expect("written");
            assert_eq!(lost(), 0, "cut at {cut}");
        }
    }

    #[test]
    fn lines_that_no_backup_needs_are_dropped_and_the_others_stay() {
        const DAY: u64 = super::DAY;
        let place = tempfile::tempdir().expect("a directory");
        let log = ErasureLog::new(place.path().join("erasures.log"));
        assert_eq!(log.forget(Millis(DAY)).expect("absent"), 0);
        let day = |day: u8| Erasure {
            id: SignatureId([day; 16]),
            at: Millis(u64::from(day) * DAY),
            end: End::Withdrawn,
        };
        let all: Vec<Erasure> = (1..=9).map(day).collect();
        log.append(&all).expect("written");
        let read = || {
            let mut all = Vec::new();
            log.read(|erasure| all.push(erasure)).expect("read");
            all
        };
        assert_eq!(log.forget(Millis(2 * DAY)).expect("done"), 0, "not for one day's lines");
        assert_eq!(log.forget(Millis(6 * DAY)).expect("done"), 5);
        assert_eq!(
            (read(), log.since().expect("read")),
            (all[5..].to_vec(), Millis(6 * DAY))
        );
        assert_eq!(log.forget(Millis(7 * DAY)).expect("done"), 0);
        // What a crash left of another attempt is in nobody's way, and a line added later stands behind the others.
        std::fs::write(place.path().join("erasures.log.new"), "half a li").expect("written");
        log.append(&[day(10)]).expect("written");
        assert_eq!(log.forget(Millis(9 * DAY)).expect("done"), 3);
        assert_eq!(read(), [day(9), day(10)]);
        assert!(!place.path().join("erasures.log.new").exists());
    }
}
