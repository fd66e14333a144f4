//! Subject access: everything that is held about one person, with a plain word on each part.
//!
//! Made from the person's entry in the directory and from the account's history. Times are those of the
//! account's zone; `position` says which commit of the log tells it, so that each line can be proven. Other
//! people appear by number.

use crate::civil::Zone;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::Report;
use crate::trail::actor_in_words;
use ledger::book::Entry;
use ledger::{Record, Subject};
use projector::{SessionView, Sessions};
use seats::notation::{Nameless, Notation, denial};
use seats::{
    Account, AccountId, DeviceId, Event, Naming, SessionId, SiteId, Timestamp, UserId, UserStanding,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One part of what is held, with what it is and why it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part<T> {
    /// In plain words.
    pub what_this_is: &'static str,
    /// What is held.
    pub held: T,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fact {
    /// When, in the account's zone.
    pub at: String,
    /// What.
    pub what: String,
    /// In which capacity somebody did it.
    pub by: String,
    /// Words that somebody wrote about it.
    pub words: Option<String>,
    /// Its place in the log.
    pub position: u64,
}

/// A time on a seat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sitting {
    /// The session's number.
    pub session: u64,
    /// The seat.
    pub seat: u32,
    /// From which site.
    pub site: Option<String>,
    /// From which device, by its name if that is kept.
    pub device: Option<String>,
    /// When it began, in the account's zone.
    pub from: String,
    /// When it ended; `null`: it has not.
    pub to: Option<String>,
    /// The last sign of life that the log knows of.
    pub last_seen: String,
    /// The commit that granted it.
    pub granted_position: u64,
    /// The commit that ended it.
    pub ended_position: Option<u64>,
}

/// Everything that is held about one person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SubjectAccess {
    /// The person.
    pub user: String,
    /// The number that stands for the person in the log.
    pub number: String,
    /// The account.
    pub account: String,
    /// `active`, `suspended`, `stranger` or `forgotten`.
    pub standing: &'static str,
    /// The zone that times are told in.
    pub time_zone: &'static str,
    /// What the directory knows.
    pub profile: Part<Vec<String>>,
    /// Sites of the account that the person logged in from.
    pub sites: Part<Vec<String>>,
    /// Devices that the person logged in from.
    pub devices: Part<Vec<String>>,
    /// Every time on a seat.
    pub sessions: Part<Vec<Sitting>>,
    /// Every refused login.
    pub denials: Part<Vec<Fact>>,
    /// What others did to the person's seats or standing, with what they wrote.
    pub acts: Part<Vec<Fact>>,
    /// Who was shown that the number is this person.
    pub looks: Part<Vec<Fact>>,
    /// Where this comes from.
    pub provenance: Provenance,
}

/// What is gathered on the way through the history.
#[derive(Default)]
struct Gathered {
    sites: BTreeSet<SiteId>,
    devices: BTreeSet<DeviceId>,
    sessions: BTreeMap<SessionId, SessionView>,
    denials: Vec<Fact>,
    acts: Vec<Fact>,
    looks: Vec<Fact>,
}

impl Reports<'_> {
    /// Everything that is held about one person.
    ///
    /// # Errors
    /// When there is no such account or user, it is hidden, or log or directory cannot be read.
    pub fn subject_access(
        &self,
        account: AccountId,
        user: UserId,
    ) -> Result<SubjectAccess, ReportError> {
        let (now, zone) = self.whole(account)?;
        let names = self.names(account);
        let mut gathered = Gathered::default();
        let mut before = Account::new(account);
        let mut sessions = Sessions::after(&before);
        let mut commits = 0_u64;
        for record in self.views.history(account, Timestamp::ZERO, Timestamp::MAX)? {
            let record = record?;
            commits = commits.saturating_add(1);
            self.gather(&mut gathered, &record, &before, user, zone)?;
            sessions.apply(&record, |ended| {
                if ended.user == user {
                    gathered.sessions.insert(ended.session, ended);
                }
            });
            before.apply(record.commit.at, &record.commit.events);
        }
        let held = sessions.into_held().filter(|held| held.user == user);
        gathered.sessions.extend(held.map(|held| (held.session, held)));
        gathered.looks.append(&mut self.looks_at(account, user, zone)?);

        let Gathered { sites, devices, sessions, denials, acts, mut looks } = gathered;
        looks.sort_by_key(|look| look.position);
        let profile = match self.views.ledger().book().entry(Subject::user(account, user))? {
            Entry::Known(profile) => profile.text.lines().map(str::to_owned).collect(),
            Entry::Forgotten | Entry::Unknown => Vec::new(),
        };
        let site = |site: SiteId| names.site(site).unwrap_or_else(|| site.to_string());
        let device = |device: DeviceId| names.device(device).unwrap_or_else(|| device.to_string());
        let sitting = |view: &SessionView| Sitting {
            session: view.session.0,
            seat: view.seat.0,
            site: view.site.map(site),
            device: view.device.map(device),
            from: zone.show(view.granted.at),
            to: view.ended.map(|ended| zone.show(ended.at.at)),
            last_seen: zone.show(view.last_seen),
            granted_position: view.granted.position.0,
            ended_position: view.ended.map(|ended| ended.at.position.0),
        };
        let standing = match now.account.user(user).map(|user| user.standing) {
            Some(UserStanding::Active) => "active",
            Some(UserStanding::Suspended) => "suspended",
            Some(UserStanding::Forgotten) => "forgotten",
            Some(UserStanding::Stranger) | None => "stranger",
        };
        let sessions: Vec<Sitting> = sessions.values().map(sitting).collect();
        let provenance = self
            .provenance("subject access", account, zone)
            .parameter("user", user)
            .rows(sessions.len())
            .total("commits_read", commits)
            .total("denials", denials.len())
            .total("acts", acts.len())
            .total("looks", looks.len());
        Ok(SubjectAccess {
            user: names.shown(user),
            number: user.to_string(),
            account: names.account(),
            standing,
            time_zone: zone.name(),
            profile: part(PROFILE, profile),
            sites: part(SITES, sites.into_iter().map(site).collect()),
            devices: part(DEVICES, devices.into_iter().map(device).collect()),
            sessions: part(SESSIONS, sessions),
            denials: part(DENIALS, denials),
            acts: part(ACTS, acts),
            looks: part(LOOKS, looks),
            provenance,
        })
    }

    fn gather(
        &self,
        gathered: &mut Gathered,
        record: &Record,
        before: &Account,
        user: UserId,
        zone: Zone,
    ) -> Result<(), ReportError> {
        let commit = &record.commit;
        let theirs = |session: &SessionId| before.session(*session).is_some_and(|s| s.user == user);
        let fact = |what: String, words| Fact {
            at: zone.show(commit.at),
            what,
            by: actor_in_words(commit.actor),
            words,
            position: record.position.0,
        };
        let time = |at: Timestamp| zone.show(at);
        let notation = Notation { names: &Nameless, time: &time };
        let mut asked = false;
        for event in &commit.events {
            match event {
                Event::LoginRequested { user: asker, site, device, .. } => {
                    asked = *asker == user;
                    gathered.sites.extend(site.filter(|_| asked));
                    gathered.devices.extend(device.filter(|_| asked));
                }
                // Evidence with names shows everybody's.
                Event::EvidenceTaken { names: true, .. } => {
                    let what = notation.event(commit.at, event, Some(before));
                    gathered.looks.push(fact(what, self.note(&commit.events)?));
                }
                Event::SeatDenied { reason, held, dormant, .. } if asked => {
                    let limit = Some(before.limit(commit.at));
                    gathered.denials.push(fact(denial(*reason, *held, *dormant, limit), None));
                }
                Event::Queued { .. } if asked => {
                    let what = notation.event(commit.at, event, Some(before));
                    let what = what.trim_start_matches("-> ").to_owned();
                    gathered.denials.push(fact(what, None));
                }
                Event::UserAdded { user: other, .. }
                | Event::UserSuspended { user: other }
                | Event::UserReinstated { user: other }
                | Event::UserForgotten { user: other }
                | Event::SeatTakenOffline { user: other, .. }
                    if *other == user =>
                {
                    let what = notation.event(commit.at, event, Some(before));
                    gathered.acts.push(fact(what, self.note(&commit.events)?));
                }
                Event::LoggedOut { session, reason: Some(_), .. } if theirs(session) => {
                    let what = notation.event(commit.at, event, Some(before));
                    gathered.acts.push(fact(what, self.note(&commit.events)?));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Looks at one user, and at the whole account, which show the user too.
    fn looks_at(
        &self,
        account: AccountId,
        user: UserId,
        zone: Zone,
    ) -> Result<Vec<Fact>, ReportError> {
        let time = |at: Timestamp| zone.show(at);
        let notation = Notation { names: &Nameless, time: &time };
        let mut looks = Vec::new();
        let system = self.views.history(AccountId::SYSTEM, Timestamp::ZERO, Timestamp::MAX)?;
        for record in system {
            let record = record?;
            let commit = &record.commit;
            for event in &commit.events {
                let Event::IdentityShown { account: at, user: shown, .. } = event else { continue };
                if *at == account && shown.is_none_or(|shown| shown == user) {
                    looks.push(Fact {
                        at: zone.show(commit.at),
                        what: notation.event(commit.at, event, None),
                        by: actor_in_words(commit.actor),
                        words: self.note(&commit.events)?,
                        position: record.position.0,
                    });
                }
            }
        }
        Ok(looks)
    }
}

const PROFILE: &str = "The name and whatever else was entered about you. It stands in the directory, \
    apart from the log, and can be erased.";
const SITES: &str = "The sites you logged in from, where the application told.";
const DEVICES: &str = "The devices you logged in from. Their names are erased some time after their last \
    login, as the account's policy says; then a number is left.";
const SESSIONS: &str = "Every time you held a seat. It is kept because seats are counted and paid for; once \
    you are forgotten it says user-N instead of you.";
const DENIALS: &str = "Every time you were refused a seat, and why.";
const ACTS: &str = "What others did to your seats or your standing, and what they wrote about it.";
const LOOKS: &str = "Who was shown names of this account, you among them, when, in which report, and why if \
    they said so.";

fn part<T>(what_this_is: &'static str, held: T) -> Part<T> {
    Part { what_this_is, held }
}

impl Report for SubjectAccess {
    fn text(&self) -> String {
        self.json()
    }
}
