//! Replay: a whole history read, its blocks checked, its commits decoded and folded into who sits where, on every
//! core.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::History;
use super::machine::{memory_kib, ticks};
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use ledger::Ledger;
use projector::Occupancy;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Events that are timed together.
const TOGETHER: u64 = 10_000;
/// Events of one account after which the others are told.
const TOLD_TOGETHER: u64 = 100;

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

/// Events, microseconds in all, and of about every ten thousand on all cores together.
fn replay(ledger: &Ledger) -> Result<(u64, u64, Times), Failure> {
    let begun = ticks();
    let (told, clock) = (AtomicU64::new(0), Mutex::new((begun, Times::default())));
    let accounts = ledger.fold_accounts(
        |account| (Occupancy::empty(account), 0_u64),
        |(occupancy, events), record| {
            let before = *events / TOLD_TOGETHER;
            *events += record.commit.events.len() as u64;
            occupancy.apply(record);
            // Seldom, so that the cores do not wait for one another.
            if *events / TOLD_TOGETHER > before {
                let all = told.fetch_add(TOLD_TOGETHER, Ordering::Relaxed);
                if (all + TOLD_TOGETHER) / TOGETHER > all / TOGETHER {
                    let (then, times) = &mut *clock.lock().unwrap_or_else(PoisonError::into_inner);
                    let now = ticks();
                    times.add(now.saturating_sub(*then));
                    *then = now;
                }
            }
        },
    )?;
    let took = ticks().saturating_sub(begun);
    let events = accounts.values().map(|(_, events)| events).sum();
    let (_, mut times) = clock.into_inner().unwrap_or_else(PoisonError::into_inner);
    if events < TOGETHER {
        times.add(took);
    }
    Ok((events, took, times))
}
