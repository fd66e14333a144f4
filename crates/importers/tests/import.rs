//! Imports into a ledger in memory: whole, interrupted anywhere, repeated, and refused.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else fails, as it should"
)]

use importers::history::{Claim, Gathering};
use importers::{Found, ImportError, Imported, Licences, Parameters, Plan, Progress, import};
use ledger::memory::{Fault, MemoryStore};
use ledger::{Actor, Draft, Kind, Ledger, Record, Role, Subject};
use seats::{
    Account, AccountId, Digest, Effective, Event, Laws, PoolId, RULES_VERSION, Timestamp, UserId,
};
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_secs(2_000_000);
const LATER: Timestamp = Timestamp::from_secs(3_000_000);

/// A history of 1,500 rows and some three thousand instants, so that it takes several groups.
fn plan_of(content: u8, account: &str, licences: Licences) -> Plan {
    let mut gathering = Gathering::new(NOW);
    for row in 0..1500_u64 {
        let requested = Timestamp::from_secs(1_000_000 + row * 7);
        let granted = requested + seats::Micros::from_secs(if row % 3 == 0 { 2 } else { 0 });
        let ended = granted + seats::Micros::from_secs((row % 50) as u32);
        let user = &format!("user {}", row * row % 37);
        let seats = (row % 4 + 1) as u32;
        gathering.row(row + 2, Ok(Claim { user, requested, granted, ended, seats }));
    }
    let history = gathering.finish(Digest([content; 32])).expect("the rows can be right");
    let (account, zone) = (account.to_owned(), String::from("Europe/London"));
    let parameters = Parameters { account, zone, licences };
    Plan::new(history, "csv", &parameters, &mut |_| {}).expect("a plan")
}

fn plan() -> Plan {
    plan_of(1, "clinic", Licences::Auto)
}

fn open(store: &Arc<MemoryStore>) -> Ledger {
    Ledger::in_memory(Arc::clone(store)).expect("a ledger")
}

fn run(ledger: &Ledger, plan: &Plan, now: Timestamp) -> Result<Imported, ImportError> {
    import(ledger, plan, now, &mut |_| {})
}

fn history_of(ledger: &Ledger, account: AccountId) -> Vec<Record> {
    let records = ledger.scan(ledger::Position(0)).map(|record| record.expect("a record"));
    records.filter(|record| record.commit.account == account).collect()
}

/// Checks that the account holds the whole plan, lawfully, and nothing else.
fn check_whole(ledger: &Ledger, plan: &Plan, account: AccountId) {
    let records = history_of(ledger, account);
    assert_eq!(records.len() as u64, plan.commits());
    let (mut laws, mut folded) = (Laws::new(account), Account::new(account));
    for (version, record) in (1..).zip(&records) {
        let commit = &record.commit;
        assert_eq!(commit.version, version);
        assert_eq!(commit.actor, Actor { role: Role::Importer, id: 0 });
        assert_eq!((commit.rules, commit.pool), (RULES_VERSION, PoolId::DEFAULT));
        laws.check(commit.at, &commit.events).expect("lawful");
        folded.apply(commit.at, &commit.events);
    }
    assert!(!folded.is_importing() && folded.import_source() == Some(plan.source()));
    assert_eq!((folded.held(), folded.pending().len()), (0, 0));
    assert_eq!(folded.last_session().0, plan.history().sessions);
    let book = ledger.book();
    for (number, place) in (1..).zip(plan.newcomers()) {
        let name = book.name(Subject::user(account, UserId(number))).expect("the book");
        assert_eq!(name.as_ref(), plan.history().users.get(*place as usize));
    }
    // Whom the log binds is whom the directory says.
    for event in records.iter().flat_map(|record| &record.commit.events) {
        let (profile, subject) = match event {
            Event::AccountOpened { profile, .. } => (*profile, Subject::account(account)),
            Event::UserAdded { user, profile } => (*profile, Subject::user(account, *user)),
            _ => continue,
        };
        let bound = book.check(profile).expect("the book").map(|(subject, _)| subject);
        assert_eq!(bound, Some(subject));
    }
}

fn events_of(ledger: &Ledger, account: AccountId) -> Vec<(Timestamp, Vec<Event>)> {
    let records = history_of(ledger, account).into_iter();
    records.map(|record| (record.commit.at, record.commit.events)).collect()
}

/// Somebody else's account, with one commit.
fn open_by_hand(ledger: &Ledger, number: u64, name: &str, at: Timestamp) {
    let account = AccountId(number);
    let profile = ledger.book().enrol(Subject::account(account), name).expect("the book");
    ledger.book().sync().expect("the book");
    let effective = Effective { instant: at, date: None };
    append(
        ledger,
        account,
        0,
        at,
        vec![
            Event::AccountOpened { zone: String::from("UTC"), profile },
            Event::LicencesChanged { from: 0, to: 5, effective },
        ],
    );
}

fn append(ledger: &Ledger, account: AccountId, expected: u64, at: Timestamp, events: Vec<Event>) {
    let actor = Actor { role: Role::Importer, id: 0 };
    let (rules, pool) = (RULES_VERSION, PoolId::DEFAULT);
    let draft = Draft { account, expected, at, recorded_at: NOW, actor, rules, pool, events };
    let mut writer = ledger.writer().expect("the writer");
    writer.append(&[draft]).expect("appended");
    writer.syncer().sync().expect("synced");
}

#[test]
fn a_history_becomes_an_account() {
    let ledger = open(&MemoryStore::new());
    let plan = plan();
    let mut told = Vec::new();
    let imported = import(&ledger, &plan, NOW, &mut |progress| told.push(progress)).unwrap();
    assert_eq!(imported.account, AccountId(1));
    assert_eq!(imported.found, Found::Nothing);
    assert_eq!((imported.rows, imported.users, imported.sessions), (1500, 19, 3750));
    assert_eq!(imported.source, plan.source());
    assert_eq!(
        imported.events,
        events_of(&ledger, AccountId(1)).iter().map(|c| c.1.len() as u64).sum()
    );
    check_whole(&ledger, &plan, AccountId(1));
    assert!(history_of(&ledger, AccountId(1)).iter().all(|r| r.commit.recorded_at == NOW));
    let of = plan.commits();
    assert!(of > 3000 && told.len() > 3, "{of} commits in {} groups", told.len());
    assert_eq!(told.last(), Some(&Progress::Writing { commits: of, of }));

    let second = plan_of(1, "surgery", Licences::Auto);
    assert_eq!(run(&ledger, &second, LATER).unwrap().account, AccountId(2));
    check_whole(&ledger, &second, AccountId(2));
}

#[test]
fn importing_again_changes_nothing() {
    let ledger = open(&MemoryStore::new());
    let first = run(&ledger, &plan(), NOW).unwrap();
    let head = ledger.head();
    let peak = u32::try_from(first.peak.seats).unwrap();
    for again in [
        plan(),
        plan_of(1, "clinic", Licences::Exactly(peak)),
        plan_of(1, " CLINIC ", Licences::Auto),
    ] {
        let imported = run(&ledger, &again, LATER).unwrap();
        assert_eq!(imported, Imported { found: Found::All, ..first.clone() });
        assert_eq!(ledger.head(), head);
    }
    // A life after the import makes no difference.
    append(&ledger, AccountId(1), first.commits, NOW, vec![Event::AccountSuspended]);
    assert_eq!(run(&ledger, &plan(), LATER).unwrap().found, Found::All);
    assert_eq!(ledger.head().size, head.size + 1);
}

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

/// The store fails in the middle of a group, and some of the group's blocks are found afterwards.
#[test]
fn an_import_whose_disk_fails_is_carried_on() {
    let plan = plan();
    for fails_after in 0..3 {
        for (fault, row) in [
            (Fault::Append { blocks: 0 }, false),
            (Fault::Append { blocks: 2 }, true),
            (Fault::Sync { blocks: 0, row: false }, false),
            (Fault::Sync { blocks: 3, row: false }, false),
            (Fault::Sync { blocks: 2, row: true }, true),
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

            let ledger = open(&store.crash(1, row));
            let there = history_of(&ledger, AccountId(1)).len() as u64;
            let imported = run(&ledger, &plan, LATER).unwrap();
            let expected = if there == 0 { Found::Nothing } else { Found::Part { commits: there } };
            assert_eq!((imported.found, imported.account), (expected, AccountId(1)), "{fault:?}");
            check_whole(&ledger, &plan, AccountId(1));
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

/// Runs an import that is refused and checks that nothing was written.
fn refused(ledger: &Ledger, plan: &Plan, now: Timestamp) -> String {
    let count = |ledger: &Ledger| {
        let accounts = ledger.book().entries(AccountId::SYSTEM, Kind::Account).expect("the book");
        let users =
            |number| ledger.book().highest(AccountId(number), Kind::User).expect("the book");
        (ledger.head(), accounts, users(1), users(2))
    };
    let before = count(ledger);
    let Err(error) = run(ledger, plan, now) else { panic!("it was imported") };
    assert_eq!(count(ledger), before, "{error}");
    error.to_string()
}

#[test]
fn an_account_that_holds_something_else_is_left_alone() {
    let store = MemoryStore::new();
    let ledger = open(&store);
    open_by_hand(&ledger, 1, "Clinic", NOW);
    assert_eq!(
        refused(&ledger, &plan(), LATER),
        "\"clinic\" is the name of an account that was not imported; choose another name"
    );

    let ledger = open(&MemoryStore::new());
    run(&ledger, &plan(), NOW).unwrap();
    for other in
        [plan_of(2, "clinic", Licences::Auto), plan_of(1, "clinic", Licences::Exactly(500))]
    {
        let told = refused(&ledger, &other, LATER);
        assert!(told.starts_with("\"clinic\" holds another import, "), "{told}");
        assert!(told.contains(&plan().source().to_string()), "{told}");
        assert!(told.contains(&other.source().to_string()), "{told}");
    }

    // Nor can another file complete what this one began.
    let store = MemoryStore::new();
    let ledger = open(&store);
    let mut stop = None;
    import(&ledger, &plan(), NOW, &mut |_| {
        stop.get_or_insert_with(|| store.crash(0, false));
    })
    .unwrap();
    let ledger = open(&stop.unwrap());
    let told = refused(&ledger, &plan_of(2, "clinic", Licences::Auto), LATER);
    assert!(told.starts_with("\"clinic\" holds another import, "), "{told}");
}

#[test]
fn what_another_version_began_is_not_carried_on() {
    let plan = plan();
    let ledger = open(&MemoryStore::new());
    run(&ledger, &plan, NOW).unwrap();
    let whole = history_of(&ledger, AccountId(1));
    for differs in [1, 2, 500] {
        let store = MemoryStore::new();
        let other = open(&store);
        // The same names with the same salts, so that only the commits differ.
        let names = Fault::Append { blocks: 0 };
        store.inject(names);
        run(&other, &plan, NOW).expect_err("the store fails");
        let other = open(&store.crash(0, true));
        for (place, record) in whole.iter().take(differs + 1).enumerate() {
            let mut commit = record.commit.clone();
            if place == differs {
                let user = UserId(1_000_000);
                commit.events = vec![Event::UserAdded { user, profile: profile_of(&whole) }];
            }
            append(&other, AccountId(1), place as u64, commit.at, commit.events);
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

#[test]
fn nothing_is_recorded_before_it_happened_nor_before_what_is_recorded() {
    let ledger = open(&MemoryStore::new());
    let plan = plan();
    let told = refused(&ledger, &plan, Timestamp(plan.last().0 - 1));
    assert!(told.ends_with("the history's last instant; set the clock"), "{told}");
    open_by_hand(&ledger, 1, "surgery", NOW);
    let told = refused(&ledger, &plan, Timestamp(NOW.0 - 1));
    assert!(told.ends_with("the ledger's last commit; set the clock"), "{told}");
    assert_eq!(run(&ledger, &plan, NOW).unwrap().account, AccountId(2));
    let taken = ledger.writer().unwrap();
    let told = refused(&ledger, &plan_of(1, "hospital", Licences::Auto), NOW);
    assert!(told.starts_with("the ledger's writer is taken"), "{told}");
    drop(taken);
}
