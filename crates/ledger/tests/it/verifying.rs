//! What verification finds in logs that hold together outwardly: digests right, content wrong.

use crate::drafts::{History, fill, records};
use ledger::block::Block;
use ledger::memory::MemoryStore;
use ledger::store::LogStore;
use ledger::verify;
use ledger::{Commit, Ledger, Position};
use seats::{AccountId, Digest, Event, PoolId, RequestId, Timestamp, UserId};

/// A commit with the pointer that stands beside it.
#[derive(Clone)]
struct Forged {
    back: u64,
    bytes: Vec<u8>,
}

impl Forged {
    fn change(&mut self, change: impl FnOnce(&mut Commit)) {
        let mut commit = Commit::decode(&self.bytes).unwrap();
        change(&mut commit);
        self.bytes = commit.encode().unwrap();
    }
}

/// A log of three accounts, 60 commits.
fn log() -> Vec<Forged> {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    fill(&ledger, &mut History::new(21, 3), 6, 10);
    let forge = |record: ledger::Record| Forged {
        back: record.previous.map_or(0, |previous| record.position.0 - previous.0),
        bytes: record.commit.encode().unwrap(),
    };
    records(&ledger).into_iter().map(forge).collect()
}

/// A block written by hand from `docs/format.md`; all numbers here are below 251 or take two bytes.
fn block(first: u64, commit: &Forged) -> Block {
    let mut body = vec![1, 0, 1];
    body.extend_from_slice(&first.to_be_bytes());
    body.push(commit.back as u8);
    match commit.bytes.len() {
        length @ 0..=250 => body.push(length as u8),
        length => body.extend([251, length as u8, (length >> 8) as u8]),
    }
    body.extend_from_slice(&commit.bytes);
    let mut bytes = blake3::hash(&body).as_bytes().to_vec();
    bytes.extend(body);
    Block::check(bytes).unwrap()
}

fn ledger_of(log: &[Forged]) -> Ledger {
    let store = MemoryStore::new();
    for (first, commit) in (0..).zip(log) {
        store.append(&[block(first, commit)]).unwrap();
    }
    Ledger::in_memory(store).unwrap()
}

/// Position of an account's commit number `version`.
fn of(log: &[Forged], account: u64, version: u64) -> usize {
    let is = |forged: &Forged| {
        let commit = Commit::decode(&forged.bytes).unwrap();
        (commit.account, commit.version) == (AccountId(account), version)
    };
    log.iter().position(is).unwrap()
}

fn check(change: impl FnOnce(&mut Vec<Forged>) -> usize, what: &str) {
    let mut log = log();
    let position = change(&mut log) as u64;
    let report = verify::ledger(&ledger_of(&log), |_, _| ());
    let bad = report.first_bad.expect(what);
    assert!(bad.what.contains(what), "{bad}, not {what}");
    assert_eq!((bad.position, report.ok), (Position(position), false), "{what}");
    assert!(report.commits <= log.len() as u64);
}

#[test]
fn an_honest_log_verifies_and_progress_is_told() {
    let ledger = ledger_of(&log());
    let mut told = Vec::new();
    let report = verify::ledger(&ledger, |done, of| told.push((done, of)));
    assert_eq!((report.ok, report.first_bad), (true, None));
    assert_eq!((report.commits, report.accounts, report.size), (60, 3, 60));
    assert_eq!(report.root, ledger.head().root);
    assert_eq!(told.last(), Some(&(60, 60)));
}

#[test]
fn an_empty_ledger_verifies() {
    let report = verify::ledger(&Ledger::in_memory(MemoryStore::new()).unwrap(), |_, _| ());
    assert_eq!((report.ok, report.commits, report.accounts), (true, 0, 0));
}

#[test]
fn a_changed_commit_breaks_the_chain_at_the_next() {
    check(
        |log| {
            let changed = of(log, 2, 5);
            log[changed].change(|commit| commit.actor.id = 8);
            of(log, 2, 6)
        },
        "previous hash",
    );
}

#[test]
fn a_dropped_commit_leaves_a_gap_in_the_versions() {
    check(
        |log| {
            let dropped = of(log, 2, 5);
            log.remove(dropped);
            // As a forger would: the pointers across the gap are mended.
            let mut latest = [None; 4];
            for (position, forged) in log.iter_mut().enumerate() {
                let account = Commit::decode(&forged.bytes).unwrap().account.0 as usize;
                forged.back = latest[account].map_or(0, |latest| (position - latest) as u64);
                latest[account] = Some(position);
            }
            of(log, 2, 6)
        },
        "version 6 stands where 5 was expected",
    );
}

#[test]
fn a_pointer_that_leads_elsewhere_is_found() {
    check(
        |log| {
            let changed = of(log, 1, 4);
            log[changed].back += 1;
            changed
        },
        "the pointer beside it",
    );
}

#[test]
fn another_spelling_of_the_same_commit_is_found() {
    check(
        |log| {
            let changed = of(log, 3, 2);
            let bytes = &mut log[changed].bytes;
            bytes.splice(1..2, [251, 3, 0]);
            changed
        },
        "canonical",
    );
}

#[test]
fn time_that_goes_back_is_found() {
    check(
        |log| {
            let changed = log.len() - 1;
            log[changed].change(|commit| {
                commit.at = Timestamp(commit.at.0 - 1_000_000_000);
                commit.recorded_at = commit.at;
            });
            changed
        },
        "recorded_at",
    );
    check(
        |log| {
            let changed = log.len() - 1;
            log[changed].change(|commit| commit.at = Timestamp(1));
            changed
        },
        "at 1 µs lies before",
    );
}

#[test]
fn a_broken_law_is_found() {
    check(
        |log| {
            let changed = log.len() - 1;
            let request = RequestId([1; 16]);
            let asked =
                Event::LoginRequested { request, user: UserId(1), site: None, device: None };
            log[changed].change(|commit| commit.events = vec![asked.clone(), asked]);
            changed
        },
        "request",
    );
}

#[test]
fn a_request_made_twice_is_found() {
    let requested = |event: &Event| match event {
        Event::LoginRequested { request, .. } => Some(*request),
        _ => None,
    };
    let mut log = log();
    let asks = |log: &[Forged], position: usize| {
        let commit = Commit::decode(&log[position].bytes).unwrap();
        (commit.account, commit.events.iter().find_map(requested))
    };
    // The last request of the account that asked first; changing it breaks no chain if nothing follows.
    let last = (0..log.len()).rev().find(|position| asks(&log, *position).1.is_some()).unwrap();
    let (account, _) = asks(&log, last);
    let first = (0..last).find(|position| {
        let (other, request) = asks(&log, *position);
        other == account && request.is_some()
    });
    let first = first.unwrap();
    let repeated = asks(&log, first).1.unwrap();
    let later = |forged: &Forged| Commit::decode(&forged.bytes).unwrap().account != account;
    let rest: Vec<_> = log.drain(last + 1..).filter(later).collect();
    log[last].change(|commit| {
        for event in &mut commit.events {
            if let Event::LoginRequested { request, .. } = event {
                *request = repeated;
            }
        }
    });
    drop(rest);
    let report = verify::ledger(&ledger_of(&log), |_, _| ());
    let bad = report.first_bad.unwrap();
    assert_eq!((bad.position, bad.account), (Position(last as u64), Some(account)), "{bad}");
    assert!(bad.what.contains(&format!("made before, at position {first}")), "{bad}");
}

#[test]
fn a_commit_of_another_account_in_the_history_is_found() {
    check(
        |log| {
            let changed = of(log, 1, 6);
            log[changed].change(|commit| commit.account = AccountId(2));
            changed
        },
        "",
    );
    check(
        |log| {
            let changed = of(log, 1, 6);
            log[changed].change(|commit| commit.previous = Digest([0; 32]));
            changed
        },
        "previous hash",
    );
}

#[test]
fn what_the_laws_do_not_name_is_bound_by_the_root() {
    let honest = ledger_of(&log());
    let mut changed = log();
    let last = changed.len() - 1;
    changed[last].change(|commit| commit.pool = PoolId(1));
    let forged = ledger_of(&changed);
    assert!(verify::ledger(&forged, |_, _| ()).ok);
    assert_ne!(forged.head().root, honest.head().root);
}
