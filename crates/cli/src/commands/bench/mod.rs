//! `bench`: how fast this machine is, beside the limit of its disk and processor, in one run.
//!
//! Every figure stands beside a yardstick taken in the same run: raw appends of the very same bytes, each
//! batch followed by `fdatasync`, for what is durable; hashing of the very same leaves for what is checked.
//! A ledger of its own is made in a directory of its own and removed afterwards.

mod admit;
mod ask;
mod history;
mod latency;
mod read;
mod yardstick;

use crate::args::{Bench, BenchWork, Format};
use crate::failure::Failure;
use crate::output::{self, Output};
use admission::{Clock, SystemClock};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What every piece of work needs to know.
struct Conditions {
    /// A fresh directory for this run.
    home: PathBuf,
    seed: u64,
    seconds: u64,
    rounds: u64,
}

pub(crate) fn run(bench: Bench, output: Output) -> Result<(), Failure> {
    let unusable = |error| Failure::unexpected(format!("{}: {error}", bench.dir.display()));
    std::fs::create_dir_all(&bench.dir).map_err(unusable)?;
    let home = tempfile::Builder::new()
        .prefix("seatledger-bench-")
        .tempdir_in(&bench.dir)
        .map_err(unusable)?;
    let conditions = Conditions {
        home: home.path().to_path_buf(),
        seed: bench.seed,
        seconds: bench.seconds,
        rounds: bench.rounds,
    };
    output::talk(&format!("seed {}, in {}", bench.seed, bench.dir.display()));
    let (columns, rows): (&[&str], Vec<Value>) = match bench.work {
        BenchWork::Admit { in_flight, accounts } => {
            (admit::COLUMNS, admit::run(&conditions, &in_flight, accounts)?)
        }
        BenchWork::Ask { events } => (ask::COLUMNS, ask::run(&conditions, events)?),
        BenchWork::Read { events } => (read::COLUMNS, read::run(&conditions, events)?),
    };
    match output.format {
        Format::Json => output.json(&json!({ "seed": bench.seed, "results": rows })),
        Format::Table => output.table(output::table(columns, &rows)),
    }
}

/// Microseconds by the monotonic clock.
fn ticks() -> u64 {
    SystemClock.monotonic().0
}

/// The next of the numbers that a seed decides; the higher its bits, the better.
fn throw(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *dice
}

/// How many a second, if `count` took `micros`.
fn per_second(count: u64, micros: u64) -> u64 {
    let rate = u128::from(count) * 1_000_000 / u128::from(micros.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// `part` of `whole` as a decimal with two places.
fn ratio(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 100 / u128::from(whole.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The middle one.
fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Bytes in a directory and below it, as the file system counts them.
fn bytes_on_disk(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_on_disk(&entry.path()),
            Ok(data) => data.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
