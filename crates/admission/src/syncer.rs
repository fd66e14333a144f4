//! The syncer: one thread that waits for the disk, so that nobody else has to.
//!
//! Each sync covers every group appended before it. Only then do the answers of those groups leave; the
//! decider is told first, so that it decides while the answers are handed out.
//!
//! After a failed append or sync nobody knows what the disk holds, and everybody who waits is told just
//! that.

use crate::clock::Clock;
use crate::inbox::Inbox;
use crate::outbox::{Appended, Outbox};
use ledger::Syncer;
use seats::Micros;
use std::mem;
use std::sync::atomic::Ordering;

/// Works until nothing more will be sent.
pub(crate) fn run(syncer: &Syncer, outbox: &Outbox, inbox: &Inbox, clock: &dyn Clock) {
    while outbox.wait() {
        sync(outbox.appended(), syncer, outbox, inbox, clock);
    }
    // After a failure what was decided is not appended any more.
    outbox.lost().for_each(|mut group| inbox.disappoint(&mut group.parcels));
}

/// Makes groups durable and lets their answers leave.
pub(crate) fn sync(
    mut groups: Vec<Appended>,
    syncer: &Syncer,
    outbox: &Outbox,
    inbox: &Inbox,
    clock: &dyn Clock,
) {
    if inbox.failure().is_none() && !groups.is_empty() {
        let begun = clock.monotonic();
        match syncer.sync() {
            Ok(_) => {
                let took = clock.monotonic().0.saturating_sub(begun.0);
                inbox.tally.sync_times.took(Micros(took));
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
