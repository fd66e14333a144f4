//! The same request id asks the same question, for ever.

use crate::rig::{APP, Rig, login, service, wait};
use admission::{Answered, Error, LoginRequest, Request};
use seats::account::End;
use seats::answer::Present;
use seats::{AccountId, Answer, EndedBy, Event, Micros, Outcome, Rejection, Setting};

/// Outcome, whether it is a repeat, and what the session is now.
fn told(answer: &Answered) -> (Outcome, bool, Option<Present>) {
    match answer.answer {
        Answer::Login { outcome, again, present, .. } => (outcome, again, present),
        other => panic!("not a login: {other:?}"),
    }
}

fn requests(rig: &Rig, account: AccountId) -> usize {
    let asked = |event: &Event| matches!(event, Event::LoginRequested { .. });
    rig.events(account).iter().filter(|event| asked(event)).count()
}

#[test]
fn a_repeat_gets_the_first_answer_with_the_present_state() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let first = rig.login(clinic, "alice", "1").unwrap();
    let (outcome, again, present) = told(&first);
    assert_eq!((again, present), (false, Some(Present::Live)));
    let (session, _) = first.granted().unwrap();

    let check = |rig: &Rig, expected: &dyn Fn(Option<Present>) -> bool| {
        let repeat = rig.login(clinic, "alice", "1").unwrap();
        let (told_outcome, again, present) = told(&repeat);
        assert_eq!((told_outcome, again, repeat.position), (outcome, true, first.position));
        assert!(expected(present), "{present:?}");
        assert_eq!(requests(rig, clinic), 1);
    };
    check(&rig, &|present| present == Some(Present::Live));
    rig.pass(121);
    check(&rig, &|present| present == Some(Present::Dormant));
    rig.log_out(clinic, session).unwrap();
    let logged_out = |present| match present {
        Some(Present::Ended(Some(ending))) => ending.end == End::LoggedOut(EndedBy::User, None),
        _ => false,
    };
    check(&rig, &logged_out);
    let rig = rig.restart(Micros::from_secs(3600), service());
    check(&rig, &logged_out);
}

#[test]
fn a_denial_stays_a_denial() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let alice = rig.session(clinic, "alice", "1");
    let denied = rig.login(clinic, "bob", "2").unwrap();
    assert_eq!(denied.holders.as_ref().unwrap().len(), 1);
    rig.log_out(clinic, alice).unwrap();
    let rig = rig.restart(Micros::from_secs(1), service());
    let repeat = rig.login(clinic, "bob", "2").unwrap();
    assert_eq!(told(&repeat).0, told(&denied).0);
    assert_eq!((told(&repeat).1, repeat.position, &repeat.holders), (true, denied.position, &None));
    assert!(
        rig.login(clinic, "bob", "3").unwrap().granted().is_some(),
        "a new id is a new attempt"
    );
}

#[test]
fn another_body_under_the_same_id_is_refused() {
    let rig = Rig::new(service());
    let (clinic, other) = (rig.open("clinic", 9, &[]), rig.open("other", 9, &[]));
    wait(rig.admission.add_site(clinic, "north", APP)).unwrap();
    rig.session(clinic, "alice", "1");
    rig.session(clinic, "bob", "2");
    let size = rig.admission.ledger().head().size;
    let reused = Err(Error::Rejected(Rejection::RequestReused));
    let ask = |login: LoginRequest| wait(rig.admission.log_in(login, APP));
    assert_eq!(ask(login(clinic, "bob", "1")), reused);
    assert_eq!(ask(login(clinic, "nobody yet", "1")), reused);
    let device = Some(String::from("a new laptop"));
    assert_eq!(ask(LoginRequest { device, ..login(clinic, "alice", "1") }), reused);
    let site = Some("north".into());
    assert_eq!(ask(LoginRequest { site, ..login(clinic, "alice", "1") }), reused);
    assert_eq!(rig.admission.ledger().head().size, size, "nothing is recorded for it");
    // Neither was anybody entered in the directory: the next newcomer is the third user.
    assert_eq!(rig.login(clinic, "carol", "3").unwrap().user, Some(seats::UserId(3)));
    assert!(rig.login(other, "bob", "1").is_ok(), "an id is scoped to the account");
}

#[test]
fn a_repeat_in_the_same_group_is_one_login() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 5, &[]);
    let asks = (0..10).map(|_| (Request::LogIn(login(clinic, "alice", "1")), APP));
    let answers: Vec<_> =
        wait(rig.admission.submit_many(asks)).into_iter().map(Result::unwrap).collect();
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(told(answer).1, n > 0);
        assert_eq!(
            (answer.granted(), answer.position),
            (answers[0].granted(), answers[0].position)
        );
    }
    assert_eq!(requests(&rig, clinic), 1);
}

#[test]
fn how_a_long_ended_session_ended_is_found_in_the_log() {
    let rig = Rig::new(service());
    let settings = [Setting::SameUser(seats::SameUser::Separate)];
    let clinic = rig.open("clinic", 50, &settings);
    let ended = rig.session(clinic, "alice", "first");
    rig.log_out(clinic, ended).unwrap();
    let ended_at = rig.clock_now();
    rig.pass(1);
    for n in 0..40 {
        let session = rig.session(clinic, "bob", &format!("{n}"));
        rig.log_out(clinic, session).unwrap();
    }
    let check = |rig: &Rig| {
        let repeat = rig.login(clinic, "alice", "first").unwrap();
        let Some(Present::Ended(Some(ending))) = told(&repeat).2 else {
            panic!("{repeat:?}");
        };
        assert_eq!((ending.session, ending.at, ending.last_seen), (ended, ended_at, ended_at));
        assert_eq!(ending.end, End::LoggedOut(EndedBy::User, None));
    };
    check(&rig);
    let rig = rig.restart(Micros::from_secs(60), service());
    check(&rig);
    // Also while something of the account is on its way: the answer waits for it.
    let asks = [login(clinic, "carol", "c"), login(clinic, "alice", "first")];
    let asks = asks.map(|login| (Request::LogIn(login), APP));
    let answers = wait(rig.admission.submit_many(asks));
    let last = answers[1].as_ref().unwrap();
    assert!(matches!(told(last).2, Some(Present::Ended(Some(_)))), "{last:?}");
}
