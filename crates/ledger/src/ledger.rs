//! The ledger: opening it, and reading what is in it.
//!
//! Readers see only what is durable: [`Ledger::head`] tells how far that is, and nothing at or after its
//! size is ever shown. It moves when [`Syncer::sync`](crate::Syncer::sync) returns.

use crate::ahead::each_block;
use crate::block::{Block, Entry};
use crate::book::{Book, MemoryPages};
use crate::cache::BlockCache;
use crate::commit::{Commit, leaf_hash};
use crate::error::{Damage, OpenError, ReadError};
use crate::guard::{lock, read};
use crate::home::{self, Home};
use crate::index::{AccountHead, Index, Known};
use crate::open;
use crate::options::Options;
use crate::position::{Head, Position};
use crate::seal::Seals;
use crate::store::memory::MemoryStore;
use crate::store::{Blocks, LogStore};
use crate::tiles::Tiles;
use crate::writer::{Pending, WriterState};
use seats::{AccountId, Event, RequestId};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// From this many commits on, replaying reads ahead on another thread.
const READ_AHEAD_COMMITS_MIN: u64 = 10_000;

/// The record of everything that happened. Cheap to clone; the last clone to go closes it in good order.
#[derive(Clone)]
pub struct Ledger(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn LogStore>,
    pub(crate) index: Arc<Index>,
    pub(crate) head: RwLock<Head>,
    pub(crate) pending: Mutex<Pending>,
    pub(crate) publishing: Mutex<()>,
    /// Told when the head has moved.
    pub(crate) grown: (Mutex<()>, Condvar),
    // Why nothing is written any more.
    pub(crate) failed: OnceLock<String>,
    pub(crate) writer: Mutex<Option<WriterState>>,
    pub(crate) options: Options,
    pub(crate) settling: Mutex<Option<JoinHandle<()>>>,
    pub(crate) settled: Arc<AtomicBool>,
    pub(crate) cache: BlockCache,
    // Opened for the first proof.
    pub(crate) tiles: Mutex<Option<Tiles>>,
    pub(crate) book: Book,
    pub(crate) seals: Option<Seals>,
    // Last, so that the lock goes when everything else is closed.
    pub(crate) home: Option<Home>,
}

/// A commit as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its place in the log.
    pub position: Position,
    /// Where the same account's previous commit stands; `None` for its first.
    pub previous: Option<Position>,
    /// What happened.
    pub commit: Commit,
}

impl Ledger {
    /// Makes a new, empty ledger in `dir`, which is missing or empty, and opens it.
    pub fn create(dir: &Path, options: &Options) -> Result<Ledger, OpenError> {
        open::create(dir, options)?;
        Ledger::open(dir, options)
    }

    /// Opens the ledger in `dir`. After an unclean stop this checks everything in the newest volume.
    pub fn open(dir: &Path, options: &Options) -> Result<Ledger, OpenError> {
        open::open(dir, options)
    }

    /// Opens the ledger in `dir`, or makes one if there is nothing yet.
    pub fn open_or_create(dir: &Path, options: &Options) -> Result<Ledger, OpenError> {
        if home::is_free(dir)? {
            open::create(dir, options)?;
        }
        Ledger::open(dir, options)
    }

    /// Opens a ledger in memory on a store that is empty or was found after a crash.
    pub fn in_memory(store: Arc<MemoryStore>) -> Result<Ledger, OpenError> {
        let book = store.book();
        Ledger::on_store(store, book, &Options::default())
    }

    /// Opens a ledger on a store of the caller's own, with its book in memory. The store holds one volume.
    pub fn on_store(
        store: Arc<dyn LogStore>,
        book: Arc<MemoryPages>,
        options: &Options,
    ) -> Result<Ledger, OpenError> {
        open::on_store(store, book, options)
    }

    /// How far the log is durable, and the Merkle root over it.
    pub fn head(&self) -> Head {
        *read(&self.0.head)
    }

    /// Waits until the log is durable beyond `size` commits, at most for `longest`; the head as it is then.
    pub fn wait_beyond(&self, size: u64, longest: Duration) -> Head {
        let (waiting, grown) = &self.0.grown;
        let small = |_: &mut ()| self.head().size <= size;
        // A thread that panicked while it waited leaves nothing half done.
        drop(grown.wait_timeout_while(lock(waiting), longest, small));
        self.head()
    }

    /// The commit at `position`; `None` at and after the head.
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        self.with_entry(position, decode)?.transpose()
    }

    /// The bytes of the commit at `position`, as hashed; `None` at and after the head.
    pub fn bytes(&self, position: Position) -> Result<Option<Vec<u8>>, ReadError> {
        self.with_entry(position, |entry| entry.bytes.to_vec())
    }

    /// The commits from `position` to the head as it is when it is reached. Nothing follows an error.
    pub fn scan(&self, position: Position) -> Scan {
        let read = Vec::new().into_iter();
        Scan { ledger: self.clone(), next: position, blocks: None, read, failed: false }
    }

    /// Shows the commits from `position` to the head to `visit`, until it breaks; gives back the position
    /// after the last one shown. The fast way to read much: one record is reused for all.
    pub fn replay(
        &self,
        position: Position,
        mut visit: impl FnMut(&Record) -> ControlFlow<()>,
    ) -> Result<Position, ReadError> {
        let size = self.head().size;
        let mut record = Record { position, previous: None, commit: Commit::blank() };
        let mut next = position;
        if position.0 >= size {
            return Ok(position);
        }
        let show = |block: Block| {
            for entry in block.entries().skip_while(|entry| entry.position < position) {
                if entry.position.0 >= size {
                    return Ok(ControlFlow::Break(()));
                }
                decode_into(&entry, &mut record)?;
                next = Position(entry.position.0 + 1);
                if visit(&record).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let whole = block.end().0 >= size;
            Ok(if whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let blocks = Arc::clone(&self.0.store).scan(position);
        show_blocks(blocks, size - position.0, show)?;
        Ok(next)
    }

    /// One account's history walked newest first, from the commit at `position` on.
    pub fn back(&self, position: Position) -> Back {
        Back { ledger: self.clone(), next: Some(position) }
    }

    /// The latest commit of an account; `None` if it has none.
    pub fn account_head(&self, account: AccountId) -> Result<Option<AccountHead>, ReadError> {
        match self.0.index.account(account) {
            None => Ok(None),
            Some(Known::Head(head)) => Ok(Some(head)),
            Some(Known::At(position)) => {
                let head =
                    self.with_entry(position, |entry| -> Result<AccountHead, ReadError> {
                        let Commit { version, at, recorded_at, .. } = decode(entry)?.commit;
                        Ok(AccountHead {
                            position,
                            version,
                            leaf: leaf_hash(entry.bytes),
                            at,
                            recorded_at,
                        })
                    })?;
                head.transpose()
            }
        }
    }

    /// All accounts that have a commit, in order of their numbers.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.0.index.accounts()
    }

    /// The position of the commit in which the account recorded this login request; `None` if it never did.
    pub fn find_request(
        &self,
        account: AccountId,
        request: RequestId,
    ) -> Result<Option<Position>, ReadError> {
        for position in self.0.index.request(account, request)? {
            let Some(record) = self.record(position)? else {
                continue;
            };
            let asks = |event: &Event| matches!(event, Event::LoginRequested { request: other, .. } if *other == request);
            if record.commit.account == account && record.commit.events.iter().any(asks) {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// The directory of names, price plans and liveness.
    pub fn book(&self) -> &Book {
        &self.0.book
    }

    /// A directory for views of the log, which may be deleted at any time; `None` for a ledger in memory.
    pub fn views_dir(&self) -> Option<PathBuf> {
        self.0.home.as_ref().map(|home| home.dir().join("views"))
    }

    /// Where rebuildable indexes are kept; `None` for a ledger in memory.
    pub(crate) fn index_dir(&self) -> Option<PathBuf> {
        self.0.home.as_ref().map(|home| home.dir().join("index"))
    }

    pub(crate) fn with_entry<T>(
        &self,
        position: Position,
        read: impl FnOnce(&Entry<'_>) -> T,
    ) -> Result<Option<T>, ReadError> {
        if position.0 >= self.head().size {
            return Ok(None);
        }
        let block = self.block(position)?;
        let entry = block
            .entry(position)
            .ok_or_else(|| Damage::at(position, "its block does not hold it"))?;
        Ok(Some(read(&entry)))
    }

    /// The block that holds `position`, which lies before the head.
    fn block(&self, position: Position) -> Result<Arc<Block>, ReadError> {
        if let Some(block) = self.0.cache.get(position) {
            return Ok(block);
        }
        let block = self
            .0
            .store
            .read(position)?
            .ok_or_else(|| Damage::at(position, "the log ends before it"))?;
        Ok(self.0.cache.put(block))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(settling) = lock(&self.settling).take() {
            // What it did not get to is done when the ledger is opened again.
            let _ = settling.join();
        }
        // What was appended and not synced was never acknowledged; making it durable now is as good as not,
        // and after a failure nothing is written: the ledger then counts as not stopped cleanly.
        let pending = std::mem::take(&mut *lock(&self.pending));
        let synced = pending.head().map_or(Ok(()), |head| self.store.sync(head));
        let closed = synced.and_then(|()| self.store.close()).is_ok() && self.book.close().is_ok();
        if let Some(home) = self.home.as_ref().filter(|_| closed) {
            // If the mark stays, the next opening looks more closely: nothing worse.
            let _ = home.leave();
        }
    }
}

/// See [`Ledger::scan`].
pub struct Scan {
    ledger: Ledger,
    next: Position,
    blocks: Option<Blocks>,
    // The records of the block read last, which is decoded at once.
    read: std::vec::IntoIter<Record>,
    failed: bool,
}

impl Scan {
    fn read_next(&mut self) -> Result<Option<Record>, ReadError> {
        if self.read.len() == 0 {
            let size = self.ledger.head().size;
            if self.next.0 >= size {
                return Ok(None);
            }
            // A scan that came to the head and goes on later begins anew where it was.
            let store = &self.ledger.0.store;
            let mut blocks =
                self.blocks.take().unwrap_or_else(|| Arc::clone(store).scan(self.next));
            let ends = || Damage::at(self.next, "the log ends before it");
            let block = blocks.next().ok_or_else(ends)??;
            let wanted = self.next.0..size;
            let wanted = block.entries().filter(|entry| wanted.contains(&entry.position.0));
            self.read =
                wanted.map(|entry| decode(&entry)).collect::<Result<Vec<_>, _>>()?.into_iter();
            self.blocks = Some(blocks).filter(|_| block.end().0 < size);
        }
        let record = self.read.next();
        self.next = record.as_ref().map_or(self.next, |record| Position(record.position.0 + 1));
        Ok(record)
    }
}

impl Iterator for Scan {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let record = self.read_next();
        self.failed = record.is_err();
        record.transpose()
    }
}

/// See [`Ledger::back`].
pub struct Back {
    ledger: Ledger,
    next: Option<Position>,
}

impl Iterator for Back {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.ledger.record(self.next.take()?);
        if let Ok(Some(record)) = &record {
            self.next = record.previous;
        }
        record.transpose()
    }
}

/// Shows blocks, with a thread reading ahead where that is worth starting one.
fn show_blocks(
    blocks: Blocks,
    commits: u64,
    mut show: impl FnMut(Block) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    if commits >= READ_AHEAD_COMMITS_MIN {
        return each_block(blocks, |_| (), |block, ()| show(block));
    }
    for block in blocks {
        if show(block?)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(entry: &Entry<'_>) -> Result<Record, ReadError> {
    let mut record =
        Record { position: entry.position, previous: entry.previous, commit: Commit::blank() };
    decode_into(entry, &mut record)?;
    Ok(record)
}

#[inline]
pub(crate) fn decode_into(entry: &Entry<'_>, record: &mut Record) -> Result<(), Damage> {
    record.position = entry.position;
    record.previous = entry.previous;
    record
        .commit
        .decode_into(entry.bytes)
        .map_err(|error| Damage::at(entry.position, error.to_string()))
}
