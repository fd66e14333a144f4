//! Where each block of a finished volume lies in the engine's file, so that one can be read alone.
//!
//! The engine keeps up to nine blocks on a page and reads all of a page to give one of them, some 250 KiB, after
//! opening the volume, which takes milliseconds. One account's history lies in as many blocks as it has
//! commits, so its questions took 40 ms at a hundred million events. But the engine stores a block as it is, in
//! one piece, and a finished volume never changes: so its blocks can be read past the engine.
//!
//! Where they lie is found once (`locate`) and written down beside the engine's file:
//!
//! ```text
//!  places
//!  0            8       16    24     32       64
//!  +------------+-------+-----+------+--------+-----------------------------------------------+
//!  | "seatplc1" | first | end | rows | BLAKE3 | for each block, by position:                  |
//!  |            | u64   | u64 | u64  |        |  first u64, offset u64, length u32, digest 32 |
//!  +------------+-------+-----+------+--------+-----------------------------------------------+
//!                                                                      numbers big end first
//! ```
//!
//! `first` and `end` are those of the volume; the BLAKE3 covers the 32 bytes before it and all rows, and is
//! checked when the file is opened. A file that is missing, damaged or of another volume counts as none, and
//! is written anew. In memory stays the position of every 32nd row, a quarter of a byte for each block; the
//! rows in between are read when they are needed. Both files stay open for as many volumes as there are
//! [`Permits`]: opening a file takes longer than reading a block.
//!
//! Nothing rests on this file: whenever a block is read its digest is checked, and that it is the block that
//! was found here; whatever does not agree is read through the engine.

use crate::block::{BLOCK_BYTES_MAX, Block, DIGEST_BYTES};
use crate::position::Position;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const FILE: &str = "places";
const KIND: &[u8; 8] = b"seatplc1";
const HEADER_BYTES: usize = 64;
const CHECKED_HEADER_BYTES: usize = HEADER_BYTES - 32;
const ROW_BYTES: usize = 8 + 8 + 4 + DIGEST_BYTES;
/// Rows that are read together.
const STRIDE: usize = 32;

/// See the module.
#[derive(Debug)]
pub(super) struct Located {
    db: PathBuf,
    rows: Rows,
    /// The position of every 32nd row.
    firsts: Vec<Position>,
    open: Option<Files>,
}

/// The two files of a volume, open.
#[derive(Debug)]
struct Files {
    db: File,
    places: Option<File>,
    permits: Permits,
}

/// For how many more volumes the files may stay open. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Permits(Arc<AtomicUsize>);

/// The file with its header.
#[derive(Debug)]
enum Rows {
    Written(PathBuf),
    /// Where it could not be written.
    Kept(Vec<u8>),
}

/// Where one block lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) first: Position,
    pub(super) offset: u64,
    pub(super) length: u32,
    /// The block's own digest, so that another block for the same commits is not taken for it.
    pub(super) digest: [u8; DIGEST_BYTES],
}

impl Located {
    /// Takes up what was written down for the volume in `dir`, which holds the commits from `first` to
    /// before `end`. `None` if there is nothing that can be believed.
    pub(super) fn open(dir: &Path, first: Position, end: Position) -> Option<Located> {
        let path = dir.join(FILE);
        // A file that is too large for so many commits is not read at all.
        let commits = end.0.checked_sub(first.0)?;
        let bytes_max =
            commits.saturating_mul(ROW_BYTES as u64).saturating_add(HEADER_BYTES as u64);
        if fs::metadata(&path).ok()?.len() > bytes_max {
            return None;
        }
        let firsts = check(&fs::read(&path).ok()?, first, end)?;
        Some(Located { db: dir.join("db"), rows: Rows::Written(path), firsts, open: None })
    }

    /// Writes the places of all blocks of that volume down, in order of position. If they cannot be written,
    /// they are kept in memory.
    pub(super) fn write(dir: &Path, first: Position, end: Position, places: &[Place]) -> Located {
        let bytes = encode(first, end, places);
        let path = dir.join(FILE);
        // Not synced: what a power cut leaves of it is found out by its digest.
        let rows = match fs::write(&path, &bytes) {
            Ok(()) => Rows::Written(path),
            Err(_) => Rows::Kept(bytes),
        };
        let firsts = places.iter().step_by(STRIDE).map(|place| place.first).collect();
        Located { db: dir.join("db"), rows, firsts, open: None }
    }

    /// The same with its files open until it is dropped, if there is a permit left.
    pub(super) fn kept_open(self, permits: &Permits) -> Located {
        let places = match &self.rows {
            Rows::Written(path) => File::open(path).ok(),
            Rows::Kept(_) => None,
        };
        let db = File::open(&self.db).ok();
        let open = db.filter(|_| permits.take()).map(|db| {
            let permits = permits.clone();
            Files { db, places, permits }
        });
        Located { open, ..self }
    }

    /// Removes what was written down; a volume that is taken into use again has other places.
    pub(super) fn forget(dir: &Path) {
        // If it stays, its end will not be the volume's.
        let _ = fs::remove_file(dir.join(FILE));
    }

    /// The block that holds `position`; `None` if it does not read as it was written.
    pub(super) fn read(&self, position: Position) -> Option<Block> {
        let place = self.place(position)?;
        let length =
            usize::try_from(place.length).ok().filter(|length| *length <= BLOCK_BYTES_MAX)?;
        let mut bytes = vec![0; length];
        match &self.open {
            Some(files) => files.db.read_exact_at(&mut bytes, place.offset).ok()?,
            None => File::open(&self.db).ok()?.read_exact_at(&mut bytes, place.offset).ok()?,
        }
        let block = Block::check(bytes).ok()?;
        (block.digest() == place.digest && block.contains(position)).then_some(block)
    }

    /// The last place whose block begins at or before `position`.
    fn place(&self, position: Position) -> Option<Place> {
        let stretch = self.firsts.partition_point(|first| *first <= position).checked_sub(1)?;
        let begin = stretch.checked_mul(STRIDE * ROW_BYTES)?.checked_add(HEADER_BYTES)?;
        let mut rows = [0; STRIDE * ROW_BYTES];
        let open = self.open.as_ref().and_then(|files| files.places.as_ref());
        let read = match (&self.rows, open) {
            (_, Some(places)) => read_at(places, &mut rows, begin)?,
            (Rows::Written(path), None) => read_at(&File::open(path).ok()?, &mut rows, begin)?,
            (Rows::Kept(bytes), None) => {
                let kept = bytes.get(begin..)?.iter();
                rows.iter_mut().zip(kept).map(|(row, kept)| *row = *kept).count()
            }
        };
        let rows = rows.get(..read)?.chunks_exact(ROW_BYTES).map_while(Place::decode);
        rows.take_while(|place| place.first <= position).last()
    }
}

impl Permits {
    pub(super) fn new(volumes: usize) -> Permits {
        Permits(Arc::new(AtomicUsize::new(volumes)))
    }

    fn take(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.permits.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Place {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.first.0.to_be_bytes());
        bytes.extend_from_slice(&self.offset.to_be_bytes());
        bytes.extend_from_slice(&self.length.to_be_bytes());
        bytes.extend_from_slice(&self.digest);
    }

    fn decode(row: &[u8]) -> Option<Place> {
        let (first, rest) = row.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (first, offset) = (u64::from_be_bytes(*first), u64::from_be_bytes(*offset));
        let (length, digest) = (u32::from_be_bytes(*length), rest.try_into().ok()?);
        Some(Place { first: Position(first), offset, length, digest })
    }
}

fn encode(first: Position, end: Position, places: &[Place]) -> Vec<u8> {
    let mut rows = Vec::with_capacity(places.len() * ROW_BYTES);
    places.iter().for_each(|place| place.encode(&mut rows));
    let count = (places.len() as u64).to_be_bytes();
    let header = [*KIND, first.0.to_be_bytes(), end.0.to_be_bytes(), count].concat();
    let digest = digest(&header, &rows);
    [header.as_slice(), digest.as_bytes(), &rows].concat()
}

/// The position of every 32nd row, if these are the places of that volume.
fn check(bytes: &[u8], first: Position, end: Position) -> Option<Vec<Position>> {
    let (header, rest) = bytes.split_at_checked(CHECKED_HEADER_BYTES)?;
    let (found, rows) = rest.split_first_chunk::<32>()?;
    let count = ((rows.len() / ROW_BYTES) as u64).to_be_bytes();
    let expected = [*KIND, first.0.to_be_bytes(), end.0.to_be_bytes(), count].concat();
    if header != expected || !rows.len().is_multiple_of(ROW_BYTES) {
        return None;
    }
    if digest(header, rows).as_bytes() != found {
        return None;
    }
    let stretches = rows.chunks(STRIDE * ROW_BYTES);
    stretches.map(|rows| Some(Place::decode(rows.get(..ROW_BYTES)?)?.first)).collect()
}

fn digest(header: &[u8], rows: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(header).update(rows).finalize()
}

/// Reads until the buffer is full or the file ends.
fn read_at(file: &File, buffer: &mut [u8], begin: usize) -> Option<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        let offset = u64::try_from(begin.checked_add(read)?).ok()?;
        match file.read_at(rest, offset).ok()? {
            0 => break,
            bytes => read += bytes,
        }
    }
    Some(read)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use crate::store::locate::locate;
    use crate::store::volume::Volume;
    use std::fs::OpenOptions;

    pub(crate) const FIRST: Position = Position(20);
    pub(crate) const END: Position = Position(1520);

    pub(crate) fn block(first: u64, commits: u64, fill: u8) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 30_000);
        for _ in 0..commits {
            assert!(builder.push(None, &[fill; 4_000]).is_none());
        }
        builder.finish().unwrap()
    }

    /// The block of [`volume`] that holds a position.
    pub(crate) fn block_at(position: u64) -> Block {
        let n = (position - 20) / 5;
        block(20 + 5 * n, 5, n as u8)
    }

    /// A volume of 300 blocks of 5 commits each, from position 20 on.
    pub(crate) fn volume(dir: &Path) -> Arc<Volume> {
        let volume = Volume::open(dir, FIRST, 1 << 20).unwrap();
        for position in (20..1520).step_by(5) {
            volume.append(&block_at(position)).unwrap();
        }
        volume.engine().sync().unwrap();
        Arc::new(volume)
    }

    /// Every block is read, and there is none before and after.
    fn check_all(located: &Located) {
        for position in 20..1520 {
            assert_eq!(located.read(Position(position)), Some(block_at(position)), "{position}");
        }
        for position in [0, 19, 1520, u64::MAX] {
            assert_eq!(located.read(Position(position)), None, "{position}");
        }
    }

    #[test]
    fn every_block_is_read_past_the_engine_and_none_that_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        check_all(&locate(dir.path(), &volume(dir.path())).unwrap());
        let located = Located::open(dir.path(), FIRST, END).unwrap();
        check_all(&located);
        let place = located.place(Position(57)).unwrap();
        let db = OpenOptions::new().write(true).open(dir.path().join("db")).unwrap();
        db.write_all_at(&[99], place.offset + 5_000).unwrap();
        assert_eq!(located.read(place.first), None, "it must be read through the engine");
        assert!(located.read(Position(place.first.0 + 5)).is_some());
        // Another block for the same commits, whole, in its place.
        db.write_all_at(block(place.first.0, 5, 99).bytes(), place.offset).unwrap();
        assert_eq!(located.read(place.first), None, "it is not the block that was found");
    }

    #[test]
    fn files_stay_open_for_as_many_volumes_as_there_are_permits() {
        let dir = tempfile::tempdir().unwrap();
        locate(dir.path(), &volume(dir.path())).unwrap();
        let permits = Permits::new(2);
        let located = || Located::open(dir.path(), FIRST, END).unwrap().kept_open(&permits);
        let (one, two, three) = (located(), located(), located());
        let is_open = |located: &Located| located.open.is_some();
        assert_eq!([&one, &two, &three].map(is_open), [true, true, false]);
        check_all(&one);
        check_all(&three);
        drop(one);
        let (four, five) = (located(), located());
        assert_eq!([&four, &five].map(is_open), [true, false]);
        fs::remove_file(dir.path().join(FILE)).unwrap();
        check_all(&two);
        assert!(five.read(FIRST).is_none());
    }

    #[test]
    fn a_file_that_was_changed_or_is_of_another_volume_counts_as_none() {
        let dir = tempfile::tempdir().unwrap();
        locate(dir.path(), &volume(dir.path())).unwrap();
        let is_there = || Located::open(dir.path(), FIRST, END).is_some();
        assert!(is_there());
        assert!(Located::open(dir.path(), Position(21), END).is_none());
        assert!(Located::open(dir.path(), FIRST, Position(1521)).is_none());
        let path = dir.path().join(FILE);
        let sound = fs::read(&path).unwrap();
        assert_eq!(sound.len(), HEADER_BYTES + 300 * ROW_BYTES);
        for byte in (0..HEADER_BYTES).chain((HEADER_BYTES..sound.len()).step_by(41)) {
            let mut changed = sound.clone();
            changed[byte] ^= 2;
            fs::write(&path, &changed).unwrap();
            assert!(!is_there(), "byte {byte}");
            fs::write(&path, &sound[..byte]).unwrap();
            assert!(!is_there(), "length {byte}");
        }
        fs::write(&path, [sound.as_slice(), &[0; 80_000]].concat()).unwrap();
        assert!(!is_there());
        fs::write(&path, &sound).unwrap();
        assert!(is_there());
        Located::forget(dir.path());
        assert!(!is_there());
    }

    #[test]
    fn a_file_that_is_changed_while_it_is_in_use_costs_only_the_engines_time() {
        let dir = tempfile::tempdir().unwrap();
        let located = locate(dir.path(), &volume(dir.path())).unwrap();
        let path = dir.path().join(FILE);
        let sound = fs::read(&path).unwrap();
        for bit in 0..8 {
            fs::write(&path, sound.iter().map(|byte| byte ^ (1 << bit)).collect::<Vec<_>>())
                .unwrap();
            for position in (20..1520).step_by(7) {
                let read = located.read(Position(position));
                assert!(read.is_none_or(|read| read == block_at(position)), "{position}");
            }
        }
        fs::write(&path, &sound[..HEADER_BYTES + 5 * ROW_BYTES + 9]).unwrap();
        assert!(located.read(Position(44)).is_some());
        assert!(located.read(Position(45)).is_none());
    }

    #[test]
    fn places_that_cannot_be_written_down_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let volume = volume(dir.path());
        fs::create_dir(dir.path().join(FILE)).unwrap();
        check_all(&locate(dir.path(), &volume).unwrap());
        check_all(&locate(dir.path(), &volume).unwrap().kept_open(&Permits::new(1)));
        assert!(Located::open(dir.path(), FIRST, END).is_none());
    }
}
