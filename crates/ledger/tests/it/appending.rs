//! Appending and reading, in memory and on disk.

use crate::drafts::{History, check_holds, fill};
use ledger::{Ledger, Options, Position, memory::MemoryStore};

fn tiny() -> Options {
    Options {
        volume_commits: 150,
        block_bytes: 2000,
        closed_volumes_open: 2,
        ..Options::default()
    }
}

#[test]
fn what_is_appended_is_read_in_memory() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let (drafts, _) = fill(&ledger, &mut History::new(1, 20), 10, 30);
    check_holds(&ledger, &drafts);
}

#[test]
fn what_is_appended_is_read_on_disk_over_many_volumes_and_again_after_opening() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(2, 20);
    let (mut drafts, heads) = fill(&ledger, &mut history, 40, 25);
    check_holds(&ledger, &drafts);
    drop(ledger);
    for _ in 0..2 {
        let ledger = Ledger::open(dir.path(), &tiny()).unwrap();
        assert_eq!(ledger.head(), *heads.last().unwrap());
        check_holds(&ledger, &drafts);
    }
    let ledger = Ledger::open(dir.path(), &tiny()).unwrap();
    drafts.extend(fill(&ledger, &mut history, 10, 25).0);
    check_holds(&ledger, &drafts);
    assert!(
        ledger
            .record(Position(drafts.len() as u64))
            .unwrap()
            .is_none()
    );
}
