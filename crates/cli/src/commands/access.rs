//! `access`: who looked at names, and who changed what by hand.

use crate::args::Range;
use crate::commands::reports::{caught_up_views, origin, print};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use reporting::Reports;
use reporting::civil::Zone;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    account: Option<&str>,
    range: &Range,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let (views, origin) = (caught_up_views(&ledger), origin(&ledger)?);
    let reports = Reports::new(&views, &origin);
    let account = account.map(|name| reports.account(name)).transpose()?;
    let zone = account.map_or(Ok(Zone::UTC), |account| reports.zone(account))?;
    let read = |text: &Option<String>| text.as_ref().map(|text| zone.read_time(text)).transpose();
    let (from, to) = (read(&range.from), read(&range.to));
    let (from, to) = (from.map_err(Failure::usage)?, to.map_err(Failure::usage)?);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        let (from, to) = (zone.show(from), zone.show(to));
        return Err(Failure::usage(format!("the range ends ({to}) before it begins ({from})")));
    }
    print(&reports.access(account, from, to)?, output)
}
