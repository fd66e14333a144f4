//! Runs: which commit a login request stands in, sorted, on disk, for the commits of one or more volumes.
//!
//! ```text
//!  0            8       16     24     32        64
//!  +------------+-------+------+------+---------+----------------------+-----------------------------+
//!  | "seatreq1" | first | end  | rows | BLAKE3  | per bucket:          | per request:                |
//!  |            | u64   | u64  | u64  |         |  row u32, check u32  |  key 6 bytes, position 6    |
//!  +------------+-------+------+------+---------+----------------------+-----------------------------+
//!                             numbers big end first; rows in order of key
//! ```
//!
//! The key is the first 48 bits of `BLAKE3(account ‖ request)`. Keys are spread evenly, so the leading bits
//! name a bucket of about 256 rows; one read of 3 KiB answers. The BLAKE3 covers what is before it and the
//! buckets and is checked when the run is opened; `check` is the first four bytes of the BLAKE3 of the
//! bucket's rows and is checked whenever the bucket is read. A key found means: look there. A key not found
//! means: never asked.
//!
//! Two runs of similar size are merged into one, so a log of *n* volumes has at most log2(n) runs.

use super::checked::put_in_place;
use crate::error::ReadError;
use crate::position::Position;
use seats::{AccountId, RequestId};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KIND: &[u8; 8] = b"seatreq1";
const HEADER_BYTES: usize = 64;
const CHECKED_HEADER_BYTES: usize = 32;
const BUCKET_BYTES: usize = 8;
const ROW_BYTES: usize = 12;
const KEY_BITS: u32 = 48;
const ROWS_A_BUCKET: u64 = 256;

/// An open run.
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    file: File,
    pub(super) first: Position,
    pub(super) end: Position,
    pub(super) rows: u64,
    // Row at which each bucket begins, and its check.
    buckets: Vec<(u32, u32)>,
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

    /// Writes a run of `rows` requests, given in order of key, and opens it.
    pub(super) fn write(
        dir: &Path,
        first: Position,
        end: Position,
        count: u64,
        rows: impl Iterator<Item = io::Result<(u64, Position)>>,
    ) -> io::Result<Run> {
        let path = dir.join(Run::name(first, end));
        let part = path.with_extension("part");
        let mut directory = Directory::new(count);
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        file.seek(SeekFrom::Start(
            (HEADER_BYTES + directory.bucket_count() * BUCKET_BYTES) as u64,
        ))?;
        for row in rows {
            let (key, position) = row?;
            let row = encode(key, position);
            directory.add(key, &row);
            file.write_all(&row)?;
        }
        let header = directory.finish(first, end);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        put_in_place(&part, &path)?;
        Run::open(&path)?
            .ok_or_else(|| io::Error::other(format!("{} does not read as written", path.display())))
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
        let number = |at: usize| {
            header
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .map_or(0, |n| u64::from_be_bytes(*n))
        };
        let (first, end, rows) = (Position(number(8)), Position(number(16)), number(24));
        let bucket_count = bucket_count(rows) as u64;
        let fits = rows.checked_mul(ROW_BYTES as u64).and_then(|bytes| {
            bytes.checked_add(HEADER_BYTES as u64)?.checked_add(bucket_count * BUCKET_BYTES as u64)
        });
        if fits != Some(length) || !header.starts_with(KIND) {
            return Ok(None);
        }
        let mut directory = vec![0; bucket_count as usize * BUCKET_BYTES];
        file.read_exact_at(&mut directory, HEADER_BYTES as u64)?;
        let (checked, digest) = header.split_at(CHECKED_HEADER_BYTES);
        let mut hasher = blake3::Hasher::new();
        hasher.update(checked).update(&directory);
        if hasher.finalize().as_bytes() != digest {
            return Ok(None);
        }
        let (pairs, _) = directory.as_chunks::<BUCKET_BYTES>();
        let buckets = pairs.iter().map(|[a, b, c, d, e, f, g, h]| {
            (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))
        });
        let buckets = buckets.collect();
        Ok(Some(Run { path: path.to_owned(), file, first, end, rows, buckets }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the positions at which a request with this key may stand.
    pub(super) fn find(&self, key: u64, found: &mut Vec<Position>) -> Result<(), ReadError> {
        let bucket = bucket_of(key, self.buckets.len());
        let rows = self
            .bucket(bucket)
            .map_err(ReadError::unavailable(format!("{}", self.path.display())))?;
        let Some(rows) = rows else {
            return Err(self.damaged());
        };
        found.extend(
            rows.into_iter().filter(|(other, _)| *other == key).map(|(_, position)| position),
        );
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
        let Some((start, check)) = self.buckets.get(bucket).copied() else {
            return Ok(None);
        };
        let end = self.buckets.get(bucket + 1).map_or(self.rows, |(next, _)| u64::from(*next));
        let start = u64::from(start);
        if start > end || end > self.rows {
            return Ok(None);
        }
        let mut bytes = vec![0; (end - start) as usize * ROW_BYTES];
        let offset =
            (HEADER_BYTES + self.buckets.len() * BUCKET_BYTES) as u64 + start * ROW_BYTES as u64;
        self.file.read_exact_at(&mut bytes, offset)?;
        if check != check_of(&blake3::hash(&bytes)) {
            return Ok(None);
        }
        let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
        Ok(Some(rows.iter().map(decode).collect()))
    }
}

/// Rows in order of key.
pub(super) type Rows = Box<dyn Iterator<Item = io::Result<(u64, Position)>>>;

/// Several rows in order as one. Whoever sees an error stops.
pub(super) fn merged(rows: Vec<Rows>) -> impl Iterator<Item = io::Result<(u64, Position)>> {
    let mut rows: Vec<_> = rows.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let mut least: Option<((u64, Position), usize)> = None;
        for (index, rows) in rows.iter_mut().enumerate() {
            match rows.peek() {
                Some(Ok(row)) if least.is_none_or(|(other, _)| *row < other) => {
                    least = Some((*row, index))
                }
                Some(Err(_)) => return rows.next(),
                _ => {}
            }
        }
        rows.get_mut(least?.1)?.next()
    })
}

/// Merges two runs, of which `newer` begins where `older` ends, into one.
pub(super) fn merge(dir: &Path, older: &Arc<Run>, newer: &Arc<Run>) -> io::Result<Run> {
    let rows = merged(vec![Run::rows(older), Run::rows(newer)]);
    Run::write(dir, older.first, newer.end, older.rows + newer.rows, rows)
}

/// The buckets of a run that is being written.
struct Directory {
    count: u64,
    buckets: Vec<(u32, u32)>,
    bucket_count: usize,
    rows: u32,
    hasher: blake3::Hasher,
}

impl Directory {
    fn new(count: u64) -> Directory {
        let bucket_count = bucket_count(count);
        let buckets = Vec::with_capacity(bucket_count);
        Directory { count, buckets, bucket_count, rows: 0, hasher: blake3::Hasher::new() }
    }

    fn bucket_count(&self) -> usize {
        self.bucket_count
    }

    fn add(&mut self, key: u64, row: &[u8]) {
        self.begin(bucket_of(key, self.bucket_count));
        self.hasher.update(row);
        self.rows += 1;
    }

    /// Ends the buckets before `bucket`, so that the next row belongs to it.
    fn begin(&mut self, bucket: usize) {
        while self.buckets.len() <= bucket {
            if let Some((_, check)) = self.buckets.last_mut() {
                *check = check_of(&self.hasher.finalize());
            }
            self.hasher.reset();
            self.buckets.push((self.rows, 0));
        }
    }

    fn finish(mut self, first: Position, end: Position) -> Vec<u8> {
        self.begin(self.bucket_count - 1);
        if let Some((_, check)) = self.buckets.last_mut() {
            *check = check_of(&self.hasher.finalize());
        }
        let mut header = KIND.to_vec();
        for number in [first.0, end.0, self.count] {
            header.extend_from_slice(&number.to_be_bytes());
        }
        let mut directory = Vec::with_capacity(self.bucket_count * BUCKET_BYTES);
        for (row, check) in &self.buckets {
            directory.extend_from_slice(&row.to_be_bytes());
            directory.extend_from_slice(&check.to_be_bytes());
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header).update(&directory);
        header.extend_from_slice(hasher.finalize().as_bytes());
        header.extend_from_slice(&directory);
        header
    }
}

fn bucket_count(rows: u64) -> usize {
    (rows / ROWS_A_BUCKET).max(1).next_power_of_two() as usize
}

fn bucket_of(key: u64, buckets: usize) -> usize {
    // The number of buckets is a power of two: its leading bits name one.
    (key >> (KEY_BITS - buckets.trailing_zeros())) as usize
}

fn check_of(digest: &blake3::Hash) -> u32 {
    u32::from_be_bytes(*digest.as_bytes().first_chunk().unwrap_or(&[0; 4]))
}

fn encode(key: u64, position: Position) -> [u8; ROW_BYTES] {
    let ([_, _, a, b, c, d, e, f], [_, _, g, h, i, j, k, l]) =
        (key.to_be_bytes(), position.0.to_be_bytes());
    [a, b, c, d, e, f, g, h, i, j, k, l]
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
