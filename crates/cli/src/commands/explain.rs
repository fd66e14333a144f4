//! `explain` and `trace`: from a statement's line to the commits behind it, and back.

use super::reports::{caught_up_views, origin};
use crate::args::Format;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use ledger::Position;
use reporting::civil::Month;
use reporting::{Report, Reports};
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
        Ok(reports.explain(account, month, line)?)
    })
}

pub(crate) fn trace(data: &Path, position: u64, output: Output) -> Result<(), Failure> {
    ask(data, output, |reports| Ok(reports.trace(Position(position))?))
}

fn ask<R: Report>(
    data: &Path,
    output: Output,
    question: impl FnOnce(&Reports<'_>) -> Result<R, Failure>,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let (views, origin) = (caught_up_views(&ledger), origin(&ledger)?);
    let report = question(&Reports::new(&views, &origin))?;
    match output.format {
        Format::Json => output.text(&report.json()),
        Format::Table => output.text(&report.text()),
    }
}
