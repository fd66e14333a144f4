//! Whether a user gets a seat.
//!
//! In this order: may this account and this user log in at all; does the user hold a seat already (the
//! `same_user` policy); is a seat free, or lingering for the user; could dormant seats be reclaimed; is there
//! overdraft. If none of these, the login is denied, and the denial says why.
//!
//! A login onto the user's own seat (take-over, share) takes no seat from anybody, so it is granted even
//! while a decrease of licences admits nobody new.

use crate::account::{Account, Standing, UserStanding};
use crate::command::LogIn;
use crate::decide::{Rejection, ends};
use crate::event::{DenialReason, Event, ExpiryCause};
use crate::ids::{SeatNo, SessionId};
use crate::liveness::Liveness;
use crate::policy::{Reclaim, SameUser, UserPolicy};
use crate::room::{Room, Seeker, reclaimable, room, taken_by_others};
use crate::time::Timestamp;

/// What a login comes to, before it is written as events.
enum Verdict {
    /// A seat, after the sessions on these seats have ended for the given cause.
    Grant {
        seat: SeatNo,
        overdraft: bool,
        emptying: Vec<SeatNo>,
        cause: ExpiryCause,
    },
    Deny(DenialReason),
}

/// The events of a login at `at`: newcomers introduced, the request, what had to end, grant or denial.
///
/// # Errors
/// A [`Rejection`] when the login names a user, site or device that neither the account nor the command
/// introduces.
pub(crate) fn log_in(
    account: &Account,
    liveness: &Liveness,
    login: &LogIn,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut events = introductions(account, login)?;
    let LogIn { request, user, site, device, .. } = *login;
    events.push(Event::LoginRequested { request, user, site, device });
    match verdict(account, login, at) {
        Verdict::Grant { seat, overdraft, emptying, cause } => {
            let ending = emptying.iter().flat_map(|seat| account.sessions_on(*seat));
            events.extend(ends(liveness, ending, cause, at));
            let session = SessionId(account.last_session().0.saturating_add(1));
            events.push(Event::SeatGranted { request: None, session, seat, overdraft });
        }
        Verdict::Deny(reason) => {
            let held = account.taken(at);
            let dormant = u32::try_from(account.dormant_seats().len()).unwrap_or(u32::MAX);
            events.push(Event::SeatDenied { request: None, reason, held, dormant });
        }
    }
    Ok(events)
}

/// Users and devices that the account has not met.
fn introductions(account: &Account, login: &LogIn) -> Result<Vec<Event>, Rejection> {
    if let Some(site) = login.site
        && !account.has_site(site)
    {
        return Err(Rejection::UnknownSite(site));
    }
    let mut events = Vec::with_capacity(3); // Request, end of an older session, grant.
    let admits = account.standing() == Standing::Open;
    let known = account.user(login.user).is_some_and(|u| u.standing != UserStanding::Stranger);
    if !known && admits && account.policy().users == UserPolicy::Open {
        let (user, newcomer) = (login.user, login.newcomer);
        let profile = newcomer.filter(|_| user.0 > 0).ok_or(Rejection::UnknownUser(user))?;
        events.push(Event::UserAdded { user, profile });
    }
    if let Some(device) = login.device
        && !account.has_device(device)
    {
        let next = device == account.next_device();
        let profile = login.new_device.filter(|_| next);
        let profile = profile.ok_or(Rejection::NumberTaken("the device's number"))?;
        events.push(Event::DeviceAdded { device, profile });
    }
    Ok(events)
}

fn verdict(account: &Account, login: &LogIn, at: Timestamp) -> Verdict {
    match barred(account, login) {
        Some(reason) => Verdict::Deny(reason),
        None => own_seat(account, login, at).unwrap_or_else(|| another_seat(account, login, at)),
    }
}

/// Why this user may not log in at all.
fn barred(account: &Account, login: &LogIn) -> Option<DenialReason> {
    match account.standing() {
        Standing::Open => {}
        Standing::Suspended => return Some(DenialReason::AccountSuspended),
        Standing::Closed | Standing::Unopened => return Some(DenialReason::AccountClosed),
    }
    match account.user(login.user).map(|user| user.standing) {
        Some(UserStanding::Active) => None,
        Some(UserStanding::Suspended) => Some(DenialReason::UserSuspended),
        Some(UserStanding::Forgotten) => Some(DenialReason::NotRegistered),
        None | Some(UserStanding::Stranger) => {
            let strangers = account.policy().users == UserPolicy::Registered;
            strangers.then_some(DenialReason::NotRegistered)
        }
    }
}

/// What the user's own sessions mean for this login; `None`: it needs another seat.
fn own_seat(account: &Account, login: &LogIn, at: Timestamp) -> Option<Verdict> {
    // The one silent longest, else the oldest.
    let own = account
        .sessions_of(login.user)
        .min_by_key(|session| (session.dormant.map_or(Timestamp::MAX, |d| d.since), session.id))?;
    let live = || account.sessions_of(login.user).any(|session| session.dormant.is_none());
    let emptying = match account.policy().same_user {
        SameUser::Separate => return None,
        SameUser::Deny if live() => return Some(Verdict::Deny(DenialReason::AlreadyLoggedIn)),
        SameUser::Share => Vec::new(),
        SameUser::TakeOver | SameUser::Deny => vec![own.seat],
    };
    // A seat granted as overdraft stays overdraft only while it is above the licences.
    let others = taken_by_others(account, &seeker(login, at), &[own.seat]);
    let above = others >= account.licences().at(at);
    let overdraft = above && account.sessions_on(own.seat).any(|session| session.overdraft);
    Some(Verdict::Grant { seat: own.seat, overdraft, emptying, cause: ExpiryCause::TakenOver })
}

/// A seat the user does not hold: one that is free or lingers for the user, a reclaimed one, or one above
/// the licences, in this order.
fn another_seat(account: &Account, login: &LogIn, at: Timestamp) -> Verdict {
    let seeker = seeker(login, at);
    let (licences, limit) = (account.licences().at(at), account.limit(at));
    let limits = [Some(licences), (limit > licences).then_some(limit)];
    for limit in limits.into_iter().flatten() {
        let taking = match account.policy().reclaim {
            Reclaim::Never => (room(account, &seeker, limit, &[]) == Room::Free).then(Vec::new),
            Reclaim::OnDemand | Reclaim::AtOnce => reclaimable(account, &seeker, limit),
        };
        let Some(emptying) = taking else {
            continue;
        };
        let kept = account.lingering(at).filter(|linger| linger.user == login.user);
        let free = emptying.iter().copied().fold(account.free_seat(at), SeatNo::min);
        let seat = kept.map(|linger| linger.seat).min().unwrap_or(free);
        let overdraft = taken_by_others(account, &seeker, &emptying) >= licences;
        return Verdict::Grant { seat, overdraft, emptying, cause: ExpiryCause::Reclaimed };
    }
    Verdict::Deny(match room(account, &seeker, limit, &[]) {
        Room::Reserved => DenialReason::SeatsReserved,
        Room::Full | Room::Free => DenialReason::AllSeatsHeld,
    })
}

fn seeker(login: &LogIn, at: Timestamp) -> Seeker {
    Seeker { user: login.user, site: login.site, at }
}
