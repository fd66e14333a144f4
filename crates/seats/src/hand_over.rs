//! Hand-overs: somebody in line asks the holder of a seat for it.
//!
//! ```text
//!  asked --holder consents, or says nothing in time--> the seat is the asker's, in the same commit
//!    |  '--holder declines--> the holder keeps the seat; the asker stays in line
//!    '--asker or holder gone, asker has a seat or could not have this one--> withdrawn
//! ```
//! Whoever asks is in line, because all that is said there of those who wait holds of the asker too: who is
//! not heard of is gone, and a seat that comes free is offered. A hand-over takes nothing from the others in
//! line: the seat was never free. It is found among the seats that the asker could sit on if they were empty,
//! so licences, reservations and suspensions count as for every grant.
//!
//! At most one holder is asked for one asker at a time, and for one seat. Without a wish the one who did
//! nothing for longest is asked; never one who sat down just now (the release floor), and never one who
//! declined to the same asker within the hour.
//!
//! Answers are commands; silence, and what leaves nothing to answer, happen by themselves: see `line`.

use crate::account::{Account, Pending, Session, Waits};
use crate::admit;
use crate::command::LogIn;
use crate::decide::{Rejection, ends};
use crate::event::{Event, ExpiryCause, HandOverEnd};
use crate::ids::{HandOverId, RequestId, SeatNo, SessionId, UserId};
use crate::liveness::Liveness;
use crate::policy::{SameUser, WhenFull};
use crate::room::{Room, Seeker, room, taken_by_others};
use crate::time::{Micros, Timestamp};
use bincode::{Decode, Encode};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How many seconds a holder may be given to answer: long enough to see the question, short enough to wait
/// for.
pub const HAND_OVER_S: RangeInclusive<u32> = 10..=3_600;

/// Seconds for which a holder who has declined is not asked again by the same user.
pub const DECLINED_S: u32 = 3_600;

/// A seat that more sessions share is not handed over: their ends do not fit into one commit.
const SESSIONS_MAX: usize = 900;

/// An asking for a seat that is not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct HandOver {
    /// Its number.
    pub id: HandOverId,
    /// The seat that is asked for.
    pub seat: SeatNo,
    /// Who holds it.
    pub holder: UserId,
    /// Who asks.
    pub asker: UserId,
    /// When the holder was asked.
    pub asked: Timestamp,
    /// Until when there is time to answer; our own downtime comes on top.
    pub until: Timestamp,
}

/// A holder has declined, and is left alone by the same asker for [`DECLINED_S`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Decline {
    /// What was declined.
    pub handover: HandOverId,
    /// Who declined.
    pub holder: UserId,
    /// To whom.
    pub asker: UserId,
    /// When.
    pub at: Timestamp,
}

impl Decline {
    pub(crate) fn protects(&self, at: Timestamp) -> bool {
        at < self.at + Micros::from_secs(DECLINED_S)
    }
}

impl Account {
    /// The askings for a seat that are not answered yet, by number.
    pub fn hand_overs(&self) -> &[HandOver] {
        &self.hand_overs
    }
    /// What the holder of a seat is asked.
    pub fn asked_for(&self, seat: SeatNo) -> Option<&HandOver> {
        self.hand_overs.iter().find(|asked| asked.seat == seat)
    }
    /// What a user has asked.
    pub fn asking(&self, user: UserId) -> Option<&HandOver> {
        self.hand_overs.iter().find(|asked| asked.asker == user)
    }
    /// Who declined within the last hour, oldest first.
    pub fn declines(&self) -> &[Decline] {
        &self.declines
    }

    /// Somebody asks. What makes no sense changes nothing.
    pub(crate) fn ask_for(
        &mut self,
        at: Timestamp,
        id: HandOverId,
        request: RequestId,
        seat: SeatNo,
        until: Timestamp,
    ) {
        self.last_hand_over = self.last_hand_over.max(id);
        let asker = self.asked(request).map(|asked| asked.user);
        if let (Some(asker), Some(holder)) = (asker, self.board.holder(seat)) {
            self.hand_overs.push(HandOver { id, seat, holder, asker, asked: at, until });
        }
    }

    /// An asking is over.
    pub(crate) fn answer_for(&mut self, at: Timestamp, id: HandOverId, how: HandOverEnd) {
        let asked = self.hand_overs.iter().find(|asked| asked.id == id).copied();
        self.hand_overs.retain(|asked| asked.id != id);
        if let (Some(asked), HandOverEnd::Declined) = (asked, how) {
            let (holder, asker) = (asked.holder, asked.asker);
            self.declines.push(Decline { handover: id, holder, asker, at });
        }
    }
}

/// The events of somebody who asks for a seat at `at`: a grant, if a seat can be had without asking; else the
/// place in line, and the question to a holder, if there is one to be asked.
///
/// # Errors
/// A [`Rejection`] when nobody may be asked in this account, or not the holder who is named.
pub(crate) fn ask(
    account: &Account,
    liveness: &Liveness,
    login: &LogIn,
    seat: Option<SeatNo>,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let Some(time_s) = account.policy().hand_over_s else { return Err(Rejection::NoHandOvers) };
    let LogIn { request, user, site, device, .. } = *login;
    let waiting = account.asked(request).filter(|asked| asked.waits.is_some());
    let asked = waiting.copied().unwrap_or_else(|| {
        let waits = Some(Waits { since: at, sign: at, offer: None });
        Pending { request, user, site, device, waits }
    });
    let asks = account.asking(user).is_some();
    let found = match seat {
        _ if asks => None, // One at a time.
        Some(seat) => may_be_asked(account, &asked, seat, at).then_some(seat),
        None => whom(account, liveness, &asked, at),
    };
    let mut events = match waiting {
        Some(waiting) => admit::take_offer(account, liveness, waiting, at),
        None => {
            let waits = asks || seat.or(found).is_some();
            let waits = waits || account.policy().when_full == WhenFull::Queue;
            admit::log_in(account, liveness, login, waits, at)?
        }
    };
    let is_in_line = match waiting {
        Some(_) => events.is_empty(),
        None => events.iter().any(|event| matches!(event, Event::Queued { .. })),
    };
    match (found, seat) {
        _ if !is_in_line || asks => {}
        (Some(seat), _) => {
            let handover = HandOverId(account.last_hand_over.0.saturating_add(1));
            let until = at + Micros::from_secs(time_s);
            events.push(Event::HandOverAsked { handover, request, seat, until });
        }
        (None, Some(seat)) => return Err(Rejection::CannotBeAsked(seat)),
        (None, None) => {}
    }
    Ok(events)
}

/// The events of a holder who answers at `at`, with one of the sessions on the seat.
///
/// # Errors
/// [`Rejection::NothingAsked`] if this is not asked of the seat. To decline twice is no mistake.
pub(crate) fn answer(
    account: &Account,
    liveness: &Liveness,
    session: &Session,
    handover: HandOverId,
    consent: bool,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let asked = account.asked_for(session.seat).filter(|asked| asked.id == handover);
    // To answer is a sign of life.
    let back = session.dormant.map(|_| Event::Resumed { session: session.id });
    let Some(asked) = asked else {
        let declined =
            |d: &Decline| d.handover == handover && d.holder == session.user && d.protects(at);
        return match !consent && account.declines.iter().any(declined) {
            true => Ok(back.into_iter().collect()),
            false => Err(Rejection::NothingAsked(handover)),
        };
    };
    if !consent {
        let declined = Event::HandOverEnded { handover, how: HandOverEnd::Declined };
        return Ok(back.into_iter().chain([declined]).collect());
    }
    let mut events = handed_over(account, liveness, asked, HandOverEnd::Consented, at);
    for event in &mut events {
        if let Event::Expired { session: ended, silent, .. } = event
            && *ended == session.id
        {
            *silent = Micros::ZERO;
        }
    }
    Ok(events)
}

/// What becomes of the askings at `now` by itself: the first that is to be withdrawn; else the first that
/// silence answers.
pub(crate) fn step(account: &Account, liveness: &Liveness, now: Timestamp) -> Vec<Event> {
    let off = account.policy().hand_over_s.is_none();
    let moot = |asked: &&HandOver| off || possible(account, asked, now).is_none();
    if let Some(asked) = account.hand_overs.iter().find(moot) {
        return vec![Event::HandOverEnded { handover: asked.id, how: HandOverEnd::Withdrawn }];
    }
    let due = account.hand_overs.iter().filter(|asked| liveness.answers(asked) <= now);
    let first = due.min_by_key(|asked| (liveness.answers(asked), asked.id));
    first.map_or_else(Vec::new, |asked| {
        handed_over(account, liveness, asked, HandOverEnd::Silent, now)
    })
}

/// The seat goes from its holder to the asker; withdrawn if it cannot.
fn handed_over(
    account: &Account,
    liveness: &Liveness,
    asked: &HandOver,
    how: HandOverEnd,
    at: Timestamp,
) -> Vec<Event> {
    let (handover, seat) = (asked.id, asked.seat);
    let Some((request, overdraft)) = possible(account, asked, at) else {
        return vec![Event::HandOverEnded { handover, how: HandOverEnd::Withdrawn }];
    };
    let session = SessionId(account.last_session().0.saturating_add(1));
    let grant = Event::SeatGranted { request: Some(request), session, seat, overdraft };
    let leaving = ends(liveness, account.sessions_on(seat), ExpiryCause::HandedOver, at);
    [Event::HandOverEnded { handover, how }].into_iter().chain(leaving).chain([grant]).collect()
}

/// The asker's login, and whether the seat is above the licences, if the seat may go to the asker at `at`.
fn possible(account: &Account, asked: &HandOver, at: Timestamp) -> Option<(RequestId, bool)> {
    let asker = account.line().find(|waiting| waiting.user == asked.asker)?;
    let same_holder = account.board.holder(asked.seat) == Some(asked.holder);
    let overdraft = same_holder.then(|| fits(account, asker, asked.seat, at)).flatten()?;
    Some((asker.request, overdraft))
}

/// Whether a seat that somebody else holds would be above the licences if it were the asker's; `None`: the
/// asker has got one, or could not have it.
fn fits(account: &Account, asker: &Pending, seat: SeatNo, at: Timestamp) -> Option<bool> {
    let user = asker.user;
    let sits = account.sessions_of(user).next().is_some();
    let has_one = sits && account.policy().same_user != SameUser::Separate;
    let is_offered = asker.waits?.offer.is_some();
    let others = account.board.holder(seat).is_some_and(|holder| holder != user);
    let cuttable = account.sessions_on(seat).nth(SESSIONS_MAX).is_none();
    if has_one || is_offered || !others || !cuttable || admit::barred(account, user).is_some() {
        return None;
    }
    let seeker = Seeker { user, site: asker.site, at };
    let free = room(account, &seeker, account.limit(at), &[seat]) == Room::Free;
    free.then(|| taken_by_others(account, &seeker, &[seat]) >= account.licences().at(at))
}

/// The seat whose holder did nothing for longest, of those who may be asked.
fn whom(account: &Account, liveness: &Liveness, asker: &Pending, at: Timestamp) -> Option<SeatNo> {
    let mut active: BTreeMap<SeatNo, Timestamp> = BTreeMap::new();
    for session in account.sessions() {
        let latest = active.entry(session.seat).or_default();
        *latest = liveness.of(session).active.max(*latest);
    }
    let mut seats: Vec<_> = active.into_iter().map(|(seat, active)| (active, seat)).collect();
    seats.sort_unstable();
    let mut seats = seats.into_iter().map(|(_, seat)| seat);
    seats.find(|seat| may_be_asked(account, asker, *seat, at))
}

fn may_be_asked(account: &Account, asker: &Pending, seat: SeatNo, at: Timestamp) -> bool {
    let floor = Micros::from_secs(account.policy().release_floor_s);
    let declined = |d: &Decline| {
        d.asker == asker.user && account.board.holder(seat) == Some(d.holder) && d.protects(at)
    };
    account.asked_for(seat).is_none()
        && !account.declines.iter().any(declined)
        && account.sessions_on(seat).all(|session| at.since(session.since) >= floor)
        && fits(account, asker, seat, at).is_some()
}
