//! A lawful history, forged: a commit dropped, written twice or moved, an event altered.
//!
//! Only forgeries that break a law are made here: to drop a denial that nothing depends on breaks none (the
//! hash chain of the ledger finds that). Each comes with its description.

use crate::real::{Commit, instant};
use seats::{AccountId, Breach, Event, Laws, Micros, RequestId, SeatNo, SessionId, UserId};
use std::collections::BTreeMap;

/// A forged history, and what was done to it.
pub(crate) type Forgery = (String, Vec<Commit>);

/// The first breach of a history, if there is one.
pub(crate) fn breach(commits: &[Commit]) -> Option<Breach> {
    let mut laws = Laws::new(AccountId(1));
    commits.iter().find_map(|(at, events)| laws.check(*at, events).err())
}

/// Every forgery of each kind that this history offers.
pub(crate) fn forgeries(commits: &[Commit]) -> Vec<Forgery> {
    let mut forged = Vec::new();
    for (place, (at, events)) in commits.iter().enumerate() {
        let told = |what: &str| format!("{what} commit {place} of {at:?}: {events:?}");
        if place == 0 || is_needed(&commits[place + 1..], events) {
            let mut dropped = commits.to_vec();
            dropped.remove(place);
            if !dropped.is_empty() {
                forged.push((told("drop"), dropped));
            }
        }
        if events.iter().any(happens_once) {
            let mut twice = commits.to_vec();
            twice.insert(place, commits[place].clone());
            forged.push((told("write twice"), twice));
        }
        if commits.get(place + 1).is_some_and(|(next, _)| next > at) {
            let mut swapped = commits.to_vec();
            swapped.swap(place, place + 1);
            forged.push((told("swap with the next"), swapped));
        }
        let stolen = stolen(&commits[..place], events);
        let altered = events.iter().enumerate().map(|(number, event)| (number, altered(event)));
        for (number, event) in altered.chain(stolen) {
            if let Some(event) = event {
                let mut copy = commits.to_vec();
                copy[place].1[number] = event;
                forged.push((told(&format!("alter event {number} of")), copy));
            }
        }
    }
    forged
}

/// Whether what comes later cannot be without these events: a session of theirs acts, or a session they
/// ended or silenced is ended or silenced again.
fn is_needed(later: &[Commit], events: &[Event]) -> bool {
    let later = || later.iter().flat_map(|(_, events)| events);
    events.iter().any(|event| match event {
        Event::SeatGranted { session, .. } => later().any(|event| acts(event) == Some(*session)),
        Event::Resumed { session } => {
            let next = later().find(|event| acts(event) == Some(*session));
            matches!(next, Some(Event::WentDormant { .. }))
        }
        Event::WentDormant { session, .. } => {
            let next = later().find(|event| acts(event) == Some(*session));
            matches!(next, Some(Event::Resumed { .. }))
        }
        Event::UserAdded { user, .. } => later()
            .any(|event| matches!(event, Event::UserSuspended { user: other } if other == user)),
        Event::SiteAdded { .. } => later().any(|event| matches!(event, Event::SiteAdded { .. })),
        _ => false,
    })
}

/// The session that falls silent, comes back or ends.
fn acts(event: &Event) -> Option<SessionId> {
    match event {
        Event::WentDormant { session, .. }
        | Event::Resumed { session }
        | Event::LoggedOut { session, .. }
        | Event::Expired { session, .. } => Some(*session),
        _ => None,
    }
}

fn happens_once(event: &Event) -> bool {
    let once = matches!(
        event,
        Event::AccountOpened { .. }
            | Event::UserAdded { .. }
            | Event::SiteAdded { .. }
            | Event::DeviceAdded { .. }
            | Event::LicencesChanged { .. }
            | Event::SeatGranted { .. }
            | Event::Queued { .. }
            | Event::SeatOffered { .. }
            | Event::OfferLapsed { .. }
            | Event::OfferWithdrawn { .. }
            | Event::LeftQueue { .. }
            | Event::HandOverAsked { .. }
            | Event::HandOverEnded { .. }
            | Event::AccountSuspended
            | Event::AccountReinstated
            | Event::AccountClosed
    );
    once || acts(event).is_some()
}

/// The grant of this commit, if it throws nobody out, altered to a seat that somebody else holds.
fn stolen(before: &[Commit], events: &[Event]) -> Option<(usize, Option<Event>)> {
    let asks = |event: &Event| match event {
        Event::LoginRequested { user, .. } => Some(*user),
        _ => None,
    };
    let user = events.iter().find_map(asks)?;
    let number = events.iter().position(|event| matches!(event, Event::SeatGranted { .. }))?;
    let board = board(before);
    let (theirs, _) = board.iter().find(|(_, holder)| **holder != user)?;
    let mut grant = events[number].clone();
    if let Event::SeatGranted { seat, .. } = &mut grant {
        *seat = *theirs;
    }
    events.iter().all(|event| acts(event).is_none()).then_some((number, Some(grant)))
}

/// Who holds each seat after these commits.
fn board(commits: &[Commit]) -> BTreeMap<SeatNo, UserId> {
    let (mut asked, mut sat) = (UserId(0), BTreeMap::new());
    let mut askers = BTreeMap::new();
    for event in commits.iter().flat_map(|(_, events)| events) {
        match event {
            Event::LoginRequested { request, user, .. } => {
                asked = *user;
                askers.insert(*request, *user);
            }
            Event::SeatGranted { request, session, seat, .. } => {
                let user = request.and_then(|request| askers.get(&request).copied());
                sat.insert(*session, (*seat, user.unwrap_or(asked)));
            }
            Event::LoggedOut { session, .. } | Event::Expired { session, .. } => {
                sat.remove(session);
            }
            _ => {}
        }
    }
    sat.into_values().collect()
}

/// This event, altered so that a law is broken.
fn altered(event: &Event) -> Option<Event> {
    let nobody = SessionId(77_777);
    let nothing = RequestId([0xEE; 16]);
    let ages = Micros(instant(1_000_000).0);
    let mut event = event.clone();
    match &mut event {
        Event::LicencesChanged { from, .. } => *from += 1,
        Event::SiteAdded { site, .. } => site.0 += 1,
        Event::DeviceAdded { device, .. } => device.0 += 1,
        Event::UserSuspended { user } | Event::UserReinstated { user } => *user = UserId(999),
        Event::LoginRequested { device, .. } => *device = Some(seats::DeviceId(999)),
        Event::SeatGranted { session, .. } => *session = SessionId(0),
        Event::SeatDenied { dormant, .. } | Event::Queued { dormant, .. } => *dormant += 1,
        Event::SeatOffered { request, .. }
        | Event::OfferLapsed { request }
        | Event::OfferWithdrawn { request }
        | Event::LeftQueue { request, .. } => *request = nothing,
        Event::HandOverAsked { handover, .. } | Event::HandOverEnded { handover, .. } => {
            handover.0 += 1_000;
        }
        Event::WentDormant { silent, .. } => *silent = ages,
        Event::Resumed { session } => *session = nobody,
        Event::LoggedOut { session, .. } => *session = nobody,
        Event::Expired { silent, .. } => *silent = ages,
        _ => return None,
    }
    Some(event)
}
