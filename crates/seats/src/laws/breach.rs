//! What is wrong with a commit that breaks a law.
//!
//! Whoever meets a breach holds a record that is damaged or forged, or was written by faulty rules: keep the
//! ledger as it is, compare it with a backup or a seal kept elsewhere, and report the message.

use crate::event::Effective;
use crate::ids::{DeviceId, HandOverId, SeatNo, SessionId, SiteId, UserId};
use crate::time::Timestamp;
use thiserror::Error;

/// A law that a commit breaks.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Breach {
    /// Law 4 of the design: time never goes back within an account.
    #[error("time goes back from {} to {} µs", from.0, to.0)]
    TimeGoesBack {
        /// `at` of the commit before.
        from: Timestamp,
        /// `at` of this one.
        to: Timestamp,
    },
    /// An account is opened once.
    #[error("the account is opened a second time")]
    OpenedTwice,
    /// An account is opened before anything else happens to it.
    #[error("something happens in an account that was never opened")]
    NotOpened,
    /// Facts of the service stand in the system account, and only they.
    #[error("a fact of the service stands in a customer's account, or the reverse")]
    WrongAccount,
    /// Law 1 of the design: no oversubscription, ever.
    #[error(
        "{session} is granted {seat} as seat {taken} of {limit}: more than licences and overdraft"
    )]
    Oversubscribed {
        /// The session that was granted.
        session: SessionId,
        /// The seat it was granted.
        seat: SeatNo,
        /// Seats held with it.
        taken: u32,
        /// Licences and overdraft then.
        limit: u32,
    },
    /// A seat above the licences is marked as overdraft, because it is billed by that mark.
    #[error(
        "{session} is granted {seat} above the {licences} licences and not marked as overdraft"
    )]
    OverdraftUnmarked {
        /// The session that was granted.
        session: SessionId,
        /// The seat it was granted.
        seat: SeatNo,
        /// Licences then.
        licences: u32,
    },
    /// Only one user sits on a seat.
    #[error("{seat} is granted to {user} while {holder} holds it")]
    SeatHeld {
        /// The seat.
        seat: SeatNo,
        /// To whom it was granted.
        user: UserId,
        /// Who held it.
        holder: UserId,
    },
    /// No grant and no denial without a request; one that names none answers a request of its own commit.
    #[error("a grant or denial answers no open request")]
    NoRequest,
    /// Only a login in line is offered a seat, lets an offer pass or leaves, and only the last login of a
    /// commit is put in line.
    #[error("somebody who is not in line is offered a seat, or leaves the line")]
    NotInLine,
    /// A user is in line once.
    #[error("{0} is in line twice")]
    InLineTwice(UserId),
    /// A login in line is offered one seat at a time, and lets no other pass.
    #[error(
        "a seat is offered to somebody who was offered one, or an offer ends that was not made"
    )]
    Offer,
    /// An offer lapses at its end, and not before.
    #[error("an offer lapses before its end at {} µs", until.0)]
    LapsedEarly {
        /// Its end.
        until: Timestamp,
    },
    /// Offered seats count as held.
    #[error("{seat} is offered while {taken} seats of {limit} are held or offered")]
    OfferedAbove {
        /// The seat that was offered.
        seat: SeatNo,
        /// Seats held and offered without it.
        taken: u32,
        /// Licences and overdraft then.
        limit: u32,
    },
    /// Whoever is in line gets the seat that is offered, and none before one is.
    #[error("{session} is granted {seat} to somebody in line to whom it was not offered")]
    NotOffered {
        /// The session that was granted.
        session: SessionId,
        /// The seat it was granted.
        seat: SeatNo,
    },
    /// Askings for a seat are numbered densely; somebody holds the seat; what is answered was asked, and holder
    /// and asker are still there.
    #[error(
        "{0} is not the next asking for a seat, or is answered though nothing was asked, or by or for nobody"
    )]
    HandOver(HandOverId),
    /// One holder is asked for one asker, and for one seat, and nobody asks for what is the asker's own.
    #[error(
        "{0} asks a holder who is asked already, or is for an asker who asks already, or holds the seat"
    )]
    AskedTwice(HandOverId),
    /// Silence answers when the time to answer is over, and not before.
    #[error("silence answers for a holder before the time to answer is over at {} µs", until.0)]
    AnsweredEarly {
        /// Its end.
        until: Timestamp,
    },
    /// A seat that its holder gave away is granted to the asker in the same commit.
    #[error("{0} is handed over and not granted to who asked for it")]
    HandedToNobody(SeatNo),
    /// Only a seat that its holder gave away, by consent or by silence, is handed over.
    #[error("{0} ends for a hand-over to which its holder did not consent")]
    NotHandedOver(SessionId),
    /// A request is asked once and answered once.
    #[error("a request id is used while the same request is open")]
    RequestOpen,
    /// Session numbers grow, so that whoever lost a seat can never act on it again.
    #[error("{session} is granted after {last}: numbers must grow")]
    SessionReused {
        /// The number that was given.
        session: SessionId,
        /// The highest given before.
        last: SessionId,
    },
    /// A closed account stays closed, a suspended one grants nothing, and only it is reinstated.
    #[error("the account is {0}: it can neither grant a seat nor be changed like this")]
    Standing(&'static str),
    /// A grant goes to a user who was added and is neither suspended nor forgotten.
    #[error("a seat is granted to {0}, who may not log in")]
    UserMayNot(UserId),
    /// Only a session that holds a seat can fall silent, come back or end.
    #[error("{0} holds no seat")]
    NotHeld(SessionId),
    /// Silence is recorded once, and so is its end.
    #[error("{0} is dormant already, or was not")]
    Silence(SessionId),
    /// A last sign of life lies between the grant and the commit.
    #[error("the last sign of life of {0} lies before its grant")]
    LastSeen(SessionId),
    /// Only a dormant session is reclaimed, and only for a grant in the same commit, or in a full commit ahead
    /// of it.
    #[error("{0} is reclaimed though not dormant, or for nobody")]
    Reclaimed(SessionId),
    /// A seat is taken over only for a grant of that seat to its own user in the same commit.
    #[error("{0} is taken over by nobody")]
    TakenOver(SeatNo),
    /// A release has a reason.
    #[error("{0} is released without a reason")]
    NoReason(SessionId),
    /// Licences before a change are what the changes before it say.
    #[error("licences change from {said}, but were {were}")]
    LicencesFrom {
        /// What the change says.
        said: u32,
        /// What the changes before it say of that instant.
        were: u32,
    },
    /// A civil date is that of its instant, in some zone.
    #[error("a change is said to count from day {} since 1970, but its instant is {} µs", .0.date.map_or(0, |day| day.0), .0.instant.0)]
    Dated(Effective),
    /// A user is added once, and forgotten for ever.
    #[error("{0} is added twice, or changed without having been added, or was forgotten")]
    User(UserId),
    /// Sites are numbered densely, and a login names one that was added.
    #[error("{0} is not the next site, or was never added")]
    Site(SiteId),
    /// Devices are numbered densely, and a login names one that was added.
    #[error("{0} is not the next device, or was never added")]
    Device(DeviceId),
    /// Law 8 of the design: a denial is explained, truly.
    #[error("a denial counts {said} seats held or dormant; {counted} are")]
    DenialCounts {
        /// What the denial says.
        said: u32,
        /// What the history says.
        counted: u32,
    },
    /// Nobody sits in an account that is closed.
    #[error("the account is closed while {0} seats are held")]
    ClosedWhileHeld(u32),
    /// An import completes what it started, in an account that nobody used before.
    #[error("an import completes that did not start, or starts in an account in use")]
    Import,
}
