//! Closing months as finance does it: `close` in a process of its own, for all accounts, month after month of a
//! history that was there before. Beside it, raw appends of as many commits, synced as often.
//!
//! The history is made anew each time: a closed month is not closed again.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::{Shape, make};
use super::machine::{bytes_on_disk, peak_memory_kib, ticks};
use super::yardstick;
use crate::args::CloseArgs;
use crate::failure::Failure;
use crate::output;
use ledger::{Ledger, Options};
use reporting::civil::{Month, Zone};
use seats::CivilDate;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The last month; its last day is in winter, as the first day of the first one may not be.
const LAST: &str = "2025-12";
/// Commands that make a hundred sessions: logins, log-outs and refusals.
const COMMANDS_A_HUNDRED: u64 = 214;
/// Commits of `close` that are synced together.
const TOGETHER: u64 = 512;
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(20);

const PLAN: &str = "plan = \"bench\"\ncurrency = \"GBP\"\neffective_from = \"2020-01-01\"\n\
                    monthly_fee = \"35.00\"\nsetup_fee = \"150.00\"\n";

pub(super) fn run(conditions: &Conditions, asked: &CloseArgs) -> Result<Vec<Measured>, Failure> {
    let dir = conditions.data.unwrap_or(&conditions.home);
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::refused(format!(
            "{} is not empty; months are closed once, so `bench close` makes its own history: name another \
             directory with --data, or none",
            dir.display()
        )));
    }
    let months = months(asked.months)?;
    let dir = dir.join("ledger");
    let zone = Zone::parse("Europe/London").map_err(Failure::unexpected)?;
    let first = |day: CivilDate| zone.first_instant(day).ok_or_else(|| Failure::unexpected(LAST));
    let (begin, end) = match months.as_slice() {
        [begin, .., end] => (first(begin.first_day())?, first(end.next_first_day())?),
        [only] => (first(only.first_day())?, first(only.next_first_day())?),
        [] => return Ok(Vec::new()),
    };
    let CloseArgs { accounts, sessions, .. } = *asked;
    let commands_a_year = (sessions * 12 * COMMANDS_A_HUNDRED / 100).max(1);
    let wanted = accounts * sessions * months.len() as u64 * 10 / 3;
    let events = wanted.saturating_mul(2); // The end of the last month comes first.
    let shape = Shape { accounts, begin, end, events, commands_a_year, plan: Some(PLAN) };
    let events = make(&dir, shape, conditions.seed)?;
    let commits = yardstick::sample(&Ledger::open(&dir, &Options::default())?)?;
    let one = |month: &Month| one(conditions, &dir, *month, asked, events, &commits);
    months.iter().map(one).collect()
}

/// As many months as were asked for, the last at the end.
fn months(count: u64) -> Result<Vec<Month>, Failure> {
    let mut months = vec![Month::read(LAST).map_err(Failure::unexpected)?];
    while (months.len() as u64) < count {
        let before = months.last().map(|month| CivilDate(month.first_day().0.saturating_sub(1)));
        months.extend(before.and_then(Month::of));
    }
    months.reverse();
    Ok(months)
}

/// Closes a month of all accounts.
fn one(
    conditions: &Conditions,
    dir: &Path,
    month: Month,
    asked: &CloseArgs,
    events: u64,
    commits: &[Vec<u8>],
) -> Result<Measured, Failure> {
    let CloseArgs { accounts, sessions, .. } = *asked;
    output::talk(&format!("close --month {month}, {accounts} accounts"));
    let answer = conditions.home.join("answer.json");
    let written = File::create(&answer).map_err(Failure::unexpected)?;
    let program = std::env::current_exe().map_err(Failure::unexpected)?;
    let begun = ticks();
    let mut child = Command::new(program)
        .arg("--data")
        .arg(dir)
        .args(["close", "--month", &month.to_string(), "--format", "json"])
        .stdout(Stdio::from(written))
        .stderr(Stdio::null())
        .spawn()
        .map_err(Failure::unexpected)?;
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(peak_memory_kib(child.id()));
        match child.try_wait().map_err(Failure::unexpected)? {
            Some(ended) => break ended,
            None => std::thread::sleep(LOOK),
        }
    };
    let took = ticks().saturating_sub(begun);
    let told: Value = File::open(&answer)
        .map_err(Failure::unexpected)
        .and_then(|file| serde_json::from_reader(file).map_err(Failure::unexpected))?;
    let closed = told.get("closed").and_then(Value::as_u64).unwrap_or_default();
    if !ended.success() || closed != accounts {
        return Err(Failure::unexpected(format!("{closed} of {accounts} closed ({ended})")));
    }
    let mut times = Times::default();
    times.add(took / accounts);
    let (raw, until) = (conditions.home.join("raw"), conditions.until());
    let beside = format!("raw appends, fdatasync after {TOGETHER} each");
    let yardsticks = vec![yardstick::raw_append(&beside, &raw, commits, TOGETHER, until)?];
    let facts = vec![
        ("accounts", accounts),
        ("sessions", accounts * sessions),
        ("events", events),
        ("took_ms", took / 1_000),
        ("peak_memory_mib", peak / 1_024),
    ];
    let rounds = vec![Round { count: accounts, took, times, yardsticks, facts }];
    let disk = Some((bytes_on_disk(dir), events));
    let sync =
        "a group of closings is synced before it is told; seals as there is a key".to_owned();
    let (counted, unit) = ("months of one account", "one account, the mean");
    Ok(Measured { what: month.in_words(), counted, unit, disk, sync, rounds })
}
