//! One account of the naive model: who sits where, and what must never happen there.
//!
//! It objects to: a seat above licences and overdraft; a seat that somebody else holds or lingers on; a seat
//! that is not the lowest free one; a session number used twice; an overdraft wrongly marked; a denial
//! although a seat was free, or could have been reclaimed; a denial that counts wrongly; a holder thrown out
//! for nothing; silence declared too early, or although a heartbeat was acknowledged since; the ending of a
//! session that holds no seat; and to what `line` says of those who wait.

mod hand_over;
mod line;
mod logins;

use crate::model::Objection;
use crate::policy::Chosen;
use ledger::Position;
use seats::{Digest, EndedBy, Event, ExpiryCause, Micros, Reclaim, SameUser, Timestamp, UserId};

/// One session on a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sitting {
    /// Its number.
    pub(crate) session: u64,
    /// Whose it is.
    pub(crate) user: UserId,
    /// On which seat.
    pub(crate) seat: u32,
    /// Granted above the licences.
    pub(crate) overdraft: bool,
    /// Since when its holder has been silent.
    pub(crate) dormant: Option<Timestamp>,
    since: Timestamp,
    /// A heartbeat was acknowledged that was sent at this instant, under this count of upsets.
    heard: Option<(Timestamp, u64)>,
}

/// A seat kept for its last user.
#[derive(Clone, Copy, Debug)]
struct Linger {
    seat: u32,
    user: UserId,
    until: Timestamp,
}

/// What becomes of sessions by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    /// Its seat.
    pub(crate) seat: u32,
    /// The commit in which it ended, if it did.
    pub(crate) ended: Option<u64>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Clinic {
    /// Version, time, place and leaf of its last commit.
    pub(crate) version: u64,
    /// When its last commit happened.
    pub(crate) at: Timestamp,
    /// Its last commit.
    pub(crate) last: Option<(Position, Digest)>,
    /// Whether it was opened.
    pub(crate) opened: bool,
    /// How many times a clock went back or signs of life may have been lost; set from outside.
    pub(crate) upsets: u64,
    suspended: bool,
    closed: bool,
    licences: Vec<(Timestamp, u32)>,
    chosen: Chosen,
    sittings: Vec<Sitting>,
    lingers: Vec<Linger>,
    /// By number of the session, from 1.
    fates: Vec<Option<Fate>>,
    /// By number of the user, from 1: added, and whether suspended.
    users: Vec<Option<bool>>,
    /// Sessions that may have said goodbye.
    leaving: Vec<u64>,
    /// Seats emptied in this commit for their own users.
    taken_over: Vec<(u32, UserId)>,
    reclaimed: bool,
    /// The next one first.
    line: Vec<line::Waiter>,
    askings: Vec<hand_over::Asking>,
    last_asking: u32,
    /// The seat that is handed over in this commit, and to whom.
    handed: Option<(u32, UserId)>,
    /// Who was put in line in this commit only in order to ask for a seat.
    must_ask: Option<UserId>,
    /// What was offered to an older login of a user who asks anew in this commit.
    passed_on: Option<(UserId, u32)>,
}

impl Clinic {
    /// A clinic that nothing has happened to, after so many upsets.
    pub(crate) fn after(upsets: u64) -> Clinic {
        Clinic { upsets, ..Clinic::default() }
    }

    /// Who sits where, by session.
    pub(crate) fn sittings(&self) -> &[Sitting] {
        &self.sittings
    }

    /// What became of a session; `None` if it never was.
    pub(crate) fn fate(&self, session: u64) -> Option<Fate> {
        *self.fates.get(session as usize)?
    }

    /// The highest number of a session.
    pub(crate) fn last_session(&self) -> u64 {
        self.fates.len().saturating_sub(1) as u64
    }

    /// How many numbers of users were given.
    pub(crate) fn users(&self) -> u32 {
        self.users.len().saturating_sub(1) as u32
    }

    /// Whether a user was added, and is suspended.
    pub(crate) fn user(&self, user: UserId) -> Option<bool> {
        *self.users.get(user.0 as usize)?
    }

    /// Whether it admits logins.
    pub(crate) fn is_open(&self) -> bool {
        self.opened && !self.suspended && !self.closed
    }

    /// Licences in force.
    pub(crate) fn licences(&self, at: Timestamp) -> u32 {
        let mut found = (Timestamp::ZERO, 0);
        for (from, licences) in &self.licences {
            if *from <= at && *from >= found.0 {
                found = (*from, *licences);
            }
        }
        found.1
    }

    /// Notes that a heartbeat was acknowledged, sent at `at`.
    pub(crate) fn heard(&mut self, session: u64, at: Timestamp) {
        let upsets = self.upsets;
        if let Some(sitting) = self.sittings.iter_mut().find(|s| s.session == session) {
            sitting.heard = Some((at, upsets));
        }
    }

    /// Notes that a session may say goodbye.
    pub(crate) fn may_leave(&mut self, session: u64) {
        let fates = &self.fates;
        let over = |session: u64| matches!(fates.get(session as usize), Some(Some(f)) if f.ended.is_some());
        self.leaving.retain(|leaving| !over(*leaving));
        self.leaving.push(session);
    }

    /// A commit begins.
    pub(crate) fn begin(&mut self) {
        self.taken_over.clear();
        (self.reclaimed, self.passed_on) = (false, None);
        (self.handed, self.must_ask) = (None, None);
        let at = self.at;
        self.lingers.retain(|linger| linger.until > at);
    }

    /// A commit ends.
    pub(crate) fn end(&self) -> Result<(), Objection> {
        self.stands_once()?;
        if self.must_ask.is_some() {
            return Err("somebody waits who should not".to_owned());
        }
        match self.reclaimed || !self.taken_over.is_empty() || self.handed.is_some() {
            true => Err("somebody was thrown out for nothing".to_owned()),
            false => Ok(()),
        }
    }

    /// Anything else happens.
    pub(crate) fn happen(
        &mut self,
        at: Timestamp,
        position: u64,
        event: &Event,
    ) -> Result<(), Objection> {
        if !self.opened && !matches!(event, Event::AccountOpened { .. }) {
            return Err("something happens in an account that is not open".to_owned());
        }
        match event {
            Event::AccountOpened { .. } if self.opened => return Err("opened twice".to_owned()),
            Event::AccountOpened { .. } => self.opened = true,
            Event::AccountSuspended => self.suspended = true,
            Event::AccountReinstated => self.suspended = false,
            Event::AccountClosed if !self.sittings.is_empty() => {
                return Err("closed over somebody's head".to_owned());
            }
            Event::AccountClosed => self.closed = true,
            Event::PolicyChanged { settings } => {
                settings.iter().for_each(|setting| self.chosen.choose(*setting));
            }
            Event::LicencesChanged { from, to, effective } => {
                if *from != self.licences(effective.instant) {
                    return Err("licences before are not what they were".to_owned());
                }
                self.licences.push((effective.instant, *to));
            }
            Event::UserAdded { user, .. } => {
                self.know(*user);
                self.users[user.0 as usize] = Some(false);
            }
            Event::UserSuspended { user } => {
                self.know(*user);
                self.users[user.0 as usize] = Some(true);
                self.lingers.retain(|linger| linger.user != *user);
            }
            Event::UserReinstated { user } => {
                self.know(*user);
                self.users[user.0 as usize] = Some(false);
            }
            Event::Resumed { session } => {
                let sitting = self.sits(session.0, at, Micros::ZERO)?;
                if sitting.dormant.take().is_none() {
                    return Err("somebody resumes who was not silent".to_owned());
                }
            }
            Event::LoggedOut { session, by, silent, .. } => {
                let gone = self.stand_up(at, position, session.0, *silent)?;
                let empty = self.sittings.iter().all(|sitting| sitting.seat != gone.seat);
                if empty && *by == EndedBy::User && self.chosen.linger > Micros::ZERO {
                    let (seat, user, until) = (gone.seat, gone.user, at + self.chosen.linger);
                    self.lingers.push(Linger { seat, user, until });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A session falls silent, after the service has `listened` in vain so long.
    pub(crate) fn silence(
        &mut self,
        at: Timestamp,
        session: u64,
        silent: Micros,
        listened: Option<Micros>,
    ) -> Result<(), Objection> {
        let early = self.too_early(session, listened);
        let sitting = self.sits(session, at, silent)?;
        if sitting.dormant.is_some() || early {
            return Err(format!("silence is recorded twice, or too early after {listened:?}"));
        }
        sitting.dormant = Some(at);
        Ok(())
    }

    /// A session has ended by rule; `gone` has just stood up.
    pub(crate) fn expire(
        &mut self,
        at: Timestamp,
        gone: &Sitting,
        cause: ExpiryCause,
        listened: Option<Micros>,
    ) -> Result<(), Objection> {
        let lawful = match cause {
            ExpiryCause::Reclaimed => {
                self.reclaimed = true;
                gone.dormant.is_some() && self.chosen.reclaim != Reclaim::Never
            }
            ExpiryCause::TakenOver => {
                self.taken_over.push((gone.seat, gone.user));
                !matches!(self.chosen.same_user, SameUser::Share | SameUser::Separate)
            }
            ExpiryCause::MaxSession => {
                self.chosen.longest.is_some_and(|longest| at.since(gone.since) >= longest)
            }
            ExpiryCause::LeaseEnded | ExpiryCause::Idle | ExpiryCause::Goodbye => {
                let early = gone.dormant.is_none() && self.too_early(gone.session, listened);
                self.chosen.reclaim == Reclaim::AtOnce && !early
            }
            ExpiryCause::HandedOver => self.handed.is_some_and(|(seat, _)| seat == gone.seat),
            ExpiryCause::UserSuspended | ExpiryCause::AccountClosed => true,
        };
        if lawful { Ok(()) } else { Err(format!("session {} is thrown out", gone.session)) }
    }

    /// A session gives its seat up.
    pub(crate) fn stand_up(
        &mut self,
        at: Timestamp,
        position: u64,
        session: u64,
        silent: Micros,
    ) -> Result<Sitting, Objection> {
        let gone = *self.sits(session, at, silent)?;
        self.sittings.retain(|sitting| sitting.session != session);
        if let Some(Some(fate)) = self.fates.get_mut(session as usize) {
            fate.ended = Some(position);
        }
        Ok(gone)
    }

    /// Whether nobody who has not said goodbye may be taken for silent after so much listening.
    fn too_early(&self, session: u64, listened: Option<Micros>) -> bool {
        let least = self.chosen.silence_min().filter(|_| !self.leaving.contains(&session));
        matches!((least, listened), (Some(least), Some(listened)) if listened < least)
    }

    /// A session that holds a seat and was last heard of `silent` before `at`.
    fn sits(
        &mut self,
        session: u64,
        at: Timestamp,
        silent: Micros,
    ) -> Result<&mut Sitting, Objection> {
        let upsets = self.upsets;
        let sitting = self.sittings.iter_mut().find(|s| s.session == session);
        let sitting = sitting.ok_or_else(|| format!("session {session} holds no seat"))?;
        let seen = at - silent;
        let heard = sitting.heard.filter(|(_, then)| *then == upsets).map(|(heard, _)| heard);
        if seen < sitting.since || heard.is_some_and(|heard| seen < heard) {
            return Err(format!("session {session} was heard of after {}", seen.0));
        }
        Ok(sitting)
    }

    fn held(&self) -> u32 {
        let mut held = 0;
        for (place, sitting) in self.sittings.iter().enumerate() {
            let shared = self.sittings[..place].iter().any(|other| other.seat == sitting.seat);
            held += u32::from(!shared);
        }
        held
    }

    fn dormant_seats(&self) -> u32 {
        let mut dormant = 0;
        for (place, sitting) in self.sittings.iter().enumerate() {
            let mut seat = self.sittings.iter().filter(|other| other.seat == sitting.seat);
            let shared = self.sittings[..place].iter().any(|other| other.seat == sitting.seat);
            dormant += u32::from(!shared && seat.all(|other| other.dormant.is_some()));
        }
        dormant
    }

    fn lingering(&self, at: Timestamp, which: impl Fn(&Linger) -> bool) -> u32 {
        self.lingers.iter().filter(|linger| linger.until > at && which(linger)).count() as u32
    }

    /// A user's number has been given.
    fn know(&mut self, user: UserId) {
        let place = user.0 as usize;
        if self.users.len() <= place {
            self.users.resize(place + 1, None);
        }
    }
}
