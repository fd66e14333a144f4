//! All accounts brought to the head in one reading, against folding each from the beginning.

use crate::log::{append, of, run, steps};
use crate::saved::{content, save};
use crate::views::{any_spacing, check_views};
use ledger::Ledger;
use ledger::memory::MemoryStore;
use projector::{AsOf, Occupancy, Projector};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Commits that an account may be behind its last snapshot.
const BEHIND_MAX: u64 = 4;

/// The position of the last snapshot of each account.
fn saved(directory: &std::path::Path) -> BTreeMap<u64, u64> {
    let entries = content(directory).into_iter().map(|(key, _)| key);
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap());
    entries
        .filter(|key| key[0] == b's')
        .map(|key| (number(&key[1..9]), number(&key[9..])))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_account_is_found_near_its_head_and_as_it_is(
        first in steps(120), more in 0usize..40, spacing in any_spacing(),
        pieces in proptest::collection::vec(1u64..30, 0..4),
    ) {
        let log = run(&first);
        let (before, after) = log.drafts.split_at(log.drafts.len().saturating_sub(more));
        let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
        append(&ledger, before);
        let mut kept = save(&ledger, spacing, &pieces);
        let mut told = 0;
        kept.projector.save_heads(|done| told += done).unwrap();
        prop_assert_eq!(told, ledger.accounts().len() as u64);
        let views = kept.projector.views();
        let records: Vec<_> = log.records().into_iter().take(before.len()).collect();
        check_views(&views, &records);
        for account in ledger.accounts() {
            let mut folded = Occupancy::empty(account);
            of(&records, account.0).for_each(|record| folded.apply(record));
            prop_assert_eq!(views.as_of(account, AsOf::Now).unwrap(), folded);
        }
        drop(views);
        let directory = kept.directory;
        drop(kept.projector);
        let last = saved(directory.path());
        for account in ledger.accounts() {
            let own: Vec<u64> = of(&records, account.0).map(|record| record.position.0).collect();
            let after = last.get(&account.0).map_or(0, |last| last + 1);
            let behind = own.iter().filter(|position| **position >= after).count() as u64;
            prop_assert!(behind <= BEHIND_MAX, "{account:?}: {behind}");
        }
        // Whoever opens them later believes them, and goes on from there.
        append(&ledger, after);
        let mut again = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
        again.catch_up(u64::MAX).unwrap();
        check_views(&again.views(), &log.records());
    }
}
