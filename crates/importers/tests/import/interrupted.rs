//! Imports that stop anywhere, and are carried on or not.

use super::*;
use crate::refused::refused;

#[test]
fn an_import_stopped_at_any_group_is_hidden_and_carried_on() {
    let store = MemoryStore::new();
    let ledger = open(&store);
    let plan = plan();
    let mut stops = Vec::new();
    import(&ledger, &plan, NOW, &mut |progress| {
        if let Progress::Writing { commits, .. } = progress {
            stops.push((commits, store.crash(0, false)));
        }
    })
    .unwrap();
    let whole = events_of(&ledger, AccountId(1));
    assert!(stops.len() > 3);
    for (commits, stop) in stops {
        let ledger = open(&stop);
        let found = events_of(&ledger, AccountId(1));
        assert_eq!(found.len() as u64, commits);
        let mut account = Account::new(AccountId(1));
        found.iter().for_each(|(at, events)| account.apply(*at, events));
        let complete = commits == plan.commits();
        assert_eq!(account.is_importing(), !complete);

        // Others went on meanwhile.
        open_by_hand(&ledger, 2, "surgery", NOW);
        let imported = run(&ledger, &plan, LATER).unwrap();
        let expected = if complete { Found::All } else { Found::Part { commits } };
        assert_eq!((imported.found, imported.account), (expected, AccountId(1)));
        check_whole(&ledger, &plan, AccountId(1));
        assert_eq!(events_of(&ledger, AccountId(1)), whole);
        let late = history_of(&ledger, AccountId(1));
        let late = late.iter().filter(|record| record.commit.recorded_at == LATER).count();
        assert_eq!(late as u64, plan.commits() - commits);
        assert_eq!(run(&ledger, &plan, LATER).unwrap().found, Found::All);
    }
}

/// Two tries, with others at work between them: what is stored is found among theirs.
#[test]
fn an_import_is_carried_on_twice() {
    let plan = plan();
    let mut store = MemoryStore::new();
    for (stops_after, found, other) in [(1, 0, 2), (1, 1024, 3), (9, 2048, 4)] {
        let ledger = open(&store);
        let (mut groups, mut stop) = (0, None);
        let imported = import(&ledger, &plan, NOW, &mut |_| {
            groups += 1;
            if groups == stops_after {
                stop = Some(store.crash(0, false));
            }
        });
        let found = if found == 0 { Found::Nothing } else { Found::Part { commits: found } };
        assert_eq!(imported.unwrap().found, found);
        check_whole(&ledger, &plan, AccountId(1));
        let Some(stop) = stop else { return };
        store = stop;
        open_by_hand(&open(&store), other, &format!("surgery {other}"), NOW);
    }
}

/// The store fails in the middle of a group, and some of the group's blocks are found afterwards.
#[test]
fn an_import_whose_disk_fails_is_carried_on() {
    let plan = plan();
    for fails_after in 0..3 {
        for (fault, row, blocks) in [
            (Fault::Append { blocks: 0 }, false, 1),
            (Fault::Append { blocks: 2 }, true, 1),
            (Fault::Sync { blocks: 0, row: false }, false, 1),
            (Fault::Sync { blocks: 3, row: false }, false, 1),
            (Fault::Sync { blocks: 0, row: true }, true, 0),
            (Fault::Sync { blocks: 2, row: true }, true, 1),
        ] {
            let store = MemoryStore::new();
            let ledger = open(&store);
            if fails_after == 0 {
                store.inject(fault);
            }
            let mut groups = 0;
            let failed = import(&ledger, &plan, NOW, &mut |_| {
                groups += 1;
                if groups == fails_after {
                    store.inject(fault);
                }
            });
            let error = failed.expect_err("the store fails");
            assert!(matches!(error, ImportError::Append(_) | ImportError::Store(_)), "{error}");
            assert_eq!(groups, fails_after);

            let store = store.crash(blocks, row);
            let ledger = open(&store);
            let there = history_of(&ledger, AccountId(1)).len() as u64;
            let imported = run(&ledger, &plan, LATER).unwrap();
            let expected = if there == 0 { Found::Nothing } else { Found::Part { commits: there } };
            assert_eq!((imported.found, imported.account), (expected, AccountId(1)), "{fault:?}");
            check_whole(&ledger, &plan, AccountId(1));
            // What was announced and lost is not held against what came instead.
            drop(ledger);
            check_whole(&open(&store), &plan, AccountId(1));
        }
    }
}

#[test]
fn names_that_were_entered_and_never_used_are_no_account() {
    let store = MemoryStore::new();
    let ledger = open(&store);
    store.inject(Fault::Append { blocks: 0 });
    run(&ledger, &plan(), NOW).expect_err("the store fails");
    let ledger = open(&store.crash(0, true));
    assert_eq!(ledger.book().account_named("clinic").unwrap(), Some(AccountId(1)));
    assert_eq!(ledger.head().size, 0);
    // Another file may come instead.
    let other = plan_of(2, "clinic", Licences::Exactly(100));
    assert_eq!(run(&ledger, &other, NOW).unwrap().found, Found::Nothing);
    check_whole(&ledger, &other, AccountId(1));

    let store = MemoryStore::new();
    store.book().fail_syncs();
    let ledger = open(&store);
    let error = run(&ledger, &plan(), NOW).expect_err("the book fails");
    assert!(matches!(error, ImportError::Book(_)), "{error}");
    assert_eq!(ledger.head().size, 0, "no commit refers to names that are not durable");
}

#[test]
fn what_another_version_began_is_not_carried_on() {
    let plan = plan();
    let ledger = open(&MemoryStore::new());
    run(&ledger, &plan, NOW).unwrap();
    let whole = history_of(&ledger, AccountId(1));
    for (differs, what) in
        [(1, "events"), (2, "events"), (500, "events"), (500, "at"), (500, "actor")]
    {
        let store = MemoryStore::new();
        let other = open(&store);
        // The same names with the same salts, so that only the commits differ.
        let names = Fault::Append { blocks: 0 };
        store.inject(names);
        run(&other, &plan, NOW).expect_err("the store fails");
        let other = open(&store.crash(0, true));
        for (place, record) in whole.iter().take(differs + 1).enumerate() {
            let mut commit = record.commit.clone();
            match what {
                _ if place < differs => {}
                "at" => commit.at = NOW,
                "actor" => commit.actor.id = 1,
                _ => {
                    let user = UserId(1_000_000);
                    commit.events = vec![Event::UserAdded { user, profile: profile_of(&whole) }];
                }
            }
            append(&other, AccountId(1), place as u64, commit.at, commit.actor, commit.events);
        }
        let told = refused(&other, &plan, LATER);
        let version = differs + 1;
        assert!(
            told.starts_with(&format!("commit {version} of \"clinic\" is not the one")),
            "{told}"
        );
    }
}

fn profile_of(records: &[Record]) -> seats::Commitment {
    match &records[0].commit.events[0] {
        Event::AccountOpened { profile, .. } => *profile,
        other => panic!("{other:?}"),
    }
}
