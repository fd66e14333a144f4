//! The rig: a ledger in memory, a clock in hand, and short words for what the tests ask.

use admission::{
    Admission, Answered, By, Clock, Error, LoginRequest, ManualClock, NewAccount, Options,
    request_id,
};
use ledger::memory::MemoryStore;
use ledger::{Actor, Ledger, Position, Role};
use seats::{AccountId, Event, Laws, Micros, SessionId, Setting, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const APP: Actor = Actor { role: Role::App, id: 0 };
pub(crate) const ADMIN: Actor = Actor { role: Role::Admin, id: 7 };

/// Tuesday, 2026-03-03, 09:00 UTC.
pub(crate) const NINE: Timestamp = Timestamp::from_secs(1_772_528_400);

pub(crate) struct Rig {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: ManualClock,
    pub(crate) admission: Admission,
}

/// Waits for a future on this thread.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A service whose clock may jump without being taken for asleep, and that sweeps when told.
pub(crate) fn service() -> Options {
    Options { stall: None, sweep_every: Duration::from_secs(1 << 30), ..Options::default() }
}

impl Rig {
    pub(crate) fn new(options: Options) -> Rig {
        Rig::on(MemoryStore::new(), ManualClock::new(NINE), options)
    }

    pub(crate) fn on(store: Arc<MemoryStore>, clock: ManualClock, options: Options) -> Rig {
        let ledger = Ledger::in_memory(Arc::clone(&store)).unwrap();
        let admission = Admission::start(ledger, options, clock.clone()).unwrap();
        Rig { store, clock, admission }
    }

    /// Stops in good order and starts again on the same store, `later`.
    pub(crate) fn restart(self, later: Micros, options: Options) -> Rig {
        wait(self.admission.stop()).unwrap();
        let Rig { store, clock, admission } = self;
        drop(admission);
        clock.advance(later);
        Rig::on(store, clock, options)
    }

    /// What a new process finds after a crash now, with that many unsynced blocks and all of the book.
    pub(crate) fn crash(&self, blocks: usize, options: Options) -> Rig {
        Rig::on(self.store.crash(blocks, true), self.clock.clone(), options)
    }

    pub(crate) fn open(&self, name: &str, licences: u32, settings: &[Setting]) -> AccountId {
        let settings = settings.to_vec();
        let new = NewAccount { settings, ..NewAccount::new(name, "Europe/London", licences) };
        wait(self.admission.open_account(new, APP)).unwrap().account
    }

    pub(crate) fn login(
        &self,
        account: AccountId,
        user: &str,
        request: &str,
    ) -> Result<Answered, Error> {
        wait(self.admission.log_in(login(account, user, request), APP))
    }

    /// The session of a login that must be granted.
    pub(crate) fn session(&self, account: AccountId, user: &str, request: &str) -> SessionId {
        self.login(account, user, request).unwrap().granted().unwrap().0
    }

    pub(crate) fn heartbeat(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<Answered, Error> {
        wait(self.admission.heartbeat(account, session, true, APP))
    }

    pub(crate) fn log_out(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<Answered, Error> {
        wait(self.admission.log_out(account, session, APP))
    }

    pub(crate) fn sweep(&self) {
        wait(self.admission.sweep()).unwrap();
    }

    pub(crate) fn pass(&self, seconds: u32) {
        self.clock.advance(Micros::from_secs(seconds));
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// What the log on disk says of one account.
    pub(crate) fn history(&self, account: AccountId) -> Vec<(Timestamp, Vec<Event>)> {
        history(self.admission.ledger(), account)
    }

    /// Events of one account, without their times.
    pub(crate) fn events(&self, account: AccountId) -> Vec<Event> {
        self.history(account).into_iter().flat_map(|(_, events)| events).collect()
    }
}

pub(crate) fn login(account: AccountId, user: &str, request: &str) -> LoginRequest {
    let user = By::from(user);
    LoginRequest { account, user, site: None, device: None, request: request_id(request).unwrap() }
}

pub(crate) fn history(ledger: &Ledger, account: AccountId) -> Vec<(Timestamp, Vec<Event>)> {
    let commits = ledger.scan(Position(0)).map(|record| record.unwrap().commit);
    let ours = commits.filter(|commit| commit.account == account);
    ours.map(|commit| (commit.at, commit.events)).collect()
}

/// Checks every law on the whole log, and that neither time goes back.
pub(crate) fn check_laws(ledger: &Ledger) {
    let mut laws: BTreeMap<AccountId, Laws> = BTreeMap::new();
    let mut recorded_at = Timestamp::ZERO;
    for record in ledger.scan(Position(0)) {
        let record = record.unwrap();
        let commit = record.commit;
        let account = laws.entry(commit.account).or_insert_with(|| Laws::new(commit.account));
        if let Err(breach) = account.check(commit.at, &commit.events) {
            panic!("position {}: {breach}", record.position);
        }
        assert!(commit.recorded_at >= recorded_at && commit.recorded_at >= commit.at);
        recorded_at = commit.recorded_at;
    }
}
