//! How a session ended that the account no longer remembers.
//!
//! The account's snapshots know who sat there: the end lies between the last one that still knows the session
//! and the first one that does not, which are found by halving. So a question about a session of years ago
//! costs about as much as one about yesterday's.

use crate::occupancy::Occupancy;
use crate::views::{AsOf, Views};
use ledger::{Position, ReadError, Record};
use seats::{AccountId, Event, SessionId};

impl Views {
    /// The commit that ended a session of which only the number is known; `None` if it has not ended, or never
    /// was.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn ending_of(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<Option<Record>, ReadError> {
        let Some(end) = self.last(account)? else { return Ok(None) };
        let is_over = |found: &Occupancy| {
            found.account.last_session() >= session && found.account.session(session).is_none()
        };
        let begin = (Occupancy::empty(account), Position(0));
        let before = self.last_before(account, begin, end, is_over)?;
        let mut after = self.commits_after(&before)?;
        after.find(|record| record.as_ref().map_or(true, |r| ends_session(r, session))).transpose()
    }

    /// The commit that ended a session, which was granted in the commit at `granted`; `None` if it had not
    /// ended.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn end_of_session(
        &self,
        account: AccountId,
        session: SessionId,
        granted: Position,
    ) -> Result<Option<Record>, ReadError> {
        let Some(end) = self.last(account)? else { return Ok(None) };
        let held = |occupancy: &Occupancy| occupancy.account.session(session).is_some();
        let begin = self.as_of(account, AsOf::Position(granted))?;
        if !held(&begin) {
            return Ok(self
                .ledger()
                .record(granted)?
                .filter(|record| ends_session(record, session)));
        }
        let begin = self.last_before(account, (begin, granted), end, |found| !held(found))?;
        for record in self.commits_after(&begin)? {
            let record = record?;
            if ends_session(&record, session) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// Whether a commit ends a session of its account.
pub fn ends_session(record: &Record, session: SessionId) -> bool {
    record.commit.events.iter().any(|event| match event {
        Event::LoggedOut { session: ended, .. } | Event::Expired { session: ended, .. } => {
            *ended == session
        }
        _ => false,
    })
}
