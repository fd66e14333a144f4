//! What a caller may be told instead of an answer, and what to do about it.
//!
//! A refused login is none of these: it is an answer, recorded, with its reason.

use crate::names::BadText;
use ledger::{BookError, ReadError, WriterTaken};
use seats::{Rejection, SessionId, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Why a command has no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Error {
    /// The command makes no sense in the account's state; nothing was recorded for it. Mend the command.
    #[error(transparent)]
    Rejected(Rejection),
    /// No account of that name or number was ever opened. Check it, or open the account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The account has no site of that name. Add the site first.
    #[error("site: the account has none called {name:?}; add it first")]
    UnknownSite {
        /// The name given.
        name: String,
    },
    /// The account has one of that name already. Use that one, or choose another name.
    #[error("{kind}: there is one called {name:?} already")]
    NameTaken {
        /// Of what: `site`.
        kind: &'static str,
        /// The name given.
        name: String,
    },
    /// More parts than one commit may hold. Ask in several commands.
    #[error("{field}: {number} are too many; give up to {max} at a time")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// How many were given.
        number: usize,
        /// How many may be.
        max: usize,
    },
    /// A text is longer than the directory takes. Shorten it.
    #[error(transparent)]
    TooLong(BookError),
    /// A name, note or request id cannot be taken. Send another.
    #[error(transparent)]
    BadText(#[from] BadText),
    /// The time zone is not in the tz database. Give an IANA name such as `Europe/London`.
    #[error("time zone: there is none called {zone:?}; give an IANA name such as Europe/London")]
    BadZone {
        /// The zone given.
        zone: String,
    },
    /// More is asked than can be recorded. Wait as long as said, then ask again; nothing was recorded.
    #[error("too many requests are waiting; ask again in {} ms", retry_after.as_millis())]
    Busy {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The record did not take what was decided, and nothing of it was recorded. Mend what the reason names
    /// (a full disk, say), then ask again.
    #[error("nothing was recorded: {reason}; ask again when that is mended")]
    NotRecorded {
        /// What the ledger said.
        reason: Arc<str>,
    },
    /// The record failed while the command was on its way: it may have been recorded or not. Ask again
    /// with the same request id when the service is back; the answer is then definite.
    #[error("the outcome is unknown; ask again with the same request id")]
    Unknown,
    /// Admission has stopped, in good order or because the record failed; nothing was recorded.
    /// [`Admission::stopped`](crate::Admission::stopped) has the reason. Start anew.
    #[error("admission has stopped")]
    Stopped,
    /// The wall clock was stepped by more than five minutes; nothing is recorded until an administrator
    /// sets it right, or confirms it with [`Admission::confirm_clock`](crate::Admission::confirm_clock).
    #[error(
        "the clock says {} µs since 1970 but should say {}: set it right, or confirm that it is",
        to.0, from.0
    )]
    ClockStepped {
        /// Where the clock should stand, by the monotonic clock or the log's last record.
        from: Timestamp,
        /// Where it stands.
        to: Timestamp,
    },
    /// The account's history or the directory cannot be read; the other accounts are not affected. Run
    /// `verify` and restore what it names.
    #[error("the record cannot be read: {reason}")]
    Unreadable {
        /// What the ledger said.
        reason: String,
    },
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Error {
        match rejection {
            Rejection::UnknownAccount => Error::UnknownAccount,
            other => Error::Rejected(other),
        }
    }
}

impl From<BookError> for Error {
    fn from(error: BookError) -> Error {
        match error {
            too_long @ BookError::TooLong { .. } => Error::TooLong(too_long),
            other => Error::Unreadable { reason: other.to_string() },
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        Error::Unreadable { reason: error.to_string() }
    }
}

impl Error {
    /// The session that was named, if it is one that never was or is over.
    pub fn lost_session(&self) -> Option<SessionId> {
        match self {
            Error::Rejected(Rejection::UnknownSession(session))
            | Error::Rejected(Rejection::SessionOver { session, .. }) => Some(*session),
            _ => None,
        }
    }
}

/// Why admission stopped by itself: an append or a sync failed. What was acknowledged is on disk; what was
/// on its way may be. Look at the disk, then start anew.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the record failed: {0}")]
pub struct Failure(pub Arc<str>);

/// Why admission cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Something else in this process writes to the ledger. Drop its writer first.
    #[error(transparent)]
    WriterTaken(#[from] WriterTaken),
    /// The record cannot be read. Run `verify`.
    #[error(transparent)]
    Record(#[from] ReadError),
    /// The directory or the signs of life cannot be read. See what it says.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The operating system gives no thread. Free some.
    #[error("no thread can be started: {0}")]
    Thread(#[from] std::io::Error),
}
