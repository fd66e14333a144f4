//! Where everything that concerns the decider arrives: requests, orders, and word of what was synced.
//!
//! One lock, held for a push or a swap and never across anything slow. How many requests wait for an
//! answer is counted apart, so that the bound holds from acceptance to answer.

use crate::answered::Counts;
use crate::error::{Error, Failure};
use crate::group::Group;
use crate::looks::Seen;
use crate::reply::{Answer, Parcel, Reply, deliver, disappoint, lock};
use crate::request::Request;
use crate::slot::Loaded;
use crate::sync_times::SyncTally;
use crate::time_watch::Step;
use ledger::{Actor, Position};
use seats::{AccountId, Event};
use std::mem;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// One question and who waits for its answer.
pub(crate) struct Ask {
    pub(crate) question: Question,
    pub(crate) to: Reply,
}

/// What is asked.
pub(crate) enum Question {
    /// A request.
    Request(Request, Actor),
    /// Who sits where.
    Occupancy(AccountId),
    /// That somebody be shown names.
    Look(Seen, Actor),
}

/// What concerns no single account.
pub(crate) enum Order {
    /// Settle what is due by time alone.
    Sweep(oneshot::Sender<Result<(), Error>>),
    /// Record what somebody did beside the log, and why.
    Act(Event, Option<String>, Actor, oneshot::Sender<Answer>),
    /// Accept the wall clock as it stands.
    ConfirmClock(Actor, Option<String>, oneshot::Sender<Result<Option<Step>, Error>>),
}

/// What has arrived since the decider last looked.
#[derive(Default)]
pub(crate) struct Arrivals {
    pub(crate) asks: Vec<Ask>,
    pub(crate) orders: Vec<Order>,
    /// Groups whose commits are on disk.
    pub(crate) synced: Vec<Group>,
    /// Groups of which the record took nothing.
    pub(crate) refused: Vec<Group>,
    pub(crate) loaded: Vec<Loaded>,
    /// No more will be accepted: finish what there is.
    pub(crate) closed: bool,
}

pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    waiting: AtomicUsize,
    waiting_max: usize,
    pub(crate) tally: Tally,
    /// Why the record failed, if it did. Nothing is accepted or recorded once this is set.
    failure: OnceLock<Failure>,
}

/// What has been done so far, for those who watch.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) commits: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) sync_times: SyncTally,
}

#[derive(Default)]
struct State {
    arrivals: Arrivals,
    asleep: bool,
}

impl Inbox {
    pub(crate) fn new(waiting_max: usize) -> Inbox {
        Inbox {
            state: Mutex::default(),
            arrived: Condvar::new(),
            waiting: AtomicUsize::new(0),
            waiting_max,
            tally: Tally::default(),
            failure: OnceLock::new(),
        }
    }

    /// Accepts one question, or says why not.
    pub(crate) fn push(&self, ask: Ask) -> Result<(), Error> {
        if self.reserve(1) == 0 {
            return Err(self.busy());
        }
        let closed = self.accept(|arrivals| {
            if !arrivals.closed {
                arrivals.asks.push(ask);
            }
            arrivals.closed
        });
        if closed {
            self.answered(1);
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// Accepts as many of `asks` as there is room for. Leaves the others, and says why.
    pub(crate) fn push_all(&self, asks: &mut Vec<Ask>) -> Result<(), Error> {
        let room = self.reserve(asks.len());
        let closed = self.accept(|arrivals| {
            if !arrivals.closed {
                arrivals.asks.extend(asks.drain(..room));
            }
            arrivals.closed
        });
        match (closed, asks.is_empty()) {
            (true, _) => {
                self.answered(room);
                Err(Error::Stopped)
            }
            (false, true) => Ok(()),
            (false, false) => Err(self.busy()),
        }
    }

    /// Gives an order. Dropped, and so answered with an error, once stopped.
    pub(crate) fn order(&self, order: Order) {
        self.accept(|arrivals| {
            if !arrivals.closed {
                arrivals.orders.push(order);
            }
        });
    }

    /// Tells the decider which commits are on disk.
    pub(crate) fn synced(&self, group: Group) {
        self.accept(|arrivals| arrivals.synced.push(group));
    }

    /// Tells the decider which commits the record did not take, and those who wait for them why.
    pub(crate) fn refused(&self, mut group: Group, reason: &str) {
        let mut parcels = mem::take(&mut group.parcels);
        parcels.extend(group.erasures.drain(..).map(|erasure| erasure.parcel(None)));
        // The decider first, so that whoever asks again at once is answered by what is on disk.
        self.accept(|arrivals| arrivals.refused.push(group));
        self.refuse(&mut parcels, &Error::NotRecorded { reason: Arc::from(reason) });
    }

    /// Hands the decider an account it asked for.
    pub(crate) fn loaded(&self, loaded: Loaded) {
        self.accept(|arrivals| arrivals.loaded.push(loaded));
    }

    /// Accepts nothing more.
    pub(crate) fn close(&self) {
        self.accept(|arrivals| arrivals.closed = true);
    }

    /// Records why the record failed; the first reason stays. Accepts nothing more.
    pub(crate) fn fail(&self, reason: &str) {
        let _ = self.failure.set(Failure(Arc::from(reason)));
        self.close();
    }

    /// Why the record failed, if it did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }

    /// Delivers parcels whose group was recorded from `first` on. There is room for as many again.
    pub(crate) fn deliver(&self, parcels: &mut Vec<Parcel>, first: Position) {
        self.answered(parcels.iter().filter(|parcel| parcel.is_counted()).count());
        deliver(parcels, first);
    }

    /// Tells whoever waits for these parcels that the outcome is unknown.
    pub(crate) fn disappoint(&self, parcels: &mut Vec<Parcel>) {
        self.refuse(parcels, &Error::Unknown);
    }

    fn refuse(&self, parcels: &mut Vec<Parcel>, error: &Error) {
        self.answered(parcels.iter().filter(|parcel| parcel.is_counted()).count());
        disappoint(parcels, error);
    }

    /// What to say when there is no room. A sync takes about a millisecond and carries all that wait, so
    /// the line is short again soon; callers should spread themselves over this time.
    pub(crate) fn busy(&self) -> Error {
        Error::Busy { retry_after: Duration::from_millis(100) }
    }

    /// What has been done so far.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            waiting: self.waiting.load(Ordering::Relaxed),
            commits: self.tally.commits.load(Ordering::Relaxed),
            groups: self.tally.groups.load(Ordering::Relaxed),
            syncs: self.tally.syncs.load(Ordering::Relaxed),
            sync_times: self.tally.sync_times.read(),
        }
    }

    /// Counts as many of `number` questions as waiting as there is room for; gives that number. What there is no
    /// room for is never counted, so that it takes nobody else's.
    fn reserve(&self, number: usize) -> usize {
        let room = |waiting: usize| self.waiting_max.saturating_sub(waiting).min(number);
        let before = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            Some(waiting.saturating_add(room(waiting)))
        });
        room(before.unwrap_or(usize::MAX))
    }

    /// Counts `number` questions as no longer waiting.
    fn answered(&self, number: usize) {
        self.waiting.fetch_sub(number, Ordering::Relaxed);
    }

    /// Moves what has arrived into `arrivals`, whose lists must be empty: they are what is filled next. Waits up to `timeout` if there is
    /// nothing new.
    pub(crate) fn take(&self, arrivals: &mut Arrivals, timeout: Duration) {
        let mut state = lock(&self.state);
        let nothing = state.arrivals.is_empty() && state.arrivals.closed == arrivals.closed;
        if nothing && timeout > Duration::ZERO {
            state.asleep = true;
            let waited = self.arrived.wait_timeout(state, timeout);
            state = waited.map_or_else(|error| error.into_inner().0, |(state, _)| state);
            state.asleep = false;
        }
        let closed = state.arrivals.closed;
        mem::swap(&mut state.arrivals, arrivals);
        state.arrivals.closed = closed;
    }

    fn accept<T>(&self, change: impl FnOnce(&mut Arrivals) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state.arrivals);
        let wake = mem::take(&mut state.asleep);
        drop(state);
        if wake {
            self.arrived.notify_one();
        }
        result
    }
}

impl Ask {
    /// Takes the question away and leaves one that nobody asks.
    pub(crate) fn take(&mut self) -> Ask {
        let nothing = Question::Occupancy(AccountId::SYSTEM);
        mem::replace(self, Ask { question: nothing, to: Reply::Nobody })
    }

    /// Takes whoever waits for it away.
    pub(crate) fn take_reply(&mut self) -> Reply {
        mem::take(&mut self.to)
    }
}

impl Arrivals {
    fn is_empty(&self) -> bool {
        self.asks.is_empty()
            && self.orders.is_empty()
            && self.synced.is_empty()
            && self.refused.is_empty()
            && self.loaded.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn asks(number: usize) -> Vec<Ask> {
        let ask = |_| Ask { question: Question::Occupancy(AccountId(1)), to: Reply::Nobody };
        (0..number).map(ask).collect()
    }

    /// A batch for which there is no room must not make others believe that there is none for them.
    #[test]
    fn no_more_are_counted_than_there_is_room_for() {
        let (inbox, done) = (Inbox::new(8), AtomicBool::new(false));
        let most = std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut most = 0;
                while !done.load(Ordering::Relaxed) {
                    most = most.max(inbox.counts().waiting);
                }
                most
            });
            for _ in 0..20_000 {
                let mut batch = asks(1_000);
                assert!(inbox.push_all(&mut batch).is_err());
                assert_eq!(batch.len(), 992);
                inbox.answered(8);
            }
            done.store(true, Ordering::Relaxed);
            watcher.join().unwrap_or(usize::MAX)
        });
        assert!(most <= 8, "{most} waited where 8 may");
        assert_eq!(inbox.counts().waiting, 0);
    }
}
