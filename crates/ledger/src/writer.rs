//! Writing: the one [`Writer`] appends, [`Syncer`]s make durable, each on a thread of its own.
//!
//! ```text
//!  drafts --append--> encode, hash, tree, blocks --> store    (never waits for the disk)
//!                                                     |
//!            readers <-- index, head <-- publish <-- sync    (one sync for all appends before it)
//! ```
//!
//! While one group is being synced the next may be appended; how deep that goes is the caller's choice.
//! An append is acknowledged by the first head that covers its ticket. After any failed write or sync
//! nothing is written any more, and every later call says so.

use crate::block::{Block, BlockBuilder};
use crate::commit::{Actor, CommitRef, NO_PREVIOUS, leaf_hash};
use crate::error::AppendError;
use crate::error::StoreError;
use crate::guard::{lock, write};
use crate::index::{AccountHead, Gathered, Generation};
use crate::ledger::{Inner, Ledger};
use crate::merkle::Frontier;
use crate::position::{Head, Position};
use rustc_hash::FxHashMap;
use seats::{AccountId, Event, PoolId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is to become a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Whose history it extends.
    pub account: AccountId,
    /// The account's version it was decided on, 0 for a new account; the commit gets the next one.
    pub expected: u64,
    /// When it happened; not before the account's latest commit.
    pub at: Timestamp,
    /// When it is written; not before `at`, nor before the log's latest commit.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Version of the rules that made it.
    pub rules: u16,
    /// The licence pool it concerns.
    pub pool: PoolId,
    /// What happened; at least one event.
    pub events: Vec<Event>,
}

/// Where the drafts of one append came to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// Position of the first.
    pub first: Position,
    /// Position after the last.
    pub end: Position,
}

impl Ticket {
    /// Whether they are durable when the log is durable up to `head`.
    pub fn is_durable(&self, head: &Head) -> bool {
        self.end.0 <= head.size
    }
}

/// There is one writer at a time, and somebody has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the ledger's writer is taken; there is one at a time, use it or drop it first")]
pub struct WriterTaken;

/// Appends commits. See [`Ledger::writer`].
pub struct Writer {
    ledger: Ledger,
    state: WriterState,
}

/// Makes durable what the writer appended. See [`Writer::syncer`].
#[derive(Clone)]
pub struct Syncer(Ledger);

/// What the writer knows beyond what readers may see.
#[derive(Default)]
pub(crate) struct WriterState {
    pub(crate) tree: Frontier,
    pub(crate) volume: Position,
    pub(crate) recorded_at: Timestamp,
    pub(crate) heads: FxHashMap<AccountId, AccountHead>,
    scratch: Vec<u8>,
    undo: Vec<(AccountId, Option<AccountHead>)>,
}

/// What was appended and is not durable yet.
#[derive(Default)]
pub(crate) struct Pending {
    tree: Option<Frontier>,
    gathered: Gathered,
}

impl Ledger {
    /// The ledger's writer. Dropping it gives it back.
    pub fn writer(&self) -> Result<Writer, WriterTaken> {
        let state = lock(&self.0.writer).take().ok_or(WriterTaken)?;
        Ok(Writer { ledger: self.clone(), state })
    }
}

impl Writer {
    /// Something that makes durable what this writer appends, for use on another thread.
    pub fn syncer(&self) -> Syncer {
        Syncer(self.ledger.clone())
    }

    /// The latest commit of an account, appended or durable.
    pub fn account_head(
        &self,
        account: AccountId,
    ) -> Result<Option<AccountHead>, crate::ReadError> {
        let appended = self.state.heads.get(&account);
        appended.map_or_else(|| self.ledger.account_head(account), |head| Ok(Some(*head)))
    }

    /// Appends commits, in this order. All of them or none: on an error nothing has been appended, unless it
    /// is [`AppendError::Store`], whose variant tells. They are not durable yet.
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Ticket, AppendError> {
        let (state, inner) = (&mut self.state, &self.ledger.0);
        inner.refuse_after_failure()?;
        let first = Position(state.tree.size());
        let appended = encode(&self.ledger, state, drafts);
        let (blocks, mut gathered) = match appended {
            Ok(encoded) => encoded,
            Err(error) => {
                state.undo();
                return Err(error);
            }
        };
        if blocks.is_empty() {
            return Ok(Ticket { first, end: first });
        }
        let volume = inner.store.append(&blocks).map_err(|error| {
            state.undo();
            inner.note_failure(error)
        })?;
        if volume != state.volume {
            gathered.begun.push(Generation::new(volume, state.tree.clone()));
            state.begin_volume(volume, Position(self.ledger.head().size));
        }
        for (_, head) in &gathered.heads {
            state.tree.push(head.leaf);
        }
        state.undo.clear();
        state.recorded_at = drafts.last().map_or(state.recorded_at, |draft| draft.recorded_at);
        let end = Position(state.tree.size());
        lock(&inner.pending).add(gathered, &state.tree);
        Ok(Ticket { first, end })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        *lock(&self.ledger.0.writer) = Some(std::mem::take(&mut self.state));
    }
}

impl Syncer {
    /// Makes durable everything appended before the call, shows it to readers and tells how far the log
    /// reaches now. After an error nothing is written any more.
    pub fn sync(&self) -> Result<Head, StoreError> {
        let inner = &self.0.0;
        let _one_at_a_time = lock(&inner.publishing);
        inner.refuse_after_failure()?;
        let pending = std::mem::take(&mut *lock(&inner.pending));
        let Some(head) = pending.head() else {
            return Ok(self.0.head());
        };
        inner.store.sync(head).map_err(|error| inner.note_failure(error))?;
        let rolled = !pending.gathered.begun.is_empty();
        inner.index.publish(pending.gathered);
        *write(&inner.head) = head;
        // Whoever looked before the head moved waits by now, and hears of it.
        drop(lock(&inner.grown.0));
        inner.grown.1.notify_all();
        if rolled {
            inner.settle_in_background();
        }
        Ok(head)
    }
}

impl WriterState {
    pub(crate) fn new(tree: Frontier, volume: Position, recorded_at: Timestamp) -> WriterState {
        WriterState { tree, volume, recorded_at, ..WriterState::default() }
    }

    /// Takes back what an append that failed did to the heads.
    fn undo(&mut self) {
        for (account, head) in self.undo.drain(..).rev() {
            match head {
                Some(head) => self.heads.insert(account, head),
                None => self.heads.remove(&account),
            };
        }
    }

    /// Forgets the accounts that readers know as well, so that memory does not grow with history.
    fn begin_volume(&mut self, volume: Position, durable: Position) {
        self.volume = volume;
        self.heads.retain(|_, head| head.position >= durable);
    }
}

impl Pending {
    fn add(&mut self, mut gathered: Gathered, tree: &Frontier) {
        self.gathered.heads.append(&mut gathered.heads);
        self.gathered.requests.append(&mut gathered.requests);
        self.gathered.begun.append(&mut gathered.begun);
        self.tree = Some(tree.clone());
    }

    /// The head that would be durable after a sync; `None` if there is nothing to sync.
    pub(crate) fn head(&self) -> Option<Head> {
        self.tree.as_ref().map(|tree| Head { size: tree.size(), root: tree.root() })
    }
}

impl Inner {
    fn refuse_after_failure(&self) -> Result<(), StoreError> {
        self.failed.get().map_or(Ok(()), |cause| Err(StoreError::Poisoned(cause.clone())))
    }

    /// Remembers a write that failed, unless nothing can have been stored.
    fn note_failure(&self, error: StoreError) -> StoreError {
        if let StoreError::Unknown(cause) | StoreError::Poisoned(cause) = &error {
            // Only the first failure is told: the others follow from it.
            let _ = self.failed.set(cause.clone());
        }
        error
    }

    /// Tidies full volumes and writes down their index, one after the other, on a thread of its own.
    pub(crate) fn settle_in_background(&self) {
        let mut settling = lock(&self.settling);
        if !self.settled.swap(false, Ordering::AcqRel) {
            // It is at work and looks again before it ends.
            return;
        }
        if let Some(ended) = settling.take() {
            let _ = ended.join();
        }
        let (store, index, settled) =
            (Arc::clone(&self.store), Arc::clone(&self.index), Arc::clone(&self.settled));
        let work = move || {
            // What an earlier process did not get to.
            for volume in store.volumes() {
                let _ = store.finish(volume);
            }
            loop {
                while let Some((volume, _)) = index.to_settle() {
                    // A volume that cannot be tidied is read as it is and tidied another time; an index
                    // that cannot be written down stays in memory until the ledger is opened again.
                    let _ = store.finish(volume);
                    if index.settle().is_err() {
                        return;
                    }
                }
                settled.store(true, Ordering::Release);
                // Another volume may have become full before the flag was set.
                if index.to_settle().is_none() || !settled.swap(false, Ordering::AcqRel) {
                    return;
                }
            }
        };
        *settling = std::thread::Builder::new().name("ledger-settle".to_owned()).spawn(work).ok();
    }
}

/// Checks and encodes drafts. The heads in `state` move along; its tree does not.
fn encode(
    ledger: &Ledger,
    state: &mut WriterState,
    drafts: &[Draft],
) -> Result<(Vec<Block>, Gathered), AppendError> {
    let mut position = Position(state.tree.size());
    let mut recorded_at = state.recorded_at;
    let mut builder = BlockBuilder::new(position, ledger.0.options.block_bytes);
    let mut blocks = Vec::new();
    let mut gathered = Gathered::default();
    gathered.heads.reserve(drafts.len());
    for draft in drafts {
        let account = draft.account;
        let in_memory = state.heads.get(&account).copied();
        let latest = match in_memory {
            Some(head) => Some(head),
            None => ledger
                .account_head(account)
                .map_err(|source| AppendError::Read { account, source })?,
        };
        let actual = latest.map_or(0, |head| head.version);
        if draft.expected != actual {
            return Err(AppendError::Conflict { account, expected: draft.expected, actual });
        }
        if let Some(head) = latest.filter(|head| draft.at < head.at) {
            return Err(AppendError::AtWentBack { account, at: draft.at, latest: head.at });
        }
        if draft.recorded_at < recorded_at {
            let (recorded_at, latest) = (draft.recorded_at, recorded_at);
            return Err(AppendError::RecordedAtWentBack { account, recorded_at, latest });
        }
        recorded_at = draft.recorded_at;
        let commit = CommitRef {
            account,
            version: actual + 1,
            previous: latest.map_or(NO_PREVIOUS, |head| head.leaf),
            at: draft.at,
            recorded_at,
            actor: draft.actor,
            rules: draft.rules,
            pool: draft.pool,
            events: &draft.events,
        };
        state.scratch.clear();
        commit
            .encode_into(&mut state.scratch)
            .map_err(|source| AppendError::Encode { account, source })?;
        let bytes = state.scratch.as_slice();
        let head = AccountHead {
            position,
            version: commit.version,
            leaf: leaf_hash(bytes),
            at: draft.at,
            recorded_at,
        };
        blocks.extend(builder.push(latest.map(|head| head.position), bytes));
        state.heads.insert(account, head);
        state.undo.push((account, in_memory));
        gathered.note(account, head, &draft.events);
        position = Position(position.0 + 1);
    }
    blocks.extend(builder.finish());
    debug_assert!(
        reads_back(&blocks, &gathered, drafts),
        "what is appended must read back as drafted"
    );
    Ok((blocks, gathered))
}

/// The other half of the assertion pair: what stands in the blocks is what was drafted, leaf for leaf.
fn reads_back(blocks: &[Block], gathered: &Gathered, drafts: &[Draft]) -> bool {
    let entries = blocks.iter().flat_map(Block::entries);
    let expected = gathered.heads.iter().zip(drafts);
    entries.clone().count() == drafts.len()
        && entries.zip(expected).all(|(entry, ((account, head), draft))| {
            let commit = crate::commit::Commit::decode_canonical(entry.bytes);
            leaf_hash(entry.bytes) == head.leaf
                && entry.position == head.position
                && commit
                    .is_ok_and(|commit| commit.account == *account && commit.events == draft.events)
        })
}
