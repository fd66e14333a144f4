//! kill -9 at random moments, again and again on one ledger: it always reopens, and nothing that was
//! acknowledged is lost.
//!
//! `CRASH_ROUNDS` says how many kills (30 unless set); the seed is printed. After each kill the ledger is held
//! to what was acknowledged in the lives since the last full check; every tenth time, and at the end, to
//! everything that ever was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use ledger::Ledger;
use scenarios::victim::{Acknowledged, check_held, check_whole, from_environment, parse};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const FULL_CHECK_EVERY: u64 = 10;

fn child(dir: &std::path::Path, seed: u64, in_flight: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_crash_child"))
        .arg(dir)
        .args([seed.to_string(), in_flight.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// Runs a child, kills it after so many acknowledgements and so many microseconds more, and gives back
/// everything it had acknowledged.
fn kill_one(
    dir: &std::path::Path,
    seed: u64,
    in_flight: u64,
    acks: u64,
    micros: u64,
) -> Vec<Acknowledged> {
    let mut child = child(dir, seed, in_flight);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().expect("the child says something").unwrap();
    assert_eq!(ready, "ready", "the ledger reopens");
    let mut heard = Vec::new();
    for _ in 0..acks {
        heard.push(lines.next().expect("the child goes on").unwrap());
    }
    // Not to wait for anything: to fall at another point of the child's work each time.
    std::thread::sleep(Duration::from_micros(micros));
    child.kill().unwrap();
    child.wait().unwrap();
    heard.extend(lines.map_while(Result::ok));
    heard.iter().filter_map(|line| parse(line)).collect()
}

#[test]
fn nothing_acknowledged_is_lost_to_kill_9() {
    let rounds = from_environment("CRASH_ROUNDS").unwrap_or(30);
    let seed = from_environment("CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("CRASH_ROUNDS={rounds} CRASH_SEED={seed}");
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let mut acknowledged = Vec::new();
    let (mut size, mut checked) = (0, 0);
    for round in 0..rounds {
        let dice = (seed ^ round).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let in_flight = [1, 16, 64, 1024][(dice >> 60) as usize % 4];
        let (acks, micros) = ((dice >> 20) % 400, (dice >> 40) % 3_000);
        acknowledged.extend(kill_one(&dir, seed ^ (round << 32), in_flight, acks, micros));

        let ledger = Ledger::open(&dir, &ledger::Options::default())
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert!(ledger.head().size >= size, "round {round}: the log never shrinks");
        size = ledger.head().size;
        let what = format!("round {round}");
        check_held(&ledger, &acknowledged[checked..], &what);
        if round % FULL_CHECK_EVERY == FULL_CHECK_EVERY - 1 || round + 1 == rounds {
            check_held(&ledger, &acknowledged, &what);
            check_whole(&ledger, &what);
            checked = acknowledged.len();
        }
    }
    assert!(acknowledged.len() as u64 > rounds, "the children got to work");
    println!(
        "{rounds} kills, {} acknowledged logins, {size} commits, none lost",
        acknowledged.len()
    );
}
