//! Files that are there whole or not at all: written under another name, synced, renamed.

use crate::store::engine::sync_dir;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Everybody may read it.
pub const OPEN: u32 = 0o644;
/// Only its owner may.
pub const SECRET: u32 = 0o600;

/// Writes a file durably, in the place of the one that may be there. `mode` is as for `open(2)`.
///
/// # Errors
/// What the file system says; then the file that was there still is.
pub fn write(
    path: &Path,
    mode: u32,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&part)?;
    content(&mut file)?;
    file.sync_all()?;
    put_in_place(&part, path)
}

/// Gives a file that is written and synced its name, durably.
pub(crate) fn put_in_place(part: &Path, path: &Path) -> io::Result<()> {
    fs::rename(part, path)?;
    match path.parent() {
        None => Ok(()),
        // A bare name stands where the program works.
        Some(folder) if folder.as_os_str().is_empty() => sync_dir(Path::new(".")),
        Some(folder) => sync_dir(folder),
    }
}

/// The names of what stands in a directory.
pub(crate) fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
