//! What the machine can do at best, so that every figure has something to stand beside.

use super::frame::{Times, Yardstick, per_second};
use super::machine::{Dice, ticks};
use crate::failure::Failure;
use ledger::{Commit, Ledger, Position};
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// Commits that stand for all where reading all would take long.
const SAMPLE: u64 = 500_000;

/// What one read of a block takes from the disk at most.
const BLOCK_BYTES: usize = 28 << 10;

/// What is hashed for an inner node of the tree: a mark and two hashes.
const NODE_BYTES: usize = 65;

/// The encoded commits at the beginning of a ledger.
pub(super) fn sample(ledger: &Ledger) -> Result<Vec<Vec<u8>>, Failure> {
    let size = ledger.head().size.min(SAMPLE);
    (0..size).map(|position| Ok(ledger.bytes(Position(position))?.unwrap_or_default())).collect()
}

/// Appends the commits to a plain file, `batch` at a time, with `fdatasync` after each, until `until`.
pub(super) fn raw_append(
    what: &str,
    file: &Path,
    commits: &[Vec<u8>],
    batch: u64,
    until: u64,
) -> Result<Yardstick, Failure> {
    let unwritable = |error| Failure::unexpected(format!("{}: {error}", file.display()));
    let mut out = File::create(file).map_err(unwritable)?;
    let (mut written, mut times) = (0_u64, Times::default());
    let begun = ticks();
    let mut buffer = Vec::new();
    let batch = usize::try_from(batch).unwrap_or(usize::MAX).max(1);
    for commits in commits.chunks(batch).cycle() {
        let before = ticks();
        if before >= until || commits.is_empty() {
            break;
        }
        buffer.clear();
        commits.iter().for_each(|commit| buffer.extend_from_slice(commit));
        out.write_all(&buffer).and_then(|()| out.sync_data()).map_err(unwritable)?;
        times.add(ticks().saturating_sub(before));
        written += commits.len() as u64;
    }
    let per_s = per_second(written, ticks().saturating_sub(begun));
    std::fs::remove_file(file).map_err(unwritable)?;
    let what = format!("raw append + fdatasync of the same bytes, {what}");
    Ok(Yardstick { what, per_s, times })
}

/// Plain BLAKE3 of the same leaves, one after the other, on so many threads.
pub(super) fn raw_hash(commits: &[Vec<u8>], threads: usize) -> Yardstick {
    let begun = ticks();
    std::thread::scope(|scope| {
        for commits in commits.chunks(commits.len().div_ceil(threads).max(1)) {
            scope.spawn(move || {
                commits.iter().for_each(|commit| {
                    black_box(blake3::hash(commit));
                });
            });
        }
    });
    let per_s = per_second(commits.len() as u64, ticks().saturating_sub(begun));
    let (what, times) = (format!("raw BLAKE3, {threads} thread(s)"), Times::default());
    Yardstick { what, per_s, times }
}

/// Plain BLAKE3 of as many inner nodes of the tree as each unit of work has at least, on one thread.
pub(super) fn raw_nodes(nodes: u64, until: u64) -> Yardstick {
    const UNITS_AT_A_TIME: u64 = 1_000;
    let mut node = [1; NODE_BYTES];
    let (begun, mut done) = (ticks(), 0);
    let mut now = begun;
    while now < until || done == 0 {
        for _ in 0..UNITS_AT_A_TIME * nodes {
            // Each depends on the one before it, as in a path.
            let hash = blake3::hash(&node);
            node.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        }
        done += UNITS_AT_A_TIME;
        now = ticks();
    }
    black_box(&node);
    let what = format!("raw BLAKE3 of {nodes} nodes, 1 thread");
    Yardstick { what, per_s: per_second(done, now.saturating_sub(begun)), times: Times::default() }
}

/// Copies the bytes of each commit and decodes it, nothing more. Counts events.
pub(super) fn copy_and_decode(commits: &[Vec<u8>]) -> Result<Yardstick, Failure> {
    let (mut copy, mut commit, mut events) = (Vec::new(), Commit::blank(), 0_u64);
    let begun = ticks();
    for bytes in commits {
        copy.clear();
        copy.extend_from_slice(bytes);
        commit.decode_into(&copy).map_err(Failure::unexpected)?;
        events += black_box(&commit).events.len() as u64;
    }
    let per_s = per_second(events, ticks().saturating_sub(begun));
    let what = "memcpy and decode of the same commits, one thread".to_owned();
    Ok(Yardstick { what, per_s, times: Times::default() })
}

/// A closed loop of so many in flight between two threads, one of which sends back what it gets: a queue in
/// which nothing is done.
pub(super) fn echo(in_flight: usize, until: u64) -> Yardstick {
    let (ask, asked) = mpsc::channel::<(u64, u64)>();
    let (answer, answered) = mpsc::channel::<Vec<(u64, u64)>>();
    let echo = std::thread::spawn(move || {
        while let Ok(first) = asked.recv() {
            let lot = std::iter::once(first).chain(asked.try_iter()).collect();
            if answer.send(lot).is_err() {
                break;
            }
        }
    });
    let (mut open, mut tag, mut done, mut times) = (0, 0_u64, 0_u64, Times::default());
    let begun = ticks();
    let mut now = begun;
    while now < until {
        while open < in_flight {
            tag += 1;
            open += usize::from(ask.send((tag, ticks())).is_ok());
        }
        let Ok(lot) = answered.recv() else { break };
        now = ticks();
        open -= lot.len();
        done += lot.len() as u64;
        lot.iter().for_each(|(_, asked)| times.add(now.saturating_sub(*asked)));
    }
    drop(ask);
    let _ = echo.join(); // It ends when nobody asks any more.
    let what = "the same loop between two threads, nothing decided".to_owned();
    Yardstick { what, per_s: per_second(done, now.saturating_sub(begun)), times }
}

/// Reads and writes back numbers at random in so many bytes of memory, 1,000 at a time.
pub(super) fn random_touch(bytes: u64, until: u64, seed: u64) -> Yardstick {
    let length = (bytes / 8).max(1);
    let mut numbers = vec![1_u64; usize::try_from(length).unwrap_or(1 << 20)];
    let (mut dice, mut done, mut times) = (Dice(seed), 0_u64, Times::default());
    let begun = ticks();
    let mut now = begun;
    while now < until {
        for _ in 0..1_000 {
            let place = usize::try_from(dice.below(length)).unwrap_or_default();
            if let Some(number) = numbers.get_mut(place) {
                *number = number.wrapping_add(1);
            }
        }
        done += 1_000;
        let then = ticks();
        times.add(then.saturating_sub(now));
        now = then;
    }
    black_box(&numbers);
    let what = "one random read and write in as much memory".to_owned();
    Yardstick { what, per_s: per_second(done, now.saturating_sub(begun)), times }
}

/// Reads as many blocks as a question needs at least, anywhere in the log's files, with `pread`.
pub(super) fn reads(
    ledger: &Path,
    blocks: u64,
    until: u64,
    seed: u64,
) -> Result<Yardstick, Failure> {
    let log = ledger.join("log");
    let unread = |error| Failure::unexpected(format!("{}: {error}", log.display()));
    let mut files: Vec<(File, u64)> = Vec::new();
    for volume in std::fs::read_dir(&log).map_err(unread)? {
        let path: PathBuf = volume.map_err(unread)?.path().join("db");
        if let Ok(file) = File::open(&path) {
            let length = file.metadata().map_err(unread)?.len();
            files.push((file, length.saturating_sub(BLOCK_BYTES as u64)));
        }
    }
    let (mut dice, mut done, mut times) = (Dice(seed), 0_u64, Times::default());
    let mut block = vec![0; BLOCK_BYTES];
    let begun = ticks();
    let mut now = begun;
    while now < until {
        for _ in 0..blocks {
            let file = usize::try_from(dice.below(files.len() as u64)).unwrap_or_default();
            let Some((file, length)) = files.get(file) else { break };
            file.read_exact_at(&mut block, dice.below(*length)).map_err(unread)?;
        }
        done += 1;
        let then = ticks();
        times.add(then.saturating_sub(now));
        now = then;
    }
    let what = format!("{blocks} pread(s) of 28 KiB anywhere in the log");
    Ok(Yardstick { what, per_s: per_second(done, now.saturating_sub(begun)), times })
}

/// Starts this program only to say its version.
pub(super) fn process_start() -> Result<Yardstick, Failure> {
    let program = std::env::current_exe().map_err(Failure::unexpected)?;
    let mut times = Times::default();
    let begun = ticks();
    const STARTS: u64 = 20;
    for _ in 0..STARTS {
        let before = ticks();
        let mut command = Command::new(&program);
        let ended = command.arg("--version").stdout(Stdio::null()).status();
        ended.map_err(Failure::unexpected)?;
        times.add(ticks().saturating_sub(before));
    }
    let what = "a process that starts and ends".to_owned();
    Ok(Yardstick { what, per_s: per_second(STARTS, ticks().saturating_sub(begun)), times })
}
