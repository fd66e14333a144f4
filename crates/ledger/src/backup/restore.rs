//! Restoring: every commit verified as it is written, every seal held against the result.

use super::files::{at, damaged, names_in, numbered, put, read_checked};
use super::{BackupError, LOG_KIND, NAMES_KIND, Restored, read_mark};
use crate::block::Entry;
use crate::commit::{Commit, leaf_hash};
use crate::ledger::Ledger;
use crate::note::Note;
use crate::options::Options;
use crate::position::{Head, Position};
use crate::repair::Saving;
use crate::seal::{self, Seal};
use crate::verify::{Bad, Verifier};
use rustc_hash::FxHashMap;
use seats::AccountId;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Commits are never longer; a length beyond is damage, and nothing is made room for.
const COMMIT_BYTES_MAX: u32 = 1 << 16;

/// How often progress is told, in commits.
const PROGRESS_COMMITS: u64 = 1 << 16;

/// Makes a new ledger in `into`, which is missing or empty, from the backup in `place`.
///
/// # Errors
/// When the backup is damaged or does not verify, or the new ledger cannot be written. What is in `into` then
/// is removed again.
pub fn restore(
    place: &Path,
    into: &Path,
    options: &Options,
    progress: impl FnMut(u64, u64),
) -> Result<Restored, BackupError> {
    let head = read_mark(place)?;
    let ledger = Ledger::create(into, options)?;
    let filled = fill(&ledger, place, into, head, progress);
    drop(ledger);
    if filled.is_err() {
        fs::remove_dir_all(into).map_err(at(into))?;
    }
    filled
}

fn fill(
    ledger: &Ledger,
    place: &Path,
    into: &Path,
    head: Head,
    mut progress: impl FnMut(u64, u64),
) -> Result<Restored, BackupError> {
    // Names first: what the log refers to is there before it.
    let names = place.join("names").join(numbered(head.size));
    let mut rows = Vec::new();
    read_checked(&names, NAMES_KIND, |input| input.read_to_end(&mut rows).map(|_| ()))?;
    ledger.book().take_in(&rows)?;
    ledger.book().sync()?;

    let mut verifier = Verifier::new(head.size, Vec::new());
    let mut saving = Saving::new(ledger)?;
    let mut commit = Commit::blank();
    let mut positions = Positions::default();
    for (first, path) in log_files(place, head.size)? {
        if first != positions.next {
            let reason = format!("position {} was expected to come next", positions.next);
            return Err(damaged(&path, reason));
        }
        let mut failed = None;
        read_checked(&path, LOG_KIND, |input| {
            while let Some(bytes) = next_commit(input)? {
                let taken = positions.entry(&bytes, &mut commit).and_then(|entry| {
                    verifier
                        .commit(&entry, leaf_hash(&bytes), &mut commit)
                        .map_err(BackupError::Bad)
                });
                let taken = taken.and_then(|()| Ok(saving.add(&commit)?));
                if let Err(error) = taken {
                    failed = Some(error);
                    return Err(io::Error::other("it does not verify"));
                }
                positions.note(&commit);
                if positions.next.is_multiple_of(PROGRESS_COMMITS) {
                    progress(positions.next, head.size);
                }
            }
            Ok(())
        })
        .map_err(|error| failed.take().unwrap_or(error))?;
    }
    let restored = saving.finish()?;
    if restored != head {
        let what = format!("it has {} commits with root {}", restored.size, restored.root);
        return Err(damaged(&place.join("backup"), format!("{what}, not those of its mark")));
    }
    Ok(Restored { head, seals: restore_seals(ledger, place, into)? })
}

/// Puts the seals back, after holding the new ledger against each.
fn restore_seals(ledger: &Ledger, place: &Path, into: &Path) -> Result<u64, BackupError> {
    let (from, to) = (place.join("seals"), seal::dir(into));
    let names = names_in(&from)?;
    if names.is_empty() {
        return Ok(0);
    }
    fs::create_dir_all(&to).map_err(at(&to))?;
    let mut agreed = 0;
    for name in names {
        let path = from.join(&name);
        let bytes = fs::read(&path).map_err(at(&path))?;
        if name.ends_with(".txt") {
            let note = Note::parse(&bytes);
            let seal = note.ok().and_then(|note| Seal::parse(note.text()).ok());
            let seal = seal.ok_or_else(|| damaged(&path, "it is no seal".to_owned()))?;
            // A seal may have been made after the backup's head was taken.
            if seal.head.size <= ledger.head().size {
                if ledger.head_at(seal.head.size)? != seal.head {
                    return Err(damaged(&path, "the log is not what it sealed".to_owned()));
                }
                agreed += 1;
            }
        }
        put(&to.join(&name), |file| file.write_all(&bytes))?;
    }
    Ok(agreed)
}

/// Where the commits of a backup stand: each account's last one, so that pointers can be made again.
#[derive(Default)]
struct Positions {
    next: u64,
    last: FxHashMap<AccountId, Position>,
}

impl Positions {
    fn entry<'a>(&self, bytes: &'a [u8], commit: &mut Commit) -> Result<Entry<'a>, BackupError> {
        let position = Position(self.next);
        commit.decode_into(bytes).map_err(|error| {
            BackupError::Bad(Bad { position, account: None, what: error.to_string() })
        })?;
        let previous = self.last.get(&commit.account).copied();
        Ok(Entry { position, previous, bytes })
    }

    fn note(&mut self, commit: &Commit) {
        self.last.insert(commit.account, Position(self.next));
        self.next += 1;
    }
}

/// The files of the log in order, as far as the mark goes: a file beyond it was being written.
fn log_files(place: &Path, size: u64) -> Result<Vec<(u64, PathBuf)>, BackupError> {
    let dir = place.join("log");
    let mut files = Vec::new();
    for name in names_in(&dir)? {
        let range = name.split_once('-');
        let range = range.and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
        let Some((first, end)): Option<(u64, u64)> = range else { continue };
        if end <= size {
            files.push((first, dir.join(name)));
        }
    }
    files.sort();
    Ok(files)
}

fn next_commit(input: &mut (impl Read + ?Sized)) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read(&mut length)? {
        0 => return Ok(None),
        read => input.read_exact(length.get_mut(read..).unwrap_or_default())?,
    }
    let length = u32::from_be_bytes(length);
    if length > COMMIT_BYTES_MAX {
        return Err(io::Error::other("a commit is longer than any"));
    }
    let mut bytes = vec![0; length as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
