//! The syncer: one thread that waits for the disk, so that nobody else has to.
//!
//! Each sync covers every group appended before it. Only then do the answers of those groups leave; the
//! decider is told first, so that it decides while the answers are handed out.
//!
//! After a failed append or sync nobody knows what the disk holds, and everybody who waits is told just
//! that.

use crate::inbox::Inbox;
use crate::outbox::{Appended, Outbox};
use ledger::Syncer;
use std::mem;
use std::sync::atomic::Ordering;

/// Works until nothing more will be sent.
pub(crate) fn run(syncer: &Syncer, outbox: &Outbox, inbox: &Inbox) {
    while outbox.wait() {
        sync(outbox.appended(), syncer, outbox, inbox);
    }
    // After a failure what was decided is not appended any more.
    outbox.lost().for_each(|mut group| inbox.disappoint(&mut group.parcels));
}

/// Makes groups durable and lets their answers leave.
pub(crate) fn sync(mut groups: Vec<Appended>, syncer: &Syncer, outbox: &Outbox, inbox: &Inbox) {
    if inbox.failure().is_none() && !groups.is_empty() {
        match syncer.sync() {
            Ok(_) => {
                inbox.tally.syncs.fetch_add(1, Ordering::Relaxed);
                for appended in &mut groups {
                    // The parcels stay here; the rest of the group is used again.
                    let parcels = mem::take(&mut appended.group.parcels);
                    inbox.synced(mem::take(&mut appended.group));
                    appended.group.parcels = parcels;
                }
                for mut appended in groups.drain(..) {
                    inbox.deliver(&mut appended.group.parcels, appended.first);
                }
            }
            Err(error) => inbox.fail(&error.to_string()),
        }
    }
    if inbox.failure().is_some() {
        let groups = groups.into_iter().map(|appended| appended.group);
        for mut group in groups.chain(outbox.lost()) {
            inbox.disappoint(&mut group.parcels);
        }
    }
}
