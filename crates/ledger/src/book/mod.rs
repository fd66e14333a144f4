//! The book: what may change, beside the log in which nothing does.
//!
//! Names and texts that the log binds by commitment ([`directory`]), price plans by their digest, and each
//! account's liveness at some instant. It is a small database of its own, so that its changes never mix with
//! the log. Nothing in it is durable before [`Book::sync`]; whoever appends a commit that refers to a new
//! entry syncs the book first. An entry that no commit came to refer to does no harm.
//!
//! ```text
//!  profiles     scope, kind, number            -> salt, text      empty: forgotten
//!  names        scope, kind, normalised name   -> number
//!  commitments  commitment                     -> scope, kind, number
//!  plans        digest                         -> the plan file
//!  statements   digest                         -> the statement of a closed month
//!  liveness     account, part                  -> opaque bytes
//!  marks        "alive"                        -> an instant; the others: see `retention`
//! ```
//!
//! Scope, number, account and instant are u64, kind is one byte, part is u16; all big end first.

pub mod directory;
mod dump;
mod liveness;
mod pages;
mod plans;
mod retention;
mod rewrite;

pub use directory::{Entry, Kind, Profile, Subject};
pub use pages::MemoryPages;

use crate::error::OpenError;
use pages::{Pages, SledPages};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest value the book takes, in bytes, so that it never reaches the engine's unsynced files.
pub const VALUE_BYTES_MAX: usize = 28 * 1024;

/// Why the book did not do something.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BookError {
    /// Another subject of the same kind has the name. Choose another, or use that subject.
    #[error("the name {name:?} is taken by {kind:?} {number}; choose another")]
    NameTaken {
        /// The name asked for.
        name: String,
        /// Of what kind.
        kind: Kind,
        /// The number of the one that has it.
        number: u64,
    },
    /// A name must hold something besides white space. Give one.
    #[error("the name is empty")]
    NameEmpty,
    /// The value is longer than [`VALUE_BYTES_MAX`]. Shorten it.
    #[error("{what} takes {bytes} bytes, the limit is {VALUE_BYTES_MAX}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
    },
    /// The book could not be read or written. If it stays, stop and look at the disk.
    #[error("the book could not be {doing}: {cause}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What was said.
        cause: String,
    },
    /// What was read is not what is ever written. Restore the directory `book` from a backup.
    #[error("the book is damaged: {0}; restore the directory book/ from a backup")]
    Damaged(String),
}

/// Where salts come from.
type Salts = Box<dyn Fn() -> Result<[u8; 32], String> + Send + Sync>;

/// See the module.
pub struct Book {
    pages: Arc<dyn Pages>,
    salts: Salts,
}

impl Book {
    pub(crate) fn create(dir: &Path) -> Result<(), OpenError> {
        SledPages::create(dir)
    }

    /// Opens the book of a log of so many commits. One that is missing is not begun anew beside a log that
    /// is not empty: names would be gone without a word.
    pub(crate) fn open(dir: &Path, commits: u64) -> Result<Book, OpenError> {
        rewrite::finish(dir)
            .map_err(OpenError::io(format!("ending the rewriting of {}", dir.display())))?;
        if commits > 0 && !SledPages::stands(dir) {
            let cause = format!("is missing or empty, while the log holds {commits} commits");
            return Err(OpenError::Book { dir: dir.to_owned(), cause });
        }
        let random = || {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
            Ok(salt)
        };
        Ok(Book { pages: Arc::new(SledPages::open(dir)?), salts: Box::new(random) })
    }

    /// A book in memory. Its salts are counted, not random, so that every run of a test is the same.
    pub(crate) fn in_memory(pages: Arc<MemoryPages>) -> Book {
        let count = AtomicU64::new(0);
        let counted = move || {
            let next = count.fetch_add(1, Ordering::Relaxed);
            Ok(*blake3::hash(&next.to_be_bytes()).as_bytes())
        };
        Book { pages, salts: Box::new(counted) }
    }

    /// Makes every change so far durable.
    pub fn sync(&self) -> Result<(), BookError> {
        self.pages.sync()
    }

    pub(crate) fn close(&self) -> Result<(), BookError> {
        self.pages.sync()
    }
}

/// A number from the front of a key or value.
fn number(bytes: &[u8]) -> Result<u64, BookError> {
    let number = bytes.first_chunk().map(|number| u64::from_be_bytes(*number));
    number.ok_or_else(|| {
        BookError::Damaged(format!("{} bytes where a number was expected", bytes.len()))
    })
}
