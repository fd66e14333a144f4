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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;

    fn block(first: u64) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 10_000);
        for _ in 0..5 {
            assert!(builder.push(None, &[1; 200]).is_none());
        }
        builder.finish().unwrap()
    }

    #[test]
    fn what_was_not_used_longest_is_forgotten_first() {
        let bytes = block(0).bytes().len();
        let cache = BlockCache::new(3 * bytes + bytes / 2);
        for first in [0, 5, 10] {
            cache.put(block(first));
        }
        assert!(cache.get(Position(2)).is_some_and(|kept| kept.first() == Position(0)));
        cache.put(block(20));
        cache.put(block(20));
        for (position, kept) in
            [(0, true), (4, true), (7, false), (10, true), (15, false), (24, true)]
        {
            assert_eq!(cache.get(Position(position)).is_some(), kept, "position {position}");
        }
        assert_eq!(lock(&cache.kept).bytes, 3 * bytes);
    }
}
