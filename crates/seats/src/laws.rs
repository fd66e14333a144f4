//! What must hold of any log, whoever wrote it and by whatever rules.
//!
//! These are the laws, not yesterday's decisions: whether the *lowest* free seat was granted, or the right
//! ghost reclaimed, is a rule and may be mended; that no seat was granted above the licences is a law.
//! The checker keeps its own small state and shares none of the code that decides or folds, so that a
//! mistake there is found here.
//!
//! 1. No grant takes another seat while held seats >= licences + overdraft. A grant onto the user's own
//!    seat (shared, or taken over in the same commit) takes none.
//! 2. No grant or denial without a request still open; a request is answered once.
//! 3. No session number is used twice; they grow.
//! 4. Only a session that holds a seat can fall silent, resume or end; its last sign of life lies between
//!    its grant and the commit. Silence is recorded once.
//! 5. No grant to an account that is not open, to a user who was not added or is suspended, or on a seat
//!    that somebody else holds.
//! 6. Licences before a change are what the changes before it say.
//! 7. An account is opened once, before anything else, and nobody sits in it once it is closed.
//! 8. Facts of the service stand in the system account, and only they.

use crate::account::Licences;
use crate::event::{Event, ExpiryCause};
use crate::ids::{AccountId, Digest, RequestId, SeatNo, SessionId, SiteId, UserId};
use crate::policy::Setting;
use crate::time::{Micros, Timestamp};
use std::collections::BTreeMap;
use thiserror::Error;

/// A law that a commit breaks. The record is damaged, forged, or was written by faulty rules.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[expect(missing_docs, reason = "the messages say what each one means")]
pub enum Breach {
    #[error("time goes back from {} to {} µs", from.0, to.0)]
    TimeGoesBack { from: Timestamp, to: Timestamp },
    #[error("the account is opened a second time")]
    OpenedTwice,
    #[error("something happens in an account that was never opened")]
    NotOpened,
    #[error("a fact of the service stands in a customer's account, or the reverse")]
    WrongAccount,
    #[error(
        "{session} is granted {seat} as seat {taken} of {limit}: more than licences and overdraft"
    )]
    Oversubscribed { session: SessionId, seat: SeatNo, taken: u32, limit: u32 },
    #[error("{seat} is granted to {user} while {holder} holds it")]
    SeatHeld { seat: SeatNo, user: UserId, holder: UserId },
    #[error("a grant or denial answers no open request")]
    NoRequest,
    #[error("a request id is used while the same request is open")]
    RequestOpen,
    #[error("{session} is granted after {last}: numbers must grow")]
    SessionReused { session: SessionId, last: SessionId },
    #[error("a seat is granted while the account is {0}")]
    AccountNotOpen(&'static str),
    #[error("a seat is granted to {0}, who may not log in")]
    UserMayNot(UserId),
    #[error("{0} holds no seat")]
    NotHeld(SessionId),
    #[error("{0} is dormant already, or was not")]
    Silence(SessionId),
    #[error("the last sign of life of {0} lies before its grant")]
    LastSeen(SessionId),
    #[error("licences change from {said}, but were {were}")]
    LicencesFrom { said: u32, were: u32 },
    #[error("{0} is added twice, or changed without having been added")]
    User(UserId),
    #[error("{0} is not the next site")]
    Site(SiteId),
    #[error("a denial counts {said} seats held; {held} are")]
    DenialCounts { said: u32, held: u32 },
    #[error("the account is closed while {0} seats are held")]
    ClosedWhileHeld(u32),
    #[error("an import completes that did not start, or starts in an account in use")]
    Import,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    Not,
    Yes,
    Suspended,
    Closed,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    user: UserId,
    seat: SeatNo,
    since: Timestamp,
    dormant: bool,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    user: UserId,
    sessions: u32,
}

/// The laws, applied to one account's commits in order.
#[derive(Clone, Debug)]
pub struct Laws {
    account: AccountId,
    open: Open,
    last_at: Timestamp,
    licences: Licences,
    overdraft: u32,
    users: BTreeMap<UserId, bool>,
    sites: u16,
    requests: Vec<(RequestId, UserId)>,
    sessions: BTreeMap<SessionId, Holding>,
    seats: BTreeMap<SeatNo, Seat>,
    last_session: SessionId,
    importing: Option<Digest>,
    /// Seats freed for their own users by take-over in the commit being checked.
    taken_over: Vec<(SeatNo, UserId)>,
}

impl Laws {
    /// The laws for an account of which nothing is recorded yet.
    pub fn new(account: AccountId) -> Laws {
        Laws {
            account,
            open: Open::Not,
            last_at: Timestamp::ZERO,
            licences: Licences::default(),
            overdraft: 0,
            users: BTreeMap::new(),
            sites: 0,
            requests: Vec::new(),
            sessions: BTreeMap::new(),
            seats: BTreeMap::new(),
            last_session: SessionId(0),
            importing: None,
            taken_over: Vec::new(),
        }
    }

    /// Checks the account's next commit, which happened at `at`.
    ///
    /// # Errors
    /// The first [`Breach`]. What follows a breach is not worth checking.
    pub fn check(&mut self, at: Timestamp, events: &[Event]) -> Result<(), Breach> {
        if at < self.last_at {
            return Err(Breach::TimeGoesBack { from: self.last_at, to: at });
        }
        self.last_at = at;
        self.taken_over.clear();
        events.iter().try_for_each(|event| self.event(at, event))
    }

    fn event(&mut self, at: Timestamp, event: &Event) -> Result<(), Breach> {
        let service = matches!(
            event,
            Event::ServiceStarted { .. } | Event::ServiceStopped | Event::ClockStepped { .. }
        );
        if service != (self.account == AccountId::SYSTEM) {
            return Err(Breach::WrongAccount);
        }
        match (self.open, event) {
            _ if service => return Ok(()),
            (Open::Not, Event::AccountOpened { .. }) => self.open = Open::Yes,
            (Open::Not, _) => return Err(Breach::NotOpened),
            (_, Event::AccountOpened { .. }) => return Err(Breach::OpenedTwice),
            _ => {}
        }
        match event {
            Event::PolicyChanged { settings } => {
                for setting in settings {
                    if let Setting::Overdraft(seats) = setting {
                        self.overdraft = *seats;
                    }
                }
            }
            Event::LicencesChanged { from, to, effective } => {
                let were = self.licences.at(effective.instant);
                if *from != were {
                    return Err(Breach::LicencesFrom { said: *from, were });
                }
                self.licences.change(effective.instant, *to);
            }
            Event::SiteAdded { site, .. } => {
                if site.0 != self.sites.saturating_add(1) {
                    return Err(Breach::Site(*site));
                }
                self.sites = site.0;
            }
            Event::UserAdded { user, .. } => {
                if self.users.insert(*user, true).is_some() {
                    return Err(Breach::User(*user));
                }
            }
            Event::UserSuspended { user } | Event::UserForgotten { user } => {
                *self.users.get_mut(user).ok_or(Breach::User(*user))? = false;
            }
            Event::UserReinstated { user } => {
                *self.users.get_mut(user).ok_or(Breach::User(*user))? = true;
            }
            Event::LoginRequested { request, user, .. } => {
                if self.requests.iter().any(|(open, _)| open == request) {
                    return Err(Breach::RequestOpen);
                }
                self.requests.push((*request, *user));
            }
            Event::SeatGranted { request, session, seat, overdraft: _ } => {
                let user = self.answered(*request)?;
                self.granted(at, *session, *seat, user)?;
            }
            Event::SeatDenied { request, held, dormant, .. } => {
                self.answered(*request)?;
                let holding = self.held();
                if *held < holding || dormant > held {
                    return Err(Breach::DenialCounts { said: *held, held: holding });
                }
            }
            Event::WentDormant { session, silent } => self.silence(at, *session, true, *silent)?,
            Event::Resumed { session } => self.silence(at, *session, false, Micros::ZERO)?,
            Event::LoggedOut { session, silent, .. } => {
                self.ended(at, *session, *silent)?;
            }
            Event::Expired { session, cause, silent } => {
                let ended = self.ended(at, *session, *silent)?;
                if *cause == ExpiryCause::TakenOver {
                    self.taken_over.push((ended.seat, ended.user));
                }
            }
            Event::AccountSuspended => self.open = Open::Suspended,
            Event::AccountReinstated if self.open == Open::Suspended => self.open = Open::Yes,
            Event::AccountReinstated => return Err(Breach::AccountNotOpen("not suspended")),
            Event::AccountClosed => {
                if !self.sessions.is_empty() {
                    return Err(Breach::ClosedWhileHeld(self.held()));
                }
                self.open = Open::Closed;
            }
            Event::ImportStarted { source } => {
                if self.importing.is_some() || self.last_session != SessionId(0) {
                    return Err(Breach::Import);
                }
                self.importing = Some(*source);
            }
            Event::ImportCompleted { source } => {
                if self.importing.take() != Some(*source) {
                    return Err(Breach::Import);
                }
            }
            Event::AccountOpened { .. }
            | Event::PlanAssigned { .. }
            | Event::DeviceAdded { .. }
            | Event::ServiceStarted { .. }
            | Event::ServiceStopped
            | Event::ClockStepped { .. } => {}
        }
        Ok(())
    }

    fn held(&self) -> u32 {
        u32::try_from(self.seats.len()).unwrap_or(u32::MAX)
    }

    fn answered(&mut self, request: Option<RequestId>) -> Result<UserId, Breach> {
        let place = match request {
            None => self.requests.len().checked_sub(1),
            Some(request) => self.requests.iter().position(|(open, _)| *open == request),
        };
        let (_, user) = self.requests.remove(place.ok_or(Breach::NoRequest)?);
        Ok(user)
    }

    fn granted(
        &mut self,
        at: Timestamp,
        session: SessionId,
        seat: SeatNo,
        user: UserId,
    ) -> Result<(), Breach> {
        match self.open {
            Open::Yes => {}
            Open::Not => return Err(Breach::NotOpened),
            Open::Suspended => return Err(Breach::AccountNotOpen("suspended")),
            Open::Closed => return Err(Breach::AccountNotOpen("closed")),
        }
        if self.users.get(&user) != Some(&true) {
            return Err(Breach::UserMayNot(user));
        }
        if session <= self.last_session {
            return Err(Breach::SessionReused { session, last: self.last_session });
        }
        self.last_session = session;
        let own = match self.seats.get(&seat) {
            Some(holder) if holder.user != user => {
                return Err(Breach::SeatHeld { seat, user, holder: holder.user });
            }
            Some(_) => true,
            None => match self.taken_over.iter().position(|freed| *freed == (seat, user)) {
                Some(place) => {
                    self.taken_over.remove(place);
                    true
                }
                None => false,
            },
        };
        let limit = self.licences.at(at).saturating_add(self.overdraft);
        if !own && self.held() >= limit {
            let taken = self.held().saturating_add(1);
            return Err(Breach::Oversubscribed { session, seat, taken, limit });
        }
        self.sessions.insert(session, Holding { user, seat, since: at, dormant: false });
        self.seats.entry(seat).or_insert(Seat { user, sessions: 0 }).sessions += 1;
        Ok(())
    }

    fn silence(
        &mut self,
        at: Timestamp,
        session: SessionId,
        dormant: bool,
        silent: Micros,
    ) -> Result<(), Breach> {
        let holding = self.sessions.get_mut(&session).ok_or(Breach::NotHeld(session))?;
        if holding.dormant == dormant {
            return Err(Breach::Silence(session));
        }
        if silent > at.since(holding.since) {
            return Err(Breach::LastSeen(session));
        }
        holding.dormant = dormant;
        Ok(())
    }

    fn ended(
        &mut self,
        at: Timestamp,
        session: SessionId,
        silent: Micros,
    ) -> Result<Holding, Breach> {
        let holding = self.sessions.remove(&session).ok_or(Breach::NotHeld(session))?;
        if silent > at.since(holding.since) {
            return Err(Breach::LastSeen(session));
        }
        if let Some(seat) = self.seats.get_mut(&holding.seat) {
            seat.sessions = seat.sessions.saturating_sub(1);
            if seat.sessions == 0 {
                self.seats.remove(&holding.seat);
            }
        }
        Ok(holding)
    }
}
