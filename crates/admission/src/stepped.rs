//! Admission one step at a time, in the caller's thread: for simulations, which choose who works when.
//!
//! ```text
//!  ask --inbox--> decide --outbox--> gather --> sync --answers--> answers
//!                    | ^
//!                    v '-- run_errand
//! ```
//!
//! These are the steps of the threads that [`Admission`](crate::Admission) starts, and nothing else: what
//! is true of them in every order is true of the threads, as far as no two of them meet within a step.
//! Nothing here waits, reads a clock or starts a thread. Dropping it is a crash: whoever still waits is told
//! that the outcome is unknown.

use crate::answered::Answered;
use crate::clock::Clock;
use crate::error::{Error, Failure, StartError};
use crate::inbox::{Arrivals, Ask, Order, Question};
use crate::options::Options;
use crate::outbox::Appended;
use crate::reply::{Line, Reply, Slip};
use crate::request::Request;
use crate::slot::Phase;
use crate::source::AccountSource;
use crate::start::Crew;
use crate::syncer;
use ledger::{Actor, Ledger};
use seats::{Account, AccountId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// See the module.
pub struct Stepped {
    crew: Crew,
    arrivals: Arrivals,
    gathered: Vec<Appended>,
    line: Arc<Line>,
    unsent: Vec<Ask>,
    next: u64,
    ended: bool,
}

impl Stepped {
    /// Begins to take commands for a ledger, of which it becomes the one writer.
    ///
    /// # Errors
    /// As [`Admission::start_from`](crate::Admission::start_from).
    pub fn start(
        ledger: &Ledger,
        options: Options,
        clock: impl Clock,
        source: impl AccountSource,
    ) -> Result<Stepped, StartError> {
        Ok(Stepped {
            crew: Crew::new(ledger, options, clock, source)?,
            arrivals: Arrivals::default(),
            gathered: Vec::new(),
            line: Arc::default(),
            unsent: Vec::new(),
            next: 0,
            ended: false,
        })
    }

    /// Asks. Gives back the tag of the answer: 0, 1, 2, ...
    pub fn ask(&mut self, request: Request, actor: Actor) -> u64 {
        let tag = self.next;
        self.next += 1;
        let to = Reply::Batch(Slip::new(&self.line, tag));
        match request.check() {
            Ok(()) => self.unsent.push(Ask { question: Question::Request(request, actor), to }),
            Err(error) => to.send(Err(error)),
        }
        if let Err(error) = self.crew.inbox.push_all(&mut self.unsent) {
            for ask in self.unsent.drain(..) {
                ask.to.send(Err(error.clone()));
            }
        }
        tag
    }

    /// Orders what is due by time alone to be recorded, as [`Admission::sweep`](crate::Admission::sweep).
    pub fn sweep(&mut self) {
        self.crew.inbox.order(Order::Sweep(oneshot::channel().0));
    }

    /// Accepts the wall clock as it stands, as
    /// [`Admission::confirm_clock`](crate::Admission::confirm_clock).
    pub fn confirm_clock(&mut self, actor: Actor) {
        self.crew.inbox.order(Order::ConfirmClock(actor, None, oneshot::channel().0));
    }

    /// Accepts nothing more. What was accepted is finished by further steps.
    pub fn close(&mut self) {
        self.crew.inbox.close();
    }

    /// A step of the decider: decides what has arrived, and sends it on its way if it is time. `false`: it
    /// has ended.
    pub fn decide(&mut self) -> bool {
        if !self.ended {
            self.crew.inbox.take(&mut self.arrivals, Duration::ZERO);
            self.ended = self.crew.decider.step(&mut self.arrivals).is_none();
        }
        !self.ended
    }

    /// The appender's step: appends what was decided. Gives back how many groups the next sync covers.
    pub fn gather(&mut self) -> usize {
        self.crew.outbox.append(&self.crew.inbox);
        self.gathered.append(&mut self.crew.outbox.appended());
        self.gathered.len()
    }

    /// The syncer's step: makes what was gathered durable and lets the answers leave.
    pub fn sync(&mut self) {
        let (syncer, outbox, inbox) = (&self.crew.syncer, &self.crew.outbox, &self.crew.inbox);
        let clock = &*self.crew.clock;
        syncer::sync(std::mem::take(&mut self.gathered), syncer, outbox, inbox, clock);
    }

    /// A step of the clerk: reads a history, or saves signs of life. `false`: there was nothing to do.
    pub fn run_errand(&mut self) -> bool {
        let errand = self.crew.errands.try_recv();
        errand.map(|errand| self.crew.clerk.run_errand(errand)).is_ok()
    }

    /// The answers that have left, with the tags of their questions.
    pub fn answers(&mut self) -> Vec<(u64, Result<Answered, Error>)> {
        self.line.drain()
    }

    /// Why it has stopped by itself, if it has.
    pub fn failure(&self) -> Option<Failure> {
        self.crew.inbox.failure()
    }

    /// An account as it is kept in memory; `None` if it is not, or has commits that are not on disk.
    pub fn account(&self, account: AccountId) -> Option<&Account> {
        let slot = self.crew.decider.slots.get(&account)?;
        (slot.phase == Phase::Synced).then(|| slot.live.account())
    }

    /// What is left of the answers after a crash: those that had left, and word to everybody else that the
    /// outcome is unknown.
    pub fn crash(self) -> Vec<(u64, Result<Answered, Error>)> {
        let line = Arc::clone(&self.line);
        drop(self);
        line.drain()
    }
}
