//! The ledger's own seals: made so that no two can ever contradict each other, and kept.
//!
//! ```text
//!  seals/key           the signing key, readable by its owner only
//!  seals/promised      a line "<size> <root>" for everything that was ever signed, synced before it is signed
//!  seals/<size>.txt    the seals, as they were given away
//! ```
//!
//! Before a head is signed it is promised: written down and synced. A promise may stay without a signature
//! after a crash, a signature never without a promise. The next seal is refused if the log does not begin
//! with what was promised last: it was put back from a copy, or rewritten, and somebody may hold the seal
//! that shows it.

use super::{BadSeal, Seal};
use crate::error::ReadError;
use crate::guard::lock;
use crate::ledger::Ledger;
use crate::note::{KeyError, KeyKind, Note, Signature, SigningKey};
use crate::position::Head;
use crate::proving::ProveError;
use crate::store::engine::sync_dir;
use crate::whole;
use seats::Digest;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Why there is no seal.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no key to sign with. An administrator makes one.
    #[error("there is no key to sign with; make one with `seatledger key new ORIGIN`")]
    NoKey,
    /// There is a key already. It is changed with `seatledger key rotate`, never put aside.
    #[error("there is a key already, {0}; `seatledger key rotate` changes it")]
    KeyThere(String),
    /// The key is damaged, or not a log's. Put it back from where it is kept safe.
    #[error("the signing key is not usable: {0}; put it back from its safe copy")]
    Key(#[from] KeyError),
    /// The log is shorter than what was promised. It was put back from a copy: never sign it, find the rest.
    #[error(
        "the log has {size} commits, but one of {promised} was sealed before: commits are missing at its \
         end; restore the rest, or begin a new ledger"
    )]
    RolledBack {
        /// What was promised.
        promised: u64,
        /// What there is.
        size: u64,
    },
    /// The log does not begin with what was promised. It was changed: never sign it, find out by whom.
    #[error(
        "up to {size} commits the log is not what was sealed before; it was changed, restore it from a backup"
    )]
    Rewritten {
        /// Up to where it was promised.
        size: u64,
    },
    /// A file of the seals is not what was written. Put `seals` back from a backup.
    #[error("{path} is damaged: {reason}; put the directory of seals back from a backup")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// No seal of that size was made. Whoever asked looks at [`Seals::sizes`].
    #[error("no seal was made of {0} commits")]
    NotKept(u64),
    /// The operating system refused. Nothing was signed that is not promised; see to the disk.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What it said.
        source: io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

impl From<ReadError> for SealError {
    fn from(error: ReadError) -> SealError {
        SealError::Prove(error.into())
    }
}

/// The seals of an open ledger.
#[derive(Debug)]
pub struct Seals {
    dir: PathBuf,
    /// One seal at a time.
    making: Mutex<()>,
}

impl Seals {
    /// The seals kept in `dir`, which need not exist yet.
    pub fn new(dir: PathBuf) -> Seals {
        Seals { dir, making: Mutex::new(()) }
    }

    /// Keeps a new ledger's key. Its name is the origin of all its seals.
    ///
    /// # Errors
    /// When there is one already, it is no log's, or the operating system refuses.
    pub fn keep_key(&self, key: &SigningKey) -> Result<(), SealError> {
        if let Some(there) = self.key()? {
            return Err(SealError::KeyThere(there.verifier().to_string()));
        }
        self.put_key(key)
    }

    /// Puts another key in the place of the one that is there. The caller has recorded it in the log, and
    /// seals once with both.
    ///
    /// # Errors
    /// When it is no log's, its name is another, or the operating system refuses.
    pub fn change_key(&self, key: &SigningKey) -> Result<(), SealError> {
        let old = self.key()?.ok_or(SealError::NoKey)?;
        if old.name() != key.name() {
            return Err(KeyError::BadName(key.name().to_owned()).into());
        }
        self.put_key(key)
    }

    fn put_key(&self, key: &SigningKey) -> Result<(), SealError> {
        if key.verifier().kind() != KeyKind::Log {
            return Err(KeyError::UnknownKind { name: key.name().to_owned(), kind: 0x04 }.into());
        }
        self.write("key", format!("{}\n", key.secret()).as_bytes())
    }

    /// The key that signs now; `None` if none was made.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn key(&self) -> Result<Option<SigningKey>, SealError> {
        let Some(text) = self.read("key")? else { return Ok(None) };
        Ok(Some(SigningKey::parse(text.trim_end())?))
    }

    /// The ledger's origin; `None` if it has no key.
    ///
    /// # Errors
    /// When the key is damaged or cannot be read.
    pub fn origin(&self) -> Result<Option<String>, SealError> {
        Ok(self.key()?.map(|key| key.name().to_owned()))
    }

    /// Seals the log as it stands, with the key that is there and any others given (an old one, when keys
    /// change), and keeps the seal.
    ///
    /// # Errors
    /// When there is no key, the log is not the one that was promised before, or something cannot be read or
    /// written. Nothing was signed then.
    pub fn seal(&self, ledger: &Ledger, also: &[SigningKey]) -> Result<Note, SealError> {
        let _one = lock(&self.making);
        let key = self.key()?.ok_or(SealError::NoKey)?;
        let head = ledger.head();
        self.promise(ledger, head)?;
        let seal = Seal { origin: key.name().to_owned(), head };
        let damaged = |reason: String| SealError::Damaged { path: self.path("key"), reason };
        let mut note = match self.kept(head.size)? {
            Some(kept) if kept.text() == seal.text() => kept,
            _ => Note::new(seal.text()).map_err(|error| damaged(error.to_string()))?,
        };
        std::iter::once(&key).chain(also).for_each(|key| note.sign(key, 0));
        self.keep(head.size, &note)?;
        Ok(note)
    }

    /// Adds witnesses' signatures to a seal that is kept. They are unchecked here: whoever believes a seal
    /// checks it. A signature in the ledger's own name is none of a witness, and is left out: it would take the
    /// place of ours.
    ///
    /// # Errors
    /// When there is no such seal, or it cannot be read or written.
    pub fn add(&self, size: u64, signatures: &[Signature]) -> Result<Note, SealError> {
        let _one = lock(&self.making);
        let mut note = self.kept(size)?.ok_or(SealError::NotKept(size))?;
        let origin = note.text().lines().next().unwrap_or_default().to_owned();
        let of_others = signatures.iter().filter(|signature| signature.name() != origin);
        of_others.cloned().for_each(|signature| note.add(signature));
        self.keep(size, &note)?;
        Ok(note)
    }

    /// The seals that are kept: their sizes, in order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn sizes(&self) -> Result<Vec<u64>, SealError> {
        let names = match whole::names_in(&self.dir) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.io("reading", "", source)),
        };
        let size = |name: &String| name.strip_suffix(".txt")?.parse().ok();
        let mut sizes: Vec<u64> = names.iter().filter_map(size).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// The seal that was made at this size; `None` if there is none.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn kept(&self, size: u64) -> Result<Option<Note>, SealError> {
        let name = name(size);
        let Some(text) = self.read(&name)? else { return Ok(None) };
        let note = Note::parse(text.as_bytes()).map_err(BadSeal::from);
        let note = note.and_then(|note| Ok((Seal::parse(note.text())?, note)));
        match note {
            Ok((seal, note)) if seal.head.size == size => Ok(Some(note)),
            Ok(_) => Err(self.damaged(&name, "it is of another size")),
            Err(error) => Err(self.damaged(&name, &error.to_string())),
        }
    }

    /// The last head that was promised; `None` before the first seal.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn promised(&self) -> Result<Option<Head>, SealError> {
        let Some(text) = self.read("promised")? else { return Ok(None) };
        // A line without its end was being written: it was not synced, so nothing was signed for it.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let Some(last) = whole.lines().last() else { return Ok(None) };
        let head = last.split_once(' ').and_then(|(size, root)| {
            Some(Head { size: size.parse().ok()?, root: Digest::from_hex(root)? })
        });
        head.map(Some).ok_or_else(|| self.damaged("promised", "a line is not a size and a root"))
    }

    /// Writes down that `head` will be signed, after looking that it goes on from what was promised before.
    fn promise(&self, ledger: &Ledger, head: Head) -> Result<(), SealError> {
        if let Some(promised) = self.promised()? {
            if promised.size > head.size {
                return Err(SealError::RolledBack { promised: promised.size, size: head.size });
            }
            if ledger.head_at(promised.size)? != promised {
                return Err(SealError::Rewritten { size: promised.size });
            }
            if promised == head {
                return Ok(());
            }
        }
        let text = self.read("promised")?.unwrap_or_default();
        // Written whole, so that a power cut leaves no line of which only the end is there.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines: String = whole.lines().map(|line| format!("{line}\n")).collect();
        lines += &format!("{} {}\n", head.size, head.root);
        self.write("promised", lines.as_bytes())
    }

    fn keep(&self, size: u64, note: &Note) -> Result<(), SealError> {
        self.write(&name(size), note.to_string().as_bytes())
    }

    /// Writes a file whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SealError> {
        let failed = |source| self.io("writing", name, source);
        let made = !self.dir.exists();
        fs::create_dir_all(&self.dir).map_err(failed)?;
        let mode = if name == "key" { whole::SECRET } else { whole::OPEN };
        whole::write(&self.dir.join(name), mode, |file| file.write_all(bytes)).map_err(failed)?;
        match self.dir.parent() {
            Some(parent) if made => sync_dir(parent).map_err(failed),
            _ => Ok(()),
        }
    }

    fn read(&self, name: &str) -> Result<Option<String>, SealError> {
        match fs::read_to_string(self.dir.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.io("reading", name, source)),
        }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn damaged(&self, name: &str, reason: &str) -> SealError {
        SealError::Damaged { path: self.path(name), reason: reason.to_owned() }
    }

    fn io(&self, doing: &str, name: &str, source: io::Error) -> SealError {
        SealError::Io { what: format!("{doing} {}", self.path(name)), source }
    }
}

impl Ledger {
    /// The ledger's seals; `None` for a ledger in memory, which keeps none.
    pub fn seals(&self) -> Option<&Seals> {
        self.0.seals.as_ref()
    }
}

fn name(size: u64) -> String {
    format!("{size:020}.txt")
}

/// Where seals stand in a ledger's directory.
pub(crate) fn dir(home: &Path) -> PathBuf {
    home.join("seals")
}
