//! What can go wrong, each with who should do what about it.

use crate::commit::EncodeError;
use crate::position::Position;
use seats::{AccountId, Timestamp};
use std::path::PathBuf;

/// Something on disk is not what was written there.
///
/// An operator must act: nothing is read past it and nothing is written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the ledger is damaged at position {position}: {what}; {way_out}")]
pub struct Damage {
    /// The first position that is known to be affected.
    pub position: Position,
    /// What is wrong with it.
    pub what: String,
    /// What an operator can do.
    pub way_out: String,
}

impl Damage {
    /// Damage whose way out is the usual one.
    pub(crate) fn at(position: Position, what: impl Into<String>) -> Damage {
        Damage { position, what: what.into(), way_out: RESTORE.to_owned() }
    }
}

/// The usual way out of damage.
pub(crate) const RESTORE: &str =
    "restore the directory from a backup, or save what is whole with `seatledger repair`";

/// Why a ledger could not be opened or created.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the directory. Wait for it, or stop it.
    #[error("{dir} is in use by {holder}; wait until it is done, or stop it")]
    InUse {
        /// The ledger's directory.
        dir: PathBuf,
        /// The process, as far as it is known.
        holder: String,
    },
    /// There is no ledger in the directory. Check the path, or create one.
    #[error(
        "there is no ledger in {dir}: {found}; check the path, or create a ledger in an empty directory"
    )]
    NotALedger {
        /// The directory asked for.
        dir: PathBuf,
        /// What stands there instead.
        found: String,
    },
    /// The directory is taken already. Open it, or choose another.
    #[error(
        "{dir} cannot take a new ledger: {found}; open it instead, or choose an empty directory"
    )]
    Taken {
        /// The directory asked for.
        dir: PathBuf,
        /// What stands there.
        found: String,
    },
    /// A newer program wrote it. Use that program.
    #[error("{dir} has the format {found:?}, this program reads {known:?}; use a newer seatledger")]
    Newer {
        /// The ledger's directory.
        dir: PathBuf,
        /// What its `FORMAT` file says.
        found: String,
        /// What it would say if this program had written it.
        known: &'static str,
    },
    /// Something in it is damaged. See [`Damage`].
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The directory of names is missing or damaged, while the log is there. Restore it from a backup as new
    /// as the log; the log itself is not affected.
    #[error(
        "the directory of names, {dir}, {cause}; restore it from a backup taken with the log or after it \
         (the log itself is not affected)"
    )]
    Book {
        /// Where it stands, or should.
        dir: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The operating system refused something. Mend what it names (rights, space, disk) and try again.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The storage engine failed without damage being known. Try again; if it stays, restore from a backup.
    #[error("the storage engine cannot open {dir}: {cause}; {way_out}")]
    Engine {
        /// The engine's directory.
        dir: PathBuf,
        /// What it said, or the message of its panic.
        cause: String,
        /// What an operator can do.
        way_out: String,
    },
    /// What was read could not be.
    #[error(transparent)]
    Read(ReadError),
}

impl OpenError {
    /// Names what was being done when the operating system refused.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> OpenError {
        let what = what.into();
        move |source| OpenError::Io { what, source }
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(damage) => OpenError::Damaged(damage),
            other => OpenError::Read(other),
        }
    }
}

/// Why something stored could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not what was written. See [`Damage`].
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The engine or the operating system refused. Try again; if it stays, stop and look at the disk.
    #[error("{what} could not be read: {cause}")]
    Unavailable {
        /// What was to be read.
        what: String,
        /// What was said.
        cause: String,
    },
}

impl ReadError {
    /// Names what was to be read when something refused.
    pub(crate) fn unavailable<E: ToString>(what: impl Into<String>) -> impl FnOnce(E) -> ReadError {
        let what = what.into();
        move |cause| ReadError::Unavailable { what, cause: cause.to_string() }
    }
}

/// How a store answers a write that did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// Certainly nothing was stored. Trying again is safe.
    #[error("nothing was stored: {0}; try again")]
    Unavailable(String),
    /// It may have been stored or not. Ask again with the same request id once the ledger is open again.
    #[error("what came of it on disk is unknown: {0}")]
    Unknown(String),
    /// An earlier write failed, and this store will not write again. Restart the process; opening finds out
    /// what was stored.
    #[error("writing stopped after an earlier failure: {0}; restart, nothing acknowledged is lost")]
    Poisoned(String),
}

/// Why drafts were not appended. Of the drafts handed over together either all are appended or none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// The account has moved since the draft was decided. Decide again.
    #[error(
        "{account} is at version {actual}, the draft was decided on version {expected}; decide again"
    )]
    Conflict {
        /// Whose history it is.
        account: AccountId,
        /// The version the draft was decided on.
        expected: u64,
        /// The account's version.
        actual: u64,
    },
    /// The draft's `at` lies before that of the account's latest commit. A mistake of the caller.
    #[error(
        "at {at:?} of {account} lies before {latest:?}, that of its latest commit; time never goes back"
    )]
    AtWentBack {
        /// Whose history it is.
        account: AccountId,
        /// The draft's `at`.
        at: Timestamp,
        /// The latest commit's.
        latest: Timestamp,
    },
    /// The draft's `recorded_at` lies before that of the log's latest commit. A mistake of the caller.
    #[error(
        "recorded_at {recorded_at:?} of {account} lies before {latest:?}, that of the log's latest commit"
    )]
    RecordedAtWentBack {
        /// Whose history it is.
        account: AccountId,
        /// The draft's `recorded_at`.
        recorded_at: Timestamp,
        /// The latest commit's.
        latest: Timestamp,
    },
    /// The draft is no valid commit. A mistake of the caller.
    #[error("the draft for {account} is refused: {source}")]
    Encode {
        /// Whose history it is.
        account: AccountId,
        /// Why.
        source: EncodeError,
    },
    /// The account's latest commit could not be read; nothing was stored.
    #[error("the latest commit of {account} could not be read, nothing was stored: {source}")]
    Read {
        /// Whose history it is.
        account: AccountId,
        /// Why.
        source: ReadError,
    },
    /// The store did not take it. The variant says what that means.
    #[error(transparent)]
    Store(#[from] StoreError),
}
