//! What is noted beside a command: the words of whoever asks, and on which day a device was used.

use super::People;
use crate::error::Error;
use crate::forgetting;
use crate::names::BadText;
use crate::request::Request;
use ledger::book::{Entry, Kind, Subject};
use seats::forget::day_of;
use seats::{Account, AccountId, Commitment, DeviceId, Event, Timestamp};

impl People {
    /// The event that says why, with the words in the directory; `scope` is the account it is recorded in.
    pub(crate) fn reason(
        &mut self,
        scope: AccountId,
        reason: Option<&str>,
    ) -> Result<Option<Event>, Error> {
        let note = reason.map(|reason| self.note(scope, reason)).transpose()?;
        Ok(note.map(|(_, note)| Event::ReasonGiven { note }))
    }

    /// Enters somebody's words.
    pub(super) fn note(
        &mut self,
        scope: AccountId,
        words: &str,
    ) -> Result<(Subject, Commitment), Error> {
        let last = self.ledger.book().highest(scope, Kind::Note)?;
        let subject = Subject::note(scope, last.saturating_add(1));
        Ok((subject, self.enter(subject, words)?))
    }

    /// Refuses a reason for forgetting somebody that names who it is: it would stay.
    pub(super) fn nameless(
        &self,
        account: &Account,
        request: &Request,
        why: Option<&str>,
    ) -> Result<(), Error> {
        let (Request::ForgetUser { user, .. }, Some(why)) = (request, why) else { return Ok(()) };
        match self.ledger.book().entry(Subject::user(account.id(), *user))? {
            Entry::Known(profile) if forgetting::names(why, &profile.text) => {
                Err(BadText::NamesWhom { field: "reason" }.into())
            }
            _ => Ok(()),
        }
    }

    /// Notes on which day a device logged in last, for whoever forgets devices in time.
    pub(crate) fn mark_used(&self, account: &Account, device: Option<DeviceId>, at: Timestamp) {
        if let Some(device) = device.filter(|device| !account.has_forgotten(*device)) {
            // A mark that is lost keeps the device for longer; a book that fails is told by the next entry.
            let _ = self.ledger.book().mark_used(account.id(), device, day_of(at));
        }
    }
}
