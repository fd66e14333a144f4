//! What the machine can do at best: the same bytes appended to a plain file with `fdatasync` after each
//! batch, one batch after the other; the same leaves hashed one by one.

use super::latency::Latency;
use super::{per_second, ticks};
use crate::failure::Failure;
use ledger::{Ledger, Position};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// The encoded commits of a ledger, in order, up to so many.
pub(super) fn commits(ledger: &Ledger, at_most: u64) -> Result<Vec<Vec<u8>>, Failure> {
    let size = ledger.head().size.min(at_most);
    (0..size).map(|position| Ok(ledger.bytes(Position(position))?.unwrap_or_default())).collect()
}

/// Appends the commits, `batch` at a time, for so many seconds or until they are used up; commits a second,
/// and how long each batch took.
pub(super) fn raw_append(
    file: &Path,
    commits: &[Vec<u8>],
    batch: usize,
    seconds: u64,
) -> Result<(u64, Latency), Failure> {
    let unwritable = |error| Failure::unexpected(format!("{}: {error}", file.display()));
    let mut out = File::create(file).map_err(unwritable)?;
    let (mut written, mut latency) = (0_u64, Latency::default());
    let begun = ticks();
    let mut buffer = Vec::new();
    for commits in commits.chunks(batch.max(1)).cycle() {
        let before = ticks();
        if before.saturating_sub(begun) >= seconds * 1_000_000 || commits.is_empty() {
            break;
        }
        buffer.clear();
        commits.iter().for_each(|commit| buffer.extend_from_slice(commit));
        out.write_all(&buffer).and_then(|()| out.sync_data()).map_err(unwritable)?;
        latency.add(ticks().saturating_sub(before));
        written += commits.len() as u64;
    }
    let rate = per_second(written, ticks().saturating_sub(begun));
    std::fs::remove_file(file).map_err(unwritable)?;
    Ok((rate, latency))
}

/// Leaves hashed a second, one after the other, by plain BLAKE3 over the same bytes.
pub(super) fn raw_hash(commits: &[Vec<u8>]) -> u64 {
    let begun = ticks();
    let mut folded = 0_u8;
    for commit in commits {
        folded ^= blake3::hash(commit).as_bytes().first().copied().unwrap_or_default();
    }
    let took = ticks().saturating_sub(begun);
    std::hint::black_box(folded);
    per_second(commits.len() as u64, took)
}
