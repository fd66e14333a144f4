//! Starting: what is read before anything is asked, and the three threads.
//!
//! ```text
//!  callers --inbox--> decider --groups--> syncer --answers--> callers
//!                        | ^                 |
//!                errands | | accounts        '--what is on disk--> decider
//!                        v |
//!                       clerk
//! ```
//!
//! A thread that panics (none should) counts as a failure of the record: whoever waits is told that the
//! outcome is unknown, and everything stops.

use crate::clerk::{Clerk, Errand};
use crate::clock::Clock;
use crate::decider::Decider;
use crate::desk::Desk;
use crate::error::StartError;
use crate::forgetting::catch_up;
use crate::group::Group;
use crate::handle::{Admission, Shared};
use crate::inbox::{Arrivals, Inbox};
use crate::options::Options;
use crate::outbox::Outbox;
use crate::past::recorded_past;
use crate::people::People;
use crate::service::{Service, last_believed};
use crate::slot::Slot;
use crate::source::{AccountSource, FromLog};
use crate::syncer;
use crate::time_watch::TimeWatch;
use ledger::{Ledger, Position, Syncer};
use rustc_hash::FxHashMap;
use seats::{Account, AccountId, Heard, Timestamp};
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;

impl Admission {
    /// Begins to take commands for a ledger, of which it becomes the one writer.
    ///
    /// # Errors
    /// [`StartError`]: the ledger's writer is taken, or something cannot be read.
    pub fn start(
        ledger: Ledger,
        options: Options,
        clock: impl Clock,
    ) -> Result<Admission, StartError> {
        let source = FromLog::new(ledger.clone());
        Admission::start_from(ledger, options, clock, source)
    }

    /// As [`Admission::start`], with accounts from somewhere faster than the log.
    ///
    /// # Errors
    /// [`StartError`]: the ledger's writer is taken, or something cannot be read.
    pub fn start_from(
        ledger: Ledger,
        options: Options,
        clock: impl Clock,
        source: impl AccountSource,
    ) -> Result<Admission, StartError> {
        let crew = Crew::new(&ledger, options, clock, source)?;
        let Crew { decider, syncer, clerk, errands, inbox, outbox, clock } = crew;

        let (told, ended) = watch::channel(false);
        let syncer = {
            let (inbox, outbox) = (Arc::clone(&inbox), Arc::clone(&outbox));
            spawn("syncer", move || {
                guarded(&inbox, || syncer::run(&syncer, &outbox, &inbox, &*clock))
            })?
        };
        let appender = {
            let (inbox, outbox) = (Arc::clone(&inbox), Arc::clone(&outbox));
            let ending = Arc::clone(&outbox);
            let appender = spawn("appender", move || {
                guarded(&inbox, || outbox.keep_appending(&inbox));
                outbox.end();
            });
            appender.inspect_err(|_| ending.end())?
        };
        let clerk = {
            let inbox = Arc::clone(&inbox);
            let clerk = spawn("clerk", move || guarded(&inbox, || clerk.run(&errands)));
            clerk.inspect_err(|_| outbox.close())?
        };
        let closing = Arc::clone(&outbox);
        let decider = {
            let inbox = Arc::clone(&inbox);
            spawn("decider", move || {
                guarded(&inbox, || decider.run());
                outbox.close();
                for thread in [appender, syncer, clerk] {
                    let _ = thread.join(); // What a panic was about is in the inbox already.
                }
                // Whatever arrived after a panic is dropped, which tells whoever waits for it.
                inbox.take(&mut Arrivals::default(), Duration::ZERO);
                drop(outbox); // Gives the ledger's writer back.
                let _ = told.send(true);
            })
        };
        let decider = decider.inspect_err(|_| closing.close())?;
        drop(closing);
        Ok(Admission::new(Shared { inbox, ledger, threads: Mutex::new(vec![decider]), ended }))
    }
}

/// What works together, before anybody works.
pub(crate) struct Crew {
    pub(crate) decider: Decider,
    pub(crate) syncer: Syncer,
    pub(crate) clerk: Clerk,
    pub(crate) errands: Receiver<Errand>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Crew {
    /// Reads what is to be known before anything is asked.
    pub(crate) fn new(
        ledger: &Ledger,
        options: Options,
        clock: impl Clock,
        source: impl AccountSource,
    ) -> Result<Crew, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let writer = ledger.writer()?;
        let last = ledger.head().size.checked_sub(1).map(Position);
        let last = last.map(|last| ledger.record(last)).transpose()?.flatten();
        let recorded_at = last.map_or(Timestamp::ZERO, |record| record.commit.recorded_at);
        catch_up::<StartError>(ledger)?;
        let system = ledger.account_head(AccountId::SYSTEM)?;
        let system = system.map_or((0, Timestamp::ZERO), |head| (head.version, head.at));
        let past = recorded_past(ledger)?;
        let mark = ledger.book().liveness_mark()?;
        let people = People::new(ledger)?;

        let inbox = Arc::new(Inbox::new(options.waiting_max));
        let syncer = writer.syncer();
        let outbox = Arc::new(Outbox::new(ledger.clone(), writer));
        let (to_clerk, errands) = mpsc::channel();
        let clerk =
            Clerk { ledger: ledger.clone(), source: Box::new(source), inbox: Arc::clone(&inbox) };
        let system =
            Slot::new(Account::system(system.0, system.1), Heard::default(), Arc::default());
        let mut decider = Decider {
            options,
            inbox: Arc::clone(&inbox),
            desk: Desk {
                ledger: ledger.clone(),
                people,
                group: Group::default(),
                ready: Vec::new(),
                recorded_at,
                due: BinaryHeap::new(),
                unsaved: Vec::new(),
            },
            watch: TimeWatch::new(Box::new(Arc::clone(&clock)), last_believed(ledger)?),
            service: Service::new(mark, past),
            outbox: Arc::clone(&outbox),
            clerk: to_clerk,
            slots: FxHashMap::from_iter([(AccountId::SYSTEM, system)]),
            loading: FxHashMap::default(),
            heard: FxHashMap::default(),
            in_flight: 0,
            spare: Vec::new(),
            sweeping: false,
            durable: ledger.head().size,
            marked: ledger.book().forgotten_up_to()?.unwrap_or(0),
        };
        // A service listens from now on, not from when its thread first runs.
        decider.keep_time();
        Ok(Crew { decider, syncer, clerk, errands, inbox, outbox, clock })
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(format!("admission-{name}")).spawn(work)
}

/// Does the work of a thread; a panic stops everything.
fn guarded(inbox: &Inbox, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        let thread = std::thread::current();
        inbox.fail(&format!("the thread {} panicked", thread.name().unwrap_or("of admission")));
    }
}
