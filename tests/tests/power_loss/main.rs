//! The power goes at any moment: the ledger always opens, and nothing that was acknowledged is lost.
//!
//! A child admits logins under `strace`; from the trace the disk is rebuilt as it might be found after a
//! power cut at any system call ([`disk`]), and opened with the real engine. One trace gives many cuts.
//!
//! `POWER_CUTS` says how many (60 unless set), `POWER_SEED` from which seed; it is printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod disk;
mod trace;

use disk::Disk;
use ledger::Ledger;
use scenarios::victim::{self, check_held, check_whole, from_environment};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use trace::Step;

/// Runs the child until it has said so much, and kills it.
fn trace(home: &Path, seed: u64, in_flight: u64, acks: usize) -> Vec<Step> {
    let (dir, out) = (home.join("ledger"), home.join("trace"));
    let mut child = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "4000000", "-e", trace::CALLS, "-o"])
        .arg(&out)
        .arg(env!("CARGO_BIN_EXE_crash_child"))
        .arg(&dir)
        .args([seed.to_string(), in_flight.to_string(), "small".to_owned()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("strace is installed (`apt-get install strace`)");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let heard = lines.map_while(Result::ok).take(acks).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(heard, acks, "the child answered");
    let text = std::fs::read_to_string(&out).unwrap();
    trace::read(&text, &dir)
}

#[test]
fn nothing_acknowledged_is_lost_to_a_power_cut() {
    let cuts = from_environment("POWER_CUTS").unwrap_or(60);
    let seed = from_environment("POWER_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("POWER_CUTS={cuts} POWER_SEED={seed}");
    let mut dice = victim::dice(seed);
    let (mut done, mut acknowledged, mut calls) = (0, 0, 0);
    while done < cuts {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("ledger");
        drop(Ledger::create(&dir, &victim::small()).unwrap());
        let mut disk = Disk::holding(&dir);
        let in_flight = [1, 8, 64, 256][dice(4) as usize];
        let steps = trace(home.path(), dice(1 << 40), in_flight, 200 + dice(3000) as usize);
        calls += steps.len();
        let here = 20.min(cuts - done);
        let mut moments: Vec<usize> =
            (0..here).map(|_| dice(steps.len() as u64) as usize).collect();
        moments.sort_unstable();
        let (mut at, mut acks) = (0, Vec::new());
        for moment in moments {
            for step in &steps[at..moment] {
                disk.apply(step);
                if let Step::Said(line) = step {
                    acks.extend(victim::parse(line));
                }
            }
            at = moment;
            let found = tempfile::tempdir().unwrap();
            let keep = [0, 4, 8, 12, 15, 16][dice(6) as usize];
            disk.lose_power(found.path(), &mut dice, keep);
            let what = format!("cut {done} at call {moment} of {}, {keep}/16 kept", steps.len());
            let ledger = Ledger::open(found.path(), &victim::small())
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            check_held(&ledger, &acks, &what);
            check_whole(&ledger, &what);
            done += 1;
        }
        acknowledged += acks.len();
    }
    println!(
        "{done} power cuts over {calls} system calls, {acknowledged} acknowledged logins, none lost"
    );
}
