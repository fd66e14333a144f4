//! Is there room for one more? Counting, reservations and what reclaiming would free.
//!
//! ```text
//! free for a site = limit - taken - seats still owed to other sites' reservations
//! ```
//! where `taken` counts held and lingering seats, and a site is owed what is reserved for it less what its
//! logins already hold. The limit is the licences in force, or these and the overdraft.

use crate::account::Account;
use crate::ids::{SeatNo, SiteId};
use crate::time::Timestamp;

/// What stands between a login and a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// A seat is free.
    Free,
    /// Every seat up to the limit is taken.
    Full,
    /// Seats are free, but they are reserved for other sites.
    Reserved,
}

/// Whether a login from `site` finds a free seat at `at` under `limit` if the seats `without` were empty.
pub fn room(
    account: &Account,
    site: Option<SiteId>,
    limit: u32,
    at: Timestamp,
    without: &[SeatNo],
) -> Room {
    let emptied = u32::try_from(without.len()).unwrap_or(u32::MAX);
    let taken = account.taken(at).saturating_sub(emptied);
    let Some(free) = limit.checked_sub(taken).filter(|free| *free > 0) else {
        return Room::Full;
    };
    if owed_to_others(account, site, without) < free { Room::Free } else { Room::Reserved }
}

/// The dormant seats to take, longest dormant first, so that a login from `site` finds room under `limit`.
///
/// Empty if there is room as it is; `None` if taking every dormant seat would not make room: then none is
/// taken, because nobody is thrown out for nothing. A seat whose loss would not help (it goes back to
/// another site's reservation) is passed over.
pub fn reclaimable(
    account: &Account,
    site: Option<SiteId>,
    limit: u32,
    at: Timestamp,
) -> Option<Vec<SeatNo>> {
    let mut taking: Vec<SeatNo> = Vec::new();
    if room(account, site, limit, at, &taking) == Room::Free {
        return Some(taking);
    }
    let mut owed = owed_to_others(account, site, &taking);
    for (_, seat) in account.dormant_seats() {
        taking.push(seat);
        let owed_then = owed_to_others(account, site, &taking);
        if owed_then > owed {
            taking.pop();
            continue;
        }
        owed = owed_then;
        if room(account, site, limit, at, &taking) == Room::Free {
            return Some(taking);
        }
    }
    None
}

/// Seats that reservations of other sites than `site` still wait for.
fn owed_to_others(account: &Account, site: Option<SiteId>, without: &[SeatNo]) -> u32 {
    let reserved = &account.policy().reserved;
    let others = reserved.iter().filter(|(other, _)| Some(*other) != site);
    others.fold(0, |owed: u32, (other, seats)| {
        owed.saturating_add(seats.saturating_sub(held_from(account, *other, without)))
    })
}

/// Seats held by logins from one site. A shared seat counts for the site of its first session.
fn held_from(account: &Account, site: SiteId, without: &[SeatNo]) -> u32 {
    let mut seats: Vec<SeatNo> = account
        .sessions()
        .filter(|session| session.site == Some(site) && !without.contains(&session.seat))
        .map(|session| session.seat)
        .collect();
    seats.sort_unstable();
    seats.dedup();
    u32::try_from(seats.len()).unwrap_or(u32::MAX)
}
