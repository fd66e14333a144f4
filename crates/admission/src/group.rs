//! Commits that go to the disk together, and what waits for them.

use crate::forgetting::Erasure;
use crate::reply::Parcel;
use ledger::Draft;
use seats::AccountId;

/// A group of commits: filled by the decider, then in the [`Outbox`](crate::outbox::Outbox).
#[derive(Default)]
pub(crate) struct Group {
    /// Commits in the order in which they were decided.
    pub(crate) drafts: Vec<Draft>,
    /// Answers that depend on them.
    pub(crate) parcels: Vec<Parcel>,
    /// Whose commits these are, each once; the system account, which waits for nothing, is none of them.
    pub(crate) accounts: Vec<AccountId>,
    /// The directory has new entries that these commits refer to; it is synced first.
    pub(crate) newcomers: bool,
    /// What is to be erased from the directory once these commits are on disk.
    pub(crate) erasures: Vec<Erasure>,
    /// The positions it was recorded at: the first, and the one after the last.
    pub(crate) recorded: (u64, u64),
}
