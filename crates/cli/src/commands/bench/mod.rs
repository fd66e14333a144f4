//! `bench`: how fast this machine is, beside the limit of its disk and processor, in one run.
//!
//! One file a subcommand; what they have in common is in `frame` (measure, compare, print), `history` (the
//! history that is measured), `yardstick` (the limits), `machine` (what the machine tells) and `ask` (many
//! questions anywhere in a history).

mod admit;
mod as_of;
mod ask;
mod close;
mod frame;
mod heartbeat;
mod history;
mod machine;
mod memory;
mod open;
mod proofs;
mod replay;
mod rules;
mod service;
mod statement;
mod verify;
mod yardstick;

use crate::args::{Bench, Work};
use crate::failure::Failure;
use crate::output::{self, Output};
use std::path::{Path, PathBuf};

/// What every piece of work needs to know.
struct Conditions<'a> {
    /// A fresh directory for this run.
    home: PathBuf,
    /// The directory of a history that is kept.
    data: Option<&'a Path>,
    seed: u64,
    seconds: u64,
    rounds: u64,
}

impl Conditions<'_> {
    /// When a round that begins now ends, by the monotonic clock.
    fn until(&self) -> u64 {
        machine::ticks() + self.seconds * 1_000_000
    }
}

pub(crate) fn run(data: Option<&Path>, bench: Bench, output: Output) -> Result<(), Failure> {
    if let Work::Service { ledger, commands, hear } = &bench.work {
        return service::run(ledger, *commands, *hear);
    }
    let unusable = |error| Failure::unexpected(format!("{}: {error}", bench.dir.display()));
    std::fs::create_dir_all(&bench.dir).map_err(unusable)?;
    let home = tempfile::Builder::new()
        .prefix("seatledger-bench-")
        .tempdir_in(&bench.dir)
        .map_err(unusable)?;
    let Bench { seed, seconds, rounds, .. } = bench;
    let conditions = &Conditions { home: home.path().to_path_buf(), data, seed, seconds, rounds };
    output::talk(&format!("seed {seed}, in {}", data.unwrap_or(&bench.dir).display()));
    let (name, measured) = match bench.work {
        Work::Admit { load } => ("admit", admit::run(conditions, &load)?),
        Work::Heartbeat { load } => ("heartbeat", heartbeat::run(conditions, &load)?),
        Work::Rules { accounts } => ("rules", vec![rules::run(conditions, accounts)?]),
        Work::Replay { history } => ("replay", vec![replay::run(conditions, history)?]),
        Work::Verify { history } => ("verify", vec![verify::run(conditions, history)?]),
        Work::AsOf { history } => ("as-of", as_of::run(conditions, history)?),
        Work::Statement { history } => ("statement", statement::run(conditions, history)?),
        Work::Close(asked) => ("close", close::run(conditions, &asked)?),
        Work::Open { history } => ("open", open::run(conditions, history)?),
        Work::Proofs { history } => ("proofs", proofs::run(conditions, history)?),
        Work::Memory { accounts } => ("memory", vec![memory::run(conditions, accounts)?]),
        Work::Service { .. } => return Ok(()),
    };
    frame::print(name, conditions, measured, output)
}
