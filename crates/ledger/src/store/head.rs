//! The head file: what the log was known to reach when something was last acknowledged.
//!
//! ```text
//!  slot 0                slot 1                      16 slots of 4096 bytes, used in turn
//!  +----------+--------+-----------+------+-------+
//!  | sequence | size   | confirmed | root | check |  zeros to the end of the slot
//!  | u64      | u64    | u64       | 32   | 8     |  numbers big end first
//!  +----------+--------+-----------+------+-------+
//! ```
//!
//! `check` is the first eight bytes of the BLAKE3 of the 56 before it. The row in force is the valid one
//! with the highest sequence. It says: the log was durable up to `confirmed` commits, and a group up to
//! `size`, with Merkle root `root`, was being made durable.
//!
//! Here a row is written when its group is durable in the journal, with `confirmed = size`, and without a
//! sync of its own: usually it gets to the disk by itself, and it is synced whenever the volumes are. The
//! journal's records tell the rest.
//!
//! A row is void if a later one tells of a shorter log: a crash had lost the blocks it announced, and what
//! was appended since is other than what was announced.
//!
//! Reader: a log shorter than `confirmed` of the row in force has lost something that was acknowledged. A
//! log whose root at any recorded `size` differs is not the log that was written. Void rows say nothing.
//!
//! Each row has a slot of its own and the file never changes its length, so syncing needs no metadata and a
//! torn write spoils only the row it was writing.

use crate::merkle::{Blake3, Frontier};
use crate::position::Head;
use seats::Digest;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const SLOT_BYTES: usize = 4096;
const SLOTS: u64 = 16;
const ROW_BYTES: usize = 64;
const CHECKED_BYTES: usize = 56;

/// What a store remembers of one sync. See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeadRow {
    /// Grows by one with each row.
    pub sequence: u64,
    /// The head that was being made durable.
    pub head: Head,
    /// The size that was certainly durable when the row was written.
    pub confirmed: u64,
}

impl HeadRow {
    /// The rows that are not void, oldest first as they were given.
    pub(crate) fn standing(mut rows: Vec<HeadRow>) -> Vec<HeadRow> {
        let mut shortest = u64::MAX;
        let mut standing: Vec<bool> = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            standing.push(row.head.size <= shortest);
            shortest = shortest.min(row.head.size);
        }
        rows.retain(|_| standing.pop() == Some(true));
        rows
    }

    fn encode(&self) -> [u8; ROW_BYTES] {
        let mut row = Vec::with_capacity(ROW_BYTES);
        for number in [self.sequence, self.head.size, self.confirmed] {
            row.extend_from_slice(&number.to_be_bytes());
        }
        row.extend_from_slice(&self.head.root.0);
        row.extend_from_slice(&check(&row));
        let mut bytes = [0; ROW_BYTES];
        bytes.copy_from_slice(&row);
        bytes
    }

    fn decode(slot: &[u8]) -> Option<HeadRow> {
        let (checked, rest) = slot.split_first_chunk::<CHECKED_BYTES>()?;
        if rest.first_chunk()? != &check(checked) {
            return None;
        }
        let (sequence, rest) = checked.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (confirmed, rest) = rest.split_first_chunk()?;
        let head = Head { size: u64::from_be_bytes(*size), root: Digest(*rest.first_chunk()?) };
        let (sequence, confirmed) = (u64::from_be_bytes(*sequence), u64::from_be_bytes(*confirmed));
        (sequence > 0).then_some(HeadRow { sequence, head, confirmed })
    }
}

/// The open file.
#[derive(Debug)]
pub(crate) struct HeadFile {
    file: File,
}

impl HeadFile {
    /// Makes the file at its full length, with a row for the empty log, durably. The directory is synced by the caller.
    pub(crate) fn create(path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all_at(&vec![0; SLOT_BYTES * SLOTS as usize], 0)?;
        let head = Head { size: 0, root: Frontier::<Blake3>::new().root() };
        let file = HeadFile { file };
        file.write(&HeadRow { sequence: 1, head, confirmed: 0 })?;
        file.file.sync_all()
    }

    /// Opens the file and reads its valid rows, oldest first.
    pub(crate) fn open(path: &Path) -> io::Result<(HeadFile, Vec<HeadRow>)> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut rows = Vec::new();
        for slot in 0..SLOTS {
            let mut bytes = [0; ROW_BYTES];
            match file.read_exact_at(&mut bytes, slot * SLOT_BYTES as u64) {
                Ok(()) => rows.extend(HeadRow::decode(&bytes)),
                // A shortened file has lost rows; those that are left still count.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        }
        rows.sort_by_key(|row| row.sequence);
        Ok((HeadFile { file }, rows))
    }

    /// Writes a row into its slot, without syncing.
    pub(crate) fn write(&self, row: &HeadRow) -> io::Result<()> {
        self.file.write_all_at(&row.encode(), (row.sequence % SLOTS) * SLOT_BYTES as u64)
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn check(bytes: &[u8]) -> [u8; 8] {
    let digest = blake3::hash(bytes);
    let mut check = [0; 8];
    check.copy_from_slice(digest.as_bytes().first_chunk::<8>().unwrap_or(&[0; 8]));
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sequence: u64) -> HeadRow {
        let head = Head { size: sequence * 10, root: Digest([sequence as u8; 32]) };
        HeadRow { sequence, head, confirmed: sequence * 10 - 5 }
    }

    #[test]
    fn the_newest_rows_are_kept_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("head");
        HeadFile::create(&path).unwrap();
        let (file, rows) = HeadFile::open(&path).unwrap();
        assert_eq!(
            rows.iter().map(|row| (row.sequence, row.head.size)).collect::<Vec<_>>(),
            [(1, 0)]
        );
        let length = std::fs::metadata(&path).unwrap().len();
        for sequence in 1..=40 {
            file.write(&row(sequence)).unwrap();
            file.sync().unwrap();
            let expected: Vec<_> =
                (sequence.saturating_sub(SLOTS - 1).max(1)..=sequence).map(row).collect();
            assert_eq!(HeadFile::open(&path).unwrap().1, expected);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().len(), length, "it never changes its length");
    }

    #[test]
    fn a_row_is_void_once_a_later_one_tells_of_less() {
        let rows = |sizes: &[u64]| {
            let row = |(sequence, size): (u64, &u64)| {
                let head = Head { size: *size, root: Digest([sequence as u8; 32]) };
                HeadRow { sequence, head, confirmed: 0 }
            };
            (1..).zip(sizes).map(row).collect::<Vec<_>>()
        };
        for (sizes, standing) in [
            (vec![], vec![]),
            (vec![0, 10, 10, 20, 20], vec![1, 2, 3, 4, 5]),
            (vec![10, 10, 30, 10, 10, 20], vec![1, 2, 4, 5, 6]),
            (vec![10, 30, 20, 20, 40, 25], vec![1, 3, 4, 6]),
            (vec![30, 0], vec![2]),
        ] {
            let kept = HeadRow::standing(rows(&sizes));
            let kept: Vec<_> = kept.iter().map(|row| row.sequence).collect();
            assert_eq!(kept, standing, "{sizes:?}");
        }
    }

    #[test]
    fn a_row_with_any_flipped_bit_does_not_count() {
        let bytes = row(3).encode();
        assert_eq!(HeadRow::decode(&bytes), Some(row(3)));
        for bit in 0..ROW_BYTES * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(HeadRow::decode(&bytes), None, "bit {bit}");
        }
        assert_eq!(HeadRow::decode(&[0; ROW_BYTES]), None);
    }
}
