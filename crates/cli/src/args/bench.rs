//! The command line of `bench`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Bench {
    /// Where to measure if --data is not given: a directory on the disk in question. What is made there is
    /// removed again.
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    pub(crate) dir: PathBuf,
    /// Seed of the load and of the history.
    #[arg(long, default_value_t = 1, global = true)]
    pub(crate) seed: u64,
    /// Seconds of each round, where a round has no end of its own.
    #[arg(long, default_value_t = 5, global = true)]
    pub(crate) seconds: u64,
    /// Rounds. Rates and ratios are the medians of the rounds, percentiles are over all of them.
    #[arg(long, default_value_t = 5, global = true, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) rounds: u64,
    #[command(subcommand)]
    pub(crate) work: Work,
}

const AFTER_HELP: &str = "\
Every figure stands beside a yardstick taken in the same run: what this machine does at best with
the same bytes. docs/bench.md says what each figure means, and names the fields of --format json.

A history is made in --data DIR and used again by the next run that names the same --events,
--accounts and --seed; without --data it is made in --dir and removed. DIR is never a ledger of
yours: one that `bench` did not make is refused.";

#[derive(Subcommand, Debug)]
pub(crate) enum Work {
    /// Durable logins and log-outs through admission, denials included, beside raw appends.
    Admit {
        #[command(flatten)]
        load: LoadArgs,
    },
    /// Signs of life through admission, beside a queue in which nothing is done.
    Heartbeat {
        #[command(flatten)]
        load: LoadArgs,
    },
    /// The rules alone, on one core: settle, decide, apply. No disk.
    Rules {
        /// Accounts among which the commands are spread.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        accounts: u64,
    },
    /// Read, decode and fold a whole history, beside copying and decoding alone.
    Replay {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// Verify a whole history (bytes, tree, chains, laws), beside plain BLAKE3 of the same leaves.
    Verify {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// Who held the seats at an instant, and why somebody was refused, anywhere in a history.
    AsOf {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// One account's month anywhere in a history: its usage, and its trail.
    Statement {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// One month of all accounts closed, month after month, as `close` does it in a process of its own.
    Close(CloseArgs),
    /// From the start of a process to the first grant, after a stop in good order and after kill -9.
    Open {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// Stored nodes, inclusion and consistency proofs, evidence packs and seals, beside plain BLAKE3 and syncs.
    Proofs {
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// Memory of a service with so many accounts, each with ten sessions that are live.
    Memory {
        /// How many accounts.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        accounts: u64,
    },
    /// A service that says when it has answered its first login; started and stopped by `open` and `memory`.
    #[command(hide = true)]
    Service {
        /// The ledger.
        ledger: PathBuf,
        /// Commands carried out after the first answer, so that there is something to recover.
        #[arg(long, default_value_t = 0)]
        commands: u64,
        /// Take every session of the accounts 1 to this up before saying anything.
        #[arg(long, default_value_t = 0)]
        hear: u64,
    },
}

#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// How many requests are in flight at the same time; several, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 1024])]
    pub(crate) in_flight: Vec<usize>,
    /// Accounts among which they are spread.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) accounts: u64,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CloseArgs {
    /// How many accounts.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) accounts: u64,
    /// Sessions of each in a month, about.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) sessions: u64,
    /// Months, the last of which is December 2025; all are there when the first is closed.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub(crate) months: u64,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct HistoryArgs {
    /// How many events the history holds, about.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000_000))]
    pub(crate) events: u64,
    /// How many accounts they belong to. An account has a thousand events a year, so this also says how
    /// many years they span.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) accounts: u64,
}
