//! What is left of the disk for new data, and whether that is too little to sign.
//!
//! The writer looks after every batch, since nobody fills the disk faster than it does; a task of the server looks every two
//! seconds, for what others put there.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Files, wal};

/// The room of one data directory, as seen last.
#[derive(Debug)]
pub struct Room {
    files: Files,
    floor_mib: AtomicU64,
    low: AtomicBool,
}

impl Room {
    /// Of these files; without a floor until [`Room::set_floor`].
    #[must_use]
    pub fn new(files: Files) -> Self {
        Self {
            files,
            floor_mib: AtomicU64::new(0),
            low: AtomicBool::new(false),
        }
    }

    /// Sets the MiB below which signing pauses.
    pub fn set_floor(&self, mib: u64) {
        self.floor_mib.store(mib, Ordering::Relaxed);
    }

    /// Whether less was left than the floor when somebody looked last.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// Looks: MiB that are left for new data.
    ///
    /// # Errors
    /// The system does not tell; what was seen last stands.
    pub fn look(&self) -> io::Result<u64> {
        let (free_mib, floor_mib) = (room_mib(&self.files)?, self.floor_mib.load(Ordering::Relaxed));
        let is_low = free_mib < floor_mib;
        if self.low.swap(is_low, Ordering::Relaxed) != is_low {
            tracing::warn!(free_mib, floor_mib, is_low, "free disk space crossed its floor");
        }
        Ok(free_mib)
    }
}

/// MiB that are free for new data, what the logs of the files still need taken off.
///
/// # Errors
/// The system does not tell.
pub fn room_mib(files: &Files) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(files.main.parent().unwrap_or(Path::new(".")))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let owed = wal::bytes(&files.main) + wal::bytes(&files.keys);
    Ok(free.saturating_sub(owed) >> 20)
}
