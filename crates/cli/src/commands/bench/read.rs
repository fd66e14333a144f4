//! Reading a history again: replay (read, decode, fold) and full verification, beside plain hashing of the
//! same leaves; what a ledger of so many events costs on disk, and how long it takes to open.

use super::{Conditions, bytes_on_disk, history, per_second, ratio, ticks, yardstick};
use crate::failure::Failure;
use ledger::{Ledger, Options, Position};
use projector::Occupancy;
use seats::AccountId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub(super) const COLUMNS: &[&str] = &["what", "events", "events_per_s", "of_raw_hash", "value"];

pub(super) fn run(conditions: &Conditions, events: u64) -> Result<Vec<Value>, Failure> {
    let dir = conditions.home.join("history");
    let made = history::make(&dir, events, conditions.seed, history::BUSY)?;

    let begun = ticks();
    let ledger = Ledger::open(&dir, &Options::default())?;
    let opened = ticks().saturating_sub(begun);
    let sample = yardstick::commits(&ledger, 500_000)?;
    let leaves_per_s = yardstick::raw_hash(&sample);
    let (replayed, replay_per_s) = replay(&ledger)?;
    let begun = ticks();
    let report = ledger::verify::ledger(&ledger, |_, _| {});
    let verified = ticks().saturating_sub(begun);
    let commits = report.commits;
    drop(ledger);
    if !report.ok {
        return Err(Failure::unexpected("the history just made does not verify"));
    }
    let bytes = bytes_on_disk(&dir);
    let row = |what: &str, per_s: u64, share: Option<String>, value: String| {
        json!({
            "what": what, "events": replayed, "events_per_s": per_s, "of_raw_hash": share,
            "value": value,
        })
    };
    let verify_share = ratio(per_second(commits, verified), leaves_per_s);
    Ok(vec![
        row("append (one sync for 1,024 commits)", made, None, String::new()),
        row("replay: read, decode, fold", replay_per_s, None, String::new()),
        row(
            "verify: bytes, tree, chains, laws",
            per_second(replayed, verified),
            Some(verify_share),
            String::new(),
        ),
        row(
            "raw BLAKE3 of the same leaves",
            per_second(leaves_per_s * replayed / commits.max(1), 1_000_000),
            None,
            format!("{leaves_per_s} leaves/s"),
        ),
        row("on disk", 0, None, format!("{} bytes/event", ratio(bytes, replayed))),
        row("open", 0, None, format!("{opened} us")),
        row("memory", 0, None, format!("{} MiB peak", peak_memory_mib())),
    ])
}

fn replay(ledger: &Ledger) -> Result<(u64, u64), Failure> {
    let mut accounts: BTreeMap<AccountId, Occupancy> = BTreeMap::new();
    let mut events = 0_u64;
    let begun = ticks();
    ledger.replay(Position(0), |record| {
        events += record.commit.events.len() as u64;
        let account = record.commit.account;
        accounts.entry(account).or_insert_with(|| Occupancy::empty(account)).apply(record);
        ControlFlow::Continue(())
    })?;
    Ok((events, per_second(events, ticks().saturating_sub(begun))))
}

/// The most memory this process ever held, as the kernel counts it.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
