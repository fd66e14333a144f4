//! Many at once.

use crate::rig::{APP, Rig, check_laws, login, service, wait};
use admission::{Answered, Error, Request};
use seats::{Answer, Command, Event, Outcome};
use std::collections::BTreeSet;
use std::thread;

#[test]
fn sixty_four_contenders_never_hold_more_than_five_seats() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 5, &[]);
    let granted: usize = thread::scope(|scope| {
        let contender = |user: usize| {
            let admission = rig.admission.clone();
            move || {
                let mut granted = 0;
                for round in 0..30 {
                    let request = format!("{user} {round}");
                    let asked = login(clinic, &format!("user {user}"), &request);
                    let answer = wait(admission.log_in(asked, APP)).unwrap();
                    let Some((session, _)) = answer.granted() else {
                        let holders = answer.holders.expect("a denial says who holds the seats");
                        let seats: BTreeSet<_> = holders.iter().map(|holder| holder.seat).collect();
                        assert_eq!(seats.len(), 5);
                        assert!(holders.iter().all(|holder| Some(holder.user) != answer.user));
                        continue;
                    };
                    granted += 1;
                    wait(admission.log_out(clinic, session, APP)).unwrap();
                }
                granted
            }
        };
        let contenders: Vec<_> = (0..64).map(|user| scope.spawn(contender(user))).collect();
        contenders.into_iter().map(|contender| contender.join().unwrap()).sum()
    });
    let (mut held, mut most, mut grants) = (0_usize, 0, 0);
    for event in rig.events(clinic) {
        match event {
            Event::SeatGranted { .. } => {
                held += 1;
                grants += 1;
            }
            Event::LoggedOut { .. } => held -= 1,
            _ => {}
        }
        most = most.max(held);
    }
    assert_eq!((held, grants), (0, granted));
    assert!(most <= 5 && granted >= 64, "{most} held, {granted} granted");
    check_laws(rig.admission.ledger());
    wait(rig.admission.stop()).unwrap();
}

#[test]
fn a_batch_over_many_accounts_is_answered_in_its_order() {
    let rig = Rig::new(service());
    let accounts: Vec<_> = (0..50).map(|n| rig.open(&format!("account {n}"), 2, &[])).collect();
    let ask = |n: usize| {
        let (account, user) = (accounts[n % 50], format!("user {}", n / 50));
        (Request::LogIn(login(account, &user, &n.to_string())), APP)
    };
    let answers = wait(rig.admission.submit_many((0..150).map(ask)));
    let mut positions = BTreeSet::new();
    for (n, answer) in answers.iter().enumerate() {
        let answer = answer.as_ref().unwrap();
        assert_eq!(answer.account, accounts[n % 50]);
        // Two seats each: the third user of each account is refused.
        assert_eq!(answer.granted().is_some(), n < 100, "{n}: {answer:?}");
        let position = answer.position.unwrap();
        assert!(positions.insert(position), "{position} twice");
        let commit = rig.admission.ledger().record(position).unwrap().unwrap().commit;
        assert_eq!(commit.account, answer.account);
        let asked = commit.events.iter().any(|event| match event {
            Event::LoginRequested { user, .. } => Some(*user) == answer.user,
            _ => false,
        });
        assert!(asked, "the answer names the commit that holds it");
    }
    assert_eq!(answers.len(), 150);
    check_laws(rig.admission.ledger());
}

#[test]
fn a_batch_hands_back_answers_as_they_come() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let mut batch = rig.admission.batch();
    let first = batch.push(Request::LogIn(login(clinic, "alice", "1")), APP);
    let bad = batch.push(Request::LogIn(login(clinic, "", "2")), APP);
    let gone = Command::LogOut { session: seats::SessionId(99) };
    let rejected = batch.push(Request::Command { account: clinic, command: gone }, APP);
    assert_eq!((first, bad, rejected, batch.open()), (0, 1, 2, 3));
    let mut answers: Vec<(u64, Result<Answered, Error>)> = Vec::new();
    while batch.open() > 0 {
        answers.extend(wait(batch.answers()));
    }
    answers.sort_by_key(|(tag, _)| *tag);
    assert!(matches!(
        answers[0].1.as_ref().unwrap().answer,
        Answer::Login { outcome: Outcome::Granted { .. }, .. }
    ));
    assert!(matches!(answers[1].1, Err(Error::BadText(_))), "{:?}", answers[1]);
    assert!(matches!(answers[2].1, Err(Error::Rejected(_))), "{:?}", answers[2]);
    assert_eq!(wait(batch.answers()), []);
    // It goes on.
    assert_eq!(batch.push(Request::LogIn(login(clinic, "bob", "3")), APP), 3);
    assert_eq!(wait(batch.answers()).len(), 1);
}
