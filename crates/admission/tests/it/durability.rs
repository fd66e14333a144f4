//! No answer before its sync; no acknowledged commit lost; nothing answered once the record has failed.

use crate::rig::{APP, Rig, check_laws, login, service, wait};
use admission::{Answered, By, Error, LoginRequest, Request};
use ledger::Ledger;
use ledger::memory::Fault;
use seats::{AccountId, Answer, Command, Event, SessionId};
use std::sync::Mutex;
use std::thread;

/// Whether an answered commit would be there after a crash now.
fn is_durable(rig: &Rig, answer: &Answered) -> bool {
    let found = Ledger::in_memory(rig.store.crash(0, false)).unwrap();
    answer.position.is_some_and(|position| position.0 < found.head().size)
}

/// A grant, a refusal, a sign of life and a rejection that all depend on one another.
fn entangled(account: AccountId) -> Vec<(Request, ledger::Actor)> {
    let command = |command| Request::Command { account, command };
    let session = SessionId(1);
    vec![
        (Request::LogIn(login(account, "alice", "a")), APP),
        (Request::LogIn(login(account, "bob", "b")), APP),
        (command(Command::Heartbeat { session, active: true }), APP),
        (command(Command::LogOut { session: SessionId(2) }), APP),
        (Request::LogIn(login(account, "alice", "a")), APP),
    ]
}

#[test]
fn what_is_answered_is_on_disk() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    for n in 0..20 {
        let granted = rig.login(clinic, "alice", &format!("a{n}")).unwrap();
        assert!(granted.granted().is_some() && is_durable(&rig, &granted));
        let denied = rig.login(clinic, &format!("bob {n}"), &format!("b{n}")).unwrap();
        assert!(denied.granted().is_none() && is_durable(&rig, &denied));
    }
}

#[test]
fn nothing_is_answered_while_the_disk_is_busy() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let other = rig.open("other", 1, &[]);
    let mut batch = rig.admission.batch();
    let held = rig.store.hold_syncs();
    for (request, actor) in entangled(clinic) {
        batch.push(request, actor);
    }
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        thread::yield_now();
    }
    // The record of the first account is on its way; commands that depend on nothing unsynced are answered.
    let occupancy = wait(rig.admission.occupancy(other)).unwrap();
    assert_eq!(occupancy.taken, 0);
    assert_eq!(batch.ready(), 0, "nothing may be answered before the sync");
    drop(held);
    let mut answers = Vec::new();
    while batch.open() > 0 {
        answers.extend(wait(batch.answers()));
    }
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
    assert!(answers[0].as_ref().unwrap().granted().is_some());
    assert!(answers[1].as_ref().unwrap().granted().is_none());
    assert!(matches!(answers[2].as_ref().unwrap().answer, Answer::Noted { dormant: false, .. }));
    assert!(matches!(answers[3], Err(Error::Rejected(_))));
    let (first, again) = (answers[0].as_ref().unwrap(), answers[4].as_ref().unwrap());
    assert_eq!((first.granted(), first.position), (again.granted(), again.position));
    assert!(matches!(again.answer, Answer::Login { again: true, .. }));
}

#[test]
fn one_append_in_flight_an_account_others_go_on() {
    let rig = Rig::new(service());
    let (one, two) = (rig.open("one", 9, &[]), rig.open("two", 9, &[]));
    wait(rig.admission.add_user(two, "bob", APP)).unwrap(); // Newcomers wait for the directory's sync.
    let size = rig.admission.ledger().head().size;
    let mut batch = rig.admission.batch();
    let held = rig.store.hold_syncs();
    batch.push(Request::LogIn(login(one, "alice", "1")), APP);
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        thread::yield_now();
    }
    // Many for another account: a second group is worth sending while the first is being synced.
    for n in 0..64 {
        batch.push(Request::LogIn(login(two, "bob", &format!("2 {n}"))), APP);
        batch.push(Request::LogIn(login(one, "carol", &format!("1 {n}"))), APP);
    }
    batch.send();
    while rig.store.unsynced_blocks() < 2 {
        thread::yield_now();
    }
    let crashed = Ledger::in_memory(rig.store.crash(usize::MAX, true)).unwrap();
    let of = |account| crate::rig::history(&crashed, account).len();
    assert_eq!(
        (of(one), of(two)),
        (2, 66),
        "account one waits for its append, account two does not"
    );
    drop(held);
    while batch.open() > 0 {
        wait(batch.answers()).into_iter().for_each(|(_, answer)| drop(answer.unwrap()));
    }
    assert_eq!(rig.admission.ledger().head().size, size + 129);
    check_laws(rig.admission.ledger());
}

#[test]
fn after_a_failure_the_outcome_is_unknown_and_asking_again_makes_it_definite() {
    let faults = [
        (Fault::Sync { blocks: 0, row: false }, 0),
        (Fault::Sync { blocks: 0, row: true }, 0),
        (Fault::Sync { blocks: usize::MAX, row: false }, 0),
        (Fault::Sync { blocks: usize::MAX, row: true }, 0),
        (Fault::Append { blocks: 0 }, 0),
        (Fault::Append { blocks: 1 }, usize::MAX),
    ];
    for (fault, kept) in faults {
        let rig = Rig::new(service());
        let clinic = rig.open("clinic", 1, &[]);
        rig.store.inject(fault);
        let answers = wait(rig.admission.submit_many(entangled(clinic)));
        assert!(answers.iter().all(|answer| *answer == Err(Error::Unknown)), "{answers:?}");
        assert_eq!(rig.login(clinic, "dan", "d"), Err(Error::Stopped));
        assert_eq!(wait(rig.admission.occupancy(clinic)).unwrap_err(), Error::Stopped);
        let reason = rig.admission.stopped().unwrap();
        assert!(reason.to_string().contains("was made to fail"), "{reason}");
        assert_eq!(wait(rig.admission.stop()), Err(reason));

        let rig = rig.crash(kept, service());
        let alice = rig.login(clinic, "alice", "a").unwrap();
        assert_eq!(alice.granted().map(|(session, _)| session), Some(SessionId(1)), "{fault:?}");
        assert!(rig.login(clinic, "bob", "b").unwrap().granted().is_none());
        let grants = rig.events(clinic);
        let grants = grants.iter().filter(|event| matches!(event, Event::SeatGranted { .. }));
        assert_eq!(grants.count(), 1, "{fault:?}");
        check_laws(rig.admission.ledger());
    }
}

#[test]
fn what_waits_when_the_record_fails_is_told_so() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    let held = rig.store.hold_syncs();
    let mut batch = rig.admission.batch();
    batch.push(Request::LogIn(login(clinic, "alice", "1")), APP);
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        thread::yield_now();
    }
    batch.push(Request::LogIn(login(clinic, "bob", "2")), APP); // Waits for the account.
    batch.push(Request::LogIn(login(AccountId(999), "bob", "3")), APP);
    batch.send();
    rig.store.inject(Fault::Sync { blocks: 0, row: false });
    drop(held);
    let mut answers = Vec::new();
    while batch.open() > 0 {
        answers.extend(wait(batch.answers()));
    }
    for (tag, answer) in answers {
        match tag {
            0 | 1 => assert_eq!(answer, Err(Error::Unknown)),
            // Nothing of this one was on its way; it may have been answered before the failure.
            _ => assert!(matches!(answer, Err(Error::UnknownAccount | Error::Unknown))),
        }
    }
    assert!(wait(rig.admission.stop()).is_err());
}

#[test]
fn a_newcomers_name_is_on_disk_before_the_commit() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    rig.store.inject(Fault::Sync { blocks: usize::MAX, row: true });
    let device = Some(String::from("laptop 7"));
    let asked = LoginRequest { device, ..login(clinic, "alice", "1") };
    assert_eq!(wait(rig.admission.log_in(asked, APP)), Err(Error::Unknown));
    // Of the book only what was synced is left.
    let found = Ledger::in_memory(rig.store.crash(0, false)).unwrap();
    let history = crate::rig::history(&found, clinic);
    assert!(history.iter().any(|(_, events)| matches!(events[0], Event::UserAdded { .. })));
    for (_, events) in history {
        for event in events {
            if let Event::AccountOpened { profile, .. }
            | Event::UserAdded { profile, .. }
            | Event::DeviceAdded { profile, .. } = event
            {
                assert!(found.book().check(profile).unwrap().is_some(), "{event:?}");
            }
        }
    }
}

#[test]
fn without_a_directory_nobody_new_is_recorded() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    let size = rig.admission.ledger().head().size;
    rig.store.book().fail_syncs();
    assert_eq!(rig.login(clinic, "alice", "1"), Err(Error::Unknown));
    assert!(rig.admission.stopped().is_some());
    let found = Ledger::in_memory(rig.store.crash(usize::MAX, true)).unwrap();
    assert_eq!(found.head().size, size);
}

#[test]
fn a_crash_at_any_moment_loses_nothing_acknowledged() {
    let rig = Rig::new(service());
    let accounts: Vec<_> = (0..8).map(|n| rig.open(&format!("account {n}"), 2, &[])).collect();
    let answered: Mutex<Vec<Answered>> = Mutex::default();
    thread::scope(|scope| {
        let works = |user: usize| {
            let (rig, accounts, answered) = (&rig, &accounts, &answered);
            move || {
                for n in 0..60 {
                    let account = accounts[(user + n) % 8];
                    let request = format!("{user} {n}");
                    let answer = rig.login(account, &format!("user {user}"), &request).unwrap();
                    let granted = answer.granted();
                    answered.lock().unwrap().push(answer);
                    if let Some((session, _)) = granted {
                        answered.lock().unwrap().push(rig.log_out(account, session).unwrap());
                    }
                }
            }
        };
        let workers: Vec<_> = (0..8).map(|user| scope.spawn(works(user))).collect();
        let mut moment = 0;
        while workers.iter().any(|worker| !worker.is_finished()) {
            moment += 1;
            let before: Vec<Answered> = answered.lock().unwrap().clone();
            let found = rig.store.crash(moment % 3, moment % 2 == 0);
            let found = Ledger::in_memory(found).unwrap();
            let size = found.head().size;
            for answer in &before {
                assert!(answer.position.unwrap().0 < size, "{answer:?} is lost at {size}");
            }
            check_laws(&found);
        }
        assert!(moment > 5, "{moment} crashes");
    });
    assert!(answered.lock().unwrap().len() > 480);
}

#[test]
fn unknown_accounts_and_the_system_account_are_nobodys() {
    let rig = Rig::new(service());
    for account in [AccountId::SYSTEM, AccountId(1), AccountId(u64::MAX)] {
        assert_eq!(rig.login(account, "alice", "1"), Err(Error::UnknownAccount));
        assert_eq!(wait(rig.admission.occupancy(account)).unwrap_err(), Error::UnknownAccount);
        let by_number = LoginRequest { user: By::Id(seats::UserId(1)), ..login(account, "x", "2") };
        assert_eq!(wait(rig.admission.log_in(by_number, APP)), Err(Error::UnknownAccount));
    }
    assert_eq!(rig.open("first", 1, &[]), AccountId(1));
}
