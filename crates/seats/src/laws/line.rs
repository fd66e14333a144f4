//! Who is in line and to whom a seat is offered, as the laws count it.

use super::Breach;
use crate::ids::{RequestId, SeatNo, UserId};
use crate::time::Timestamp;
use rustc_hash::FxHashMap;

/// The line of one account. In what order is a rule, not a law.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    waiting: FxHashMap<RequestId, Waiter>,
    /// How many are offered a seat.
    offered: u32,
    /// How many requests of each user are in line.
    users: FxHashMap<UserId, u32>,
    /// Who was put in line in the commit being checked.
    queued: Vec<UserId>,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    user: UserId,
    offer: Option<(SeatNo, Timestamp)>,
}

impl Line {
    /// A commit ends: whoever was put in line stands there once.
    pub(super) fn end(&mut self) -> Result<(), Breach> {
        let users = &self.users;
        let mut queued = self.queued.drain(..);
        match queued.find(|user| users.get(user).is_some_and(|requests| *requests > 1)) {
            Some(user) => Err(Breach::InLineTwice(user)),
            None => Ok(()),
        }
    }

    /// How many seats are offered.
    pub(super) fn offered(&self) -> u32 {
        self.offered
    }

    /// Who is waiting with this request.
    pub(super) fn waiting(&self, request: RequestId) -> Option<UserId> {
        self.waiting.get(&request).map(|waiter| waiter.user)
    }

    /// Whether a user is waiting.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|requests| *requests > 0)
    }

    /// To whom a seat is offered.
    pub(super) fn offered_to(&self, seat: SeatNo) -> Option<UserId> {
        if self.offered == 0 {
            return None;
        }
        let has = |waiter: &&Waiter| waiter.offer.is_some_and(|(offered, _)| offered == seat);
        self.waiting.values().find(has).map(|waiter| waiter.user)
    }

    pub(super) fn queue(&mut self, request: RequestId, user: UserId) {
        self.waiting.insert(request, Waiter { user, offer: None });
        *self.users.entry(user).or_default() += 1;
        self.queued.push(user);
    }

    pub(super) fn offer(
        &mut self,
        request: RequestId,
        seat: SeatNo,
        until: Timestamp,
    ) -> Result<(), Breach> {
        let waiter = self.waiting.get_mut(&request).ok_or(Breach::NotInLine)?;
        if waiter.offer.replace((seat, until)).is_some() {
            return Err(Breach::Offer);
        }
        self.offered += 1;
        Ok(())
    }

    pub(super) fn withdraw(&mut self, request: RequestId) -> Result<(), Breach> {
        let waiter = self.waiting.get_mut(&request).ok_or(Breach::NotInLine)?;
        waiter.offer.take().ok_or(Breach::Offer)?;
        self.offered -= 1;
        Ok(())
    }

    pub(super) fn lapse(&mut self, request: RequestId, at: Timestamp) -> Result<(), Breach> {
        let waiter = self.waiting.get(&request).ok_or(Breach::NotInLine)?;
        let (_, until) = waiter.offer.ok_or(Breach::Offer)?;
        if at < until {
            return Err(Breach::LapsedEarly { until });
        }
        self.take(request);
        Ok(())
    }

    pub(super) fn leave(&mut self, request: RequestId) -> Result<(), Breach> {
        self.take(request).map(drop).ok_or(Breach::NotInLine)
    }

    /// A request is in line no more. Gives the seat that it was offered; `None`: it was not in line.
    pub(super) fn take(&mut self, request: RequestId) -> Option<Option<SeatNo>> {
        let waiter = self.waiting.remove(&request)?;
        self.offered -= u32::from(waiter.offer.is_some());
        if let Some(requests) = self.users.get_mut(&waiter.user) {
            *requests -= 1;
        }
        Some(waiter.offer.map(|(seat, _)| seat))
    }
}
