//! Clocks that are set.

use crate::rig::{ADMIN, APP, NINE, Rig, check_laws, service, wait};
use admission::{Error, Options, Step};
use seats::{AccountId, Event, Micros, Timestamp};

fn seconds(s: u32) -> Micros {
    Micros::from_secs(s)
}

fn steps(rig: &Rig) -> Vec<Event> {
    let stepped = |event: &Event| matches!(event, Event::ClockStepped { .. });
    rig.events(AccountId::SYSTEM).into_iter().filter(stepped).collect()
}

#[test]
fn a_step_is_refused_until_confirmed_and_recorded() {
    for (options, to) in [
        (service(), NINE + seconds(3600)),
        (service(), NINE - seconds(3600)),
        (Options::one_shot(), NINE + seconds(301)),
    ] {
        let rig = Rig::new(options);
        let clinic = rig.open("clinic", 1, &[]);
        let session = rig.session(clinic, "alice", "1");
        let size = rig.admission.ledger().head().size;
        rig.clock.step(to);
        let refused = Err(Error::ClockStepped { from: NINE, to });
        assert_eq!(rig.login(clinic, "bob", "2"), refused);
        assert_eq!(rig.heartbeat(clinic, session), refused);
        assert_eq!(rig.log_out(clinic, session), refused);
        rig.sweep();
        assert_eq!(rig.admission.ledger().head().size, size, "nothing is recorded meanwhile");
        // Looking is allowed, as of the last good time.
        assert_eq!(wait(rig.admission.occupancy(clinic)).unwrap().at, NINE);

        let step = Step { from: NINE, to };
        assert_eq!(wait(rig.admission.confirm_clock(ADMIN)), Ok(Some(step)));
        assert_eq!(wait(rig.admission.confirm_clock(ADMIN)), Ok(None));
        assert_eq!(steps(&rig), [Event::ClockStepped { from: NINE, to }]);
        assert!(rig.heartbeat(clinic, session).is_ok());
        rig.log_out(clinic, session).unwrap();
        let (at, _) = rig.history(clinic).pop().unwrap();
        assert_eq!(
            at,
            to.max(NINE),
            "time stands still in the account until the clock has caught up"
        );
        check_laws(rig.admission.ledger());
    }
}

#[test]
fn a_step_that_is_undone_leaves_no_trace() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.clock.step(NINE + seconds(86_400));
    assert!(matches!(rig.login(clinic, "bob", "1"), Err(Error::ClockStepped { .. })));
    rig.clock.step(NINE);
    assert!(rig.login(clinic, "bob", "1").is_ok());
    assert_eq!(steps(&rig), []);
}

#[test]
fn a_confirmed_step_forward_expires_nobody() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.session(clinic, "alice", "1");
    let dormant = |rig: &Rig| {
        let occupancy = wait(rig.admission.occupancy(clinic)).unwrap();
        occupancy.holders[0].dormant.is_some()
    };
    rig.pass(60);
    assert!(!dormant(&rig)); // It has listened so far.
    rig.clock.step(NINE + seconds(86_400));
    wait(rig.admission.confirm_clock(ADMIN)).unwrap();
    assert!(!dormant(&rig));
    // Half of the lease of 120 s had passed before the step.
    rig.pass(59);
    assert!(!dormant(&rig));
    let rig = rig.restart(Micros::ZERO, service());
    assert!(!dormant(&rig), "also after a restart");
    rig.pass(1);
    assert!(dormant(&rig));
}

#[test]
fn small_steps_back_make_time_stand_still() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 9, &[]);
    let mut last = Timestamp::ZERO;
    for n in 0..20_u32 {
        // Up to four minutes back and forth.
        let wall = NINE + seconds(n * 30) - seconds((n * 97) % 240);
        rig.clock.step(wall);
        rig.login(clinic, &format!("user {n}"), &n.to_string()).unwrap();
        let (at, _) = rig.history(clinic).pop().unwrap();
        assert!(at >= last && at >= wall);
        last = at;
    }
    check_laws(rig.admission.ledger());
}

#[test]
fn a_start_before_the_last_record_waits_for_confirmation() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.pass(7200);
    rig.session(clinic, "alice", "1");
    wait(rig.admission.stop()).unwrap();
    let (store, clock) = (rig.store.clone(), rig.clock.clone());
    drop(rig);
    let from = NINE + seconds(7200);

    clock.step(from - seconds(300)); // Within tolerance: stands still.
    let rig = Rig::on(store.clone(), clock.clone(), service());
    assert!(rig.login(clinic, "bob", "2").is_ok());
    assert_eq!(rig.history(clinic).pop().unwrap().0, from);
    wait(rig.admission.stop()).unwrap();
    drop(rig);

    clock.step(from - seconds(301));
    let rig = Rig::on(store, clock, service());
    let starts = rig.events(AccountId::SYSTEM).len();
    let to = from - seconds(301);
    assert_eq!(rig.login(clinic, "bob", "3"), Err(Error::ClockStepped { from, to }));
    assert_eq!(rig.events(AccountId::SYSTEM).len(), starts, "it has not begun to listen");
    assert_eq!(wait(rig.admission.confirm_clock(ADMIN)), Ok(Some(Step { from, to })));
    assert!(rig.login(clinic, "bob", "3").is_ok());
    let facts = rig.events(AccountId::SYSTEM);
    assert!(matches!(
        facts[starts..],
        [Event::ClockStepped { .. }, Event::ServiceStarted { last_alive: Some(_) }]
    ));
    check_laws(rig.admission.ledger());
    wait(rig.admission.stop()).unwrap();
}

/// The clock was a day ahead when the log was written to; it was set right, and that was confirmed.
#[test]
fn a_confirmation_outlasts_the_process() {
    let rig = Rig::new(Options::one_shot());
    let clinic = rig.open("clinic", 1, &[]);
    let rig = rig.restart(Micros::ZERO, Options::one_shot());
    let right = NINE - seconds(86_400);
    rig.clock.step(right);
    wait(rig.admission.confirm_clock(ADMIN)).unwrap();
    for later in [1, 400, 3600] {
        wait(rig.admission.stop()).unwrap();
        let now = right + seconds(later);
        rig.clock.step(now);
        assert_eq!(admission::time_on(rig.admission.ledger(), rig.clock.clone()), Ok(now));
    }
    let rig = rig.restart(Micros::ZERO, Options::one_shot());
    let other = rig.open("other", 1, &[]);
    assert_eq!(rig.history(other).pop().unwrap().0, right + seconds(3600));
    rig.login(clinic, "alice", "1").unwrap();
    assert_eq!(rig.history(clinic).pop().unwrap().0, NINE, "there time stands still");

    // It does not cover the next mistake.
    let (store, clock) = (rig.store.clone(), rig.clock.clone());
    wait(rig.admission.stop()).unwrap();
    drop(rig);
    let wrong = right - seconds(301);
    clock.step(wrong);
    let rig = Rig::on(store.clone(), clock.clone(), Options::one_shot());
    assert!(matches!(rig.login(clinic, "bob", "2"), Err(Error::ClockStepped { .. })));
    wait(rig.admission.stop()).unwrap();
    drop(rig);
    clock.step(NINE + seconds(600));
    let rig = Rig::on(store.clone(), clock.clone(), Options::one_shot());
    rig.login(clinic, "bob", "3").unwrap();
    wait(rig.admission.stop()).unwrap();
    drop(rig);
    clock.step(right + seconds(7200));
    let rig = Rig::on(store, clock, Options::one_shot());
    let refused = rig.login(clinic, "bob", "4");
    assert!(
        matches!(refused, Err(Error::ClockStepped { .. })),
        "time had passed since: {refused:?}"
    );
    check_laws(rig.admission.ledger());
}

#[test]
fn nobody_but_admission_writes() {
    let rig = Rig::new(service());
    assert!(rig.admission.ledger().writer().is_err());
    let second =
        admission::Admission::start(rig.admission.ledger().clone(), service(), rig.clock.clone());
    assert!(matches!(second.map(|_| ()), Err(admission::StartError::WriterTaken(_))));
    let ledger = rig.admission.ledger().clone();
    wait(rig.admission.stop()).unwrap();
    assert!(ledger.writer().is_ok(), "it is given back");
    assert_eq!(wait(rig.admission.add_site(AccountId(1), "x", APP)), Err(Error::Stopped));
}
