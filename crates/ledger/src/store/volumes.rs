//! The log on disk: a row of volumes, of which only the newest is written.
//!
//! ```text
//!  log/00000000000000000000/   finished: only read, opened when needed, few at a time
//!  log/00000000000001048576/   finished
//!  log/00000000000002097152/   the newest
//!  log/next/                   the one after it, made ready while there is time
//! ```
//!
//! So start-up, memory, backup and damage are bounded by one volume, however long the history.
//!
//! A volume that is full stays open until everything in it is durable; then it is *finished*
//! (`finish`). A crash in between leaves two volumes that are not finished, of which the
//! older one may have lost its tail; the newer one then holds nothing that was acknowledged.

use super::engine::sync_dir;
use super::finish::{self, FinishError};
use super::head::{HeadFile, HeadRow};
use super::journal::Journal;
use super::located::Permits;
use super::recover::{self, Found};
use super::slot::{Slot, SlotState};
use super::sync::{Checkpoint, Syncing, Tail};
use super::volume::Volume;
use super::{Blocks, LogStore};
use crate::block::Block;
use crate::error::{Damage, OpenError, ReadError, StoreError};
use crate::guard::{lock, read, write};
use crate::options::Options;
use crate::position::{Head, Position};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, Weak};
use std::thread::JoinHandle;

/// Finished volumes whose files stay open, two each: 8 GB of log, a quarter of the 1,024 files that a process
/// usually may have open.
const FINISHED_OPEN_MAX: usize = 128;

/// See the module.
pub struct SledVolumes {
    pub(super) log: PathBuf,
    options: Options,
    slots: RwLock<BTreeMap<Position, Arc<Slot>>>,
    pub(super) syncing: Mutex<Syncing>,
    pub(super) checkpoint: Mutex<Checkpoint>,
    pub(super) writing: Mutex<Writing>,
    preparing: Mutex<Option<JoinHandle<Option<Volume>>>>,
    pub(super) poison: Arc<OnceLock<String>>,
    record_bytes_max: usize,
    clock: AtomicU64,
    permits: Permits,
}

/// What is appended to. Of the locks of this store it is the last to be taken; `syncing` is the first.
pub(super) struct Writing {
    pub(super) newest: Arc<Volume>,
    // Full volumes that may hold commits not yet synced in them, oldest first.
    pub(super) unsynced: Vec<Arc<Volume>>,
    pub(super) renamed: bool,
    pub(super) tail: Tail,
}

impl SledVolumes {
    /// Makes an empty log and its head file in `home`, durably but for the entries of `home` itself.
    pub(crate) fn create(home: &Path, options: &Options) -> Result<(), OpenError> {
        let log = home.join("log");
        let first = log.join(name(Position(0)));
        fs::create_dir_all(&log).map_err(OpenError::io(format!("creating {}", log.display())))?;
        let volume = Volume::open(&first, Position(0), options.cache_bytes)
            .and_then(|volume| volume.engine().sync_created(&first));
        volume.map_err(|error| {
            recover::engine_error(&first, &error, "mend what it names and try again")
        })?;
        sync_dir(&log).map_err(OpenError::io(format!("syncing {}", log.display())))?;
        let head = home.join("head");
        HeadFile::create(&head).map_err(OpenError::io(format!("creating {}", head.display())))
    }

    /// Opens the log in `home`. After an unclean stop the volumes that are not finished are copied aside
    /// first; [`recover::drop_copies`] removes the copies once the log is known to be whole.
    pub(crate) fn open(
        home: &Path,
        options: &Options,
        unclean: bool,
    ) -> Result<SledVolumes, OpenError> {
        let path = home.join("head");
        let (head, rows) =
            HeadFile::open(&path).map_err(|error| recover::head_error(&path, error))?;
        if rows.is_empty() {
            return Err(
                Damage::at(Position(0), format!("{} holds no valid row", path.display())).into()
            );
        }
        let dir = home.join("journal");
        let (journal, records) = Journal::open(&dir, options.journal_bytes)
            .map_err(OpenError::io(format!("reading {}", dir.display())))?;
        let Found { volumes, unfinished, newest } =
            recover::find(home, options, unclean, rows.last(), &records)?;
        let newest = Arc::new(newest);
        let unsynced: Vec<_> = unfinished.into_iter().map(Arc::new).collect();
        let permits = Permits::new(FINISHED_OPEN_MAX);
        let slot = |(first, finished)| {
            let mut open = unsynced.iter().chain([&newest]);
            let open = open.find(|volume| volume.first() == first).cloned();
            let held = open.as_ref().map_or_else(Weak::new, Arc::downgrade);
            let state = Mutex::new(SlotState { open, held, finished, ..SlotState::default() });
            (first, Arc::new(Slot { first, state, permits: permits.clone() }))
        };
        let slots = volumes.into_iter().map(slot).collect();
        Ok(SledVolumes {
            log: home.join("log"),
            options: options.clone(),
            slots: RwLock::new(slots),
            // What a killed process wrote, names included, may not be durable yet.
            writing: Mutex::new(Writing { newest, unsynced, renamed: true, tail: Tail::default() }),
            checkpoint: Mutex::new(None),
            record_bytes_max: journal.record_bytes_max(),
            syncing: Mutex::new(Syncing::new(head, rows, journal, &records)),
            preparing: Mutex::new(None),
            poison: Arc::default(),
            clock: AtomicU64::new(0),
            permits,
        })
    }

    pub(super) fn refuse_if_poisoned(&self) -> Result<(), StoreError> {
        self.poison.get().map_or(Ok(()), |cause| Err(StoreError::Poisoned(cause.clone())))
    }

    pub(super) fn fail(&self, cause: impl ToString) -> StoreError {
        let cause = cause.to_string();
        // Only the first failure is told: the others follow from it.
        let _ = self.poison.set(cause.clone());
        StoreError::Unknown(cause)
    }

    /// The volume in which `position` would lie, open or not, and where the next one begins.
    fn slot(&self, position: Position) -> Option<(Arc<Slot>, Option<Position>)> {
        let slots = read(&self.slots);
        let (first, slot) = slots.range(..=position).next_back()?;
        let mut after = slots.range((Bound::Excluded(*first), Bound::Unbounded));
        Some((Arc::clone(slot), after.next().map(|(first, _)| *first)))
    }

    /// The volume that holds `position`, opened if need be.
    fn volume(&self, position: Position) -> Result<Option<Arc<Volume>>, ReadError> {
        let Some((slot, end)) = self.slot(position) else { return Ok(None) };
        let mut state = lock(&slot.state);
        state.used = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(volume) = state.open.clone().or_else(|| state.held.upgrade()) {
            return Ok(Some(volume));
        }
        let dir = self.log.join(name(slot.first));
        let volume =
            Volume::open(&dir, slot.first, self.options.closed_cache_bytes).map_err(|error| {
                Damage::at(slot.first, format!("its volume cannot be opened: {error}"))
            })?;
        if end != Some(volume.end()) {
            let what =
                format!("its volume ends at {} where it was finished at {end:?}", volume.end());
            return Err(Damage::at(volume.end().min(position), what).into());
        }
        let volume = Arc::new(volume);
        state.open = Some(Arc::clone(&volume));
        state.held = Arc::downgrade(&volume);
        drop(state);
        self.close_least_used(slot.first);
        Ok(Some(volume))
    }

    /// Closes finished volumes until only as many are open as the options allow.
    fn close_least_used(&self, but: Position) {
        let slots = read(&self.slots);
        let mut open: Vec<(u64, &Arc<Slot>)> = slots
            .values()
            .filter(|slot| slot.first != but)
            .filter_map(|slot| {
                let state = slot.state.try_lock().ok()?;
                (state.finished && state.open.is_some()).then_some((state.used, slot))
            })
            .collect();
        open.sort_unstable_by_key(|(used, _)| *used);
        let excess = (open.len() + 1).saturating_sub(self.options.closed_volumes_open);
        for (_, slot) in open.into_iter().take(excess) {
            lock(&slot.state).open = None;
        }
    }

    /// Closes a finished volume; whoever reads it reads on.
    fn close_finished(&self, first: Position) {
        if let Some(slot) = read(&self.slots).get(&first) {
            let mut state = lock(&slot.state);
            if state.finished {
                state.open = None;
            }
        }
    }

    fn finish_slot(&self, slot: &Slot) -> Result<(), FinishError> {
        let dir = self.log.join(name(slot.first));
        let Some(volume) = self.volume(slot.first)? else {
            return Ok(());
        };
        if finish::is_sparse(&volume)? {
            finish::rewrite(&dir, volume, &self.options)?;
            let mut state = lock(&slot.state);
            finish::put_in_place(&dir)?;
            // Whoever reads the old one reads on; everybody else opens the new one.
            (state.open, state.held, state.finished) = (None, Weak::new(), true);
            return Ok(());
        }
        let end = volume.end();
        drop(volume);
        let mut state = lock(&slot.state);
        state.open = None;
        // While somebody reads it, it stays as it is; it is finished when the ledger is opened again.
        if state.held.strong_count() == 0 {
            finish::reopen(&dir, slot.first, end, &self.options)?;
            state.finished = true;
        }
        Ok(())
    }

    /// Begins the next volume at `first`.
    fn roll(&self, writing: &mut Writing, first: Position) -> Result<(), StoreError> {
        let prepared = lock(&self.preparing).take().and_then(|thread| thread.join().ok().flatten());
        let next = self.log.join("next");
        let mut volume = match prepared {
            Some(volume) => volume,
            None => prepare(&next, self.options.cache_bytes).map_err(|error| self.fail(error))?,
        };
        fs::rename(&next, self.log.join(name(first))).map_err(|error| self.fail(error))?;
        volume.begin_at(first);
        let volume = Arc::new(volume);
        let state = SlotState {
            open: Some(Arc::clone(&volume)),
            held: Arc::downgrade(&volume),
            finished: false,
            used: self.clock.fetch_add(1, Ordering::Relaxed),
            ..SlotState::default()
        };
        let (state, permits) = (Mutex::new(state), self.permits.clone());
        write(&self.slots).insert(first, Arc::new(Slot { first, state, permits }));
        let full = std::mem::replace(&mut writing.newest, volume);
        writing.unsynced.push(full);
        writing.renamed = true;
        Ok(())
    }

    /// Makes the next volume ready in the background once the newest is half full.
    fn prepare_in_time(&self, newest: &Volume) {
        let commits = newest.end().0 - newest.first().0;
        if newest.bytes() * 2 < self.options.volume_bytes
            && commits * 2 < self.options.volume_commits
        {
            return;
        }
        let mut preparing = lock(&self.preparing);
        if preparing.is_none() {
            let (next, cache_bytes) = (self.log.join("next"), self.options.cache_bytes);
            let work = move || prepare(&next, cache_bytes).ok();
            // Without a thread the volume is made when it is needed.
            *preparing =
                std::thread::Builder::new().name("ledger-next".to_owned()).spawn(work).ok();
        }
    }
}

impl LogStore for SledVolumes {
    fn append(&self, blocks: &[Block]) -> Result<Position, StoreError> {
        self.refuse_if_poisoned()?;
        let mut writing = lock(&self.writing);
        let newest = &writing.newest;
        let commits = newest.end().0 - newest.first().0;
        if newest.bytes() >= self.options.volume_bytes || commits >= self.options.volume_commits {
            let first = newest.end();
            self.roll(&mut writing, first)?;
        }
        for block in blocks {
            debug_assert_eq!(block.first(), writing.newest.end(), "blocks follow one another");
            writing.newest.append(block).map_err(|error| self.fail(error))?;
        }
        writing.tail.add(blocks, self.record_bytes_max);
        self.prepare_in_time(&writing.newest);
        Ok(writing.newest.first())
    }

    fn sync(&self, head: Head) -> Result<(), StoreError> {
        self.make_durable(head)
    }

    fn end(&self) -> Position {
        lock(&self.writing).newest.end()
    }

    fn read(&self, position: Position) -> Result<Option<Block>, ReadError> {
        let Some((slot, end)) = self.slot(position) else { return Ok(None) };
        let dir = self.log.join(name(slot.first));
        if let Some(end) = end
            && let Some(block) = slot.read_past_engine(&dir, end, position)
        {
            return Ok(Some(block));
        }
        match self.volume(position)? {
            Some(volume) if position < volume.end() => {
                let block = volume.read(position)?;
                slot.was_read_through_engine(&dir, &volume);
                Ok(Some(block))
            }
            _ => Ok(None),
        }
    }

    fn scan(self: Arc<Self>, position: Position) -> Blocks {
        let mut next = position;
        let mut volume: Option<super::volume::VolumeScan> = None;
        let mut read_next = move || -> Result<Option<Block>, ReadError> {
            loop {
                if let Some(block) = volume.as_mut().and_then(Iterator::next) {
                    next = block.as_ref().map_or(next, Block::end);
                    return block.map(Some);
                }
                // A scan keeps no more than one finished volume in memory.
                if let Some(read) = volume.take() {
                    self.close_finished(read.first());
                }
                match self.volume(next)? {
                    Some(found) if next < found.end() => volume = Some(found.scan(next)),
                    _ => return Ok(None),
                }
            }
        };
        let mut failed = false;
        Box::new(std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let block = read_next().transpose();
            failed = matches!(block, Some(Err(_)));
            block
        }))
    }

    fn heads(&self) -> Vec<HeadRow> {
        lock(&self.syncing).rows().to_vec()
    }

    fn volumes(&self) -> Vec<Position> {
        read(&self.slots).keys().copied().collect()
    }

    fn finish(&self, volume: Position) -> Result<(), StoreError> {
        let slot = read(&self.slots).get(&volume).cloned();
        let Some(slot) = slot.filter(|_| volume != lock(&self.writing).newest.first()) else {
            return Ok(());
        };
        if lock(&slot.state).finished {
            return Ok(());
        }
        self.sync_full()?;
        self.finish_slot(&slot).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.close_least_used(volume);
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        self.refuse_if_poisoned()?;
        if let Some(thread) = lock(&self.preparing).take() {
            // Whatever was prepared is thrown away when the ledger is opened again.
            let _ = thread.join();
        }
        self.make_whole()
    }
}

/// The directory name of the volume whose first commit has this position.
pub(crate) fn name(first: Position) -> String {
    format!("{:020}", first.0)
}

/// Makes an empty volume that is given its position later.
fn prepare(next: &Path, cache_bytes: u64) -> Result<Volume, super::engine::EngineError> {
    match fs::remove_dir_all(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let volume = Volume::open(next, Position(0), cache_bytes)?;
    volume.engine().sync_created(next)?;
    Ok(volume)
}
