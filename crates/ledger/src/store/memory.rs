//! A store in memory that can crash.
//!
//! It keeps what was written and what was synced apart, like a disk with a cache. [`MemoryStore::crash`]
//! gives the store as it would be found afterwards: everything synced, some of what was not (always a
//! prefix of the blocks, as the trait demands), the last head row or not. [`Fault`]s make the next append
//! or sync fail in each way a real one can. [`MemoryStore::damage`] changes what is stored, as a bad disk
//! would.
//!
//! Nothing here is random: the caller chooses each outcome, from a seed if it likes.

use super::{Blocks, HeadRow, LogStore};
use crate::block::Block;
use crate::book::MemoryPages;
use crate::error::{Damage, ReadError, StoreError};
use crate::guard::lock;
use crate::position::{Head, Position};
use std::sync::{Arc, Mutex, MutexGuard};

/// How the next append or sync is to fail. After it the store is poisoned until [`MemoryStore::crash`], unless
/// it stored nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The next append stores its first `blocks` blocks, then fails.
    Append {
        /// How many are stored.
        blocks: usize,
    },
    /// The next append is refused: nothing is stored, and the store goes on.
    Refuse,
    /// The next sync fails: the head row may have become durable, and of the blocks a prefix.
    Sync {
        /// How many of the unsynced blocks became durable.
        blocks: usize,
        /// Whether the head row became durable.
        row: bool,
    },
}

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    book: Arc<MemoryPages>,
    gate: Mutex<()>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Stored blocks as bytes, so that damage is found by their digest.
    blocks: Vec<(Position, Position, Vec<u8>)>,
    durable_blocks: usize,
    rows: Vec<HeadRow>,
    durable_rows: usize,
    fault: Option<Fault>,
    poison: Option<String>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Arc<MemoryStore> {
        Arc::default()
    }

    /// The book kept beside the log.
    pub fn book(&self) -> Arc<MemoryPages> {
        Arc::clone(&self.book)
    }

    /// Makes the next append or sync fail, whichever the fault is for.
    pub fn inject(&self, fault: Fault) {
        lock(&self.state).fault = Some(fault);
    }

    /// Makes every sync wait until what is given back is dropped, like a slow disk.
    pub fn hold_syncs(&self) -> MutexGuard<'_, ()> {
        lock(&self.gate)
    }

    /// How many blocks are stored but not synced.
    pub fn unsynced_blocks(&self) -> usize {
        let state = lock(&self.state);
        state.blocks.len() - state.durable_blocks
    }

    /// The store as found after a crash at this instant: with the first `blocks` of the unsynced blocks, and
    /// with what else was not synced (head rows, the book) or not. This store goes on as if nothing had
    /// happened.
    pub fn crash(&self, blocks: usize, row: bool) -> Arc<MemoryStore> {
        let mut found = lock(&self.state).clone();
        found.blocks.truncate(found.durable_blocks.saturating_add(blocks));
        if !row {
            found.rows.truncate(found.durable_rows);
        }
        found.durable_blocks = found.blocks.len();
        found.durable_rows = found.rows.len();
        found.fault = None;
        found.poison = None;
        // The book is synced by itself; what it had not synced is lost with the head row.
        Arc::new(MemoryStore {
            state: Mutex::new(found),
            book: self.book.crash(row),
            gate: Mutex::default(),
        })
    }

    /// Flips one bit of the block that holds `position`; `bit` counts from the block's start and wraps.
    /// Returns whether there is such a block.
    pub fn damage(&self, position: Position, bit: usize) -> bool {
        let mut state = lock(&self.state);
        let Some((_, _, bytes)) =
            state.blocks.iter_mut().find(|(first, end, _)| (*first..*end).contains(&position))
        else {
            return false;
        };
        let bit = bit % (bytes.len() * 8);
        match bytes.get_mut(bit / 8) {
            Some(byte) => *byte ^= 1 << (bit % 8),
            None => return false,
        }
        true
    }

    /// Loses every block from the one that holds `position` on, synced or not, as a bad disk would.
    pub fn lose_from(&self, position: Position) {
        let mut state = lock(&self.state);
        state.blocks.retain(|(_, end, _)| *end <= position);
        state.durable_blocks = state.durable_blocks.min(state.blocks.len());
    }
}

impl State {
    fn end(&self) -> Position {
        self.blocks.last().map_or(Position(0), |(_, end, _)| *end)
    }

    fn block(&self, position: Position) -> Result<Option<Block>, ReadError> {
        let index = self.blocks.partition_point(|(_, end, _)| *end <= position);
        let Some((first, _, bytes)) = self.blocks.get(index) else {
            return Ok(None);
        };
        Block::check(bytes.clone())
            .map(Some)
            .map_err(|error| Damage::at(*first, error.to_string()).into())
    }

    fn refuse_if_poisoned(&self) -> Result<(), StoreError> {
        self.poison.clone().map_or(Ok(()), |cause| Err(StoreError::Poisoned(cause)))
    }

    fn fail(&mut self, cause: &str) -> StoreError {
        self.fault = None;
        self.poison = Some(cause.to_owned());
        StoreError::Unknown(cause.to_owned())
    }
}

impl LogStore for MemoryStore {
    fn append(&self, blocks: &[Block]) -> Result<Position, StoreError> {
        let mut state = lock(&self.state);
        state.refuse_if_poisoned()?;
        if state.fault == Some(Fault::Refuse) {
            state.fault = None;
            return Err(StoreError::Unavailable("the append was made to be refused".to_owned()));
        }
        let stored = match state.fault {
            Some(Fault::Append { blocks: stored }) => stored.min(blocks.len()),
            _ => blocks.len(),
        };
        for block in blocks.iter().take(stored) {
            debug_assert_eq!(block.first(), state.end(), "blocks follow one another");
            state.blocks.push((block.first(), block.end(), block.bytes().to_vec()));
        }
        match state.fault {
            Some(Fault::Append { .. }) => Err(state.fail("the append was made to fail")),
            _ => Ok(Position(0)),
        }
    }

    fn sync(&self, head: Head) -> Result<(), StoreError> {
        drop(lock(&self.gate));
        let mut state = lock(&self.state);
        state.refuse_if_poisoned()?;
        let row = |state: &State, confirmed| HeadRow {
            sequence: state.rows.last().map_or(1, |row| row.sequence + 1),
            head,
            confirmed,
        };
        let confirmed = state.rows.last().map_or(0, |row| row.confirmed);
        let announced = row(&state, confirmed);
        state.rows.push(announced);
        if let Some(Fault::Sync { blocks, row }) = state.fault {
            state.durable_blocks =
                state.durable_blocks.saturating_add(blocks).min(state.blocks.len());
            if row {
                state.durable_rows = state.rows.len();
            }
            return Err(state.fail("the sync was made to fail"));
        }
        state.durable_blocks = state.blocks.len();
        state.durable_rows = state.rows.len();
        let confirmed = row(&state, head.size);
        state.rows.push(confirmed);
        Ok(())
    }

    fn end(&self) -> Position {
        lock(&self.state).end()
    }

    fn read(&self, position: Position) -> Result<Option<Block>, ReadError> {
        lock(&self.state).block(position)
    }

    fn scan(self: Arc<Self>, position: Position) -> Blocks {
        let mut next = Some(position);
        Box::new(std::iter::from_fn(move || {
            let block = self.read(next?).transpose()?;
            next = block.as_ref().ok().map(Block::end);
            Some(block)
        }))
    }

    fn heads(&self) -> Vec<HeadRow> {
        lock(&self.state).rows.clone()
    }

    fn volumes(&self) -> Vec<Position> {
        vec![Position(0)]
    }

    fn finish(&self, _volume: Position) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        state.refuse_if_poisoned()?;
        state.durable_rows = state.rows.len();
        Ok(())
    }
}
