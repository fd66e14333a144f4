//! The decider: one thread that owns every account in memory.
//!
//! It takes what has arrived, decides it, fills a group, and sends the group on its way:
//!
//! - nothing on its way to the disk and nothing more to decide: the group leaves at once;
//! - otherwise it leaves once it is large, up to `depth` groups at a time (the disk is kept busy while the
//!   next group is decided);
//! - so a trickle of commands during a sync becomes one block and not many.
//!
//! It never waits for a sync and never reads histories: the syncer and the clerk do. Mostly the appender
//! appends; the decider does when it has nothing else to do and the writer is free
//! ([`Outbox::append_if_free`]); now and then that begins a new volume, or waits for memory to be written out.

use crate::clerk::Errand;
use crate::desk::{Decided, Desk, refusal};
use crate::error::Error;
use crate::group::Group;
use crate::inbox::{Arrivals, Ask, Inbox, Order, Question};
use crate::options::Options;
use crate::outbox::Outbox;
use crate::reply::Parcel;
use crate::request::Request;
use crate::service::{Service, oldest_sign};
use crate::slot::{Loaded, Phase, Slot};
use crate::time_watch::TimeWatch;
use ledger::Position;
use rustc_hash::FxHashMap;
use seats::{Account, AccountId, Heard, Liveness, Micros, Timestamp};
use std::cmp::Reverse;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How many accounts one turn of the sweeper looks at, so that commands do not wait for it.
const SWEPT_MAX: usize = 1_024;

pub(crate) struct Decider {
    pub(crate) options: Options,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) desk: Desk,
    pub(crate) watch: TimeWatch,
    pub(crate) service: Service,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) clerk: Sender<Errand>,
    pub(crate) slots: FxHashMap<AccountId, Slot>,
    /// Questions about accounts that the clerk is reading.
    pub(crate) loading: FxHashMap<AccountId, Vec<Ask>>,
    /// What was heard of accounts that are read again, because the record refused a commit.
    pub(crate) heard: FxHashMap<AccountId, Heard>,
    /// Groups on their way to the disk.
    pub(crate) in_flight: usize,
    /// Groups that came back from there, to be filled again.
    pub(crate) spare: Vec<Group>,
    /// The sweeper has more to do.
    pub(crate) sweeping: bool,
    /// Everything before this position is on disk, and what it forgets was given to the clerk.
    pub(crate) durable: u64,
    /// Up to which position that was noted.
    pub(crate) marked: u64,
}

impl Decider {
    /// Works until stopped or until the record fails. Returns once everything accepted is answered.
    pub(crate) fn run(mut self) {
        let mut arrivals = Arrivals::default();
        while let Some(pause) = self.step(&mut arrivals) {
            self.inbox.take(&mut arrivals, pause);
        }
    }

    /// Does what there is to do now and says how long to wait for more. `None`: there will be nothing more,
    /// because everything is answered and nothing more accepted.
    pub(crate) fn step(&mut self, arrivals: &mut Arrivals) -> Option<Duration> {
        if self.inbox.failure().is_none() {
            self.turn(arrivals);
            let done = arrivals.closed && self.is_drained();
            // That the service stops is its last commit, which goes the way of all others.
            if !done || self.service_stops() {
                self.outbox.append_if_free(&self.inbox);
                self.outbox.tell_appender();
                let at_once = self.sweeping || done;
                return Some(if at_once { Duration::ZERO } else { self.options.sweep_every });
            }
        }
        if self.inbox.failure().is_some() {
            self.disappoint_all(arrivals);
        } else {
            self.save_signs();
        }
        None
    }

    /// Takes up everything that has arrived, and sends a group off if it is time.
    fn turn(&mut self, arrivals: &mut Arrivals) {
        self.keep_time();
        for group in arrivals.synced.drain(..) {
            self.synced(group);
        }
        for group in arrivals.refused.drain(..) {
            self.refused(group);
        }
        for loaded in arrivals.loaded.drain(..) {
            self.loaded(loaded);
        }
        for order in arrivals.orders.drain(..) {
            self.order(order);
        }
        for ask in &mut arrivals.asks {
            self.ask(ask);
            self.send_group(true);
        }
        arrivals.asks.clear();
        self.tick();
        self.inbox.deliver(&mut self.desk.ready, Position(0));
        self.send_group(false);
    }

    fn synced(&mut self, mut group: Group) {
        self.in_flight = self.in_flight.saturating_sub(1);
        for account in &group.accounts {
            let Some(slot) = self.slots.get_mut(account) else { continue };
            slot.phase = Phase::Synced;
            slot.live.recorded();
            let mut waiting = mem::take(&mut slot.waiting);
            self.desk.watch(slot);
            for ask in &mut waiting {
                self.ask_of(*account, ask);
            }
            waiting.clear();
            if let Some(slot) = self.slots.get_mut(account)
                && slot.waiting.is_empty()
            {
                slot.waiting = waiting; // Its room is used again.
            }
        }
        let (first, end) = group.recorded;
        self.durable = end;
        self.erase(first, &mut group.erasures);
        group.accounts.clear();
        group.newcomers = false;
        self.spare.push(group);
    }

    /// The record took nothing of a group: its accounts are read again, as they were before it.
    fn refused(&mut self, group: Group) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if !self.looks_taken_back(&group.drafts) {
            // What the service said of itself is followed by more of the same that is on its way.
            self.inbox.fail("the record does not take what the service says of itself");
        }
        for account in group.accounts {
            let Some(slot) = self.slots.remove(&account) else { continue };
            self.heard.insert(account, slot.live.heard_before());
            self.loading.entry(account).or_default().extend(slot.waiting);
            let _ = self.clerk.send(Errand::Load(account));
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        let Loaded { account, state } = loaded;
        if let Ok((state, _)) = &state
            && self.heard.contains_key(&account)
            && self.is_outdated(state)
        {
            return; // Read before the record refused a commit; it is being read again.
        }
        let mut asks = self.loading.remove(&account).unwrap_or_default();
        let heard = self.heard.remove(&account);
        match state {
            Ok(_) if self.slots.contains_key(&account) => {} // Opened or loaded meanwhile.
            Ok((state, mut saved)) => {
                let refused = heard.is_some();
                saved.extend(heard.unwrap_or_default());
                let liveness = Liveness::restored(saved.clone(), Arc::default());
                let outages = self.service.outages(oldest_sign(&state, &liveness));
                let mut slot = Slot::new(state, saved, outages);
                if refused {
                    // The sweeper tries again, but not at once.
                    self.desk.save_later(&mut slot);
                    self.desk.watch_from(&mut slot, self.watch.last() + Micros::from_secs(1));
                }
                self.slots.insert(account, slot);
                if !refused {
                    self.settle(account);
                }
            }
            Err(error) => {
                let refused = asks.into_iter().map(|ask| refusal(ask.to, error.clone()));
                return self.desk.ready.extend(refused);
            }
        }
        for ask in &mut asks {
            self.ask_of(account, ask);
        }
        if self.slots.get(&account).is_some_and(|slot| !slot.is_worth_keeping()) {
            self.slots.remove(&account);
        }
    }

    /// Whether the record has gone on since an account was read.
    fn is_outdated(&self, account: &Account) -> bool {
        let head = self.desk.ledger.account_head(account.id());
        head.is_ok_and(|head| head.map_or(0, |head| head.version) != account.version())
    }

    /// Finds out which account a question is about.
    fn ask(&mut self, ask: &mut Ask) {
        let account = match &ask.question {
            Question::Occupancy(account) => *account,
            Question::Look(seen, _) => seen.account,
            Question::Request(request, _) => match self.account_of(request) {
                Ok(account) => account,
                Err(error) => return self.desk.ready.push(refusal(ask.take_reply(), error)),
            },
        };
        if account == AccountId::SYSTEM {
            return self.desk.ready.push(refusal(ask.take_reply(), Error::UnknownAccount));
        }
        self.ask_of(account, ask);
    }

    /// The account that a request is about; for one to be opened the number it gets.
    fn account_of(&mut self, request: &Request) -> Result<AccountId, Error> {
        let (Request::Open(new), _) = request.parts() else { return Ok(request.account()) };
        let (account, newcomer) = self.desk.people.account(new)?;
        if newcomer {
            let unopened = Slot::new(Account::new(account), Heard::default(), Arc::default());
            self.slots.insert(account, unopened);
        }
        Ok(account)
    }

    fn ask_of(&mut self, account: AccountId, ask: &mut Ask) {
        let Some(slot) = self.slots.get_mut(&account) else {
            let asks = self.loading.entry(account).or_default();
            if asks.is_empty() {
                // The clerk ends only after the decider.
                let _ = self.clerk.send(Errand::Load(account));
            }
            asks.push(ask.take());
            return;
        };
        let now = match (self.watch.now(), &ask.question) {
            (Ok(now), _) => now,
            (Err(_), Question::Occupancy(_)) => self.watch.last(),
            (Err(step), _) => {
                let error = Error::ClockStepped { from: step.from, to: step.to };
                return self.desk.ready.push(refusal(ask.take_reply(), error));
            }
        };
        if slot.phase == Phase::InFlight {
            if slot.waiting.len() < self.options.account_waiting_max {
                slot.waiting.push_back(ask.take());
            } else {
                self.desk.ready.push(refusal(ask.take_reply(), self.inbox.busy()));
            }
            return;
        }
        if matches!(ask.question, Question::Look(..)) {
            return self.look(account, ask, now);
        }
        match self.desk.decide(slot, ask, now) {
            Decided::Done => {}
            Decided::Later => slot.waiting.push_back(ask.take()),
            Decided::Unknown(answered, login) => {
                let _ = self.clerk.send(Errand::Complete(answered, login, ask.take_reply()));
            }
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Sweep(to) => {
                self.sweep();
                while self.sweeping {
                    self.sweep();
                }
                self.desk.group.parcels.push(Parcel::Done(to));
            }
            Order::Act(event, reason, actor, to) => self.act(event, reason.as_deref(), actor, to),
            Order::ConfirmClock(actor, reason, to) => {
                let step = self.confirm_clock(actor, reason.as_deref());
                self.desk.group.parcels.push(Parcel::Confirmed(to, step));
            }
        }
    }

    /// Settles the accounts in which something is due, some of them if they are many.
    pub(crate) fn sweep(&mut self) {
        self.sweeping = false;
        let Ok(now) = self.watch.now() else { return };
        for _ in 0..SWEPT_MAX {
            match self.desk.due.peek() {
                Some(Reverse((when, _))) if *when <= now => {}
                _ => return,
            }
            let Some(Reverse((when, account))) = self.desk.due.pop() else { return };
            if let Some(slot) = self.slots.get_mut(&account)
                && slot.sweep_at == when
            {
                slot.sweep_at = Timestamp::MAX;
                self.settle(account);
            }
        }
        self.sweeping = true;
    }

    /// Settles an account now; one with an append in flight is looked at again when that is on disk.
    fn settle(&mut self, account: AccountId) {
        if let (Ok(now), Some(slot)) = (self.watch.now(), self.slots.get_mut(&account))
            && slot.phase != Phase::InFlight
        {
            self.desk.settle(slot, now);
        }
    }

    /// Sends the group being filled on its way if it is time. `more`: there is more to decide at once.
    fn send_group(&mut self, more: bool) {
        let size = self.desk.group.drafts.len();
        let free = self.in_flight == 0 && !more;
        if size == 0 && free {
            // Orders that found nothing to record.
            self.inbox.deliver(&mut self.desk.group.parcels, Position(0));
        }
        let large = size >= self.options.group_min && self.in_flight < self.options.depth;
        if size == 0 || !(free || large) {
            return;
        }
        let next = self.spare.pop().unwrap_or_default();
        let mut group = mem::replace(&mut self.desk.group, next);
        self.desk.group.parcels.reserve(group.parcels.len()); // The next one will be about as large.
        group.newcomers = self.desk.people.take_unsynced();
        for account in &group.accounts {
            if let Some(slot) = self.slots.get_mut(account) {
                debug_assert_eq!(
                    slot.phase,
                    Phase::Filling,
                    "an account is in one group, and once"
                );
                slot.phase = Phase::InFlight;
                slot.recent.clear();
            }
        }
        self.in_flight += 1;
        self.outbox.send(group);
        if more {
            self.outbox.tell_appender();
        } else {
            self.outbox.wake_syncer();
        }
    }

    fn is_drained(&self) -> bool {
        self.in_flight == 0
            && self.loading.is_empty()
            && self.desk.group.drafts.is_empty()
            && self.desk.group.parcels.is_empty()
            && self.slots.values().all(|slot| slot.waiting.is_empty())
    }

    /// The record failed: whoever still waits is told so.
    fn disappoint_all(&mut self, arrivals: &mut Arrivals) {
        // What was taken before and what has arrived since. Orders are told by being dropped.
        let mut asks = mem::take(arrivals).asks;
        self.inbox.take(arrivals, Duration::ZERO);
        asks.append(&mut mem::take(arrivals).asks);
        let loading = self.loading.drain().flat_map(|(_, asks)| asks);
        let waiting = self.slots.values_mut().flat_map(|slot| slot.waiting.drain(..));
        let mut parcels: Vec<Parcel> = asks
            .into_iter()
            .chain(loading)
            .chain(waiting)
            .map(|ask| refusal(ask.to, Error::Unknown))
            .collect();
        parcels.append(&mut self.desk.ready);
        parcels.append(&mut self.desk.group.parcels);
        self.inbox.disappoint(&mut parcels);
    }
}
