//! The index of one volume, in memory.

use super::AccountHead;
use super::requests;
use crate::commit::Commit;
use crate::merkle::Frontier;
use crate::position::Position;
use rustc_hash::FxHashMap;
use seats::{AccountId, Digest, Event, RequestId};

/// Index of the commits of one volume.
#[derive(Debug)]
pub(crate) struct Generation {
    first: Position,
    // The Merkle tree over everything before it.
    tree: Frontier,
    heads: FxHashMap<AccountId, AccountHead>,
    requests: FxHashMap<u64, Position>,
    // Requests whose key another one has taken; as good as never.
    collisions: Vec<(u64, Position)>,
}

/// What is to be taken into the index once it is durable, in the order of the log.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Latest commits of accounts; an account may stand here more than once.
    pub(crate) heads: Vec<(AccountId, AccountHead)>,
    /// Login requests.
    pub(crate) requests: Vec<(AccountId, RequestId, Position)>,
    /// Volumes that were begun meanwhile.
    pub(crate) begun: Vec<Generation>,
}

impl Gathered {
    /// Notes one commit.
    pub(crate) fn note(&mut self, account: AccountId, head: AccountHead, events: &[Event]) {
        self.heads.push((account, head));
        for event in events {
            if let Event::LoginRequested { request, .. } = event {
                self.requests.push((account, *request, head.position));
            }
        }
    }

    /// Notes one commit as it was read.
    pub(crate) fn note_read(&mut self, position: Position, leaf: Digest, commit: &Commit) {
        let Commit { account, version, at, recorded_at, .. } = *commit;
        self.note(
            account,
            AccountHead { position, version, leaf, at, recorded_at },
            &commit.events,
        );
    }
}

impl Generation {
    /// The index of an empty volume that begins at `first`, where the Merkle tree is `tree`.
    pub(crate) fn new(first: Position, tree: Frontier) -> Generation {
        Generation {
            first,
            tree,
            heads: FxHashMap::default(),
            requests: FxHashMap::default(),
            collisions: Vec::new(),
        }
    }

    pub(crate) fn first(&self) -> Position {
        self.first
    }

    pub(crate) fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Takes in what was gathered of this volume.
    pub(crate) fn take_in(
        &mut self,
        heads: &[(AccountId, AccountHead)],
        requests: &[(AccountId, RequestId, Position)],
    ) {
        self.heads.extend(heads.iter().copied());
        for (account, request, position) in requests {
            let key = requests::key(*account, *request);
            if let Some(earlier) = self.requests.insert(key, *position) {
                self.collisions.push((key, earlier));
            }
        }
    }

    pub(crate) fn head(&self, account: AccountId) -> Option<AccountHead> {
        self.heads.get(&account).copied()
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.heads.keys().copied()
    }

    /// Accounts with the position of their latest commit here, in order.
    pub(super) fn latest(&self) -> Vec<(AccountId, Position)> {
        let mut latest: Vec<_> =
            self.heads.iter().map(|(account, head)| (*account, head.position)).collect();
        latest.sort_unstable();
        latest
    }

    pub(super) fn request(&self, key: u64) -> impl Iterator<Item = Position> {
        let collisions = self.collisions.iter().filter(move |(other, _)| *other == key);
        self.requests
            .get(&key)
            .copied()
            .into_iter()
            .chain(collisions.map(|(_, position)| *position))
    }

    /// Keys with positions, in order.
    pub(super) fn requests(&self) -> Vec<(u64, Position)> {
        let requests = self.requests.iter().map(|(key, position)| (*key, *position));
        let mut requests: Vec<_> = requests.chain(self.collisions.iter().copied()).collect();
        requests.sort_unstable();
        requests
    }
}
