//! The line: what becomes of those who wait for a seat.
//!
//! ```text
//!  login --full--> in line --a seat is free--> offered --asks again in time--> granted
//!                     |  ^                       |  |
//!                     |  '---- offer withdrawn --'  '--offer over--> out
//!                     '--gave up, not heard of, may not log in--> out
//! ```
//! Whenever a seat is free, it is offered to the first in line who could sit on it. It is not granted: whoever
//! waited may have gone, and a seat that is granted to nobody is a ghost. An offer keeps the seat for a while,
//! as a lingering seat is kept; it is taken by asking again. A dormant seat that may be reclaimed is free in
//! this sense, and is taken for the offer: those in line have been heard of since. Who asks a holder for the
//! seat (see [`hand_over`]) is in line too, and may get that seat, which never comes free.
//!
//! All of this happens by itself, so it is in what [`settle`](crate::settle()) gives: a log-out at nine is
//! followed by an offer of nine, whoever looks, and whenever. Since settling always comes first, no new login
//! finds a seat that somebody in line could have: nobody overtakes.

use crate::account::{Account, Pending, Standing};
use crate::admit;
use crate::cut::{self, ENDS_MAX};
use crate::decide::ends;
use crate::event::{DenialReason, Event, ExpiryCause, Leaving};
use crate::hand_over;
use crate::liveness::Liveness;
use crate::policy::Reclaim;
use crate::room::Seeker;
use crate::settle::{self, Due};
use crate::time::{Micros, Timestamp};

/// The events due by time alone at or before `at` in an account in which somebody is in line.
///
/// Instant by instant, because what happens at one decides what is due at the next.
pub(crate) fn settle(account: &Account, liveness: &Liveness, at: Timestamp) -> Vec<Due> {
    let mut state = account.clone();
    let mut now = account.last_at();
    let mut commits = Vec::new();
    while now <= at {
        for due in settle::sessions(&state, liveness, now) {
            state.apply(due.at, &due.events);
            commits.push(due);
        }
        at_instant(&mut state, liveness, now, &mut commits);
        if !state.has_line() {
            commits.extend(settle::sessions(&state, liveness, at));
            break;
        }
        match next(&state, liveness, now) {
            Some(next) => now = next,
            None => break,
        }
    }
    commits
}

/// The first instant after `after` at which something may be due by time alone.
pub(crate) fn next(account: &Account, liveness: &Liveness, after: Timestamp) -> Option<Timestamp> {
    let sessions = account.sessions().filter_map(|held| liveness.next_change(account, held));
    let waiters = account.line().filter_map(|asked| liveness.leaves_line(account, asked));
    // A seat comes free without an event when it lingers no longer, or when licences bought begin to count.
    let lingers = account.lingering(after).map(|linger| linger.until);
    let licences = account.licences().changes().iter().map(|(from, _)| *from);
    let answers = account.hand_overs().iter().map(|asked| liveness.answers(asked));
    let all = sessions.chain(waiters).chain(lingers).chain(licences).chain(answers);
    all.filter(|instant| *instant > after).min()
}

/// Everything that happens to the line at one instant, until it is quiet.
fn at_instant(state: &mut Account, liveness: &Liveness, now: Timestamp, commits: &mut Vec<Due>) {
    let mut commit: Vec<Event> = Vec::new();
    let mut record = |events: Vec<Event>| {
        if !events.is_empty() {
            commits.push(Due { at: now, events });
        }
    };
    loop {
        let mut events = step(state, liveness, now);
        if events.is_empty() {
            break;
        }
        state.apply(now, &events);
        let ahead = cut::ahead(&mut events);
        // The ends of an offer and the offer stay together.
        if !ahead.is_empty() || commit.len().saturating_add(events.len()) > ENDS_MAX {
            record(std::mem::take(&mut commit));
        }
        ahead.into_iter().for_each(&mut record);
        commit.append(&mut events);
    }
    record(commit);
}

/// What happens next at an instant: who leaves; else the offer that is withdrawn; else the hand-over that is,
/// or that silence answers; else the offer that is made.
fn step(account: &Account, liveness: &Liveness, now: Timestamp) -> Vec<Event> {
    let leaving = account.line().filter_map(|asked| leaves(account, liveness, asked, now));
    let leaving: Vec<Event> = leaving.collect();
    if !leaving.is_empty() {
        return leaving;
    }
    if let Some(withdrawn) = withdrawn(account, now) {
        return vec![withdrawn];
    }
    let handing = hand_over::step(account, liveness, now);
    if handing.is_empty() { offer(account, liveness, now) } else { handing }
}

fn leaves(
    account: &Account,
    liveness: &Liveness,
    asked: &Pending,
    now: Timestamp,
) -> Option<Event> {
    let request = asked.request;
    match admit::barred(account, asked.user) {
        // Until the account is reinstated those in line wait.
        None | Some(DenialReason::AccountSuspended) => {}
        Some(_) => return Some(Event::LeftQueue { request, how: Leaving::Barred }),
    }
    if liveness.leaves_line(account, asked)? > now {
        return None;
    }
    Some(match asked.waits?.offer {
        Some(_) => Event::OfferLapsed { request },
        None => Event::LeftQueue { request, how: Leaving::NotHeardOf },
    })
}

/// The last offer, if there are more seats held and offered than may be.
fn withdrawn(account: &Account, now: Timestamp) -> Option<Event> {
    let (last, _) = account.offers().next_back()?;
    let may_be = match account.standing() {
        Standing::Open => account.limit(now),
        Standing::Unopened | Standing::Suspended | Standing::Closed => 0,
    };
    let request = last.request;
    (held_or_offered(account) > may_be).then_some(Event::OfferWithdrawn { request })
}

fn held_or_offered(account: &Account) -> u32 {
    let offered = u32::try_from(account.offers().count()).unwrap_or(u32::MAX);
    account.held().saturating_add(offered)
}

/// The offer of a seat to the first in line who could sit on it, with the ends of those who make way for it.
fn offer(account: &Account, liveness: &Liveness, now: Timestamp) -> Vec<Event> {
    if account.standing() != Standing::Open || account.is_importing() || is_full(account, now) {
        return Vec::new();
    }
    let without = account.line().filter(|asked| asked.waits.is_some_and(|w| w.offer.is_none()));
    for asked in without {
        let seeker = Seeker { user: asked.user, site: asked.site, at: now };
        let Ok(found) = admit::another_seat(account, &seeker) else { continue };
        let emptied = u32::try_from(found.emptying.len()).unwrap_or(u32::MAX);
        if held_or_offered(account).saturating_sub(emptied) >= account.limit(now) {
            continue;
        }
        let making_way = found.emptying.iter().flat_map(|seat| account.sessions_on(*seat));
        let mut events: Vec<Event> =
            ends(liveness, making_way, ExpiryCause::Reclaimed, now).collect();
        let until = now + Micros::from_secs(account.policy().offer_s);
        events.push(Event::SeatOffered { request: asked.request, seat: found.seat, until });
        return events;
    }
    Vec::new()
}

/// Whether it is plain that nobody finds a seat, so that a long line need not be asked one by one.
fn is_full(account: &Account, now: Timestamp) -> bool {
    let reclaims = account.policy().reclaim != Reclaim::Never;
    account.taken(now) >= account.limit(now)
        && account.lingering(now).next().is_none()
        && !(reclaims && account.dormant > 0)
}
