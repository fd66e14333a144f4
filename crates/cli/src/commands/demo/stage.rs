//! Where the demo plays: in an empty directory, or in place of a demo that was played before.
//!
//! A demo leaves the file `demo` in its ledger's directory. Only a directory with that file is ever removed,
//! only the one that is used when none is named, only while no other process works there, and only if
//! nobody has opened an account of their own in it.

use super::ACCOUNT;
use crate::failure::{Failure, Kind};
use crate::place;
use ledger::Kind as EntryKind;
use seats::AccountId;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

const MARK: &str = "demo";
const DEFAULT: &str = "seatledger-demo";

/// The directory to play in: that given, empty; or our own, with what an earlier demo left there removed.
pub(super) fn clean(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = given.unwrap_or(Path::new(DEFAULT)).to_path_buf();
    let used = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    if !used {
        return Ok(dir);
    }
    if given.is_some() || !dir.join(MARK).is_file() {
        let dir = dir.display();
        return Err(Failure::refused(format!(
            "{dir} is not empty; the demo plays in an empty directory: name one with --data"
        )));
    }
    check_own(&dir)?;
    remove(&dir)?;
    Ok(dir)
}

/// Notes that a demo made this ledger.
pub(super) fn mark(dir: &Path) -> Result<(), Failure> {
    let mark = dir.join(MARK);
    fs::write(&mark, "made by `seatledger demo`, which may remove this directory\n")
        .map_err(|error| Failure::unexpected(format!("{}: {error}", mark.display())))
}

/// Refuses if somebody has an account of their own in what a demo left.
fn check_own(dir: &Path) -> Result<(), Failure> {
    let way_out = "remove the directory, or name another with --data";
    let ledger = place::open(dir).map_err(|failure| failure.hint(way_out))?;
    let accounts = place::names(&ledger, AccountId::SYSTEM, EntryKind::Account)?;
    match accounts.iter().find(|(_, name)| name != ACCOUNT) {
        None => Ok(()),
        Some((_, name)) => Err(Failure::refused(format!(
            "{} holds the account {name}, which no demo made; {way_out}",
            dir.display()
        ))),
    }
}

/// Removes a ledger on which nobody works, and on which nobody begins to work meanwhile.
fn remove(dir: &Path) -> Result<(), Failure> {
    let unexpected = |error| Failure::unexpected(format!("removing {}: {error}", dir.display()));
    let lock = File::open(dir.join("lock")).map_err(unexpected)?;
    match lock.try_lock() {
        Ok(()) => fs::remove_dir_all(dir).map_err(unexpected),
        Err(TryLockError::WouldBlock) => {
            let what = format!("{} is in use; wait, or name another with --data", dir.display());
            Err(Failure::new(Kind::InUse, what))
        }
        Err(TryLockError::Error(error)) => Err(unexpected(error)),
    }
}
