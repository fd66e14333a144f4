//! The client against a real server on a real socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use admission::{ManualClock, NewAccount, Options};
use client::{BadToken, Client, Error, LoggedIn};
use ledger::{Actor, Ledger, Role};
use seats::policy::WhenFull;
use seats::{AccountId, Micros, Setting, Timestamp};
use server::access::{NewToken, TokenRole};
use server::serve::{Limits, run};
use server::{Service, Settings};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const NOW: Timestamp = Timestamp::from_secs(1_777_881_600);

struct House {
    client: Client,
    service: Arc<Service>,
    clock: ManualClock,
    runtime: tokio::runtime::Runtime,
    stop: Option<oneshot::Sender<()>>,
    _dir: TempDir,
}

impl House {
    fn new() -> House {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("ledger");
        let ledger = Ledger::open_or_create(&data, &ledger::Options::default()).unwrap();
        let clock = ManualClock::new(NOW);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let access = data.join("access");
        let (url, token, service) = runtime.block_on(async {
            let options = Options { stall: None, ..Options::default() };
            let settings = Settings::default();
            let service = Service::start(ledger, &access, settings, options, clock.clone());
            let service = Arc::new(service.unwrap());
            let admin = Actor { role: Role::Admin, id: 0 };
            let new = NewAccount::new("clinic", "Europe/London", 1);
            service.admission().open_account(new, admin).await.unwrap();
            let (role, label) = (TokenRole::App, String::new());
            let new = NewToken { role, accounts: None, label, expires_at: None };
            let (_, token) = service.access().make(new, NOW).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let time = Duration::from_secs(5);
            let limits = Limits { connections_max: 10, header_time: time, idle_time: time };
            let routes = server::routes(Arc::clone(&service));
            let stopped = async move { drop(stopped.await) };
            tokio::spawn(run(routes, listener, limits, None, stopped));
            (url, token, service)
        });
        let client = Client::new(&url, &token).retries(1);
        House { client, service, clock, runtime, stop: Some(stop), _dir: dir }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.runtime.block_on(tokio::task::yield_now());
    }
}

#[test]
fn a_seat_is_taken_checked_lost_and_explained() {
    let house = House::new();
    let client = &house.client;
    let LoggedIn::Granted(alice) = client.log_in("clinic", "alice").unwrap() else { panic!() };
    let checker = client.checker().unwrap();
    let now = NOW.0 / 1_000_000;
    let seat = checker.check(&alice.token, now).unwrap();
    assert_eq!((seat.account.as_str(), seat.session, seat.seat), ("clinic", 1, 1));
    let LoggedIn::Refused(refusal) = client.log_in("clinic", "bob").unwrap() else { panic!() };
    assert_eq!(
        (refusal.code.as_str(), &refusal.holders[0]["user"]),
        ("all_seats_held", &"alice".into())
    );
    assert!(refusal.retry_after_s.is_some());
    assert_eq!(client.heartbeat("clinic", 1, true).unwrap().seat, 1);

    house.clock.advance(Micros::from_secs(121));
    assert_eq!(checker.check(&alice.token, now + 121), Err(BadToken::Expired));
    let LoggedIn::Granted(bob) = client.log_in("clinic", "bob").unwrap() else { panic!() };
    assert!(checker.check(&bob.token, now + 121).unwrap().epoch > seat.epoch);
    let lost = client.heartbeat("clinic", 1, true).unwrap_err();
    assert!(matches!(lost, Error::SessionOver { how, .. } if how == "reclaimed"));
    client.log_out("clinic", 1).unwrap();
    client.log_out("clinic", bob.session).unwrap();
}

#[test]
fn an_attempt_asked_again_takes_no_second_seat() {
    let house = House::new();
    let first = house.client.log_in_as("clinic", "alice", "attempt-1").unwrap();
    let again = house.client.log_in_as("clinic", "alice", "attempt-1").unwrap();
    let session = |answer: &LoggedIn| match answer {
        LoggedIn::Granted(granted) => granted.session,
        LoggedIn::InLine { .. } | LoggedIn::Refused(_) => 0,
    };
    assert_eq!((session(&first), session(&again)), (1, 1));
}

#[test]
fn whoever_waits_in_line_asks_again_or_leaves() {
    let house = House::new();
    let policy = vec![Setting::WhenFull(WhenFull::Queue)];
    house.runtime.block_on(async {
        let (account, admin) = (AccountId(1), Actor { role: Role::Admin, id: 0 });
        house.service.admission().change_policy(account, policy, admin).await.unwrap();
    });
    let client = &house.client;
    let LoggedIn::Granted(alice) = client.log_in("clinic", "alice").unwrap() else { panic!() };
    let LoggedIn::InLine { attempt, place, .. } = client.log_in("clinic", "bob").unwrap() else {
        panic!()
    };
    assert_eq!(place, 1);
    let LoggedIn::InLine { attempt: carol, .. } = client.log_in("clinic", "carol").unwrap() else {
        panic!()
    };
    client.leave_line("clinic", &carol).unwrap();
    client.log_out("clinic", alice.session).unwrap();
    let bob = client.log_in_as("clinic", "bob", &attempt).unwrap();
    assert!(matches!(bob, LoggedIn::Granted(_)), "{bob:?}");
    assert!(matches!(client.leave_line("clinic", &carol), Err(Error::Refused { status: 409, .. })));
}

#[test]
fn what_is_wrong_with_a_call_is_said_and_not_tried_again() {
    let house = House::new();
    let error = house.client.log_in("nowhere", "alice").unwrap_err();
    assert!(
        matches!(&error, Error::Refused { status: 404, code, .. } if code == "unknown_account"),
        "{error}"
    );
    let error = house.client.heartbeat("clinic", 9, true).unwrap_err();
    assert!(matches!(&error, Error::Refused { status: 404, .. }), "{error}");
}

#[test]
fn a_server_that_is_not_there_lets_nobody_in() {
    let client = Client::new("http://127.0.0.1:9", "sl_1_00").retries(1);
    assert!(matches!(client.log_in("clinic", "alice"), Err(Error::Unreachable(_))));
}

#[test]
fn tokens_of_others_are_not_believed() {
    let house = House::new();
    let LoggedIn::Granted(alice) = house.client.log_in("clinic", "alice").unwrap() else {
        panic!()
    };
    let other = House::new();
    let theirs = other.client.checker().unwrap();
    let now = NOW.0 / 1_000_000;
    assert_eq!(theirs.check(&alice.token, now), Err(BadToken::UnknownKey));
    let ours = house.client.checker().unwrap();
    let mut changed = alice.token.clone();
    changed.replace_range(changed.len() - 4.., "AAAA");
    for bad in [changed.as_str(), "", "a.b.c", &"x".repeat(5_000)] {
        assert_eq!(ours.check(bad, now), Err(BadToken::NotOurs), "{bad}");
    }
}

#[test]
fn a_holder_is_asked_for_the_seat_and_answers() {
    let house = House::new();
    let client = &house.client;
    let settings = vec![Setting::HandOver(Some(60)), Setting::ReleaseFloor(0)];
    let admin = Actor { role: Role::Admin, id: 0 };
    let changed = house.service.admission().change_policy(AccountId(1), settings, admin);
    house.runtime.block_on(changed).unwrap();
    let LoggedIn::Granted(alice) = client.log_in("clinic", "alice").unwrap() else { panic!() };
    let asks = |attempt| match client.ask_hand_over("clinic", "bob", attempt, None).unwrap() {
        LoggedIn::InLine { asking, place, .. } => (place, asking),
        other => panic!("{other:?}"),
    };
    let (place, asking) = asks("b1");
    let asking = asking.unwrap();
    assert_eq!((place, asking.state.as_str(), asking.of.as_deref()), (1, "asked", Some("alice")));
    let asked_for = client.heartbeat("clinic", alice.session, true).unwrap().asked_for.unwrap();
    assert_eq!((asked_for.by.as_str(), asked_for.handover), ("bob", 1));
    client.answer_hand_over("clinic", alice.session, 1, false).unwrap();
    let (_, asking) = asks("b1");
    assert_eq!(asking.unwrap().state, "declined");
    let LoggedIn::InLine { asking, .. } =
        client.ask_hand_over("clinic", "carol", "c1", Some(1)).unwrap()
    else {
        panic!()
    };
    let handover = asking.unwrap().handover;
    client.answer_hand_over("clinic", alice.session, handover, true).unwrap();
    let LoggedIn::Granted(carol) = client.log_in_as("clinic", "carol", "c1").unwrap() else {
        panic!()
    };
    assert_eq!(carol.seat, 1);
    let lost = client.heartbeat("clinic", alice.session, true).unwrap_err();
    assert!(matches!(lost, Error::SessionOver { how, .. } if how == "handed_over"));
}
