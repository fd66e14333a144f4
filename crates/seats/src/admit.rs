//! Whether a user gets a seat.
//!
//! In this order: may this account and this user log in at all; does the user hold a seat already (the
//! `same_user` policy); is a seat free, or lingering for the user; could dormant seats be reclaimed; is there
//! overdraft. If none of these, the login waits in line or is denied, as the policy says, and either says why.
//!
//! A login onto the user's own seat (take-over, share) takes no seat from anybody, so it is granted even
//! while a decrease of licences admits nobody new.
//!
//! A seat that somebody in line could have is offered to them before any login is decided (see `line`), so
//! what is found here overtakes nobody.

use crate::account::{Account, Pending, Standing, UserStanding};
use crate::command::LogIn;
use crate::decide::{Rejection, ends};
use crate::event::{DenialReason, Event, ExpiryCause, Leaving};
use crate::ids::{RequestId, SeatNo, SessionId, UserId};
use crate::liveness::Liveness;
use crate::policy::{Reclaim, SameUser, UserPolicy};
use crate::room::{Room, Seeker, reclaimable, room, taken_by_others};
use crate::time::Timestamp;

/// What a login comes to, before it is written as events.
enum Verdict {
    /// A seat, after the sessions on the seats to be emptied have ended for the given cause.
    Grant(Found, ExpiryCause),
    Deny(DenialReason),
}

/// A seat that was found.
pub(crate) struct Found {
    pub(crate) seat: SeatNo,
    /// It is above the licences.
    pub(crate) overdraft: bool,
    /// Seats whose holders make way for it.
    pub(crate) emptying: Vec<SeatNo>,
}

/// The events of a login at `at`: newcomers introduced, the request, what had to end, and the grant, the place
/// in line (if it `waits` where there is no seat) or the denial.
///
/// # Errors
/// A [`Rejection`] when the login names a user, site or device that neither the account nor the command
/// introduces.
pub(crate) fn log_in(
    account: &Account,
    liveness: &Liveness,
    login: &LogIn,
    waits: bool,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut events = introductions(account, login)?;
    let LogIn { request, user, site, device, .. } = *login;
    events.push(Event::LoginRequested { request, user, site, device });
    // A user is in line once: a newer login has the place (even where none is put in line now), or the seat.
    let earlier = account.line().find(|asked| asked.user == user);
    let earlier = earlier.map(|asked| asked.request);
    let asked_anew = earlier.map(|request| Event::LeftQueue { request, how: Leaving::AskedAnew });
    match verdict(account, &Seeker { user, site, at }) {
        Verdict::Grant(found, cause) => {
            events.extend(asked_anew);
            events.extend(granted(account, liveness, None, &found, cause, at));
        }
        Verdict::Deny(reason) => {
            let (held, dormant) = counted(account, at);
            let no_seat =
                matches!(reason, DenialReason::AllSeatsHeld | DenialReason::SeatsReserved);
            if no_seat && (waits || earlier.is_some()) {
                events.push(Event::Queued { reason, held, dormant });
                events.extend(asked_anew);
            } else {
                events.push(Event::SeatDenied { request: None, reason, held, dormant });
            }
        }
    }
    Ok(events)
}

/// The events of somebody in line who asks again at `at`: none without an offer; else the grant, or the
/// denial if the user may not have a seat any more.
pub(crate) fn take_offer(
    account: &Account,
    liveness: &Liveness,
    asked: &Pending,
    at: Timestamp,
) -> Vec<Event> {
    let request = Some(asked.request);
    if asked.waits.is_none_or(|waits| waits.offer.is_none()) {
        return Vec::new();
    }
    match verdict(account, &Seeker { user: asked.user, site: asked.site, at }) {
        Verdict::Grant(found, cause) => {
            granted(account, liveness, request, &found, cause, at).collect()
        }
        Verdict::Deny(reason) => {
            let (held, dormant) = counted(account, at);
            vec![Event::SeatDenied { request, reason, held, dormant }]
        }
    }
}

/// The ends of those who make way, and the grant.
fn granted<'a>(
    account: &'a Account,
    liveness: &'a Liveness,
    request: Option<RequestId>,
    found: &'a Found,
    cause: ExpiryCause,
    at: Timestamp,
) -> impl Iterator<Item = Event> + 'a {
    let making_way = found.emptying.iter().flat_map(|seat| account.sessions_on(*seat));
    let session = SessionId(account.last_session().0.saturating_add(1));
    let (seat, overdraft) = (found.seat, found.overdraft);
    let grant = Event::SeatGranted { request, session, seat, overdraft };
    ends(liveness, making_way, cause, at).chain([grant])
}

/// How many seats are taken, and how many of these are dormant.
fn counted(account: &Account, at: Timestamp) -> (u32, u32) {
    let dormant = u32::try_from(account.dormant_seats().len()).unwrap_or(u32::MAX);
    (account.taken(at), dormant)
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

fn verdict(account: &Account, seeker: &Seeker) -> Verdict {
    if let Some(reason) = barred(account, seeker.user) {
        return Verdict::Deny(reason);
    }
    if let Some(verdict) = own_seat(account, seeker) {
        return verdict;
    }
    match offered_seat(account, seeker).map_or_else(|| another_seat(account, seeker), Ok) {
        Ok(found) => Verdict::Grant(found, ExpiryCause::Reclaimed),
        Err(reason) => Verdict::Deny(reason),
    }
}

/// Why this user may not log in at all.
pub(crate) fn barred(account: &Account, user: UserId) -> Option<DenialReason> {
    match account.standing() {
        Standing::Open => {}
        Standing::Suspended => return Some(DenialReason::AccountSuspended),
        Standing::Closed | Standing::Unopened => return Some(DenialReason::AccountClosed),
    }
    match account.user(user).map(|user| user.standing) {
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
fn own_seat(account: &Account, seeker: &Seeker) -> Option<Verdict> {
    // The one silent longest, else the oldest.
    let own = account
        .sessions_of(seeker.user)
        .min_by_key(|session| (session.dormant.map_or(Timestamp::MAX, |d| d.since), session.id))?;
    let live = || account.sessions_of(seeker.user).any(|session| session.dormant.is_none());
    let emptying = match account.policy().same_user {
        SameUser::Separate => return None,
        SameUser::Deny if live() => return Some(Verdict::Deny(DenialReason::AlreadyLoggedIn)),
        SameUser::Share => Vec::new(),
        SameUser::TakeOver | SameUser::Deny => vec![own.seat],
    };
    // A seat granted as overdraft stays overdraft only while it is above the licences.
    let others = taken_by_others(account, seeker, &[own.seat]);
    let above = others >= account.licences().at(seeker.at);
    let overdraft = above && account.sessions_on(own.seat).any(|session| session.overdraft);
    Some(Verdict::Grant(Found { seat: own.seat, overdraft, emptying }, ExpiryCause::TakenOver))
}

/// The seat that is offered to the user. It was found free for the user then, and has been kept since.
fn offered_seat(account: &Account, seeker: &Seeker) -> Option<Found> {
    let (_, offer) = account.offers().find(|(asked, _)| asked.user == seeker.user)?;
    let overdraft = taken_by_others(account, seeker, &[]) >= account.licences().at(seeker.at);
    Some(Found { seat: offer.seat, overdraft, emptying: Vec::new() })
}

/// A seat the user does not hold: one that is free or lingers for the user, a reclaimed one, or one above
/// the licences, in this order; or why there is none.
pub(crate) fn another_seat(account: &Account, seeker: &Seeker) -> Result<Found, DenialReason> {
    let at = seeker.at;
    let (licences, limit) = (account.licences().at(at), account.limit(at));
    let limits = [Some(licences), (limit > licences).then_some(limit)];
    for limit in limits.into_iter().flatten() {
        let taking = match account.policy().reclaim {
            Reclaim::Never => (room(account, seeker, limit, &[]) == Room::Free).then(Vec::new),
            Reclaim::OnDemand | Reclaim::AtOnce => reclaimable(account, seeker, limit),
        };
        let Some(emptying) = taking else {
            continue;
        };
        let kept = account.lingering(at).filter(|linger| linger.user == seeker.user);
        let free = emptying.iter().copied().fold(account.free_seat(at), SeatNo::min);
        let seat = kept.map(|linger| linger.seat).min().unwrap_or(free);
        let overdraft = taken_by_others(account, seeker, &emptying) >= licences;
        return Ok(Found { seat, overdraft, emptying });
    }
    Err(match room(account, seeker, limit, &[]) {
        Room::Reserved => DenialReason::SeatsReserved,
        Room::Full | Room::Free => DenialReason::AllSeatsHeld,
    })
}
