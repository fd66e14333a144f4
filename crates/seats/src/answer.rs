//! What the caller is told.

use crate::account::{Account, Ending, Session};
use crate::event::{DenialReason, Event, Leaving};
use crate::ids::{DeviceId, HandOverId, RequestId, SeatNo, SessionId, SiteId, UserId};
use crate::time::Timestamp;

/// What a login request came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A seat, until told otherwise.
    Granted {
        /// The session that began.
        session: SessionId,
        /// The seat it holds.
        seat: SeatNo,
        /// Above the licences bought.
        overdraft: bool,
    },
    /// No seat.
    Denied {
        /// Why.
        reason: DenialReason,
        /// Seats taken at that instant.
        held: u32,
        /// Of these, seats whose holder had gone silent.
        dormant: u32,
    },
    /// Neither yet: it waits. Ask again with the same request id, well within the account's `wait-lease`:
    /// that keeps the place in line, and takes the seat once one is offered.
    Waiting {
        /// The place in line, from 1; 0 where it is not known, because all that is known is the commit of
        /// the request.
        place: u32,
    },
    /// It waited, and a seat that was offered to it was not taken in time. To wait anew, log in anew.
    Lapsed,
    /// It waited, and left the line without a seat.
    Left(Leaving),
}

impl Outcome {
    /// In line, or not known to be anything else.
    pub(crate) const WAITING: Outcome = Outcome::Waiting { place: 0 };
}

/// What a session is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Present {
    /// It holds its seat and its holder is heard of.
    Live,
    /// It holds its seat; its holder has gone silent.
    Dormant,
    /// It is over; how, if the account still remembers (older endings are looked up in the log).
    Ended(Option<Ending>),
}

/// Somebody asks for a seat, as its holder is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AskedFor {
    /// What is to be answered.
    pub handover: HandOverId,
    /// Who asks.
    pub by: UserId,
    /// Until when; then silence is consent.
    pub until: Timestamp,
}

/// The answer to a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Recorded.
    Done,
    /// The answer to a login.
    Login {
        /// What it came to.
        outcome: Outcome,
        /// When that was decided.
        at: Timestamp,
        /// The request had been made before; this is the first answer.
        again: bool,
        /// What the granted session is now; [`Present::Live`] when just granted, `None` if none was.
        present: Option<Present>,
    },
    /// A heartbeat or goodbye was noted.
    Noted {
        /// The seat the session holds.
        seat: SeatNo,
        /// Whether the session is dormant after it.
        dormant: bool,
        /// Somebody asks for the seat.
        asked: Option<AskedFor>,
    },
    /// A session ended.
    Ended {
        /// The seat it held.
        seat: SeatNo,
    },
}

/// The first answer to a request id, read back from the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstAnswer {
    /// Who asked.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// When it was decided.
    pub at: Timestamp,
    /// What it came to.
    pub outcome: Outcome,
}

impl FirstAnswer {
    /// Finds the request and its answer in the commit that holds the request, made at `at`.
    ///
    /// A request that is put in line there is answered in a later commit, see [`FirstAnswer::answered_in`].
    /// `None` if the commit does not hold it.
    pub fn in_commit(request: RequestId, at: Timestamp, events: &[Event]) -> Option<FirstAnswer> {
        let mut first: Option<FirstAnswer> = None;
        let mut last_asked = None;
        for event in events {
            match event {
                Event::LoginRequested { request: asked, user, site, device } => {
                    last_asked = Some(*asked);
                    if *asked == request {
                        let (user, site, device) = (*user, *site, *device);
                        let outcome = Outcome::WAITING;
                        first = Some(FirstAnswer { user, site, device, at, outcome });
                    }
                }
                event => {
                    if let (Some(first), Some((answered, outcome))) = (&mut first, answer_in(event))
                        && answered.or(last_asked) == Some(request)
                    {
                        first.outcome = outcome;
                    }
                }
            }
        }
        first
    }

    /// Takes up a later commit of the account, made at `at`, if it answers the request; says whether it does.
    pub fn answered_in(&mut self, request: RequestId, at: Timestamp, events: &[Event]) -> bool {
        let outcome = outcome_in(request, events);
        if let Some(outcome) = outcome {
            (self.outcome, self.at) = (outcome, at);
        }
        outcome.is_some()
    }

    /// The answer to give to the same question asked again.
    pub(crate) fn again(&self, account: &Account) -> Answer {
        let present = match self.outcome {
            Outcome::Granted { session, .. } => Some(present(account, session)),
            _ => None,
        };
        Answer::Login { outcome: self.outcome, at: self.at, again: true, present }
    }
}

/// What becomes of a request in a commit later than its own, by the events that name it.
pub fn outcome_in(request: RequestId, events: &[Event]) -> Option<Outcome> {
    let named = events.iter().filter_map(answer_in);
    let mut named = named.filter(|(answered, _)| *answered == Some(request));
    named.next().map(|(_, outcome)| outcome)
}

/// What an event answers to a request, and to which; `None`: to the last of its commit.
fn answer_in(event: &Event) -> Option<(Option<RequestId>, Outcome)> {
    Some(match *event {
        Event::SeatGranted { request, session, seat, overdraft } => {
            (request, Outcome::Granted { session, seat, overdraft })
        }
        Event::SeatDenied { request, reason, held, dormant } => {
            (request, Outcome::Denied { reason, held, dormant })
        }
        Event::OfferLapsed { request } => (Some(request), Outcome::Lapsed),
        Event::LeftQueue { request, how } => (Some(request), Outcome::Left(how)),
        _ => return None,
    })
}

/// What a session that was granted once is now.
pub fn present(account: &Account, session: SessionId) -> Present {
    match account.session(session) {
        Some(Session { dormant: Some(_), .. }) => Present::Dormant,
        Some(_) => Present::Live,
        None => Present::Ended(account.ending(session).copied()),
    }
}
