//! Erasing: what the clerk does once a commit that forgets is on disk, and what it has forgotten in time.
//!
//! Everything that is to be erased by then goes together: one sync, one rewrite of the directory's files,
//! then the answers leave. Whoever else reads or writes the directory waits for the rewrite.
//!
//! Once a day a service looks which devices were kept for as long as their accounts' policies say, and asks
//! for them to be forgotten, like anybody else; the clock is the actor.

use crate::answered::Erased;
use crate::clerk::{Clerk, Errand};
use crate::decider::Decider;
use crate::desk::CLOCK;
use crate::error::Error;
use crate::forgetting::{DEVICES_MAX, Erasure, due_devices, traces};
use crate::inbox::{Ask, Question};
use crate::reply::Reply;
use crate::request::Request;
use ledger::{Kind, Position};
use seats::{AccountId, Timestamp};
use std::mem;

impl Decider {
    /// Gives the clerk what is to be erased, now that a group is on disk from `first` on.
    pub(crate) fn erase(&mut self, first: u64, erasures: &mut Vec<Erasure>) {
        if erasures.is_empty() {
            return;
        }
        for erasure in erasures.iter_mut() {
            let position = first.saturating_add(erasure.draft as u64);
            erasure.answered.position = Some(Position(position));
        }
        let _ = self.clerk.send(Errand::Erase(mem::take(erasures))); // The clerk ends after the decider.
    }
}

impl Clerk {
    /// Erases, then answers. If it cannot be erased everything stops, and it is done at the next start.
    pub(crate) fn erase(&self, erasures: Vec<Erasure>) {
        let mut erased = Vec::with_capacity(erasures.len());
        for erasure in &erasures {
            match self.erase_one(erasure) {
                Ok(gone) => erased.push(gone),
                Err(error) => return self.inbox.fail(&error.to_string()),
            }
        }
        // Where it cannot be rewritten now, the directory remembers that it is to be.
        let rewritten = self.ledger.book().rewrite().is_ok();
        let answers = erasures.into_iter().zip(erased);
        let mut parcels: Vec<_> = answers
            .map(|(erasure, gone)| erasure.parcel(Some(Erased { rewritten, ..gone })))
            .collect();
        self.inbox.deliver(&mut parcels, Position(0));
    }

    fn erase_one(&self, erasure: &Erasure) -> Result<Erased, Error> {
        let mut gone = Erased { entries: 0, notes: 0, rewritten: false };
        for whom in &erasure.whom {
            let traces = traces::<Error>(&self.ledger, *whom)?;
            let (notes, entries): (Vec<_>, Vec<_>) =
                traces.into_iter().partition(|subject| subject.kind == Kind::Note);
            // The notes first: without the entry nobody would know that they are to go.
            gone.notes += self.ledger.book().erase(&notes)?;
            gone.entries += self.ledger.book().erase(&entries)?;
        }
        Ok(gone)
    }

    /// Asks for devices to be forgotten that were kept long enough.
    pub(crate) fn retain(&self, now: Timestamp) {
        for account in self.ledger.accounts() {
            if account != AccountId::SYSTEM {
                // What cannot be read today is looked at tomorrow; whoever asks about it is told.
                let _ = self.retain_in(account, now);
            }
        }
    }

    fn retain_in(&self, account: AccountId, now: Timestamp) -> Result<(), Error> {
        if self.ledger.book().devices_used(account)?.is_empty() {
            return Ok(());
        }
        let due = due_devices(&self.ledger, &self.source.load(account)?, now)?;
        for devices in due.chunks(DEVICES_MAX) {
            let request = Request::ForgetDevices { account, devices: devices.to_vec() };
            let question = Question::Request(request, CLOCK);
            self.inbox.push(Ask { question, to: Reply::Nobody })?;
        }
        Ok(())
    }
}
