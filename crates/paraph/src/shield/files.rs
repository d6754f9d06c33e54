//! Bans as files that other programs read. Each is replaced as a whole, so that a reader never sees half of one.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use paraph_shield::net::Net;

use crate::named;

/// For whom a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `192.0.2.1/32 1`: an HAProxy map, for `src,map_ip(FILE)`.
    Haproxy,
    /// `192.0.2.1/32 1;`: to be included in a `geo` block of nginx.
    Nginx,
    /// `192.0.2.1/32`: for whatever reads lists of networks.
    Cidr,
}

/// The file as a text, in the order of the addresses.
#[must_use]
pub fn text(form: Form, nets: &[Net]) -> String {
    let mut nets = nets.to_vec();
    nets.sort_unstable();
    let mut text = String::new();
    for net in nets {
        // Writing to a string cannot fail.
        let _ = match form {
            Form::Haproxy => writeln!(text, "{net} 1"),
            Form::Nginx => writeln!(text, "{net} 1;"),
            Form::Cidr => writeln!(text, "{net}"),
        };
    }
    text
}

/// Replaces the file; readable for the programs that it is for, whose users are others than ours.
///
/// # Errors
/// Its directory cannot be written to.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let mut fresh = tempfile::NamedTempFile::new_in(named::directory(path))?;
    io::Write::write_all(&mut fresh, text.as_bytes())?;
    fresh
        .as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}
