//! Reading ahead: every core reads and prepares blocks, one thread visits them in order.
//!
//! ```text
//!  lots of blocks     0   1   2   3   4   5
//!  helper             =====prepares===>
//!  visitor            visits          prepares, when the next lot is not ready: nobody waits idly
//! ```
//!
//! The visitor is the thread that called. What it does must be done in the order of the log, so it alone
//! decides what is found first: helpers only make it sooner.
//!
//! No more than seven lots are in memory, of at most 16 blocks of 30 KiB: 4 MiB with what is made of them.

use crate::block::Block;
use crate::error::ReadError;
use crate::guard::lock;
use crate::store::Blocks;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many blocks are read together; waking a thread costs as much as decoding half a block.
const BLOCKS_TOGETHER: usize = 16;

/// How many lots are prepared or being prepared before they are visited.
const LOTS_AHEAD: usize = 6;

/// More helpers than this wait for the visitor all the time.
const HELPERS_MAX: usize = 3;

/// Shows every block, with what `prepare` made of it on any thread, to `visit` on this one, in order, until
/// it breaks or something fails.
pub(crate) fn each_block<T: Send>(
    blocks: Blocks,
    prepare: impl Fn(&Block) -> T + Sync,
    mut visit: impl FnMut(Block, T) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    let line = Line {
        source: Mutex::new((0, blocks)),
        state: Mutex::new(State { begun: 0, visited: 0, over: false, ready: BTreeMap::new() }),
        changed: Condvar::new(),
        prepare,
    };
    let helpers = std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
    std::thread::scope(|scope| {
        for _ in 0..helpers.min(HELPERS_MAX) {
            // Without a helper the visitor prepares everything itself.
            let _ = std::thread::Builder::new().spawn_scoped(scope, || line.help());
        }
        // However the visit ends, nobody goes on preparing for it.
        let _over = OverWhenDropped(&line);
        while let Some(lot) = line.next() {
            for prepared in lot {
                let (block, made) = prepared?;
                if visit(block, made)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

/// Blocks read together, none after an error. An empty lot follows the last one.
type Lot<T> = Vec<Result<(Block, T), ReadError>>;

struct Line<T, P> {
    /// How many lots were read, and the blocks that were not.
    source: Mutex<(usize, Blocks)>,
    state: Mutex<State<T>>,
    changed: Condvar,
    prepare: P,
}

struct State<T> {
    /// How many lots somebody has set out to read.
    begun: usize,
    /// How many were visited.
    visited: usize,
    /// Nobody waits for more.
    over: bool,
    ready: BTreeMap<usize, Lot<T>>,
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        self.begun < self.visited + LOTS_AHEAD
    }
}

impl<T, P: Fn(&Block) -> T> Line<T, P> {
    /// Prepares lots until there are none or it is over.
    fn help(&self) {
        // A helper that panics leaves a lot that never comes: the visitor must not wait for it.
        let unwinding = OverWhenDropped(self);
        loop {
            let mut state = self.wait_while(|state| !state.over && !state.has_room());
            if state.over {
                break;
            }
            state.begun += 1;
            drop(state);
            if self.prepare_lot() {
                break;
            }
        }
        std::mem::forget(unwinding);
    }

    /// The next lot in order, if any. While others prepare it, this thread prepares one after it.
    fn next(&self) -> Option<Lot<T>> {
        loop {
            let mut state = self.wait_while(|state| {
                !state.over && !state.has_room() && !state.ready.contains_key(&state.visited)
            });
            let next = state.visited;
            if let Some(lot) = state.ready.remove(&next) {
                state.visited += 1;
                self.changed.notify_all();
                return Some(lot).filter(|lot| !lot.is_empty());
            }
            if state.over {
                return None;
            }
            state.begun += 1;
            drop(state);
            self.prepare_lot();
        }
    }

    /// Reads and prepares the next lot that nobody has read. Says whether it is empty.
    fn prepare_lot(&self) -> bool {
        let (number, lot) = {
            let mut source = lock(&self.source);
            let lot: Vec<_> = source.1.by_ref().take(BLOCKS_TOGETHER).collect();
            source.0 += 1;
            (source.0 - 1, lot)
        };
        let prepare = |block: Block| {
            let made = (self.prepare)(&block);
            (block, made)
        };
        let lot: Lot<T> = lot.into_iter().map(|block| block.map(prepare)).collect();
        let empty = lot.is_empty();
        lock(&self.state).ready.insert(number, lot);
        self.changed.notify_all();
        empty
    }

    fn wait_while(&self, wait: impl Fn(&State<T>) -> bool) -> MutexGuard<'_, State<T>> {
        let state = self.changed.wait_while(lock(&self.state), |state| wait(state));
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

struct OverWhenDropped<'a, T, P>(&'a Line<T, P>);

impl<T, P> Drop for OverWhenDropped<'_, T, P> {
    fn drop(&mut self) {
        lock(&self.0.state).over = true;
        self.0.changed.notify_all();
    }
}
