//! The laws of giving seats: who is granted one, and to whom one is offered.

use super::seating::Grant;
use super::{Breach, Laws, Open, Right};
use crate::ids::{RequestId, SeatNo, SessionId, UserId};
use crate::time::Timestamp;

impl Laws {
    pub(super) fn offered(
        &mut self,
        at: Timestamp,
        request: RequestId,
        seat: SeatNo,
        until: Timestamp,
    ) -> Result<(), Breach> {
        let user = self.line.waiting(request).ok_or(Breach::NotInLine)?;
        self.may_sit(user)?;
        let limit = self.licences_at(at).saturating_add(self.overdraft);
        let taken = self.seating.taken().saturating_add(self.line.offered());
        if taken >= limit {
            return Err(Breach::OfferedAbove { seat, taken, limit });
        }
        let holder = self.seating.holder(seat).or(self.line.offered_to(seat));
        if let Some(holder) = holder {
            return Err(Breach::SeatHeld { seat, user, holder });
        }
        self.seating.offered(seat);
        self.line.offer(request, seat, until)
    }

    pub(super) fn granted(
        &mut self,
        at: Timestamp,
        request: RequestId,
        session: SessionId,
        seat: SeatNo,
        user: UserId,
        overdraft: bool,
    ) -> Result<(), Breach> {
        self.may_sit(user)?;
        // Who was in line has the seat that was offered or handed over, or moves onto a seat of its own.
        let handed = self.hand_overs.take(seat, user);
        if let Some(offered) = self.line.take(request)
            && !handed
            && offered != Some(seat)
            && self.seating.holder(seat) != Some(user)
        {
            return Err(Breach::NotOffered { session, seat });
        }
        if let Some(holder) = self.line.offered_to(seat) {
            return Err(Breach::SeatHeld { seat, user, holder });
        }
        let licences = self.licences_at(at);
        let (limit, kept) = (licences.saturating_add(self.overdraft), self.line.offered());
        let grant = Grant { session, seat, user, overdraft, licences, limit, kept };
        self.seating.granted(at, grant)
    }

    fn may_sit(&self, user: UserId) -> Result<(), Breach> {
        if self.open != Open::Yes {
            return Err(Breach::Standing(self.open.word()));
        }
        match self.users.get(&user) {
            Some(Right::LogIn) => Ok(()),
            _ => Err(Breach::UserMayNot(user)),
        }
    }
}
