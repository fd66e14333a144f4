//! One volume: a bounded stretch of the log in a sled database of its own.
//!
//! ```text
//!  log/00000000000000000000/      named by the position of its first commit
//!    db  conf  blobs/  snap.…     sled's files
//!    finished                     once nothing more is written to it: see `finished`
//!
//!  in sled: a row of shelves (trees), each named by the position of its first block, 8 bytes big end first
//!    shelf 0      key 0 -> block   key 310 -> block   ...            at most nine large blocks
//!    shelf 2790   key 2790 -> block                    ...
//! ```
//!
//! A shelf exists for one reason: sled appends a value to a page as a small delta up to nine times and then
//! writes the whole page again, and splits it at seventeen values, so that in one large tree every block is
//! written three to four times and takes 1.8 times its size on disk. In a shelf of nine blocks each block is
//! written once (measured: 1.02 times its size, and twice the throughput). Small blocks are not worth a
//! shelf of their own and share one up to 128 KiB, where sled rewrites them; when the volume is full it is
//! written anew with large blocks.

use crate::block::Block;
use crate::error::{Damage, ReadError};
use crate::guard::{lock, read, write};
use crate::position::Position;
use crate::store::engine::{Engine, EngineError};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

/// Blocks on a shelf from which on a new one is begun, if it holds [`SHELF_BYTES_MIN`] too.
const SHELF_BLOCKS: usize = 9;

/// Below this many bytes a shelf is not full, however many blocks it holds: each shelf adds to a list that
/// sled writes whole.
const SHELF_BYTES_MIN: usize = 128 << 10;

/// What an empty database takes on disk; not counted towards the volume's limit.
const EMPTY_BYTES: u64 = 4 << 20;

/// An open volume.
#[derive(Debug)]
pub(crate) struct Volume {
    first: Position,
    engine: Engine,
    shelves: RwLock<BTreeMap<u64, sled::Tree>>,
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    end: Position,
    bytes: u64,
    shelf: Option<sled::Tree>,
    shelf_blocks: usize,
    shelf_bytes: usize,
}

impl Volume {
    /// Opens or creates the volume whose first commit has the position `first`.
    pub(crate) fn open(
        dir: &Path,
        first: Position,
        cache_bytes: u64,
    ) -> Result<Volume, EngineError> {
        let engine = Engine::open(dir, cache_bytes)?;
        let mut shelves = BTreeMap::new();
        for name in engine.db.tree_names() {
            // The engine's own default tree has a longer name.
            if let Some(start) = name.first_chunk().filter(|start| start.len() == name.len()) {
                let shelf = engine.db.open_tree(&name).map_err(failed)?;
                shelves.insert(u64::from_be_bytes(*start), shelf);
            }
        }
        let bytes = engine.disk_bytes()?.saturating_sub(EMPTY_BYTES);
        let mut tail = Tail { end: first, bytes, shelf: None, shelf_blocks: 0, shelf_bytes: 0 };
        // The last shelf that is not empty is taken up again, unless a crash left an empty one after it.
        for (start, shelf) in shelves.iter().rev() {
            let mut values = shelf.iter().values();
            while let Some(value) = guarded(|| values.next().transpose())? {
                tail.end = Block::check(value.to_vec()).map_err(failed)?.end();
                tail.shelf_blocks += 1;
                tail.shelf_bytes += value.len();
            }
            let empty = shelves.range(start + 1..).next();
            if let Some((next, _)) = empty.filter(|(next, _)| **next != tail.end.0) {
                return Err(failed(format!(
                    "a shelf begins at {next} where {} was expected",
                    tail.end
                )));
            }
            if tail.shelf_blocks > 0 {
                tail.shelf = Some(empty.map_or(shelf, |(_, empty)| empty).clone());
                if empty.is_some() {
                    (tail.shelf_blocks, tail.shelf_bytes) = (0, 0);
                }
                break;
            }
        }
        Ok(Volume { first, engine, shelves: RwLock::new(shelves), tail: Mutex::new(tail) })
    }

    /// Gives an empty volume that was prepared ahead the position it begins at.
    pub(crate) fn begin_at(&mut self, first: Position) {
        self.first = first;
        lock(&self.tail).end = first;
    }

    /// Position of its first commit.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// Position after its last commit.
    pub(crate) fn end(&self) -> Position {
        lock(&self.tail).end
    }

    /// Bytes it takes, about.
    pub(crate) fn bytes(&self) -> u64 {
        lock(&self.tail).bytes
    }

    /// The engine below, for syncing.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stores one block, which begins at [`Volume::end`]. Not yet durable.
    pub(crate) fn append(&self, block: &Block) -> Result<(), String> {
        let mut tail = lock(&self.tail);
        let key = block.first().0.to_be_bytes();
        let full = tail.shelf_blocks >= SHELF_BLOCKS && tail.shelf_bytes >= SHELF_BYTES_MIN;
        let shelf = match tail.shelf.clone().filter(|_| !full) {
            Some(shelf) => shelf,
            None => {
                let shelf = self.engine.db.open_tree(key).map_err(|error| error.to_string())?;
                write(&self.shelves).insert(block.first().0, shelf.clone());
                tail.shelf = Some(shelf.clone());
                (tail.shelf_blocks, tail.shelf_bytes) = (0, 0);
                shelf
            }
        };
        shelf.insert(key, block.bytes()).map_err(|error| error.to_string())?;
        tail.shelf_blocks += 1;
        tail.shelf_bytes += block.bytes().len();
        tail.bytes += block.bytes().len() as u64;
        tail.end = block.end();
        Ok(())
    }

    /// The block that holds the commit at `position`, which lies between first and end.
    pub(crate) fn read(&self, position: Position) -> Result<Block, ReadError> {
        let shelf =
            read(&self.shelves).range(..=position.0).next_back().map(|(_, shelf)| shelf.clone());
        let found = match (shelf, position.0.checked_add(1)) {
            (Some(shelf), Some(after)) => guarded(|| shelf.get_lt(after.to_be_bytes()))
                .map_err(|error| unreadable(position, error))?,
            _ => None,
        };
        let (_, value) = found.ok_or_else(|| missing(position))?;
        let block = check(position, &value)?;
        if block.contains(position) { Ok(block) } else { Err(missing(position).into()) }
    }

    /// The blocks from the one that holds `position` to the end as it is when it is reached.
    pub(crate) fn scan(self: Arc<Self>, position: Position) -> VolumeScan {
        VolumeScan { volume: self, next: position, shelf: None }
    }
}

/// See [`Volume::scan`].
pub(crate) struct VolumeScan {
    volume: Arc<Volume>,
    next: Position,
    shelf: Option<sled::Iter>,
}

impl VolumeScan {
    /// Position of the volume's first commit.
    pub(crate) fn first(&self) -> Position {
        self.volume.first
    }

    fn read_next(&mut self) -> Result<Block, ReadError> {
        if let Some(shelf) = &mut self.shelf {
            if let Some(entry) =
                guarded(|| shelf.next().transpose()).map_err(|e| unreadable(self.next, e))?
            {
                let block = check(self.next, &entry.1)?;
                return if block.first() == self.next {
                    Ok(block)
                } else {
                    Err(missing(self.next).into())
                };
            }
            self.shelf = None;
        }
        let block = self.volume.read(self.next)?;
        let shelf = read(&self.volume.shelves)
            .range(..=self.next.0)
            .next_back()
            .map(|(_, tree)| tree.clone());
        self.shelf = shelf.map(|shelf| shelf.range(block.end().0.to_be_bytes()..));
        Ok(block)
    }
}

impl Iterator for VolumeScan {
    type Item = Result<Block, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.volume.end() {
            return None;
        }
        let block = self.read_next();
        match &block {
            Ok(block) => self.next = block.end(),
            Err(_) => self.next = Position(u64::MAX),
        }
        Some(block)
    }
}

fn check(position: Position, value: &[u8]) -> Result<Block, ReadError> {
    Block::check(value.to_vec()).map_err(|error| Damage::at(position, error.to_string()).into())
}

fn missing(position: Position) -> Damage {
    Damage::at(position, "its block is missing")
}

fn unreadable(position: Position, error: EngineError) -> ReadError {
    Damage::at(position, format!("the engine cannot read its block: {error}")).into()
}

fn failed(error: impl ToString) -> EngineError {
    EngineError::Failed(error.to_string())
}

/// Runs a read of the engine, turning its panics and errors into ours.
fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, EngineError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(failed),
        Err(_) => Err(EngineError::Failed("the engine panicked".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;

    const CACHE_BYTES: u64 = 1 << 20;

    fn block(first: u64, commits: u64, bytes: usize) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 30_000);
        for _ in 0..commits {
            assert!(builder.push(None, &vec![first as u8; bytes]).is_none());
        }
        builder.finish().unwrap()
    }

    fn scan(volume: &Arc<Volume>, from: u64) -> Vec<Result<Position, Position>> {
        let blocks = Arc::clone(volume).scan(Position(from));
        let first = |block: Result<Block, ReadError>| match block {
            Ok(block) => Ok(block.first()),
            Err(ReadError::Damaged(damage)) => Err(damage.position),
            Err(error) => panic!("{error}"),
        };
        blocks.map(first).collect()
    }

    fn shelves(volume: &Volume) -> usize {
        read(&volume.shelves).len()
    }

    #[test]
    fn large_blocks_take_a_shelf_for_nine_and_small_ones_share() {
        let dir = tempfile::tempdir().unwrap();
        let large = Volume::open(&dir.path().join("a"), Position(0), CACHE_BYTES).unwrap();
        for n in 0..30 {
            large.append(&block(n, 1, 20_000)).unwrap();
        }
        assert_eq!(shelves(&large), 4);
        let small = Volume::open(&dir.path().join("b"), Position(0), CACHE_BYTES).unwrap();
        for n in 0..3000 {
            small.append(&block(n, 1, 100)).unwrap();
        }
        assert!((2..6).contains(&shelves(&small)), "{}", shelves(&small));
        for volume in [large, small].map(Arc::new) {
            let end = volume.end().0;
            for from in [0, 1, 17, end - 1, end] {
                let expected: Vec<_> = (from..end).map(|n| Ok(Position(n))).collect();
                assert_eq!(scan(&volume, from), expected);
            }
        }
    }

    #[test]
    fn a_volume_opened_again_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let mut end = 0;
        for round in 0..20 {
            let volume = Arc::new(Volume::open(dir.path(), Position(0), CACHE_BYTES).unwrap());
            assert_eq!(volume.end(), Position(end));
            if round % 3 == 2 {
                // A crash came after a shelf was begun and before its first block.
                volume.engine.db.open_tree(end.to_be_bytes()).unwrap();
                continue;
            }
            volume.append(&block(end, 3, 500)).unwrap();
            end += 3;
            let expected: Vec<_> = (0..end).step_by(3).map(|n| Ok(Position(n))).collect();
            assert_eq!(scan(&volume, 0), expected);
            for position in 0..end {
                assert!(volume.read(Position(position)).unwrap().contains(Position(position)));
            }
        }
        let volume = Volume::open(dir.path(), Position(0), CACHE_BYTES).unwrap();
        assert!(shelves(&volume) <= 8, "{} shelves", shelves(&volume));
    }

    #[test]
    fn a_gap_is_damage_where_it_begins_and_nothing_follows() {
        let dir = tempfile::tempdir().unwrap();
        let volume = Arc::new(Volume::open(dir.path(), Position(0), CACHE_BYTES).unwrap());
        for (first, commits) in [(0, 5), (5, 5), (12, 3), (15, 1)] {
            volume.append(&block(first, commits, 10)).unwrap();
        }
        assert_eq!(scan(&volume, 0), [Ok(Position(0)), Ok(Position(5)), Err(Position(10))]);
        assert_eq!(scan(&volume, 11), [Err(Position(11))]);
        assert_eq!(scan(&volume, 13), [Ok(Position(12)), Ok(Position(15))]);
    }
}
