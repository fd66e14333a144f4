//! How full the accounts are, all together, for those who watch.
//!
//! A few numbers for each account, folded from the log beside the views: to add up a hundred thousand accounts is
//! then a matter of a moment. The answer names no account, so it stays as long with a million of them.

use seats::account::Account;
use seats::{AccountId, Event, Licences, Standing, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub(crate) struct Occupied(Mutex<HashMap<AccountId, Held>>);

/// What is known of an account.
struct Held {
    /// The commits that are in it.
    version: u64,
    sessions: u32,
    in_line: u32,
    licences: Licences,
    is_open: bool,
}

/// All accounts together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    /// Accounts that are not closed.
    pub(crate) accounts: u64,
    /// Of these, with as many sessions as licences or more.
    pub(crate) full: u64,
    /// Licences in force.
    pub(crate) licences: u64,
    /// Sessions that hold a seat.
    pub(crate) sessions: u64,
    /// Logins in line.
    pub(crate) in_line: u64,
}

impl Occupied {
    /// Takes an account as it stands, where nothing newer is known.
    pub(crate) fn begin(&self, account: &Account) {
        if account.standing() == Standing::Unopened {
            return;
        }
        let held = Held {
            version: account.version(),
            sessions: u32::try_from(account.sessions().len()).unwrap_or(u32::MAX),
            in_line: u32::try_from(account.line().count()).unwrap_or(u32::MAX),
            licences: account.licences().clone(),
            is_open: account.standing() != Standing::Closed,
        };
        self.lock().insert(account.id(), held);
    }

    /// Adds what a commit of that version says.
    pub(crate) fn add(&self, account: AccountId, version: u64, events: &[Event]) {
        if account == AccountId::SYSTEM {
            return;
        }
        let mut accounts = self.lock();
        let held = accounts.entry(account).or_insert_with(|| Held {
            version: 0,
            sessions: 0,
            in_line: 0,
            licences: Licences::default(),
            is_open: true,
        });
        if version <= held.version {
            return;
        }
        held.version = version;
        events.iter().for_each(|event| held.add(event));
    }

    /// Adds all accounts up.
    pub(crate) fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = Totals::default();
        for held in self.lock().values().filter(|held| held.is_open) {
            let licences = held.licences.at(now);
            totals.accounts += 1;
            totals.full += u64::from(held.sessions >= licences);
            totals.licences += u64::from(licences);
            totals.sessions += u64::from(held.sessions);
            totals.in_line += u64::from(held.in_line);
        }
        totals
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn add(&mut self, event: &Event) {
        match event {
            Event::LicencesChanged { to, effective, .. } => {
                self.licences.change(effective.instant, *to);
            }
            Event::SeatGranted { request, .. } => {
                self.sessions = self.sessions.saturating_add(1);
                self.leave_line(request.is_some());
            }
            Event::SeatDenied { request, .. } => self.leave_line(request.is_some()),
            Event::LoggedOut { .. } | Event::Expired { .. } => {
                self.sessions = self.sessions.saturating_sub(1);
            }
            Event::Queued { .. } => self.in_line = self.in_line.saturating_add(1),
            Event::OfferLapsed { .. } | Event::LeftQueue { .. } => self.leave_line(true),
            Event::AccountClosed => self.is_open = false,
            _ => {}
        }
    }

    /// A request that is named was asked in an earlier commit, so it has been waiting.
    fn leave_line(&mut self, has_waited: bool) {
        self.in_line = self.in_line.saturating_sub(u32::from(has_waited));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seats::{DenialReason, Effective, Leaving, RequestId, SeatNo, SessionId};

    fn licences(to: u32, instant: u64) -> Event {
        let effective = Effective { instant: Timestamp(instant), date: None };
        Event::LicencesChanged { from: 0, to, effective }
    }

    fn granted(request: Option<RequestId>, session: u64) -> Event {
        let (session, seat) = (SessionId(session), SeatNo(1));
        Event::SeatGranted { request, session, seat, overdraft: false }
    }

    fn queued() -> Event {
        Event::Queued { reason: DenialReason::AllSeatsHeld, held: 1, dormant: 0 }
    }

    #[test]
    fn accounts_are_added_up_as_they_stand() {
        let occupied = Occupied::default();
        let request = RequestId([7; 16]);
        occupied.add(AccountId(1), 1, &[licences(1, 0)]);
        occupied.add(AccountId(2), 1, &[licences(3, 0), licences(5, 100)]);
        occupied.add(AccountId(1), 2, &[granted(None, 1), queued(), queued()]);
        let full = Totals { accounts: 2, full: 1, licences: 4, sessions: 1, in_line: 2 };
        assert_eq!(occupied.totals(Timestamp(99)), full);
        assert_eq!(occupied.totals(Timestamp(100)), Totals { licences: 6, ..full });

        let left = Event::LeftQueue { request, how: Leaving::GaveUp };
        for _ in ["new", "known already"] {
            occupied.add(AccountId(1), 3, &[left.clone(), granted(Some(request), 2)]);
        }
        assert_eq!(occupied.totals(Timestamp(0)), Totals { sessions: 2, in_line: 0, ..full });
        occupied.add(AccountId(1), 4, &[Event::AccountClosed]);
        let rest = Totals { accounts: 1, full: 0, licences: 3, sessions: 0, in_line: 0 };
        assert_eq!(occupied.totals(Timestamp(0)), rest);
    }
}
