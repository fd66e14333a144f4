//! Where in the log something stands, so that whoever doubts a report can look.

use bincode::{Decode, Encode};
use ledger::{Position, Record};
use seats::Timestamp;

/// When something happened, and the commit that says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
pub struct Evidence {
    /// When it happened.
    pub at: Timestamp,
    /// The commit's place in the whole log.
    pub position: Position,
    /// The commit's place in the account's history.
    pub version: u64,
}

impl Evidence {
    /// The evidence that a commit is.
    pub fn of(record: &Record) -> Evidence {
        let Record { position, commit, .. } = record;
        Evidence { at: commit.at, position: *position, version: commit.version }
    }
}
