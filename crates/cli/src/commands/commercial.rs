//! `report`: commercial reports over a range of months, of all accounts or one.

use super::reports::{caught_up_views, origin, print, views_of_all};
use crate::args::Report;
use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::place;
use ledger::whole;
use reporting::Reports;
use reporting::commercial::{Accounts, Scope};
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    asked: &Report,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let months = asked.months()?;
    let ledger = place::open(data)?;
    let views = match asked.account {
        Some(_) => caught_up_views(&ledger),
        None => views_of_all(&ledger),
    };
    let origin = origin(&ledger)?;
    let reports = Reports::new(&views, &origin).without_names();
    let accounts = match &asked.account {
        Some(name) => Accounts::One(reports.account(name)?),
        None => Accounts::All,
    };
    let now = caller.clock.unwrap_or_else(place::now).max(reports.known_until()?);
    let scope = Scope { accounts, months, now };
    let liveness = |account| admission::saved_signs(&ledger, account).ok();
    let report = reports.commercial(asked.kind, &scope, liveness)?;
    match &asked.csv {
        Some(path) => {
            let file = exports::report::csv(&report, asked.kind, months)?;
            keep(path, &file.bytes, output)?;
        }
        None => print(&report, output)?,
    }
    match report.balances() {
        true => Ok(()),
        false => Err(Failure::new(Kind::Damaged, report.notes().join("; "))),
    }
}

/// Writes a file that must not be there yet.
pub(crate) fn keep(path: &Path, bytes: &[u8], output: Output) -> Result<(), Failure> {
    if path.exists() {
        let why = "is there already; move it away, or name another file";
        return Err(Failure::refused(format!("csv: {} {why}", path.display())));
    }
    let kept = whole::write(path, whole::OPEN, |file| file.write_all(bytes));
    kept.map_err(|error| Failure::usage(format!("csv: {}: {error}", path.display())))?;
    output.done(&format!("{}: {} bytes", path.display(), bytes.len()))
}
