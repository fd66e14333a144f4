//! Follows the log: tells whoever listens that something was recorded, counts it, and keeps the views near.
//!
//! Two threads wait for the log to grow. One reads what is new and tells those who listen to all accounts, or
//! to one; what they are told is only how far the log is, so nobody can fall behind in here: they read at
//! their own pace. The other saves snapshots.

use crate::metrics::Metrics;
use crate::occupied::Occupied;
use crate::terms::TermsOf;
use ledger::{Ledger, Position};
use projector::{ProjectError, Projector, Views};
use seats::{AccountId, Event};
use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How long a thread waits before it looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Commits read before what was learnt of them is saved.
const PROJECTED: u64 = 1 << 16;

/// The threads that follow the log.
pub(crate) struct Tail {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    ledger: Ledger,
    metrics: Arc<Metrics>,
    terms: Arc<TermsOf>,
    occupied: Arc<Occupied>,
    all: watch::Sender<u64>,
    accounts: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
    /// Who waits until every account is saved as it is; `None`: nothing is saved.
    heads_wanted: Mutex<Option<Vec<oneshot::Sender<()>>>>,
    stopping: AtomicBool,
}

impl Tail {
    /// Follows from where the log is now.
    pub(crate) fn start(
        views: Views,
        projector: Option<Projector>,
        metrics: Arc<Metrics>,
        (terms, occupied): (Arc<TermsOf>, Arc<Occupied>),
    ) -> io::Result<Tail> {
        let ledger = views.ledger().clone();
        let size = ledger.head().size;
        let shared = Arc::new(Shared {
            ledger,
            metrics,
            terms,
            occupied,
            all: watch::Sender::new(size),
            accounts: Mutex::default(),
            heads_wanted: Mutex::new(projector.as_ref().map(|_| Vec::new())),
            stopping: AtomicBool::new(false),
        });
        let following = Arc::clone(&shared);
        let mut threads = vec![
            Builder::new()
                .name("server-tail".to_owned())
                .spawn(move || following.follow(size, &views))?,
        ];
        if let Some(projector) = projector {
            let projecting = Arc::clone(&shared);
            let project = move || projecting.project(projector);
            threads.push(Builder::new().name("server-projector".to_owned()).spawn(project)?);
        } else {
            shared.metrics.set_projected(u64::MAX);
        }
        Ok(Tail { shared, threads: Mutex::new(threads) })
    }

    /// Hears of every commit, or of those of one account: the size of the log with the latest of them.
    pub(crate) fn listen(&self, account: Option<AccountId>) -> watch::Receiver<u64> {
        let Some(account) = account else { return self.shared.all.subscribe() };
        let mut accounts = self.shared.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let size = *self.shared.all.borrow();
        accounts.entry(account).or_insert_with(|| watch::Sender::new(size)).subscribe()
    }

    /// Waits until every account is saved as it is now, if views are saved: for whoever is about to look at all
    /// of them.
    pub(crate) async fn save_heads(&self) {
        let (done, saved) = oneshot::channel();
        match &mut *self.shared.heads_wanted() {
            Some(waiting) => waiting.push(done),
            None => return,
        }
        let _ = saved.await; // Without it everything is found as well, only later.
    }

    /// Ends the threads.
    pub(crate) fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            let _ = thread.join(); // A panic in it was reported by the runtime.
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn follow(&self, mut seen: u64, views: &Views) {
        self.begin_occupied(views);
        while !self.is_stopping() {
            let size = self.ledger.wait_beyond(seen, LOOK_EVERY).size;
            if size <= seen {
                continue;
            }
            let mut told: HashMap<AccountId, u64> = HashMap::new();
            let read = self.ledger.replay(Position(seen), |record| {
                let account = record.commit.account;
                self.metrics.count(&record.commit.events);
                self.occupied.add(account, record.commit.version, &record.commit.events);
                let changed = |event: &Event| matches!(event, Event::PolicyChanged { .. });
                if record.commit.events.iter().any(changed) {
                    self.terms.forget(account);
                }
                told.insert(account, record.position.0.saturating_add(1));
                if self.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match read {
                Ok(next) => seen = next.0,
                Err(error) => {
                    tracing::error!(%error, "the log cannot be followed");
                    return;
                }
            }
            self.tell(&told, seen);
        }
    }

    fn tell(&self, told: &HashMap<AccountId, u64>, size: u64) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for (account, position) in told {
            if let Some(listeners) = accounts.get(account) {
                listeners.send_replace(*position);
            }
        }
        accounts.retain(|_, listeners| listeners.receiver_count() > 0);
        drop(accounts);
        self.all.send_replace(size);
    }

    /// How full the accounts are where the following begins, or a little later.
    fn begin_occupied(&self, views: &Views) {
        for account in self.ledger.accounts() {
            if self.is_stopping() {
                return;
            }
            if let Ok(state) = views.as_of(account, projector::AsOf::Now) {
                self.occupied.begin(&state.account);
            }
        }
    }

    fn heads_wanted(&self) -> MutexGuard<'_, Option<Vec<oneshot::Sender<()>>>> {
        self.heads_wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves every account as it is, if somebody waits for that.
    fn save_heads(&self, projector: &mut Projector) -> Result<(), ProjectError> {
        let waiting = self.heads_wanted().as_mut().map(std::mem::take).unwrap_or_default();
        if !waiting.is_empty() {
            projector.save_heads(|_| ())?;
        }
        for one in waiting {
            let _ = one.send(()); // Who has gone away does not wait.
        }
        Ok(())
    }

    fn project(&self, mut projector: Projector) {
        let mut read = 0;
        while !self.is_stopping() {
            if let Err(error) = self.save_heads(&mut projector) {
                tracing::error!(%error, "views are no longer saved");
                break;
            }
            let size = self.ledger.wait_beyond(read, LOOK_EVERY).size;
            if size <= read {
                continue;
            }
            match projector.catch_up(PROJECTED) {
                Ok(left) => read = size.saturating_sub(left),
                Err(error) => {
                    // Reports are made from the log instead.
                    tracing::error!(%error, "views are no longer saved");
                    break;
                }
            }
            self.metrics.set_projected(read);
            // Saving costs the same for one commit as for a thousand, and views are whole without it.
            std::thread::sleep(LOOK_EVERY);
        }
        // Whoever waits need not any longer.
        *self.heads_wanted() = None;
    }
}
