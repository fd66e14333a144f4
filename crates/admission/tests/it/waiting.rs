//! Logins that wait in line, as their callers see them.

use crate::rig::{APP, Rig, check_laws, service, wait};
use admission::{Answered, Error, request_id};
use seats::answer::Present;
use seats::{Answer, Leaving, Micros, Outcome, Rejection, SeatNo, Setting, WhenFull};

/// One seat, held by alice, for whom no heartbeat is expected.
fn full() -> (Rig, seats::AccountId, seats::SessionId) {
    let rig = Rig::new(service());
    let settings = [Setting::WhenFull(WhenFull::Queue), Setting::Lease(None)];
    let clinic = rig.open("clinic", 1, &settings);
    let alice = rig.session(clinic, "alice", "a");
    (rig, clinic, alice)
}

fn told(answer: &Answered) -> (Outcome, bool, Option<Present>) {
    match answer.answer {
        Answer::Login { outcome, again, present, .. } => (outcome, again, present),
        other => panic!("not a login: {other:?}"),
    }
}

fn waiting(answer: &Answered) -> u32 {
    match told(answer).0 {
        Outcome::Waiting { place } => place,
        other => panic!("not in line: {other:?}"),
    }
}

#[test]
fn who_waits_is_told_the_place_and_who_holds_the_seats() {
    let (rig, clinic, _) = full();
    let bob = rig.login(clinic, "bob", "b").unwrap();
    assert_eq!((waiting(&bob), told(&bob).1), (1, false));
    assert_eq!(bob.holders.as_ref().map(|holders| holders.len()), Some(1));
    assert_eq!(waiting(&rig.login(clinic, "carol", "c").unwrap()), 2);
    let again = rig.login(clinic, "bob", "b").unwrap();
    assert_eq!((waiting(&again), told(&again).1, again.position), (1, true, bob.position));
    let occupancy = wait(rig.admission.occupancy(clinic)).unwrap();
    assert_eq!((occupancy.taken, occupancy.line.len()), (1, 2));
    assert_eq!(occupancy.line[0].user, bob.user.unwrap());
}

#[test]
fn an_offer_is_taken_by_asking_again_and_the_answer_stays() {
    let (rig, clinic, alice) = full();
    rig.login(clinic, "bob", "b").unwrap();
    rig.pass(60);
    rig.log_out(clinic, alice).unwrap();
    rig.sweep();
    let occupancy = wait(rig.admission.occupancy(clinic)).unwrap();
    assert_eq!(occupancy.line[0].offer.map(|offer| offer.seat), Some(SeatNo(1)));
    assert_eq!((occupancy.taken, occupancy.holders.len()), (1, 0));
    let granted = rig.login(clinic, "bob", "b").unwrap();
    let (session, seat) = granted.granted().unwrap();
    assert_eq!((seat, told(&granted).1), (SeatNo(1), false));
    // The log knows it from the grant's commit, not from the request's.
    let check = |rig: &Rig, present: &dyn Fn(Option<Present>) -> bool| {
        let again = rig.login(clinic, "bob", "b").unwrap();
        assert_eq!((again.granted(), again.position), (granted.granted(), granted.position));
        assert!(told(&again).1 && present(told(&again).2), "{again:?}");
    };
    check(&rig, &|present| present == Some(Present::Live));
    let rig = rig.restart(Micros::from_secs(5), service());
    check(&rig, &|present| present == Some(Present::Live));
    rig.log_out(clinic, session).unwrap();
    check(&rig, &|present| matches!(present, Some(Present::Ended(Some(_)))));
    for n in 0..40 {
        let other = rig.session(clinic, "dave", &format!("{n}"));
        rig.log_out(clinic, other).unwrap();
    }
    check(&rig, &|present| matches!(present, Some(Present::Ended(Some(_)))));
    check_laws(rig.admission.ledger());
}

#[test]
fn signs_of_life_of_those_in_line_survive_a_restart() {
    let (rig, clinic, _) = full();
    let first = rig.login(clinic, "bob", "b").unwrap();
    rig.login(clinic, "carol", "c").unwrap();
    for _ in 0..5 {
        rig.pass(100);
        assert_eq!(waiting(&rig.login(clinic, "bob", "b").unwrap()), 1);
    }
    let rig = rig.restart(Micros::from_secs(3600), service());
    rig.pass(100);
    let again = rig.login(clinic, "bob", "b").unwrap();
    assert_eq!((waiting(&again), again.position), (1, first.position));
    let gone = rig.login(clinic, "carol", "c").unwrap();
    assert_eq!(told(&gone), (Outcome::Left(Leaving::NotHeardOf), true, None));
    check_laws(rig.admission.ledger());
}

#[test]
fn who_gives_up_or_lets_an_offer_pass_is_told_so() {
    let (rig, clinic, alice) = full();
    let ask = |name: &str| request_id(name).unwrap();
    rig.login(clinic, "bob", "b").unwrap();
    rig.login(clinic, "carol", "c").unwrap();
    let taken = wait(rig.admission.take_offer(clinic, ask("c"), APP)).unwrap();
    assert_eq!((waiting(&taken), taken.user), (2, Some(seats::UserId(3))));
    wait(rig.admission.leave_queue(clinic, ask("b"), APP)).unwrap();
    assert_eq!(
        told(&rig.login(clinic, "bob", "b").unwrap()),
        (Outcome::Left(Leaving::GaveUp), true, None)
    );
    let not_in_line = Err(Error::Rejected(Rejection::NotInLine(ask("b"))));
    assert_eq!(wait(rig.admission.take_offer(clinic, ask("b"), APP)), not_in_line);
    assert_eq!(wait(rig.admission.leave_queue(clinic, ask("b"), APP)), not_in_line);
    rig.log_out(clinic, alice).unwrap();
    rig.pass(60);
    let late = rig.login(clinic, "carol", "c").unwrap();
    assert_eq!(told(&late), (Outcome::Lapsed, true, None));
    assert!(rig.login(clinic, "carol", "c2").unwrap().granted().is_some());
    check_laws(rig.admission.ledger());
}
