//! `explain` and `trace`: from a statement's line to the commits behind it, and back.

use super::reports::{Shown, caught_up_views, origin, print, record_looks};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use ledger::Position;
use reporting::civil::Month;
use reporting::{Report, Reports};
use seats::{AccountId, Look};
use std::path::Path;

pub(crate) fn explain(
    data: &Path,
    account: &str,
    month: &str,
    line: Option<usize>,
    output: Output,
) -> Result<(), Failure> {
    let month = Month::read(month).map_err(Failure::usage)?;
    ask(data, output, |reports| {
        let account = reports.account(account)?;
        let now = place::now().max(reports.known_until()?);
        Ok(reports.explain(account, month, line, now)?)
    })
}

pub(crate) fn trace(
    data: &Path,
    position: u64,
    shown: Shown<'_>,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let (views, origin) = (caught_up_views(&ledger), origin(&ledger)?);
    let (position, reports) = (Position(position), Reports::new(&views, &origin));
    if shown.naming.no_names {
        return print(&reports.without_names().trace(position)?, output);
    }
    let report = reports.trace(position)?;
    let whose = ledger.record(position)?.map(|record| record.commit.account);
    if let Some(account) = whose.filter(|account| *account != AccountId::SYSTEM) {
        record_looks(&ledger, views, &[account], Look::Trail, None, shown.caller)?;
    }
    print(&report, output)
}

fn ask<R: Report>(
    data: &Path,
    output: Output,
    question: impl FnOnce(&Reports<'_>) -> Result<R, Failure>,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let (views, origin) = (caught_up_views(&ledger), origin(&ledger)?);
    // What is behind a line of a statement is commercial: nobody's name is needed.
    let report = question(&Reports::new(&views, &origin).without_names())?;
    print(&report, output)
}
