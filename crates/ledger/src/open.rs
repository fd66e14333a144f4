//! Opening: from what stands in the directory to a ledger that knows its head.
//!
//! 1. The directory is ours and nobody else works in it ([`home`](crate::home)).
//! 2. The volumes follow one another; after an unclean stop the newest was copied aside first
//!    ([`store::recover`](crate::store)).
//! 3. The index of what is settled is read; what is missing or damaged is built again from its volume.
//! 4. Every commit of the newest volume is read, decoded and hashed.
//! 5. The log is held against the head file: shorter than what was confirmed, or another root at a size
//!    that was recorded, is damage, and opening is refused.
//! 6. Only then is anything made durable or tidied, and the copy dropped.

use crate::ahead::each_block;
use crate::block::Block;
use crate::book::{Book, MemoryPages};
use crate::cache::BlockCache;
use crate::commit::{Commit, leaf_hash};
use crate::error::{Damage, OpenError, ReadError};
use crate::home::Home;
use crate::index::{Gathered, Generation, Index, Settled};
use crate::ledger::{Inner, Ledger};
use crate::merkle::Frontier;
use crate::options::Options;
use crate::position::{Head, Position};
use crate::seal::Seals;
use crate::store::recover;
use crate::store::volumes::SledVolumes;
use crate::store::{HeadRow, LogStore};
use crate::writer::{Pending, WriterState};
use seats::{Digest, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

/// Makes an empty ledger in `dir`.
pub(crate) fn create(dir: &Path, options: &Options) -> Result<(), OpenError> {
    Home::create(dir, |dir| {
        SledVolumes::create(dir, options)?;
        Book::create(&dir.join("book"))
    })
}

/// Opens the ledger in `dir`.
pub(crate) fn open(dir: &Path, options: &Options) -> Result<Ledger, OpenError> {
    let home = Home::open(dir)?;
    let store: Arc<dyn LogStore> = Arc::new(SledVolumes::open(dir, options, home.unclean())?);
    let newest = store.volumes().last().copied().unwrap_or_default();
    let with_way_out = |error| match error {
        OpenError::Damaged(damage) => {
            OpenError::Damaged(Damage { way_out: recover::way_out(dir, newest), ..damage })
        }
        error => error,
    };
    let index = dir.join("index");
    let mut log = read_log(&store, Settled::open(&index, newest)?).map_err(with_way_out)?;
    if log.settled.lost_a_run() {
        log = read_log(&store, Settled::open(&index, newest)?).map_err(with_way_out)?;
    }
    hold_against(&standing(&store), &log).map_err(|damage| with_way_out(damage.into()))?;
    let book = Book::open(&dir.join("book"), log.tree.size())?;
    let ledger = start(store, log, book, Some(home), options)?;
    recover::drop_copies(dir)?;
    ledger.0.settle_in_background();
    Ok(ledger)
}

/// Opens a ledger on a store of the caller's, with its book in memory.
pub(crate) fn on_store(
    store: Arc<dyn LogStore>,
    book: Arc<MemoryPages>,
    options: &Options,
) -> Result<Ledger, OpenError> {
    let book = Book::in_memory(book);
    let log = read_log(&store, Settled::none())?;
    hold_against(&standing(&store), &log)?;
    start(store, log, book, None, options)
}

/// What reading the log gave.
struct Log {
    settled: Settled,
    newest: Generation,
    tree: Frontier,
    recorded_at: Timestamp,
    // Heads computed at the sizes the store remembers, as far as they were read.
    heads: Vec<Head>,
}

fn start(
    store: Arc<dyn LogStore>,
    log: Log,
    book: Book,
    home: Option<Home>,
    options: &Options,
) -> Result<Ledger, OpenError> {
    let head = Head { size: log.tree.size(), root: log.tree.root() };
    // Readers see only what is durable, and what was found may stand in the disk's cache only. And what was
    // announced and lost must be void before other commits take its place.
    let remembered = match store.heads().last() {
        Some(row) => row.head == head && row.confirmed == head.size,
        None => head.size == 0,
    };
    if !remembered {
        store.sync(head).map_err(|error| OpenError::Io {
            what: "making durable what was found".to_owned(),
            source: std::io::Error::other(error.to_string()),
        })?;
    }
    let writer = WriterState::new(log.tree, log.newest.first(), log.recorded_at);
    Ok(Ledger(Arc::new(Inner {
        store,
        index: Arc::new(Index::new(log.settled, log.newest)),
        head: RwLock::new(head),
        pending: Mutex::new(Pending::default()),
        grown: Default::default(),
        publishing: Mutex::new(()),
        failed: OnceLock::new(),
        writer: Mutex::new(Some(writer)),
        options: options.clone(),
        settling: Mutex::new(None),
        settled: Arc::new(AtomicBool::new(true)),
        cache: BlockCache::new(options.block_cache_bytes),
        tiles: Mutex::new(None),
        book,
        seals: home.as_ref().map(|home| Seals::new(crate::seal::dir(home.dir()))),
        home,
    })))
}

/// Builds the index again where it is missing, and reads the newest volume whole.
fn read_log(store: &Arc<dyn LogStore>, mut settled: Settled) -> Result<Log, OpenError> {
    let volumes = store.volumes();
    let mut sizes: Vec<u64> = standing(store).iter().map(|row| row.head.size).collect();
    sizes.sort_unstable();
    let mut reading =
        Reading { heads: Vec::new(), sizes: Vec::new(), recorded_at: Timestamp::ZERO };
    let mut ends = volumes.iter().copied().skip(1);
    for first in &volumes {
        let end = ends.next();
        if end.is_some_and(|end| settled.covers(*first, end)) {
            continue;
        }
        // Settled trees are taken up where they were left; a volume before that needs none of its own.
        let known = settled.tree();
        let ahead = known.size() > first.0;
        let mut tree = if ahead { Frontier::new() } else { known.clone() };
        if known.size() < first.0 {
            let what = format!("the Merkle tree is known up to {} only", known.size());
            return Err(Damage::at(*first, what).into());
        }
        // A tree that does not begin where the log begins has other roots.
        reading.sizes = if ahead { Vec::new() } else { sizes.clone() };
        let mut generation = Generation::new(*first, tree.clone());
        reading.volume(store, end, &mut tree, &mut generation)?;
        let Some(end) = end else {
            let Reading { heads, recorded_at, .. } = reading;
            return Ok(Log { settled, newest: generation, tree, recorded_at, heads });
        };
        settled = settled.with(&generation, end, &tree)?;
    }
    Err(Damage::at(Position(0), "the log holds no volume").into())
}

struct Reading {
    // In order: where roots are wanted.
    sizes: Vec<u64>,
    heads: Vec<Head>,
    recorded_at: Timestamp,
}

impl Reading {
    /// Reads one volume to its end: one thread reads and hashes, the other decodes and notes.
    fn volume(
        &mut self,
        store: &Arc<dyn LogStore>,
        end: Option<Position>,
        tree: &mut Frontier,
        generation: &mut Generation,
    ) -> Result<(), ReadError> {
        self.note_head(tree);
        let blocks = Arc::clone(store).scan(generation.first());
        let leaves = |block: &Block| -> Vec<Digest> {
            block.entries().map(|entry| leaf_hash(entry.bytes)).collect()
        };
        let (mut commit, mut gathered) = (Commit::blank(), Gathered::default());
        each_block(blocks, leaves, |block, leaves| {
            for (entry, leaf) in block.entries().zip(leaves) {
                let decoded = commit.decode_into(entry.bytes);
                decoded.map_err(|error| Damage::at(entry.position, error.to_string()))?;
                gathered.note_read(entry.position, leaf, &commit);
                tree.push(leaf);
                self.note_head(tree);
            }
            self.recorded_at = commit.recorded_at;
            generation.take_in(&gathered.heads, &gathered.requests);
            gathered.heads.clear();
            gathered.requests.clear();
            let whole = end.is_some_and(|end| block.end() >= end);
            Ok(if whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
    }

    fn note_head(&mut self, tree: &Frontier) {
        if self.sizes.binary_search(&tree.size()).is_ok() {
            self.heads.push(Head { size: tree.size(), root: tree.root() });
        }
    }
}

/// What the store remembers and was not overtaken.
fn standing(store: &Arc<dyn LogStore>) -> Vec<HeadRow> {
    HeadRow::standing(store.heads())
}

/// Holds what was read against what the store remembers.
fn hold_against(rows: &[HeadRow], log: &Log) -> Result<(), Damage> {
    let size = log.tree.size();
    let found = |head: &Head| log.heads.iter().find(|other| other.size == head.size);
    let agreed = rows
        .iter()
        .map(|row| &row.head)
        .filter(|head| found(head) == Some(head))
        .map(|head| head.size);
    let agreed = Position(agreed.max().unwrap_or(log.newest.first().0));
    if let Some(head) = rows
        .iter()
        .map(|row| &row.head)
        .find(|head| found(head).is_some_and(|other| other != *head))
    {
        let what =
            format!("the log up to {} has not the Merkle root that was recorded for it", head.size);
        return Err(Damage::at(agreed.min(Position(head.size)), what));
    }
    match rows.last() {
        Some(row) if row.confirmed > size => {
            let what =
                format!("the log ends here, but {} commits were acknowledged", row.confirmed);
            Err(Damage::at(Position(size), what))
        }
        _ => Ok(()),
    }
}
