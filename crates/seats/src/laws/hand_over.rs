//! Who asks whom for a seat, as the laws count it. Whom to ask, and how long an answer may take, is a rule.

use super::Breach;
use crate::event::HandOverEnd;
use crate::ids::{HandOverId, SeatNo, UserId};
use crate::time::Timestamp;
use rustc_hash::FxHashMap;

/// The askings of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct HandOvers {
    last: u32,
    open: FxHashMap<HandOverId, Asked>,
    /// The seat that is handed over in the commit being checked, and to whom, until it is granted.
    handed: Option<(SeatNo, UserId)>,
}

/// An asking that is not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) seat: SeatNo,
    pub(super) holder: UserId,
    pub(super) asker: UserId,
    pub(super) until: Timestamp,
}

impl HandOvers {
    /// A commit ends: what was given away in it has been granted.
    pub(super) fn end(&self) -> Result<(), Breach> {
        self.handed.map_or(Ok(()), |(seat, _)| Err(Breach::HandedToNobody(seat)))
    }

    pub(super) fn ask(&mut self, handover: HandOverId, asked: Asked) -> Result<(), Breach> {
        if Some(handover.0) != self.last.checked_add(1) {
            return Err(Breach::HandOver(handover));
        }
        let twice = |open: &Asked| open.seat == asked.seat || open.asker == asked.asker;
        if asked.holder == asked.asker || self.open.values().any(twice) {
            return Err(Breach::AskedTwice(handover));
        }
        self.last = handover.0;
        self.open.insert(handover, asked);
        Ok(())
    }

    /// An asking is over at `at`; `there`: whether holder and asker of what was asked are still there.
    pub(super) fn answer(
        &mut self,
        at: Timestamp,
        handover: HandOverId,
        how: HandOverEnd,
        there: impl FnOnce(&Asked) -> bool,
    ) -> Result<(), Breach> {
        let asked = self.open.remove(&handover).ok_or(Breach::HandOver(handover))?;
        match how {
            HandOverEnd::Withdrawn => return Ok(()),
            _ if !there(&asked) => return Err(Breach::HandOver(handover)),
            HandOverEnd::Declined => return Ok(()),
            HandOverEnd::Silent if at < asked.until => {
                return Err(Breach::AnsweredEarly { until: asked.until });
            }
            HandOverEnd::Consented | HandOverEnd::Silent => {}
        }
        match self.handed.replace((asked.seat, asked.asker)) {
            Some((seat, _)) => Err(Breach::HandedToNobody(seat)),
            None => Ok(()),
        }
    }

    /// Whether the holder of this seat gives it away in the commit being checked.
    pub(super) fn is_given(&self, seat: SeatNo) -> bool {
        self.handed.is_some_and(|(handed, _)| handed == seat)
    }

    /// A seat is granted. Says whether it was handed over to this user.
    pub(super) fn take(&mut self, seat: SeatNo, user: UserId) -> bool {
        self.handed.take_if(|handed| *handed == (seat, user)).is_some()
    }
}
