//! Who sits where, as the laws count it: grants, silence, ends, and what a commit owes by its end.

use super::Breach;
use super::lingering::Lingering;
use crate::event::ExpiryCause;
use crate::ids::{SeatNo, SessionId, UserId};
use crate::time::{Micros, Timestamp};
use rustc_hash::FxHashMap;

/// Reclaims that fill a commit, so that their grant may stand in a later one. A law of its own: it must stay,
/// whatever later rules put into a commit.
const RECLAIMS_FULL: usize = 1_000;

/// The seats of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Seating {
    sessions: FxHashMap<SessionId, Holding>,
    seats: FxHashMap<SeatNo, Seat>,
    /// Seats none of whose sessions is awake.
    dormant: u32,
    /// The number of the last session granted, 0 before the first.
    last_session: u64,
    /// Seats emptied in the commit being checked, for their own users to take over.
    taken_over: Vec<(SeatNo, Seat)>,
    /// Seats of which a session marked as overdraft was taken over in the commit being checked.
    marked: Vec<SeatNo>,
    /// A session reclaimed in the commit being checked, until a seat is granted.
    reclaimed: Option<SessionId>,
    /// How many were reclaimed since the commit began or a seat was granted.
    reclaims: usize,
    lingering: Lingering,
}

/// A grant, and what it may not exceed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) session: SessionId,
    pub(super) seat: SeatNo,
    pub(super) user: UserId,
    pub(super) overdraft: bool,
    pub(super) licences: u32,
    pub(super) limit: u32,
    /// Seats offered to others.
    pub(super) kept: u32,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    seat: SeatNo,
    since: Timestamp,
    dormant: bool,
    overdraft: bool,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    user: UserId,
    sessions: u32,
    /// Sessions on it that are not dormant.
    awake: u32,
    /// Sessions on it that are marked as overdraft.
    overdraft: u32,
    /// A session marked as overdraft was taken over on it in the commit being checked.
    taken_over: bool,
}

impl Seating {
    /// A commit begins.
    pub(super) fn begin(&mut self) {
        self.taken_over.clear();
        for seat in self.marked.drain(..) {
            if let Some(seat) = self.seats.get_mut(&seat) {
                seat.taken_over = false;
            }
        }
        (self.reclaimed, self.reclaims) = (None, 0);
    }

    /// A commit of so many events ends: nobody was thrown out in it for nothing.
    ///
    /// One grant may take more ghosts than a commit holds. The first of them stand in full commits of their
    /// own, and a crash may keep these without the grant.
    pub(super) fn end(&self, events: usize) -> Result<(), Breach> {
        if let Some((seat, _)) = self.taken_over.first() {
            return Err(Breach::TakenOver(*seat));
        }
        match self.reclaimed {
            Some(_) if self.reclaims == events && events >= RECLAIMS_FULL => Ok(()),
            Some(session) => Err(Breach::Reclaimed(session)),
            None => Ok(()),
        }
    }

    /// Seats held.
    pub(super) fn held(&self) -> u32 {
        u32::try_from(self.seats.len()).unwrap_or(u32::MAX)
    }

    /// Whether any seat was ever granted.
    pub(super) fn was_used(&self) -> bool {
        self.last_session > 0
    }

    /// Seats held, and those on their way from one session of a user to the next.
    pub(super) fn taken(&self) -> u32 {
        let awaited = u32::try_from(self.taken_over.len()).unwrap_or(u32::MAX);
        self.held().saturating_add(awaited)
    }

    /// Whose a seat is: held, or on its way to the user's next session.
    pub(super) fn holder(&self, seat: SeatNo) -> Option<UserId> {
        let freed = || self.taken_over.iter().find(|(freed, _)| *freed == seat).map(|(_, s)| s);
        self.seats.get(&seat).or_else(freed).map(|seat| seat.user)
    }

    /// Who sits on a seat.
    pub(super) fn sitter(&self, seat: SeatNo) -> Option<UserId> {
        self.seats.get(&seat).map(|seat| seat.user)
    }

    /// The seat of a session.
    pub(super) fn seat_of(&self, session: SessionId) -> Option<SeatNo> {
        self.sessions.get(&session).map(|holding| holding.seat)
    }

    /// Those who were reclaimed have made way for somebody.
    fn made_way(&mut self) {
        (self.reclaimed, self.reclaims) = (None, 0);
    }

    /// A denial at `at` counts this many seats taken and dormant. Seats may be taken that only linger.
    pub(super) fn counted(
        &mut self,
        at: Timestamp,
        taken: u32,
        dormant: u32,
        offered: u32,
    ) -> Result<(), Breach> {
        let least = self.held().saturating_add(offered);
        let most = least.saturating_add(self.lingering.count(at));
        let (said, counted) = match taken {
            few if few < least => (few, least),
            many if many > most => (many, most),
            _ => (dormant, self.dormant),
        };
        if said == counted { Ok(()) } else { Err(Breach::DenialCounts { said, counted }) }
    }

    /// A seat is offered: those who were reclaimed have made way, and it lingers for nobody.
    pub(super) fn offered(&mut self, seat: SeatNo) {
        self.made_way();
        self.lingering.release(seat);
    }

    pub(super) fn granted(&mut self, at: Timestamp, grant: Grant) -> Result<(), Breach> {
        let Grant { session, seat, user, overdraft, .. } = grant;
        if session.0 <= self.last_session {
            let last = SessionId(self.last_session);
            return Err(Breach::SessionReused { session, last });
        }
        self.last_session = session.0;
        self.made_way();
        self.room(&grant)?;
        self.taken_over.retain(|(freed, _)| *freed != seat);
        self.lingering.release(seat);
        self.sessions.insert(session, Holding { seat, since: at, dormant: false, overdraft });
        let empty = Seat { user, sessions: 0, awake: 0, overdraft: 0, taken_over: false };
        let held = self.seats.entry(seat).or_insert(empty);
        self.dormant -= u32::from(held.sessions > 0 && held.awake == 0);
        held.sessions += 1;
        held.awake += 1;
        held.overdraft += u32::from(overdraft);
        held.taken_over = false;
        Ok(())
    }

    /// Whether the seat may be granted. Seats being taken over, or offered to others, are as good as held.
    fn room(&self, grant: &Grant) -> Result<(), Breach> {
        let Grant { session, seat, user, overdraft, licences, limit, kept } = *grant;
        let freed = self.taken_over.iter().find(|(freed, _)| *freed == seat).map(|(_, seat)| seat);
        let held = self.taken().saturating_add(kept);
        let above = match self.seats.get(&seat).or(freed) {
            Some(holder) if holder.user != user => {
                return Err(Breach::SeatHeld { seat, user, holder: holder.user });
            }
            // It takes none; but overdraft stays overdraft while more is held than bought.
            Some(own) => (own.overdraft > 0 || own.taken_over) && held > licences,
            None if held >= limit => {
                let taken = held.saturating_add(1);
                return Err(Breach::Oversubscribed { session, seat, taken, limit });
            }
            None => held >= licences,
        };
        if above && !overdraft {
            return Err(Breach::OverdraftUnmarked { session, seat, licences });
        }
        Ok(())
    }

    pub(super) fn silence(
        &mut self,
        at: Timestamp,
        session: SessionId,
        dormant: bool,
        silent: Micros,
    ) -> Result<(), Breach> {
        let holding = self.sessions.get_mut(&session).ok_or(Breach::NotHeld(session))?;
        if holding.dormant == dormant {
            return Err(Breach::Silence(session));
        }
        if silent > at.since(holding.since) {
            return Err(Breach::LastSeen(session));
        }
        holding.dormant = dormant;
        if let Some(seat) = self.seats.get_mut(&holding.seat) {
            if dormant {
                seat.awake -= 1;
                self.dormant += u32::from(seat.awake == 0);
            } else {
                self.dormant -= u32::from(seat.awake == 0);
                seat.awake += 1;
            }
        }
        Ok(())
    }

    /// A session ends: by rule for a cause, or by hand. If that empties its seat, the seat lingers so long.
    pub(super) fn ended(
        &mut self,
        at: Timestamp,
        session: SessionId,
        cause: Option<ExpiryCause>,
        silent: Micros,
        linger: Micros,
    ) -> Result<(), Breach> {
        let holding = self.sessions.remove(&session).ok_or(Breach::NotHeld(session))?;
        if silent > at.since(holding.since) {
            return Err(Breach::LastSeen(session));
        }
        match cause {
            Some(ExpiryCause::Reclaimed) if !holding.dormant => {
                return Err(Breach::Reclaimed(session));
            }
            Some(ExpiryCause::Reclaimed) => {
                self.reclaimed = Some(session);
                self.reclaims += 1;
            }
            _ => {}
        }
        let Some(seat) = self.seats.get_mut(&holding.seat) else {
            return Ok(());
        };
        let was_dormant = seat.awake == 0;
        seat.sessions -= 1;
        seat.awake -= u32::from(!holding.dormant);
        seat.overdraft -= u32::from(holding.overdraft);
        if holding.overdraft && cause == Some(ExpiryCause::TakenOver) {
            seat.taken_over = true;
            self.marked.push(holding.seat);
        }
        let is_dormant = seat.awake == 0 && seat.sessions > 0;
        self.dormant = self.dormant + u32::from(is_dormant) - u32::from(was_dormant);
        if seat.sessions == 0 {
            if cause == Some(ExpiryCause::TakenOver) {
                self.taken_over.push((holding.seat, *seat));
            }
            self.seats.remove(&holding.seat);
            if linger > Micros::ZERO {
                self.lingering.keep(holding.seat, at + linger);
            }
        }
        Ok(())
    }
}
