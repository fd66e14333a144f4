//! Signs of life, starts and stops, and the sweeper.

use crate::rig::{APP, NINE, Rig, check_laws, service, wait};
use admission::stepped::Stepped;
use admission::{FromLog, ManualClock, Options};
use ledger::Ledger;
use ledger::memory::MemoryStore;
use seats::{AccountId, Event, Micros, Setting, Timestamp};
use std::sync::Arc;
use std::time::Duration;

fn seconds(s: u32) -> Micros {
    Micros::from_secs(s)
}

fn dormant(rig: &Rig, account: AccountId) -> Vec<bool> {
    let occupancy = wait(rig.admission.occupancy(account)).unwrap();
    occupancy.holders.iter().map(|holder| holder.dormant.is_some()).collect()
}

fn is_dormancy(event: &Event) -> bool {
    matches!(event, Event::WentDormant { .. })
}

#[test]
fn heartbeats_are_no_events_and_keep_a_session_live() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    let (alice, _) = (rig.session(clinic, "alice", "1"), rig.session(clinic, "bob", "2"));
    let size = rig.history(clinic).len();
    for _ in 0..10 {
        rig.pass(11);
        rig.heartbeat(clinic, alice).unwrap();
    }
    assert_eq!((rig.history(clinic).len(), dormant(&rig, clinic)), (size, vec![false, false]));
    rig.pass(11);
    assert_eq!(dormant(&rig, clinic), [false, true]);
    assert_eq!(rig.history(clinic).len(), size, "looking records nothing");
    rig.sweep();
    // Recorded as of when it was due.
    let (at, events) = rig.history(clinic).pop().unwrap();
    assert_eq!((at, is_dormancy(&events[0])), (NINE + seconds(120), true));
    let heard = rig.heartbeat(clinic, seats::SessionId(2)).unwrap();
    assert!(matches!(heard.answer, seats::Answer::Noted { dormant: false, .. }));
    assert!(matches!(rig.events(clinic).pop(), Some(Event::Resumed { .. })));
    check_laws(rig.admission.ledger());
}

#[test]
fn a_closed_browser_goes_dormant_after_the_grace() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let alice = rig.session(clinic, "alice", "1");
    wait(rig.admission.goodbye(clinic, alice, APP)).unwrap();
    rig.pass(59);
    assert_eq!(dormant(&rig, clinic), [false]);
    let rig = rig.restart(Micros::ZERO, service()); // What was heard is saved.
    rig.pass(1);
    assert_eq!(dormant(&rig, clinic), [true]);
}

#[test]
fn our_downtime_expires_nobody_and_keeps_no_ghost_alive() {
    // Stopped in good order, or killed; a session heard of lately, and one that was silent for 100 s.
    for killed in [false, true] {
        let rig = Rig::new(service());
        let clinic = rig.open("clinic", 2, &[]);
        let (_, bob) = (rig.session(clinic, "alice", "1"), rig.session(clinic, "bob", "2"));
        rig.pass(100);
        rig.heartbeat(clinic, bob).unwrap();
        let rig = if killed {
            rig.pass(10); // Time enough for the signs of life to be saved.
            rig.heartbeat(clinic, bob).unwrap();
            wait_until_saved(&rig, NINE + seconds(110));
            let found = rig.store.crash(usize::MAX, true);
            rig.pass(3590);
            Rig::on(found, rig.clock.clone(), service())
        } else {
            rig.restart(seconds(3600), service())
        };
        // The service was away for an hour less the time it is known to have listened.
        assert_eq!(dormant(&rig, clinic), [false, false], "killed: {killed}");
        rig.pass(20);
        assert_eq!(dormant(&rig, clinic), [true, false], "killed: {killed}");
        rig.pass(110);
        assert_eq!(dormant(&rig, clinic), [true, true], "killed: {killed}");
        rig.sweep();
        let starts: Vec<Event> = rig.events(AccountId::SYSTEM);
        assert!(matches!(starts[0], Event::ServiceStarted { last_alive: None }));
        assert_eq!(matches!(starts[1], Event::ServiceStopped), !killed);
        assert!(matches!(starts.last(), Some(Event::ServiceStarted { last_alive: Some(_) })));
        check_laws(rig.admission.ledger());
    }
}

fn wait_until_saved(rig: &Rig, mark: Timestamp) {
    while rig.admission.ledger().book().liveness_mark().unwrap() < Some(mark) {
        std::thread::yield_now();
    }
}

#[test]
fn outages_add_up() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.session(clinic, "alice", "1");
    let mut rig = rig;
    for _ in 0..11 {
        rig.pass(10);
        rig = rig.restart(seconds(1000), service());
        assert_eq!(dormant(&rig, clinic), [false]);
    }
    rig.pass(10);
    assert_eq!(dormant(&rig, clinic), [true], "120 s of listening in which she was silent");
    rig.sweep();
    assert_eq!(rig.history(clinic).pop().unwrap().0, NINE + seconds(11 * 1010 + 10));
}

#[test]
fn a_service_that_is_killed_before_it_saves_anything_had_listened_when_it_started() {
    let (mut store, clock) = (MemoryStore::new(), ManualClock::new(NINE));
    for _ in 0..3 {
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        let source = FromLog::new(ledger.clone());
        let mut killed = Stepped::start(&ledger, service(), clock.clone(), source).unwrap();
        assert!(killed.decide());
        assert_eq!(killed.gather(), 1);
        killed.sync();
        store = store.crash(0, true);
        clock.advance(seconds(10));
    }
    let rig = Rig::on(store, clock, service());
    rig.sweep();
    let starts = [None, Some(NINE), Some(NINE + seconds(10)), Some(NINE + seconds(20))];
    let starts = starts.map(|last_alive| Event::ServiceStarted { last_alive });
    assert_eq!(rig.events(AccountId::SYSTEM), starts, "outages do not overlap");
}

#[test]
fn a_single_call_records_no_start_and_credits_nothing() {
    let rig = Rig::new(Options::one_shot());
    let clinic = rig.open("clinic", 1, &[]);
    let alice = rig.session(clinic, "alice", "1");
    rig.pass(50);
    rig.heartbeat(clinic, alice).unwrap();
    let rig = rig.restart(seconds(119), Options::one_shot());
    assert_eq!(dormant(&rig, clinic), [false], "the heartbeat was saved");
    let rig = rig.restart(seconds(1), Options::one_shot());
    assert_eq!(dormant(&rig, clinic), [true]);
    assert_eq!(rig.events(AccountId::SYSTEM), []);
    // The first service ever has no outage before it either.
    let rig = rig.restart(Micros::ZERO, service());
    rig.sweep();
    assert_eq!(rig.events(AccountId::SYSTEM), [Event::ServiceStarted { last_alive: None }]);
    assert_eq!(dormant(&rig, clinic), [true]);
}

#[test]
fn a_service_sweeps_accounts_that_nobody_asks_about() {
    let rig = Rig::new(service());
    let (busy, empty) = (rig.open("busy", 1, &[]), rig.open("empty", 1, &[]));
    rig.session(busy, "alice", "1");
    let gone = rig.session(empty, "bob", "2");
    rig.log_out(empty, gone).unwrap();
    let rig = rig.restart(seconds(60), service());
    rig.pass(120);
    // The sweeper looks by itself once a second; here it is told to, until the account has been read.
    while rig.history(busy).last().is_some_and(|(_, events)| !is_dormancy(&events[0])) {
        rig.sweep();
    }
    assert_eq!(rig.history(busy).pop().unwrap().0, NINE + seconds(180));
    assert!(!rig.events(empty).iter().any(is_dormancy));
}

#[test]
fn the_sweeper_runs_by_itself() {
    let options = Options { sweep_every: Duration::from_millis(1), ..service() };
    let rig = Rig::new(options);
    let clinic = rig.open("clinic", 1, &[]);
    rig.session(clinic, "alice", "1");
    rig.pass(120);
    while !rig.events(clinic).iter().any(is_dormancy) {
        std::thread::yield_now();
    }
}

#[test]
fn a_service_that_could_not_listen_says_so_and_credits_it() {
    let rig = Rig::new(Options { stall: Some(Duration::from_secs(30)), ..service() });
    let clinic = rig.open("clinic", 1, &[]);
    rig.session(clinic, "alice", "1");
    rig.pass(30);
    assert_eq!(dormant(&rig, clinic), [false]);
    rig.pass(3600); // The laptop sleeps.
    assert_eq!(dormant(&rig, clinic), [false]);
    (0..3).for_each(|_| {
        rig.pass(29);
        assert_eq!(dormant(&rig, clinic), [false]);
    });
    rig.pass(3);
    assert_eq!(dormant(&rig, clinic), [true]);
    rig.sweep();
    let facts = rig.events(AccountId::SYSTEM);
    let started = |last_alive| Event::ServiceStarted { last_alive };
    assert_eq!(facts, [started(None), started(Some(NINE + seconds(30)))]);
    let rig = rig.restart(Micros::ZERO, service());
    assert_eq!(rig.history(clinic).pop().unwrap().0, NINE + seconds(3720));
}

#[test]
fn a_policy_that_changes_is_swept_by_the_new_rule() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[Setting::Lease(None)]);
    rig.session(clinic, "alice", "1");
    rig.pass(100_000);
    rig.sweep();
    assert_eq!(dormant(&rig, clinic), [false]);
    wait(rig.admission.change_policy(clinic, vec![Setting::MaxSession(Some(100_060))], APP))
        .unwrap();
    rig.pass(60);
    rig.sweep();
    assert_eq!(dormant(&rig, clinic), []);
}
