//! The files of a backup: there whole or not at all, and checked before they are believed.

use super::BackupError;
use crate::whole;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Reads a file that checks itself: `read` is given what stands between its kind and its digest.
pub(super) fn read_checked(
    path: &Path,
    kind: &[u8; 8],
    read: impl FnOnce(&mut dyn Read) -> io::Result<()>,
) -> Result<(), BackupError> {
    const DIGEST_BYTES: u64 = 32;
    // Once for the digest, once for the content: nothing is believed that does not check.
    let length = fs::metadata(path).map_err(at(path))?.len();
    let Some(content) = length.checked_sub(DIGEST_BYTES + 8) else {
        return Err(damaged(path, "it is cut short".to_owned()));
    };
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(at(path))?;
    hasher.update_reader((&mut file).take(content + 8)).map_err(at(path))?;
    let mut digest = [0; DIGEST_BYTES as usize];
    file.read_exact(&mut digest).map_err(at(path))?;
    if hasher.finalize().as_bytes() != &digest {
        return Err(damaged(path, "its digest differs".to_owned()));
    }
    let mut input = BufReader::new(File::open(path).map_err(at(path))?);
    let mut found = [0; 8];
    input.read_exact(&mut found).map_err(at(path))?;
    if found != *kind {
        return Err(damaged(path, "it is of another kind".to_owned()));
    }
    read(&mut input.take(content)).map_err(|error| damaged(path, error.to_string()))
}

/// A file that checks itself, being written.
pub(super) struct Checked<'a> {
    out: BufWriter<&'a mut File>,
    hasher: blake3::Hasher,
}

impl<'a> Checked<'a> {
    pub(super) fn new(file: &'a mut File, kind: &[u8; 8]) -> io::Result<Checked<'a>> {
        let mut checked = Checked { out: BufWriter::new(file), hasher: blake3::Hasher::new() };
        checked.write(kind)?;
        Ok(checked)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(self.hasher.finalize().as_bytes())?;
        self.out.flush()
    }
}

/// Writes a file whole or not at all, durably.
pub(super) fn put(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), BackupError> {
    whole::write(path, whole::OPEN, write).map_err(at(path))
}

pub(super) fn names_in(dir: &Path) -> Result<Vec<String>, BackupError> {
    whole::names_in(dir).map_err(at(dir))
}

pub(super) fn numbered(number: u64) -> String {
    format!("{number:020}")
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.display().to_string();
    move |source| BackupError::Io { path, source }
}

pub(super) fn damaged(path: &Path, reason: String) -> BackupError {
    BackupError::Damaged { path: path.display().to_string(), reason }
}
