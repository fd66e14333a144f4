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
use crate::group::Group;
use crate::inbox::Ask;
use crate::people::{People, Prepared};
use crate::reply::{Answer, Parcel, Reply};
use crate::request::Request;
use crate::slot::{Phase, Slot};
use ledger::{Actor, Draft, Ledger, Position, Role};
use seats::answer::Present;
use seats::{
    AccountId, Command, Event, FirstAnswer, Outcome, PoolId, RULES_VERSION, Standing, Timestamp,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    /// The session of this answer ended longer ago than the account remembers; the log is to be asked how.
    Ended(Box<Answered>, Reply),
    /// As before, but the account must be on disk first. The question comes back.
    Later(Box<Ask>),
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
    pub(crate) fn decide(&mut self, slot: &mut Slot, ask: Ask, now: Timestamp) -> Decided {
        match ask {
            Ask::Occupancy(_, to) => {
                let occupancy = match slot.live.account().standing() {
                    Standing::Unopened => Err(Error::UnknownAccount),
                    _ => Ok(occupancy(&slot.live, now)),
                };
                self.deliver(slot, Parcel::Occupancy { to, occupancy });
                Decided::Done
            }
            Ask::Request(request, actor, to) => self.request(slot, request, actor, to, now),
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
        let next_due = slot.live.next_due();
        if next_due < slot.sweep_at {
            slot.sweep_at = next_due;
            self.due.push(Reverse((next_due, slot.live.account().id())));
        }
    }

    fn request(
        &mut self,
        slot: &mut Slot,
        request: Request,
        actor: Actor,
        to: Reply,
        now: Timestamp,
    ) -> Decided {
        let first = match self.first(slot, &request) {
            Ok(first) => first,
            Err(error) => return self.refuse(slot, to, error),
        };
        let (account, repeated) = (slot.live.account(), first.is_some());
        let prepared = match self.people.prepare(account, &request, repeated, now) {
            Ok(prepared) => prepared,
            Err(error) => return self.refuse(slot, to, error),
        };
        let (mut answer, mut draft) =
            self.take(slot, &prepared, first.as_ref().map(|(first, _)| first), actor, now);
        if let (Ok(answered), Some((_, found))) = (&mut answer, first) {
            match found {
                Found::Draft(recent) => draft = Some(recent),
                Found::Log(position) => answered.position = Some(position),
            }
            if ended_unknown(answered) {
                return match slot.phase {
                    Phase::Synced => Decided::Ended(Box::new(answered.clone()), to),
                    _ => Decided::Later(Box::new(Ask::Request(request, actor, to))),
                };
            }
        }
        self.deliver(slot, Parcel::Answer { to, answer, draft });
        Decided::Done
    }

    /// The first answer to a login's request id, if it was ever answered.
    fn first(&self, slot: &Slot, request: &Request) -> Result<Option<(FirstAnswer, Found)>, Error> {
        let request = match request {
            Request::LogIn(login) => login.request,
            Request::Command { command: seats::Command::LogIn(login), .. } => login.request,
            _ => return Ok(None),
        };
        if let Some((first, draft)) = slot.recent(request) {
            return Ok(Some((first, Found::Draft(draft))));
        }
        let account = slot.live.account().id();
        let Some(position) = self.ledger.find_request(account, request)? else { return Ok(None) };
        let commit = self.ledger.record(position)?.map(|record| record.commit);
        let first = commit.and_then(|c| FirstAnswer::in_commit(request, c.at, &c.events));
        Ok(first.map(|first| (first, Found::Log(position))))
    }

    /// Settles, decides and applies; puts what is to be recorded into the group.
    fn take(
        &mut self,
        slot: &mut Slot,
        prepared: &Prepared,
        first: Option<&FirstAnswer>,
        actor: Actor,
        now: Timestamp,
    ) -> (Answer, Option<usize>) {
        let mut version = slot.live.account().version();
        let taken = slot.live.take(&prepared.command, first, now);
        for due in taken.due {
            self.draft(slot, &mut version, due.at, now, CLOCK, due.events);
        }
        let mut draft = None;
        let mut denied = false;
        if !taken.events.is_empty() {
            let place = self.group.drafts.len();
            draft = Some(place);
            if let Command::LogIn(login) = &prepared.command
                && let Some(first) = FirstAnswer::in_commit(login.request, taken.at, &taken.events)
            {
                denied = matches!(first.outcome, Outcome::Denied { .. });
                slot.recent.push((login.request, first, place));
            }
            self.draft(slot, &mut version, taken.at, now, actor, taken.events);
        }
        match &taken.answer {
            Ok(_) if is_sign_of_life(&prepared.command) && !slot.unsaved => {
                slot.unsaved = true;
                self.unsaved.push(slot.live.account().id());
            }
            Ok(_) => {}
            Err(_) => self.people.take_back(prepared),
        }
        self.watch(slot);
        let live = &slot.live;
        let answer = taken.answer.map_err(Error::from).map(|answer| Answered {
            account: live.account().id(),
            answer,
            user: prepared.user,
            site: prepared.site,
            position: None,
            holders: denied.then(|| Arc::from(holders(live.account(), live.liveness()))),
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
        if slot.phase == Phase::Synced {
            slot.phase = Phase::Filling;
            self.group.accounts.push(account);
        }
    }

    fn refuse(&mut self, slot: &Slot, to: Reply, error: Error) -> Decided {
        self.deliver(slot, Parcel::Answer { to, answer: Err(error), draft: None });
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

/// Whether a command is noted beside the log.
fn is_sign_of_life(command: &Command) -> bool {
    matches!(command, Command::Heartbeat { .. } | Command::Goodbye { .. })
}

/// Whether the answer is about a session whose ending the account no longer remembers.
fn ended_unknown(answered: &Answered) -> bool {
    let seats::Answer::Login { present, .. } = answered.answer else { return false };
    matches!(present, Some(Present::Ended(None)))
}
