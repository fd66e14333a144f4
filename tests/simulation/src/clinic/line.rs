//! What the model says of those in line.
//!
//! It objects to: somebody put in line although a seat was free, or twice; an offer to somebody who may not log
//! in, of a seat that is taken, above the licences, or past somebody who was first; an offer that lapses too
//! early, or is withdrawn without cause; somebody who leaves the line too early, or was not in it.

use super::Clinic;
use super::logins::no_seat;
use crate::model::{Objection, Recorded};
use seats::{DenialReason, Leaving, SiteId, Timestamp, UserId, WhenFull};

/// Somebody in line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waiter {
    /// The number of the login.
    pub(crate) request: u64,
    /// Whose.
    pub(crate) user: UserId,
    /// From where.
    pub(crate) site: Option<SiteId>,
    /// The seat that is offered, and until when.
    pub(crate) offer: Option<(u32, Timestamp)>,
    /// Nothing need have been heard since.
    sign: Timestamp,
}

impl Clinic {
    /// Who is in line, the next one first.
    pub(crate) fn line(&self) -> &[Waiter] {
        &self.line
    }

    /// A login is put in line.
    pub(crate) fn queue(
        &mut self,
        at: Timestamp,
        login: &Recorded,
        reason: DenialReason,
        held: u32,
        dormant: u32,
    ) -> Result<(), Objection> {
        if !no_seat(reason) {
            return Err("somebody waits who should not".to_owned());
        }
        let before = self.line.iter().any(|waiter| waiter.user == login.user);
        let asks = self.chosen.when_full != WhenFull::Queue && !before;
        self.must_ask = asks.then_some(login.user);
        self.turn_away(at, login.user, reason, held, dormant)?;
        let Recorded { request, user, site, .. } = *login;
        self.line.push(Waiter { request, user, site, offer: None, sign: at });
        Ok(())
    }

    /// A seat is offered.
    pub(crate) fn offer(
        &mut self,
        at: Timestamp,
        request: u64,
        seat: u32,
        until: Timestamp,
    ) -> Result<(), Objection> {
        let place = self.place(request)?;
        let waiter = self.line[place];
        if waiter.offer.is_some() || !self.is_open() || self.user(waiter.user) != Some(false) {
            return Err("an offer to somebody who may have none".to_owned());
        }
        let taken = self.held() + self.lingering(at, |linger| linger.user != waiter.user);
        let taken = taken + self.offered(|_| true);
        if taken >= self.licences(at) + self.chosen.overdraft || until != at + self.chosen.offer {
            return Err(format!("an offer beside {taken} seats taken, until {}", until.0));
        }
        let ahead = self.line[..place].iter().any(|waiter| waiter.offer.is_none());
        let own = self.lingering(at, |linger| linger.user == waiter.user) > 0;
        if ahead && !own && self.chosen.reserved.is_empty() {
            return Err("an offer past somebody who was first".to_owned());
        }
        self.is_next(at, waiter.user, seat)?;
        self.reclaimed = false;
        self.lingers.retain(|linger| linger.seat != seat);
        self.line[place].offer = Some((seat, until));
        Ok(())
    }

    /// An offer is over.
    pub(crate) fn lapse(&mut self, at: Timestamp, request: u64) -> Result<(), Objection> {
        let place = self.place(request)?;
        match self.line.remove(place).offer {
            Some((_, until)) if until <= at => Ok(()),
            offer => Err(format!("an offer lapses that was {offer:?}")),
        }
    }

    /// An offer is taken back.
    pub(crate) fn withdraw(&mut self, at: Timestamp, request: u64) -> Result<(), Objection> {
        let place = self.place(request)?;
        let taken = self.held() + self.offered(|_| true);
        let may_stay = self.is_open() && taken <= self.licences(at) + self.chosen.overdraft;
        let waiter = &mut self.line[place];
        waiter.sign = at;
        match waiter.offer.take() {
            Some(_) if !may_stay => Ok(()),
            offer => Err(format!("an offer is withdrawn that was {offer:?}")),
        }
    }

    /// A login leaves the line.
    pub(crate) fn leave(
        &mut self,
        at: Timestamp,
        request: u64,
        how: Leaving,
    ) -> Result<(), Objection> {
        let place = self.place(request)?;
        let left = self.line.remove(place);
        let lawful = match how {
            Leaving::GaveUp => true,
            Leaving::NotHeardOf => {
                left.offer.is_none() && at.since(left.sign) >= self.chosen.wait_lease
            }
            Leaving::Barred => self.closed || self.user(left.user) != Some(false),
            Leaving::AskedAnew => {
                self.passed_on = left.offer.map(|(seat, _)| (left.user, seat));
                // The newer login, if it waits too, moves up.
                let newer = self.line.iter().position(|waiter| waiter.user == left.user);
                if let Some(newer) = newer {
                    let waiter = self.line.remove(newer);
                    self.line.insert(place, waiter);
                }
                true
            }
        };
        if lawful { Ok(()) } else { Err(format!("login {request} leaves the line: {how:?}")) }
    }

    /// A login in line is denied after all.
    pub(crate) fn is_denied(&mut self, request: u64) {
        self.line.retain(|waiter| waiter.request != request);
    }

    /// Nobody is in line twice.
    pub(super) fn stands_once(&self) -> Result<(), Objection> {
        let twice = |place: usize| {
            self.line[..place].iter().any(|waiter| waiter.user == self.line[place].user)
        };
        match (0..self.line.len()).any(twice) {
            true => Err("somebody is in line twice".to_owned()),
            false => Ok(()),
        }
    }

    /// How many such are offered a seat.
    pub(super) fn offered(&self, which: impl Fn(&Waiter) -> bool) -> u32 {
        self.line.iter().filter(|waiter| waiter.offer.is_some() && which(waiter)).count() as u32
    }

    /// Whether such wait without an offer.
    pub(super) fn waits(&self, which: impl Fn(&Waiter) -> bool) -> bool {
        self.line.iter().any(|waiter| waiter.offer.is_none() && which(waiter))
    }

    /// The seat that is offered to a user.
    pub(super) fn offer_of(&self, user: UserId) -> Option<u32> {
        let passed_on = self.passed_on.filter(|(to, _)| *to == user).map(|(_, seat)| seat);
        let mut theirs = self.line.iter().filter(|waiter| waiter.user == user);
        theirs.find_map(|waiter| waiter.offer.map(|(seat, _)| seat)).or(passed_on)
    }

    /// Whether a seat is offered.
    pub(super) fn is_offered(&self, seat: u32) -> bool {
        self.line.iter().any(|waiter| waiter.offer.is_some_and(|(offered, _)| offered == seat))
    }

    pub(super) fn place(&self, request: u64) -> Result<usize, Objection> {
        let place = self.line.iter().position(|waiter| waiter.request == request);
        place.ok_or_else(|| format!("login {request} is not in line"))
    }
}
