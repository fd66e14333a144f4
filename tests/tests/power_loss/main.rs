//! The power goes at any moment: the ledger always opens, and nothing that was acknowledged is lost.
//!
//! A child admits logins under `strace`; from the trace the disk is rebuilt as it might be found after a
//! power cut at any system call ([`disk`]), and opened with the real engine. One trace gives many cuts. What one
//! in ten leaves is taken up by another child, and the power goes again, most often while it opens the ledger.
//!
//! Two other tests do the same to a ledger that is being sealed, or is forgetting people ([`deeds`]).
//!
//! `POWER_CUTS` says how many (60 unless set), `POWER_SEED` from which seed; it is printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod deeds;
mod disk;
mod trace;

use disk::Disk;
use ledger::Ledger;
use scenarios::victim::{self, Acknowledged, check_held, check_whole, from_environment};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use trace::Step;

/// Runs a child until it has said so much, and kills it.
fn trace(home: &Path, child: &str, arguments: &[String], acks: usize) -> Vec<Step> {
    let (dir, out) = (home.join("ledger"), home.join("trace"));
    let mut child = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "4000000", "-e", trace::CALLS, "-o"])
        .arg(&out)
        .arg(child)
        .arg(&dir)
        .args(arguments)
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

/// One life of the ledger: the disk as it found it, and what was done to it.
struct Life {
    home: TempDir,
    disk: Disk,
    steps: Vec<Step>,
}

impl Life {
    /// Lets the child work on the ledger in `home` until it has answered so often.
    fn traced(home: TempDir, dice: &mut impl FnMut(u64) -> u64, acks: usize) -> Life {
        let disk = Disk::holding(&home.path().join("ledger"));
        let in_flight = [1, 8, 64, 256][dice(4) as usize];
        let arguments = [dice(1 << 40).to_string(), in_flight.to_string(), "small".to_owned()];
        let steps = trace(home.path(), env!("CARGO_BIN_EXE_crash_child"), &arguments, acks);
        Life { home, disk, steps }
    }

    /// Lets the other child do such deeds until it has said so much.
    fn of_deeds(home: TempDir, deed: &str, dice: &mut impl FnMut(u64) -> u64, said: usize) -> Life {
        let disk = Disk::holding(&home.path().join("ledger"));
        let arguments = [dice(1 << 40).to_string(), deed.to_owned()];
        let steps = trace(home.path(), env!("CARGO_BIN_EXE_deed_child"), &arguments, said);
        Life { home, disk, steps }
    }

    /// How many system calls were made.
    fn calls(&self) -> usize {
        self.steps.len()
    }

    /// So many moments, at random.
    fn moments(&self, many: u64, dice: &mut impl FnMut(u64) -> u64) -> Vec<usize> {
        (0..many).map(|_| dice(self.steps.len() as u64) as usize).collect()
    }

    /// Cuts the power at these moments, in order, and shows `found` each time what is on the disk then and
    /// what had been acknowledged.
    fn cut(
        self,
        moments: Vec<usize>,
        mut acks: Vec<Acknowledged>,
        dice: &mut impl FnMut(u64) -> u64,
        mut found: impl FnMut(TempDir, &[Acknowledged], String, &mut dyn FnMut(u64) -> u64),
    ) -> usize {
        let (before, mut read) = (acks.len(), 0);
        self.cut_lines(moments, dice, |home, lines, what, dice| {
            acks.extend(lines[read..].iter().filter_map(|line| victim::parse(line)));
            read = lines.len();
            found(home, &acks, what, dice);
        });
        acks.len() - before
    }

    /// The same, with every line that had been said.
    fn cut_lines(
        mut self,
        mut moments: Vec<usize>,
        dice: &mut impl FnMut(u64) -> u64,
        mut found: impl FnMut(TempDir, &[String], String, &mut dyn FnMut(u64) -> u64),
    ) {
        moments.sort_unstable();
        let (mut at, mut lines) = (0, Vec::new());
        for moment in moments {
            for step in &self.steps[at..moment] {
                self.disk.apply(step);
                if let Step::Said(line) = step {
                    lines.push(line.clone());
                }
            }
            at = moment;
            let home = tempfile::tempdir().unwrap();
            let keep = [0, 4, 8, 12, 15, 16][dice(6) as usize];
            self.disk.lose_power(&home.path().join("ledger"), dice, keep);
            let what = format!("cut at call {moment} of {}, {keep}/16 kept", self.steps.len());
            found(home, &lines, what, &mut *dice);
        }
        drop(self.home);
    }

    /// Up to which step nothing had been said: the child was still opening what it found.
    fn opening(&self) -> usize {
        self.steps.iter().position(|step| matches!(step, Step::Said(_))).unwrap_or(self.steps.len())
    }
}

/// Opens what was found and holds it against what was acknowledged.
fn check(home: &Path, acks: &[Acknowledged], what: &str) {
    let ledger = Ledger::open(&home.join("ledger"), &victim::small())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    check_held(&ledger, acks, what);
    check_whole(&ledger, what);
}

/// What decides, and how often the power goes: one in `part` of what was asked for.
fn dice_and_cuts(over: &str, part: u64) -> (impl FnMut(u64) -> u64, u64) {
    let cuts = from_environment("POWER_CUTS").unwrap_or(60);
    let seed = from_environment("POWER_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("{over}: one in {part} of POWER_CUTS={cuts}, POWER_SEED={seed}");
    (victim::dice(seed), cuts.div_ceil(part))
}

#[test]
fn nothing_acknowledged_is_lost_to_a_power_cut() {
    let (mut dice, cuts) = dice_and_cuts("logins", 1);
    let (mut done, mut again, mut acknowledged, mut calls) = (0, 0, 0, 0);
    while done < cuts {
        let home = tempfile::tempdir().unwrap();
        drop(Ledger::create(&home.path().join("ledger"), &victim::small()).unwrap());
        let asked = 200 + dice(3000) as usize;
        let life = Life::traced(home, &mut dice, asked);
        calls += life.steps.len();
        let here = 20.min(cuts - done);
        let moments = (0..here).map(|_| dice(life.steps.len() as u64) as usize).collect();
        let mut first = 0;
        acknowledged += life.cut(moments, Vec::new(), &mut dice, |home, acks, what, dice| {
            let what = format!("cut {done}: {what}");
            first += 1;
            if first % 10 != 5 {
                check(home.path(), acks, &what);
                done += 1;
                return;
            }
            // The power goes a second time, most often while what the first cut left is being mended.
            let mut dice = |below| dice(below);
            let asked = 1 + dice(50) as usize;
            let life = Life::traced(home, &mut dice, asked);
            let (opening, all) = (life.opening() as u64, life.steps.len() as u64);
            let mut moments: Vec<usize> = (0..4).map(|_| dice(opening + 1) as usize).collect();
            moments.push(dice(all) as usize);
            calls += life.steps.len();
            life.cut(moments, acks.to_vec(), &mut dice, |home, acks, second, _| {
                check(home.path(), acks, &format!("{what}; then {second}"));
                done += 1;
                again += 1;
            });
        });
    }
    println!(
        "{done} power cuts, {again} of them in a second life, over {calls} system calls, \
         {acknowledged} acknowledged logins, none lost"
    );
}
