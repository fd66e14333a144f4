//! Commits that go to the disk together, and what waits for them.

use crate::reply::Parcel;
use ledger::{Draft, Position};
use seats::AccountId;

/// A group being filled.
#[derive(Default)]
pub(crate) struct Group {
    /// Commits in the order in which they were decided.
    pub(crate) drafts: Vec<Draft>,
    /// Answers that depend on them.
    pub(crate) parcels: Vec<Parcel>,
    /// Whose commits these are, each once.
    pub(crate) accounts: Vec<AccountId>,
}

/// A group that was appended and is not yet on disk.
pub(crate) struct Sent {
    /// Position of its first commit.
    pub(crate) first: Position,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) accounts: Vec<AccountId>,
}
