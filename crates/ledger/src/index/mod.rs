//! Where things stand in the log: the latest commit of each account, the commit of each login request, and
//! the Merkle tree at the beginning of each volume.
//!
//! Nothing here is precious: all of it follows from the log and is built again when it is missing or
//! damaged. What concerns the newest volume is kept in memory; when a volume is full its part is written
//! down (*settled*), so that memory and start-up are bounded by one volume, plus 16 bytes an account.
//!
//! ```text
//!  index/accounts-<end>             account -> position of its latest commit before <end>
//!  index/requests-<first>-<end>     login request -> position, for the commits from <first> to before <end>
//!  index/tree-<size>                the frontier of the Merkle tree at that size
//! ```

mod checked;
mod generation;
mod requests;
mod settled;

use requests::Rows;

pub(crate) use generation::{Gathered, Generation};
pub(crate) use requests::key as request_key;
pub(crate) use settled::Settled;

use crate::error::ReadError;
use crate::guard::{read, write};
use crate::position::Position;
use seats::{AccountId, Digest, RequestId, Timestamp};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, RwLock};

/// An account's latest commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountHead {
    /// Where it stands in the log.
    pub position: Position,
    /// The account's version, that is, how many commits it has.
    pub version: u64,
    /// The commit's leaf hash, which the next one names as its previous.
    pub leaf: Digest,
    /// When it happened.
    pub at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Index {
    unsettled: RwLock<Unsettled>,
    settled: RwLock<Settled>,
}

#[derive(Debug)]
struct Unsettled {
    // Volumes that are full but not settled yet, oldest first. Usually none.
    full: VecDeque<Arc<Generation>>,
    newest: Generation,
}

impl Unsettled {
    /// Newest first.
    fn iter(&self) -> impl Iterator<Item = &Generation> {
        std::iter::once(&self.newest).chain(self.full.iter().rev().map(Arc::as_ref))
    }

    /// Where the oldest full volume ends, and the Merkle tree there.
    fn after_oldest(&self) -> &Generation {
        self.full.get(1).map_or(&self.newest, Arc::as_ref)
    }
}

/// What the index knows of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Its latest commit.
    Head(AccountHead),
    /// Where its latest commit stands; the rest is to be read there.
    At(Position),
}

impl Index {
    /// An index of what is settled and of the newest volume.
    pub(crate) fn new(settled: Settled, newest: Generation) -> Index {
        let full = VecDeque::new();
        Index { unsettled: RwLock::new(Unsettled { full, newest }), settled: RwLock::new(settled) }
    }

    /// Takes in what was made durable, in the order of the log.
    pub(crate) fn publish(&self, gathered: Gathered) {
        let mut unsettled = write(&self.unsettled);
        let (mut heads, mut requests) = (gathered.heads.as_slice(), gathered.requests.as_slice());
        for begun in gathered.begun {
            let first = begun.first();
            let (before, after) = split(heads, |(_, head)| head.position < first);
            let (asked_before, asked_after) = split(requests, |(_, _, position)| *position < first);
            unsettled.newest.take_in(before, asked_before);
            (heads, requests) = (after, asked_after);
            let full = std::mem::replace(&mut unsettled.newest, begun);
            unsettled.full.push_back(Arc::new(full));
        }
        unsettled.newest.take_in(heads, requests);
    }

    /// What is known of an account.
    pub(crate) fn account(&self, account: AccountId) -> Option<Known> {
        let unsettled = read(&self.unsettled);
        let head = unsettled.iter().find_map(|generation| generation.head(account));
        // Looked up under the same lock: settling moves an account from the one to the other.
        head.map(Known::Head).or_else(|| read(&self.settled).account(account).map(Known::At))
    }

    /// All accounts, in order.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        let unsettled = read(&self.unsettled);
        let mut accounts: Vec<AccountId> = read(&self.settled).accounts().collect();
        accounts.extend(unsettled.iter().flat_map(Generation::accounts));
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// Positions at which the request may have been made, newest first; whether it was is to be read there.
    pub(crate) fn request(
        &self,
        account: AccountId,
        request: RequestId,
    ) -> Result<Vec<Position>, ReadError> {
        let key = requests::key(account, request);
        // In this order: what is settled meanwhile was found before.
        let mut found: Vec<Position> = {
            let unsettled = read(&self.unsettled);
            unsettled.iter().flat_map(|generation| generation.request(key)).collect()
        };
        read(&self.settled).request(key, &mut found)?;
        Ok(found)
    }

    /// All requests before `end` with where they stand, by key: as many as the log holds if the index is right.
    pub(crate) fn requests(
        &self,
        end: Position,
    ) -> impl Iterator<Item = io::Result<(u64, Position)>> {
        let (mut sorted, settled) = {
            let unsettled = read(&self.unsettled);
            let sorted: Vec<_> = unsettled.iter().map(Generation::requests).collect();
            (sorted.concat(), read(&self.settled).clone())
        };
        sorted.sort_unstable();
        let in_memory: Rows = Box::new(sorted.into_iter().map(Ok));
        let rows = settled.requests().into_iter().chain([in_memory]);
        let before = move |row: &io::Result<(u64, Position)>| !matches!(row, Ok((_, position)) if *position >= end);
        requests::merged(rows.collect()).filter(before)
    }

    /// The oldest volume that is full and not settled: where it begins and ends.
    pub(crate) fn to_settle(&self) -> Option<(Position, Position)> {
        let unsettled = read(&self.unsettled);
        Some((unsettled.full.front()?.first(), unsettled.after_oldest().first()))
    }

    /// Settles the oldest volume, which [`Index::to_settle`] named. One thread does this.
    pub(crate) fn settle(&self) -> Result<(), ReadError> {
        let (oldest, end, tree) = {
            let unsettled = read(&self.unsettled);
            let Some(oldest) = unsettled.full.front().cloned() else {
                return Ok(());
            };
            let next = unsettled.after_oldest();
            (oldest, next.first(), next.tree().clone())
        };
        let settled = read(&self.settled).clone();
        let settled = settled.with(&oldest, end, &tree)?;
        let mut unsettled = write(&self.unsettled);
        *write(&self.settled) = settled;
        unsettled.full.pop_front();
        Ok(())
    }
}

fn split<T>(sorted: &[T], before: impl FnMut(&T) -> bool) -> (&[T], &[T]) {
    sorted.split_at(sorted.partition_point(before))
}
