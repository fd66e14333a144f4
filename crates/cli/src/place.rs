//! The ledger the command works on: opening it, finding accounts and users in it by name.

use crate::failure::{Failure, Kind};
use admission::{Admission, Clock, SystemClock};
use ledger::book::Entry;
use ledger::{BookError, Kind as EntryKind, Ledger, OpenError, Options, ReadError};
use reporting::civil::Zone;
use reporting::names::{Names, find_account};
use seats::{AccountId, SiteId, Timestamp, UserId};
use std::path::Path;

/// Opens the ledger in `dir`.
pub(crate) fn open(dir: &Path) -> Result<Ledger, Failure> {
    if !dir.exists() {
        return Err(Failure::refused(format!(
            "there is no ledger in {}; `seatledger account open NAME --licences N` makes one, --data \
             names another directory",
            dir.display()
        )));
    }
    Ok(Ledger::open(dir, &Options::default())?)
}

/// Opens the ledger in `dir`, or makes one there.
pub(crate) fn open_or_create(dir: &Path) -> Result<Ledger, Failure> {
    Ok(Ledger::open_or_create(dir, &Options::default())?)
}

/// Does something through admission, and stops it in good order.
pub(crate) fn admit<T>(
    ledger: Ledger,
    work: impl AsyncFnOnce(&Admission) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::unexpected(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let options = admission::Options::one_shot();
        let admission = Admission::start(ledger, options, SystemClock)?;
        let done = work(&admission).await;
        let stopped = admission.stop().await;
        let done = done?;
        stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))?;
        Ok(done)
    })
}

/// What time it is.
pub(crate) fn now() -> Timestamp {
    SystemClock.wall()
}

/// The account of that name or number.
pub(crate) fn account(ledger: &Ledger, name: &str) -> Result<AccountId, Failure> {
    let found = find_account(ledger.book(), name);
    let found = found.map_err(|near| unknown(format!("there is no account {name:?}"), &near))?;
    match ledger.account_head(found)? {
        Some(_) => Ok(found),
        None => Err(unknown(format!("there is no account {name:?}"), &[])),
    }
}

/// The user of that name or number in an account.
pub(crate) fn user(ledger: &Ledger, account: AccountId, name: &str) -> Result<UserId, Failure> {
    let names = Names::new(ledger.book(), account);
    let found = names.find_user(name);
    found.map_err(|near| unknown(format!("{} has no user {name:?}", names.account()), &near))
}

fn unknown(what: String, near: &[String]) -> Failure {
    match near {
        [] => Failure::refused(what),
        near => Failure::refused(format!("{what}; did you mean {}?", near.join(" or "))),
    }
}

/// The site of that name in an account.
pub(crate) fn site(ledger: &Ledger, account: AccountId, name: &str) -> Option<SiteId> {
    let number = ledger.book().number_of(account, EntryKind::Site, name).ok().flatten()?;
    u16::try_from(number).ok().map(SiteId)
}

/// Every name of a kind, with its number.
pub(crate) fn names(
    ledger: &Ledger,
    scope: AccountId,
    kind: EntryKind,
) -> Result<Vec<(u64, String)>, BookError> {
    let entries = ledger.book().entries(scope, kind)?;
    let named = entries.into_iter().filter_map(|(number, entry)| match entry {
        Entry::Known(profile) => Some((number, profile.name().to_owned())),
        Entry::Forgotten | Entry::Unknown => None,
    });
    Ok(named.collect())
}

/// A time zone that was recorded, or given.
pub(crate) fn zone(name: &str) -> Result<Zone, Failure> {
    Zone::parse(name).map_err(Failure::usage)
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        let kind = match &error {
            OpenError::InUse { .. } => Kind::InUse,
            OpenError::Taken { .. } => Kind::Refused,
            OpenError::NotALedger { .. }
            | OpenError::Newer { .. }
            | OpenError::Damaged(_)
            | OpenError::Read(_) => Kind::Damaged,
            OpenError::Io { .. } | OpenError::Engine { .. } => Kind::Unexpected,
        };
        Failure::new(kind, error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::new(Kind::Damaged, error)
    }
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Failure {
        Failure::new(Kind::Damaged, error)
    }
}

impl From<admission::Error> for Failure {
    fn from(error: admission::Error) -> Failure {
        use admission::Error;
        let kind = match &error {
            Error::BadText(_) | Error::BadZone { .. } => Kind::Usage,
            Error::Rejected(_) | Error::UnknownAccount | Error::UnknownSite { .. } => Kind::Refused,
            Error::Unreadable { .. } => Kind::Damaged,
            _ => Kind::Unexpected,
        };
        Failure::new(kind, error)
    }
}

impl From<admission::StartError> for Failure {
    fn from(error: admission::StartError) -> Failure {
        Failure::unexpected(error)
    }
}
