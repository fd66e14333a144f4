//! What the model says to a grant and to a denial.

use super::{Clinic, Fate, Sitting};
use crate::model::{Objection, Recorded};
use seats::{DenialReason, Outcome, Reclaim, SameUser, Timestamp, UserId, UserPolicy, WhenFull};

impl Clinic {
    /// A seat is granted.
    pub(crate) fn grant(&mut self, at: Timestamp, login: &Recorded) -> Result<(), Objection> {
        let Outcome::Granted { session, seat, overdraft } = login.outcome else { return Ok(()) };
        if !self.is_open() || self.user(login.user) != Some(false) {
            return Err("a grant to somebody who may not log in".to_owned());
        }
        if session.0 <= self.last_session() {
            return Err(format!("session {} is used twice", session.0));
        }
        let handed = self.handed.take_if(|handed| *handed == (seat.0, login.user)).is_some();
        let taken_over = self.taken_over.contains(&(seat.0, login.user));
        let holder = self.sittings.iter().find(|s| s.seat == seat.0).map(|s| s.user);
        if let Some(holder) = holder {
            if holder != login.user || self.chosen.same_user != SameUser::Share {
                return Err(format!("seat {} is held by user {}", seat.0, holder.0));
            }
        } else if !taken_over {
            self.new_seat(at, login.user, seat.0, overdraft, handed)?;
        }
        self.taken_over.retain(|(freed, _)| *freed != seat.0);
        self.reclaimed = false;
        self.line.retain(|waiter| waiter.request != login.request);
        self.lingers.retain(|linger| linger.seat != seat.0);
        self.fates.resize(session.0 as usize + 1, None);
        self.fates[session.0 as usize] = Some(Fate { seat: seat.0, ended: None });
        let (session, user, seat) = (session.0, login.user, seat.0);
        let (dormant, heard) = (None, None);
        self.sittings.push(Sitting { session, user, seat, overdraft, dormant, since: at, heard });
        Ok(())
    }

    /// Another seat is taken.
    fn new_seat(
        &self,
        at: Timestamp,
        user: UserId,
        seat: u32,
        overdraft: bool,
        handed: bool,
    ) -> Result<(), Objection> {
        let licences = self.licences(at);
        let taken = self.held() + self.lingering(at, |linger| linger.user != user);
        let taken = taken + self.offered(|waiter| waiter.user != user);
        // What is offered is kept, though a decrease leaves no seat for those who logged out and linger.
        let lingering = self.lingering(at, |linger| linger.user != user);
        let kept = if self.offer_of(user).is_some() { lingering } else { 0 };
        if taken - kept >= licences + self.chosen.overdraft {
            return Err(format!("oversubscribed: {taken} seats taken of {licences}"));
        }
        if overdraft != (taken >= licences) {
            return Err(format!("overdraft wrongly marked: {taken} seats taken of {licences}"));
        }
        if handed {
            return Ok(());
        }
        if let Some(offered) = self.offer_of(user) {
            return match offered == seat {
                true => Ok(()),
                false => Err(format!("seat {offered} was offered, not seat {seat}")),
            };
        }
        // With reservations somebody may be passed over who could not have had the seat.
        let passed = self.lingers.iter().all(|linger| linger.user != user)
            && self.chosen.reserved.is_empty()
            && self.waits(|waiter| waiter.user != user);
        if passed {
            return Err("a newcomer overtakes the line".to_owned());
        }
        self.is_next(at, user, seat)
    }

    /// Whether this is the seat that a user gets who gets one.
    pub(super) fn is_next(&self, at: Timestamp, user: UserId, seat: u32) -> Result<(), Objection> {
        let own = self.lingers.iter().filter(|l| l.user == user && l.until > at).map(|l| l.seat);
        let lowest = || {
            let taken = |seat: u32| {
                self.sittings.iter().any(|s| s.seat == seat)
                    || self.lingering(at, |linger| linger.seat == seat) > 0
                    || self.is_offered(seat)
            };
            (1..).find(|seat| !taken(*seat)).unwrap_or(0)
        };
        match own.min().unwrap_or_else(lowest) {
            expected if expected == seat => Ok(()),
            expected => Err(format!("seat {expected} was free, not seat {seat}")),
        }
    }

    /// A login is refused.
    pub(crate) fn deny(&mut self, at: Timestamp, login: &Recorded) -> Result<(), Objection> {
        let Outcome::Denied { reason, held, dormant } = login.outcome else { return Ok(()) };
        if no_seat(reason) && self.chosen.when_full == WhenFull::Queue {
            return Err("a denial of somebody who might wait".to_owned());
        }
        self.turn_away(at, login.user, reason, held, dormant)
    }

    /// A login gets no seat: it is denied, or put in line.
    pub(super) fn turn_away(
        &mut self,
        at: Timestamp,
        user: UserId,
        reason: DenialReason,
        held: u32,
        dormant: u32,
    ) -> Result<(), Objection> {
        let taken = self.held() + self.lingering(at, |_| true) + self.offered(|_| true);
        if held != taken || dormant != self.dormant_seats() {
            return Err(format!("{taken} seats are taken, {} dormant", self.dormant_seats()));
        }
        let by_others = self.held() + self.lingering(at, |linger| linger.user != user);
        let by_others = by_others + self.offered(|waiter| waiter.user != user);
        let limit = self.licences(at) + self.chosen.overdraft;
        let mine = |sitting: &&Sitting| sitting.user == user;
        let granted = match reason {
            DenialReason::AllSeatsHeld => {
                let ghosts = match self.chosen.reclaim {
                    Reclaim::Never => 0,
                    _ if !self.chosen.reserved.is_empty() => 0,
                    _ => self.dormant_seats(),
                };
                by_others - ghosts < limit
            }
            DenialReason::SeatsReserved => self.chosen.reserved.is_empty() || by_others >= limit,
            DenialReason::AlreadyLoggedIn => {
                let live = self.sittings.iter().filter(mine).any(|s| s.dormant.is_none());
                self.chosen.same_user != SameUser::Deny || !live
            }
            DenialReason::NotRegistered => {
                self.chosen.users != UserPolicy::Registered || self.user(user).is_some()
            }
            DenialReason::UserSuspended => self.user(user) != Some(true),
            DenialReason::AccountSuspended => !self.suspended,
            DenialReason::AccountClosed => !self.closed,
        };
        self.know(user);
        if granted { Err("a denial without cause".to_owned()) } else { Ok(()) }
    }
}

/// Whether a login is turned away for want of a seat.
pub(super) fn no_seat(reason: DenialReason) -> bool {
    matches!(reason, DenialReason::AllSeatsHeld | DenialReason::SeatsReserved)
}
