//! The service as such: when it listened, what the clock did, when it stopped.
//!
//! Facts of the service are commits of the system account:
//!
//! - `ServiceStarted {last_alive}` when it begins to listen. From `last_alive` to then nothing could be
//!   heard: an *outage*, with which every lease is credited, then and after any later restart.
//! - The same, when it finds that it could not listen for a while (the machine slept, the disk hung), and
//!   when a step of the clock is confirmed, because nothing was noted while the time was doubtful.
//! - `ClockStepped` when a step is confirmed. `ServiceStopped` at the end.
//!
//! How long it listened is marked beside the log, with the signs of life. Single calls
//! ([`Options::service`](crate::Options::service) not set) listen to nobody: they record no starts, and
//! time in which nothing listened counts for leases as if somebody had.

use crate::clerk::Errand;
use crate::clock::Clock;
use crate::decider::Decider;
use crate::error::Error;
use crate::forgetting::MARK_EVERY;
use crate::past::Past;
use crate::signs;
use crate::slot::Slot;
use crate::time_watch::{Step, TimeWatch};
use ledger::{Actor, Ledger, Position, ReadError, Role};
use seats::forget::day_of;
use seats::{Account, AccountId, Event, Liveness, Micros, Outage, Timestamp};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

/// The service itself, as an actor.
const SERVICE: Actor = Actor { role: Role::Service, id: 0 };

pub(crate) struct Service {
    /// The last instant at which it is known to have listened, in this run or before.
    listened: Option<Timestamp>,
    state: State,
    /// When nothing could be heard, in order of time.
    outages: Vec<Outage>,
    swept: Timestamp,
    saved: Timestamp,
    /// The day on which devices were last forgotten in time.
    retained: u32,
    sealed: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The clock has not been believable yet.
    Starting,
    Listening,
    Stopped,
}

impl Service {
    /// Takes the service up where the log and the saved mark left it.
    pub(crate) fn new(mark: Option<Timestamp>, Past { outages, started }: Past) -> Service {
        Service {
            // A mark at the beginning of time only says that signs of life were saved without a service. If
            // it was killed before it saved any, it had still listened when it started: an outage counted
            // from before that would be credited twice.
            listened: mark.filter(|mark| *mark > Timestamp::ZERO).max(started),
            state: State::Starting,
            outages,
            swept: Timestamp::ZERO,
            saved: Timestamp::ZERO,
            retained: 0,
            sealed: Timestamp::ZERO,
        }
    }

    /// The outages that matter to sessions of which nothing was heard since `oldest`.
    pub(crate) fn outages(&self, oldest: Timestamp) -> Arc<[Outage]> {
        let past = self.outages.partition_point(|outage| outage.to <= oldest);
        self.outages.iter().skip(past).copied().collect()
    }
}

/// The time of the log's last record, with which the clock is compared at the start.
///
/// If the clock had run ahead, was set back and that was confirmed, the log's `recorded_at` stands still
/// until the clock has caught up; then the time that was confirmed is what counts.
pub(crate) fn last_believed(ledger: &Ledger) -> Result<Timestamp, ReadError> {
    let last = ledger.head().size.checked_sub(1).map(Position);
    let last = last.map(|last| ledger.record(last)).transpose()?.flatten();
    let Some(last) = last.map(|record| record.commit.recorded_at) else {
        return Ok(Timestamp::ZERO);
    };
    let Some(system) = ledger.account_head(AccountId::SYSTEM)? else { return Ok(last) };
    for record in ledger.back(system.position) {
        let commit = record?.commit;
        if commit.recorded_at < last {
            break; // Time has passed since.
        }
        for event in commit.events.iter().rev() {
            if let Event::ClockStepped { to, .. } = event {
                return Ok(last.min(*to));
            }
        }
    }
    Ok(last)
}

/// What time it is, as admission takes it: the clock, or the log's last record if the clock stands slightly
/// behind it. For other writers of the log, such as an import.
///
/// # Errors
/// [`Error::ClockStepped`] if the clock cannot be believed; [`Error::Unreadable`].
pub fn time_on(ledger: &Ledger, clock: impl Clock) -> Result<Timestamp, Error> {
    let mut watch = TimeWatch::new(Box::new(clock), last_believed(ledger)?);
    let step = |step: Step| Error::ClockStepped { from: step.from, to: step.to };
    watch.read().map_err(step)
}

impl Decider {
    /// Reads the clock, once a turn, and notices when the service has begun or failed to listen.
    pub(crate) fn keep_time(&mut self) {
        let Ok(now) = self.watch.read() else { return };
        if !self.options.service || self.service.state == State::Stopped {
            return;
        }
        let deaf = match (self.service.listened, self.options.stall) {
            (Some(listened), Some(stall)) => now.since(listened) > micros(stall),
            _ => false,
        };
        if self.service.state == State::Starting || deaf {
            self.start_listening(now, Vec::new(), SERVICE);
        }
        self.service.listened = Some(now);
    }

    /// Sweeps and saves when it is time.
    pub(crate) fn tick(&mut self) {
        let Ok(now) = self.watch.now() else { return };
        if self.sweeping || now.since(self.service.swept) >= micros(self.options.sweep_every) {
            self.service.swept = now;
            self.sweep();
        }
        let listening = self.service.state == State::Listening;
        if listening && day_of(now) > self.service.retained {
            self.service.retained = day_of(now);
            let _ = self.clerk.send(Errand::Retain(now));
        }
        let seal_every = self.options.seal_every.filter(|_| listening).map(micros);
        if seal_every.is_some_and(|every| now.since(self.service.sealed) >= every) {
            self.service.sealed = now;
            let _ = self.clerk.send(Errand::Seal);
        }
        if listening && now.since(self.service.saved) >= micros(self.options.save_every) {
            self.service.saved = now;
            self.save_signs();
        }
    }

    /// Accepts the clock as it stands and records the step, if there was one.
    pub(crate) fn confirm_clock(&mut self, actor: Actor, reason: Option<&str>) -> Option<Step> {
        let step = self.watch.confirm()?;
        let mut stepped = vec![Event::ClockStepped { from: step.from, to: step.to }];
        // Without the words it is still recorded that the clock was confirmed.
        stepped.extend(self.desk.people.reason(AccountId::SYSTEM, reason).ok().flatten());
        if self.options.service {
            // Nothing was noted since the time became doubtful.
            self.start_listening(step.to, stepped, actor);
            self.service.listened = Some(step.to);
        } else {
            self.record_fact(stepped, actor, step.to);
        }
        (self.service.swept, self.service.saved) = (Timestamp::ZERO, Timestamp::ZERO);
        Some(step)
    }

    /// The last thing a service does: records that it stopped. Whether there is more to do for it.
    pub(crate) fn service_stops(&mut self) -> bool {
        if self.service.state != State::Listening {
            return false;
        }
        self.service.state = State::Stopped;
        self.record_fact(vec![Event::ServiceStopped], SERVICE, self.watch.last());
        true
    }

    /// Has the clerk save the signs of life that have changed, with how long the service listened.
    pub(crate) fn save_signs(&mut self) {
        let mut rows = Vec::new();
        for account in mem::take(&mut self.desk.unsaved) {
            if let Some(slot) = self.slots.get_mut(&account) {
                slot.unsaved = false;
                rows.push((account, signs::encode(slot.live.liveness().heard())));
            }
        }
        let behind = self.durable.abs_diff(self.marked) >= MARK_EVERY;
        if self.options.service || behind || !rows.is_empty() {
            // A single call does not listen: it leaves the mark where it was.
            let mark = self.service.listened.unwrap_or(Timestamp::ZERO);
            self.marked = self.durable;
            // The clerk ends after the decider.
            let _ = self.clerk.send(Errand::Save(mark, rows, self.durable));
        }
    }

    /// Records that the service begins to listen, after `facts`, and credits what it missed.
    fn start_listening(&mut self, now: Timestamp, mut facts: Vec<Event>, actor: Actor) {
        let last_alive = self.service.listened.map(|listened| listened.min(now));
        facts.push(Event::ServiceStarted { last_alive });
        self.record_fact(facts, actor, now);
        if self.service.state == State::Starting {
            self.service.state = State::Listening;
            let _ = self.clerk.send(Errand::LoadOccupied);
        }
        if let Some(from) = last_alive.filter(|from| *from < now) {
            let outage = Outage { from, to: now };
            self.service.outages.push(outage);
            for slot in self.slots.values_mut() {
                credit(slot, outage);
                self.desk.watch(slot);
            }
        }
    }

    /// Puts a commit of the system account into the group.
    pub(crate) fn record_fact(&mut self, events: Vec<Event>, actor: Actor, now: Timestamp) {
        let Some(mut slot) = self.slots.remove(&AccountId::SYSTEM) else { return };
        let mut version = slot.live.account().version();
        let at = now.max(slot.live.account().last_at());
        slot.live.apply(at, &events);
        self.desk.draft(&mut slot, &mut version, at, now, actor, events);
        self.slots.insert(AccountId::SYSTEM, slot);
    }
}

/// Gives the sessions of an account the time in which nothing could be heard.
fn credit(slot: &mut Slot, outage: Outage) {
    slot.outages = slot.outages.iter().copied().chain([outage]).collect();
    slot.live.credit(Arc::clone(&slot.outages));
}

/// The last instant at which any session that may fall silent, or anybody in line, was heard of.
pub(crate) fn oldest_sign(account: &Account, liveness: &Liveness) -> Timestamp {
    let may_lapse = account.sessions().filter(|session| session.dormant.is_none());
    let signs = may_lapse.map(|session| liveness.of(session));
    let oldest =
        signs.map(|signs| signs.seen.min(signs.active).min(signs.goodbye.unwrap_or(signs.seen)));
    let in_line = account.line().filter_map(|asked| asked.waits);
    let in_line = in_line.map(|waits| waits.offer.map_or(waits.sign, |offer| offer.made));
    oldest.chain(in_line).min().unwrap_or(Timestamp::MAX)
}

fn micros(duration: Duration) -> Micros {
    Micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
