//! A disk of the hostile kind that POSIX allows: what was not synced is kept, lost or torn as a seed decides.
//!
//! A file's bytes are certain once the file was synced, its name once its directory was. Nothing is assumed of the order
//! in which the rest reaches the disk; a write may be torn at sectors, and a file may have grown without its bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::crash::Dice;

/// One act from the record of `shim.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act<'a> {
    pub(crate) kind: u64,
    at: u64,
    pub(crate) name: &'a str,
    pub(crate) other: &'a str,
    data: &'a [u8],
    /// Where its record ends.
    pub(crate) end: u64,
}

const CREATE: u64 = 1;
pub(crate) const WRITE: u64 = 2;
const TRUNCATE: u64 = 3;
pub(crate) const SYNC: u64 = 4;
const UNLINK: u64 = 5;
const RENAME: u64 = 6;
const MKDIR: u64 = 7;

/// Reads a record. The last act may be cut short: the process was killed in it.
pub(crate) fn acts(record: &[u8]) -> Vec<Act<'_>> {
    const HEAD: usize = 40;
    let (mut acts, mut from) = (Vec::new(), 0);
    while let Some(head) = record.get(from..from + HEAD) {
        let words: Vec<u64> = head
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .collect();
        let lengths = [words[2], words[3], words[4]].map(|length| length as usize);
        let end = from + HEAD + lengths.iter().sum::<usize>();
        let Some(rest) = record.get(from + HEAD..end) else {
            break;
        };
        let (name, rest) = rest.split_at(lengths[0]);
        let (other, data) = rest.split_at(lengths[1]);
        let text = |bytes| std::str::from_utf8(bytes).expect("UTF-8");
        acts.push(Act {
            kind: words[0],
            at: words[1],
            name: text(name),
            other: text(other),
            data,
            end: end as u64,
        });
        from = end;
    }
    acts
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Directory,
    File(usize),
}

#[derive(Clone, Debug)]
enum Unsynced {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

#[derive(Clone, Debug, Default)]
struct Content {
    certain: Vec<u8>,
    unsynced: Vec<Unsynced>,
}

#[derive(Clone, Debug)]
enum Naming {
    Add(PathBuf, Node),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl Naming {
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Add(path, _) | Self::Remove(path) | Self::Rename(path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Add(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Remove(path) => drop(names.remove(path)),
            Self::Rename(from, to) => {
                if let Some(node) = names.remove(from) {
                    names.insert(to.clone(), node);
                }
            }
        }
    }
}

/// How much of what was not synced a power cut leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mercy {
    /// Of 100 pieces, how many are kept.
    pub(crate) kept: u64,
    /// Bytes of a sector.
    pub(crate) sector: usize,
}

/// A directory on such a disk.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    now: BTreeMap<PathBuf, Node>,
    certain: BTreeMap<PathBuf, Node>,
    unsynced: Vec<Naming>,
    /// A disk that lies says "synced" and does nothing: the control that shows that syncing matters.
    pub(crate) lies: bool,
}

/// Whether the shim leaves a name below the directory alone.
fn is_apart(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "mail" || name.ends_with("-shm") || name.ends_with(".sock")
}

impl Disk {
    /// A directory as it lies there, all of it certain.
    pub(crate) fn holding(directory: &Path) -> Self {
        let mut disk = Self::default();
        if directory.exists() {
            disk.hold(directory);
        }
        disk.now.clone_from(&disk.certain);
        disk
    }

    fn hold(&mut self, path: &Path) {
        if is_apart(path) {
            return;
        }
        if !path.is_dir() {
            let certain = fs::read(path).expect("read");
            let node = self.file(certain);
            self.certain.insert(path.to_owned(), node);
            return;
        }
        self.certain.insert(path.to_owned(), Node::Directory);
        for entry in fs::read_dir(path).expect("read") {
            self.hold(&entry.expect("an entry").path());
        }
    }

    fn file(&mut self, certain: Vec<u8>) -> Node {
        let unsynced = Vec::new();
        self.contents.push(Content { certain, unsynced });
        Node::File(self.contents.len() - 1)
    }

    fn content(&mut self, name: &str) -> &mut Content {
        let Some(Node::File(index)) = self.now.get(Path::new(name)) else {
            panic!("{name} was never created")
        };
        &mut self.contents[*index]
    }

    /// Does what the process did.
    pub(crate) fn act(&mut self, act: &Act<'_>) {
        let path = PathBuf::from(act.name);
        let naming = match act.kind {
            CREATE => Naming::Add(path, self.file(Vec::new())),
            MKDIR => Naming::Add(path, Node::Directory),
            UNLINK => Naming::Remove(path),
            RENAME => Naming::Rename(path, PathBuf::from(act.other)),
            WRITE => {
                let write = Unsynced::Write(act.at, act.data.to_vec());
                return self.content(act.name).unsynced.push(write);
            }
            TRUNCATE => return self.content(act.name).unsynced.push(Unsynced::Truncate(act.at)),
            SYNC => return self.sync(&path),
            other => panic!("kind {other}"),
        };
        naming.apply(&mut self.now);
        self.unsynced.push(naming);
    }

    fn sync(&mut self, path: &Path) {
        if self.lies {
            return;
        }
        if let Some(Node::File(index)) = self.now.get(path) {
            let content = &mut self.contents[*index];
            for unsynced in std::mem::take(&mut content.unsynced) {
                apply(&mut content.certain, &unsynced, |_| true, usize::MAX);
            }
            return;
        }
        let (synced, rest) = std::mem::take(&mut self.unsynced)
            .into_iter()
            .partition(|naming: &Naming| naming.directory() == Some(path));
        self.unsynced = rest;
        for naming in synced {
            naming.apply(&mut self.certain);
        }
    }

    /// Puts the directory into the state in which a power cut now leaves it.
    pub(crate) fn cut(&self, directory: &Path, mercy: Mercy, dice: &mut Dice) {
        let mut names = self.certain.clone();
        for naming in &self.unsynced {
            if dice.roll(100) < mercy.kept {
                naming.apply(&mut names);
            }
        }
        clear(directory);
        for (path, node) in names {
            // What lies in a directory that was lost is lost.
            match node {
                _ if path != directory && !path.parent().is_some_and(Path::is_dir) => {}
                Node::Directory => fs::create_dir_all(&path).expect("made"),
                Node::File(index) => {
                    let content = &self.contents[index];
                    let mut bytes = content.certain.clone();
                    for unsynced in &content.unsynced {
                        apply(&mut bytes, unsynced, |_| dice.roll(100) < mercy.kept, mercy.sector);
                    }
                    fs::write(&path, bytes).expect("written");
                    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                    fs::set_permissions(&path, private).expect("set");
                }
            }
        }
    }
}

/// Applies the kept sectors of a write, or a truncation if it is kept.
fn apply(bytes: &mut Vec<u8>, unsynced: &Unsynced, mut is_kept: impl FnMut(usize) -> bool, sector: usize) {
    match unsynced {
        Unsynced::Truncate(length) => {
            if is_kept(0) {
                bytes.resize(*length as usize, 0);
            }
        }
        Unsynced::Write(at, data) => {
            let (mut at, mut data) = (*at as usize, &data[..]);
            while !data.is_empty() {
                let (piece, rest) = data.split_at(data.len().min(sector - at % sector));
                if is_kept(at) {
                    bytes.resize(bytes.len().max(at + piece.len()), 0);
                    bytes[at..at + piece.len()].copy_from_slice(piece);
                }
                (at, data) = (at + piece.len(), rest);
            }
        }
    }
}

/// Removes everything that the shim watches over.
fn clear(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name == "mail") {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("removed");
        } else {
            fs::remove_file(&path).expect("removed");
        }
    }
}
