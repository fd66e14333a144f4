//! The syncer: one thread that waits for the disk, so that nobody else has to.
//!
//! Each sync covers every group appended before it. Only then do the answers of those groups leave; the
//! decider is told first, so that it decides while the answers are handed out.
//!
//! A failed sync ends it: nobody knows what the disk holds, so everybody who waits is told just that.

use crate::group::Sent;
use crate::inbox::Inbox;
use ledger::Syncer;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

/// Works until the decider ends or a sync fails.
pub(crate) fn run(syncer: &Syncer, sent: &Receiver<Sent>, inbox: &Arc<Inbox>) {
    let mut groups: Vec<Sent> = Vec::new();
    while let Ok(group) = sent.recv() {
        groups.push(group);
        groups.extend(sent.try_iter());
        // After a failed append nothing more reaches the disk in good order.
        let synced = match inbox.failure() {
            Some(failure) => Err(failure.0.to_string()),
            None => syncer.sync().map_err(|error| error.to_string()),
        };
        match synced {
            Ok(_) => {
                inbox.tally.syncs.fetch_add(1, Ordering::Relaxed);
                for group in &mut groups {
                    inbox.synced(mem::take(&mut group.accounts));
                }
                for mut group in groups.drain(..) {
                    inbox.deliver(&mut group.parcels, group.first);
                }
            }
            Err(reason) => {
                inbox.fail(&reason);
                groups.extend(sent.try_iter());
                for mut group in groups.drain(..) {
                    inbox.disappoint(&mut group.parcels);
                }
            }
        }
    }
}
