//! The outbox: groups on their way to the disk.
//!
//! ```text
//!  decider --send--> decided --append--> appended --sync--> inbox: synced, answers leave
//! ```
//!
//! Appending (encoding, hashing, handing over to the engine) takes the processor, not the disk, so the appender
//! does it while the decider decides and the syncer waits for the disk. When there is little to do the decider
//! does it itself ([`Outbox::append_if_free`]), which saves waking another thread. The writer is locked
//! meanwhile, so groups are appended in the order in which they were sent; neither lock is held across a sync
//! of the log.

use crate::group::Group;
use crate::inbox::Inbox;
use crate::reply::lock;
use ledger::{AppendError, Ledger, Position, StoreError, Writer};
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

pub(crate) struct Outbox {
    ledger: Ledger,
    writer: Mutex<Writer>,
    way: Mutex<Way>,
    /// There is something to append, or nothing more will be sent.
    sent: Condvar,
    /// There is something to sync, or nothing more will be appended.
    moved: Condvar,
}

#[derive(Default)]
struct Way {
    decided: VecDeque<Group>,
    appended: Vec<Appended>,
    /// Nothing more will be sent.
    closed: bool,
    /// The appender sleeps.
    idle: bool,
    /// Nothing more will be appended.
    ended: bool,
    /// The syncer sleeps.
    asleep: bool,
}

/// A group that was appended and is not yet on disk.
pub(crate) struct Appended {
    /// Position of its first commit.
    pub(crate) first: Position,
    pub(crate) group: Group,
}

impl Outbox {
    pub(crate) fn new(ledger: Ledger, writer: Writer) -> Outbox {
        let (writer, way) = (Mutex::new(writer), Mutex::default());
        Outbox { ledger, writer, way, sent: Condvar::new(), moved: Condvar::new() }
    }

    /// Puts a group on its way. Somebody must append it: the caller, or the appender once told.
    pub(crate) fn send(&self, group: Group) {
        lock(&self.way).decided.push_back(group);
    }

    /// Tells the appender if there is something for it.
    pub(crate) fn tell_appender(&self) {
        let mut way = lock(&self.way);
        let wake = way.idle && (way.closed || !way.decided.is_empty());
        way.idle &= !wake;
        drop(way);
        if wake {
            self.sent.notify_one();
        }
    }

    /// Wakes the syncer for what is about to be appended: waking takes longer than appending little.
    pub(crate) fn wake_syncer(&self) {
        self.change(|_| ());
    }

    /// Nothing more will be sent.
    pub(crate) fn close(&self) {
        lock(&self.way).closed = true;
        self.tell_appender();
    }

    /// The appender's work: appends what is sent until nothing more will be, or the record fails.
    pub(crate) fn keep_appending(&self, inbox: &Inbox) {
        while inbox.failure().is_none() && self.wait_for_groups() {
            self.append(inbox);
        }
    }

    /// Nothing more will be appended.
    pub(crate) fn end(&self) {
        self.change(|way| way.ended = true);
    }

    /// Waits until there is something to sync. `false`: there is not and never will be.
    pub(crate) fn wait(&self) -> bool {
        let mut way = lock(&self.way);
        while way.appended.is_empty() && !way.ended {
            way.asleep = true;
            way = self.moved.wait(way).unwrap_or_else(PoisonError::into_inner);
        }
        way.asleep = false;
        !way.appended.is_empty()
    }

    /// Waits until there is something to append. `false`: there is not and never will be.
    fn wait_for_groups(&self) -> bool {
        let mut way = lock(&self.way);
        while way.decided.is_empty() && !way.closed {
            way.idle = true;
            way = self.sent.wait(way).unwrap_or_else(PoisonError::into_inner);
        }
        way.idle = false;
        !way.decided.is_empty()
    }

    /// Appends what is decided, in order. If nobody knows what came of it, everything stops.
    pub(crate) fn append(&self, inbox: &Inbox) {
        self.append_while(lock(&self.writer), inbox, |_| true);
    }

    /// The same, as far as it takes no time: not if somebody is at it, and no group whose newcomers the
    /// directory has yet to sync.
    pub(crate) fn append_if_free(&self, inbox: &Inbox) {
        let writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(writer)) => writer.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.append_while(writer, inbox, |group| !group.newcomers);
    }

    /// Takes the groups that the next sync will cover.
    pub(crate) fn appended(&self) -> Vec<Appended> {
        mem::take(&mut lock(&self.way).appended)
    }

    /// Takes everything that will not be synced any more.
    pub(crate) fn lost(&self) -> impl Iterator<Item = Group> + use<> {
        let decided = mem::take(&mut lock(&self.way).decided);
        decided.into_iter().chain(self.appended().into_iter().map(|appended| appended.group))
    }

    fn append_while(
        &self,
        mut writer: MutexGuard<'_, Writer>,
        inbox: &Inbox,
        wanted: impl Fn(&Group) -> bool,
    ) {
        while inbox.failure().is_none() {
            let next = {
                let decided = &mut lock(&self.way).decided;
                if decided.front().is_some_and(&wanted) { decided.pop_front() } else { None }
            };
            let Some(mut group) = next else { return };
            if group.newcomers
                && let Err(error) = self.ledger.book().sync()
            {
                inbox.fail(&error.to_string());
                return inbox.disappoint(&mut group.parcels);
            }
            match writer.append(&group.drafts) {
                Ok(ticket) => {
                    let commits = group.drafts.len() as u64;
                    inbox.tally.commits.fetch_add(commits, Ordering::Relaxed);
                    inbox.tally.groups.fetch_add(1, Ordering::Relaxed);
                    group.drafts.clear();
                    let first = ticket.first;
                    group.recorded = (first.0, first.0.saturating_add(commits));
                    self.change(|way| way.appended.push(Appended { first, group }));
                }
                Err(error) if stored_nothing(&error) => inbox.refused(group, &error.to_string()),
                Err(error) => {
                    inbox.fail(&error.to_string());
                    inbox.disappoint(&mut group.parcels);
                }
            }
        }
    }

    /// Changes what is on its way, and wakes the syncer if it sleeps.
    fn change(&self, change: impl FnOnce(&mut Way)) {
        let mut way = lock(&self.way);
        change(&mut way);
        let wake = mem::take(&mut way.asleep);
        drop(way);
        if wake {
            self.moved.notify_one();
        }
    }
}

/// Whether an append that failed left the log as it was and said nothing against what memory knew before it.
///
/// A conflict does: somebody else has written to the account, or memory is wrong.
fn stored_nothing(error: &AppendError) -> bool {
    match error {
        AppendError::AtWentBack { .. }
        | AppendError::RecordedAtWentBack { .. }
        | AppendError::Encode { .. }
        | AppendError::Read { .. }
        | AppendError::Store(StoreError::Unavailable(_)) => true,
        AppendError::Conflict { .. }
        | AppendError::Store(StoreError::Unknown(_) | StoreError::Poisoned(_)) => false,
    }
}
