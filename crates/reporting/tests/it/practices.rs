//! Several accounts in one ledger, whose commits are written as they are, without asking the rules.

use crate::clinic::append;
use ledger::memory::MemoryStore;
use ledger::{Actor, Ledger, Role, Subject};
use projector::Views;
use reporting::civil::{Month, Zone, read_date};
use reporting::commercial::{Accounts, Months, Scope};
use reporting::{Closable, Reports};
use seats::{AccountId, Effective, Event, Micros, Timestamp};
use std::collections::BTreeMap;

pub(crate) struct Practices {
    pub(crate) ledger: Ledger,
    zones: BTreeMap<u64, Zone>,
    licences: BTreeMap<u64, u32>,
    pub(crate) now: Timestamp,
    /// How much later everything is recorded.
    pub(crate) later: Micros,
    notes: u64,
}

impl Practices {
    pub(crate) fn new() -> Practices {
        let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
        let (zones, licences) = (BTreeMap::new(), BTreeMap::new());
        Practices { ledger, zones, licences, now: Timestamp::ZERO, later: Micros::ZERO, notes: 0 }
    }

    /// Lets time pass to an instant in UTC.
    pub(crate) fn at(&mut self, at: &str) -> &mut Practices {
        self.now = Zone::UTC.read_time(at).unwrap();
        self
    }

    pub(crate) fn zone(&self, account: u64) -> Zone {
        self.zones[&account]
    }

    pub(crate) fn open(&mut self, account: u64, zone: &str, licences: u32, plan: Option<&str>) {
        let id = AccountId(account);
        let name = format!("Practice {account}");
        let profile = self.ledger.book().enrol(Subject::account(id), &name).unwrap();
        self.zones.insert(account, Zone::parse(zone).unwrap());
        let effective = Effective { instant: self.now, date: None };
        let mut events = vec![
            Event::AccountOpened { zone: zone.to_owned(), profile },
            Event::LicencesChanged { from: 0, to: licences, effective },
        ];
        self.licences.insert(account, licences);
        events.extend(plan.map(|plan| self.plan(plan, effective)));
        self.record(account, (Role::Admin, 1), events);
    }

    fn plan(&self, plan: &str, effective: Effective) -> Event {
        let plan = self.ledger.book().keep_plan(plan.as_bytes()).unwrap();
        Event::PlanAssigned { plan, effective }
    }

    /// Assigns a plan from a civil day on.
    pub(crate) fn assign(&mut self, account: u64, plan: &str, from: &str) {
        let effective = self.zone(account).effective(read_date(from).unwrap()).unwrap();
        let event = self.plan(plan, effective);
        self.record(account, (Role::Finance, 7), vec![event]);
    }

    /// A change of licences with a reason.
    pub(crate) fn licences(&mut self, account: u64, to: u32, from: &str, reason: &str) -> Subject {
        let instant = self.zone(account).read_time(from).unwrap();
        self.notes += 1;
        let subject = Subject::note(AccountId(account), self.notes);
        let note = self.ledger.book().enrol(subject, reason).unwrap();
        let mut events = vec![self.change(account, to, instant)];
        events.push(Event::ReasonGiven { note });
        self.record(account, (Role::Finance, 3), events);
        subject
    }

    pub(crate) fn change(&mut self, account: u64, to: u32, instant: Timestamp) -> Event {
        let from = self.licences.insert(account, to).unwrap();
        Event::LicencesChanged { from, to, effective: Effective { instant, date: None } }
    }

    /// Closes a month, if it may be closed.
    pub(crate) fn close(&mut self, account: u64, month: Month) -> bool {
        let views = self.views();
        let reports = Reports::new(&views, "test");
        let finance = Actor { role: Role::Finance, id: 9 };
        let closable = reports.closable(AccountId(account), month, self.now, finance);
        let Ok(Closable::Now(proposed)) = closable else { return false };
        self.ledger.book().keep_statement(&proposed.statement).unwrap();
        let closed = Event::PeriodClosed(Box::new(proposed.closing));
        self.record(account, (Role::Finance, 9), vec![closed]);
        true
    }

    pub(crate) fn record(&mut self, account: u64, (role, id): (Role, u32), events: Vec<Event>) {
        let times = (self.now, self.now + self.later);
        append(&self.ledger, AccountId(account), Actor { role, id }, times, events);
    }

    pub(crate) fn views(&self) -> Views {
        Views::without_snapshots(&self.ledger)
    }

    /// All accounts, from one month to another, as known now.
    pub(crate) fn scope(&self, from: &str, to: &str) -> Scope {
        let month = |text| Month::read(text).unwrap();
        let months = Months::new(month(from), month(to)).unwrap();
        Scope { accounts: Accounts::All, months, now: self.now }
    }
}
