//! Account, liveness and rules together: what the one who answers for an account keeps in memory.
//!
//! [`Live::take`] settles, decides and applies. It gives back what must be recorded; the caller records
//! it before anybody is answered. Since the state has then moved on already, a caller whose record refuses it
//! takes the account up anew from there, with [`Live::heard_before`].

use crate::account::Account;
use crate::answer::{Answer, FirstAnswer, Outcome, Present};
use crate::command::Command;
use crate::cut;
use crate::decide::{Rejection, decide};
use crate::event::Event;
use crate::ids::{Commitment, RequestId, SessionId};
use crate::line;
use crate::liveness::{Heard, Liveness, Outage, Signs};
use crate::settle::{Due, settle};
use crate::time::Timestamp;
use std::sync::Arc;
use waiting::asked_by;

mod waiting;

/// What a command came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// What was due by time alone before it: a commit each, oldest first; by nobody.
    pub due: Vec<Due>,
    /// The instant the command counts from: that given, or the latest told before if that was later.
    pub at: Timestamp,
    /// Ends that the commit of the command cannot hold: commits just before it, at `at`, by the same actor.
    /// Mostly none.
    pub ahead: Vec<Vec<Event>>,
    /// What is to be recorded for it: one commit, or nothing if empty.
    pub events: Vec<Event>,
    /// What the caller is told, once it is recorded.
    pub answer: Result<Answer, Rejection>,
}

/// One account, with its signs of life.
#[derive(Clone, Debug)]
pub struct Live {
    account: Account,
    liveness: Liveness,
    /// Nothing is due by time alone before this instant.
    next_due: Timestamp,
    /// The latest instant this has been told; time stands still while the clock is behind it.
    now: Timestamp,
    /// What was heard of sessions whose end may not be recorded yet.
    parted: Vec<(SessionId, Signs)>,
    /// The same of those who have left the line.
    left: Vec<(RequestId, Timestamp)>,
}

impl Live {
    /// Takes an account up where the log and the saved signs of life left it.
    pub fn new(account: Account, mut liveness: Liveness) -> Live {
        liveness.keep(&account);
        let (now, next_due) = (account.last_at(), Timestamp::ZERO);
        Live { account, liveness, next_due, now, parted: Vec::new(), left: Vec::new() }
    }

    /// Gives the sessions the times in which nothing could be heard: all that matter to them.
    pub fn credit(&mut self, outages: Arc<[Outage]>) {
        self.liveness = Liveness::restored(self.liveness.heard().clone(), outages);
        (self.next_due, self.now) = (Timestamp::ZERO, self.account.last_at());
    }

    /// Everything taken so far is recorded: none of it will be undone.
    pub fn recorded(&mut self) {
        self.parted.clear();
        self.left.clear();
    }

    /// What was heard of those who are there and of those who went since [`Live::recorded`]: for whoever takes
    /// the account up again as it was then.
    pub fn heard_before(&self) -> Heard {
        let mut heard = self.liveness.heard().clone();
        heard.sessions.extend(self.parted.iter().copied());
        heard.waiters.extend(self.left.iter().copied());
        heard
    }

    /// The state after what was taken so far.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The signs of life noted so far.
    pub fn liveness(&self) -> &Liveness {
        &self.liveness
    }

    /// Nothing changes by time alone before this instant; a sweeper need not look earlier. Not before the
    /// last commit, even if a rule chosen there reaches further back: a sweeper whose clock was set back
    /// would look again and again.
    pub fn next_due(&self) -> Timestamp {
        self.next_due.max(self.account.last_at())
    }

    /// Applies and returns what is due by time alone at or before `at`.
    pub fn settle(&mut self, at: Timestamp) -> Vec<Due> {
        self.now = self.now.max(at);
        if at < self.next_due {
            return Vec::new();
        }
        let due = settle(&self.account, &self.liveness, at);
        for commit in &due {
            self.apply(commit.at, &commit.events);
        }
        let (account, liveness) = (&self.account, &self.liveness);
        let next = if account.has_line() && at < account.last_at() {
            Some(account.last_at()) // Nothing was looked at: what the last commit means is still to come.
        } else if account.has_line() {
            line::next(account, liveness, at)
        } else {
            account.sessions().filter_map(|held| liveness.next_change(account, held)).min()
        };
        self.next_due = next.unwrap_or(Timestamp::MAX);
        due
    }

    /// Settles, decides and applies `command` at `at`.
    ///
    /// `first` is the first answer to the command's request id, looked up in the log by the caller; with it
    /// nothing is decided anew. Time never goes back: an `at` before the latest instant told so far, or before
    /// the account's last commit, is taken as that.
    pub fn take(&mut self, command: &Command, first: Option<&FirstAnswer>, at: Timestamp) -> Taken {
        self.take_because(command, None, first, at)
    }

    /// As [`Live::take`]; what is recorded for the command says with it why, in words that stand in the
    /// directory.
    pub fn take_because(
        &mut self,
        command: &Command,
        reason: Option<Commitment>,
        first: Option<&FirstAnswer>,
        at: Timestamp,
    ) -> Taken {
        let at = at.max(self.now).max(self.account.last_at());
        let due = self.settle(at);
        let repeated = self.again(command, first, &due, at);
        let decided = repeated.unwrap_or_else(|| {
            let events = decide(&self.account, &self.liveness, command, at)?;
            let answer = self.answer(command, &events, at);
            Ok((events, answer))
        });
        let (mut events, mut answer) = match decided {
            Ok((events, answer)) => (events, Ok(answer)),
            Err(rejection) => (Vec::new(), Err(rejection)),
        };
        if let Some(note) = reason.filter(|_| !events.is_empty()) {
            events.push(Event::ReasonGiven { note });
        }
        let ahead = cut::ahead(&mut events);
        if let Err(too_large) = cut::recordable(&events) {
            let (ahead, events) = (Vec::new(), Vec::new());
            return Taken { due, at, ahead, events, answer: Err(too_large) };
        }
        if answer.is_ok() {
            self.note(command, at);
        }
        for ends in &ahead {
            self.apply(at, ends);
        }
        if !events.is_empty() {
            self.apply(at, &events);
        }
        if let (Ok(Answer::Login { outcome, .. }), Some(request)) = (&mut answer, asked_by(command))
        {
            self.tell_place(request, outcome);
        }
        Taken { due, at, ahead, events, answer }
    }

    /// Takes up a commit that somebody else decided.
    pub fn apply(&mut self, at: Timestamp, events: &[Event]) {
        if self.account.has_line() {
            self.part_from_line(events);
        }
        self.account.apply(at, events);
        if self.account.has_line() {
            self.next_due = Timestamp::ZERO; // Whatever happened may mean an offer.
        }
        for event in events {
            match event {
                Event::LoggedOut { session, .. } | Event::Expired { session, .. } => {
                    let signs = self.liveness.forget(*session);
                    self.parted.extend(signs.map(|signs| (*session, signs)));
                }
                Event::SeatGranted { session, .. } | Event::Resumed { session } => {
                    self.expect(*session);
                }
                Event::PolicyChanged { .. } => self.next_due = Timestamp::ZERO,
                _ => {}
            }
        }
    }

    /// A login that was asked before; `None`: it was not. `due`: what was due just now, of which `first` does not
    /// know yet.
    fn again(
        &self,
        command: &Command,
        first: Option<&FirstAnswer>,
        due: &[Due],
        at: Timestamp,
    ) -> Option<Result<(Vec<Event>, Answer), Rejection>> {
        let login = command.login()?;
        let question = (login.user, login.site, login.device);
        if let Some(asked) = self.account.asked(login.request).filter(|a| a.waits.is_some()) {
            if (asked.user, asked.site, asked.device) != question {
                return Some(Err(Rejection::RequestReused));
            }
            let again = matches!(command, Command::LogIn(_));
            return again.then(|| Ok(self.ask_again(asked, at))); // Else a holder is to be asked.
        }
        let mut first = *first?;
        if matches!(first.outcome, Outcome::Waiting { .. }) {
            due.iter().any(|due| first.answered_in(login.request, due.at, &due.events));
        }
        let same = (first.user, first.site, first.device) == question;
        let again = || (Vec::new(), first.again(&self.account));
        Some(same.then(again).ok_or(Rejection::RequestReused))
    }

    /// What the caller is told of these events; the account is still as it was before them.
    fn answer(&self, command: &Command, events: &[Event], at: Timestamp) -> Answer {
        match command {
            Command::LogIn(login) | Command::AskHandOver { login, .. } => {
                if let Some(asked) = self.account.asked(login.request) {
                    return self.answer_in_line(asked, events, at);
                }
                let first = FirstAnswer::in_commit(login.request, at, events);
                let outcome = first.map_or(Outcome::WAITING, |first| first.outcome);
                let granted = matches!(outcome, Outcome::Granted { .. });
                let present = granted.then_some(Present::Live);
                Answer::Login { outcome, at, again: false, present }
            }
            Command::TakeOffer { request } => match self.account.asked(*request) {
                Some(asked) => self.answer_in_line(asked, events, at),
                None => Answer::Done,
            },
            Command::Heartbeat { session, .. } | Command::Goodbye { session } => {
                match self.account.session(*session) {
                    Some(session) => {
                        let dormant = session.dormant.is_some() && events.is_empty();
                        self.noted(session.seat, dormant)
                    }
                    None => Answer::Done,
                }
            }
            Command::AnswerHandOver { session, consent: false, .. } => {
                let session = self.account.session(*session);
                let (dormant, asked) = (false, None);
                session.map_or(Answer::Done, |s| Answer::Noted { seat: s.seat, dormant, asked })
            }
            Command::LogOut { session }
            | Command::Release { session, .. }
            | Command::AnswerHandOver { session, .. } => match self.account.session(*session) {
                Some(session) => Answer::Ended { seat: session.seat },
                None => Answer::Done,
            },
            _ => Answer::Done,
        }
    }

    /// Notes the sign of life in a command, if there is one.
    fn note(&mut self, command: &Command, at: Timestamp) {
        let session = match command {
            Command::Heartbeat { session, .. }
            | Command::Goodbye { session }
            | Command::AnswerHandOver { session, .. } => *session,
            _ => {
                let in_line = |request: &RequestId| self.account.place(*request).is_some();
                if let Some(request) = asked_by(command).filter(in_line) {
                    self.liveness.asked_again(request, at);
                }
                return;
            }
        };
        let Some(held) = self.account.session(session) else {
            return;
        };
        match command {
            Command::Heartbeat { active, .. } => self.liveness.heartbeat(held, *active, at),
            Command::Goodbye { .. } => self.liveness.goodbye(held, at),
            _ => self.liveness.heartbeat(held, true, at),
        }
        self.expect(session);
    }

    /// Looks again no later than this session's next change.
    fn expect(&mut self, session: SessionId) {
        let session = self.account.session(session);
        let change = session.and_then(|s| self.liveness.next_change(&self.account, s));
        self.next_due = self.next_due.min(change.unwrap_or(Timestamp::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::LogIn;
    use crate::event::{DenialReason, Effective};
    use crate::ids::{AccountId, RequestId, UserId};
    use crate::laws::Laws;
    use crate::policy::Setting;

    /// A clock that was set back leaves accounts whose last commit lies ahead of it.
    #[test]
    fn nothing_is_due_before_the_last_commit() {
        let (at, profile) = (Timestamp::from_secs, Commitment([1; 32]));
        let mut live = Live::new(Account::new(AccountId(1)), Liveness::default());
        let effective = Effective { instant: at(0), date: None };
        let (zone, settings, plan) = (String::from("UTC"), vec![], None);
        let open = Command::Open { zone, profile, licences: 1, settings, plan, effective };
        let (request, user, newcomer) = (RequestId([1; 16]), UserId(1), Some(profile));
        let (site, device, new_device) = (None, None, None);
        let login = LogIn { request, user, newcomer, site, device, new_device };
        let shorter = Command::ChangePolicy { settings: vec![Setting::MaxSession(Some(10))] };
        for (command, when) in [(open, 0), (Command::LogIn(login), 10), (shorter, 100)] {
            assert!(live.take(&command, None, at(when)).answer.is_ok());
        }
        assert_eq!(live.settle(at(50)), []);
        assert_eq!(live.next_due(), at(100));
        assert_eq!(live.settle(at(100)).len(), 1);
    }

    /// Every commit that `Live` makes is lawful, and folding them gives the live state.
    #[test]
    fn a_ghost_gives_way_and_the_fold_agrees() {
        let id = AccountId(1);
        let mut live = Live::new(Account::new(id), Liveness::default());
        let mut commits: Vec<(Timestamp, Vec<Event>)> = Vec::new();
        let at = Timestamp::from_secs;
        let mut take = |live: &mut Live, command: Command, when: Timestamp| {
            let taken = live.take(&command, None, when);
            commits.extend(taken.due.into_iter().map(|due| (due.at, due.events)));
            if !taken.events.is_empty() {
                commits.push((taken.at, taken.events));
            }
            taken.answer
        };
        let profile = Commitment([1; 32]);
        let effective = Effective { instant: at(0), date: None };
        let zone = String::from("Europe/London");
        let open =
            Command::Open { zone, profile, licences: 1, settings: vec![], plan: None, effective };
        assert_eq!(take(&mut live, open, at(0)), Ok(Answer::Done));
        let login = |n: u32| {
            let (request, user) = (RequestId([n as u8; 16]), UserId(n));
            let newcomer = Some(profile);
            Command::LogIn(LogIn {
                request,
                user,
                newcomer,
                site: None,
                device: None,
                new_device: None,
            })
        };
        let outcome = |answer| match answer {
            Ok(Answer::Login { outcome, .. }) => outcome,
            other => panic!("not a login: {other:?}"),
        };
        let granted = outcome(take(&mut live, login(1), at(10)));
        assert!(matches!(granted, Outcome::Granted { .. }), "{granted:?}");
        let denied = outcome(take(&mut live, login(2), at(129)));
        let reason = DenialReason::AllSeatsHeld;
        assert_eq!(denied, Outcome::Denied { reason, held: 1, dormant: 0 });
        let granted = outcome(take(&mut live, login(3), at(131)));
        assert!(matches!(granted, Outcome::Granted { .. }), "{granted:?}");

        let mut folded = Account::new(id);
        let mut laws = Laws::new(id);
        for (at, events) in &commits {
            laws.check(*at, events).unwrap();
            folded.apply(*at, events);
        }
        assert_eq!(&folded, live.account());
        assert_eq!(commits.len(), 5); // open, alice, bob's denial, alice went dormant at 130, carol
    }
}
