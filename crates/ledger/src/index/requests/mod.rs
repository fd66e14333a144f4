//! Runs: which commit a login request stands in, sorted, on disk, for the commits of one or more volumes.
//!
//! ```text
//!  0            8       16     24     32        64
//!  +------------+-------+------+------+---------+----------------------+--------+--------------------------+
//!  | "seatreq1" | first | end  | rows | BLAKE3  | per bucket:          | filter | per request:             |
//!  |            | u64   | u64  | u64  |         |  row u32, check u32  |        |  key 6 bytes, position 6 |
//!  +------------+-------+------+------+---------+----------------------+--------+--------------------------+
//!                             numbers big end first; rows in order of key
//! ```
//!
//! The key is the first 48 bits of `BLAKE3(account ‖ request)`. Keys are spread evenly, so the leading bits
//! name a bucket of about 256 rows; one read of 3 KiB answers, and the [`Filter`], which is kept in memory,
//! saves most of those. The BLAKE3 covers what is before it, the buckets and the filter, and is checked when
//! the run is opened; `check` is the first four bytes of the BLAKE3 of the bucket's rows and is checked
//! whenever the bucket is read. A key found means: look there. A key not found means: never asked.
//!
//! Two runs of similar size are merged into one, so a log of *n* volumes has at most log2(n) runs.

mod filter;
mod layout;
mod writing;

pub(super) use writing::{merge, merged};

use crate::error::ReadError;
use crate::position::Position;
use filter::Filter;
use layout::{BUCKET_BYTES, HEADER_BYTES, KEY_BITS, Layout, ROW_BYTES, bucket_of, check_of};
use seats::{AccountId, RequestId};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KIND: &[u8; 8] = b"seatreq1";
const CHECKED_HEADER_BYTES: usize = 32;

/// Rows in order of key.
pub(super) type Rows = Box<dyn Iterator<Item = io::Result<(u64, Position)>>>;

/// An open run.
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    file: File,
    layout: Layout,
    pub(super) first: Position,
    pub(super) end: Position,
    pub(super) rows: u64,
    // Row at which each bucket begins, and its check.
    buckets: Vec<(u32, u32)>,
    filter: Filter,
}

/// What a request is sorted by.
pub(crate) fn key(account: AccountId, request: RequestId) -> u64 {
    let mut bytes = [0; 24];
    let (front, back) = bytes.split_at_mut(8);
    front.copy_from_slice(&account.0.to_be_bytes());
    back.copy_from_slice(&request.0);
    let digest = blake3::hash(&bytes);
    u64::from_be_bytes(*digest.as_bytes().first_chunk().unwrap_or(&[0; 8])) >> (64 - KEY_BITS)
}

impl Run {
    /// The name of the run for the commits from `first` to before `end`.
    pub(super) fn name(first: Position, end: Position) -> String {
        format!("requests-{:020}-{:020}", first.0, end.0)
    }

    /// Opens a run; `None` if it is damaged.
    pub(super) fn open(path: &Path) -> io::Result<Option<Run>> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut header = [0; HEADER_BYTES];
        if length < HEADER_BYTES as u64 {
            return Ok(None);
        }
        file.read_exact_at(&mut header, 0)?;
        let (checked, digest) = header.split_at(CHECKED_HEADER_BYTES);
        let (numbers, _) = checked.as_chunks();
        let [_, first, end, rows] = numbers else { return Ok(None) };
        let [first, end, rows] = [first, end, rows].map(|number| u64::from_be_bytes(*number));
        let Some(layout) = Layout::of(rows).filter(|layout| layout.length == length) else {
            return Ok(None);
        };
        let mut rest = vec![0; layout.buckets * BUCKET_BYTES + layout.filter_bytes];
        file.read_exact_at(&mut rest, HEADER_BYTES as u64)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(checked).update(&rest);
        if hasher.finalize().as_bytes() != digest || !checked.starts_with(KIND) {
            return Ok(None);
        }
        let (buckets, filter) = rest.split_at(layout.buckets * BUCKET_BYTES);
        let (pairs, _) = buckets.as_chunks::<BUCKET_BYTES>();
        let buckets = pairs.iter().map(|[a, b, c, d, e, f, g, h]| {
            (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))
        });
        let (buckets, filter) = (buckets.collect(), Filter::decode(filter));
        let (path, first, end) = (path.to_owned(), Position(first), Position(end));
        Ok(Some(Run { path, file, layout, first, end, rows, buckets, filter }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the positions at which a request with this key may stand.
    pub(super) fn find(&self, key: u64, found: &mut Vec<Position>) -> Result<(), ReadError> {
        if !self.filter.may_hold(key) {
            return Ok(());
        }
        let unread = ReadError::unavailable(format!("{}", self.path.display()));
        let rows = self.bucket(bucket_of(key, self.buckets.len())).map_err(unread)?;
        let rows = rows.ok_or_else(|| self.damaged())?.into_iter();
        found.extend(rows.filter(|(other, _)| *other == key).map(|(_, position)| position));
        Ok(())
    }

    /// All rows in order.
    pub(super) fn rows(run: &Arc<Run>) -> Rows {
        let run = Arc::clone(run);
        Box::new((0..run.buckets.len()).flat_map(move |bucket| match run.bucket(bucket) {
            Ok(Some(rows)) => rows.into_iter().map(Ok).collect(),
            Ok(None) => vec![Err(io::Error::other(run.damaged()))],
            Err(error) => vec![Err(error)],
        }))
    }

    /// Takes a run whose rows are damaged out of use: opening the ledger again builds it anew.
    fn damaged(&self) -> ReadError {
        let aside = self.path.with_extension("damaged");
        // If it cannot be renamed it is found damaged again; wrong it never answers.
        let _ = std::fs::rename(&self.path, aside);
        ReadError::Unavailable {
            what: format!("the index of requests {}", self.path.display()),
            cause: "it is damaged; opening the ledger again builds it anew from the log".to_owned(),
        }
    }

    /// One bucket's rows; `None` if they are damaged.
    fn bucket(&self, bucket: usize) -> io::Result<Option<Vec<(u64, Position)>>> {
        let Some((start, check)) = self.buckets.get(bucket).copied() else { return Ok(None) };
        let end = self.buckets.get(bucket + 1).map_or(self.rows, |(next, _)| u64::from(*next));
        let start = u64::from(start);
        if start > end || end > self.rows {
            return Ok(None);
        }
        let mut bytes = vec![0; (end - start) as usize * ROW_BYTES];
        self.file.read_exact_at(&mut bytes, self.layout.rows_at + start * ROW_BYTES as u64)?;
        if check != check_of(&blake3::hash(&bytes)) {
            return Ok(None);
        }
        let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
        Ok(Some(rows.iter().map(decode).collect()))
    }
}

fn decode(row: &[u8; ROW_BYTES]) -> (u64, Position) {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *row;
    let position = u64::from_be_bytes([0, 0, g, h, i, j, k, l]);
    (u64::from_be_bytes([0, 0, a, b, c, d, e, f]), Position(position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rows(count: u64, seed: u64) -> Vec<(u64, Position)> {
        let account = AccountId(seed);
        let row = |n: u64| {
            let mut request = [0; 16];
            request[..8].copy_from_slice(&n.to_le_bytes());
            (key(account, RequestId(request)), Position(seed * 1_000_000 + n))
        };
        let mut rows: Vec<_> = (0..count).map(row).collect();
        rows.sort_unstable();
        rows
    }

    fn write(dir: &Path, rows: &[(u64, Position)], first: u64, end: u64) -> Arc<Run> {
        let count = rows.len() as u64;
        let rows = rows.iter().copied().map(Ok);
        Arc::new(Run::write(dir, Position(first), Position(end), count, rows).unwrap())
    }

    fn find(run: &Run, key: u64) -> Vec<Position> {
        let mut found = Vec::new();
        run.find(key, &mut found).unwrap();
        found
    }

    #[test]
    fn every_row_is_found_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        for count in [0, 1, 255, 256, 511, 512, 513, 5000] {
            let rows = rows(count, 1);
            let run = write(dir.path(), &rows, 0, count);
            for (key, position) in &rows {
                assert_eq!(find(&run, *key), [*position]);
                assert_eq!(find(&run, key ^ 1), []);
            }
            assert_eq!(Run::rows(&run).map(Result::unwrap).collect::<Vec<_>>(), rows);
            assert_eq!((run.first, run.end, run.rows), (Position(0), Position(count), count));
        }
    }

    #[test]
    fn rows_with_one_key_are_all_found() {
        let dir = tempfile::tempdir().unwrap();
        let key = 0x1234_5678_9ABC;
        let rows: Vec<_> = (0..700).map(|n| (key, Position(n))).collect();
        let run = write(dir.path(), &rows, 0, 700);
        assert_eq!(find(&run, key), (0..700).map(Position).collect::<Vec<_>>());
    }

    #[test]
    fn a_merged_run_holds_the_rows_of_both() {
        let dir = tempfile::tempdir().unwrap();
        let (left, right) = (rows(3000, 1), rows(1700, 2));
        let older = write(dir.path(), &left, 0, 10);
        let newer = write(dir.path(), &right, 10, 30);
        let merged = Arc::new(merge(dir.path(), &older, &newer).unwrap());
        assert_eq!((merged.first, merged.end), (Position(0), Position(30)));
        let expected: BTreeSet<_> = left.into_iter().chain(right).collect();
        let found: Vec<_> = Run::rows(&merged).map(Result::unwrap).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_changed_byte_is_noticed_before_it_answers() {
        let dir = tempfile::tempdir().unwrap();
        let rows = rows(600, 1);
        let path = write(dir.path(), &rows, 0, 600).path().to_owned();
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut changed = whole.clone();
            changed[byte] ^= 8;
            std::fs::write(&path, &changed).unwrap();
            let Some(run) = Run::open(&path).unwrap() else { continue };
            assert!(byte >= HEADER_BYTES, "byte {byte} of the header");
            for (key, position) in rows.iter().step_by(50) {
                let mut found = Vec::new();
                assert!(run.find(*key, &mut found).is_err() || found == [*position], "byte {byte}");
            }
            assert!(Run::rows(&Arc::new(run)).any(|row| row.is_err()), "byte {byte}");
            assert!(!path.exists(), "a damaged run is taken out of use");
        }
    }
}
