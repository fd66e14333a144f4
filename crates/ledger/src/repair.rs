//! Repair: the longest verified beginning of a damaged log, in a new directory.
//!
//! ```text
//!  volumes (copies) --+
//!                     +--> blocks in order --> verify each commit --> append to the new ledger
//!  journal -----------+                            |
//!                                                  +-- first bad: everything after it is lost,
//!                                                      and told as far as it can still be read
//! ```
//!
//! The damaged directory stays as it is: only copies of its volumes are opened, because the engine shortens
//! what it finds damaged. Where the engine fails, blocks are looked for in the raw file
//! ([`carve`](crate::store)). The commits keep their bytes, so the new log has the Merkle root that the old one
//! had at that size, and whoever noted a root can tell that nothing before it was changed.

use crate::block::{Block, Entry};
use crate::commit::{Commit, leaf_hash};
use crate::error::OpenError;
use crate::home::Home;
use crate::ledger::{Ledger, Record};
use crate::options::Options;
use crate::position::{Head, Position};
use crate::store::carve;
use crate::store::finish::volumes_in;
use crate::store::head::HeadFile;
use crate::store::journal::Journal;
use crate::store::recover::copy_dir;
use crate::store::volume::Volume;
use crate::store::volumes::name;
use crate::verify::{Bad, Verifier};
use crate::writer::{Draft, Writer};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::mem;
use std::path::Path;
use std::sync::Arc;

/// Commits appended to the new ledger at a time.
const BATCH_COMMITS: usize = 4096;

/// What was saved and what was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Salvage {
    /// How far the new log reaches: everything before is verified and has its old bytes.
    pub saved: Head,
    /// What is wrong where the old log breaks off; `None`: it ends in good order.
    pub first_bad: Option<Bad>,
    /// How many commits the old log is known to have had, acknowledged ones at least.
    pub known: u64,
    /// How many of those that are not saved could still be read; each was shown.
    pub readable: u64,
    /// Why the directory of names could not be taken over; `None`: it was.
    pub names_lost: Option<String>,
}

/// Why nothing was saved. The new directory may be removed; the old one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// One of the directories cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What can be read is not the log whose roots were recorded: history was changed, and no beginning of
    /// it can be trusted further than a root kept elsewhere. Restore a backup.
    #[error(
        "{0}; the history was changed before that, so nothing of it is taken over: restore a backup"
    )]
    Changed(Bad),
    /// The new directory cannot be written. Make room, or choose another.
    #[error("writing the new ledger: {0}")]
    Write(String),
}

/// Saves what can be saved of the ledger in `from` into `into`, which must be missing or empty.
///
/// `progress` is told how many commits are saved. `lost` is shown every commit that could be read but not
/// saved, because something before it is missing: with its position, in order.
///
/// # Errors
/// See [`RepairError`].
pub fn repair(
    from: &Path,
    into: &Path,
    options: &Options,
    mut progress: impl FnMut(u64),
    mut lost: impl FnMut(&Record),
) -> Result<Salvage, RepairError> {
    let _home = Home::look(from)?;
    let new = Ledger::create(into, options)?;
    let scratch = into.join("salvage");
    let saved = save(from, &scratch, options, &new, &mut progress, &mut lost);
    drop(new);
    let mut salvage = match saved {
        Ok(salvage) => salvage,
        Err(error) => {
            // It was empty before; half a ledger would only be taken for a whole one.
            remove(into).map_err(write)?;
            return Err(error);
        }
    };
    salvage.names_lost = take_over_names(from, into, options);
    remove(&scratch).map_err(write)?;
    Ok(salvage)
}

fn save(
    from: &Path,
    scratch: &Path,
    options: &Options,
    new: &Ledger,
    progress: &mut impl FnMut(u64),
    lost: &mut impl FnMut(&Record),
) -> Result<Salvage, RepairError> {
    let rows = HeadFile::open(&from.join("head")).map(|(_, rows)| rows).unwrap_or_default();
    let mut known = rows.iter().map(|row| row.confirmed).max().unwrap_or(0);
    let mut verifier = Verifier::new(u64::MAX, rows);
    let mut saving = Saving::new(new)?;
    let (mut first_bad, mut readable) = (None, 0);
    let mut commit = Commit::blank();
    Sources { from, scratch, options, known: Position(known) }.each_entry(&mut |entry| {
        known = known.max(entry.position.0 + 1);
        if first_bad.is_none() {
            match verifier.commit(entry, leaf_hash(entry.bytes), &mut commit) {
                Ok(()) => {
                    verifier.remembered_root().map_err(RepairError::Changed)?;
                    saving.add(&commit)?;
                    progress(entry.position.0 + 1);
                    return Ok(());
                }
                Err(bad) => first_bad = Some(bad),
            }
        }
        if let Some(record) = decode(entry) {
            readable += 1;
            lost(&record);
        }
        Ok(())
    })?;
    let saved = saving.finish()?;
    if first_bad.is_none() && saved.size < known {
        let what = "the log ends here".to_owned();
        first_bad = Some(Bad { position: Position(saved.size), account: None, what });
    }
    Ok(Salvage { saved, first_bad, known, readable, names_lost: None })
}

/// Where blocks may still stand.
struct Sources<'a> {
    from: &'a Path,
    scratch: &'a Path,
    options: &'a Options,
    /// Where the log is known to have reached.
    known: Position,
}

impl Sources<'_> {
    /// Shows every commit that can be read, each once, in order of position.
    fn each_entry(
        &self,
        show: &mut impl FnMut(&Entry<'_>) -> Result<(), RepairError>,
    ) -> Result<(), RepairError> {
        let journal = Journal::open(&self.from.join("journal"), self.options.journal_bytes);
        let records = journal.map(|(_, records)| records).unwrap_or_default();
        let mut journal = records.iter().flat_map(|record| &record.blocks).peekable();
        let mut next = 0;
        let mut show_block = |block: &Block| {
            let new = block.entries().filter(|entry| entry.position.0 >= next);
            new.clone().try_for_each(|entry| show(&entry))?;
            next = next.max(block.end().0);
            Ok(next)
        };
        let mut reached = 0;
        self.each_block(&mut |block| {
            // What the volumes lack the journal may have.
            while let Some(other) = journal.next_if(|other| other.first() < block.first()) {
                reached = show_block(other)?;
            }
            if block.end().0 > reached {
                reached = show_block(block)?;
            }
            Ok(())
        })?;
        journal.try_for_each(|block| show_block(block).map(|_| ()))
    }

    /// Shows every block of every volume that can be read, in order.
    fn each_block(
        &self,
        show: &mut impl FnMut(&Block) -> Result<(), RepairError>,
    ) -> Result<(), RepairError> {
        let log = self.from.join("log");
        let volumes = volumes_in(&log).unwrap_or_default();
        let mut firsts = volumes.iter().copied().skip(1);
        for first in volumes.iter().copied() {
            // An opening that was refused has kept the volume as it was found.
            let kept = self.from.join("aside").join(name(first));
            let found = if kept.exists() { kept } else { log.join(name(first)) };
            let copy = self.scratch.join(name(first));
            copy_dir(&found, &copy).map_err(write)?;
            // Before the engine opens it, and shortens what it finds damaged.
            let raw = fs::read(copy.join("db")).unwrap_or_default();
            let read = Volume::open(&copy, first, self.options.closed_cache_bytes)
                .map(|volume| blocks_of(&Arc::new(volume)));
            let mut blocks = read.unwrap_or_default();
            let end = blocks.last_key_value().map_or(first, |(_, block)| block.end());
            let dense: u64 = blocks.values().map(|block| block.end().0 - block.first().0).sum();
            let next = firsts.next().unwrap_or(self.known);
            if end < next || dense < end.0 - first.0 {
                for (first, block) in carve::blocks(&raw, first) {
                    blocks.entry(first).or_insert(block);
                }
            }
            blocks.values().try_for_each(&mut *show)?;
            remove(&copy).map_err(write)?;
        }
        Ok(())
    }
}

/// Every block that the engine can read.
fn blocks_of(volume: &Arc<Volume>) -> BTreeMap<Position, Block> {
    let mut blocks = BTreeMap::new();
    let mut next = volume.first();
    while next < volume.end() {
        for block in Arc::clone(volume).scan(next) {
            let Ok(block) = block else { break };
            next = block.end();
            blocks.insert(block.first(), block);
        }
        // What cannot be read is passed over, a commit at a time, to find what can.
        next = Position(next.0 + 1);
    }
    blocks
}

/// The new ledger, being written.
pub(crate) struct Saving {
    writer: Writer,
    drafts: Vec<Draft>,
}

impl Saving {
    pub(crate) fn new(ledger: &Ledger) -> Result<Saving, RepairError> {
        Ok(Saving { writer: ledger.writer().map_err(write)?, drafts: Vec::new() })
    }

    /// Takes up the next commit of the log.
    pub(crate) fn add(&mut self, commit: &Commit) -> Result<(), RepairError> {
        self.drafts.push(Draft {
            account: commit.account,
            expected: commit.version.saturating_sub(1),
            at: commit.at,
            recorded_at: commit.recorded_at,
            actor: commit.actor,
            rules: commit.rules,
            pool: commit.pool,
            events: commit.events.clone(),
        });
        if self.drafts.len() < BATCH_COMMITS { Ok(()) } else { self.append() }
    }

    fn append(&mut self) -> Result<(), RepairError> {
        let drafts = mem::take(&mut self.drafts);
        self.writer.append(&drafts).map_err(write)?;
        self.writer.syncer().sync().map(|_| ()).map_err(write)
    }

    /// Makes everything durable.
    pub(crate) fn finish(mut self) -> Result<Head, RepairError> {
        self.append()?;
        self.writer.syncer().sync().map_err(write)
    }
}

/// Puts a copy of the old directory of names into the new ledger, if it opens. Else says why it does not.
fn take_over_names(from: &Path, into: &Path, options: &Options) -> Option<String> {
    let (book, empty) = (into.join("book"), into.join("book.empty"));
    let taken = fs::rename(&book, &empty).and_then(|()| copy_dir(&from.join("book"), &book));
    let opened = taken
        .map_err(|error| error.to_string())
        .and_then(|()| Ledger::open(into, options).map(drop).map_err(|error| error.to_string()));
    match opened {
        Ok(()) => remove(&empty).err().map(|error| error.to_string()),
        Err(why) => {
            let put_back = remove(&book).and_then(|()| fs::rename(&empty, &book));
            Some(put_back.err().map_or(why, |error| error.to_string()))
        }
    }
}

fn decode(entry: &Entry<'_>) -> Option<Record> {
    let mut commit = Commit::blank();
    commit.decode_into(entry.bytes).ok()?;
    Some(Record { position: entry.position, previous: entry.previous, commit })
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(error: impl ToString) -> RepairError {
    RepairError::Write(error.to_string())
}
