//! Places in the log, and what a size of the log is bound to.

use bincode::{Decode, Encode};
use seats::Digest;
use std::fmt;

/// A commit's place in the whole log: dense, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How far the log reaches and the Merkle root over all of it: what a seal signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// How many commits there are; also the position the next one will have.
    pub size: u64,
    /// The Merkle root over their leaves.
    pub root: Digest,
}
