//! Reading ahead: one thread reads and prepares blocks, the other visits them.

use crate::block::Block;
use crate::error::ReadError;
use crate::store::Blocks;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;

/// How many blocks go from one thread to the other at a time; waking a thread costs as much as decoding
/// half a block.
const BLOCKS_TOGETHER: usize = 16;

/// How many such lots are read ahead of being visited.
const LOTS_AHEAD: usize = 3;

/// Shows every block, with what `prepare` made of it on the other thread, to `visit`, until it breaks or
/// something fails.
pub(crate) fn each_block<T: Send>(
    blocks: Blocks,
    prepare: impl Fn(&Block) -> T + Send,
    mut visit: impl FnMut(Block, T) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Vec<Result<(Block, T), ReadError>>>(LOTS_AHEAD);
        scope.spawn(move || {
            let mut blocks = blocks.map(|block| {
                let block = block?;
                let made = prepare(&block);
                Ok((block, made))
            });
            loop {
                let lot: Vec<_> = blocks.by_ref().take(BLOCKS_TOGETHER).collect();
                // Nothing is left, or nobody waits for it any more because the visit broke off.
                if lot.is_empty() || send.send(lot).is_err() {
                    break;
                }
            }
        });
        for prepared in receive.into_iter().flatten() {
            let (block, made) = prepared?;
            if visit(block, made)?.is_break() {
                break;
            }
        }
        Ok(())
    })
}
