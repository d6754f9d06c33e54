//! Files that somebody names, on the command line or in the configuration: read whole, within a size and a time.
//!
//! A name can lead anywhere. A device without an end fills the memory, a pipe that nobody writes to waits for ever; a pipe that
//! somebody does write to is as good as a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use crate::limits::NAMED_FILE_SECONDS;

/// The bytes of a file.
///
/// # Errors
/// It cannot be read, holds more than `most` bytes, or does not come.
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (tell, told) = mpsc::sync_channel(1);
    let path = path.to_owned();
    // Opening a pipe cannot be given up: the thread that does it is left behind instead.
    thread::Builder::new().spawn(move || tell.send(whole(&path, most)))?;
    match told.recv_timeout(NAMED_FILE_SECONDS) {
        Ok(read) => read,
        Err(RecvTimeoutError::Timeout) => {
            let seconds = NAMED_FILE_SECONDS.as_secs();
            let what = format!("it does not end within {seconds} seconds");
            Err(io::Error::new(io::ErrorKind::TimedOut, what))
        }
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::Other.into()),
    }
}

/// The text of a file.
///
/// # Errors
/// As [`bytes`], or it is not UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(bytes(path, most)?).map_err(|error| {
        let what = format!("it is not UTF-8 text: byte {}", error.utf8_error().valid_up_to() + 1);
        io::Error::new(io::ErrorKind::InvalidData, what)
    })
}

fn whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let expected = file.metadata()?.len().min(most) + 1;
    // At once: what holds a secret should not be moved about, leaving copies.
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let what = format!("it holds more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}
