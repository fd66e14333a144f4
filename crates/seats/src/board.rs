//! The taken seats of an account, and the lowest free one.
//!
//! ```text
//! place    0  1  2  3
//! seat     1  2  4  7      place + 1 is the seat as long as every seat up to it is taken:
//!          =  =  ≠  ≠      the lowest free seat is found by halving, here 3
//! ```
//! Kept as one row ordered by seat number: small, and dense in memory. Taking or leaving a seat moves the
//! rest of the row; at a thousand seats that costs less than finding them.

use crate::ids::{SeatNo, UserId};
use bincode::{Decode, Encode};

/// A taken seat. All its sessions are its user's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
struct Taken {
    seat: SeatNo,
    user: UserId,
    sessions: u32,
}

/// The taken seats, ordered by number.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub(crate) struct Board {
    taken: Vec<Taken>,
}

impl Board {
    /// How many seats are taken.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    /// Who sits on a seat.
    pub(crate) fn holder(&self, seat: SeatNo) -> Option<UserId> {
        self.get(seat).map(|taken| taken.user)
    }

    /// How many sessions are on a seat.
    pub(crate) fn sessions(&self, seat: SeatNo) -> u32 {
        self.get(seat).map_or(0, |taken| taken.sessions)
    }

    /// The lowest seat number, from 1, that nobody holds.
    pub(crate) fn lowest_free(&self) -> SeatNo {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = u32::midpoint(low, high);
            let at = usize::try_from(middle).ok().and_then(|middle| self.taken.get(middle));
            if at.is_some_and(|taken| taken.seat.0 == middle + 1) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        SeatNo(low.saturating_add(1))
    }

    /// One more session on a seat; `user` counts if it is the first.
    pub(crate) fn sit(&mut self, seat: SeatNo, user: UserId) {
        match self.place(seat) {
            Ok(place) => {
                if let Some(taken) = self.taken.get_mut(place) {
                    taken.sessions = taken.sessions.saturating_add(1);
                }
            }
            Err(place) => self.taken.insert(place, Taken { seat, user, sessions: 1 }),
        }
    }

    /// One session less on a seat. Says whether it was the last.
    pub(crate) fn stand_up(&mut self, seat: SeatNo) -> bool {
        let Ok(place) = self.place(seat) else {
            return false;
        };
        let Some(taken) = self.taken.get_mut(place) else {
            return false;
        };
        taken.sessions = taken.sessions.saturating_sub(1);
        let last = taken.sessions == 0;
        if last {
            self.taken.remove(place);
        }
        last
    }

    fn get(&self, seat: SeatNo) -> Option<&Taken> {
        self.taken.get(self.place(seat).ok()?)
    }

    fn place(&self, seat: SeatNo) -> Result<usize, usize> {
        self.taken.binary_search_by_key(&seat, |taken| taken.seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lowest free seat when these are taken, in this order.
    fn check(taken: &[u32], lowest: u32) {
        let mut board = Board::default();
        taken.iter().for_each(|seat| board.sit(SeatNo(*seat), UserId(1)));
        assert_eq!(board.lowest_free(), SeatNo(lowest), "{taken:?}");
    }

    #[test]
    fn the_lowest_free_seat() {
        check(&[], 1);
        check(&[1], 2);
        check(&[2], 1);
        check(&[1, 2, 3], 4);
        check(&[4, 2, 1, 7], 3);
        check(&[1, 1, 2], 3);
        check(&[u32::MAX], 1);
    }

    #[test]
    fn a_seat_is_left_with_its_last_session() {
        let mut board = Board::default();
        let (seat, user) = (SeatNo(1), UserId(7));
        board.sit(seat, user);
        board.sit(seat, UserId(8));
        assert_eq!((board.holder(seat), board.sessions(seat), board.len()), (Some(user), 2, 1));
        assert!(!board.stand_up(seat));
        assert!(board.stand_up(seat));
        assert_eq!((board.holder(seat), board.sessions(seat), board.len()), (None, 0, 0));
        assert!(!board.stand_up(seat));
    }
}
