//! Verification: every byte and every law derived again from the log itself.
//!
//! For each commit, in the order of the log: its block's digest and place; its bytes, read and encoded again;
//! its version, the hash and the position of the account's commit before it; both its times; the laws
//! ([`seats::Laws`]). Over all: the Merkle root, held against every size the head file remembers; and that
//! no request was made twice, for which the index of requests is held against the log.
//!
//! Beside the log, the directory of names is held against the commitments that the log binds it by
//! ([`bound`]).
//!
//! The first thing that is wrong is reported, and nothing after it is looked at. A directory that does not
//! open is verified as far as it can be read, and the report says where it breaks off.

pub mod bound;
mod requests;

use crate::ahead::each_block;
use crate::block::{Block, Entry};
use crate::book::Book;
use crate::commit::{Commit, NO_PREVIOUS, leaf_hash};
use crate::error::{Damage, OpenError, ReadError};
use crate::home::Home;
use crate::index::{AccountHead, request_key};
use crate::ledger::Ledger;
use crate::merkle::{Frontier, Stretch};
use crate::options::Options;
use crate::position::{Head, Position};
use crate::store::head::HeadFile;
use crate::store::volumes::SledVolumes;
use crate::store::{HeadRow, LogStore};
use bound::Bound;
use requests::Fingerprint;
use rustc_hash::FxHashMap;
use seats::{AccountId, Digest, Event, Laws, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Whether everything is as it should be.
    pub ok: bool,
    /// Commits that were verified.
    pub commits: u64,
    /// Events in them.
    pub events: u64,
    /// Accounts they belong to.
    pub accounts: u64,
    /// How far the log was verified, in commits.
    pub size: u64,
    /// The Merkle root at that size.
    pub root: Digest,
    /// The first thing that is wrong.
    pub first_bad: Option<Bad>,
    /// How many commits were acknowledged for certain, as the head file remembers; `None` if it tells nothing.
    pub acknowledged: Option<u64>,
    /// What was found of the directory of names. It does not count for `ok`, which is of the log alone.
    pub book: Bound,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("position {position}: {what}")]
pub struct Bad {
    /// The first position affected.
    pub position: Position,
    /// Whose commit stands there, if that is known.
    pub account: Option<AccountId>,
    /// What is wrong.
    pub what: String,
}

impl From<Damage> for Bad {
    fn from(damage: Damage) -> Bad {
        Bad { position: damage.position, account: None, what: damage.what }
    }
}

/// Verifies an open ledger up to its head. `progress` is told now and then how many of how many commits are
/// done.
pub fn ledger(ledger: &Ledger, mut progress: impl FnMut(u64, u64)) -> Report {
    let head = ledger.head();
    let mut verifier = Verifier::new(head.size, ledger.0.store.heads());
    verifier.book = Some(ledger.book());
    let walked = verifier.walk(&ledger.0.store, &mut progress);
    let rooted = walked
        .and_then(|()| verifier.check_root(&head))
        .and_then(|()| verifier.check_requests(ledger));
    verifier.report(rooted.err())
}

/// Verifies the ledger in `dir`, also one that does not open because it is damaged.
///
/// # Errors
/// When there is no ledger, it is in use, or the operating system refuses; never because of damage.
pub fn directory(
    dir: &Path,
    options: &Options,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, OpenError> {
    let mut unread = None;
    let refused = match Ledger::open(dir, options) {
        Ok(opened) => return Ok(ledger(&opened, progress)),
        Err(OpenError::Damaged(damage)) => Some(Bad::from(damage)),
        Err(error @ OpenError::Book { .. }) => {
            unread = Some(Bad { position: Position(0), account: None, what: error.to_string() });
            None
        }
        Err(error) => return Err(error),
    };
    // The copies made by the refused opening are what is read now.
    let remembered = HeadFile::open(&dir.join("head")).map_or(Vec::new(), |(_, rows)| rows);
    let nothing = |refused| Ok(Verifier::new(0, remembered).report(refused));
    let home = match Home::open(dir) {
        Err(OpenError::Damaged(_)) => return nothing(refused),
        home => home?,
    };
    let store = match SledVolumes::open(dir, options, home.unclean()) {
        Ok(store) => store,
        Err(_) => return nothing(refused),
    };
    let mut verifier = Verifier::new(store.end().0, store.heads());
    let store: Arc<dyn LogStore> = Arc::new(store);
    let bad = verifier.walk(&store, &mut progress).err();
    verifier.bound.first_bad = unread;
    let first = [bad, refused].into_iter().flatten().min_by_key(|bad| bad.position);
    Ok(verifier.report(first))
}

/// How often progress is told, in commits.
const PROGRESS_COMMITS: u64 = 1 << 16;

/// What is derived from a block's bytes alone, on any thread: half of the work.
struct Hashed {
    leaves: Vec<Digest>,
    stretch: Stretch,
}

impl Hashed {
    fn new(block: &Block) -> Hashed {
        let leaves: Vec<_> = block.entries().map(|entry| leaf_hash(entry.bytes)).collect();
        let stretch = Stretch::new(block.first().0, &leaves);
        Hashed { leaves, stretch }
    }
}

pub(crate) struct Verifier<'a> {
    size: u64,
    book: Option<&'a Book>,
    bound: Bound,
    remembered: Vec<HeadRow>,
    tree: Frontier,
    /// Commits verified; those of the block being verified are not in the tree yet.
    checked: u64,
    events: u64,
    accounts: FxHashMap<AccountId, (AccountHead, Laws)>,
    recorded_at: Timestamp,
    requests: Fingerprint,
    scratch: Vec<u8>,
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(size: u64, remembered: Vec<HeadRow>) -> Verifier<'a> {
        Verifier {
            size,
            book: None,
            bound: Bound::default(),
            remembered: HeadRow::standing(remembered),
            tree: Frontier::new(),
            checked: 0,
            events: 0,
            accounts: FxHashMap::default(),
            recorded_at: Timestamp::ZERO,
            requests: Fingerprint::default(),
            scratch: Vec::new(),
        }
    }

    /// Verifies every commit before the size, and the root wherever it was remembered.
    fn walk(
        &mut self,
        store: &Arc<dyn LogStore>,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), Bad> {
        let mut commit = Commit::blank();
        let mut bad = None;
        let size = self.size;
        let blocks = Arc::clone(store).scan(Position(0));
        let read = each_block(blocks, Hashed::new, |block, hashed| {
            let told = self.tree.size() / PROGRESS_COMMITS;
            bad = self.block(&block, &hashed, &mut commit).err();
            if self.tree.size() / PROGRESS_COMMITS > told {
                progress(self.tree.size(), size);
            }
            let whole = bad.is_some() || block.end().0 >= size;
            Ok(if whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        progress(self.tree.size(), size);
        match (bad, read) {
            (Some(bad), _) => Err(bad),
            (None, Err(ReadError::Damaged(damage))) => Err(damage.into()),
            (None, Err(error)) => Err(self.bad_here(error.to_string())),
            (None, Ok(())) if self.tree.size() < size => {
                Err(self.bad_here("the log ends here".to_owned()))
            }
            (None, Ok(())) => Ok(()),
        }
    }

    /// Verifies the commits of a block before the size. The tree then holds those that are right.
    fn block(&mut self, block: &Block, hashed: &Hashed, commit: &mut Commit) -> Result<(), Bad> {
        let entries = block.entries().zip(&hashed.leaves);
        if block.end().0 > self.size || self.remembers_within(block) {
            let size = self.size;
            for (entry, leaf) in entries.filter(|(entry, _)| entry.position.0 < size) {
                self.commit(&entry, *leaf, commit)?;
                self.remembered_root()?;
            }
            return Ok(());
        }
        for (entry, leaf) in entries {
            if let Err(bad) = self.check(&entry, *leaf, commit) {
                let right = hashed.leaves.iter().zip(block.first().0..entry.position.0);
                right.for_each(|(leaf, _)| self.tree.push(*leaf));
                return Err(bad);
            }
        }
        if !self.tree.append(&hashed.stretch) {
            return Err(self.bad_here(format!("a block begins at {}", block.first())));
        }
        self.remembered_root()
    }

    /// Verifies the next commit against everything before it, reads it into `commit` and adds it to the tree.
    pub(crate) fn commit(
        &mut self,
        entry: &Entry<'_>,
        leaf: Digest,
        commit: &mut Commit,
    ) -> Result<(), Bad> {
        self.check(entry, leaf, commit)?;
        self.tree.push(leaf);
        Ok(())
    }

    /// Verifies the next commit as [`Verifier::commit`] does, and leaves its leaf to be added to the tree.
    fn check(&mut self, entry: &Entry<'_>, leaf: Digest, commit: &mut Commit) -> Result<(), Bad> {
        let position = entry.position;
        let nameless = |what: String| Bad { position, account: None, what };
        if position.0 != self.checked {
            return Err(nameless(format!("position {} was expected here", self.checked)));
        }
        commit
            .decode_canonical_into(entry.bytes, &mut self.scratch)
            .map_err(|error| nameless(error.to_string()))?;
        let account = commit.account;
        let bad = |what: String| Bad { position, account: Some(account), what };
        if commit.recorded_at < self.recorded_at {
            return Err(bad(format!(
                "recorded_at {} µs lies before that of the commit before it, {} µs",
                commit.recorded_at.0, self.recorded_at.0
            )));
        }
        self.recorded_at = commit.recorded_at;
        let head = AccountHead {
            position,
            version: commit.version,
            leaf,
            at: commit.at,
            recorded_at: commit.recorded_at,
        };
        let known = self.accounts.get_mut(&account);
        follows(commit, entry, known.as_deref().map(|(latest, _)| latest)).map_err(bad)?;
        match known {
            Some((latest, laws)) => {
                laws.check(commit.at, &commit.events).map_err(|breach| bad(breach.to_string()))?;
                *latest = head;
            }
            None => {
                let mut laws = Laws::new(account);
                laws.check(commit.at, &commit.events).map_err(|breach| bad(breach.to_string()))?;
                self.accounts.insert(account, (head, laws));
            }
        }
        for event in &commit.events {
            if let Event::LoginRequested { request, .. } = event {
                self.requests.add(request_key(account, *request), position);
            }
        }
        if let Some(book) = self.book {
            self.bound.check(book, position, commit);
        }
        self.events += commit.events.len() as u64;
        self.checked += 1;
        Ok(())
    }

    /// Verifies the root if one was remembered at the size reached.
    pub(crate) fn remembered_root(&self) -> Result<(), Bad> {
        let remembered = self.remembered_from(self.tree.size());
        let here = remembered.filter(|head| head.size == self.tree.size());
        here.map_or(Ok(()), |head| self.check_root(&head))
    }

    /// Whether a root is remembered for a size between the block's beginning and its end.
    fn remembers_within(&self, block: &Block) -> bool {
        let next = self.remembered_from(block.first().0 + 1);
        next.is_some_and(|head| head.size < block.end().0)
    }

    /// The first head remembered of this size or a larger one. Those that stand are in order of size.
    fn remembered_from(&self, size: u64) -> Option<Head> {
        let before = self.remembered.partition_point(|row| row.head.size < size);
        self.remembered.get(before).map(|row| row.head)
    }

    fn check_root(&self, head: &Head) -> Result<(), Bad> {
        if self.tree.root() == head.root {
            return Ok(());
        }
        let what = format!(
            "up to {} commits the Merkle root is {} where {} was recorded",
            head.size,
            self.tree.root(),
            head.root
        );
        Err(Bad { position: Position(head.size.saturating_sub(1)), account: None, what })
    }

    fn bad_here(&self, what: String) -> Bad {
        Bad { position: Position(self.tree.size()), account: None, what }
    }

    fn report(self, first_bad: Option<Bad>) -> Report {
        Report {
            ok: first_bad.is_none(),
            commits: self.tree.size(),
            events: self.events,
            accounts: self.accounts.len() as u64,
            size: self.tree.size(),
            root: self.tree.root(),
            first_bad,
            acknowledged: self.remembered.last().map(|row| row.confirmed),
            book: self.bound,
        }
    }
}

/// Whether a commit follows the account's latest one.
fn follows(commit: &Commit, entry: &Entry<'_>, latest: Option<&AccountHead>) -> Result<(), String> {
    let version = latest.map_or(0, |latest| latest.version) + 1;
    if commit.version != version {
        return Err(format!("version {} stands where {version} was expected", commit.version));
    }
    if commit.previous != latest.map_or(NO_PREVIOUS, |latest| latest.leaf) {
        return Err("its previous hash is not that of the account's commit before it".to_owned());
    }
    if entry.previous != latest.map(|latest| latest.position) {
        return Err(
            "the pointer beside it does not lead to the account's commit before it".to_owned()
        );
    }
    match latest {
        Some(latest) if commit.at < latest.at => Err(format!(
            "at {} µs lies before that of the account's commit before it, {} µs",
            commit.at.0, latest.at.0
        )),
        _ => Ok(()),
    }
}
