//! One volume's place in the row: open or not, finished or not, and how it is read.

use super::locate::locate;
use super::located::{Located, Permits};
use super::volume::Volume;
use crate::block::Block;
use crate::guard::lock;
use crate::position::Position;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

/// Blocks that are read one by one through the engine before a volume without places is searched for them,
/// which takes some 0.2 s.
const READS_THROUGH_ENGINE: u32 = 32;

/// A volume, open or not.
pub(super) struct Slot {
    pub(super) first: Position,
    pub(super) state: Mutex<SlotState>,
    pub(super) permits: Permits,
}

#[derive(Default)]
pub(super) struct SlotState {
    pub(super) open: Option<Arc<Volume>>,
    // A volume that a reader still holds cannot be opened a second time.
    pub(super) held: Weak<Volume>,
    pub(super) finished: bool,
    pub(super) used: u64,
    // Whether it was looked for places written down.
    pub(super) looked: bool,
    // Single blocks read through the engine since it was finished.
    pub(super) reads: u32,
    pub(super) located: Option<Arc<Located>>,
}

impl Slot {
    /// The block that holds `position`, read past the engine; `None` where that is not possible. The volume
    /// is in `dir` and ends at `end`.
    pub(super) fn read_past_engine(
        &self,
        dir: &Path,
        end: Position,
        position: Position,
    ) -> Option<Block> {
        let located = {
            let mut state = lock(&self.state);
            if !state.finished {
                return None;
            }
            if !std::mem::replace(&mut state.looked, true) {
                let located = Located::open(dir, self.first, end);
                state.located = located.map(|located| Arc::new(located.kept_open(&self.permits)));
            }
            state.located.clone()?
        };
        located.read(position)
    }

    /// Notes that a block of the volume in `dir` was read through the engine because it could not be read
    /// past it. If that goes on, the volume is searched for the places of its blocks.
    pub(super) fn was_read_through_engine(&self, dir: &Path, volume: &Arc<Volume>) {
        {
            let mut state = lock(&self.state);
            if !state.finished {
                return;
            }
            if state.located.take().is_some() {
                // The engine has the block, so its place was wrong.
                state.reads = 0;
            }
            state.reads = state.reads.saturating_add(1);
            if state.reads != READS_THROUGH_ENGINE {
                return;
            }
        }
        // Others read through the engine meanwhile.
        let located = locate(dir, volume);
        let located = located.map(|located| Arc::new(located.kept_open(&self.permits)));
        lock(&self.state).located = located;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::located::Place;
    use crate::store::located::tests::{END, FIRST, block_at, volume};
    use std::fs;

    /// A finished volume, and its slot as it is when a ledger is opened.
    struct Finished {
        dir: tempfile::TempDir,
        volume: Arc<Volume>,
        slot: Slot,
    }

    fn slot() -> Slot {
        let state = SlotState { finished: true, ..SlotState::default() };
        Slot { first: FIRST, state: Mutex::new(state), permits: Permits::new(1) }
    }

    impl Finished {
        fn new() -> Finished {
            let dir = tempfile::tempdir().unwrap();
            let volume = volume(dir.path());
            Finished { dir, volume, slot: slot() }
        }

        /// Reads as the store does; whether it was past the engine.
        fn read(&self, position: u64) -> bool {
            let (dir, at) = (self.dir.path(), Position(position));
            if let Some(block) = self.slot.read_past_engine(dir, END, at) {
                assert_eq!(block, block_at(position));
                return true;
            }
            assert_eq!(self.volume.read(at).unwrap(), block_at(position));
            self.slot.was_read_through_engine(dir, &self.volume);
            false
        }

        /// How many reads go through the engine until one does not.
        fn through_engine(&self) -> usize {
            (0..100).find(|n| self.read(20 + 13 * n)).unwrap() as usize
        }

        fn places(&self) -> std::path::PathBuf {
            self.dir.path().join("places")
        }
    }

    #[test]
    fn places_are_searched_for_once_and_then_taken_up_at_once() {
        let mut finished = Finished::new();
        assert_eq!(finished.through_engine(), 32);
        assert!(finished.places().exists());
        finished.slot = slot();
        assert_eq!(finished.through_engine(), 0, "they were written down");
        let sound = fs::read(finished.places()).unwrap();
        let mut damaged = sound.clone();
        damaged[5_000] ^= 1;
        fs::write(finished.places(), damaged).unwrap();
        finished.slot = slot();
        assert_eq!(finished.through_engine(), 32);
        assert_eq!(fs::read(finished.places()).unwrap(), sound, "written anew");
    }

    #[test]
    fn wrong_places_are_replaced() {
        let mut finished = Finished::new();
        finished.through_engine();
        let sound = fs::read(finished.places()).unwrap();
        for taken_up_anew in [false, true] {
            // As in a volume that was restored with the same commits elsewhere.
            let elsewhere = Place { first: FIRST, offset: 5, length: 500, digest: [1; 32] };
            Located::write(finished.dir.path(), FIRST, END, &[elsewhere]);
            if taken_up_anew {
                finished.slot = slot();
            }
            assert_eq!(finished.through_engine(), 32);
            assert_eq!(fs::read(finished.places()).unwrap(), sound);
        }
    }

    #[test]
    fn a_volume_in_use_is_not_read_past_the_engine() {
        let finished = Finished::new();
        finished.through_engine();
        lock(&finished.slot.state).finished = false;
        assert!(!finished.read(77));
        lock(&finished.slot.state).finished = true;
        assert!(finished.read(77));
    }
}
