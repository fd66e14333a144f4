//! A disk that can fail: what was written and what is durable, kept apart byte by byte.
//!
//! ```text
//!  log   | length | block | length | block | ... | length | block | ...
//!        |<------------ durable ---------->|<----- unsynced ----->|
//! ```
//!
//! The log is one file of framed blocks, written and lost in sectors of 512 bytes. A sync makes everything
//! written so far durable. When the power goes, every unsynced sector may be there, be gone, or be torn,
//! whatever became of the others; whoever finds the file takes blocks as long as they are whole and follow
//! one another. A sync that fails may leave *holes*: sectors that can still be read, and that no later sync
//! of the same process writes, as Linux does. Head rows are written and lost one by one. The book beside
//! the log keeps its own account of what is durable ([`MemoryPages`]).
//!
//! The disk does not refuse to work after a failure. That nothing is written after one is for those above
//! to see to.

use crate::dice::Dice;
use ledger::block::{Block, Entry};
use ledger::book::MemoryPages;
use ledger::store::{Blocks, HeadRow, LogStore};
use ledger::{Damage, Head, Position, ReadError, StoreError};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR_BYTES: usize = 512;
const ROWS_KEPT: usize = 16;

/// What goes wrong with the next write or sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// An append stops somewhere in the middle.
    Write,
    /// There is no room for one append.
    Full,
    /// A sync fails; everything it was to write may be written later.
    Sync,
    /// A sync fails and leaves holes.
    SyncWithHoles,
    /// Every sync of the book fails.
    Book,
    /// A sync does nothing and says that it has succeeded.
    Lie,
}

/// See the module.
pub(crate) struct Disk {
    state: Mutex<State>,
}

/// A log store on the disk, until the disk is mounted anew.
struct Mount {
    disk: Arc<Disk>,
    number: u64,
}

/// A block in the file.
#[derive(Clone, Copy, Debug)]
struct Stored {
    first: Position,
    end: Position,
    from: usize,
    to: usize,
}

#[derive(Default)]
struct State {
    file: Vec<u8>,
    blocks: Vec<Stored>,
    /// How much of the file every process to come will find.
    durable: usize,
    /// Where the first hole begins.
    hole: Option<usize>,
    rows: Vec<HeadRow>,
    durable_rows: usize,
    book: Arc<MemoryPages>,
    fault: Option<(Fault, Dice)>,
    mounts: u64,
    faults: u64,
}

impl Disk {
    /// An empty disk.
    pub(crate) fn new() -> Arc<Disk> {
        Arc::new(Disk { state: Mutex::default() })
    }

    /// The log store, as found. Earlier ones can do nothing any more.
    pub(crate) fn mount(self: &Arc<Disk>) -> (Arc<dyn LogStore>, Arc<MemoryPages>) {
        let mut state = self.lock();
        state.mounts += 1;
        (Arc::new(Mount { disk: Arc::clone(self), number: state.mounts }), Arc::clone(&state.book))
    }

    /// Makes the next append or sync go wrong.
    pub(crate) fn arm(&self, fault: Fault, dice: Dice) {
        let mut state = self.lock();
        if fault == Fault::Book {
            state.book.fail_syncs();
            state.faults += 1;
        } else {
            state.fault = Some((fault, dice));
        }
    }

    /// The process is killed: what was written is found, synced or not.
    pub(crate) fn kill(&self) {
        let mut state = self.lock();
        state.book = state.book.crash_after(usize::MAX);
        // Whoever opens a log that was not closed writes anew what is not certain to be there.
        let hole = state.hole.unwrap_or(usize::MAX);
        state.durable = state.durable.min(hole);
        state.found();
    }

    /// The power goes: of what was not synced some is found, torn or whole.
    pub(crate) fn cut_power(&self, mut dice: Dice) {
        let mut state = self.lock();
        let changes = dice.below(state.book.unsynced_changes() as u64 + 1) as usize;
        state.book = state.book.crash_after(changes);
        state.lose_sectors(&mut dice);
        let mut row = 0;
        let durable = state.durable_rows;
        state.rows.retain(|_| {
            row += 1;
            row <= durable || dice.once_in(2)
        });
        state.found();
        // What a machine finds after it starts is on the disk.
        state.durable = state.file.len();
        state.durable_rows = state.rows.len();
    }

    /// Turns one bit of a block of the log over; `false` if there is none.
    pub(crate) fn rot(&self, mut dice: Dice) -> bool {
        let mut state = self.lock();
        let place = dice.index(state.blocks.len());
        let Some(Stored { from, to, .. }) = state.blocks.get(place).copied() else { return false };
        state.file[from + dice.index(to - from)] ^= 1 << dice.below(8);
        true
    }

    /// How many faults have struck.
    pub(crate) fn faults(&self) -> u64 {
        self.lock().faults
    }

    /// Shows the durable commits from `position` on to `visit`, until it says no more.
    pub(crate) fn each_durable<E>(
        &self,
        position: Position,
        mut visit: impl FnMut(&Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let state = self.lock();
        let end = state.durable_end();
        let from = state.blocks.partition_point(|stored| stored.end <= position);
        for stored in &state.blocks[from..] {
            // What is not whole is for those to find who read through the ledger.
            let Ok(block) = Block::check(state.file[stored.from..stored.to].to_vec()) else {
                break;
            };
            for entry in block.entries().skip_while(|entry| entry.position < position) {
                if entry.position >= end {
                    return Ok(());
                }
                visit(&entry)?;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn durable_end(&self) -> Position {
        let durable = self.durable.min(self.hole.unwrap_or(usize::MAX));
        let whole = self.blocks.partition_point(|stored| stored.to <= durable);
        whole.checked_sub(1).map_or(Position(0), |last| self.blocks[last].end)
    }

    fn end(&self) -> Position {
        self.blocks.last().map_or(Position(0), |stored| stored.end)
    }

    fn write(&mut self, block: &Block) {
        let bytes = block.bytes();
        self.file.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        let from = self.file.len();
        self.file.extend_from_slice(bytes);
        let (first, end) = (block.first(), block.end());
        self.blocks.push(Stored { first, end, from, to: self.file.len() });
    }

    /// What becomes of the sectors that were not synced.
    fn lose_sectors(&mut self, dice: &mut Dice) {
        let hole = self.hole.unwrap_or(usize::MAX);
        self.durable = self.durable.min(hole);
        let unsynced = self.file.len() - self.durable;
        let sectors = unsynced.div_ceil(SECTOR_BYTES);
        let (kind, kept) = (dice.below(4), dice.index(sectors + 1));
        for sector in 0..sectors {
            let from = self.durable + sector * SECTOR_BYTES;
            let to = (from + SECTOR_BYTES).min(self.file.len());
            let gone = match kind {
                _ if to > hole => true,
                0 => sector >= kept,
                1 => dice.once_in(2),
                2 => dice.once_in(sectors as u64),
                _ => false,
            };
            if gone {
                // A torn sector holds what was written up to some byte.
                let torn = if dice.once_in(4) && to <= hole { dice.index(to - from) } else { 0 };
                self.file[from + torn..to].fill(0);
            }
        }
    }

    /// Takes the blocks that are whole and follow one another; the rest of the file is cut off.
    fn found(&mut self) {
        self.hole = None;
        self.fault = None;
        let whole = self.blocks.partition_point(|stored| stored.to <= self.durable);
        self.blocks.truncate(whole);
        let mut at = self.blocks.last().map_or(0, |stored| stored.to);
        while let Some(length) = self.file.get(at..at + 4) {
            let length = length.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
            let (from, to) = (at + 4, at + 4 + length);
            let bytes = self.file.get(from..to).filter(|_| length > 0);
            let Some(Ok(block)) = bytes.map(|bytes| Block::check(bytes.to_vec())) else { break };
            if block.first() != self.end() {
                break;
            }
            self.blocks.push(Stored { first: block.first(), end: block.end(), from, to });
            at = to;
        }
        self.file.truncate(at);
        self.durable = self.durable.min(at);
    }

    fn strike(&mut self) {
        self.fault = None;
        self.faults += 1;
    }
}

impl Mount {
    fn state(&self) -> Option<MutexGuard<'_, State>> {
        let state = self.disk.lock();
        (state.mounts == self.number).then_some(state)
    }

    fn writable(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state().ok_or_else(|| StoreError::Poisoned("this process is dead".to_owned()))
    }
}

impl LogStore for Mount {
    fn append(&self, blocks: &[Block]) -> Result<Position, StoreError> {
        let mut state = self.writable()?;
        match state.fault {
            Some((Fault::Full, _)) => {
                state.strike();
                Err(StoreError::Unavailable("no space left on the disk".to_owned()))
            }
            Some((Fault::Write, mut dice)) => {
                state.strike();
                let (before, whole) = (state.file.len(), dice.index(blocks.len() + 1));
                blocks.iter().take(whole).for_each(|block| state.write(block));
                if let Some(torn) = blocks.get(whole) {
                    state.write(torn);
                    state.blocks.pop();
                    let written = before + dice.index(state.file.len() - before);
                    state.file.truncate(written);
                    while state.blocks.last().is_some_and(|last| last.to > written) {
                        state.blocks.pop();
                    }
                }
                Err(StoreError::Unknown("a write failed".to_owned()))
            }
            _ => {
                blocks.iter().for_each(|block| state.write(block));
                Ok(Position(0))
            }
        }
    }

    fn sync(&self, head: Head) -> Result<(), StoreError> {
        let mut state = self.writable()?;
        let sequence = state.rows.last().map_or(1, |row| row.sequence + 1);
        let confirmed = state.rows.last().map_or(0, |row| row.confirmed);
        state.rows.push(HeadRow { sequence, head, confirmed });
        if let Some((Fault::Lie, _)) = state.fault {
            state.strike();
            return Ok(());
        }
        if let Some((fault @ (Fault::Sync | Fault::SyncWithHoles), _)) = state.fault {
            state.strike();
            if fault == Fault::SyncWithHoles {
                let durable = state.durable;
                state.hole.get_or_insert(durable);
                state.durable = state.file.len();
            }
            return Err(StoreError::Unknown("a sync failed".to_owned()));
        }
        state.durable = state.file.len();
        let old = state.rows.len().saturating_sub(ROWS_KEPT);
        state.rows.drain(..old);
        state.durable_rows = state.rows.len();
        // Written after the sync, so not certain to be found.
        let sequence = sequence + 1;
        state.rows.push(HeadRow { sequence, head, confirmed: head.size });
        Ok(())
    }

    fn end(&self) -> Position {
        self.disk.lock().end()
    }

    fn read(&self, position: Position) -> Result<Option<Block>, ReadError> {
        let state = self.disk.lock();
        let place = state.blocks.partition_point(|stored| stored.end <= position);
        let Some(stored) = state.blocks.get(place) else { return Ok(None) };
        let damaged = |error: ledger::block::BlockError| Damage {
            position: stored.first,
            what: error.to_string(),
            way_out: "there is none in a simulation".to_owned(),
        };
        let block = Block::check(state.file[stored.from..stored.to].to_vec()).map_err(damaged)?;
        Ok(Some(block))
    }

    fn scan(self: Arc<Self>, position: Position) -> Blocks {
        let mut next = ControlFlow::Continue(position);
        Box::new(std::iter::from_fn(move || {
            let ControlFlow::Continue(position) = next else { return None };
            let block = self.read(position).transpose()?;
            next = match &block {
                Ok(block) => ControlFlow::Continue(block.end()),
                Err(_) => ControlFlow::Break(()),
            };
            Some(block)
        }))
    }

    fn heads(&self) -> Vec<HeadRow> {
        self.disk.lock().rows.clone()
    }

    fn volumes(&self) -> Vec<Position> {
        vec![Position(0)]
    }

    fn finish(&self, _volume: Position) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        let mut state = self.writable()?;
        state.durable_rows = state.rows.len();
        Ok(())
    }
}
