//! What the caller is told.

use crate::account::{Account, Ending, Session};
use crate::event::{DenialReason, Event};
use crate::ids::{DeviceId, RequestId, SeatNo, SessionId, SiteId, UserId};
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
    /// Neither yet.
    Waiting,
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
                        let outcome = Outcome::Waiting;
                        first = Some(FirstAnswer { user, site, device, at, outcome });
                    }
                }
                Event::SeatGranted { request: answered, session, seat, overdraft } => {
                    if let Some(first) = first.as_mut()
                        && answered.or(last_asked) == Some(request)
                    {
                        let (session, seat, overdraft) = (*session, *seat, *overdraft);
                        first.outcome = Outcome::Granted { session, seat, overdraft };
                    }
                }
                Event::SeatDenied { request: answered, reason, held, dormant } => {
                    if let Some(first) = first.as_mut()
                        && answered.or(last_asked) == Some(request)
                    {
                        let (reason, held, dormant) = (*reason, *held, *dormant);
                        first.outcome = Outcome::Denied { reason, held, dormant };
                    }
                }
                _ => {}
            }
        }
        first
    }

    /// The answer to give to the same question asked again.
    pub(crate) fn again(&self, account: &Account) -> Answer {
        let present = match self.outcome {
            Outcome::Granted { session, .. } => Some(present(account, session)),
            Outcome::Denied { .. } | Outcome::Waiting => None,
        };
        Answer::Login { outcome: self.outcome, at: self.at, again: true, present }
    }
}

/// What a session that was granted once is now.
pub fn present(account: &Account, session: SessionId) -> Present {
    match account.session(session) {
        Some(Session { dormant: Some(_), .. }) => Present::Dormant,
        Some(_) => Present::Live,
        None => Present::Ended(account.ending(session).copied()),
    }
}
