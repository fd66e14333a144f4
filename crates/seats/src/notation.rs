//! The notation: history in lines that can be read aloud.
//!
//! ```text
//! 09:00 login alice -> seat 1
//! 09:01 login bob at north -> seat 2
//! 09:02 login carol -> denied: all 2 seats are held
//! 09:05 logout alice -> seat 1 free
//! 09:07 bob silent since 09:05 -> keeps seat 2
//! 09:10 release bob: browser closed -> seat 2 free
//! ```
//! Left of the arrow stands what was asked or what happened, right of it what came of it. A commit is one
//! line; an event alone is the part of that line which is its own. Names are looked up by the caller; who
//! has none is `user-7`. A session is called by its user, and by its number (`session-12`) where that is
//! not known or not enough.
//!
//! The notation is for people: it is shared by the scenarios, the tests, the `log` command and the documents,
//! and it is never stored.

use crate::account::{Account, Session, Waits};
use crate::event::{Effective, EndedBy, Event, ExpiryCause};
use crate::ids::{DeviceId, SessionId, SiteId, UserId};
use crate::policy::Setting;
use crate::time::{Micros, Timestamp};

mod answers;
mod commands;
mod line;
mod offline;

pub use answers::{denial, ended};

/// Who the numbers of one account are. `None`: not known, or forgotten.
pub trait Naming {
    /// The name of a user.
    fn user(&self, user: UserId) -> Option<String>;
    /// The name of a site.
    fn site(&self, site: SiteId) -> Option<String>;
    /// The name of a device.
    fn device(&self, device: DeviceId) -> Option<String>;
    /// An amount; whoever knows how many decimals the currency has writes it with them.
    fn money(&self, currency: &str, minor: i64) -> String {
        format!("{currency} {minor} minor units")
    }
}

/// Knows nobody: every user is `user-7`, every site `site-2`.
#[derive(Clone, Copy, Debug)]
pub struct Nameless;

impl Naming for Nameless {
    fn user(&self, _: UserId) -> Option<String> {
        None
    }
    fn site(&self, _: SiteId) -> Option<String> {
        None
    }
    fn device(&self, _: DeviceId) -> Option<String> {
        None
    }
}

/// An event in words: what was asked or happened, and what came of it. Either may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Phrase {
    happened: String,
    outcome: String,
}

/// Renders one account's history.
#[derive(Clone, Copy)]
pub struct Notation<'a> {
    /// Who the numbers are.
    pub names: &'a dyn Naming,
    /// How an instant is said, such as `09:00` in the account's zone.
    pub time: &'a dyn Fn(Timestamp) -> String,
}

impl Notation<'_> {
    /// One event as one line without its time. `before`: the account before the event's commit, if known.
    pub fn event(&self, at: Timestamp, event: &Event, before: Option<&Account>) -> String {
        joined(&[self.phrase(at, event, before)])
    }

    /// One event as one line: `09:00 login alice`, `09:00 -> seat 1`.
    pub fn line(&self, at: Timestamp, event: &Event, before: Option<&Account>) -> String {
        format!("{} {}", (self.time)(at), self.event(at, event, before))
    }

    /// One commit as one line: `09:00 login alice -> seat 1`. `before`: the account before it, if known.
    pub fn commit(&self, at: Timestamp, events: &[Event], before: Option<&Account>) -> String {
        let phrases: Vec<_> = events.iter().map(|event| self.phrase(at, event, before)).collect();
        format!("{} {}", (self.time)(at), joined(&phrases))
    }

    /// What came of a commit, without what was asked: `seat 2 reclaimed from bob, silent since 17:58; seat 2`.
    pub fn outcome(&self, at: Timestamp, events: &[Event], before: Option<&Account>) -> String {
        let phrases = events.iter().map(|event| self.phrase(at, event, before).outcome);
        listed(phrases)
    }

    /// The name of a user, or `user-7`.
    pub fn user(&self, user: UserId) -> String {
        self.names.user(user).unwrap_or_else(|| user.to_string())
    }

    /// The name of a site, or `site-2`.
    pub fn site(&self, site: SiteId) -> String {
        self.names.site(site).unwrap_or_else(|| site.to_string())
    }

    /// Whose session it is: the user's name, with the number if the user has several; else the number.
    pub fn whose(&self, session: SessionId, account: Option<&Account>) -> String {
        let held = account.and_then(|account| Some((account, account.session(session)?)));
        match held {
            None => session.to_string(),
            Some((account, held)) => {
                let user = self.user(held.user);
                let several = account.sessions_of(held.user).nth(1).is_some();
                if several { format!("{user}'s {session}") } else { user }
            }
        }
    }

    fn phrase(&self, at: Timestamp, event: &Event, before: Option<&Account>) -> Phrase {
        let held = |id: &SessionId| before.and_then(|account| account.session(*id));
        let whose = |id: &SessionId| self.whose(*id, before);
        match event {
            Event::AccountOpened { zone, .. } => asked(format!("open account in {zone}")),
            Event::PolicyChanged { settings } => asked(self.set(settings)),
            Event::LicencesChanged { to, effective, .. } => {
                asked(format!("set licences {to}{}", self.from(*effective, at)))
            }
            Event::PlanAssigned { plan, effective } => {
                let from = self.from(*effective, at);
                asked(format!("assign plan {}{from}", start(&plan.0)))
            }
            Event::SiteAdded { site, .. } => asked(format!("add site {}", self.site(*site))),
            Event::UserAdded { user, .. } => asked(format!("add user {}", self.user(*user))),
            Event::UserSuspended { user } => asked(format!("suspend {}", self.user(*user))),
            Event::UserReinstated { user } => asked(format!("reinstate {}", self.user(*user))),
            Event::UserForgotten { user } => asked(format!("forget {}", self.user(*user))),
            Event::DeviceAdded { device, .. } => asked(format!("add {}", self.device(*device))),
            Event::LoginRequested { user, site, device, .. } => {
                asked(self.login(*user, *site, *device))
            }
            Event::SeatGranted { request, seat, overdraft, .. } => {
                let overdraft = if *overdraft { ", overdraft" } else { "" };
                let asked = request.and_then(|request| before?.asked(request));
                let taken = || format!("{seat}{overdraft}");
                match asked.map(|asked| (self.user(asked.user), asked.waits)) {
                    None | Some((_, None)) => outcome(taken()),
                    Some((who, Some(Waits { offer: Some(_), .. }))) => {
                        Phrase { happened: format!("take offer {who}"), outcome: taken() }
                    }
                    Some((who, _)) => outcome(format!("{who} has {}", taken())),
                }
            }
            Event::Queued { .. }
            | Event::SeatOffered { .. }
            | Event::OfferLapsed { .. }
            | Event::OfferWithdrawn { .. }
            | Event::LeftQueue { .. }
            | Event::HandOverAsked { .. }
            | Event::HandOverEnded { .. } => self.of_the_line(at, event, before),
            Event::SeatDenied { reason, held, dormant, .. } => {
                let limit = before.map(|account| account.limit(at));
                outcome(format!("denied: {}", denial(*reason, *held, *dormant, limit)))
            }
            Event::WentDormant { session, silent } => Phrase {
                happened: format!("{} {}", whose(session), self.since(at, *silent)),
                outcome: held(session).map(|s| format!("keeps {}", s.seat)).unwrap_or_default(),
            },
            Event::Resumed { session } => Phrase {
                happened: format!("{} back", whose(session)),
                outcome: held(session).map(|s| format!("keeps {}", s.seat)).unwrap_or_default(),
            },
            Event::LoggedOut { session, by, reason, .. } => {
                let happened = match (by, reason) {
                    (EndedBy::User, _) => format!("logout {}", whose(session)),
                    (EndedBy::Release, reason) => {
                        let reason = reason.map_or("no reason given", |reason| reason.word());
                        format!("release {}: {reason}", whose(session))
                    }
                };
                let linger = match by {
                    EndedBy::User => before.map_or(0, |account| account.policy().linger_s),
                    EndedBy::Release => 0,
                };
                let left = |s: &Session| self.left(at, s, linger, before);
                Phrase { happened, outcome: held(session).map(left).unwrap_or_default() }
            }
            Event::Expired { session, cause, silent } => {
                self.expiry(at, *session, *cause, *silent, before)
            }
            Event::AccountSuspended => asked("suspend account".to_owned()),
            Event::AccountReinstated => asked("reinstate account".to_owned()),
            Event::AccountClosed => asked("close account".to_owned()),
            Event::ImportStarted { source } => asked(format!("import {}", start(&source.0))),
            Event::ImportCompleted { .. } => asked("import complete".to_owned()),
            Event::ServiceStarted { last_alive: None } => asked("service started".to_owned()),
            Event::ServiceStarted { last_alive: Some(alive) } => {
                asked(format!("service started, last alive {}", (self.time)(*alive)))
            }
            Event::ServiceStopped => asked("service stopped".to_owned()),
            Event::ClockStepped { from, to } => {
                asked(format!("clock stepped from {} to {}", (self.time)(*from), (self.time)(*to)))
            }
            Event::SealingKeyChanged { key, previous: None } => {
                asked(format!("seals signed with key {}", start(&key.0)))
            }
            Event::SealingKeyChanged { key, previous: Some(previous) } => asked(format!(
                "seals signed with key {} instead of {}",
                start(&key.0),
                start(&previous.0)
            )),
            Event::DeviceForgotten { device } => asked(format!("forget {device}")),
            // The words stand in the directory, not in the notation.
            Event::ReasonGiven { .. } => asked("reason given".to_owned()),
            Event::IdentityShown { account, look, user } => {
                let user = user.map(|user| format!(" of {user}")).unwrap_or_default();
                asked(format!("names{user} in {account} shown: {}", look.word()))
            }
            Event::EvidenceTaken { from, to, names } => {
                let names = if *names { ", with names" } else { "" };
                let (from, to) = ((self.time)(*from), (self.time)(*to));
                asked(format!("evidence taken of {from} to {to}{names}"))
            }
            Event::TokenMade { .. } | Event::TokenRevoked { .. } => asked(self.token(event)),
            Event::SeatTakenOffline { user, from, to, .. } => {
                asked(self.offline(*user, *from, *to))
            }
            Event::PeriodClosed(closing) => asked(format!(
                "{} closed: net {}, due {}, carried {}",
                closing.period(),
                self.names.money(closing.currency(), closing.net),
                self.names.money(closing.currency(), closing.due),
                self.names.money(closing.currency(), closing.carried)
            )),
            Event::StatementsExported(exported) => asked(self.exported(exported)),
        }
    }

    fn expiry(
        &self,
        at: Timestamp,
        id: SessionId,
        cause: ExpiryCause,
        silent: Micros,
        before: Option<&Account>,
    ) -> Phrase {
        let (whose, since) = (self.whose(id, before), self.since(at, silent));
        let held = before.and_then(|account| account.session(id));
        let seat = held.map_or("seat".to_owned(), |session| session.seat.to_string());
        let free = held.map(|s| self.left(at, s, 0, before)).unwrap_or_default();
        let happened = match cause {
            ExpiryCause::Reclaimed => {
                return outcome(format!("{seat} reclaimed from {whose}, {since}"));
            }
            ExpiryCause::TakenOver => {
                let dormant = held.is_some_and(|session| session.dormant.is_some());
                let since = if dormant { format!(", {since}") } else { String::new() };
                return outcome(format!("{seat} taken over from {id}{since}"));
            }
            ExpiryCause::LeaseEnded => format!("{whose} {since}, lease ended"),
            ExpiryCause::Idle => format!("{whose} idle since {}", (self.time)(at - silent)),
            ExpiryCause::Goodbye => format!("{whose} {since}, said goodbye"),
            ExpiryCause::MaxSession => format!("{whose} at the longest session"),
            ExpiryCause::HandedOver => return outcome(format!("{whose} gives up {seat}")),
            ExpiryCause::UserSuspended | ExpiryCause::AccountClosed => {
                return outcome(format!("{whose}: {free}"));
            }
        };
        Phrase { happened, outcome: free }
    }

    /// What becomes of the seat of a session that ends.
    fn left(
        &self,
        at: Timestamp,
        ended: &Session,
        linger_s: u32,
        before: Option<&Account>,
    ) -> String {
        let seat = ended.seat;
        let shared = before.is_some_and(|account| account.sessions_on(seat).nth(1).is_some());
        if shared {
            format!("{seat} still shared")
        } else if linger_s > 0 {
            let until = (self.time)(at + Micros::from_secs(linger_s));
            format!("{seat} kept for {} until {until}", self.user(ended.user))
        } else {
            format!("{seat} free")
        }
    }

    fn since(&self, at: Timestamp, silent: Micros) -> String {
        format!("silent since {}", (self.time)(at - silent))
    }

    /// From when a change counts, unless from `at`, when it is made.
    fn from(&self, effective: Effective, at: Timestamp) -> String {
        if at == effective.instant {
            return String::new();
        }
        format!(" from {}", (self.time)(effective.instant))
    }

    fn login(&self, user: UserId, site: Option<SiteId>, device: Option<DeviceId>) -> String {
        format!("login {}", self.asker(user, site, device))
    }

    fn asker(&self, user: UserId, site: Option<SiteId>, device: Option<DeviceId>) -> String {
        let site = site.map(|site| format!(" at {}", self.site(site))).unwrap_or_default();
        let device = device.map(|device| format!(" on {}", self.device(device)));
        format!("{}{site}{}", self.user(user), device.unwrap_or_default())
    }

    fn device(&self, device: DeviceId) -> String {
        self.names.device(device).unwrap_or_else(|| device.to_string())
    }

    fn set(&self, settings: &[Setting]) -> String {
        let settings: Vec<_> = settings.iter().map(|setting| self.setting(setting)).collect();
        format!("set {}", settings.join(", "))
    }

    fn setting(&self, setting: &Setting) -> String {
        setting.words(|site| self.site(site))
    }
}

fn asked(happened: String) -> Phrase {
    Phrase { happened, outcome: String::new() }
}

fn outcome(outcome: String) -> Phrase {
    Phrase { happened: String::new(), outcome }
}

/// `what happened; and then -> what came of it; and then`, either side left out if empty.
fn joined(phrases: &[Phrase]) -> String {
    let happened = listed(phrases.iter().map(|phrase| phrase.happened.clone()));
    let outcome = listed(phrases.iter().map(|phrase| phrase.outcome.clone()));
    match (happened.is_empty(), outcome.is_empty()) {
        (_, true) => happened,
        (true, false) => format!("-> {outcome}"),
        (false, false) => format!("{happened} -> {outcome}"),
    }
}

fn listed(phrases: impl Iterator<Item = String>) -> String {
    phrases.filter(|phrase| !phrase.is_empty()).collect::<Vec<_>>().join("; ")
}

fn seats_bought(licences: u32) -> String {
    format!("{licences} licence{}", if licences == 1 { "" } else { "s" })
}

/// The first bytes of a digest or an id, enough to recognise it by.
fn start(digest: &[u8]) -> String {
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
