//! One volume's place in the row: open or not, finished or not, and how it is read.

use super::located::Located;
use super::volume::Volume;
use crate::block::Block;
use crate::guard::lock;
use crate::position::Position;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

/// Blocks that are read one by one through the engine before it is found out where all of them lie, which
/// takes up to 300 ms.
const READS_THROUGH_ENGINE: u32 = 32;

/// A volume, open or not.
pub(super) struct Slot {
    pub(super) first: Position,
    pub(super) state: Mutex<SlotState>,
}

#[derive(Default)]
pub(super) struct SlotState {
    pub(super) open: Option<Arc<Volume>>,
    // A volume that a reader still holds cannot be opened a second time.
    pub(super) held: Weak<Volume>,
    pub(super) finished: bool,
    pub(super) used: u64,
    // Single blocks asked for since it was finished.
    pub(super) reads: u32,
    pub(super) located: Option<Arc<Located>>,
}

impl Slot {
    /// The block that holds `position`, read past the engine; `None` where that is not possible or not worth
    /// while. The volume is in `dir` and ends at `end`.
    pub(super) fn located(&self, dir: &Path, end: Position, position: Position) -> Option<Block> {
        let located = {
            let mut state = lock(&self.state);
            if !state.finished {
                return None;
            }
            state.reads = state.reads.saturating_add(1);
            if state.reads == READS_THROUGH_ENGINE {
                state.located = Located::find(dir, self.first, end).map(Arc::new);
            }
            state.located.clone()?
        };
        located.read(position)
    }
}
