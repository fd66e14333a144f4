//! Starting: from the start of a process to the answer of its first login, as a service starts, after a stop
//! in good order and after kill -9 with work under way. Beside it, a process that starts and ends.
//!
//! Each start adds a few logins to the history.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::History;
use super::machine::ticks;
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Logins, one after the other, after which a service is killed or stopped.
const COMMANDS: u64 = 500;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Vec<Measured>, Failure> {
    let made = History::take(conditions, history)?;
    // The first start may still have something to tidy.
    start(&made.ledger, COMMANDS, 0)?.stop()?;
    let stopped = measure(conditions, &made, "after a stop in good order", Started::stop)?;
    start(&made.ledger, COMMANDS, 0)?.kill()?;
    let killed = measure(conditions, &made, "after kill -9", Started::kill)?;
    // Leaves it in good order for the next run.
    start(&made.ledger, 0, 0)?.stop()?;
    Ok(vec![stopped, killed])
}

fn measure(
    conditions: &Conditions,
    made: &History,
    what: &str,
    end: impl Fn(Started) -> Result<(), Failure>,
) -> Result<Measured, Failure> {
    let rounds = Measured::rounds(conditions, what, |_| {
        let started = start(&made.ledger, COMMANDS, 0)?;
        let mut times = Times::default();
        times.add(started.took);
        let facts = vec![
            ("events", made.events),
            ("ledger_open_us", started.told("opened_us")),
            ("views_open_us", started.told("views_us")),
            ("memory_mib", started.told("memory_kib") / 1024),
            ("peak_memory_mib", started.told("peak_memory_kib") / 1024),
        ];
        let took = started.took;
        end(started)?;
        let yardsticks = vec![yardstick::process_start()?];
        Ok(Round { count: 1, took, times, yardsticks, facts })
    })?;
    let disk = Some((made.bytes, made.events));
    let sync = "fdatasync before the first answer, as always".to_owned();
    let (counted, unit) = ("starts", "from the start of the process to the first answer");
    Ok(Measured { what: what.to_owned(), counted, unit, disk, sync, rounds })
}

/// A service in a process of its own.
pub(super) struct Started {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Microseconds from the start of the process to its first line.
    pub(super) took: u64,
    /// What it says of itself.
    told: Value,
}

/// Starts a service on a ledger, and waits until it has done its commands.
pub(super) fn start(ledger: &Path, commands: u64, hear: u64) -> Result<Started, Failure> {
    let program = std::env::current_exe().map_err(Failure::unexpected)?;
    let begun = ticks();
    let mut child = Command::new(program)
        .args(["bench", "service"])
        .arg(ledger)
        .args(["--commands", &commands.to_string(), "--hear", &hear.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Failure::unexpected)?;
    let stdin = child.stdin.take();
    let mut lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
    let mut line = || lines.as_mut().and_then(Iterator::next).and_then(Result::ok);
    let told = line().and_then(|line| serde_json::from_str(&line).ok());
    let took = ticks().saturating_sub(begun);
    match (told, line().as_deref()) {
        (Some(told), Some("done")) => Ok(Started { child, stdin, took, told }),
        _ => {
            drop(stdin);
            let ended = child.wait().map_err(Failure::unexpected)?;
            Err(Failure::unexpected(format!("the service that was started ended ({ended})")))
        }
    }
}

impl Started {
    /// A figure that it says of itself.
    pub(super) fn told(&self, name: &str) -> u64 {
        self.told.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// Stops it in good order.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        drop(self.stdin.take());
        match self.child.wait().map_err(Failure::unexpected)? {
            ended if ended.success() => Ok(()),
            ended => Err(Failure::unexpected(format!("the service ended badly ({ended})"))),
        }
    }

    /// kill -9.
    pub(super) fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(Failure::unexpected)?;
        Ok(())
    }
}
