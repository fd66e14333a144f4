//! The blocks that were read last, so that walking one account back does not read a block twice.

use crate::block::Block;
use crate::guard::lock;
use crate::position::Position;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// See the module.
#[derive(Debug)]
pub(crate) struct BlockCache {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: BTreeMap<Position, (Arc<Block>, u64)>,
    bytes: usize,
    clock: u64,
}

impl BlockCache {
    pub(crate) fn new(bytes_max: usize) -> BlockCache {
        BlockCache { bytes_max, kept: Mutex::default() }
    }

    /// The block that holds `position`, if it is kept.
    pub(crate) fn get(&self, position: Position) -> Option<Arc<Block>> {
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let clock = kept.clock;
        let (_, (block, used)) = kept.blocks.range_mut(..=position).next_back()?;
        if !block.contains(position) {
            return None;
        }
        *used = clock;
        Some(Arc::clone(block))
    }

    /// Keeps a block, forgetting those that were not used longest.
    pub(crate) fn put(&self, block: Block) -> Arc<Block> {
        let block = Arc::new(block);
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let clock = kept.clock;
        kept.bytes += block.bytes().len();
        if let Some((replaced, _)) = kept.blocks.insert(block.first(), (Arc::clone(&block), clock))
        {
            kept.bytes -= replaced.bytes().len();
        }
        while kept.bytes > self.bytes_max {
            let oldest =
                kept.blocks.iter().min_by_key(|(_, (_, used))| *used).map(|(first, _)| *first);
            let Some((forgotten, _)) = oldest.and_then(|first| kept.blocks.remove(&first)) else {
                break;
            };
            kept.bytes -= forgotten.bytes().len();
        }
        block
    }
}
