//! The projector: reads the log from where it stopped, folds it, and saves snapshots on the way.
//!
//! An account gets a snapshot when [`Spacing::commits`] of its commits, or [`Spacing::span`] commits of the
//! whole log, have come since its last one: so that walking back takes few steps and stays near in the log.
//! But it gets none as long as snapshots would take more than [`Spacing::bytes_per_commit`]: a large account
//! is saved less often. Snapshots and the cursor are written in one batch, so that a projector that stops
//! anywhere goes on where the cursor stands.
//!
//! Accounts in work are kept in memory ([`kept`](crate::kept)). After a start they are taken up from their
//! snapshots as they are met.

use crate::kept::{Kept, Saved, Work};
use crate::occupancy::Occupancy;
use crate::snapshots::{Batch, Cursor, SnapshotError, Snapshots};
use crate::views::{AsOf, Views};
use ledger::commit::leaf_hash;
use ledger::{Ledger, Position, ReadError, Record};
use seats::{Digest, Micros, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;

/// Commits whose snapshots are written together: bounds the memory that catching up takes.
const BATCH_COMMITS: u64 = 1 << 16;

/// Accounts that are brought to the head together: bounds the memory that it takes.
const HEADS_TOGETHER: usize = 1 << 14;

/// An account that is so many commits behind its last snapshot is saved by [`Projector::save_heads`].
const BEHIND_MAX: u64 = 4;

/// How far snapshots are apart, and how much is kept in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spacing {
    /// Commits of an account after which it is saved.
    pub commits: u64,
    /// Commits of the whole log after which it is saved, if it has moved.
    pub span: u64,
    /// Bytes on disk that snapshots may take for each commit of the account, about.
    pub bytes_per_commit: u64,
    /// Accounts kept unpacked in memory: at most twice as many.
    pub unpacked: usize,
}

impl Default for Spacing {
    fn default() -> Spacing {
        Spacing { commits: 112, span: 1 << 24, bytes_per_commit: 16, unpacked: 16_384 }
    }
}

/// Why the projector stopped. Reports can still be made from the log.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The views cannot be kept.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// How far the views are behind the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lag {
    /// Commits not yet read.
    pub commits: u64,
    /// How long ago the oldest of them was recorded.
    pub time: Micros,
}

/// Reads the log and saves snapshots. One at a time for a directory.
pub struct Projector {
    ledger: Ledger,
    snapshots: Snapshots,
    spacing: Spacing,
    next: Position,
    kept: Kept,
}

impl Projector {
    /// Opens the views of a ledger, in its own directory. `None` if the ledger has no directory.
    ///
    /// # Errors
    /// When the directory can neither be used nor begun anew.
    pub fn open(ledger: &Ledger) -> Option<Result<Projector, ProjectError>> {
        let directory = ledger.views_dir()?.join("snapshots");
        Some(Projector::open_in(ledger, &directory, Spacing::default()))
    }

    /// Opens the views of a ledger in a directory of the caller's choice.
    ///
    /// # Errors
    /// When the directory can neither be used nor begun anew.
    pub fn open_in(
        ledger: &Ledger,
        directory: &Path,
        spacing: Spacing,
    ) -> Result<Projector, ProjectError> {
        let snapshots = Snapshots::open(directory)?;
        let next = match snapshots.cursor() {
            Some(cursor) if follows(ledger, cursor)? => Position(cursor.size),
            // New, of another format, or of another log.
            Some(_) | None => {
                snapshots.clear()?;
                Position(0)
            }
        };
        let (ledger, kept) = (ledger.clone(), Kept::default());
        Ok(Projector { ledger, snapshots, spacing, next, kept })
    }

    /// Views of the log as it stands now, whether or not the projector has read it all.
    pub fn views(&self) -> Views {
        Views::new(&self.ledger, Some(self.snapshots.clone()))
    }

    /// Reads at most `commits_max` commits and saves what is due. Gives back how many are left to read.
    ///
    /// # Errors
    /// When the log cannot be read, or the views cannot be written. What was saved before stays good.
    pub fn catch_up(&mut self, commits_max: u64) -> Result<u64, ProjectError> {
        let end = self.next.0.saturating_add(commits_max).min(self.ledger.head().size);
        while self.next.0 < end {
            self.read_batch(end.min(self.next.0.saturating_add(BATCH_COMMITS)))?;
        }
        Ok(self.ledger.head().size.saturating_sub(self.next.0))
    }

    /// Reads what is left, and saves every account that is more than a few commits behind its last snapshot,
    /// so that whoever looks at all of them next finds each where it is. `told` hears how many are done.
    ///
    /// # Errors
    /// As for [`Projector::catch_up`].
    pub fn save_heads(&mut self, mut told: impl FnMut(u64)) -> Result<(), ProjectError> {
        self.catch_up(u64::MAX)?;
        let accounts = self.ledger.accounts();
        for together in accounts.chunks(HEADS_TOGETHER) {
            let mut batch = Batch::default();
            for occupancy in self.views().behind(together, BEHIND_MAX)? {
                let Some(last) = occupancy.last else { continue };
                let leaf = leaf_at(&self.ledger, last.position)?.unwrap_or(Digest([0; 32]));
                batch.snapshot(&occupancy, leaf)?;
            }
            self.save(self.next, batch)?;
            told(together.len() as u64);
        }
        Ok(())
    }

    /// Reads up to `end`, saves what is due and moves the cursor.
    fn read_batch(&mut self, end: u64) -> Result<(), ProjectError> {
        let (ledger, mut batch, mut failed) = (self.ledger.clone(), Batch::default(), None);
        let next = ledger.replay(self.next, |record| {
            failed = self.read(record, &mut batch).err();
            match failed.is_some() || record.position.0.saturating_add(1) >= end {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        let saved = match (next, failed) {
            (Ok(next), None) => self.save(next, batch),
            (Ok(_), Some(error)) => Err(error),
            (Err(error), _) => Err(error.into()),
        };
        if saved.is_err() {
            // What is kept in memory is ahead of the cursor now.
            self.kept = Kept::default();
        }
        saved
    }

    fn save(&mut self, next: Position, mut batch: Batch) -> Result<(), ProjectError> {
        let leaf = leaf_at(&self.ledger, Position(next.0.saturating_sub(1)))?;
        batch.cursor(Cursor { size: next.0, leaf: leaf.unwrap_or(Digest([0; 32])) });
        self.snapshots.write(batch)?;
        self.next = next;
        Ok(())
    }

    /// How far the views are behind the log at `now`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn lag(&self, now: Timestamp) -> Result<Lag, ReadError> {
        let commits = self.ledger.head().size.saturating_sub(self.next.0);
        let oldest = self.ledger.record(self.next)?.map(|record| record.commit.recorded_at);
        Ok(Lag { commits, time: oldest.map_or(Micros::ZERO, |recorded| now.since(recorded)) })
    }

    /// Takes up one commit.
    fn read(&mut self, record: &Record, batch: &mut Batch) -> Result<(), ProjectError> {
        let account = record.commit.account;
        if self.kept.young(account).is_none() {
            let work = match self.kept.take(account) {
                Some(work) => work,
                None => self.take_up(record)?,
            };
            self.kept.put(work, self.spacing.unpacked)?;
        }
        let Some(work) = self.kept.young(account) else { return Ok(()) };
        work.occupancy.apply(record);
        if self.spacing.is_due(&work.saved, record) {
            let leaf = leaf_at(&self.ledger, record.position)?.unwrap_or(Digest([0; 32]));
            let bytes = batch.snapshot(&work.occupancy, leaf)?;
            let (position, version) = (record.position, record.commit.version);
            work.saved = Saved { position, version, bytes };
        }
        Ok(())
    }

    /// The account that a commit belongs to, as it was before it.
    fn take_up(&self, record: &Record) -> Result<Work, ProjectError> {
        let account = record.commit.account;
        let Some(before) = record.position.0.checked_sub(1).filter(|_| record.commit.version > 1)
        else {
            let saved = Saved { position: record.position, version: 0, bytes: 0 };
            return Ok(Work { occupancy: Occupancy::empty(account), saved });
        };
        let occupancy = self.views().as_of(account, AsOf::Position(Position(before)))?;
        let last = self.snapshots.until(account, Position(before)).next();
        let last = last.and_then(|found| Some((found.occupancy.last?, found.bytes)));
        let saved = match last {
            Some((last, bytes)) => Saved { position: last.position, version: last.version, bytes },
            None => {
                let opened = occupancy.notes.opened().map(|opened| opened.position);
                Saved { position: opened.unwrap_or(record.position), version: 0, bytes: 0 }
            }
        };
        Ok(Work { occupancy, saved })
    }
}

impl Spacing {
    /// Whether an account whose last snapshot is this is to be saved after this commit.
    fn is_due(&self, saved: &Saved, record: &Record) -> bool {
        let commits = record.commit.version.saturating_sub(saved.version);
        let span = record.position.0.saturating_sub(saved.position.0);
        let bytes = u64::try_from(saved.bytes).unwrap_or(u64::MAX);
        let allowed = commits.saturating_mul(self.bytes_per_commit);
        (commits >= self.commits || span >= self.span) && allowed >= bytes
    }
}

/// Whether the log still holds what the cursor says was read last.
fn follows(ledger: &Ledger, cursor: Cursor) -> Result<bool, ReadError> {
    match cursor.size.checked_sub(1) {
        None => Ok(true),
        Some(last) => Ok(leaf_at(ledger, Position(last))? == Some(cursor.leaf)),
    }
}

fn leaf_at(ledger: &Ledger, position: Position) -> Result<Option<Digest>, ReadError> {
    Ok(ledger.bytes(position)?.map(|bytes| leaf_hash(&bytes)))
}
