//! The ledger the command works on: opening it, finding accounts and users in it by name.

use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output;
use admission::{Admission, Answered, Clock, Error, FromViews, Request, SystemClock};
use ledger::book::Entry;
use ledger::{BookError, Kind as EntryKind, Ledger, OpenError, Options, Position, ReadError, Role};
use projector::{AsOf, Projector, Views};
use reporting::civil::{Zone, show_utc};
use reporting::names::{Names, find_account};
use seats::notation::Notation;
use seats::{AccountId, Micros, Rejection, SiteId, Timestamp, UserId};
use std::path::Path;

/// Refuses if there is nothing in `dir`, not even the directory.
pub(crate) fn check_there(dir: &Path) -> Result<(), Failure> {
    if dir.exists() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "there is no ledger in {}; `seatledger account open NAME --licences N` makes one, --data names \
         another directory",
        dir.display()
    )))
}

/// Opens the ledger in `dir`.
pub(crate) fn open(dir: &Path) -> Result<Ledger, Failure> {
    check_there(dir)?;
    let ledger = Ledger::open(dir, &Options::default())?;
    // What the log forgets is shown to nobody, also after a crash or from a restored directory. A log that
    // cannot be read says so to whoever reads it.
    let _ = admission::finish_forgetting(&ledger);
    Ok(ledger)
}

/// Opens the ledger in `dir`, or makes one there.
pub(crate) fn open_or_create(dir: &Path) -> Result<Ledger, Failure> {
    Ok(Ledger::open_or_create(dir, &Options::default())?)
}

/// Does something through admission, and stops it in good order. `account` is the one it is about, whose
/// names a refusal is told in.
pub(crate) fn admit<T>(
    ledger: Ledger,
    account: Option<AccountId>,
    work: impl AsyncFnOnce(&Admission) -> Result<T, Error>,
) -> Result<T, Failure> {
    let views = views_of_long(&ledger, account)?;
    admit_through(ledger, account, views, work)
}

/// The same, taking accounts up through these views.
pub(crate) fn admit_through<T>(
    ledger: Ledger,
    account: Option<AccountId>,
    views: Option<Views>,
    work: impl AsyncFnOnce(&Admission) -> Result<T, Error>,
) -> Result<T, Failure> {
    remark_on_clock(&ledger)?;
    admit_at(ledger, account, views, SystemClock, work)
}

/// The same by this clock, with these views.
pub(crate) fn admit_at<T>(
    ledger: Ledger,
    account: Option<AccountId>,
    views: Option<Views>,
    clock: impl Clock,
    work: impl AsyncFnOnce(&Admission) -> Result<T, Error>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::unexpected(format!("cannot start: {error}")))?;
    let (done, stopped) = runtime.block_on(async {
        let options = admission::Options::one_shot();
        let admission = match views {
            Some(views) => {
                Admission::start_from(ledger.clone(), options, clock, FromViews::new(views))?
            }
            None => Admission::start(ledger.clone(), options, clock)?,
        };
        let done = work(&admission).await;
        Ok::<_, Failure>((done, admission.stop().await))
    })?;
    match (done, stopped) {
        (Ok(done), Ok(())) => Ok(done),
        (Ok(_), Err(reason)) => {
            Err(Failure::unexpected(format!("it was recorded, but at the end {reason}")))
        }
        (Err(Error::Unknown | Error::Stopped), Err(reason)) => Err(Failure::unexpected(format!(
            "{reason}. Whether the command was recorded is not known until that is mended: then look, with \
             `seatledger log`, before asking again"
        ))),
        (Err(Error::Rejected(rejection)), _) => Err(rejected(&ledger, account, &rejection)?),
        (Err(error), _) => Err(error.into()),
    }
}

/// Asks admission for something by hand, with who asks and why.
pub(crate) fn ask(
    ledger: Ledger,
    account: AccountId,
    request: Request,
    caller: &Caller,
    usual: Role,
) -> Result<Answered, Failure> {
    let (request, actor) = (caller.because(request), caller.actor(usual));
    admit(ledger, Some(account), async |admission| admission.ask(request, actor).await)
}

/// Commits of an account from which on opening the views costs less than reading its history.
const LONG: u64 = 1 << 12;

/// The views, if this account's history is long and somebody has asked for them before.
fn views_of_long(ledger: &Ledger, account: Option<AccountId>) -> Result<Option<Views>, Failure> {
    let head = account.map(|account| ledger.account_head(account)).transpose()?.flatten();
    let kept = ledger.views_dir().is_some_and(|dir| dir.exists());
    if !kept || head.is_none_or(|head| head.version < LONG) {
        return Ok(None);
    }
    // Without views it is slower, not wrong.
    Ok(Projector::open(ledger).and_then(Result::ok).map(|projector| projector.views()))
}

/// How long a ledger may lie still before somebody is asked whether the clock is right.
const STILL_MAX: Micros = Micros::from_secs(31 * 86_400);

/// Asks whether the clock is right if the ledger was written to long ago: what is recorded with a clock that
/// runs ahead stays.
fn remark_on_clock(ledger: &Ledger) -> Result<(), Failure> {
    let (now, last) = (now(), recorded_at(ledger)?);
    if last > Timestamp::ZERO && now.since(last) > STILL_MAX {
        output::talk(&format!(
            "note: the clock says {}, and the ledger was last written to at {}; if the clock is wrong, set \
             it right first",
            show_utc(now),
            show_utc(last)
        ));
    }
    Ok(())
}

/// When the ledger was last written to; the beginning of time if it never was.
pub(crate) fn recorded_at(ledger: &Ledger) -> Result<Timestamp, Failure> {
    let last = ledger.head().size.checked_sub(1).map(|last| ledger.record(Position(last)));
    let last = last.transpose()?.flatten();
    Ok(last.map_or(Timestamp::ZERO, |record| record.commit.recorded_at))
}

/// What the rules said, in the account's names and times.
fn rejected(
    ledger: &Ledger,
    account: Option<AccountId>,
    rejection: &Rejection,
) -> Result<Failure, Failure> {
    let kind = match rejection {
        Rejection::BadLicences { .. } | Rejection::BadSetting { .. } | Rejection::NoSetting => {
            Kind::Usage
        }
        _ => Kind::Refused,
    };
    if let Rejection::ReasonNeeded(_) = rejection {
        return Ok(Failure::new(kind, rejection).hint("say why, --reason TEXT"));
    }
    let Some(account) = account else { return Ok(Failure::new(kind, rejection)) };
    let names = Names::new(ledger.book(), account);
    let recorded = Views::without_snapshots(ledger).as_of(account, AsOf::Now)?;
    let zone = zone(recorded.account.zone())?;
    let time = |at: Timestamp| zone.show(at);
    let said = Notation { names: &names, time: &time }.rejection(rejection);
    Ok(Failure::new(kind, said.strip_prefix("refused: ").unwrap_or(&said)))
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
            | OpenError::Book { .. }
            | OpenError::Engine { .. }
            | OpenError::Read(_) => Kind::Damaged,
            OpenError::Io { .. } => Kind::Unexpected,
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

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let kind = match &error {
            Error::BadText(_)
            | Error::BadZone { .. }
            | Error::TooLong(_)
            | Error::TooMany { .. } => Kind::Usage,
            Error::Rejected(_)
            | Error::UnknownAccount
            | Error::UnknownSite { .. }
            | Error::NameTaken { .. } => Kind::Refused,
            Error::Unreadable { .. } => Kind::Damaged,
            Error::ClockStepped { from, to } => {
                return Failure::unexpected(format!(
                    "the clock says {}, but the ledger was written to at {}: set the clock right; if it is \
                     right as it stands, `seatledger clock confirm`",
                    show_utc(*to),
                    show_utc(*from)
                ));
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use admission::{LoginRequest, NewAccount, request_id};
    use ledger::Actor;
    use ledger::memory::{Fault, MemoryStore};

    const APP: Actor = Actor { role: Role::App, id: 0 };

    /// A login whose group meets a fault of the store: what is said of it.
    fn said_of(fault: Fault) -> Failure {
        let store = MemoryStore::new();
        let ledger = Ledger::in_memory(store.clone()).unwrap();
        let new = NewAccount::new("clinic", "Europe/London", 1);
        let open = async |admission: &Admission| admission.open_account(new, APP).await;
        let account = admit(ledger.clone(), None, open).unwrap().account;
        store.inject(fault);
        let (user, site, device) = ("alice".into(), None, None);
        let request = request_id("r1").unwrap();
        let login = LoginRequest { account, user, site, device, request };
        admit(ledger, Some(account), async |admission| admission.log_in(login, APP).await)
            .unwrap_err()
    }

    #[test]
    fn a_record_that_fails_says_why_and_what_is_not_known() {
        let failure = said_of(Fault::Sync { blocks: 0, row: false });
        assert!(failure.is_unexpected());
        let said = failure.what();
        for part in [
            "the record failed: ",
            "Whether the command was recorded is not known",
            "seatledger log",
        ] {
            assert!(said.contains(part), "{part:?} is not in {said:?}");
        }
        assert!(!said.contains("request id"), "whoever made no id cannot use it: {said:?}");
    }

    #[test]
    fn a_record_that_refuses_says_that_nothing_was_recorded() {
        let failure = said_of(Fault::Refuse);
        assert!(failure.is_unexpected());
        assert!(failure.what().contains("nothing was recorded"), "{:?}", failure.what());
    }
}
