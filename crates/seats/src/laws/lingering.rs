//! Which free seats may still be kept for their last user, as the laws count them.
//!
//! A seat whose last session its user ended by a log-out lingers for the `linger` of that instant, unless it is
//! granted or offered before. Rules may free it earlier (a suspended user's seat), never later: so this bounds
//! what a denial may count as taken.

use crate::ids::SeatNo;
use crate::time::Timestamp;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// The seats of one account that may linger.
#[derive(Clone, Debug, Default)]
pub(super) struct Lingering {
    until: FxHashMap<SeatNo, Timestamp>,
    /// The same by time, so that those that are over are found without looking at the others.
    ends: BTreeSet<(Timestamp, SeatNo)>,
}

impl Lingering {
    /// A seat came free that is kept until then, but not at that instant.
    pub(super) fn keep(&mut self, seat: SeatNo, until: Timestamp) {
        self.release(seat);
        self.until.insert(seat, until);
        self.ends.insert((until, seat));
    }

    /// A seat is granted or offered, so it lingers no more.
    pub(super) fn release(&mut self, seat: SeatNo) {
        if let Some(until) = self.until.remove(&seat) {
            self.ends.remove(&(until, seat));
        }
    }

    /// How many seats may linger at `at`; time does not go back.
    pub(super) fn count(&mut self, at: Timestamp) -> u32 {
        while let Some((until, seat)) = self.ends.first().copied().filter(|(until, _)| *until <= at)
        {
            self.ends.remove(&(until, seat));
            self.until.remove(&seat);
        }
        u32::try_from(self.until.len()).unwrap_or(u32::MAX)
    }
}
