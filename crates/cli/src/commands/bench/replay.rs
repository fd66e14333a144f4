//! Replay: a whole history read, its blocks checked, its commits decoded and folded into who sits where.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::History;
use super::machine::{memory_kib, ticks};
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use ledger::{Ledger, Position};
use projector::Occupancy;
use seats::AccountId;
use std::ops::ControlFlow;

/// Events that are timed together.
const TOGETHER: u64 = 10_000;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Measured, Failure> {
    let made = History::take(conditions, history)?;
    let ledger = made.open()?;
    let sample = yardstick::sample(&ledger)?;
    let what = "read, decode, fold".to_owned();
    let rounds = Measured::rounds(conditions, &what, |_| {
        let (count, took, times) = replay(&ledger)?;
        let facts = vec![
            ("events", count),
            ("commits", ledger.head().size),
            ("accounts", history.accounts),
            ("peak_memory_mib", memory_kib().1 / 1024),
        ];
        let yardsticks = vec![yardstick::copy_and_decode(&sample)?];
        Ok(Round { count, took, times, yardsticks, facts })
    })?;
    let sync =
        "none: the history is read only; it was made with one sync for 1,024 commits".to_owned();
    let disk = Some((made.bytes, made.events));
    Ok(Measured { what, counted: "events", unit: "10,000 events", disk, sync, rounds })
}

/// Events, microseconds in all, and of every ten thousand.
fn replay(ledger: &Ledger) -> Result<(u64, u64, Times), Failure> {
    // Accounts are numbered densely from 0.
    let mut accounts: Vec<Option<Occupancy>> = Vec::new();
    let (mut events, mut times) = (0_u64, Times::default());
    let begun = ticks();
    let mut then = begun;
    ledger.replay(Position(0), |record| {
        let before = events / TOGETHER;
        events += record.commit.events.len() as u64;
        let AccountId(account) = record.commit.account;
        let place = usize::try_from(account).unwrap_or_default();
        if place >= accounts.len() {
            accounts.resize(place + 1, None);
        }
        if let Some(slot) = accounts.get_mut(place) {
            slot.get_or_insert_with(|| Occupancy::empty(AccountId(account))).apply(record);
        }
        if events / TOGETHER > before {
            let now = ticks();
            times.add(now.saturating_sub(then));
            then = now;
        }
        ControlFlow::Continue(())
    })?;
    Ok((events, ticks().saturating_sub(begun), times))
}
