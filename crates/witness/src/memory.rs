//! What a witness remembers: the last seal it signed of each ledger, on disk before it is signed.
//!
//! ```text
//!  <dir>/<SHA-256 of the origin>     "<origin>\n<size> <root>\n"
//! ```
//!
//! A file is written beside, synced and renamed, so that it is the old one or the new one after any crash.
//! One that makes no sense is an error: a witness that forgets is none.

use ledger::Head;
use seats::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a witness cannot remember. It signs nothing then; whoever runs it sees to its disk.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The operating system refused.
    #[error("what the witness remembers in {path}: {source}")]
    Io {
        /// Where.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// A file is not what was written. Put it back from a backup; never delete it.
    #[error(
        "what the witness remembers in {0} is damaged; put it back from a backup, do not delete it"
    )]
    Damaged(String),
}

pub(crate) struct Memory {
    dir: PathBuf,
}

impl Memory {
    pub(crate) fn open(dir: &Path) -> Result<Memory, MemoryError> {
        let made = fs::create_dir_all(dir);
        made.map_err(|source| MemoryError::Io { path: dir.display().to_string(), source })?;
        Ok(Memory { dir: dir.to_owned() })
    }

    /// The last head that was remembered of a ledger.
    pub(crate) fn last(&self, origin: &str) -> Result<Option<Head>, MemoryError> {
        let path = self.path(origin);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(MemoryError::Io { path: path.display().to_string(), source });
            }
        };
        let head = text.strip_suffix('\n').and_then(|text| {
            let (name, head) = text.split_once('\n')?;
            let (size, root) = head.split_once(' ')?;
            let head = Head { size: size.parse().ok()?, root: Digest::from_hex(root)? };
            (name == origin).then_some(head)
        });
        head.map(Some).ok_or_else(|| MemoryError::Damaged(path.display().to_string()))
    }

    /// Remembers a head, durably.
    pub(crate) fn remember(&mut self, origin: &str, head: Head) -> Result<(), MemoryError> {
        let path = self.path(origin);
        let part = path.with_extension("part");
        let written = File::create(&part).and_then(|mut file| {
            write!(file, "{origin}\n{} {}\n", head.size, head.root)?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(&self.dir)?.sync_all()
        });
        written.map_err(|source| MemoryError::Io { path: path.display().to_string(), source })
    }

    fn path(&self, origin: &str) -> PathBuf {
        let name: String =
            Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(name)
    }
}
