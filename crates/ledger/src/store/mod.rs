//! The engine behind the record, behind one small trait.
//!
//! A [`LogStore`] keeps blocks in order and nothing else: it knows positions but no accounts, no versions
//! and no Merkle tree, only the [`Head`] it is told to remember. Another engine can come without the rules
//! noticing. What every engine must promise:
//!
//! - a block is stored whole or not at all;
//! - after a crash the blocks that were not synced are a prefix of what was appended: never a gap;
//! - [`LogStore::sync`] returns only when every block appended before it, and the head, survive a crash;
//! - after any failed write or sync nothing is written any more ([`StoreError::Poisoned`]).

pub(crate) mod carve;
pub(crate) mod engine;
pub(crate) mod finish;
pub(crate) mod head;
pub(crate) mod journal;
mod locate;
mod located;
pub mod memory;
pub(crate) mod recover;
mod slot;
mod sync;
pub(crate) mod volume;
pub mod volumes;

use crate::block::Block;
use crate::error::{ReadError, StoreError};
use crate::position::{Head, Position};
use std::sync::Arc;

pub use head::HeadRow;

/// Blocks in order, read from any position on.
pub type Blocks = Box<dyn Iterator<Item = Result<Block, ReadError>> + Send>;

/// Keeps blocks. One thread appends, one syncs, any number read, all at the same time.
pub trait LogStore: Send + Sync {
    /// Stores blocks, each beginning where the one before it ends, the first at [`LogStore::end`]. They are
    /// not yet durable. Gives back the first position of the volume they went into.
    fn append(&self, blocks: &[Block]) -> Result<Position, StoreError>;

    /// Makes durable everything appended so far and remembers `head`, which describes it or a beginning of
    /// it that is not durable yet.
    fn sync(&self, head: Head) -> Result<(), StoreError>;

    /// The position after the last block appended.
    fn end(&self) -> Position;

    /// The block that holds the commit at `position`; `None` at and after the end. Its digest is checked.
    fn read(&self, position: Position) -> Result<Option<Block>, ReadError>;

    /// The blocks from the one that holds `position` to the end as it is when it is reached. Digests and
    /// the absence of gaps are checked; nothing follows an error.
    fn scan(self: Arc<Self>, position: Position) -> Blocks;

    /// The heads remembered, oldest first, as many as are kept.
    fn heads(&self) -> Vec<HeadRow>;

    /// First positions of the volumes, in order; the last one is the one being written.
    fn volumes(&self) -> Vec<Position>;

    /// Tidies a volume that is no longer written and wholly durable, so that it opens fast and takes little
    /// room. May take seconds; reading goes on.
    fn finish(&self, volume: Position) -> Result<(), StoreError>;

    /// Writes down that the work ended in good order. Nothing may be appended afterwards.
    fn close(&self) -> Result<(), StoreError>;
}
