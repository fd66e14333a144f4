//! One account after some commit, with what reports need beyond the rules' own state.
//!
//! The rules' [`Account`] says who sits where. The [`Notes`] say, so that no report has to read the whole
//! history for it: which commit last refused and last granted each user a seat, every change of licences
//! and of the price plan, and when the account was opened and closed.

use crate::Evidence;
use bincode::{Decode, Encode};
use ledger::{Ledger, Position, ReadError, Record};
use seats::closing::Closing;
use seats::{
    Account, AccountId, ByUser, Digest, Effective, Event, Liveness, RequestId, Timestamp, UserId,
    settle,
};
use std::collections::BTreeMap;

/// What an account remembers of one user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Marks {
    /// The commit that last refused the user, or put the user in line.
    pub refused: Option<Position>,
    /// The commit that last granted the user a seat.
    pub granted: Option<Position>,
}

/// A change of licences, as it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct LicenceChange {
    /// When it was recorded, and where.
    pub recorded: Evidence,
    /// Licences before, as known then.
    pub from: u32,
    /// Licences from the effective instant on.
    pub to: u32,
    /// When it counts from.
    pub effective: Effective,
}

/// An assignment of a price plan, as it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PlanChange {
    /// When it was recorded, and where.
    pub recorded: Evidence,
    /// BLAKE3 of the plan file.
    pub plan: Digest,
    /// When it counts from.
    pub effective: Effective,
}

/// A month that was closed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ClosedNote {
    /// When it was recorded, and where.
    pub recorded: Evidence,
    /// What it came to.
    pub closing: Closing,
}

/// What reports need beyond the rules' state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Notes {
    users: ByUser<Marks>,
    licences: Vec<LicenceChange>,
    plans: Vec<PlanChange>,
    opened: Option<Evidence>,
    closed: Option<Evidence>,
    periods: Vec<ClosedNote>,
    overdraft: Option<(Timestamp, Timestamp)>,
}

impl Notes {
    /// What is remembered of a user.
    pub fn user(&self, user: UserId) -> Marks {
        self.users.get(user).copied().unwrap_or_default()
    }
    /// Changes of licences in the order in which they were recorded.
    pub fn licences(&self) -> &[LicenceChange] {
        &self.licences
    }
    /// Assignments of price plans in the order in which they were recorded.
    pub fn plans(&self) -> &[PlanChange] {
        &self.plans
    }
    /// When the account was opened.
    pub fn opened(&self) -> Option<Evidence> {
        self.opened
    }
    /// When the account was closed.
    pub fn closed(&self) -> Option<Evidence> {
        self.closed
    }
    /// The months that were closed, in order.
    pub fn periods(&self) -> &[ClosedNote] {
        &self.periods
    }
    /// When a seat was first and last granted as overdraft.
    pub fn overdraft(&self) -> Option<(Timestamp, Timestamp)> {
        self.overdraft
    }

    /// Takes up a commit; `before` is the account as it was before it.
    fn apply(&mut self, before: &Account, record: &Record) {
        let recorded = Evidence::of(record);
        // Mostly a request is answered at once: the newest one is kept apart, and no list is made.
        let mut newest: Option<(RequestId, UserId)> = None;
        let mut older: Option<Vec<(RequestId, UserId)>> = None;
        let left_by_before =
            || before.pending().iter().map(|one| (one.request, one.user)).collect();
        for event in &record.commit.events {
            match event {
                Event::AccountOpened { .. } => self.opened = Some(recorded),
                Event::AccountClosed => self.closed = Some(recorded),
                Event::PeriodClosed(closing) => {
                    let closing = Closing::clone(closing);
                    self.periods.push(ClosedNote { recorded, closing });
                }
                Event::LicencesChanged { from, to, effective } => {
                    let (from, to, effective) = (*from, *to, *effective);
                    self.licences.push(LicenceChange { recorded, from, to, effective });
                }
                Event::PlanAssigned { plan, effective } => {
                    let (plan, effective) = (*plan, *effective);
                    self.plans.push(PlanChange { recorded, plan, effective });
                }
                Event::LoginRequested { request, user, .. } => {
                    if let Some(earlier) = newest.replace((*request, *user)) {
                        older.get_or_insert_with(left_by_before).push(earlier);
                    }
                }
                Event::Queued { .. } => {
                    if let Some((_, user)) = newest {
                        let marks = self.users.get_or_insert_with(user, Marks::default);
                        marks.refused = Some(record.position);
                    }
                }
                Event::SeatGranted { request, .. } | Event::SeatDenied { request, .. } => {
                    if matches!(event, Event::SeatGranted { overdraft: true, .. }) {
                        let first = self.overdraft.map_or(recorded.at, |(first, _)| first);
                        self.overdraft = Some((first, recorded.at));
                    }
                    let older = older.get_or_insert_with(left_by_before);
                    let answered = match request {
                        None => newest.take().or_else(|| older.pop()),
                        Some(id) => match older.iter().position(|(other, _)| other == id) {
                            Some(place) => Some(older.remove(place)),
                            None => newest.take_if(|(other, _)| other == id),
                        },
                    };
                    if let Some((_, answered)) = answered {
                        let marks = self.users.get_or_insert_with(answered, Marks::default);
                        match event {
                            Event::SeatGranted { .. } => marks.granted = Some(record.position),
                            _ => marks.refused = Some(record.position),
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// One account after some commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occupancy {
    /// Who sits where, and everything else the rules know.
    pub account: Account,
    /// What reports need beyond it.
    pub notes: Notes,
    /// The commit it follows; `None`: nothing has happened yet.
    pub last: Option<Evidence>,
}

impl Occupancy {
    /// An account to which nothing has happened.
    pub fn empty(account: AccountId) -> Occupancy {
        Occupancy { account: Account::new(account), notes: Notes::default(), last: None }
    }

    /// Every account as it is at the head, folded from the log on every core.
    ///
    /// # Errors
    /// What cannot be read, at the lowest such position.
    pub fn of_all(ledger: &Ledger) -> Result<BTreeMap<AccountId, Occupancy>, ReadError> {
        ledger.fold_accounts(Occupancy::empty, Occupancy::apply)
    }

    /// Takes up the account's next commit.
    pub fn apply(&mut self, record: &Record) {
        self.notes.apply(&self.account, record);
        self.account.apply(record.commit.at, &record.commit.events);
        self.last = Some(Evidence::of(record));
    }

    /// The account at `at` if nothing is recorded until then: what is due by time alone has happened.
    ///
    /// For instants after the account's last commit, with the signs of life saved beside the log. Nothing
    /// of it is recorded yet, so it is a view, not history.
    pub fn settled(&self, liveness: &Liveness, at: Timestamp) -> Account {
        let mut account = self.account.clone();
        for due in settle(&self.account, liveness, at) {
            account.apply(due.at, &due.events);
        }
        account
    }
}
