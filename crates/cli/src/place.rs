//! The ledger the command works on: opening it, finding accounts and users in it by name.

use crate::failure::{Failure, Kind};
use admission::{Admission, Clock, SystemClock};
use ledger::{BookError, Kind as EntryKind, Ledger, OpenError, Options, ReadError, Subject};
use reporting::civil::Zone;
use reporting::nearest::nearest;
use seats::notation::Naming;
use seats::{AccountId, DeviceId, SiteId, Timestamp, UserId};
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

/// The account of that name (or `account-3`).
pub(crate) fn account(ledger: &Ledger, name: &str) -> Result<AccountId, Failure> {
    if let Some(account) = ledger.book().account_named(name)? {
        return Ok(account);
    }
    let numbered = name.strip_prefix("account-").and_then(|number| number.parse().ok());
    if let Some(account) = numbered.map(AccountId)
        && account != AccountId::SYSTEM
        && ledger.account_head(account)?.is_some()
    {
        return Ok(account);
    }
    let known = names(ledger, AccountId::SYSTEM, EntryKind::Account)?;
    let known: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
    Err(Failure::refused(format!("there is no account {name:?}{}", suggestion(name, &known))))
}

/// The user of that name (or `user-7`) in an account.
pub(crate) fn user(ledger: &Ledger, account: AccountId, name: &str) -> Result<UserId, Failure> {
    let found = ledger.book().number_of(account, EntryKind::User, name)?;
    if let Some(user) = found.and_then(|number| u32::try_from(number).ok()) {
        return Ok(UserId(user));
    }
    if let Some(number) = name.strip_prefix("user-").and_then(|number| number.parse().ok()) {
        return Ok(UserId(number));
    }
    let known = names(ledger, account, EntryKind::User)?;
    let known: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
    let hint = suggestion(name, &known);
    Err(Failure::refused(format!("there is no user {name:?} in this account{hint}")))
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
    let named = entries.into_iter().filter_map(|(number, entry)| {
        entry.profile().map(|profile| (number, profile.name().to_owned()))
    });
    Ok(named.collect())
}

/// A time zone that was recorded, or given.
pub(crate) fn zone(name: &str) -> Result<Zone, Failure> {
    Zone::parse(name).map_err(Failure::usage)
}

fn suggestion(wanted: &str, known: &[&str]) -> String {
    match nearest(wanted, known.iter().copied()).as_slice() {
        [] if known.is_empty() => String::from("; there is none yet"),
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

/// The names of one account's numbers, looked up in the directory.
pub(crate) struct Directory<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) account: AccountId,
}

impl Directory<'_> {
    fn name(&self, subject: Subject) -> Option<String> {
        self.ledger.book().name(subject).ok().flatten()
    }
}

impl Naming for Directory<'_> {
    fn user(&self, user: UserId) -> Option<String> {
        self.name(Subject::user(self.account, user))
    }
    fn site(&self, site: SiteId) -> Option<String> {
        self.name(Subject::site(self.account, site))
    }
    fn device(&self, device: DeviceId) -> Option<String> {
        self.name(Subject::device(self.account, device))
    }
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
