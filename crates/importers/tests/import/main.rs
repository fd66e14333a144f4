//! Imports into a ledger in memory: whole, interrupted anywhere, repeated, and refused.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else fails, as it should"
)]

mod interrupted;
mod refused;

use importers::history::{Claim, Gathering};
use importers::{Found, ImportError, Imported, Licences, Parameters, Plan, Progress, import};
use ledger::memory::{Fault, MemoryStore};
use ledger::{Actor, Draft, Kind, Ledger, Record, Role, Subject, verify};
use seats::{
    Account, AccountId, Digest, Effective, Event, Laws, PoolId, RULES_VERSION, Timestamp, UserId,
};
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_secs(2_000_000);
const IMPORTER: Actor = Actor { role: Role::Importer, id: 0 };
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
    let report = verify::ledger(ledger, |_, _| {});
    assert!(report.ok, "{:?}", report.first_bad);
    let records = history_of(ledger, account);
    assert_eq!(records.len() as u64, plan.commits());
    let (mut laws, mut folded) = (Laws::new(account), Account::new(account));
    for (version, record) in (1..).zip(&records) {
        let commit = &record.commit;
        assert_eq!(commit.version, version);
        assert_eq!(commit.actor, IMPORTER);
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
        IMPORTER,
        vec![
            Event::AccountOpened { zone: String::from("UTC"), profile },
            Event::LicencesChanged { from: 0, to: 5, effective },
        ],
    );
}

/// Appends a commit; it is not durable yet.
fn append(
    ledger: &Ledger,
    account: AccountId,
    expected: u64,
    at: Timestamp,
    actor: Actor,
    events: Vec<Event>,
) {
    let (rules, pool) = (RULES_VERSION, PoolId::DEFAULT);
    let draft = Draft { account, expected, at, recorded_at: NOW, actor, rules, pool, events };
    let mut writer = ledger.writer().expect("the writer");
    writer.append(&[draft]).expect("appended");
}

fn sync(ledger: &Ledger) {
    ledger.writer().expect("the writer").syncer().sync().expect("synced");
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
    append(&ledger, AccountId(1), first.commits, NOW, IMPORTER, vec![Event::AccountSuspended]);
    assert_eq!(run(&ledger, &plan(), LATER).unwrap().found, Found::All);
    assert_eq!(ledger.head().size, head.size + 1);
}
