//! HAProxy's runtime socket: a map takes effect without a reload.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(15);
/// Lines of one command; all of it has to fit into one buffer of HAProxy, 16 KiB.
const LINES: usize = 200;

/// Gives HAProxy the map as it lies in `map`, as one change (HAProxy 2.4 or later: `prepare map`, `commit map`).
///
/// # Errors
/// It is not there, does not know the map, or said no.
pub fn replace_map(socket: &Path, map: &Path, text: &str) -> io::Result<()> {
    let map = map.display();
    let prepared = ask(socket, &format!("prepare map {map}\n"))?;
    let version = prepared
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|version| version.parse::<u32>().ok());
    let version = version.ok_or_else(|| io::Error::other("it does not know the map"))?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for lines in lines.chunks(LINES) {
        let added = ask(socket, &format!("add map @{version} {map} <<\n{}\n", lines.concat()))?;
        if !added.trim().is_empty() {
            return Err(io::Error::other("it did not take the map"));
        }
    }
    let committed = ask(socket, &format!("commit map @{version} {map}\n"))?;
    if committed.trim().is_empty() {
        Ok(())
    } else {
        Err(io::Error::other("it did not change the map"))
    }
}

/// One command, one answer of at most 64 KiB.
fn ask(socket: &Path, command: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(command.as_bytes())?;
    let mut answer = String::new();
    stream.take(1 << 16).read_to_string(&mut answer)?;
    Ok(answer)
}
