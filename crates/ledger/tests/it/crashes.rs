//! Crashes of a store in memory at any point: nothing acknowledged is lost, and what is found is a prefix.

use crate::drafts::{History, check_holds, fill};
use ledger::memory::{Fault, MemoryStore};
use ledger::store::LogStore;
use ledger::{AppendError, Draft, Head, Ledger, OpenError, Position, StoreError};
use proptest::prelude::*;
use seats::Digest;
use std::sync::Arc;

/// Opens what a crash left, checks it and gives back how much survived.
fn check_found(store: &Arc<MemoryStore>, appended: &[Draft], acknowledged: &Head) -> usize {
    let found = Ledger::in_memory(Arc::clone(store)).unwrap();
    let size = found.head().size as usize;
    assert!(size as u64 >= acknowledged.size, "{size} of {acknowledged:?}");
    assert!(size <= appended.len());
    check_holds(&found, &appended[..size]);
    size
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_crash_anywhere_keeps_what_was_acknowledged(
        seed in any::<u64>(),
        steps in proptest::collection::vec((1u64..12, any::<bool>()), 1..20),
        kept_blocks in 0usize..12,
        kept_row in any::<bool>(),
    ) {
        let store = MemoryStore::new();
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        let mut history = History::new(seed, 4);
        let mut appended = Vec::new();
        let mut acknowledged = ledger.head();
        {
            let mut writer = ledger.writer().unwrap();
            let syncer = writer.syncer();
            for (size, sync) in steps {
                let drafts = history.drafts(size);
                writer.append(&drafts).unwrap();
                appended.extend(drafts);
                if sync {
                    acknowledged = syncer.sync().unwrap();
                }
            }
        }
        let survived = check_found(&store.crash(kept_blocks, kept_row), &appended, &acknowledged);
        prop_assert_eq!(survived == appended.len(), store.unsynced_blocks() <= kept_blocks);
    }

    #[test]
    fn a_failing_sync_acknowledges_nothing_and_stops_the_writer(
        seed in any::<u64>(),
        durable_blocks in 0usize..6,
        durable_row in any::<bool>(),
        kept_blocks in 0usize..6,
        kept_row in any::<bool>(),
    ) {
        let store = MemoryStore::new();
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        let mut history = History::new(seed, 4);
        let (mut appended, heads) = fill(&ledger, &mut history, 3, 5);
        let acknowledged = *heads.last().unwrap();
        let mut writer = ledger.writer().unwrap();
        let syncer = writer.syncer();
        for _ in 0..4 {
            let drafts = history.drafts(3);
            writer.append(&drafts).unwrap();
            appended.extend(drafts);
        }
        store.inject(Fault::Sync { blocks: durable_blocks, row: durable_row });
        prop_assert!(matches!(syncer.sync(), Err(StoreError::Unknown(_))));
        prop_assert!(matches!(syncer.sync(), Err(StoreError::Poisoned(_))));
        prop_assert_eq!(ledger.head(), acknowledged);
        prop_assert!(matches!(
            writer.append(&history.drafts(1)),
            Err(AppendError::Store(StoreError::Poisoned(_)))
        ));
        let survived = check_found(&store.crash(kept_blocks, kept_row), &appended, &acknowledged);
        prop_assert!(survived >= 15 + 3 * durable_blocks.min(4));
    }
}

#[test]
fn a_failing_append_stops_the_writer_and_may_have_stored_a_part() {
    for stored in 0..=1 {
        let store = MemoryStore::new();
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        let mut history = History::new(7, 4);
        let (mut appended, heads) = fill(&ledger, &mut history, 2, 5);
        let mut writer = ledger.writer().unwrap();
        let drafts = history.drafts(3);
        store.inject(Fault::Append { blocks: stored });
        let failed = writer.append(&drafts);
        assert!(matches!(failed, Err(AppendError::Store(StoreError::Unknown(_)))), "{failed:?}");
        let again = writer.append(&drafts);
        assert!(matches!(again, Err(AppendError::Store(StoreError::Poisoned(_)))), "{again:?}");
        let synced = writer.syncer().sync();
        assert!(matches!(synced, Err(StoreError::Poisoned(_))), "{synced:?}");
        assert_eq!(ledger.head(), *heads.last().unwrap());
        appended.extend(drafts);
        let survived = check_found(&store.crash(9, true), &appended, heads.last().unwrap());
        assert_eq!(survived, 10 + 3 * stored);
    }
}

#[test]
fn after_a_crash_the_log_goes_on() {
    let mut store = MemoryStore::new();
    let mut history = History::new(8, 4);
    let mut appended = Vec::new();
    for round in 0..10 {
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        assert_eq!(ledger.head().size, appended.len() as u64);
        appended.extend(fill(&ledger, &mut history, 2, 3).0);
        let lost = history.clone().drafts(2);
        let mut writer = ledger.writer().unwrap();
        writer.append(&lost).unwrap();
        store = store.crash(0, round % 2 == 0);
    }
    check_holds(&Ledger::in_memory(store).unwrap(), &appended);
}

#[test]
fn losing_what_was_acknowledged_is_refused_by_position() {
    let store = MemoryStore::new();
    let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
    fill(&ledger, &mut History::new(9, 4), 5, 10);
    drop(ledger);
    let lost = store.crash(0, true);
    lost.lose_from(Position(25));
    match Ledger::in_memory(lost) {
        Err(OpenError::Damaged(damage)) => assert_eq!(damage.position, Position(20)),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn another_log_than_the_one_remembered_is_refused() {
    let store = MemoryStore::new();
    let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
    let (_, heads) = fill(&ledger, &mut History::new(11, 4), 4, 10);
    drop(ledger);
    let check = |sizes: &[(u64, bool)], expected: Option<u64>| {
        let other = MemoryStore::new();
        let blocks = Arc::clone(&store).scan(Position(0)).map(Result::unwrap);
        blocks.for_each(|block| {
            other.append(&[block]).unwrap();
        });
        for (size, honest) in sizes {
            let root = if *honest { heads[*size as usize / 10 - 1].root } else { Digest([1; 32]) };
            other.sync(Head { size: *size, root }).unwrap();
        }
        match (Ledger::in_memory(other), expected) {
            (Ok(_), None) => {}
            (Err(OpenError::Damaged(damage)), Some(at)) => {
                assert_eq!(damage.position, Position(at), "{damage}");
                assert!(damage.what.contains("Merkle root"), "{damage}");
            }
            (opened, _) => panic!("{sizes:?}: {:?}", opened.err()),
        }
    };
    check(&[(10, true), (40, true)], None);
    check(&[(10, true), (20, true), (40, false)], Some(20));
    check(&[(10, false), (40, true)], Some(10));
    check(&[(40, false)], Some(0));
}

#[test]
fn a_damaged_block_is_refused_by_position() {
    for bit in 0..2000 {
        let store = MemoryStore::new();
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        fill(&ledger, &mut History::new(10, 4), 3, 5);
        assert!(store.damage(Position(7), bit * 7));
        let read = ledger.record(Position(8)).unwrap_err();
        assert!(read.to_string().contains("position 5"), "{read}");
        let report = ledger::verify::ledger(&ledger, |_, _| ());
        assert_eq!(report.first_bad.unwrap().position, Position(5));
        assert_eq!((report.ok, report.commits), (false, 5));
        drop(ledger);
        match Ledger::in_memory(store) {
            Err(OpenError::Damaged(damage)) => assert_eq!(damage.position, Position(5)),
            other => panic!("bit {bit}: {:?}", other.err()),
        }
    }
}
