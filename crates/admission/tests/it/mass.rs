//! Thousands of sessions that end at once, on a real directory: no legal command stops anything.

use crate::rig::{ADMIN, APP, NINE, history, login, service, wait};
use admission::{Admission, Answered, Error, ManualClock, NewAccount, Options, Request};
use ledger::{Ledger, Subject};
use seats::cut::EVENT_BYTES_MAX;
use seats::{
    AccountId, Command, Effective, Event, Micros, Reclaim, Rejection, SameUser, SessionId, Setting,
    UserId,
};
use std::path::Path;
use std::time::Duration;

const MANY: u32 = 3_000;

fn start(dir: &Path, clock: &ManualClock, options: Options) -> Admission {
    let ledger = Ledger::open_or_create(dir, &ledger::Options::default()).unwrap();
    Admission::start(ledger, options, clock.clone()).unwrap()
}

/// An account in which one user holds three thousand seats.
fn crowded(admission: &Admission, name: &str, lease: Option<u32>) -> AccountId {
    let settings = vec![Setting::Lease(lease), Setting::SameUser(SameUser::Separate)];
    let new = NewAccount { settings, ..NewAccount::new(name, "Europe/London", MANY) };
    let account = wait(admission.open_account(new, APP)).unwrap().account;
    let asks = (0..MANY).map(|n| (Request::LogIn(login(account, "alice", &n.to_string())), APP));
    let answers = wait(admission.submit_many(asks));
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().granted().is_some()));
    account
}

fn taken(admission: &Admission, account: AccountId) -> u32 {
    wait(admission.occupancy(account)).unwrap().taken
}

/// The sizes of an account's last commits, which all happened at the same instant.
fn last_commits(admission: &Admission, account: AccountId) -> Vec<usize> {
    let mut commits = history(admission.ledger(), account);
    let at = commits.last().unwrap().0;
    commits.retain(|(when, _)| *when == at);
    commits.iter().map(|(_, events)| events.len()).collect()
}

/// Everybody is told, nothing has stopped, and the record is whole.
fn check_whole(admission: &Admission) {
    assert_eq!(admission.stopped(), None);
    let report = ledger::verify::ledger(admission.ledger(), |_, _| ());
    assert!(report.ok, "{:?}", report.first_bad);
}

#[test]
fn an_account_with_thousands_of_sessions_is_closed() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(NINE));
    let admission = start(dir.path(), &clock, service());
    let account = crowded(&admission, "close", None);
    clock.advance(Micros::from_secs(60));
    let closed = wait(admission.close_account(account, ADMIN)).unwrap();
    let Answered { position: Some(position), .. } = closed else { panic!("{closed:?}") };
    let last = admission.ledger().record(position).unwrap().unwrap();
    assert_eq!(last.commit.events.last(), Some(&Event::AccountClosed), "where it is recorded");
    assert_eq!((last.commit.actor, taken(&admission, account)), (ADMIN, 0));
    assert_eq!(last_commits(&admission, account), [1000, 1000, 1001]);
    check_whole(&admission);
}

#[test]
fn a_user_with_thousands_of_sessions_is_suspended() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(NINE));
    let admission = start(dir.path(), &clock, service());
    let account = crowded(&admission, "suspend", None);
    clock.advance(Micros::from_secs(60));
    wait(admission.suspend_user(account, UserId(1), ADMIN)).unwrap();
    assert_eq!(taken(&admission, account), 0);
    assert_eq!(last_commits(&admission, account), [1000, 1000, 1001]);
    check_whole(&admission);
}

#[test]
fn thousands_are_freed_by_a_policy_and_by_the_start_of_a_service() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(NINE));
    let admission = start(dir.path(), &clock, Options::one_shot());
    let account = crowded(&admission, "free", Some(60));
    clock.advance(Micros::from_secs(60));
    let at_once = vec![Setting::Reclaim(Reclaim::AtOnce)];
    wait(admission.change_policy(account, at_once, ADMIN)).unwrap();
    wait(admission.stop()).unwrap();
    drop(admission);

    // Nobody has looked since. A service does so by itself when it starts.
    clock.advance(Micros::from_secs(1));
    let admission = start(dir.path(), &clock, service());
    while history(admission.ledger(), account).last().unwrap().1.len() < 1000 {
        wait(admission.sweep()).unwrap();
    }
    assert_eq!(last_commits(&admission, account), [1000, 1000, 1000, 1, 1000, 1000, 1000]);
    let bob = wait(admission.log_in(login(account, "bob", "bob"), APP)).unwrap();
    assert_eq!(bob.granted().map(|(_, seat)| seat.0), Some(1));
    check_whole(&admission);
}

#[test]
fn one_login_takes_the_seats_of_thousands_of_ghosts() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(NINE));
    let admission = start(dir.path(), &clock, service());
    let account = crowded(&admission, "reclaim", Some(60));
    wait(admission.set_licences(account, 100, None, ADMIN)).unwrap();
    clock.advance(Micros::from_secs(60));
    wait(admission.sweep()).unwrap();
    clock.advance(Micros::from_secs(60));
    let bob = wait(admission.log_in(login(account, "bob", "bob"), APP)).unwrap();
    assert_eq!(bob.granted().map(|(session, _)| session), Some(SessionId(3001)));
    assert_eq!(taken(&admission, account), 100);
    assert_eq!(last_commits(&admission, account), [1000, 1000, 901 + 3]);
    check_whole(&admission);
}

#[test]
fn a_crash_between_the_commits_of_a_close_is_mended_by_closing_again() {
    let rig = crate::rig::Rig::new(service());
    let account = crowded(&rig.admission, "crash", None);
    rig.pass(60);
    let held = rig.store.hold_syncs();
    let mut batch = rig.admission.batch();
    batch.push(Request::Command { account, command: Command::Close }, ADMIN);
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        std::thread::yield_now();
    }
    let found = rig.crash(1, service());
    drop(held);
    // The first block holds two of the three commits.
    assert_eq!(taken(&found.admission, account), MANY - 2000);
    assert!(found.login(account, "bob", "bob").unwrap().granted().is_some(), "it is open still");
    wait(found.admission.close_account(account, ADMIN)).unwrap();
    assert_eq!(taken(&found.admission, account), 0);
    check_whole(&found.admission);
}

#[test]
fn what_no_commit_holds_is_refused_alone() {
    let rig = crate::rig::Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let account = AccountId(clinic.0 + 1);
    let effective = Effective { instant: NINE, date: None };
    let zone = "x".repeat(EVENT_BYTES_MAX);
    let book = rig.admission.ledger().book();
    let profile = book.enrol(Subject::account(account), "large").unwrap();
    let (settings, plan) = (vec![], None);
    let open = Command::Open { zone, profile, licences: 1, settings, plan, effective };
    let answers = wait(rig.admission.submit_many([
        (Request::LogIn(login(clinic, "alice", "1")), APP),
        (Request::Command { account, command: open }, APP),
        (Request::LogIn(login(clinic, "bob", "2")), APP),
    ]));
    assert!(answers[0].as_ref().unwrap().granted().is_some());
    assert!(
        matches!(answers[1], Err(Error::Rejected(Rejection::TooLarge { .. }))),
        "{:?}",
        answers[1]
    );
    assert!(answers[2].is_ok());
    check_whole(&rig.admission);
}

#[test]
fn what_the_record_refuses_is_told_so_and_everything_goes_on() {
    let options = Options { save_every: Duration::from_secs(1 << 30), ..service() };
    let rig = crate::rig::Rig::new(options);
    let clinic = rig.open("clinic", 1, &[]);
    let alice = rig.session(clinic, "alice", "a");
    rig.pass(100);
    rig.heartbeat(clinic, alice).unwrap(); // Noted in memory only.
    let size = rig.admission.ledger().head().size;
    rig.store.inject(ledger::memory::Fault::Refuse);
    let answers = wait(rig.admission.submit_many([
        (Request::LogIn(login(clinic, "bob", "b")), APP),
        (Request::AddSite { account: clinic, name: String::from("north") }, ADMIN),
        (Request::LogIn(login(clinic, "bob", "c")), APP),
    ]));
    for answer in answers {
        assert!(matches!(answer, Err(Error::NotRecorded { .. })), "{answer:?}");
    }
    assert_eq!((rig.admission.stopped(), rig.admission.ledger().head().size), (None, size));
    rig.store.inject(ledger::memory::Fault::Refuse);
    assert!(matches!(rig.log_out(clinic, alice), Err(Error::NotRecorded { .. })));
    // Memory is as the record is, and has forgotten no sign of life.
    rig.pass(30);
    let occupancy = wait(rig.admission.occupancy(clinic)).unwrap();
    let seated: Vec<_> = occupancy.holders.iter().map(|h| (h.session, h.dormant)).collect();
    assert_eq!(seated, [(alice, None)]);
    assert!(rig.login(clinic, "bob", "b").unwrap().granted().is_none());
    rig.log_out(clinic, alice).unwrap();
    assert!(rig.login(clinic, "bob", "d").unwrap().granted().is_some());
    // What is due by time alone and is refused is tried again.
    rig.pass(120);
    rig.store.inject(ledger::memory::Fault::Refuse);
    assert!(matches!(wait(rig.admission.sweep()), Err(Error::NotRecorded { .. })));
    while !matches!(rig.events(clinic).last(), Some(Event::WentDormant { .. })) {
        rig.pass(1);
        rig.sweep();
    }
    wait(rig.admission.stop()).unwrap();
    check_whole(&rig.admission);
}
