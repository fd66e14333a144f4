//! Is there room for one more? Counting, reservations and what reclaiming would free.
//!
//! ```text
//! free for a seeker = limit - taken by others - seats still owed to other sites' reservations
//! ```
//! A seat is taken by others if it is held, or lingers for somebody else, or is offered to somebody else in
//! line; a seat that lingers for the seeker, or is offered to the seeker, is free to the seeker and to nobody
//! else. A site is owed what is reserved for it less the seats that its logins hold or are offered. The limit is the licences in force, or these and the overdraft.

use crate::account::{Account, Pending};
use crate::ids::{SeatNo, SiteId, UserId};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Who looks for a seat, from where and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seeker {
    /// Who.
    pub user: UserId,
    /// From which site, where told.
    pub site: Option<SiteId>,
    /// When.
    pub at: Timestamp,
}

/// What stands between a seeker and a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// A seat is free.
    Free,
    /// Every seat up to the limit is taken.
    Full,
    /// Seats are free, but they are reserved for other sites.
    Reserved,
}

/// Whether a seeker finds a free seat under `limit` if the held seats `without` were empty.
pub fn room(account: &Account, seeker: &Seeker, limit: u32, without: &[SeatNo]) -> Room {
    let taken = taken_by_others(account, seeker, without);
    let Some(free) = limit.checked_sub(taken).filter(|free| *free > 0) else {
        return Room::Full;
    };
    if owed_to_others(account, seeker, without) < free { Room::Free } else { Room::Reserved }
}

/// The dormant seats to take, longest dormant first, so that a seeker finds room under `limit`.
///
/// Empty if there is room as it is; `None` if taking every dormant seat would not make room: then none is
/// taken, because nobody is thrown out for nothing. A seat whose loss would not help (it goes back to
/// another site's reservation) is passed over.
pub fn reclaimable(account: &Account, seeker: &Seeker, limit: u32) -> Option<Vec<SeatNo>> {
    let mut taking: Vec<SeatNo> = Vec::new();
    if room(account, seeker, limit, &taking) == Room::Free {
        return Some(taking);
    }
    let mut owed = owed_to_others(account, seeker, &taking);
    for (_, seat) in account.dormant_seats() {
        taking.push(seat);
        let owed_then = owed_to_others(account, seeker, &taking);
        if owed_then > owed {
            taking.pop();
            continue;
        }
        owed = owed_then;
        if room(account, seeker, limit, &taking) == Room::Free {
            return Some(taking);
        }
    }
    None
}

/// Seats that the seeker could not sit on if the held seats `without` were empty.
pub fn taken_by_others(account: &Account, seeker: &Seeker, without: &[SeatNo]) -> u32 {
    let lingering = account.lingering(seeker.at).filter(|linger| linger.user != seeker.user);
    let kept = lingering.count().saturating_add(offered_to_others(account, seeker).count());
    let kept = u32::try_from(kept).unwrap_or(u32::MAX);
    let emptied = u32::try_from(without.len()).unwrap_or(u32::MAX);
    account.held().saturating_sub(emptied).saturating_add(kept)
}

/// Those in line to whom a seat is offered, but for the seeker.
fn offered_to_others<'a>(
    account: &'a Account,
    seeker: &'a Seeker,
) -> impl Iterator<Item = &'a Pending> {
    account.offers().map(|(asked, _)| asked).filter(|asked| asked.user != seeker.user)
}

/// Seats that reservations of other sites than the seeker's still wait for.
fn owed_to_others(account: &Account, seeker: &Seeker, without: &[SeatNo]) -> u32 {
    let reserved = &account.policy().reserved;
    let others = reserved.iter().filter(|(site, _)| Some(*site) != seeker.site);
    others.fold(0, |owed: u32, (site, seats)| {
        let theirs = offered_to_others(account, seeker).filter(|asked| asked.site == Some(*site));
        let offered = u32::try_from(theirs.count()).unwrap_or(u32::MAX);
        let covered = held_from(account, *site, without).saturating_add(offered);
        owed.saturating_add(seats.saturating_sub(covered))
    })
}

/// Seats held by logins from one site. A shared seat counts for the site of its oldest session.
fn held_from(account: &Account, site: SiteId, without: &[SeatNo]) -> u32 {
    let mut counted: BTreeSet<SeatNo> = without.iter().copied().collect();
    let oldest = account.sessions().filter(|session| counted.insert(session.seat));
    let held = oldest.filter(|session| session.site == Some(site)).count();
    u32::try_from(held).unwrap_or(u32::MAX)
}
