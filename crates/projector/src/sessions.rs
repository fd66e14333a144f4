//! Sessions: who sat where, from when to when, silent when, and how it ended.
//!
//! The fold takes one account's commits in order and gives back each session when it ends; those still held
//! are asked for at the end. A session whose grant lies before the part of the history that was read is
//! not known here: start early enough (the reader does).

use crate::Evidence;
use crate::asked::{Asked, Request};
use ledger::{Actor, Record};
use seats::account::End;
use seats::{
    Account, DeviceId, Event, ExpiryCause, Micros, RequestId, SeatNo, SessionId, SiteId, Timestamp,
    UserId,
};
use std::collections::BTreeMap;

/// A time during which a session's holder was silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Silence {
    /// The last sign of life before it.
    pub last_seen: Timestamp,
    /// When the session went dormant for it.
    pub since: Timestamp,
    /// When the holder was heard of again or the session ended; `None`: not yet.
    pub until: Option<Timestamp>,
}

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// When, and where that is recorded.
    pub at: Evidence,
    /// By log-out, release or which rule.
    pub how: End,
    /// Who did it.
    pub actor: Actor,
    /// The last sign of life.
    pub last_seen: Timestamp,
    /// The login it made way for, if it was taken over or reclaimed.
    pub made_way_for: Option<(UserId, SessionId)>,
}

/// One user's holding of one seat, from request to end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionView {
    /// Its number.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// Which seat.
    pub seat: SeatNo,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// Granted above the licences bought.
    pub overdraft: bool,
    /// The request it answered.
    pub request: RequestId,
    /// When that was made; `None` only if it lies before the part of the history that was read.
    pub requested: Option<Evidence>,
    /// When the seat was granted.
    pub granted: Evidence,
    /// Silences, in order of time.
    pub silences: Vec<Silence>,
    /// The last sign of life that the log knows of.
    pub last_seen: Timestamp,
    /// How it ended; `None`: it has not.
    pub ended: Option<Ended>,
}

impl SessionView {
    /// How long its user waited for the seat; zero if the request is not known.
    pub fn waited(&self) -> Micros {
        self.requested.map_or(Micros::ZERO, |requested| self.granted.at.since(requested.at))
    }

    /// Whether it held its seat at some time in `[from, to)`. One that was granted and ended at the same
    /// instant did so at that instant. Nothing happens in a range that is empty.
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        from < to
            && self.granted.at < to
            && match self.ended {
                None => true,
                Some(ended) => ended.at.at > from || self.granted.at >= from,
            }
    }
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    held: BTreeMap<SessionId, SessionView>,
    asked: Asked,
}

impl Sessions {
    /// Begins with the history of an account of which nothing happened, or whose state is `before`.
    pub fn after(before: &Account) -> Sessions {
        Sessions { held: BTreeMap::new(), asked: Asked::left_by(before) }
    }

    /// Takes up the account's next commit; calls `ended` for each session that ends in it.
    pub fn apply(&mut self, record: &Record, mut ended: impl FnMut(SessionView)) {
        let events = record.commit.events.as_slice();
        let mut rest = events.iter();
        while let Some(event) = rest.next() {
            match event {
                Event::LoginRequested { request, user, site, device } => {
                    self.asked.ask(record, *request, *user, *site, *device);
                }
                Event::SeatGranted { request, session, seat, overdraft } => {
                    if let Some(asked) = self.asked.answer(*request) {
                        self.granted(record, asked, *session, *seat, *overdraft);
                    }
                }
                Event::SeatDenied { request, .. } => {
                    self.asked.answer(*request);
                }
                Event::OfferLapsed { request } | Event::LeftQueue { request, .. } => {
                    self.asked.answer(Some(*request));
                }
                Event::WentDormant { session, silent } => {
                    if let Some(held) = self.held.get_mut(session) {
                        held.last_seen = record.commit.at - *silent;
                        let (last_seen, since) = (held.last_seen, record.commit.at);
                        held.silences.push(Silence { last_seen, since, until: None });
                    }
                }
                Event::Resumed { session } => {
                    if let Some(held) = self.held.get_mut(session) {
                        held.last_seen = record.commit.at;
                        held.break_silence(record.commit.at);
                    }
                }
                Event::LoggedOut { session, by, reason, silent, note: _ } => {
                    let how = End::LoggedOut(*by, *reason);
                    self.end(record, *session, how, *silent, None).into_iter().for_each(&mut ended);
                }
                Event::Expired { session, cause, silent } => {
                    let how = End::Expired(*cause);
                    let displaced = matches!(
                        cause,
                        ExpiryCause::Reclaimed | ExpiryCause::TakenOver | ExpiryCause::HandedOver
                    );
                    let by = displaced.then(|| self.next_grant(rest.as_slice())).flatten();
                    self.end(record, *session, how, *silent, by).into_iter().for_each(&mut ended);
                }
                _ => {}
            }
        }
    }

    /// Sessions that still hold a seat, by number.
    pub fn held(&self) -> impl Iterator<Item = &SessionView> {
        self.held.values()
    }

    /// The same, to keep.
    pub fn into_held(self) -> impl Iterator<Item = SessionView> {
        self.held.into_values()
    }

    /// Requests not yet answered, oldest first.
    pub fn pending(&self) -> &[Request] {
        self.asked.open()
    }

    fn granted(
        &mut self,
        record: &Record,
        asked: Request,
        session: SessionId,
        seat: SeatNo,
        overdraft: bool,
    ) {
        let Request { request, user, site, device, asked: requested } = asked;
        let granted = Evidence::of(record);
        let view = SessionView {
            session,
            user,
            seat,
            site,
            device,
            overdraft,
            request,
            requested,
            granted,
            silences: Vec::new(),
            last_seen: granted.at,
            ended: None,
        };
        self.held.insert(session, view);
    }

    fn end(
        &mut self,
        record: &Record,
        session: SessionId,
        how: End,
        silent: Micros,
        made_way_for: Option<(UserId, SessionId)>,
    ) -> Option<SessionView> {
        let mut view = self.held.remove(&session)?;
        let (at, actor) = (Evidence::of(record), record.commit.actor);
        let last_seen = at.at - silent;
        view.break_silence(at.at);
        view.last_seen = last_seen;
        view.ended = Some(Ended { at, how, actor, last_seen, made_way_for });
        Some(view)
    }

    /// Who is granted a seat next in this commit, after sessions that ended for it.
    fn next_grant(&self, rest: &[Event]) -> Option<(UserId, SessionId)> {
        let (request, session) = rest.iter().find_map(|event| match event {
            Event::SeatGranted { request, session, .. } => Some((*request, *session)),
            _ => None,
        })?;
        let open = self.asked.open();
        let asked = match request {
            None => open.last(),
            Some(request) => open.iter().find(|asked| asked.request == request),
        };
        asked.map(|asked| (asked.user, session))
    }
}

impl SessionView {
    fn break_silence(&mut self, at: Timestamp) {
        if let Some(silence) = self.silences.last_mut() {
            silence.until.get_or_insert(at);
        }
    }
}
