//! Blocks found in the raw bytes of a file whose engine cannot read it any more.
//!
//! The engine stores a value as it is, in one piece, and a block knows its length and carries its digest: so
//! blocks can be told from everything around them without the engine.

use crate::block::Block;
use crate::position::Position;
use std::collections::BTreeMap;

/// The blocks in `bytes` that lie in a volume beginning at `first`, by position. Where different blocks claim
/// one position (one of them was lost in a crash, and another took its place) there is none.
pub(crate) fn blocks(bytes: &[u8], first: Position) -> BTreeMap<Position, Block> {
    let mut found: BTreeMap<Position, Option<Block>> = BTreeMap::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(block) = Block::find(rest).filter(|block| block.first() >= first) else {
            at += 1;
            continue;
        };
        at += block.bytes().len();
        let same = found.entry(block.first()).or_insert_with(|| Some(block.clone()));
        if same.as_ref().is_some_and(|other| *other != block) {
            *same = None;
        }
    }
    found.into_iter().filter_map(|(first, block)| Some((first, block?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;

    fn block(first: u64, fill: u8) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 1000);
        for length in 1..20 {
            assert!(builder.push(None, &vec![fill; length]).is_none());
        }
        builder.finish().unwrap()
    }

    #[test]
    fn blocks_are_found_in_anything() {
        let mut bytes = vec![1; 77];
        for (first, fill) in [(0, 1), (19, 2), (38, 3), (57, 4)] {
            bytes.extend_from_slice(block(first, fill).bytes());
            bytes.extend_from_slice(&[0, 1, 0, 19, 255][..(first as usize % 5)]);
        }
        bytes.extend_from_slice(block(19, 2).bytes());
        bytes.extend_from_slice(block(38, 7).bytes());
        let cut = block(76, 5);
        bytes.extend_from_slice(&cut.bytes()[..cut.bytes().len() - 1]);
        let found = blocks(&bytes, Position(0));
        let expected =
            [(0, 1), (19, 2), (57, 4)].map(|(first, fill)| (Position(first), block(first, fill)));
        assert_eq!(found, expected.into(), "two claim 38, and 76 is not whole");
        assert_eq!(blocks(&bytes, Position(40)).len(), 1);
    }
}
