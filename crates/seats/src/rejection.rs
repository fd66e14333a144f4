//! Why a command cannot be taken.

use crate::account::Ending;
use crate::cut::EVENT_BYTES_MAX;
use crate::decide::LICENCES_MAX;
use crate::ids::{DeviceId, HandOverId, RequestId, SeatNo, SessionId, SiteId, UserId};
use crate::time::Timestamp;
use thiserror::Error;

/// Why a command cannot be taken. Nothing is recorded; the caller mends the command.
///
/// A refused *login* is no rejection: it is an event with a reason.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Rejection {
    /// The account was never opened. Check its name, or open it.
    #[error("there is no such account")]
    UnknownAccount,
    /// The account exists. Choose another name.
    #[error("the account is open already")]
    AlreadyOpen,
    /// The account is over; nothing but questions can be asked of it.
    #[error("the account is closed")]
    AccountClosed,
    /// Reinstating what is not suspended, or suspending what is.
    #[error("the account is {0} already")]
    AlreadySo(&'static str),
    /// An import has not completed. Run the same import again to finish it.
    #[error("the account is being imported; run the same import again to complete it")]
    Importing,
    /// Licences must be within bounds.
    #[error("licences: {to} is not between 1 and {LICENCES_MAX}")]
    BadLicences {
        /// What was asked.
        to: u32,
    },
    /// The change would count from before there was anything to change. Let it count from the opening, or later.
    #[error("licences: they cannot change from a time before the account was opened")]
    BeforeOpening {
        /// From when they first count.
        first: Timestamp,
    },
    /// The licences are that many already from that instant.
    #[error("licences: they are {to} already from that time")]
    SameLicences {
        /// What was asked.
        to: u32,
    },
    /// A setting is out of range. Choose another value.
    #[error("policy: {setting}: {why}")]
    BadSetting {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with its value.
        why: &'static str,
    },
    /// The command changes nothing.
    #[error("policy: no setting is given")]
    NoSetting,
    /// The user was never seen in this account. Add the user first.
    #[error("there is no {0} in this account")]
    UnknownUser(UserId),
    /// The user is in that standing already, or was forgotten.
    #[error("{user} is {standing} already")]
    UserAlready {
        /// Who.
        user: UserId,
        /// What the user is.
        standing: &'static str,
    },
    /// The device was never seen in this account. Look its number up with the account's trail.
    #[error("there is no {0} in this account")]
    UnknownDevice(DeviceId),
    /// The device's entry was erased before, or is named twice. There is nothing left to erase.
    #[error("{0} is forgotten already")]
    DeviceForgotten(DeviceId),
    /// Nobody said why, and somebody will want to know: the policy says so, or it cannot be undone. Give a
    /// reason.
    #[error("a reason is needed: {0}")]
    ReasonNeeded(&'static str),
    /// The site was never added. Add it first.
    #[error("there is no {0} in this account")]
    UnknownSite(SiteId),
    /// The number is not the next free one: somebody else added one meanwhile. Ask again.
    #[error("{0} is not the next free number")]
    NumberTaken(&'static str),
    /// No such session was ever granted.
    #[error("there is no {0} in this account")]
    UnknownSession(SessionId),
    /// The session lost its seat and can never act again. Log in anew.
    #[error("{session} has ended")]
    SessionOver {
        /// Which.
        session: SessionId,
        /// How, if it is among the last few; else the log tells.
        ending: Option<Ending>,
    },
    /// Too young to be released without force.
    #[error(
        "{session} is {age_s} s old; it can be released from {floor_s} s on, or at once if forced"
    )]
    TooYoung {
        /// Which.
        session: SessionId,
        /// Its age in seconds.
        age_s: u64,
        /// The account's release floor in seconds.
        floor_s: u32,
    },
    /// No login with this request id is in line: it was answered, or it left, or it was never asked. Ask
    /// with the same id what became of it, or log in anew.
    #[error("this login is not in line")]
    NotInLine(RequestId),
    /// Nobody asks for seats here: the policy says so. Log in, or choose how long a holder has to answer.
    #[error("the account's policy lets nobody ask for a seat; it is chosen with hand-over")]
    NoHandOvers,
    /// Nobody holds the seat, or its holder is asked already, declined to the same user within the hour, sat
    /// down just now, or has a seat that the asker could not have. Ask without naming a seat, or wait.
    #[error("the holder of {0} cannot be asked for it now")]
    CannotBeAsked(SeatNo),
    /// The seat is not asked for any more: it was answered, or the asker has gone. The seat is kept.
    #[error("{0} is not to be answered: nobody asks for this seat any more")]
    NothingAsked(HandOverId),
    /// The request id was used before, for another user, site or device. Every new attempt needs a new id.
    #[error("this request id was used before, for another login")]
    RequestReused,
    /// The month is closed; its statement is final. What came to be known later is adjusted in the next one.
    #[error("{month} is closed already")]
    PeriodClosed {
        /// Which.
        month: String,
    },
    /// A month before it is open. Close that first.
    #[error("{month} does not follow the last month that was closed")]
    PeriodOutOfOrder {
        /// Which.
        month: String,
    },
    /// More may happen in the month. Wait until it is over.
    #[error("{month} is not over")]
    PeriodNotOver {
        /// Which.
        month: String,
    },
    /// What it says is longer than one commit may be. Say it in several commands, or shorter.
    #[error("it takes {bytes} bytes, one commit holds {EVENT_BYTES_MAX}; ask in several commands")]
    TooLarge {
        /// How long its events are in the record's encoding.
        bytes: usize,
    },
}
