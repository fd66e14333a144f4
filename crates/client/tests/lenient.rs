//! Letting people in while the server is away, and telling it afterwards: a real server that goes and comes back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

use admission::{NewAccount, Options, SystemClock};
use client::{Bound, Client, Error, Lenient, LetIn, LoggedIn};
use ledger::{Actor, Ledger, Position, Role};
use seats::{Event, Timestamp, UserId};
use server::access::{NewToken, TokenRole};
use server::serve::{Limits, run};
use server::{Service, Settings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that can be stopped, and started again at the same address.
struct Server {
    runtime: tokio::runtime::Runtime,
    service: Arc<Service>,
    at: SocketAddr,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Server {
    fn start(dir: &std::path::Path) -> (Server, String) {
        let data = dir.join("ledger");
        let ledger = Ledger::open_or_create(&data, &ledger::Options::default()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let access = data.join("access");
        let service = runtime.block_on(async {
            let (settings, options) = (Settings::default(), Options::default());
            Arc::new(Service::start(ledger, &access, settings, options, SystemClock).unwrap())
        });
        let admin = Actor { role: Role::Admin, id: 0 };
        let new = NewAccount::new("clinic", "Europe/London", 1);
        runtime.block_on(service.admission().open_account(new, admin)).unwrap();
        let (role, label) = (TokenRole::App, String::new());
        let new = NewToken { role, accounts: None, label, expires_at: None };
        let (_, token) = service.access().make(new, Timestamp(1)).unwrap();
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { runtime, service, at, running: None };
        server.comes_back();
        (server, token)
    }

    fn comes_back(&mut self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = server::routes(Arc::clone(&self.service));
        let time = Duration::from_secs(5);
        let limits = Limits { connections_max: 10, header_time: time, idle_time: time };
        let listener = self.runtime.block_on(TcpListener::bind(self.at)).unwrap();
        self.at = listener.local_addr().unwrap();
        let stopped = async move { drop(stopped.await) };
        let serving = self.runtime.spawn(run(routes, listener, limits, None, stopped));
        self.running = Some((stop, serving));
    }

    fn goes(&mut self) {
        let (stop, serving) = self.running.take().unwrap();
        drop(stop);
        self.runtime.block_on(serving).unwrap();
    }

    fn facts(&self) -> Vec<UserId> {
        let commits = self.service.admission().ledger().scan(Position(0));
        let events = commits.flat_map(|record| record.unwrap().commit.events);
        let taken = events.filter_map(|event| match event {
            Event::SeatTakenOffline { user, from, to, .. } => {
                assert!(from <= to);
                Some(user)
            }
            _ => None,
        });
        taken.collect()
    }
}

#[test]
fn a_bounded_number_is_let_in_while_the_server_is_away_and_it_is_told_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, token) = Server::start(dir.path());
    let url = format!("http://{}", server.at);
    let client = Client::new(&url, &token).retries(1);
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&seconds);
    let clock = move || Duration::from_secs(clock.load(Ordering::SeqCst));
    let lenient = Lenient::new(client.clone(), Bound { users: 2, minutes: 5 }, clock);
    let first = lenient.log_in("clinic", "alice").unwrap();
    assert!(matches!(first, LetIn::Answered(LoggedIn::Granted(_))), "{first:?}");
    let refused = lenient.log_in("clinic", "bob").unwrap();
    assert!(matches!(refused, LetIn::Answered(LoggedIn::Refused(_))), "a refusal is an answer");

    server.goes();
    assert!(matches!(client.log_in("clinic", "bob"), Err(Error::Unreachable(_))), "fails closed");
    let LetIn::Offline(bob) = lenient.log_in("clinic", "bob").unwrap() else { panic!() };
    let LetIn::Offline(carol) = lenient.log_in("clinic", "carol").unwrap() else { panic!() };
    assert!(matches!(lenient.log_in("clinic", "dan"), Err(Error::Unreachable(_))), "a third");
    assert!(lenient.may_stay(&bob) && lenient.may_stay(&carol));
    lenient.leave(&carol);
    assert!(!lenient.may_stay(&carol));
    assert!(matches!(lenient.tell(), Err(Error::Unreachable(_))), "and nothing is lost by it");
    seconds.store(300, Ordering::SeqCst);
    assert!(!lenient.may_stay(&bob), "the five minutes are over");
    assert!(matches!(lenient.log_in("clinic", "bob"), Err(Error::Unreachable(_))));

    server.comes_back();
    let back = lenient.log_in("clinic", "bob").unwrap();
    assert!(matches!(back, LetIn::Answered(LoggedIn::Refused(_))), "alice has the one seat");
    assert!(!lenient.may_stay(&bob));
    assert_eq!(server.facts().len(), 2, "bob and carol, once each");
    assert_eq!(lenient.tell(), Ok(0));
    assert!(ledger::verify::ledger(server.service.admission().ledger(), |_, _| ()).ok);
}
