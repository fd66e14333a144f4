//! Webhooks: other people's servers are told what was recorded.
//!
//! ```text
//!  log --cursor--> letter --signed--> receiver: 2xx within 15 s --> cursor moves on
//!                    ^                        otherwise --> again, for a day --> dead letter
//!                    '--- asked for by hand -----------------------------------------'
//! ```
//!
//! Each subscription follows the log by itself ([`courier`]) and keeps how far it is ([`kept`]), so that nothing
//! is lost over a restart, and a receiver that is slow or gone holds up nobody else. The log is the queue:
//! nothing waits in memory. What a letter looks like and when it is sent again is in [`letter`].

mod courier;
pub(crate) mod kept;
mod letter;

use crate::api::event_shapes::KINDS;
use crate::outgoing::{Outgoing, UrlError};
use admission::Clock;
use courier::{Courier, Line};
use kept::{Kept, Progress, Subscription};
use ledger::Ledger;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use thiserror::Error;

/// Subscriptions at the same time. Each has two threads and reads the whole log.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 32;

/// The subscriptions of a ledger, and the threads that serve them.
pub(crate) struct Webhooks {
    shared: Arc<Shared>,
    lines: Mutex<Lines>,
}

/// What all threads share.
struct Shared {
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    outgoing: Outgoing,
    kept: Kept,
    /// Whoever reads the log.
    reading: Mutex<()>,
    stopping: AtomicBool,
    tally: Tally,
}

/// What was counted since the server started.
#[derive(Default)]
struct Tally {
    accepted: AtomicU64,
    refused: AtomicU64,
    dead: AtomicU64,
}

impl Tally {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Lines {
    all: BTreeMap<u32, Arc<Line>>,
    threads: BTreeMap<u32, JoinHandle<()>>,
    next: u32,
}

/// What a new subscription is to be.
pub(crate) struct NewSubscription {
    /// Where it is told.
    pub(crate) url: String,
    /// The kinds of events; empty: all.
    pub(crate) events: Vec<String>,
    /// The accounts; `None`: all.
    pub(crate) accounts: Option<Vec<u64>>,
    /// Whose it is.
    pub(crate) label: String,
    /// The number of the token that makes it.
    pub(crate) by: u32,
}

/// Why there is no new subscription. Whoever asked mends what is named.
#[derive(Debug, Error)]
pub(crate) enum SubscribeError {
    /// The address cannot be called.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// There is no such event.
    #[error("events: there is no event {0:?}; docs/format.md lists them")]
    Kind(String),
    /// There are enough.
    #[error("there are {SUBSCRIPTIONS_MAX} webhooks already; remove one first")]
    TooMany,
    /// It cannot be kept. The operator looks at the disk.
    #[error("webhooks: {0}")]
    Io(#[from] io::Error),
}

impl Webhooks {
    /// Goes on where it stopped; `access` is the directory of access tokens.
    pub(crate) fn start(
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        outgoing: Outgoing,
        access: &Path,
    ) -> io::Result<Webhooks> {
        let kept = Kept::open(access)?;
        let (subscriptions, next) = kept.subscriptions()?;
        let (reading, stopping, tally) =
            (Mutex::default(), AtomicBool::default(), Tally::default());
        let shared = Shared { ledger, clock, outgoing, kept, reading, stopping, tally };
        let webhooks = Webhooks { shared: Arc::new(shared), lines: Mutex::default() };
        let mut lines = webhooks.lock();
        lines.next = next;
        for subscription in subscriptions {
            let size = webhooks.shared.ledger.head().size;
            let found = webhooks.shared.kept.progress(subscription.number)?;
            let mut progress = found.unwrap_or(Progress { cursor: size, ..Progress::default() });
            // Another, shorter log than the one that was followed: there is nothing to go back to.
            progress.cursor = progress.cursor.min(size);
            webhooks.follow(&mut lines, Line::new(subscription, progress))?;
        }
        drop(lines);
        Ok(webhooks)
    }

    /// Subscribes, durably, from the next commit on. The secret is in what is given back, and not shown again.
    pub(crate) fn subscribe(&self, new: NewSubscription) -> Result<Subscription, SubscribeError> {
        self.shared.outgoing.check(&new.url)?;
        if let Some(unknown) = new.events.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(SubscribeError::Kind(unknown.clone()));
        }
        let mut lines = self.lock();
        if lines.all.len() >= SUBSCRIPTIONS_MAX {
            return Err(SubscribeError::TooMany);
        }
        let subscription = Subscription {
            number: lines.next,
            url: new.url,
            events: new.events,
            accounts: new.accounts,
            label: new.label,
            key: crate::access::secret()?.chars().take(16).collect(),
            secret: letter::new_secret()?,
            made_at: self.shared.clock.wall().0,
            made_by: new.by,
        };
        let cursor = self.shared.ledger.head().size;
        let progress = Progress { cursor, ..Progress::default() };
        // First how far it is: a subscription without it would begin elsewhere.
        self.shared.kept.keep_progress(subscription.number, &progress)?;
        let all = lines.all.values().map(|line| line.subscription.clone());
        let all = all.chain([subscription.clone()]).collect();
        self.shared.kept.keep(all, lines.next.saturating_add(1))?;
        lines.next = lines.next.saturating_add(1);
        self.follow(&mut lines, Line::new(subscription.clone(), progress))?;
        Ok(subscription)
    }

    /// Ends a subscription, durably. Whether there was one of that number.
    pub(crate) fn remove(&self, number: u32) -> io::Result<bool> {
        let mut lines = self.lock();
        let Some(line) = lines.all.get(&number).cloned() else { return Ok(false) };
        let rest = lines.all.values().filter(|other| other.subscription.number != number);
        let rest = rest.map(|line| line.subscription.clone()).collect();
        self.shared.kept.keep(rest, lines.next)?;
        line.is_gone.store(true, Ordering::Relaxed);
        lines.all.remove(&number);
        let thread = lines.threads.remove(&number);
        drop(lines);
        if let Some(thread) = thread {
            let _ = thread.join(); // A panic in it was reported by the runtime.
        }
        self.shared.kept.drop_progress(number)?;
        Ok(true)
    }

    /// All subscriptions, and how far each is.
    pub(crate) fn all(&self) -> Vec<(Subscription, Progress)> {
        let lines = self.lock();
        lines.all.values().map(|line| (line.subscription.clone(), line.lock().clone())).collect()
    }

    /// The subscription of that number, and how far it is.
    pub(crate) fn get(&self, number: u32) -> Option<(Subscription, Progress)> {
        let lines = self.lock();
        lines.all.get(&number).map(|line| (line.subscription.clone(), line.lock().clone()))
    }

    /// Has dead letters sent once more: those about the commits at these positions, or all. How many.
    pub(crate) fn again(&self, number: u32, positions: Option<&[u64]>) -> Option<usize> {
        let lines = self.lock();
        let mut progress = lines.all.get(&number)?.lock();
        let mut asked = 0;
        for dead in &mut progress.dead {
            if positions.is_none_or(|positions| positions.contains(&dead.position)) {
                dead.again = true;
                asked += 1;
            }
        }
        Some(asked)
    }

    /// What is counted, in the text format of Prometheus.
    pub(crate) fn metrics(&self) -> String {
        let all = self.all();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tally = &self.shared.tally;
        let size = self.shared.ledger.head().size;
        let dead: usize = all.iter().map(|(_, progress)| progress.dead.len()).sum();
        let failing = all.iter().filter(|(_, progress)| progress.failing.is_some()).count();
        let lag = all.iter().map(|(_, progress)| size.saturating_sub(progress.cursor)).max();
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(&str, u64)]| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP seatledger_webhook_{name} {help}");
            let _ = writeln!(text, "# TYPE seatledger_webhook_{name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "seatledger_webhook_{name}{labels} {value}");
            }
        };
        let attempts = [
            ("{outcome=\"accepted\"}", read(&tally.accepted)),
            ("{outcome=\"refused\"}", read(&tally.refused)),
        ];
        family("attempts_total", "counter", "Letters sent to webhooks.", &attempts);
        let given_up = [("", read(&tally.dead))];
        family("given_up_total", "counter", "Letters given up after a day.", &given_up);
        family(
            "dead_letters",
            "gauge",
            "Letters given up and not sent since.",
            &[("", dead as u64)],
        );
        family("failing", "gauge", "Webhooks whose receiver refuses.", &[("", failing as u64)]);
        let behind = [("", lag.unwrap_or(0))];
        family("lag_commits", "gauge", "Commits that the slowest webhook is behind.", &behind);
        text
    }

    /// Ends the threads. What is being sent is not waited for; it is sent again.
    pub(crate) fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let threads = std::mem::take(&mut self.lock().threads);
        for thread in threads.into_values() {
            let _ = thread.join(); // A panic in it was reported by the runtime.
        }
    }

    fn follow(&self, lines: &mut Lines, line: Arc<Line>) -> io::Result<()> {
        let number = line.subscription.number;
        let courier = Courier { shared: Arc::clone(&self.shared), line: Arc::clone(&line) };
        let name = format!("webhook-{number}");
        lines.threads.insert(number, Builder::new().name(name).spawn(move || courier.run())?);
        lines.all.insert(number, line);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}
