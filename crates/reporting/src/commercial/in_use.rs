//! The most seats that were in use at once, ghosts left out.
//!
//! A seat is in use from a grant, or a sign of life after a silence, to the last sign of life before the next
//! silence or the end: the times by which overdraft is billed (rule 10 of `docs/billing.md`). Whoever logs in
//! and is never heard of again has used a seat for an instant. Sessions on one seat are one seat.

use crate::billing::Hold;
use crate::owed::add;
use crate::reports::{ReportError, Reports};
use seats::{AccountId, SeatNo, Timestamp};
use std::collections::BTreeMap;

impl Reports<'_> {
    /// The most seats in use at once in `[from, to)`. The account's sessions of that time are held in memory.
    pub(super) fn most_in_use(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u32, ReportError> {
        let (mut holds, mut uses): (Vec<Hold>, Vec<Use>) = (Vec::new(), Vec::new());
        self.views.sessions(account, from, to, |session| {
            add(&mut holds, &session, to);
            uses.extend(holds.drain(..).filter_map(|hold| within(&hold, from, to)));
        })?;
        Ok(most(uses))
    }
}

/// A seat in use: which, its first instant, the first instant after.
type Use = (SeatNo, Timestamp, Timestamp);

/// The part of a hold that lies in `[from, to)`; at least the instant at which it began.
fn within(hold: &Hold, from: Timestamp, to: Timestamp) -> Option<Use> {
    let end = hold.to.max(Timestamp(hold.from.0.saturating_add(1)));
    let (begin, end) = (hold.from.max(from), end.min(to));
    (begin < end).then_some((hold.seat, begin, end))
}

fn most(uses: Vec<Use>) -> u32 {
    // Of what happens at one instant the ends come first.
    let mut turns: Vec<(Timestamp, bool, SeatNo)> = Vec::with_capacity(uses.len());
    for (seat, begin, end) in uses {
        turns.push((begin, true, seat));
        turns.push((end, false, seat));
    }
    turns.sort_unstable();
    let (mut sitting, mut most) = (BTreeMap::<SeatNo, u32>::new(), 0);
    for (_, begins, seat) in turns {
        let sessions = sitting.entry(seat).or_insert(0);
        if begins {
            *sessions = sessions.saturating_add(1);
        } else {
            *sessions = sessions.saturating_sub(1);
            if *sessions == 0 {
                sitting.remove(&seat);
            }
        }
        most = most.max(sitting.len());
    }
    u32::try_from(most).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `seat from to`, in microseconds.
    fn check(uses: &[(u32, u64, u64)], expected: u32) {
        let uses = uses.iter().map(|(seat, from, to)| {
            let seat = SeatNo(*seat);
            let hold = Hold {
                seat,
                granted: 0,
                overdraft: false,
                from: Timestamp(*from),
                to: Timestamp(*to),
            };
            within(&hold, Timestamp(10), Timestamp(100))
        });
        assert_eq!(most(uses.flatten().collect()), expected);
    }

    #[test]
    fn seats_in_use_at_once() {
        check(&[], 0);
        check(&[(1, 20, 30), (2, 25, 40)], 2);
        check(&[(1, 20, 30), (2, 30, 40)], 1);
        check(&[(1, 20, 30), (1, 25, 40)], 1);
        // Logged in and never heard of again, and before and after the range.
        check(&[(1, 20, 20)], 1);
        check(&[(1, 5, 10), (2, 100, 120)], 0);
        check(&[(1, 5, 11), (2, 10, 120)], 2);
    }
}
