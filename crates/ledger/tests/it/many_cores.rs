//! However many threads verify or fold, what they find first is the lowest position, every time.

use crate::drafts::{History, fill, records};
use ledger::block::Block;
use ledger::memory::MemoryStore;
use ledger::merkle::Frontier;
use ledger::store::LogStore;
use ledger::{Commit, Head, Ledger, Position, ReadError, Record, commit, verify};
use seats::{AccountId, Digest};
use std::collections::BTreeMap;
use std::sync::Arc;

const COMMITS: u64 = 3_000;
const ROUNDS: usize = 8;

/// A commit with the pointer that stands beside it.
type Stored = (u64, Vec<u8>);

/// A lawful log of twenty accounts.
fn log() -> Vec<Stored> {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    fill(&ledger, &mut History::new(5, 20), COMMITS / 100, 100);
    let back = |record: &Record| record.previous.map_or(0, |other| record.position.0 - other.0);
    records(&ledger).iter().map(|it| (back(it), it.commit.encode().unwrap())).collect()
}

fn varint(number: u64, bytes: &mut Vec<u8>) {
    bytes.extend(bincode::encode_to_vec(number, bincode::config::standard()).unwrap());
}

/// A block written by hand from `docs/format.md`.
fn block(first: u64, commits: &[Stored]) -> Block {
    let mut body = vec![1, 0, commits.len() as u8];
    body.extend_from_slice(&first.to_be_bytes());
    for (back, commit) in commits {
        varint(*back, &mut body);
        varint(commit.len() as u64, &mut body);
        body.extend_from_slice(commit);
    }
    let digest = *blake3::hash(&body).as_bytes();
    Block::check([digest.to_vec(), body].concat()).unwrap()
}

/// The log in blocks of seven commits: 27 lots of 16 blocks.
fn store_of(log: &[Stored]) -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    append(&store, log);
    store
}

fn append(store: &MemoryStore, log: &[Stored]) {
    for (n, commits) in log.chunks(7).enumerate() {
        store.append(&[block(n as u64 * 7, commits)]).unwrap();
    }
}

fn root_of(log: &[Stored]) -> Digest {
    let mut tree = Frontier::<ledger::merkle::Blake3>::new();
    log.iter().for_each(|(_, bytes)| tree.push(commit::leaf_hash(bytes)));
    tree.root()
}

fn change(stored: &mut Stored, change: impl FnOnce(&mut Commit)) {
    let mut commit = Commit::decode(&stored.1).unwrap();
    change(&mut commit);
    stored.1 = commit.encode().unwrap();
}

/// Breaks the commit at each of `positions`, of as many accounts, in another way each; the lowest is found.
fn check(positions: &[u64]) {
    let mut log = log();
    for (n, position) in positions.iter().enumerate() {
        let stored = &mut log[*position as usize];
        match n % 3 {
            0 => change(stored, |commit| commit.previous = Digest([3; 32])),
            1 => change(stored, |commit| commit.version += 1),
            _ => change(stored, |commit| commit.events.push(commit.events[0].clone())),
        }
    }
    let lowest = *positions.iter().min().unwrap();
    let ledger = Ledger::in_memory(store_of(&log)).unwrap();
    for _ in 0..ROUNDS {
        let report = verify::ledger(&ledger, |_, _| ());
        let bad = report.first_bad.expect("it is damaged");
        assert_eq!(bad.position, Position(lowest), "{positions:?}: {bad}");
        let account = Commit::decode(&log[lowest as usize].1).unwrap().account;
        assert_eq!(bad.account, Some(account), "{positions:?}");
        assert_eq!((report.ok, report.commits, report.size), (false, lowest, lowest));
        assert_eq!(report.root, root_of(&log[..lowest as usize]), "{positions:?}");
    }
}

#[test]
fn of_several_broken_commits_the_lowest_is_found_every_time() {
    let log = log();
    let account = |position: u64| Commit::decode(&log[position as usize].1).unwrap().account;
    let other = (1..).find(|n| account(1_500 + n) != account(1_500)).unwrap();
    // In one block, in one lot, far apart; in both orders, so that each way of breaking comes first.
    for (low, high) in [(1_500, 1_500 + other), (1_500, 1_560), (400, 2_700), (700, 701)] {
        check(&[low, high]);
        check(&[high, low]);
        check(&[high, 2_900, low]);
    }
}

#[test]
fn folding_finds_the_lowest_unreadable_commit_every_time() {
    // Of the twenty accounts after 1,500 some are in the same shard as its own, before and after it there.
    let near = (1_501..1_520).map(|high| (1_500, high));
    for (low, high) in near.chain([(1_500, 1_560), (400, 2_700)]) {
        let mut damaged = log();
        damaged[low].1.push(0);
        damaged[high].1.push(0);
        // Opening would refuse: the log is changed under an open ledger, digests and all.
        let store = store_of(&log());
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        store.lose_from(Position(0));
        append(&store, &damaged);
        for _ in 0..ROUNDS {
            match ledger.fold_accounts(|_| (), |(), _| ()) {
                Err(ReadError::Damaged(found)) => assert_eq!(found.position.0, low as u64),
                other => panic!("{low}, {high}: {other:?}"),
            }
        }
        // A log that ends, or a block that is damaged, is found where it is.
        store.lose_from(Position(low as u64 - 7));
        let ends = ledger.fold_accounts(|_| (), |(), _| ()).unwrap_err();
        assert!(ends.to_string().contains("the log ends"), "{ends}");
    }
}

#[test]
fn folding_by_account_is_folding_in_order() {
    let ledger = Ledger::in_memory(store_of(&log())).unwrap();
    let mut expected: BTreeMap<AccountId, Vec<Record>> = BTreeMap::new();
    for record in records(&ledger) {
        expected.entry(record.commit.account).or_default().push(record);
    }
    let note = |seen: &mut Vec<Record>, record: &Record| seen.push(record.clone());
    assert_eq!(ledger.fold_accounts(|_| Vec::new(), note).unwrap(), expected);
    let empty = Ledger::in_memory(MemoryStore::new()).unwrap();
    assert_eq!(empty.fold_accounts(|_| Vec::new(), note).unwrap(), BTreeMap::new());
}

#[test]
fn a_root_remembered_within_a_block_is_held_against_the_log() {
    let log = log();
    let head = |size: u64| Head { size, root: root_of(&log[..size as usize]) };
    let check = |heads: &[Head], bad: Option<u64>| {
        let store = store_of(&log);
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        heads.iter().for_each(|head| store.sync(*head).unwrap());
        let found = verify::ledger(&ledger, |_, _| ()).first_bad.map(|bad| bad.position);
        assert_eq!(found, bad.map(Position), "{heads:?}");
    };
    let wrong = |size: u64| Head { size, root: Digest([1; 32]) };
    // 994 and 1,001 are ends of blocks.
    check(&[head(994), head(1_000), head(1_001), head(1_003)], None);
    check(&[head(994), head(1_000), wrong(1_003)], Some(1_002));
    check(&[head(994), wrong(1_001), wrong(1_003)], Some(1_000));
    check(&[wrong(1_000), wrong(1_001)], Some(999));
}
