//! What finance and support derive from one account's month: its usage, as `usage` reports it, and its trail
//! in words. The process has the ledger open already.

use super::Conditions;
use super::ask::{Asked, MONTH};
use super::frame::Measured;
use crate::args::HistoryArgs;
use crate::failure::Failure;

/// Blocks that hold one account's commits of a month: about as many as there are commits, because the
/// commits of a thousand other accounts lie in between.
const BLOCKS: u64 = 55;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Vec<Measured>, Failure> {
    let asked = Asked::open(conditions, history)?;
    let usage = asked.measure("usage of a month, anywhere", "logins", BLOCKS, |reports, aim| {
        let (from, to) = (Some(aim.at), Some(aim.at + MONTH));
        Ok(reports.usage(aim.account, from, to, None, None)?.logins)
    })?;
    let trail =
        asked.measure("trail of a month, anywhere", "commits", BLOCKS, |reports, aim| {
            let (from, to) = (Some(aim.at), Some(aim.at + MONTH));
            Ok(reports.trail(aim.account, None, from, to)?.rows.len() as u64)
        })?;
    Ok(vec![usage, trail])
}
