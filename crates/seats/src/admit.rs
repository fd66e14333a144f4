//! Whether a user gets a seat.
//!
//! In this order: may this account and this user log in at all; does the user hold a seat already (the
//! `same_user` policy); is a seat lingering for the user; is a seat free; could a dormant seat be reclaimed;
//! is there overdraft. If none of these, the login is denied, and the denial says why.
//!
//! A login onto the user's own seat (take-over, share) takes no seat from anybody, so it is granted even
//! while a decrease of licences admits nobody new.

use crate::account::{Account, Session, Standing, UserStanding};
use crate::command::LogIn;
use crate::decide::{Rejection, ends};
use crate::event::{DenialReason, Event, ExpiryCause};
use crate::ids::{SeatNo, SessionId};
use crate::liveness::Liveness;
use crate::policy::{Reclaim, SameUser, UserPolicy};
use crate::room::{Room, reclaimable, room};
use crate::time::Timestamp;

/// What a login comes to, before it is written as events.
enum Verdict {
    /// A seat, after these sessions have ended for the given cause.
    Grant {
        seat: SeatNo,
        overdraft: bool,
        ending: Vec<SessionId>,
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
        Verdict::Grant { seat, overdraft, ending, cause } => {
            let ending = ending.iter().filter_map(|session| account.session(*session));
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
    let mut events = Vec::new();
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
        None => own_seat(account, login).unwrap_or_else(|| another_seat(account, login, at)),
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
fn own_seat(account: &Account, login: &LogIn) -> Option<Verdict> {
    let policy = account.policy();
    // The one silent longest, else the oldest.
    let own = account
        .sessions_of(login.user)
        .min_by_key(|session| (session.dormant.map_or(Timestamp::MAX, |d| d.since), session.id))?;
    let on = |ending| {
        let cause = ExpiryCause::TakenOver;
        Some(Verdict::Grant { seat: own.seat, overdraft: own.overdraft, ending, cause })
    };
    let all_on_it = || account.sessions_on(own.seat).map(|session| session.id).collect();
    match policy.same_user {
        SameUser::Separate => None,
        SameUser::Share => on(Vec::new()),
        SameUser::TakeOver => on(all_on_it()),
        SameUser::Deny => {
            let live = account.sessions_of(login.user).any(|session| session.dormant.is_none());
            if live {
                return Some(Verdict::Deny(DenialReason::AlreadyLoggedIn));
            }
            on(all_on_it())
        }
    }
}

/// A seat the user does not hold: lingering, free, reclaimed or overdraft, in this order.
fn another_seat(account: &Account, login: &LogIn, at: Timestamp) -> Verdict {
    let policy = account.policy();
    let licences = account.licences().at(at);
    let limit = licences.saturating_add(policy.overdraft);

    if let Some(own) = account.lingering(at).find(|linger| linger.user == login.user)
        && account.held() < limit
    {
        let overdraft = account.held() >= licences;
        let (seat, ending, cause) = (own.seat, Vec::new(), ExpiryCause::Reclaimed);
        return Verdict::Grant { seat, overdraft, ending, cause };
    }
    for (limit, overdraft) in [(licences, false), (limit, true)] {
        let taking = match policy.reclaim {
            Reclaim::Never => free(account, login, limit, at),
            Reclaim::OnDemand | Reclaim::AtOnce => reclaimable(account, login.site, limit, at),
        };
        if let Some(taking) = taking {
            let ending: Vec<SessionId> =
                taking.iter().flat_map(|s| sessions(account, *s)).collect();
            let free = account.free_seat(at);
            let seat = taking.iter().copied().min().map_or(free, |reclaimed| free.min(reclaimed));
            return Verdict::Grant { seat, overdraft, ending, cause: ExpiryCause::Reclaimed };
        }
    }
    Verdict::Deny(match room(account, login.site, limit, at, &[]) {
        Room::Reserved => DenialReason::SeatsReserved,
        Room::Full | Room::Free => DenialReason::AllSeatsHeld,
    })
}

fn free(account: &Account, login: &LogIn, limit: u32, at: Timestamp) -> Option<Vec<SeatNo>> {
    (room(account, login.site, limit, at, &[]) == Room::Free).then(Vec::new)
}

fn sessions(account: &Account, seat: SeatNo) -> impl Iterator<Item = SessionId> + '_ {
    account.sessions_on(seat).map(|session: &Session| session.id)
}
