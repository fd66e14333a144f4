//! How the log becomes durable: group by group in the journal, and now and then as a whole in the volumes.
//!
//! ```text
//!  append --> volume, unsynced
//!        \--> tail -- sync --> journal (fdatasync) --> acknowledged; head row noted
//!                                 | file full: checkpoint in the background
//!                                 v
//!                      volumes synced, head row synced: the file may be used again
//! ```
//!
//! The first sync after opening, and one too long for a record, go to the volumes directly, and the journal
//! begins anew.

use super::engine::sync_dir;
use super::head::{HeadFile, HeadRow};
use super::journal::{self, Journal, Record};
use super::volume::Volume;
use super::volumes::{SledVolumes, Writing};
use crate::block::Block;
use crate::error::StoreError;
use crate::guard::lock;
use crate::position::{Head, Position};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard};
use std::thread::{Builder, JoinHandle};

/// What is needed to make the log durable.
pub(super) struct Syncing {
    head: Arc<HeadFile>,
    rows: Vec<HeadRow>,
    journal: Journal,
    /// The blocks of the record being written; its room is used again.
    blocks: Vec<u8>,
    /// The journal may hold what the volumes do not durably have.
    needed: bool,
    /// It is as it was found, and must stay so until the volumes have been synced.
    found: bool,
}

/// Blocks that are in no record yet, as a record holds them.
#[derive(Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    /// Where the log ended after each append, and how many bytes that was.
    ends: Vec<(Position, usize)>,
    /// There were more than a record holds.
    too_long: bool,
}

/// The checkpoint under way, if any.
pub(super) type Checkpoint = Option<JoinHandle<()>>;

/// What a checkpoint makes durable.
struct Unsynced {
    log: PathBuf,
    volumes: Vec<Arc<Volume>>,
    renamed: bool,
}

impl Syncing {
    /// After opening: the journal is kept as it is until the volumes have been synced.
    pub(super) fn new(
        head: HeadFile,
        mut rows: Vec<HeadRow>,
        journal: Journal,
        records: &[Record],
    ) -> Syncing {
        for record in records {
            // The row of a record is noted unsynced, and a crash may have taken it.
            let last = rows.last().map_or((0, 0), |row| (row.sequence, row.head.size));
            if record.head.size > last.1 {
                let (sequence, confirmed) = (last.0 + 1, record.head.size);
                rows.push(HeadRow { sequence, head: record.head, confirmed });
            }
        }
        let needed = !records.is_empty();
        Syncing { head: Arc::new(head), rows, journal, blocks: Vec::new(), needed, found: true }
    }

    /// The rows remembered.
    pub(super) fn rows(&self) -> &[HeadRow] {
        &self.rows
    }

    /// Writes down, unsynced, that the log is durable up to `head`.
    fn note(&mut self, head: Head) -> io::Result<()> {
        let sequence = self.rows.last().map_or(1, |row| row.sequence + 1);
        let row = HeadRow { sequence, head, confirmed: head.size };
        self.head.write(&row)?;
        self.rows.clear();
        self.rows.push(row);
        Ok(())
    }
}

impl Tail {
    /// Adds the blocks of one append. `bytes_max`: what a record holds.
    pub(super) fn add(&mut self, blocks: &[Block], bytes_max: usize) {
        if self.too_long {
            return;
        }
        blocks.iter().for_each(|block| journal::put(block, &mut self.bytes));
        self.ends.extend(blocks.last().map(|block| (block.end(), self.bytes.len())));
        if self.bytes.len() > bytes_max {
            *self = Tail { too_long: true, ..Tail::default() };
        }
    }

    /// Moves the appends that end within `size` into `record`, which is empty. `false`: there are none, or
    /// more than a record holds.
    fn take(&mut self, size: u64, record: &mut Vec<u8>) -> bool {
        let within = self.ends.partition_point(|(end, _)| end.0 <= size);
        let bytes = self.ends.drain(..within).next_back().map_or(0, |(_, bytes)| bytes);
        self.ends.iter_mut().for_each(|(_, end)| *end -= bytes);
        if bytes == self.bytes.len() {
            mem::swap(record, &mut self.bytes);
        } else {
            record.extend(self.bytes.drain(..bytes));
        }
        !self.too_long && !record.is_empty()
    }
}

impl SledVolumes {
    /// Makes everything up to `head` durable.
    pub(super) fn make_durable(&self, head: Head) -> Result<(), StoreError> {
        let mut syncing = lock(&self.syncing);
        self.refuse_if_poisoned()?;
        let mut blocks = mem::take(&mut syncing.blocks);
        blocks.clear();
        let fits = lock(&self.writing).tail.take(head.size, &mut blocks);
        let done = if fits && !syncing.found {
            self.record(&mut syncing, head, &blocks)
        } else {
            self.write_through(&mut syncing, head)
        };
        syncing.blocks = blocks;
        done.map_err(|error| self.fail(error))
    }

    /// Syncs the volumes that are full, and everything before them, so that they can be closed for good.
    pub(super) fn sync_full(&self) -> Result<(), StoreError> {
        let mut checkpoint = lock(&self.checkpoint);
        self.end(&mut checkpoint)
            .and_then(|()| Unsynced::of(&self.log, &mut lock(&self.writing)).sync())
            .map_err(|error| self.fail(error))
    }

    /// Syncs the volumes, so that the journal is needed no more, and empties it.
    pub(super) fn make_whole(&self) -> Result<(), StoreError> {
        let mut syncing = lock(&self.syncing);
        self.refuse_if_poisoned()?;
        let last = syncing.rows.last().map(|row| row.head).filter(|_| syncing.needed);
        let whole = match last {
            None => syncing.head.sync(),
            Some(head) => self.write_through(&mut syncing, head),
        };
        let whole = whole.and_then(|()| syncing.journal.clear());
        whole.map_err(|error| self.fail(error))
    }

    /// One write and one sync: the way of nearly every group.
    fn record(&self, syncing: &mut Syncing, head: Head, blocks: &[u8]) -> io::Result<()> {
        if !syncing.journal.has_room(blocks.len()) {
            let mut checkpoint = lock(&self.checkpoint);
            // Once it has ended the volumes have all that the other file holds.
            self.end(&mut checkpoint)?;
            self.begin(&mut checkpoint, Arc::clone(&syncing.head))?;
            syncing.journal.turn();
        }
        syncing.needed = true;
        syncing.journal.append(&head, blocks)?;
        syncing.note(head)
    }

    /// The volumes, then the head row, without the journal.
    fn write_through(&self, syncing: &mut Syncing, head: Head) -> io::Result<()> {
        let mut checkpoint = lock(&self.checkpoint);
        self.end(&mut checkpoint)?;
        let unsynced = {
            let mut writing = lock(&self.writing);
            // Once this is synced, what was appended so far needs no record.
            writing.tail = Tail::default();
            Unsynced::of(&self.log, &mut writing)
        };
        unsynced.sync()?;
        syncing.note(head)?;
        syncing.head.sync()?;
        syncing.journal.restart();
        (syncing.needed, syncing.found) = (false, false);
        Ok(())
    }

    /// Waits for the checkpoint under way.
    fn end(&self, checkpoint: &mut MutexGuard<'_, Checkpoint>) -> io::Result<()> {
        if let Some(thread) = checkpoint.take() {
            // A thread that panicked has made nothing durable.
            thread.join().map_err(|_| io::Error::other("the checkpoint did not end"))?;
        }
        self.poison.get().map_or(Ok(()), |cause| Err(io::Error::other(cause.clone())))
    }

    fn begin(
        &self,
        checkpoint: &mut MutexGuard<'_, Checkpoint>,
        head: Arc<HeadFile>,
    ) -> io::Result<()> {
        let unsynced = Unsynced::of(&self.log, &mut lock(&self.writing));
        let poison = Arc::clone(&self.poison);
        let work = move || {
            if let Err(error) = unsynced.sync().and_then(|()| head.sync()) {
                // Only the first failure is told: the others follow from it.
                let _ = poison.set(error.to_string());
            }
        };
        **checkpoint = Some(Builder::new().name("ledger-checkpoint".to_owned()).spawn(work)?);
        Ok(())
    }
}

impl Unsynced {
    /// Everything appended so far.
    fn of(log: &Path, writing: &mut Writing) -> Unsynced {
        let mut volumes = mem::take(&mut writing.unsynced);
        volumes.push(Arc::clone(&writing.newest));
        Unsynced { log: log.to_owned(), volumes, renamed: mem::take(&mut writing.renamed) }
    }

    fn sync(&self) -> io::Result<()> {
        self.volumes
            .iter()
            .try_for_each(|volume| volume.engine().sync().map_err(io::Error::other))?;
        if self.renamed { sync_dir(&self.log) } else { Ok(()) }
    }
}
