//! What the model says of those who ask a holder for the seat.
//!
//! It objects to: an asking by somebody who is not in line, for a seat that nobody else holds, of somebody who
//! has just sat down, or beside another; an answer for somebody who has gone, silence that answers too early, and
//! an asking that is withdrawn without cause.

use super::Clinic;
use crate::model::Objection;
use seats::{HandOverEnd, SameUser, Timestamp, UserId};

/// An asking for a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asking {
    /// Its number.
    pub(crate) id: u32,
    /// For which seat.
    pub(crate) seat: u32,
    holder: UserId,
    asker: UserId,
    until: Timestamp,
}

impl Clinic {
    /// The askings that are not answered.
    pub(crate) fn askings(&self) -> &[Asking] {
        &self.askings
    }

    /// A holder is asked for the seat.
    pub(crate) fn ask_for(
        &mut self,
        at: Timestamp,
        id: u32,
        request: u64,
        seat: u32,
        until: Timestamp,
    ) -> Result<(), Objection> {
        let waiter = self.line[self.place(request)?];
        let asker = waiter.user;
        let mut on_it = self.sittings.iter().filter(|sitting| sitting.seat == seat).peekable();
        let holder = on_it.peek().map(|sitting| sitting.user);
        let holder = holder.filter(|holder| *holder != asker).ok_or("nobody else is asked")?;
        let young = on_it.any(|sitting| at.since(sitting.since) < self.chosen.floor);
        let twice = |asking: &Asking| asking.seat == seat || asking.asker == asker;
        let time = self.chosen.hand_over.ok_or("nobody may be asked")?;
        if young || waiter.offer.is_some() || self.askings.iter().any(twice) {
            return Err(format!("an asking {id} that should not be"));
        }
        if id != self.last_asking + 1 || until != at + time {
            return Err(format!("asking {id} until {}", until.0));
        }
        (self.last_asking, self.must_ask) = (id, None);
        self.askings.push(Asking { id, seat, holder, asker, until });
        match self.could_have(at, self.askings[self.askings.len() - 1]) {
            true => Ok(()),
            false => Err(format!("asking {id} is for a seat that cannot be had")),
        }
    }

    /// An asking is over.
    pub(crate) fn answer_for(
        &mut self,
        at: Timestamp,
        id: u32,
        how: HandOverEnd,
    ) -> Result<(), Objection> {
        let place = self.askings.iter().position(|asking| asking.id == id);
        let asking = self.askings.remove(place.ok_or("an answer to nothing")?);
        let could = self.could_have(at, asking);
        let lawful = match how {
            // Reservations and lingering seats may be a cause too.
            HandOverEnd::Withdrawn => {
                !could || !self.chosen.reserved.is_empty() || !self.lingers.is_empty()
            }
            HandOverEnd::Declined => could,
            HandOverEnd::Consented | HandOverEnd::Silent => {
                self.handed = Some((asking.seat, asking.asker));
                could && (how == HandOverEnd::Consented || at >= asking.until)
            }
        };
        if lawful { Ok(()) } else { Err(format!("{asking:?} is {how:?}")) }
    }

    /// Whether both are there and the asker could have the seat, as far as licences go.
    fn could_have(&self, at: Timestamp, asking: Asking) -> bool {
        let Asking { seat, holder, asker, .. } = asking;
        let waits = self.waits(|waiter| waiter.user == asker);
        let held = self.sittings.iter().any(|s| s.seat == seat && s.user == holder);
        let sits = self.sittings.iter().any(|s| s.user == asker);
        let may = self.is_open() && self.user(asker) == Some(false);
        let taken = self.held() + self.offered(|waiter| waiter.user != asker);
        waits
            && held
            && may
            && self.chosen.hand_over.is_some()
            && (!sits || self.chosen.same_user == SameUser::Separate)
            && taken <= self.licences(at) + self.chosen.overdraft
    }
}
