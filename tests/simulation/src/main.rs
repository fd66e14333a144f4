//! `simulation`: seeds, one after the other, until enough was survived or something breaks.

use clap::Parser;
use simulation::{Plan, Survived, attempt, shrink};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A run takes a second or two; one that takes so long never ends.
const RUN_MAX: Duration = Duration::from_secs(300);

/// Plays admission, ledger and views on a simulated disk and clock. The same seed plays the same run.
#[derive(Parser)]
struct Arguments {
    /// The first seed; the runs after it take the seeds after it. Unset: from the clock.
    #[arg(long)]
    seed: Option<u64>,
    /// Stop after so many runs.
    #[arg(long)]
    runs: Option<u64>,
    /// Stop after so many commands.
    #[arg(long)]
    commands: Option<u64>,
    /// Stop after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// The most steps of a run.
    #[arg(long, default_value_t = u32::MAX)]
    steps: u32,
    /// How many runs shrinking may take.
    #[arg(long, default_value_t = 2_000)]
    tries: u32,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let fresh = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap_or_default().as_micros() as u64
    };
    let first = arguments.seed.unwrap_or_else(fresh);
    let unlimited =
        arguments.runs.is_none() && arguments.commands.is_none() && arguments.seconds.is_none();
    let runs = if unlimited { Some(1) } else { arguments.runs };
    let mut survived = Survived::default();
    println!("first seed {first}");
    loop {
        let enough = runs.is_some_and(|runs| survived.runs >= runs)
            || arguments.commands.is_some_and(|commands| survived.commands >= commands)
            || arguments.seconds.is_some_and(|s| began.elapsed() >= Duration::from_secs(s));
        if enough {
            break;
        }
        let plan = Plan::of(first.wrapping_add(survived.runs), arguments.steps);
        let (ended, watched) = channel::<()>();
        let seed = plan.seed;
        std::thread::spawn(move || {
            if watched.recv_timeout(RUN_MAX) == Err(RecvTimeoutError::Timeout) {
                println!("BROKEN, seed {seed}: the run does not end");
                std::process::exit(1);
            }
        });
        let run = attempt(&plan);
        drop(ended);
        match run {
            Ok(run) => survived += run,
            Err(broken) => {
                println!("BROKEN, seed {}, {broken}", plan.seed);
                println!("again: cargo run --release -p simulation -- --seed {}", plan.seed);
                std::panic::set_hook(Box::new(|_| {}));
                let (small, broken) = shrink(&plan, broken, arguments.tries);
                println!("shrunk to {small}{broken}");
                return ExitCode::FAILURE;
            }
        }
    }
    let millis = began.elapsed().as_millis().max(1) as u64;
    println!("seeds {first} to {}: {survived}", first.wrapping_add(survived.runs));
    println!("{} s, {} commands/s", began.elapsed().as_secs(), survived.commands * 1_000 / millis);
    ExitCode::SUCCESS
}
