//! Backup and restore: the log, the names and the seals of an open ledger, consistent at one size, while it is
//! written to; again and again into the same place, each time only what is new.
//!
//! ```text
//!  backup                "seatledger backup 1", then "<size> <root>": written last, so it is never ahead
//!  log/<first>-<end>     "seatbak1" | for each commit: length u32, bytes | BLAKE3 of all before
//!  names/<size>          "seatbok1" | the rows of the book            | BLAKE3 of all before
//!  seals/...             every seal and promise, but not the key that signs
//! ```
//!
//! The names are written whole each time and older ones removed, so that who was forgotten is forgotten by the
//! next backup too. A restored ledger is verified commit by commit while it is written; its root is that of the
//! backup, and so of every seal that was ever given away.

use crate::BookError;
use crate::block::Block;
use crate::commit::{Commit, leaf_hash};
use crate::error::{OpenError, ReadError};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::position::{Head, Position};
use crate::proving::ProveError;
use crate::repair::{RepairError, Saving};
use crate::seal::Seal;
use crate::store::engine::sync_dir;
use crate::verify::{Bad, Verifier};
use seats::Digest;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMAT: &str = "seatledger backup 1";
const LOG_KIND: &[u8; 8] = b"seatbak1";
const NAMES_KIND: &[u8; 8] = b"seatbok1";
/// Commits are never longer; a length beyond is damage, and nothing is made room for.
const COMMIT_BYTES_MAX: u32 = 1 << 16;

/// What a backup came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Saved {
    /// How far the backup reached before; 0 for the first.
    pub before: u64,
    /// How far it reaches now.
    pub head: Head,
}

/// What a restore came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restored {
    /// How far the new ledger reaches.
    pub head: Head,
    /// How many seals in the backup name a size and root that the new ledger has.
    pub seals: u64,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The place holds something else. Choose another, or an earlier backup of this ledger.
    #[error(
        "{0} holds something that is no backup; choose an empty directory, or an earlier backup"
    )]
    Taken(String),
    /// The backup in this place is of another history. Choose another place, and find out which is right.
    #[error(
        "the backup in {place} has {size} commits, and this ledger does not begin with them: it is of \
         another ledger, or one of the two was changed; keep both and back up to another place"
    )]
    OtherHistory {
        /// Where.
        place: String,
        /// How many commits it has.
        size: u64,
    },
    /// A file of the backup is not what was written. Restore from another backup.
    #[error("the backup is damaged: {path}: {reason}; restore from another one")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// What the backup holds does not verify. Restore from another one.
    #[error("the backup does not verify: {0}")]
    Bad(Bad),
    /// The operating system refused. See to the disk.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// The ledger cannot be opened or made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log cannot be compared with the backup.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The names cannot be read or written.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The new ledger cannot be written.
    #[error(transparent)]
    Write(#[from] RepairError),
}

impl Ledger {
    /// Writes a backup into `place`, or adds to the one that is there what is new since. The ledger may be
    /// written to meanwhile: the backup is of the head as it is when this begins.
    ///
    /// # Errors
    /// When the place holds something else or the backup of another history, or something cannot be read or
    /// written. The backup that was there is none the worse.
    pub fn backup(&self, place: &Path) -> Result<Saved, BackupError> {
        let head = self.head();
        let before = self.head_in(place)?;
        let from = before.map_or(0, |before| before.size);
        for part in ["log", "names", "seals"] {
            fs::create_dir_all(place.join(part)).map_err(at(place))?;
        }
        if head.size > from {
            self.save_log(&place.join("log"), Position(from), Position(head.size))?;
        }
        self.save_names(&place.join("names"), head.size)?;
        self.save_seals(&place.join("seals"))?;
        let mark = place.join("backup");
        let text = format!("{FORMAT}\n{} {}\n", head.size, head.root);
        put(&mark, |file| file.write_all(text.as_bytes()))?;
        // Only now: until the mark names the new ones, the old names are the backup's.
        let names = place.join("names");
        for name in names_in(&names)?.iter().filter(|name| **name != numbered(head.size)) {
            fs::remove_file(names.join(name)).map_err(at(&names))?;
        }
        sync_dir(&names).map_err(at(&names))?;
        Ok(Saved { before: from, head })
    }

    /// The head of the backup in `place`, which is of this ledger; `None` if there is none yet.
    fn head_in(&self, place: &Path) -> Result<Option<Head>, BackupError> {
        let shown = || place.display().to_string();
        match names_in(place) {
            Err(BackupError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Ok(names) if names.is_empty() => return Ok(None),
            // A first backup that was interrupted has no mark yet, and nothing but ours.
            Ok(names)
                if names.iter().all(|name| ["log", "names", "seals"].contains(&name.as_str())) =>
            {
                return Ok(None);
            }
            Ok(names) if !names.iter().any(|name| name == "backup") => {
                return Err(BackupError::Taken(shown()));
            }
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        let head = read_mark(place)?;
        let other = || BackupError::OtherHistory { place: shown(), size: head.size };
        if head.size > self.head().size || self.head_at(head.size)? != head {
            return Err(other());
        }
        Ok(Some(head))
    }

    fn save_log(&self, dir: &Path, first: Position, end: Position) -> Result<(), BackupError> {
        let path = dir.join(format!("{}-{}", numbered(first.0), numbered(end.0)));
        let mut failed = None;
        let written = put(&path, |file| {
            let mut out = Checked::new(file, LOG_KIND)?;
            for block in Arc::clone(&self.0.store).scan(first) {
                let block: Block = match block {
                    Ok(block) => block,
                    Err(error) => {
                        failed = Some(error);
                        return Err(io::Error::other("the log cannot be read"));
                    }
                };
                let wanted = first.0..end.0;
                for entry in block.entries().filter(|entry| wanted.contains(&entry.position.0)) {
                    out.write(&(entry.bytes.len() as u32).to_be_bytes())?;
                    out.write(entry.bytes)?;
                }
                if block.end() >= end {
                    break;
                }
            }
            out.finish()
        });
        match failed {
            Some(error) => Err(error.into()),
            None => written,
        }
    }

    fn save_names(&self, dir: &Path, size: u64) -> Result<(), BackupError> {
        let mut failed = None;
        let written = put(&dir.join(numbered(size)), |file| {
            let mut out = Checked::new(file, NAMES_KIND)?;
            let dumped = self.book().dump(|row| out.write(row).map_err(Dumping::Io));
            match dumped {
                Ok(()) => out.finish(),
                Err(Dumping::Io(error)) => Err(error),
                Err(Dumping::Book(error)) => {
                    failed = Some(error);
                    Err(io::Error::other("the names cannot be read"))
                }
            }
        });
        match failed {
            Some(error) => Err(error.into()),
            None => written,
        }
    }

    /// Copies every seal, and what was promised, so that a restored ledger can never contradict them.
    fn save_seals(&self, to: &Path) -> Result<(), BackupError> {
        let Some(home) = &self.0.home else { return Ok(()) };
        let from = crate::seal::dir(home.dir());
        let names = match names_in(&from) {
            Err(BackupError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(());
            }
            names => names?,
        };
        for name in names.iter().filter(|name| name.ends_with(".txt") || *name == "promised") {
            let bytes = fs::read(from.join(name)).map_err(at(&from))?;
            put(&to.join(name), |file| file.write_all(&bytes))?;
        }
        Ok(())
    }
}

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
                if positions.next % 65_536 == 0 {
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
    let (from, to) = (place.join("seals"), crate::seal::dir(into));
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
            let note = crate::note::Note::parse(&bytes);
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
    last: rustc_hash::FxHashMap<seats::AccountId, Position>,
}

impl Positions {
    fn entry<'a>(
        &self,
        bytes: &'a [u8],
        commit: &mut Commit,
    ) -> Result<crate::block::Entry<'a>, BackupError> {
        let position = Position(self.next);
        commit.decode_into(bytes).map_err(|error| {
            BackupError::Bad(Bad { position, account: None, what: error.to_string() })
        })?;
        let previous = self.last.get(&commit.account).copied();
        Ok(crate::block::Entry { position, previous, bytes })
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

fn read_mark(place: &Path) -> Result<Head, BackupError> {
    let path = place.join("backup");
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    let head = text.strip_prefix(FORMAT).and_then(|text| {
        let (size, root) = text.trim().split_once(' ')?;
        Some(Head { size: size.parse().ok()?, root: Digest::from_hex(root)? })
    });
    head.ok_or_else(|| damaged(&path, format!("it does not begin with {FORMAT:?} and a head")))
}

/// Reads a file that checks itself: `read` is given what stands between its kind and its digest.
fn read_checked(
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
struct Checked<'a> {
    out: BufWriter<&'a mut File>,
    hasher: blake3::Hasher,
}

impl<'a> Checked<'a> {
    fn new(file: &'a mut File, kind: &[u8; 8]) -> io::Result<Checked<'a>> {
        let mut checked = Checked { out: BufWriter::new(file), hasher: blake3::Hasher::new() };
        checked.write(kind)?;
        Ok(checked)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(self.hasher.finalize().as_bytes())?;
        self.out.flush()
    }
}

enum Dumping {
    Io(io::Error),
    Book(BookError),
}

impl From<BookError> for Dumping {
    fn from(error: BookError) -> Dumping {
        Dumping::Book(error)
    }
}

/// Writes a file whole or not at all, durably.
fn put(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), BackupError> {
    let part = path.with_extension("part");
    let put = || {
        let mut file = File::create(&part)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        path.parent().map_or(Ok(()), sync_dir)
    };
    put().map_err(at(path))
}

fn names_in(dir: &Path) -> Result<Vec<String>, BackupError> {
    let entries = fs::read_dir(dir).map_err(at(dir))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect::<io::Result<_>>().map_err(at(dir))
}

fn numbered(number: u64) -> String {
    format!("{number:020}")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.display().to_string();
    move |source| BackupError::Io { path, source }
}

fn damaged(path: &Path, reason: String) -> BackupError {
    BackupError::Damaged { path: path.display().to_string(), reason }
}
