//! Plays the deeds of a scenario on [`seats::Live`], and watches while it does.
//!
//! ```text
//! login NAME [at SITE] [on DEVICE] [as REQUEST]     REQUEST: any word; the same word is the same request
//! take offer NAME      leave line NAME               NAME: who is in line
//! ask for a seat | for seat N NAME [at SITE] [as REQUEST]
//! consent | decline WHO                              WHO: as below, whose seat is asked for
//! logout | heartbeat | activity | goodbye WHO       WHO: NAME, NAME's session-N, session-N
//! release WHO: REASON[, forced]
//! set licences N [from TIME]      set SETTING[, SETTING]
//! add user NAME      add site NAME      suspend | reinstate NAME or account      close account      forget NAME
//! time passes        service stops      service starts
//! ```
//! After every deed the laws are applied to each new commit, the commits are folded, and the fold is compared
//! with the live account: whoever plays a scenario tests these too.

use crate::cast::{Cast, FIRST_DAY, clock, read_clock};
use seats::{
    Account, AccountId, Command, Commitment, Effective, Event, FirstAnswer, HandOverId, Laws, Live,
    Liveness, LogIn, Notation, Outage, Outcome, ReleaseReason, RequestId, SeatNo, SessionId,
    Setting, SettingError, Timestamp,
};
use std::sync::Arc;

/// When what is due by time alone is looked for. The answers and the history must not depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sweeper {
    /// Only before a command.
    Lazy,
    /// Every minute as well.
    EveryMinute,
    /// Only before a command, and the service is restarted after each, state rebuilt from the history.
    Restarting,
}

/// A deed, read.
enum Deed {
    Ask(Command),
    TimePasses,
    Stop,
    Start,
}

/// An account on stage: live, folded from its history, and watched by the laws.
#[derive(Debug)]
pub struct Stage {
    cast: Cast,
    sweeper: Sweeper,
    live: Live,
    folded: Account,
    laws: Laws,
    history: Vec<(Timestamp, Vec<Event>)>,
    lines: Vec<String>,
    outages: Vec<Outage>,
    stopped: Option<Timestamp>,
    now: Timestamp,
    logins: u8,
}

const ACCOUNT: AccountId = AccountId(1);
const PROFILE: Commitment = Commitment([7; 32]);

impl Stage {
    /// Opens an account at the beginning of the first day.
    ///
    /// # Errors
    /// What is wrong with the settings, or which law the rules broke.
    pub fn open(licences: u32, settings: &[String], sweeper: Sweeper) -> Result<Stage, String> {
        let account = Account::new(ACCOUNT);
        let mut stage = Stage {
            cast: Cast::default(),
            sweeper,
            live: Live::new(account.clone(), Liveness::default()),
            folded: account,
            laws: Laws::new(ACCOUNT),
            history: Vec::new(),
            lines: Vec::new(),
            outages: Vec::new(),
            stopped: None,
            now: FIRST_DAY,
            logins: 0,
        };
        let settings = stage.settings(settings.iter().map(String::as_str));
        let open = Command::Open {
            zone: "Europe/London".into(),
            profile: PROFILE,
            licences,
            settings: settings.map_err(|error| error.to_string())?,
            plan: None,
            effective: Effective { instant: FIRST_DAY, date: None },
        };
        stage.ask(FIRST_DAY, &open)?;
        Ok(stage)
    }

    /// Does a deed; says what came of it.
    ///
    /// # Errors
    /// What is wrong with the deed's words, or which invariant the rules broke.
    pub fn act(&mut self, at: Timestamp, words: &str) -> Result<String, String> {
        let deed = self.read(at, words)?;
        self.sweep(at)?;
        let outcome = match deed {
            Deed::Ask(command) => {
                if self.stopped.is_some() {
                    return Err("the service is stopped".into());
                }
                let notation = Notation { names: &self.cast, time: &clock };
                let said = notation.command(at, &command, Some(self.live.account()));
                let asked = words.split(" as ").next().unwrap_or(words);
                if said != asked && !asked.contains("session-") {
                    return Err(format!("this deed is written {said:?} in the notation"));
                }
                self.ask(at, &command)?
            }
            Deed::TimePasses => {
                self.settle(at)?;
                "time passes".to_owned()
            }
            Deed::Stop => {
                self.stopped = Some(at);
                "stopped".to_owned()
            }
            Deed::Start => {
                let from = self.stopped.take().ok_or("the service is not stopped")?;
                self.outages.push(Outage { from, to: at });
                self.restart();
                "started".to_owned()
            }
        };
        self.now = self.now.max(at);
        if self.sweeper == Sweeper::Restarting {
            self.restart();
        }
        Ok(outcome)
    }

    /// The history so far, a line a commit.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Who sits where: `seat 1 alice; seat 2 bob, silent since 17:58`.
    pub fn board(&self) -> String {
        let account = self.live.account();
        let notation = Notation { names: &self.cast, time: &clock };
        let held = account.sessions().map(|session| {
            let silent = session.dormant.map(|d| format!(", silent since {}", clock(d.last_seen)));
            let overdraft = if session.overdraft { ", overdraft" } else { "" };
            let (user, silent) = (notation.user(session.user), silent.unwrap_or_default());
            (session.seat, format!("{} {user}{overdraft}{silent}", session.seat))
        });
        let kept = account.lingering(self.now).map(|linger| {
            let (user, until) = (notation.user(linger.user), clock(linger.until));
            (linger.seat, format!("{} kept for {user} until {until}", linger.seat))
        });
        let offered = account.offers().map(|(asked, offer)| {
            let (user, until) = (notation.user(asked.user), clock(offer.until));
            (offer.seat, format!("{} offered to {user} until {until}", offer.seat))
        });
        let mut seats: Vec<_> = held.chain(kept).chain(offered).collect();
        seats.sort_by_key(|(seat, _)| *seat);
        if seats.is_empty() {
            return "empty".to_owned();
        }
        seats.into_iter().map(|(_, seat)| seat).collect::<Vec<_>>().join("; ")
    }

    /// What a sweeper does until `at`, if there is one.
    fn sweep(&mut self, at: Timestamp) -> Result<(), String> {
        if self.sweeper != Sweeper::EveryMinute || self.stopped.is_some() {
            return Ok(());
        }
        let minute = 60_000_000;
        let mut next = Timestamp((self.now.0 / minute + 1) * minute);
        while next <= at {
            self.settle(next)?;
            next.0 += minute;
        }
        Ok(())
    }

    fn settle(&mut self, at: Timestamp) -> Result<(), String> {
        let due = self.live.settle(at);
        due.into_iter().try_for_each(|due| self.record(due.at, due.events))?;
        self.agree()
    }

    fn ask(&mut self, at: Timestamp, command: &Command) -> Result<String, String> {
        let first = command.login().and_then(|login| self.first_answer(login.request));
        let taken = self.live.take(command, first.as_ref(), at);
        taken.due.into_iter().try_for_each(|due| self.record(due.at, due.events))?;
        taken.ahead.into_iter().try_for_each(|ends| self.record(taken.at, ends))?;
        let before = self.folded.clone();
        let notation = Notation { names: &self.cast, time: &clock };
        let came_of_it = notation.outcome(taken.at, &taken.events, Some(&before));
        let outcome = match &taken.answer {
            Err(rejection) => notation.rejection(rejection),
            Ok(_) if !came_of_it.is_empty() => came_of_it,
            Ok(answer) => notation.answer(answer),
        };
        if !taken.events.is_empty() {
            self.record(taken.at, taken.events)?;
        }
        self.agree()?;
        Ok(outcome)
    }

    fn record(&mut self, at: Timestamp, events: Vec<Event>) -> Result<(), String> {
        let notation = Notation { names: &self.cast, time: &clock };
        let line = notation.commit(at, &events, Some(&self.folded));
        if let Err(breach) = self.laws.check(at, &events) {
            return Err(format!("the rules broke a law with {line:?}: {breach}"));
        }
        self.folded.apply(at, &events);
        self.lines.push(line);
        self.history.push((at, events));
        Ok(())
    }

    fn agree(&self) -> Result<(), String> {
        let (folded, live) = (&self.folded, self.live.account());
        if folded == live {
            return Ok(());
        }
        Err(format!("folded and live accounts differ:\n{folded:#?}\n{live:#?}"))
    }

    /// The service is stopped and started: the account comes back from the history.
    fn restart(&mut self) {
        let heard = self.live.liveness().heard().clone();
        let outages = Arc::from(self.outages.as_slice());
        self.live = Live::new(self.folded.clone(), Liveness::restored(heard, outages));
    }

    fn first_answer(&self, request: RequestId) -> Option<FirstAnswer> {
        let mut commits = self.history.iter();
        let asked = commits.find_map(|(at, events)| FirstAnswer::in_commit(request, *at, events));
        let mut first = asked?;
        if matches!(first.outcome, Outcome::Waiting { .. }) {
            commits.find(|(at, events)| first.answered_in(request, *at, events));
        }
        Some(first)
    }

    /// The login of somebody in line, after a word.
    fn in_line(&self, words: &str, word: &str) -> Result<RequestId, String> {
        let who = words.strip_prefix(word).ok_or_else(|| format!("no such deed: {words:?}"))?;
        let notation = Notation { names: &self.cast, time: &clock };
        let mut line = self.live.account().line();
        let asked = line.find(|asked| notation.user(asked.user) == who);
        asked.map(|asked| asked.request).ok_or_else(|| format!("{who} is not in line"))
    }

    fn read(&mut self, at: Timestamp, words: &str) -> Result<Deed, String> {
        match words {
            "time passes" => return Ok(Deed::TimePasses),
            "service stops" => return Ok(Deed::Stop),
            "service starts" => return Ok(Deed::Start),
            _ => {}
        }
        let (verb, rest) = words.split_once(' ').ok_or_else(|| format!("no deed: {words:?}"))?;
        let command = match verb {
            "login" => Command::LogIn(self.login(rest)),
            "ask" => self.ask_for(rest)?,
            "consent" | "decline" => {
                let session = self.who(rest)?;
                let account = self.live.account();
                let seat = account.session(session).map(|session| session.seat);
                let asked = seat.and_then(|seat| account.asked_for(seat));
                let last = account.declines().last().map(|decline| decline.handover);
                let handover = asked.map(|asked| asked.id).or(last).unwrap_or(HandOverId(1));
                Command::AnswerHandOver { session, handover, consent: verb == "consent" }
            }
            "take" => Command::TakeOffer { request: self.in_line(rest, "offer ")? },
            "leave" => Command::LeaveQueue { request: self.in_line(rest, "line ")? },
            "logout" => Command::LogOut { session: self.who(rest)? },
            "heartbeat" => Command::Heartbeat { session: self.who(rest)?, active: false },
            "activity" => Command::Heartbeat { session: self.who(rest)?, active: true },
            "goodbye" => Command::Goodbye { session: self.who(rest)? },
            "release" => {
                let (who, reason) = rest.split_once(": ").ok_or("a release has a reason")?;
                let (reason, forced) = match reason.strip_suffix(", forced") {
                    Some(reason) => (reason, true),
                    None => (reason, false),
                };
                let reason = ReleaseReason::from_words(reason).ok_or("no such reason")?;
                Command::Release { session: self.who(who)?, reason, note: None, forced }
            }
            "set" => match rest.strip_prefix("licences ") {
                Some(licences) => {
                    let (to, from) = licences.split_once(" from ").unwrap_or((licences, ""));
                    let to = to.parse().map_err(|_| format!("not a number: {to:?}"))?;
                    let instant = read_clock(from).map_or(at, |(instant, _)| instant);
                    let effective = Effective { instant, date: None };
                    Command::SetLicences { to, effective }
                }
                None => {
                    let settings = self.settings(rest.split(", "));
                    let settings = settings.map_err(|error| error.to_string())?;
                    Command::ChangePolicy { settings }
                }
            },
            "add" => match rest.split_once(' ') {
                Some(("user", name)) => {
                    Command::AddUser { user: self.cast.enter(name), profile: PROFILE }
                }
                Some(("site", name)) => {
                    Command::AddSite { site: self.cast.site(name), profile: PROFILE }
                }
                _ => return Err(format!("neither user nor site: {rest:?}")),
            },
            "forget" => {
                Command::ForgetUser { user: self.cast.enter(rest), stranger: Some(PROFILE) }
            }
            "suspend" if rest == "account" => Command::Suspend,
            "suspend" => Command::SuspendUser { user: self.cast.enter(rest) },
            "reinstate" if rest == "account" => Command::Reinstate,
            "reinstate" => Command::ReinstateUser { user: self.cast.enter(rest) },
            "close" if rest == "account" => Command::Close,
            _ => return Err(format!("no such deed: {words:?}")),
        };
        Ok(Deed::Ask(command))
    }

    /// `for a seat carol as c`, `for seat 2 carol`: with the login of that id, or the one in line, or a new one.
    fn ask_for(&mut self, words: &str) -> Result<Command, String> {
        let what = words.strip_prefix("for ").ok_or_else(|| format!("no such deed: {words:?}"))?;
        let (seat, who) = match what.strip_prefix("a seat ") {
            Some(who) => (None, who),
            None => {
                let named = what.strip_prefix("seat ").and_then(|named| named.split_once(' '));
                let (seat, who) = named.ok_or("asked for neither a seat nor seat N")?;
                (Some(SeatNo(seat.parse().map_err(|_| format!("no seat: {seat:?}"))?)), who)
            }
        };
        let mut login = self.login(who);
        let waits = self.live.account().line().find(|asked| asked.user == login.user);
        if let (Some(waits), false) = (waits, who.contains(" as ")) {
            (login.request, login.site, login.device) = (waits.request, waits.site, waits.device);
        }
        Ok(Command::AskHandOver { login, seat })
    }

    fn login(&mut self, words: &str) -> LogIn {
        let (words, request) = match words.split_once(" as ") {
            Some((words, request)) => (words, Some(request)),
            None => (words, None),
        };
        let (words, device) = match words.split_once(" on ") {
            Some((words, device)) => (words, Some(self.cast.device(device))),
            None => (words, None),
        };
        let (user, site) = match words.split_once(" at ") {
            Some((user, site)) => (user, Some(self.cast.site(site))),
            None => (words, None),
        };
        let user = self.cast.enter(user);
        let request = request.map_or_else(|| self.another(), named);
        let (newcomer, new_device) = (Some(PROFILE), Some(PROFILE));
        LogIn { request, user, newcomer, site, device, new_device }
    }

    /// The id of a login that says none: one that no other login has.
    fn another(&mut self) -> RequestId {
        self.logins += 1;
        RequestId([self.logins; 16])
    }

    fn who(&self, words: &str) -> Result<SessionId, String> {
        if let Some((_, number)) = words.split_once("session-") {
            let number = number.parse().map_err(|_| format!("no session: {words:?}"))?;
            return Ok(SessionId(number));
        }
        let account = self.live.account();
        let notation = Notation { names: &self.cast, time: &clock };
        let mut theirs = account.sessions().filter(|s| notation.user(s.user) == words);
        match (theirs.next(), theirs.next()) {
            (Some(session), None) => Ok(session.id),
            (Some(_), Some(_)) => Err(format!("{words} has several sessions; say session-N")),
            (None, _) => Err(format!("{words} has no session; say session-N")),
        }
    }

    fn settings<'a>(
        &self,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Setting>, SettingError> {
        let site = |name: &str| self.cast.known_site(name);
        words.map(|words| Setting::from_words(words, site)).collect()
    }
}

/// The id of a request that the scenario names.
fn named(name: &str) -> RequestId {
    let mut id = [0; 16];
    id.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    RequestId(id)
}
