//! Where bans are carried out: whether whoever does it can be reached, and its files be written.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::Finding;
use crate::config::Config;
use crate::named;

/// Helper, HAProxy and files, as this command's user meets them.
pub(super) fn outlets(config: &Config) -> Finding {
    const CHECK: &str = "shield: outlets";
    let outlets = &config.shield.outlets;
    let sockets = outlets.sockets().map(|(key, path)| (key, path, reached(path)));
    let files = outlets.files().map(|(key, path)| (key, path, replaceable(path)));
    let looked: Vec<_> = sockets.chain(files).collect();
    let failed = |(key, path, done): &(&str, &Path, io::Result<()>)| {
        let error = done.as_ref().err()?;
        Some(format!("{key}, {}: {error}", path.display()))
    };
    let wrong: Vec<String> = looked.iter().filter_map(failed).collect();
    if looked.is_empty() {
        return Finding::skipped(
            CHECK,
            "bans are held by the process alone: [shield] names no socket and no file",
        );
    }
    if wrong.is_empty() {
        return Finding::ok(CHECK, format!("reached or writable: {}", looked.len()));
    }
    Finding::fail(
        CHECK,
        format!("bans are not carried out there: {}", wrong.join("; ")),
        "start paraph-shield or the proxy; let the user of the server connect to its socket, and write in the directory of the file",
    )
}

fn reached(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).map(|_| ())
}

/// A file is replaced as a whole: it takes the right to write in its directory.
fn replaceable(path: &Path) -> io::Result<()> {
    let rights = Access::WRITE_OK | Access::EXEC_OK;
    accessat(CWD, named::directory(path), rights, AtFlags::EACCESS).map_err(io::Error::from)
}
