//! Full verification of a history: every byte, the tree, the chains and the laws.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::History;
use super::machine::{memory_kib, ticks};
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Measured, Failure> {
    let made = History::take(conditions, history)?;
    let ledger = made.open()?;
    let sample = yardstick::sample(&ledger)?;
    let what = "bytes, tree, chains, laws".to_owned();
    let rounds = Measured::rounds(conditions, &what, |_| {
        let (mut times, begun) = (Times::default(), ticks());
        let mut then = begun;
        let report = ledger::verify::ledger(&ledger, |_, _| {
            let now = ticks();
            times.add(now.saturating_sub(then));
            then = now;
        });
        let took = ticks().saturating_sub(begun);
        if let Some(bad) = report.first_bad {
            return Err(Failure::unexpected(format!("the history does not verify: {bad}")));
        }
        let yardsticks = vec![yardstick::raw_hash(&sample, 1), yardstick::raw_hash(&sample, 2)];
        let facts = vec![
            ("events", report.events),
            ("events_per_s", super::frame::per_second(report.events, took)),
            ("accounts", report.accounts),
            ("peak_memory_mib", memory_kib().1 / 1024),
        ];
        Ok(Round { count: report.commits, took, times, yardsticks, facts })
    })?;
    let sync =
        "none: the history is read only; it was made with one sync for 1,024 commits".to_owned();
    let disk = Some((made.bytes, made.events));
    let unit = "one step of its progress, 65,536 commits or the rest";
    Ok(Measured { what, counted: "commits", unit, disk, sync, rounds })
}
