//! The rules once more: slow, obvious, and sharing no code with `seats`.
//!
//! Time goes by second by second; every second, every session is looked at. A lease is a count of seconds
//! listened to. Which ghosts to reclaim is found by trying every set of them. What happens is written down
//! as sentences, which the test compares with those of the real history.

use crate::chosen::Chosen;
use crate::deeds::{Deed, Login};
use crate::hand_over::{Asking, Declined};
use crate::line::Waiting;
use seats::{Reclaim, Setting};
use std::collections::BTreeMap;

/// One user on one seat.
#[derive(Clone, Debug)]
pub(crate) struct Sitting {
    pub(crate) session: u64,
    pub(crate) user: u32,
    pub(crate) seat: u32,
    pub(crate) site: Option<u16>,
    pub(crate) since: u64,
    pub(crate) overdraft: bool,
    /// Since when dormant, and the last sign of life before.
    pub(crate) dormant: Option<(u64, u64)>,
    /// Seconds listened to since the last heartbeat, the last activity, the goodbye.
    pub(crate) quiet: u32,
    pub(crate) idle: u32,
    pub(crate) bye: Option<u32>,
    pub(crate) seen: u64,
    pub(crate) active: u64,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) seat: u32,
    pub(crate) user: u32,
    pub(crate) until: u64,
}

#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) login: Login,
    pub(crate) at: u64,
    pub(crate) said: String,
    pub(crate) session: Option<u64>,
}

/// One account and its time, in seconds.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) listening: bool,
    pub(crate) standing: &'static str,
    pub(crate) bought: Vec<(u64, u32)>,
    pub(crate) chosen: Chosen,
    /// `None`: asked and was a stranger. Else: whether suspended.
    pub(crate) people: BTreeMap<u32, Option<bool>>,
    pub(crate) sites: u16,
    pub(crate) devices: u32,
    pub(crate) sittings: Vec<Sitting>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) line: Vec<Waiting>,
    pub(crate) askings: Vec<Asking>,
    pub(crate) declined: Vec<Declined>,
    pub(crate) last_asking: u32,
    pub(crate) ended: Vec<(u64, u64, String)>,
    pub(crate) granted: u64,
    pub(crate) asked: Vec<Asked>,
    /// Everything that happened, and when.
    pub(crate) history: Vec<(u64, String)>,
}

impl World {
    pub(crate) fn open(now: u64, licences: u32) -> World {
        World {
            now,
            listening: true,
            standing: "open",
            bought: vec![(now, licences)],
            chosen: Chosen::default(),
            people: BTreeMap::new(),
            sites: 0,
            devices: 0,
            sittings: Vec::new(),
            kept: Vec::new(),
            line: Vec::new(),
            askings: Vec::new(),
            declined: Vec::new(),
            last_asking: 0,
            ended: Vec::new(),
            granted: 0,
            asked: Vec::new(),
            history: Vec::new(),
        }
    }

    pub(crate) fn board(&self) -> &[Sitting] {
        &self.sittings
    }

    pub(crate) fn devices(&self) -> u32 {
        self.devices
    }

    pub(crate) fn granted(&self) -> u64 {
        self.granted
    }

    /// Lets time go by, second by second. Backwards it stands still.
    pub(crate) fn advance(&mut self, to: u64) {
        self.look();
        while self.now < to {
            self.now += 1;
            if self.listening {
                for sitting in &mut self.sittings {
                    sitting.quiet += 1;
                    sitting.idle += 1;
                    sitting.bye = sitting.bye.map(|seconds| seconds + 1);
                }
                for waiting in &mut self.line {
                    waiting.quiet += 1;
                    waiting.offer = waiting.offer.map(|(seat, long, over)| (seat, long, over + 1));
                }
                self.askings.iter_mut().for_each(|asking| asking.over += 1);
            }
            self.look();
        }
    }

    /// What is due this very second.
    fn look(&mut self) {
        let now = self.now;
        self.kept.retain(|kept| kept.until > now);
        for sitting in self.sittings.clone() {
            let last = sitting.dormant.map_or(sitting.seen, |(_, last)| last);
            let at_once = self.chosen.reclaim == Reclaim::AtOnce;
            let lapsed = self.lapsed(&sitting);
            if self.chosen.longest.is_some_and(|s| now >= sitting.since + u64::from(s)) {
                self.end(sitting.session, "MaxSession", last);
            } else if sitting.dormant.is_some() {
                if at_once {
                    self.end(sitting.session, "LeaseEnded", last);
                }
            } else if let Some((cause, last)) = lapsed {
                if at_once {
                    self.end(sitting.session, cause, last);
                } else {
                    self.note(format!("silent {} last {last}", sitting.session));
                    self.sitting(sitting.session).unwrap().dormant = Some((now, last));
                }
            }
        }
        self.look_at_line();
    }

    /// Why a session has fallen silent: the rule that was broken first.
    fn lapsed(&self, sitting: &Sitting) -> Option<(&'static str, u64)> {
        let over = |seconds: u32, limit: Option<u32>| seconds.checked_sub(limit?);
        let lease = over(sitting.quiet, self.chosen.lease);
        let idle = over(sitting.idle, self.chosen.idle);
        let bye = sitting.bye.and_then(|bye| over(bye, Some(self.chosen.grace)));
        let longest = lease.max(idle).max(bye)?;
        Some(if lease == Some(longest) {
            ("LeaseEnded", sitting.seen)
        } else if idle == Some(longest) {
            ("Idle", sitting.active)
        } else {
            ("Goodbye", sitting.seen)
        })
    }

    pub(crate) fn note(&mut self, what: String) {
        self.history.push((self.now, what));
    }

    fn sitting(&mut self, session: u64) -> Option<&mut Sitting> {
        self.sittings.iter_mut().find(|sitting| sitting.session == session)
    }

    fn end(&mut self, session: u64, how: &str, last: u64) {
        self.note(format!("end {session} {how} last {last}"));
        self.sittings.retain(|sitting| sitting.session != session);
        self.ended.push((session, self.now, how.to_owned()));
    }

    pub(crate) fn end_now(&mut self, session: u64, how: &str) {
        let sitting = self.sitting(session).unwrap();
        let last = sitting.dormant.map_or(sitting.seen, |(_, last)| last);
        self.end(session, how, last);
    }

    /// What is asked of the account, once time has gone by; says what the asker is told.
    pub(crate) fn take(&mut self, deed: &Deed) -> String {
        match deed {
            Deed::LogIn(login) => self.log_in(login),
            Deed::TakeOffer { request } => match self.in_line(*request) {
                Some(place) => self.ask_again(place),
                None => "refused NotInLine".into(),
            },
            Deed::LeaveQueue { request } => match self.in_line(*request) {
                Some(place) => {
                    self.leave_line(place, "GaveUp");
                    "done".into()
                }
                None => "refused NotInLine".into(),
            },
            Deed::AskHandOver { login, seat } => self.ask_hand_over(login, *seat),
            Deed::AnswerHandOver { session, handover, consent } => {
                self.with(*session, |world| world.answer_hand_over(*session, *handover, *consent))
            }
            Deed::Heartbeat { session, active } => self.with(*session, |world| {
                let now = world.now;
                let Some(it) = world.sitting(*session) else { return String::new() };
                (it.quiet, it.bye, it.seen) = (0, None, now);
                if *active {
                    (it.idle, it.active) = (0, now);
                }
                let it = it.clone();
                if it.dormant.is_some() && world.lapsed(&it).is_none() {
                    world.note(format!("back {session}"));
                    world.sitting(*session).unwrap().dormant = None;
                }
                world.noted(*session)
            }),
            Deed::Goodbye { session } => self.with(*session, |world| {
                let now = world.now;
                let it = world.sitting(*session).unwrap();
                (it.quiet, it.seen) = (0, now);
                it.bye = it.bye.or(Some(0));
                world.noted(*session)
            }),
            Deed::LogOut { session } => self.with(*session, |world| {
                let (user, seat) = world.stand_up(*session, "User", world.now);
                let empty = world.sittings.iter().all(|other| other.seat != seat);
                if empty && world.chosen.linger > 0 {
                    let until = world.now + u64::from(world.chosen.linger);
                    world.kept.push(Kept { seat, user, until });
                }
                format!("left seat {seat}")
            }),
            Deed::Release { session, forced } => self.with(*session, |world| {
                let it = world.sitting(*session).unwrap().clone();
                if !forced && world.now - it.since < u64::from(world.chosen.floor) {
                    return "refused TooYoung".into();
                }
                let last = it.dormant.map_or(it.seen, |(_, last)| last);
                let (_, seat) = world.stand_up(*session, "Release", last);
                format!("left seat {seat}")
            }),
            _ if self.standing == "closed" => "refused AccountClosed".into(),
            Deed::SetLicences { to, from } => {
                let were = self.licences(*from);
                if *to == 0 {
                    return "refused BadLicences".into();
                }
                if *from < self.now && self.bought.iter().all(|(bought, _)| from < bought) {
                    return "refused BeforeOpening".into();
                }
                if *to == were {
                    return "refused SameLicences".into();
                }
                self.bought.push((*from, *to));
                self.done(format!("licences {were} to {to} from {from}"))
            }
            Deed::Choose(setting) => {
                if let Setting::Reserved(site, _) = setting
                    && (site.0 == 0 || site.0 > self.sites)
                {
                    return "refused UnknownSite".into();
                }
                self.chosen.choose(*setting);
                self.done("policy".into())
            }
            Deed::AddSite => {
                self.sites += 1;
                self.done(format!("add site {}", self.sites))
            }
            Deed::AddUser { user } => match self.people.get(user) {
                Some(Some(_)) => "refused UserAlready".into(),
                _ => {
                    self.people.insert(*user, Some(false));
                    self.done(format!("add user {user}"))
                }
            },
            Deed::SuspendUser { user } => match self.people.get(user).copied().flatten() {
                None => "refused UnknownUser".into(),
                Some(true) => "refused UserAlready".into(),
                Some(false) => {
                    let theirs: Vec<_> = self.sittings.iter().filter(|s| s.user == *user).collect();
                    for session in theirs.iter().map(|s| s.session).collect::<Vec<_>>() {
                        self.end_now(session, "UserSuspended");
                    }
                    self.people.insert(*user, Some(true));
                    self.kept.retain(|kept| kept.user != *user);
                    self.done(format!("suspend user {user}"))
                }
            },
            Deed::ReinstateUser { user } => match self.people.get(user).copied().flatten() {
                None => "refused UnknownUser".into(),
                Some(false) => "refused UserAlready".into(),
                Some(true) => {
                    self.people.insert(*user, Some(false));
                    self.done(format!("reinstate user {user}"))
                }
            },
            Deed::Suspend if self.standing == "suspended" => "refused AlreadySo".into(),
            Deed::Reinstate if self.standing == "open" => "refused AlreadySo".into(),
            Deed::Suspend => {
                self.standing = "suspended";
                self.done("suspend".into())
            }
            Deed::Reinstate => {
                self.standing = "open";
                self.done("reinstate".into())
            }
            Deed::Close => {
                for session in self.sittings.iter().map(|s| s.session).collect::<Vec<_>>() {
                    self.end_now(session, "AccountClosed");
                }
                self.standing = "closed";
                self.done("close".into())
            }
        }
    }

    fn done(&mut self, what: String) -> String {
        self.note(what);
        "done".into()
    }

    /// Does something with a session that holds a seat.
    fn with(&mut self, session: u64, then: impl FnOnce(&mut World) -> String) -> String {
        if session == 0 || session > self.granted {
            return "refused UnknownSession".into();
        }
        if self.sitting(session).is_some() {
            return then(self);
        }
        format!("refused SessionOver {}", self.ending(session))
    }

    /// How a session ended, while it is among the last sixteen that did.
    pub(crate) fn ending(&self, session: u64) -> String {
        let mut recent = self.ended.iter().rev().take(16);
        let told = recent.find(|(ended, ..)| *ended == session);
        told.map_or("long ago".into(), |(_, at, how)| format!("at {at} {how}"))
    }

    fn stand_up(&mut self, session: u64, by: &str, last: u64) -> (u32, u32) {
        let it = self.sitting(session).unwrap().clone();
        self.end(session, by, last);
        (it.user, it.seat)
    }

    fn noted(&mut self, session: u64) -> String {
        let it = self.sitting(session).unwrap();
        let (seat, dormant) = (it.seat, it.dormant.is_some());
        format!("keeps seat {seat} dormant {dormant} asked {:?}", self.asked_for(seat))
    }

    pub(crate) fn licences(&self, at: u64) -> u32 {
        let mut found = (0, 0);
        for (from, licences) in &self.bought {
            if *from <= at && *from >= found.0 {
                found = (*from, *licences);
            }
        }
        found.1
    }
}
