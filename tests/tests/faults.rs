//! A disk that fails: a call answers EIO or ENOSPC. The writer stops for good, says so, and nothing that was
//! acknowledged before is lost; nothing is acknowledged after.
//!
//! strace makes the calls of a child fail (`-e inject`). `FAULTS` says how many (40 unless set),
//! `FAULT_SEED` from which seed; it is printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use ledger::Ledger;
use scenarios::victim::{self, Acknowledged, check_held, check_whole, from_environment};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a child came to whose calls were made to fail.
struct Life {
    heard: Vec<Acknowledged>,
    /// Acknowledged after the first call on the journal that failed.
    after: usize,
    failed: usize,
    last_words: String,
}

/// One failure, and how many logins are on their way at once.
#[derive(Debug)]
struct Plan {
    call: &'static str,
    error: &'static str,
    /// Which call of a thread fails, with a `+` if all later ones do too.
    when: String,
    in_flight: u64,
    seed: u64,
}

fn live(home: &Path, plan: &Plan) -> Life {
    let trace = home.join("trace");
    let mut child = Command::new("strace")
        .args(["-f", "-y", "-o"])
        .arg(&trace)
        .args(["-e", &format!("trace={},write", plan.call)])
        .args(["-e", &format!("inject={}:error={}:when={}", plan.call, plan.error, plan.when)])
        .arg(env!("CARGO_BIN_EXE_crash_child"))
        .arg(home.join("ledger"))
        .args([plan.seed.to_string(), plan.in_flight.to_string(), "small".to_owned()])
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace is installed (`apt-get install strace`)");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let heard: Vec<Acknowledged> =
        lines.take(2000).filter_map(|line| victim::parse(&line)).collect();
    // One that never came to the call that fails has heard enough.
    let _ = child.kill();
    let mut last_words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut last_words).unwrap();
    child.wait().unwrap();
    let trace = std::fs::read_to_string(&trace).unwrap();
    let failed = trace.lines().filter(|line| line.contains("(INJECTED)")).count();
    // Elsewhere a failure may concern the tidying of an old volume only, which is done another time.
    let fatal = |line: &&str| line.contains("(INJECTED)") && line.contains("/journal/");
    let after = trace.lines().skip_while(|line| !fatal(line));
    let after = after.filter(|line| line.contains("write(1<") && line.contains("\"ack ")).count();
    Life { heard, after, failed, last_words }
}

#[test]
fn a_disk_that_fails_stops_the_writer_and_loses_nothing() {
    let faults = from_environment("FAULTS").unwrap_or(40);
    let seed = from_environment("FAULT_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("FAULTS={faults} FAULT_SEED={seed}");
    let mut dice = victim::dice(seed);
    let (mut failed, mut acknowledged) = (0, 0);
    for round in 0..faults {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("ledger");
        drop(Ledger::create(&dir, &victim::small()).unwrap());
        let (call, calls) =
            [("fdatasync", 300), ("pwrite64", 600), ("fsync", 8), ("rename", 3)][dice(4) as usize];
        let error = ["EIO", "ENOSPC"][dice(2) as usize];
        let when = format!("{}{}", 1 + dice(calls), ["", "+"][dice(2) as usize]);
        let in_flight = [1, 16, 128][dice(3) as usize];
        let plan = Plan { call, error, when, in_flight, seed: dice(1 << 40) };
        let life = live(home.path(), &plan);
        let what = format!("round {round}: {plan:?}: {}", life.last_words);
        if life.failed > 0 {
            failed += 1;
            // Groups that were durable already may still be answered: what is in flight at most.
            assert!(
                life.after as u64 <= 2 * in_flight,
                "{} acknowledged after: {what}",
                life.after
            );
        }
        let ledger =
            Ledger::open(&dir, &victim::small()).unwrap_or_else(|error| panic!("{error}: {what}"));
        check_held(&ledger, &life.heard, &what);
        check_whole(&ledger, &what);
        acknowledged += life.heard.len();
    }
    assert!(failed * 2 > faults, "{failed} of {faults} failed at all");
    println!("{failed} of {faults} disks failed, {acknowledged} acknowledged logins, none lost");
}
