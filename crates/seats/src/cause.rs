//! How and why things happen: the small choices that events are made of.
//!
//! Like events they are stored for ever: the order of the variants is their encoding, and a variant is only
//! ever added after the last.

use bincode::{Decode, Encode};

/// Who ended a session by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum EndedBy {
    /// The user pressed Log Out.
    User,
    /// A support agent or the customer's own manager released the seat; the reason stands beside it.
    Release,
}

/// Why a seat was released. Free text, if any, stands in the directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ReleaseReason {
    /// The browser was closed without logging out.
    BrowserClosed,
    /// The holder has gone home or is away.
    HolderAway,
    /// The holder asked for it.
    HolderAsked,
    /// A colleague needs the seat more urgently.
    NeededElsewhere,
    /// The session should not be (shared password, former employee).
    Unauthorised,
    /// Anything else.
    Other,
}

/// Why a session ended without anybody logging it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ExpiryCause {
    /// It was dormant and somebody needed the seat.
    Reclaimed,
    /// The same user's newer login moved onto the seat.
    TakenOver,
    /// No heartbeat within the lease, and the policy frees seats at once; or the session was dormant already
    /// when the policy came to free seats at once.
    LeaseEnded,
    /// No user activity, and the policy frees seats at once.
    Idle,
    /// The browser said goodbye, did not come back within the grace, and the policy frees seats at once.
    Goodbye,
    /// The longest permitted session was over.
    MaxSession,
    /// The user was suspended.
    UserSuspended,
    /// The account was closed.
    AccountClosed,
    /// The seat was handed over to somebody who asked for it.
    HandedOver,
}

/// Why a login was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum DenialReason {
    /// Every seat is held, by live users or by holders the policy protects.
    AllSeatsHeld,
    /// The seats that are free are reserved for other sites.
    SeatsReserved,
    /// The user is logged in already and the policy allows one session.
    AlreadyLoggedIn,
    /// The account admits registered users only, and this is none.
    NotRegistered,
    /// The user is suspended.
    UserSuspended,
    /// The account is suspended.
    AccountSuspended,
    /// The account is closed.
    AccountClosed,
}

/// Why somebody left the line without a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Leaving {
    /// The user gave up.
    GaveUp,
    /// Nothing was heard of the user for as long as the policy says.
    NotHeardOf,
    /// The same user logged in anew; that login has the place in line, or the seat.
    AskedAnew,
    /// The user may not log in any more, or the account is closed.
    Barred,
}

/// How somebody came to see names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Look {
    /// Who held the seats.
    Who,
    /// Why somebody was refused.
    Why,
    /// What happened.
    Trail,
    /// An evidence pack with names.
    Evidence,
    /// Everything that is held about one person.
    SubjectAccess,
    /// The directory itself.
    Directory,
}

/// How the asking for a seat came to an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum HandOverEnd {
    /// The holder gave the seat away.
    Consented,
    /// The holder keeps the seat.
    Declined,
    /// The holder did not answer in time, which is consent.
    Silent,
    /// There is nothing to answer any more: the asker has gone or has got a seat, the holder has gone, or the
    /// asker could not have the seat. The holder, if still there, keeps it.
    Withdrawn,
}
