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
mod files;
mod restore;

pub use restore::restore;

use crate::block::Block;
use crate::error::{OpenError, ReadError};
use crate::ledger::Ledger;
use crate::position::{Head, Position};
use crate::proving::ProveError;
use crate::repair::RepairError;
use crate::seal;
use crate::store::engine::sync_dir;
use crate::verify::Bad;
use files::{Checked, at, damaged, names_in, numbered, put};
use seats::Digest;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

const FORMAT: &str = "seatledger backup 1";
const LOG_KIND: &[u8; 8] = b"seatbak1";
const NAMES_KIND: &[u8; 8] = b"seatbok1";

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
        let from = seal::dir(home.dir());
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

fn read_mark(place: &Path) -> Result<Head, BackupError> {
    let path = place.join("backup");
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    let head = text.strip_prefix(FORMAT).and_then(|text| {
        let (size, root) = text.trim().split_once(' ')?;
        Some(Head { size: size.parse().ok()?, root: Digest::from_hex(root)? })
    });
    head.ok_or_else(|| damaged(&path, format!("it does not begin with {FORMAT:?} and a head")))
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
