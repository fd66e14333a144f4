//! State is a summary of events, in one exhaustive match.
//!
//! Total: no rules, no errors, no clock. An event that makes no sense (verification finds those) changes
//! what it can and nothing else, and never panics, because auditors fold logs that others have written.

use crate::account::{
    Account, Dormant, ENDINGS_REMEMBERED, End, Ending, Linger, Offer, Pending, Session, Standing,
    User, UserStanding, Waits,
};
use crate::event::{EndedBy, Event, Leaving};
use crate::ids::{RequestId, SeatNo, SessionId, UserId};
use crate::time::{Micros, Timestamp};

impl Account {
    /// Applies the events of one commit that happened at `at`.
    pub fn apply(&mut self, at: Timestamp, events: &[Event]) {
        self.version = self.version.saturating_add(1);
        self.last_at = self.last_at.max(at);
        if !self.lingers.is_empty() {
            self.lingers.retain(|linger| linger.until > at);
        }
        if !self.declines.is_empty() {
            self.declines.retain(|decline| decline.protects(at));
        }
        for event in events {
            self.evolve(at, event);
        }
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::AccountOpened { zone, profile } => {
                self.standing = Standing::Open;
                self.zone.clone_from(zone);
                self.profile = Some(*profile);
            }
            Event::PolicyChanged { settings } => {
                settings.iter().for_each(|setting| self.policy.set(*setting));
            }
            Event::LicencesChanged { from: _, to, effective } => {
                self.licences.change(effective.instant, *to);
            }
            Event::PlanAssigned { plan, effective: _ } => self.plan = Some(*plan),
            Event::SiteAdded { site, profile: _ } => self.sites = self.sites.max(site.0),
            Event::DeviceAdded { device, profile: _ } => {
                self.devices = self.devices.max(device.0);
            }
            Event::DeviceForgotten { device } => {
                self.forgotten_devices.insert(*device);
            }
            Event::UserAdded { user, profile: _ } | Event::UserReinstated { user } => {
                self.user_mut(*user).standing = UserStanding::Active;
            }
            Event::UserSuspended { user } => {
                self.user_mut(*user).standing = UserStanding::Suspended;
                self.lingers.retain(|linger| linger.user != *user); // Nobody can retake them.
            }
            Event::UserForgotten { user } => {
                self.user_mut(*user).standing = UserStanding::Forgotten;
                self.lingers.retain(|linger| linger.user != *user);
            }
            Event::LoginRequested { request, user, site, device } => {
                self.user_mut(*user);
                let (request, user, site, device) = (*request, *user, *site, *device);
                self.pending.push(Pending { request, user, site, device, waits: None });
            }
            Event::SeatGranted { request, session, seat, overdraft } => {
                if let Some(asked) = self.answered(*request) {
                    self.sit(at, *session, *seat, *overdraft, asked);
                }
            }
            Event::SeatDenied { request, .. } => {
                self.answered(*request);
            }
            Event::Queued { .. } => {
                // Somebody is in line once with one request.
                let last = self.pending.last().map(|asked| asked.request);
                let new = last.filter(|request| self.place(*request).is_none());
                if let (Some(_), Some(asked)) = (new, self.pending.last_mut()) {
                    asked.waits = Some(Waits { since: at, sign: at, offer: None });
                }
            }
            Event::SeatOffered { request, seat, until } => {
                let offer = Some(Offer { seat: *seat, made: at, until: *until });
                if let Some(waits) = self.waits_mut(*request) {
                    waits.offer = offer;
                    self.lingers.retain(|linger| linger.seat != *seat); // It was kept for the same user.
                }
            }
            Event::OfferWithdrawn { request } => {
                if let Some(waits) = self.waits_mut(*request) {
                    (waits.sign, waits.offer) = (at, None);
                }
            }
            Event::OfferLapsed { request } => {
                self.answered(Some(*request));
            }
            Event::LeftQueue { request, how } => self.leave(*request, *how),
            Event::HandOverAsked { handover, request, seat, until } => {
                self.ask_for(at, *handover, *request, *seat, *until);
            }
            Event::HandOverEnded { handover, how } => self.answer_for(at, *handover, *how),
            Event::WentDormant { session, silent } => {
                if let Some(session) = self.sessions.get_mut(session)
                    && session.dormant.is_none()
                {
                    session.dormant = Some(Dormant { since: at, last_seen: at - *silent });
                    self.dormant = self.dormant.saturating_add(1);
                }
            }
            Event::Resumed { session } => {
                if let Some(session) = self.sessions.get_mut(session)
                    && session.dormant.take().is_some()
                {
                    session.sign = at;
                    self.dormant = self.dormant.saturating_sub(1);
                }
            }
            Event::LoggedOut { session, by, reason, note: _, silent } => {
                let end = End::LoggedOut(*by, *reason);
                let linger = match by {
                    EndedBy::User => Micros::from_secs(self.policy.linger_s),
                    EndedBy::Release => Micros::ZERO,
                };
                self.stand_up(at, *session, *silent, end, linger);
            }
            Event::Expired { session, cause, silent } => {
                self.stand_up(at, *session, *silent, End::Expired(*cause), Micros::ZERO);
            }
            Event::AccountSuspended => self.standing = Standing::Suspended,
            Event::AccountReinstated => self.standing = Standing::Open,
            Event::AccountClosed => self.standing = Standing::Closed,
            Event::ImportStarted { source } => self.importing = Some(*source),
            Event::ImportCompleted { source } => {
                self.importing = None;
                self.imported = Some(*source);
            }
            Event::PeriodClosed(closing) => self.closed = Some((closing.to, self.version)),
            Event::ServiceStarted { .. }
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
    }

    fn user_mut(&mut self, user: UserId) -> &mut User {
        let (standing, newest) = (UserStanding::Stranger, SessionId(0));
        self.users.get_or_insert_with(user, || User { standing, sessions: 0, newest })
    }

    /// Takes the request that a grant or denial answers off the pending ones.
    fn answered(&mut self, request: Option<RequestId>) -> Option<Pending> {
        match request {
            None => self.pending.pop(),
            Some(request) => {
                let place = self.pending.iter().position(|asked| asked.request == request)?;
                Some(self.pending.remove(place))
            }
        }
    }

    fn waits_mut(&mut self, request: RequestId) -> Option<&mut Waits> {
        let asked = self.pending.iter_mut().filter(|asked| asked.request == request);
        asked.filter_map(|asked| asked.waits.as_mut()).next()
    }

    /// A request leaves the line. If its user has asked anew, the newer login moves up to the place.
    fn leave(&mut self, request: RequestId, how: Leaving) {
        let Some(place) = self.pending.iter().position(|asked| asked.request == request) else {
            return;
        };
        let left = self.pending.remove(place);
        let newer = |asked: &Pending| asked.user == left.user && asked.waits.is_some();
        if how == Leaving::AskedAnew
            && let Some(found) = self.pending.iter().skip(place).position(newer)
        {
            let newer = self.pending.remove(place.saturating_add(found));
            self.pending.insert(place, newer);
        }
    }

    fn sit(&mut self, at: Timestamp, id: SessionId, seat: SeatNo, overdraft: bool, who: Pending) {
        let Pending { user, site, device, .. } = who;
        let session =
            Session { id, user, seat, site, device, since: at, sign: at, dormant: None, overdraft };
        if self.sessions.insert(id, session).is_some() {
            return; // A number used twice: verification says so; counting it twice would mend nothing.
        }
        self.last_session = self.last_session.max(id);
        self.lingers.retain(|linger| linger.seat != seat);
        let sitter = self.user_mut(user);
        sitter.sessions = sitter.sessions.saturating_add(1);
        sitter.newest = id;
        self.board.sit(seat, user);
    }

    fn stand_up(&mut self, at: Timestamp, id: SessionId, silent: Micros, end: End, keep: Micros) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        if session.dormant.is_some() {
            self.dormant = self.dormant.saturating_sub(1);
        }
        let sessions = &mut self.user_mut(session.user).sessions;
        *sessions = sessions.saturating_sub(1);
        let empty = self.board.stand_up(session.seat);
        if empty && keep > Micros::ZERO {
            let until = at + keep;
            self.lingers.push(Linger { seat: session.seat, user: session.user, until });
        }
        if self.endings.len() == ENDINGS_REMEMBERED {
            self.endings.pop_front();
        }
        let ending = Ending { session: id, user: session.user, at, last_seen: at - silent, end };
        self.endings.push_back(ending);
    }
}
