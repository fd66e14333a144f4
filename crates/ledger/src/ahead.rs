//! Reading ahead: one thread reads and prepares blocks, the other visits them.

use crate::block::Block;
use crate::error::ReadError;
use crate::store::Blocks;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;

/// How many blocks are read ahead of being visited.
const BLOCKS_AHEAD: usize = 16;

/// Shows every block, with what `prepare` made of it on the other thread, to `visit`, until it breaks or
/// something fails.
pub(crate) fn each_block<T: Send>(
    blocks: Blocks,
    prepare: impl Fn(&Block) -> T + Send,
    mut visit: impl FnMut(Block, T) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Result<(Block, T), ReadError>>(BLOCKS_AHEAD);
        scope.spawn(move || {
            for block in blocks {
                let prepared = block.map(|block| {
                    let made = prepare(&block);
                    (block, made)
                });
                // Nobody waits for it any more: the visit broke off.
                if send.send(prepared).is_err() {
                    break;
                }
            }
        });
        for prepared in receive {
            let (block, made) = prepared?;
            if visit(block, made)?.is_break() {
                break;
            }
        }
        Ok(())
    })
}
