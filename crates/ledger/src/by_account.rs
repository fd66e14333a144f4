//! Replaying by account, on every core: the fast way to fold the whole history.
//!
//! ```text
//!  reader:   lot 0, lot 1, lot 2 ...        reads and checks blocks
//!              |      \
//!  shard 0:  accounts whose number ...0     decodes and folds its own accounts' commits
//!  shard 1:  accounts whose number ...1
//! ```
//!
//! Accounts share nothing, so each belongs to one shard, which alone keeps its state. Each account's
//! commits are taken in the order of the log; the order between accounts is not kept: within a lot a shard
//! takes one account after the other. With a thousand accounts their states do not fit into a core's own
//! cache, and fetching them commit by commit took 110 ns of 300.
//!
//! Four lots are in memory at most, of 16 blocks of 30 KiB, beside the states.

use crate::block::{Block, Entry};
use crate::commit::{Commit, account_of};
use crate::error::{Damage, ReadError};
use crate::ledger::{Ledger, Record, decode_into};
use crate::position::Position;
use rustc_hash::FxHashMap;
use seats::AccountId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// How many blocks are read together.
const BLOCKS_TOGETHER: usize = 16;

/// How many lots wait for a shard.
const LOTS_WAITING: usize = 2;

/// More shards than this wait for the reader.
const SHARDS_MAX: usize = 4;

impl Ledger {
    /// Folds every account's history up to the head: `begin` gives an account's first state, `take` takes up
    /// its next commit.
    ///
    /// # Errors
    /// What cannot be read, at the lowest such position.
    pub fn fold_accounts<S: Send>(
        &self,
        begin: impl Fn(AccountId) -> S + Sync,
        take: impl Fn(&mut S, &Record) + Sync,
    ) -> Result<BTreeMap<AccountId, S>, ReadError> {
        self.fold_some_accounts(Position(0), |account| Some(begin(account)), take)
    }

    /// The same from a position on, of the accounts that `begin` gives a state. Commits of others are not
    /// decoded, and a little before that position may be read, and handed out, too.
    ///
    /// # Errors
    /// What cannot be read of them, at the lowest such position.
    pub fn fold_some_accounts<S: Send>(
        &self,
        from: Position,
        begin: impl Fn(AccountId) -> Option<S> + Sync,
        take: impl Fn(&mut S, &Record) + Sync,
    ) -> Result<BTreeMap<AccountId, S>, ReadError> {
        let size = self.head().size;
        let shards = std::thread::available_parallelism().map_or(1, usize::from).min(SHARDS_MAX);
        std::thread::scope(|scope| {
            let mut senders = Vec::new();
            let mut folding = Vec::new();
            for number in 0..shards {
                let (send, receive) = sync_channel(LOTS_WAITING);
                let shard = Shard::new(number, shards, size, &begin, &take);
                senders.push(send);
                folding.push(scope.spawn(move || shard.fold(receive)));
            }
            let mut blocks = Arc::clone(&self.0.store).scan(from).fuse();
            let (mut next, mut unread) = (from, None);
            while next.0 < size && unread.is_none() {
                let mut lot = Vec::with_capacity(BLOCKS_TOGETHER);
                while lot.len() < BLOCKS_TOGETHER && next.0 < size && unread.is_none() {
                    match blocks.next() {
                        Some(Ok(block)) => {
                            next = block.end();
                            lot.push(block);
                        }
                        Some(Err(error)) => unread = Some(error),
                        None => unread = Some(Damage::at(next, "the log ends before it").into()),
                    }
                }
                let lot = Arc::new(lot);
                // A shard that found damage takes no more; those that found none yet have this lot too.
                if !senders.iter().all(|shard| shard.send(Arc::clone(&lot)).is_ok()) {
                    break;
                }
            }
            drop(senders);
            let mut accounts = BTreeMap::new();
            let mut damaged: Option<Damage> = None;
            for shard in folding {
                match shard.join() {
                    Ok(Ok(states)) => accounts.extend(states),
                    Ok(Err(found)) => {
                        let lower = damaged.take().filter(|other| other.position < found.position);
                        damaged = Some(lower.unwrap_or(found));
                    }
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            // What was handed out stands before what could not be read.
            match damaged.map(ReadError::from).or(unread) {
                Some(error) => Err(error),
                None => Ok(accounts),
            }
        })
    }
}

/// The accounts of one thread.
struct Shard<'f, S, B, T> {
    number: usize,
    shards: usize,
    size: u64,
    begin: &'f B,
    take: &'f T,
    /// Where an account's state is; `None`: it is not folded.
    places: FxHashMap<AccountId, Option<usize>>,
    states: Vec<(AccountId, S)>,
    record: Record,
}

impl<'f, S, B: Fn(AccountId) -> Option<S>, T: Fn(&mut S, &Record)> Shard<'f, S, B, T> {
    fn new(number: usize, shards: usize, size: u64, begin: &'f B, take: &'f T) -> Self {
        let record = Record { position: Position(0), previous: None, commit: Commit::blank() };
        let (places, states) = (FxHashMap::default(), Vec::new());
        Shard { number, shards, size, begin, take, places, states, record }
    }

    fn fold(mut self, lots: Receiver<Arc<Vec<Block>>>) -> Result<Vec<(AccountId, S)>, Damage> {
        for lot in lots {
            self.lot(&lot)?;
        }
        Ok(self.states)
    }

    /// Folds a lot's commits, one account after the other.
    fn lot(&mut self, lot: &[Block]) -> Result<(), Damage> {
        let mut commits: Vec<(usize, Entry<'_>)> = Vec::new();
        let mut damaged: Option<Damage> = None;
        for entry in lot.iter().flat_map(Block::entries) {
            // Bytes without an account are nobody's; the first shard says what is wrong with them.
            let account = account_of(entry.bytes);
            let own = account.map_or(0, |account| shard_of(account, self.shards)) == self.number;
            if entry.position.0 < self.size && own {
                let place = self.place(account.unwrap_or(AccountId::SYSTEM));
                commits.extend(place.map(|place| (place, entry)));
            }
        }
        // Stable: an account's commits stay in order.
        commits.sort_by_key(|(place, _)| *place);
        for (place, entry) in &commits {
            if damaged.as_ref().is_some_and(|damage| damage.position < entry.position) {
                continue;
            }
            match decode_into(entry, &mut self.record) {
                Ok(()) => {
                    if let Some((_, state)) = self.states.get_mut(*place) {
                        (self.take)(state, &self.record);
                    }
                }
                Err(damage) => damaged = Some(damage),
            }
        }
        damaged.map_or(Ok(()), Err)
    }

    fn place(&mut self, account: AccountId) -> Option<usize> {
        *self.places.entry(account).or_insert_with(|| {
            self.states.push((account, (self.begin)(account)?));
            Some(self.states.len() - 1)
        })
    }
}

/// Evenly, also if all numbers are multiples of something.
fn shard_of(account: AccountId, shards: usize) -> usize {
    let mixed = account.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(mixed).unwrap_or_default() % shards
}
