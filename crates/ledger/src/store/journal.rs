//! The journal: what was acknowledged, until the volumes are known to have it.
//!
//! sled makes a write durable in two steps, one after the other; a file that keeps its length needs one, and
//! no metadata. So a group of blocks goes into a volume unsynced and into the journal durably, and is
//! acknowledged; the volumes are synced later, many groups at once.
//!
//! ```text
//!  journal/0    journal/1       used in turn; each is used again once the volumes have all it holds
//!
//!  record, at a multiple of 4096 bytes:
//!  +----------+------+------+--------+----------+---------------------------------+-------+
//!  | sequence | size | root | length | check    | length bytes: blocks, each with | zeros |
//!  | u64      | u64  | 32   | u32    | 32 bytes | its length as u32 before it     |       |
//!  +----------+------+------+--------+----------+---------------------------------+-------+
//! ```
//!
//! Numbers are big end first; `check` is the BLAKE3 of the 52 bytes before it and the `length` after it. A
//! record was begun only when the one before it, by `sequence`, was durable. So the records that count are
//! those whose sequences run without a gap to the highest one: an invalid record after them is one that
//! was being written, and an invalid one before them is told by the gap it leaves, unless the volumes have
//! what it held.
//!
//! No record shares a 4096-byte page with another, so a torn write spoils only what it was writing.

use super::engine::sync_dir;
use crate::block::Block;
use crate::position::Head;
use seats::Digest;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const PAGE_BYTES: usize = 4096;
const CHECKED_BYTES: usize = 8 + 8 + 32 + 4;
const HEADER_BYTES: usize = CHECKED_BYTES + 32;

/// Blocks made durable together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) sequence: u64,
    /// What the log came to with them.
    pub(crate) head: Head,
    pub(crate) blocks: Vec<Block>,
}

/// The two files. Nothing is made before the first record.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: PathBuf,
    file_bytes: u64,
    files: [Option<File>; 2],
    active: usize,
    offset: u64,
    sequence: u64,
    record: Vec<u8>,
}

impl Journal {
    /// Reads the journal in `dir`, which may be missing, and gives back the records that count, in order.
    /// The next record overwrites them: before it, the volumes must be durable.
    pub(crate) fn open(dir: &Path, file_bytes: u64) -> io::Result<(Journal, Vec<Record>)> {
        let mut records = Vec::new();
        for file in 0..2 {
            match fs::read(dir.join(name(file))) {
                Ok(bytes) => read_records(&bytes, &mut records),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        records.sort_by_key(|record| record.sequence);
        let last = records.last().map_or(0, |record| record.sequence);
        let behind = |(place, record): &(usize, &Record)| record.sequence + *place as u64 != last;
        let gap =
            records.iter().rev().enumerate().find(behind).map_or(0, |(n, _)| records.len() - n);
        records.drain(..gap);
        let journal = Journal {
            dir: dir.to_owned(),
            file_bytes: file_bytes.next_multiple_of(PAGE_BYTES as u64),
            files: [None, None],
            active: 0,
            offset: 0,
            sequence: last,
            record: Vec::new(),
        };
        Ok((journal, records))
    }

    /// The most that a record may hold, in bytes. What is longer goes to the volumes directly.
    pub(crate) fn record_bytes_max(&self) -> usize {
        usize::try_from(self.file_bytes / 4).unwrap_or(usize::MAX).saturating_sub(HEADER_BYTES)
    }

    /// Whether the file in use has room for so many bytes of blocks.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.offset + padded(bytes) <= self.file_bytes
    }

    /// Goes over to the other file. The volumes must durably have all that it holds.
    pub(crate) fn turn(&mut self) {
        (self.active, self.offset) = (1 - self.active, 0);
    }

    /// Begins anew. The volumes must durably have all that both files hold.
    pub(crate) fn restart(&mut self) {
        (self.active, self.offset) = (0, 0);
    }

    /// Makes a record of `blocks`, as [`put`] wrote them, durable. There must be room.
    pub(crate) fn append(&mut self, head: &Head, blocks: &[u8]) -> io::Result<()> {
        debug_assert!(self.has_room(blocks.len()), "the caller makes room");
        self.sequence += 1;
        let record = &mut self.record;
        record.clear();
        record.extend_from_slice(&self.sequence.to_be_bytes());
        record.extend_from_slice(&head.size.to_be_bytes());
        record.extend_from_slice(&head.root.0);
        record.extend_from_slice(&u32::try_from(blocks.len()).unwrap_or(u32::MAX).to_be_bytes());
        let check = check(record, blocks);
        record.extend_from_slice(&check);
        record.extend_from_slice(blocks);
        record.resize(record.len().next_multiple_of(PAGE_BYTES), 0);
        let file = match &self.files {
            [Some(file), _] if self.active == 0 => file,
            [_, Some(file)] if self.active == 1 => file,
            _ => {
                let file = allocate(&self.dir, self.active, self.file_bytes)?;
                match &mut self.files {
                    [first, _] if self.active == 0 => first.insert(file),
                    [_, second] => second.insert(file),
                }
            }
        };
        file.write_all_at(record, self.offset)?;
        file.sync_data()?;
        self.offset += record.len() as u64;
        Ok(())
    }

    /// Gives the room back. The volumes must durably have all that both files hold.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.restart();
        self.files = [None, None];
        for file in 0..2 {
            match OpenOptions::new().write(true).open(self.dir.join(name(file))) {
                // Synced: sequences begin anew, and no old record may come back with a higher one.
                Ok(file) => file.set_len(0).and_then(|()| file.sync_all())?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Writes a block as it stands in a record.
pub(crate) fn put(block: &Block, into: &mut Vec<u8>) {
    // A block is at most 30 KiB long.
    into.extend_from_slice(&(block.bytes().len() as u32).to_be_bytes());
    into.extend_from_slice(block.bytes());
}

/// Makes one of the files, at its full length, so that syncing it needs no metadata.
fn allocate(dir: &Path, file: usize, file_bytes: u64) -> io::Result<File> {
    fs::create_dir_all(dir)?;
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join(name(file)))?;
    let zeros = vec![0; 1 << 20];
    let mut length = made.metadata()?.len();
    while length < file_bytes {
        let missing = usize::try_from(file_bytes - length).unwrap_or(usize::MAX).min(zeros.len());
        made.write_all_at(zeros.get(..missing).unwrap_or_default(), length)?;
        length += missing as u64;
    }
    made.sync_all()?;
    sync_dir(dir)?;
    dir.parent().map_or(Ok(()), sync_dir)?;
    Ok(made)
}

fn name(file: usize) -> &'static str {
    if file == 0 { "0" } else { "1" }
}

fn padded(bytes: usize) -> u64 {
    (HEADER_BYTES + bytes).next_multiple_of(PAGE_BYTES) as u64
}

fn check(header: &[u8], blocks: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(header).update(blocks).finalize().as_bytes()
}

/// Every valid record of a file, old ones included.
fn read_records(mut bytes: &[u8], records: &mut Vec<Record>) {
    while !bytes.is_empty() {
        let passed = match read_record(bytes) {
            Some((record, length)) => {
                records.push(record);
                length.next_multiple_of(PAGE_BYTES)
            }
            None => PAGE_BYTES,
        };
        bytes = bytes.get(passed..).unwrap_or_default();
    }
}

/// The record at the beginning, and how long it is.
fn read_record(bytes: &[u8]) -> Option<(Record, usize)> {
    let (header, rest) = bytes.split_first_chunk::<CHECKED_BYTES>()?;
    let (found, rest) = rest.split_first_chunk::<32>()?;
    let (sequence, fields) = header.split_first_chunk()?;
    let (size, fields) = fields.split_first_chunk()?;
    let (root, fields) = fields.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*fields.first_chunk()?)).ok()?;
    let mut rest = rest.get(..length).filter(|rest| !rest.is_empty())?;
    if &check(header, rest) != found {
        return None;
    }
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (block, after) = after.split_at_checked(length)?;
        blocks.push(Block::check(block.to_vec()).ok()?);
        rest = after;
    }
    let head = Head { size: u64::from_be_bytes(*size), root: Digest(*root) };
    let record = Record { sequence: u64::from_be_bytes(*sequence), head, blocks };
    Some((record, HEADER_BYTES + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use crate::position::Position;
    use proptest::prelude::*;

    const FILE_BYTES: u64 = 8 * PAGE_BYTES as u64;

    fn block(first: u64, bytes: usize) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 1000);
        assert!(builder.push(None, &vec![first as u8; bytes]).is_none());
        builder.finish().unwrap()
    }

    /// Writes so many records, each of one block of one commit, turning whenever a file is full.
    fn write(journal: &mut Journal, commits: std::ops::Range<u64>) {
        for n in commits {
            let mut blocks = Vec::new();
            put(&block(n, 100 + (n as usize * 1777) % 8000), &mut blocks);
            if !journal.has_room(blocks.len()) {
                journal.turn();
            }
            let head = Head { size: n + 1, root: Digest([n as u8; 32]) };
            journal.append(&head, &blocks).unwrap();
        }
    }

    fn read(dir: &Path) -> Vec<(u64, u64)> {
        let (_, records) = Journal::open(dir, FILE_BYTES).unwrap();
        for pair in records.windows(2) {
            assert_eq!(pair[0].sequence + 1, pair[1].sequence);
            assert_eq!(pair[0].blocks.last().unwrap().end(), pair[1].blocks[0].first());
        }
        for record in &records {
            assert_eq!(record.blocks.last().unwrap().end().0, record.head.size);
        }
        records.iter().map(|record| (record.sequence, record.head.size)).collect()
    }

    #[test]
    fn what_was_written_since_the_file_before_last_is_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), []);
        let (mut journal, _) = Journal::open(dir.path(), FILE_BYTES).unwrap();
        for end in 1..60 {
            write(&mut journal, end - 1..end);
            let found = read(dir.path());
            assert_eq!(found.last(), Some(&(end, end)));
            assert!(found.len() as u64 >= end.min(3), "{end}: {found:?}");
        }
        let before = read(dir.path());
        let (mut journal, _) = Journal::open(dir.path(), FILE_BYTES).unwrap();
        write(&mut journal, 59..60);
        assert_eq!(read(dir.path()).last(), Some(&(60, 60)));
        assert!(before.len() > 4);
        journal.clear().unwrap();
        assert_eq!(read(dir.path()), []);
    }

    proptest! {
        /// Pages of the record being written get to the disk, or not, in any order.
        #[test]
        fn a_torn_record_does_not_count_and_takes_no_other_with_it(
            commits in 1u64..40, written in proptest::collection::vec(any::<bool>(), 3), zeroed in any::<bool>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (mut journal, _) = Journal::open(dir.path(), FILE_BYTES).unwrap();
            write(&mut journal, 0..commits);
            let before: Vec<Vec<u8>> = (0..2).map(|n| fs::read(dir.path().join(name(n))).unwrap_or_default()).collect();
            let kept = read(dir.path());
            write(&mut journal, commits..commits + 1);
            let torn = fs::read(dir.path().join(name(journal.active))).unwrap();
            let mut found = before[journal.active].clone();
            found.resize(torn.len(), 0);
            let end = journal.offset as usize;
            let begin = end - journal.record.len();
            let mut whole = true;
            for (n, page) in (begin..end).step_by(PAGE_BYTES).enumerate() {
                let page = page..page + PAGE_BYTES;
                if written.get(n).copied().unwrap_or(true) {
                    found[page.clone()].copy_from_slice(&torn[page]);
                } else {
                    whole &= torn[page.clone()] == found[page.clone()];
                    if zeroed {
                        whole &= torn[page.clone()].iter().all(|byte| *byte == 0);
                        found[page].fill(0);
                    }
                }
            }
            fs::write(dir.path().join(name(journal.active)), &found).unwrap();
            let found = read(dir.path());
            if whole {
                prop_assert_eq!(found.last(), Some(&(commits + 1, commits + 1)));
            } else {
                // A turn may have overwritten what stood in the other file, which is needed no more.
                prop_assert!(kept.ends_with(&found) && !found.is_empty(), "{found:?} of {kept:?}");
            }
        }

        #[test]
        fn a_flipped_bit_leaves_what_comes_after_its_record(commits in 2u64..40, byte in any::<usize>(), bit in 0..8u32) {
            let dir = tempfile::tempdir().unwrap();
            let (mut journal, _) = Journal::open(dir.path(), FILE_BYTES).unwrap();
            write(&mut journal, 0..commits);
            let before = read(dir.path());
            let path = dir.path().join(name(journal.active));
            let mut bytes = fs::read(&path).unwrap();
            let at = byte % journal.offset as usize;
            bytes[at] ^= 1u8 << bit;
            fs::write(&path, bytes).unwrap();
            let after = read(dir.path());
            let last = before.len() - 1;
            prop_assert!(before.ends_with(&after) || after == before[..last], "{before:?} {after:?}");
        }
    }
}
