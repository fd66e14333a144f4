//! `fuzz`: bad input for one target or all, for so many seconds each.

use clap::Parser;
use fuzz::{Limits, run, targets};
use std::process::ExitCode;

/// Bends valid inputs at random and looks whether anything does not hold. The same seed gives the same inputs.
#[derive(Parser)]
struct Arguments {
    /// Which input: note, proof, pack, commit, policy, witness or all.
    #[arg(default_value = "all")]
    target: String,
    /// Stop each target after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Stop each target after so many inputs.
    #[arg(long)]
    inputs: Option<u64>,
    /// Unset: from the clock.
    #[arg(long)]
    seed: Option<u64>,
    /// Name every outcome and how often it was seen.
    #[arg(long)]
    outcomes: bool,
    /// Only this input, as a broken campaign kept it.
    #[arg(long)]
    input: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let fresh = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap_or_default().as_micros() as u64
    };
    let seed = arguments.seed.unwrap_or_else(fresh);
    let names = match arguments.target.as_str() {
        "all" => targets::NAMES.to_vec(),
        name => vec![name],
    };
    let unlimited = arguments.seconds.is_none() && arguments.inputs.is_none();
    let seconds = if unlimited { Some(10) } else { arguments.seconds };
    let limits = Limits { seconds, inputs: arguments.inputs };
    for name in names {
        let mut target = match targets::named(name) {
            Ok(target) => target,
            Err(error) => {
                println!("{name}: {error}");
                return ExitCode::from(2);
            }
        };
        if let Some(path) = &arguments.input {
            let input = match std::fs::read(path) {
                Ok(input) => input,
                Err(error) => {
                    println!("{}: {error}", path.display());
                    return ExitCode::from(2);
                }
            };
            println!("{name}: {:?}", target.attempt(&input));
            continue;
        }
        match run(target.as_mut(), seed, limits) {
            Ok(survived) => {
                println!("{name}, seed {seed}: {survived}");
                let outcomes = survived.outcomes.iter().filter(|_| arguments.outcomes);
                outcomes.for_each(|(outcome, times)| println!("  {times} {outcome}"));
            }
            Err(broken) => {
                println!("BROKEN, {name}, seed {seed}, {broken}");
                let (seed, number) = (seed, broken.number);
                println!(
                    "again: cargo run --release -p fuzz -- {name} --seed {seed} --inputs {number}"
                );
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
