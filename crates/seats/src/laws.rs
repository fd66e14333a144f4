//! What must hold of any log, whoever wrote it and by whatever rules.
//!
//! These are the laws, not yesterday's decisions: whether the *lowest* free seat was granted, or the right
//! ghost reclaimed, is a rule and may be mended; that no seat was granted above the licences is a law.
//! The checker keeps its own small state and shares none of the code that decides or folds, so that a
//! mistake there is found here.
//!
//! 1. No grant takes another seat while held seats >= licences + overdraft. A grant onto the user's own
//!    seat (shared, or taken over in the same commit) takes none. Above the licences it is marked overdraft.
//! 2. No grant or denial without a request still open; a request is answered once.
//! 3. No session number is used twice; they grow.
//! 4. Only a session that holds a seat can fall silent, resume or end; its last sign of life lies between
//!    its grant and the commit. Silence is recorded once.
//! 5. No grant to an account that is not open, to a user who was not added or is suspended, or on a seat
//!    that somebody else holds.
//! 6. Nobody is thrown out for nothing: only a dormant session is reclaimed, for a grant in the same commit,
//!    or in a full commit of nothing else, as precede a grant that needs more than one commit holds; a seat
//!    is taken over by its own user in the same commit; a release has a reason; a denial counts truly.
//! 7. Licences before a change are what the changes before it say, and a civil date is that of its instant in
//!    some zone; sites and devices are numbered densely,
//!    and a device is forgotten once.
//! 8. An account is opened once, before anything else, and nobody sits in it once it is closed.
//! 9. Facts of the service stand in the system account, and only they.
//!
//! 10. Only the last login of a commit is put in line, and a user is in line once. Only who is in line is
//!     offered a seat, and one at a time; offered seats count as held, for all the laws above, but for those to
//!     whom they are offered. Who is in line is granted the offered seat, or one handed over. An offer lapses at its end at
//!     the earliest.
//! 11. Askings for a seat are numbered densely. Only who is in line asks, of somebody else who holds the seat;
//!     for one asker, and for one seat, one at a time. Silence answers at the end of the time at the earliest.
//!     A seat is handed over by consent or silence while both are there, and then its sessions end and the
//!     asker is granted it in the same commit; so ends no other session.
//!
//! That a request id is never used again after its answer takes an index of all ids, which is the ledger's.

mod admitting;
mod breach;
mod hand_over;
mod line;
mod lingering;
mod seating;

pub use breach::Breach;
use hand_over::{Asked, HandOvers};
use line::Line;
use seating::Seating;

use crate::event::{Effective, EndedBy, Event, ExpiryCause};
use crate::ids::{AccountId, DeviceId, Digest, RequestId, UserId};
use crate::policy::Setting;
use crate::time::{Micros, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    Not,
    Yes,
    Suspended,
    Closed,
}

/// What a user who was added may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    LogIn,
    Suspended,
    Forgotten,
}

/// The laws, applied to one account's commits in order.
#[derive(Clone, Debug)]
pub struct Laws {
    account: AccountId,
    open: Open,
    last_at: Timestamp,
    /// How many commits were checked, or begun to be.
    version: u64,
    /// From when, and how many; of two for the same instant the one recorded later.
    licences: BTreeMap<Timestamp, u32>,
    overdraft: u32,
    /// How long a seat stays taken after a log-out.
    linger: Micros,
    users: FxHashMap<UserId, Right>,
    sites: u16,
    devices: u32,
    forgotten_devices: FxHashSet<DeviceId>,
    /// Requests not answered, but for the one in `asked`.
    requests: FxHashMap<RequestId, UserId>,
    line: Line,
    hand_overs: HandOvers,
    /// The last request of the commit being checked, until it is answered: mostly at once, and then it
    /// never goes into the map.
    asked: Option<(RequestId, UserId)>,
    importing: Option<Digest>,
    /// The end of the last closed month.
    closed_until: Option<Timestamp>,
    /// The version that closed it.
    closed_at: u64,
    seating: Seating,
}

impl Laws {
    /// The laws for an account of which nothing is recorded yet.
    pub fn new(account: AccountId) -> Laws {
        Laws {
            account,
            open: Open::Not,
            last_at: Timestamp::ZERO,
            version: 0,
            licences: BTreeMap::new(),
            overdraft: 0,
            linger: Micros::ZERO,
            users: FxHashMap::default(),
            sites: 0,
            devices: 0,
            forgotten_devices: FxHashSet::default(),
            requests: FxHashMap::default(),
            line: Line::default(),
            hand_overs: HandOvers::default(),
            asked: None,
            importing: None,
            closed_until: None,
            closed_at: 0,
            seating: Seating::default(),
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
        self.version = self.version.saturating_add(1);
        self.requests.extend(self.asked.take());
        self.seating.begin();
        events.iter().try_for_each(|event| self.event(at, event))?;
        self.line.end()?;
        self.hand_overs.end()?;
        self.seating.end(events.len())
    }

    fn event(&mut self, at: Timestamp, event: &Event) -> Result<(), Breach> {
        let of_any = matches!(event, Event::ReasonGiven { .. });
        if event.is_of_service() != (self.account == AccountId::SYSTEM) && !of_any {
            return Err(Breach::WrongAccount);
        }
        match (self.open, event) {
            _ if self.account == AccountId::SYSTEM => return Ok(()),
            (Open::Not, Event::AccountOpened { .. }) => self.open = Open::Yes,
            (Open::Not, _) => return Err(Breach::NotOpened),
            (_, Event::AccountOpened { .. }) => return Err(Breach::OpenedTwice),
            _ => {}
        }
        match event {
            Event::PolicyChanged { settings } => {
                for setting in settings {
                    match setting {
                        Setting::Overdraft(seats) => self.overdraft = *seats,
                        Setting::Linger(seconds) => self.linger = Micros::from_secs(*seconds),
                        _ => {}
                    }
                }
            }
            Event::LicencesChanged { from, to, effective } => {
                dated(*effective)?;
                let (said, were) = (*from, self.licences_at(effective.instant));
                if said != were {
                    return Err(Breach::LicencesFrom { said, were });
                }
                self.licences.insert(effective.instant, *to);
            }
            Event::SiteAdded { site, .. } => {
                if Some(site.0) != self.sites.checked_add(1) {
                    return Err(Breach::Site(*site));
                }
                self.sites = site.0;
            }
            Event::DeviceAdded { device, .. } => {
                if Some(device.0) != self.devices.checked_add(1) {
                    return Err(Breach::Device(*device));
                }
                self.devices = device.0;
            }
            Event::DeviceForgotten { device } => {
                let known = device.0 > 0 && device.0 <= self.devices;
                if !known || !self.forgotten_devices.insert(*device) {
                    return Err(Breach::Device(*device));
                }
            }
            Event::UserAdded { user, .. } => {
                if self.users.insert(*user, Right::LogIn).is_some() {
                    return Err(Breach::User(*user));
                }
            }
            Event::UserSuspended { user } => self.entitle(*user, Right::Suspended)?,
            Event::UserReinstated { user } => self.entitle(*user, Right::LogIn)?,
            Event::UserForgotten { user } => self.entitle(*user, Right::Forgotten)?,
            Event::LoginRequested { request, user, site, device } => {
                if let Some(site) = site.filter(|site| site.0 == 0 || site.0 > self.sites) {
                    return Err(Breach::Site(site));
                }
                if let Some(device) = device.filter(|new| new.0 == 0 || new.0 > self.devices) {
                    return Err(Breach::Device(device));
                }
                self.requests.extend(self.asked.take());
                if self.requests.contains_key(request) {
                    return Err(Breach::RequestOpen);
                }
                self.asked = Some((*request, *user));
            }
            Event::SeatGranted { request, session, seat, overdraft } => {
                let (request, user) = self.answered(*request)?;
                self.granted(at, request, *session, *seat, user, *overdraft)?;
            }
            Event::SeatDenied { request, held, dormant, .. } => {
                let (request, _) = self.answered(*request)?;
                self.counted(at, *held, *dormant)?;
                self.line.take(request);
            }
            Event::Queued { held, dormant, .. } => {
                let (request, user) = self.asked.take().ok_or(Breach::NoRequest)?;
                self.requests.insert(request, user);
                self.line.queue(request, user);
                self.counted(at, *held, *dormant)?;
            }
            Event::SeatOffered { request, seat, until } => {
                self.offered(at, *request, *seat, *until)?;
            }
            Event::OfferLapsed { request } => {
                self.line.lapse(*request, at)?;
                self.answered(Some(*request))?;
            }
            Event::OfferWithdrawn { request } => self.line.withdraw(*request)?,
            Event::LeftQueue { request, .. } => {
                self.line.leave(*request)?;
                self.requests.remove(request);
            }
            Event::HandOverAsked { handover, request, seat, until } => {
                let asker = self.line.waiting(*request).ok_or(Breach::NotInLine)?;
                let holder = self.seating.sitter(*seat).ok_or(Breach::HandOver(*handover))?;
                let asked = Asked { seat: *seat, holder, asker, until: *until };
                self.hand_overs.ask(*handover, asked)?;
            }
            Event::HandOverEnded { handover, how } => {
                let (seating, line) = (&self.seating, &self.line);
                let there = |asked: &Asked| {
                    seating.sitter(asked.seat) == Some(asked.holder) && line.has(asked.asker)
                };
                self.hand_overs.answer(at, *handover, *how, there)?;
            }
            Event::WentDormant { session, silent } => {
                self.seating.silence(at, *session, true, *silent)?;
            }
            Event::Resumed { session } => {
                self.seating.silence(at, *session, false, Micros::ZERO)?;
            }
            Event::LoggedOut { session, by, reason, silent, .. } => {
                if *by == EndedBy::Release && reason.is_none() {
                    return Err(Breach::NoReason(*session));
                }
                let linger = match by {
                    EndedBy::User => self.linger,
                    EndedBy::Release => Micros::ZERO,
                };
                self.seating.ended(at, *session, None, *silent, linger)?;
            }
            Event::Expired { session, cause, silent } => {
                let handed = *cause == ExpiryCause::HandedOver;
                let given = |seat| self.hand_overs.is_given(seat);
                if handed && !self.seating.seat_of(*session).is_some_and(given) {
                    return Err(Breach::NotHandedOver(*session));
                }
                self.seating.ended(at, *session, Some(*cause), *silent, Micros::ZERO)?;
            }
            Event::AccountSuspended if self.open == Open::Yes => self.open = Open::Suspended,
            Event::AccountReinstated if self.open == Open::Suspended => self.open = Open::Yes,
            Event::AccountSuspended | Event::AccountReinstated => {
                return Err(Breach::Standing(self.open.word()));
            }
            Event::AccountClosed => {
                if self.open == Open::Closed {
                    return Err(Breach::Standing(self.open.word()));
                }
                if self.seating.held() > 0 {
                    return Err(Breach::ClosedWhileHeld(self.seating.held()));
                }
                self.open = Open::Closed;
            }
            Event::ImportStarted { source } => {
                if self.importing.is_some() || self.seating.was_used() {
                    return Err(Breach::Import);
                }
                self.importing = Some(*source);
            }
            Event::ImportCompleted { source } => {
                if self.importing.take() != Some(*source) {
                    return Err(Breach::Import);
                }
            }
            Event::PeriodClosed(closing) => {
                let follows = self.closed_until.is_none_or(|until| until == closing.from);
                let over = closing.from < closing.to && closing.to <= closing.until;
                let told = closing.until <= at;
                let known = (self.closed_at..self.version).contains(&closing.as_of);
                if !follows || !over || !told || !known {
                    return Err(Breach::Period(closing.period()));
                }
                (self.closed_until, self.closed_at) = (Some(closing.to), self.version);
            }
            Event::PlanAssigned { effective, .. } => dated(*effective)?,
            Event::AccountOpened { .. }
            | Event::ServiceStarted { .. }
            | Event::ServiceStopped
            | Event::ClockStepped { .. }
            | Event::SealingKeyChanged { .. }
            | Event::ReasonGiven { .. }
            | Event::IdentityShown { .. }
            | Event::EvidenceTaken { .. }
            | Event::TokenMade { .. }
            | Event::TokenRevoked { .. }
            | Event::SeatTakenOffline { .. }
            | Event::StatementsExported(_) => {}
        }
        Ok(())
    }

    /// The change with the latest effective instant counts; of two with the same, the one recorded later.
    fn licences_at(&self, at: Timestamp) -> u32 {
        self.licences.range(..=at).next_back().map_or(0, |(_, licences)| *licences)
    }

    fn entitle(&mut self, user: UserId, right: Right) -> Result<(), Breach> {
        let before = self.users.get_mut(&user).filter(|before| **before != Right::Forgotten);
        *before.ok_or(Breach::User(user))? = right;
        Ok(())
    }

    fn answered(&mut self, request: Option<RequestId>) -> Result<(RequestId, UserId), Breach> {
        let is_asked = |(asked, _): &mut (RequestId, UserId)| request.is_none_or(|id| id == *asked);
        if let Some(asked) = self.asked.take_if(is_asked) {
            return Ok(asked);
        }
        request.and_then(|id| self.requests.remove_entry(&id)).ok_or(Breach::NoRequest)
    }

    /// A denial, or a place in line, counts the seats taken and dormant.
    fn counted(&mut self, at: Timestamp, taken: u32, dormant: u32) -> Result<(), Breach> {
        self.seating.counted(at, taken, dormant, self.line.offered())
    }
}

/// A civil date, if one is told, is that of the instant in some zone of the world: nowhere is a day further off
/// from the same day in UTC than its own length.
fn dated(effective: Effective) -> Result<(), Breach> {
    const DAY: i128 = 86_400_000_000;
    let Effective { instant, date: Some(date) } = effective else { return Ok(()) };
    let (instant, begins) = (i128::from(instant.0), i128::from(date.0) * DAY);
    let somewhere = begins - DAY < instant && instant < begins + 2 * DAY;
    if somewhere { Ok(()) } else { Err(Breach::Dated(effective)) }
}

impl Open {
    fn word(self) -> &'static str {
        match self {
            Open::Not => "not open",
            Open::Yes => "open",
            Open::Suspended => "suspended",
            Open::Closed => "closed",
        }
    }
}
