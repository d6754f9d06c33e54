//! Small files that are replaced whole: after a crash there is the old one or the new one, and never half of one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

/// Writes JSON beside the file, makes it durable, and puts it in the file's place.
///
/// # Errors
/// The disk did not take it; the file is as it was.
pub(crate) fn with_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(&serde_json::to_vec(value).map_err(io::Error::other)?)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    path.parent()
        .map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
