//! Proofs from an open ledger: that a commit stands in the log, and that the log only ever grew.
//!
//! Every proof is checked against the root that the ledger knows before it is given away. If stored nodes
//! were damaged, it fails there; they are made again once, and what fails then is damage of the log.

use crate::commit::leaf_hash;
use crate::error::{Damage, ReadError};
use crate::guard::lock;
use crate::ledger::Ledger;
use crate::merkle::{Blake3, consistency, inclusion, root_of, verify_growth, verify_inclusion};
use crate::position::{Head, Position};
use crate::tiles::{Stored, Tiles};
use seats::Digest;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The log is not that long. Whoever asked names a smaller size or position.
    #[error("the log has {size} commits; there is no proof about {asked}")]
    TooLong {
        /// What was asked for: a size, or a position plus one.
        asked: u64,
        /// How many commits are durable, or in the tree asked about.
        size: u64,
    },
    /// The log cannot be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Ledger {
    /// The head as it was when the log had `size` commits.
    ///
    /// # Errors
    /// When it never was that long, or cannot be read.
    pub fn head_at(&self, size: u64) -> Result<Head, ProveError> {
        let head = self.head();
        within(size, head.size)?;
        if size == head.size {
            return Ok(head);
        }
        self.proved(head, |stored| {
            let root = root_of::<Blake3, _>(stored, size)?;
            let path = consistency::<Blake3, _>(stored, size, head.size)?;
            let follows = verify_growth::<Blake3>((size, &root), (head.size, &head.root), &path);
            Ok(follows.is_ok().then_some(Head { size, root }))
        })
    }

    /// The path from the commit at `position` to the root of the first `size` commits, from the leaf up.
    ///
    /// # Errors
    /// When the log never was that long, the commit is not in it, or it cannot be read.
    pub fn prove_inclusion(
        &self,
        position: Position,
        size: u64,
    ) -> Result<Vec<Digest>, ProveError> {
        let head = self.head_at(size)?;
        within(position.0.saturating_add(1), size)?;
        let leaf = self.leaf(position)?;
        self.proved(head, |stored| {
            let path = inclusion::<Blake3, _>(stored, position.0, size)?;
            let leads = verify_inclusion::<Blake3>(&leaf, position.0, size, &path, &head.root);
            Ok(leads.is_ok().then_some(path))
        })
    }

    /// The path that shows that the first `first_size` commits are the beginning of the first `size`.
    ///
    /// # Errors
    /// When the log never was that long, or cannot be read.
    pub fn prove_consistency(&self, first_size: u64, size: u64) -> Result<Vec<Digest>, ProveError> {
        within(first_size, size)?;
        let (first, head) = (self.head_at(first_size)?, self.head_at(size)?);
        self.proved(head, |stored| {
            let path = consistency::<Blake3, _>(stored, first_size, size)?;
            let follows =
                verify_growth::<Blake3>((first_size, &first.root), (size, &head.root), &path);
            Ok(follows.is_ok().then_some(path))
        })
    }

    /// The leaf hash of the commit at `position`, which is before the head.
    pub(crate) fn leaf(&self, position: Position) -> Result<Digest, ReadError> {
        let leaf = self.with_entry(position, |entry| leaf_hash(entry.bytes))?;
        leaf.ok_or_else(|| Damage::at(position, "the log ends before it").into())
    }

    /// Makes a proof about the tree at `head`; `None` means that it does not lead to the root.
    fn proved<T>(
        &self,
        head: Head,
        make: impl Fn(&mut Stored<'_>) -> Result<Option<T>, ReadError>,
    ) -> Result<T, ProveError> {
        let mut tiles = lock(&self.0.tiles);
        let tiles = match &mut *tiles {
            Some(tiles) => tiles,
            none => none.insert(Tiles::open(self.index_dir().as_deref())),
        };
        for last in [false, true] {
            let caught_up = tiles.catch_up(self);
            let made = caught_up.and_then(|()| make(&mut Stored::new(tiles, self, head.size)));
            match made {
                Ok(Some(proof)) => return Ok(proof),
                Err(error) if last => return Err(error.into()),
                Ok(None) | Err(_) => {}
            }
            tiles.clear().map_err(ReadError::unavailable("the stored nodes"))?;
        }
        let what = format!("up to {} commits the log has another Merkle root", head.size);
        Err(ReadError::from(Damage::at(Position(head.size.saturating_sub(1)), what)).into())
    }
}

fn within(asked: u64, size: u64) -> Result<(), ProveError> {
    if asked > size { Err(ProveError::TooLong { asked, size }) } else { Ok(()) }
}
