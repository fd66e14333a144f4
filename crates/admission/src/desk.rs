//! The desk: where one question about one account is decided.
//!
//! ```text
//!  request id known? --yes--> the first answer
//!        | no
//!  names become numbers, newcomers go into the directory
//!        |
//!  Live::take (settle, decide, apply) --> drafts into the group being filled
//!        |
//!  the answer: at once if the account is on disk as it stands, else with the group
//! ```
//!
//! The desk knows no threads and no queues; whoever calls it sees to it that an account with an append in
//! flight does not come here.

use crate::answered::{Answered, holders, occupancy};
use crate::error::Error;
use crate::forgetting::Erasure;
use crate::group::Group;
use crate::inbox::{Ask, Question};
use crate::people::{People, Prepared};
use crate::reasons;
use crate::reply::{self, Parcel, Reply};
use crate::request::Request;
use crate::slot::{Phase, Slot};
use ledger::{Actor, Draft, Ledger, Position, Role, Subject};
use seats::answer::{Present, outcome_in};
use seats::{
    Account, AccountId, Answer, Command, Event, FirstAnswer, Outcome, PoolId, RULES_VERSION,
    RequestId, Standing, Timestamp,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;
use std::sync::Arc;

/// Who does what time alone makes due.
pub(crate) const CLOCK: Actor = Actor { role: Role::Clock, id: 0 };

pub(crate) struct Desk {
    pub(crate) ledger: Ledger,
    pub(crate) people: People,
    pub(crate) group: Group,
    /// What can be delivered at once, because nothing it depends on is on its way to the disk.
    pub(crate) ready: Vec<Parcel>,
    /// `recorded_at` of the last draft; the next one's is not before it.
    pub(crate) recorded_at: Timestamp,
    /// When accounts are to be looked at by the sweeper. An entry counts only if its account still says so.
    pub(crate) due: BinaryHeap<Reverse<(Timestamp, AccountId)>>,
    /// Accounts whose signs of life are to be saved.
    pub(crate) unsaved: Vec<AccountId>,
}

/// What became of a question.
pub(crate) enum Decided {
    /// It was answered, or will be with its group.
    Done,
    /// What became of the login of this answer, or how its session ended, the account does not remember; the
    /// log is to be asked.
    Unknown(Box<Answered>, RequestId),
    /// As before, but the account must be on disk first.
    Later,
}

/// Where a first answer was found.
#[derive(Clone, Copy)]
enum Found {
    /// In the group being filled, in this draft.
    Draft(usize),
    /// In the log.
    Log(Position),
}

impl Desk {
    /// Decides one question about an account that has nothing in flight.
    pub(crate) fn decide(&mut self, slot: &mut Slot, ask: &mut Ask, now: Timestamp) -> Decided {
        match &ask.question {
            Question::Occupancy(_) => {
                let to = mem::take(&mut ask.to);
                let parcel = match slot.live.account().standing() {
                    Standing::Unopened => refusal(to, Error::UnknownAccount),
                    _ => Parcel::Occupancy { to, occupancy: Box::new(occupancy(&slot.live, now)) },
                };
                self.deliver(slot, parcel);
                Decided::Done
            }
            Question::Request(request, actor) => {
                self.request(slot, request, *actor, &mut ask.to, now)
            }
            Question::Look(..) => Decided::Done, // The decider's, which has the system account.
        }
    }

    /// Records what is due in an account by time alone.
    pub(crate) fn settle(&mut self, slot: &mut Slot, now: Timestamp) {
        let mut version = slot.live.account().version();
        for due in slot.live.settle(now) {
            self.draft(slot, &mut version, due.at, now, CLOCK, due.events);
        }
        self.watch(slot);
    }

    /// Lets the sweeper look at an account when something is due in it.
    pub(crate) fn watch(&mut self, slot: &mut Slot) {
        self.watch_from(slot, slot.live.next_due());
    }

    /// Lets the sweeper look at an account at this instant, or before.
    pub(crate) fn watch_from(&mut self, slot: &mut Slot, when: Timestamp) {
        if when < slot.sweep_at {
            slot.sweep_at = when;
            self.due.push(Reverse((when, slot.live.account().id())));
        }
    }

    /// Has the signs of life of an account saved with the next ones.
    pub(crate) fn save_later(&mut self, slot: &mut Slot) {
        if !slot.unsaved {
            slot.unsaved = true;
            self.unsaved.push(slot.live.account().id());
        }
    }

    fn request(
        &mut self,
        slot: &mut Slot,
        request: &Request,
        actor: Actor,
        to: &mut Reply,
        now: Timestamp,
    ) -> Decided {
        let first = match self.first(slot, request) {
            Ok(first) => first,
            Err(error) => return self.refuse(slot, to, error),
        };
        let (account, repeated) = (slot.live.account(), first.is_some());
        let id = account.id();
        let prepared = match self.people.prepare(account, request, repeated, now) {
            Ok(prepared) => prepared,
            Err(error) => return self.refuse(slot, to, error),
        };
        if first.is_none() {
            let (policy, given) = (account.policy(), prepared.reason.is_some());
            let wanted = reasons::for_command(policy, &prepared.command, given, actor);
            if let Err(rejection) = wanted {
                self.people.take_back(&prepared);
                return self.refuse(slot, to, rejection.into());
            }
        }
        let (mut answer, mut draft) =
            self.take(slot, &prepared, first.as_ref().map(|(first, _)| first), actor, now);
        if let (Ok(answered), Some((_, found))) = (&mut answer, first) {
            match found {
                _ if draft.is_some() => {} // It waited, and has just been answered.
                Found::Draft(recent) => draft = Some(recent),
                Found::Log(position) => answered.position = Some(position),
            }
            let account = slot.live.account();
            if let Some(login) = incomplete(account, &prepared.command, &answered.answer) {
                return match slot.phase {
                    Phase::Synced => Decided::Unknown(Box::new(answered.clone()), login),
                    _ => Decided::Later,
                };
            }
        }
        match (answer, draft, forgotten(id, &prepared.command)) {
            (Ok(answered), Some(draft), Some(whom)) => {
                let (to, answered) = (mem::take(to), Box::new(answered));
                self.group.erasures.push(Erasure { whom, draft, to, answered });
            }
            (answer, draft, _) => {
                self.deliver(slot, Parcel::Answer { to: mem::take(to), answer, draft });
            }
        }
        Decided::Done
    }

    /// The first answer to a login's request id, if it was ever answered.
    fn first(&self, slot: &Slot, request: &Request) -> Result<Option<(FirstAnswer, Found)>, Error> {
        let Some(request) = request.login() else { return Ok(None) };
        let account = slot.live.account().id();
        if let Some(recent) = slot.recent(request) {
            let draft = self.group.drafts.get(recent);
            let first = draft.and_then(|d| FirstAnswer::in_commit(request, d.at, &d.events));
            return Ok(first.map(|first| (first, Found::Draft(recent))));
        }
        let Some(position) = self.ledger.find_request(account, request)? else { return Ok(None) };
        let commit = self.ledger.record(position)?.map(|record| record.commit);
        let first = commit.and_then(|c| FirstAnswer::in_commit(request, c.at, &c.events));
        Ok(first.map(|first| (first, Found::Log(position))))
    }

    /// Settles, decides and applies; puts what is to be recorded into the group.
    fn take(
        &mut self,
        slot: &mut Slot,
        prepared: &Prepared<'_>,
        first: Option<&FirstAnswer>,
        actor: Actor,
        now: Timestamp,
    ) -> (reply::Answer, Option<usize>) {
        let mut version = slot.live.account().version();
        let in_line = match &*prepared.command {
            Command::TakeOffer { request } | Command::LeaveQueue { request } => {
                slot.live.account().asked(*request).map(|asked| asked.user)
            }
            _ => None,
        };
        let taken = slot.live.take_because(&prepared.command, prepared.reason, first, now);
        let mut draft = None;
        for due in taken.due {
            if let (Some(login), Some(_)) = (prepared.command.login(), first)
                && outcome_in(login.request, &due.events).is_some()
            {
                draft = Some(self.group.drafts.len()); // It has just left the line.
            }
            self.draft(slot, &mut version, due.at, now, CLOCK, due.events);
        }
        for ends in taken.ahead {
            self.draft(slot, &mut version, taken.at, now, actor, ends);
        }
        if !taken.events.is_empty() {
            let place = self.group.drafts.len();
            draft = Some(place);
            if let (Some(login), None) = (prepared.command.login(), first) {
                slot.recent.push((login.request, place));
                self.people.mark_used(slot.live.account(), login.device, taken.at);
            }
            self.draft(slot, &mut version, taken.at, now, actor, taken.events);
        }
        match &taken.answer {
            Ok(answer) if is_sign_of_life(&prepared.command, answer) => self.save_later(slot),
            Ok(_) => {}
            Err(_) => self.people.take_back(prepared),
        }
        self.watch(slot);
        let live = &slot.live;
        let answer = taken.answer.map_err(Error::from).map(|answer| Answered {
            account: live.account().id(),
            answer,
            user: prepared.user.or(in_line),
            site: prepared.site,
            position: None,
            holders: (draft.is_some() && is_without_seat(&answer))
                .then(|| Arc::from(holders(live.account(), live.liveness()))),
            erased: None,
        });
        (answer, draft)
    }

    /// Puts one commit into the group.
    pub(crate) fn draft(
        &mut self,
        slot: &mut Slot,
        version: &mut u64,
        at: Timestamp,
        now: Timestamp,
        actor: Actor,
        events: Vec<Event>,
    ) {
        let account = slot.live.account().id();
        // Time stands still rather than go back, in the account (`at`) and in the log (`recorded_at`).
        self.recorded_at = self.recorded_at.max(now).max(at);
        let (expected, recorded_at) = (*version, self.recorded_at);
        let (rules, pool) = (RULES_VERSION, PoolId::DEFAULT);
        let draft = Draft { account, expected, at, recorded_at, actor, rules, pool, events };
        self.group.drafts.push(draft);
        *version = version.saturating_add(1);
        // Nobody decides anything on the system account, so nothing needs to wait for its commits.
        if slot.phase == Phase::Synced && account != AccountId::SYSTEM {
            slot.phase = Phase::Filling;
            self.group.accounts.push(account);
        }
    }

    fn refuse(&mut self, slot: &Slot, to: &mut Reply, error: Error) -> Decided {
        self.deliver(slot, refusal(mem::take(to), error));
        Decided::Done
    }

    /// Delivers now, or with the group if the account has commits in it.
    fn deliver(&mut self, slot: &Slot, parcel: Parcel) {
        match slot.phase {
            Phase::Synced => self.ready.push(parcel),
            Phase::Filling | Phase::InFlight => self.group.parcels.push(parcel),
        }
    }
}

/// Whose entries are to be erased once a command is recorded.
fn forgotten(account: AccountId, command: &Command) -> Option<Vec<Subject>> {
    match command {
        Command::ForgetUser { user, .. } => Some(vec![Subject::user(account, *user)]),
        Command::ForgetDevices { devices } => {
            Some(devices.iter().map(|device| Subject::device(account, *device)).collect())
        }
        _ => None,
    }
}

/// An error for whoever asked.
pub(crate) fn refusal(to: Reply, error: Error) -> Parcel {
    Parcel::Answer { to, answer: Err(error), draft: None }
}

fn is_without_seat(answer: &Answer) -> bool {
    let Answer::Login { outcome, .. } = answer else { return false };
    matches!(outcome, Outcome::Denied { .. } | Outcome::Waiting { .. })
}

/// Whether a command is noted beside the log.
fn is_sign_of_life(command: &Command, answer: &Answer) -> bool {
    match command {
        Command::Heartbeat { .. } | Command::Goodbye { .. } | Command::AnswerHandOver { .. } => {
            true
        }
        Command::LogIn(_) | Command::TakeOffer { .. } | Command::AskHandOver { .. } => {
            matches!(answer, Answer::Login { outcome: Outcome::Waiting { .. }, again: true, .. })
        }
        _ => false,
    }
}

/// The login, if the answer is about a session whose ending the account no longer remembers, or about a login
/// that waited and has been answered since.
fn incomplete(account: &Account, command: &Command, answer: &Answer) -> Option<RequestId> {
    let (Answer::Login { outcome, present, .. }, Some(login)) = (answer, command.login()) else {
        return None;
    };
    let unknown = match outcome {
        Outcome::Waiting { .. } => account.asked(login.request).is_none(),
        _ => matches!(present, Some(Present::Ended(None))),
    };
    unknown.then_some(login.request)
}
