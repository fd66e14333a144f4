//! Who sits where while a history is expanded: the lowest free seat, the next session number.

use seats::{SeatNo, SessionId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The seats of an account, as an import fills them.
pub(crate) struct Seating {
    /// Seats that were taken once and are free now.
    free: BinaryHeap<Reverse<u32>>,
    /// The lowest seat that was never taken.
    fresh: u32,
    next_session: u64,
    /// Of each row: its first session and the seats of its sessions, which are numbered from that one on.
    rows: Vec<(u64, Vec<u32>)>,
}

impl Seating {
    /// Everybody stands.
    pub(crate) fn new(rows: usize) -> Seating {
        Seating {
            free: BinaryHeap::new(),
            fresh: 1,
            next_session: 1,
            rows: vec![(0, Vec::new()); rows],
        }
    }

    /// Seats the next session of a row. All sessions of a row sit down before those of another do.
    pub(crate) fn sit_down(&mut self, row: usize) -> (SessionId, SeatNo) {
        let (session, seat) = self.sit();
        if let Some((first, seats)) = self.rows.get_mut(row) {
            if seats.is_empty() {
                *first = session.0;
            }
            seats.push(seat.0);
        }
        (session, seat)
    }

    /// Seats a session that ends at once.
    pub(crate) fn pass(&mut self) -> (SessionId, SeatNo) {
        let seated = self.sit();
        self.free.push(Reverse(seated.1.0));
        seated
    }

    /// Ends the session of a row with this place among its seats, from 0.
    pub(crate) fn stand_up(&mut self, row: usize, index: u32) -> Option<SessionId> {
        let (first, seats) = self.rows.get_mut(row)?;
        let seat = *seats.get(index as usize)?;
        self.free.push(Reverse(seat));
        let session = first.saturating_add(u64::from(index));
        if index as usize + 1 == seats.len() {
            *seats = Vec::new(); // The last one: give the memory back.
        }
        Some(SessionId(session))
    }

    fn sit(&mut self) -> (SessionId, SeatNo) {
        let seat = self.free.pop().map_or(self.fresh, |Reverse(seat)| seat);
        self.fresh = self.fresh.max(seat.saturating_add(1));
        let session = self.next_session;
        self.next_session = session.saturating_add(1);
        (SessionId(session), SeatNo(seat))
    }
}
