//! Finds where the blocks of a finished volume lie in the engine's file.
//!
//! The engine does not tell where it puts a value. So it is asked for every block, and the file is searched
//! for them: at each byte the eight that would be a block's first position are compared with what the
//! engine gave, then the digest, then the whole. What else lies about in the file, such as blocks that were
//! lost in a crash, is not asked for and not found. Takes some 0.2 s for a volume of 64 MiB.

use super::engine::SEGMENT_BYTES;
use super::located::{Located, Place};
use super::volume::Volume;
use crate::block::{Block, DIGEST_BYTES, FIRST_BYTES_BEGIN};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A block to look for, by its first position.
struct Wanted {
    length: usize,
    digest: [u8; DIGEST_BYTES],
    offset: Option<u64>,
}

/// Finds the places of all blocks of the volume in `dir` and writes them down there. `None` if not all are
/// found, or one cannot be read: then the volume is read through the engine, which says what is wrong.
pub(super) fn locate(dir: &Path, volume: &Arc<Volume>) -> Option<Located> {
    let (first, end) = (volume.first(), volume.end());
    let mut wanted = HashMap::new();
    for block in Arc::clone(volume).scan(first) {
        let block = block.ok()?;
        let (length, digest) = (block.bytes().len(), block.digest());
        wanted.insert(block.first().0, Wanted { length, digest, offset: None });
    }
    let file = File::open(dir.join("db")).ok()?;
    let bytes = file.metadata().ok()?.len();
    let mut segment = Vec::new();
    // A block never lies in two segments.
    for begin in (0..bytes).step_by(SEGMENT_BYTES) {
        let length = (bytes - begin).min(SEGMENT_BYTES as u64);
        segment.resize(usize::try_from(length).ok()?, 0);
        file.read_exact_at(&mut segment, begin).ok()?;
        search(&segment, begin, first.0..end.0, &mut wanted);
    }
    let place = |(first, wanted): (u64, Wanted)| {
        let Wanted { length, digest, offset } = wanted;
        let (first, length) = (crate::Position(first), u32::try_from(length).ok()?);
        Some(Place { first, offset: offset?, length, digest })
    };
    let mut places: Vec<Place> = wanted.into_iter().map(place).collect::<Option<_>>()?;
    places.sort_unstable_by_key(|place| place.first);
    Some(Located::write(dir, first, end, &places))
}

/// Notes which of the wanted blocks lie in a segment that begins at `begin`.
fn search(
    segment: &[u8],
    begin: u64,
    positions: std::ops::Range<u64>,
    wanted: &mut HashMap<u64, Wanted>,
) {
    let firsts = segment.get(FIRST_BYTES_BEGIN..).unwrap_or_default().windows(8);
    for (at, first) in firsts.enumerate() {
        let Some(first) = first.first_chunk().map(|first| u64::from_be_bytes(*first)) else {
            return;
        };
        if !positions.contains(&first) {
            continue;
        }
        let Some(block) = wanted.get_mut(&first) else { continue };
        let Some(bytes) = segment.get(at..).and_then(|rest| rest.get(..block.length)) else {
            continue;
        };
        // The same block may have been written twice, and once of these be written over in part.
        let whole = bytes.starts_with(&block.digest) && Block::check(bytes.to_vec()).is_ok();
        if whole && block.offset.is_none() {
            block.offset = begin.checked_add(at as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;
    use crate::store::located::tests::{block, block_at, volume};
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn what_else_lies_about_in_the_file_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        let volume = volume(dir.path());
        let db = dir.path().join("db");
        let mut file = OpenOptions::new().append(true).open(&db).unwrap();
        let mut half = block_at(40).bytes().to_vec();
        half[9_000] ^= 1;
        for bytes in [
            block(20, 5, 7).bytes(), // lost in a crash, for the same commits
            block(32, 3, 1).bytes(), // the same, over the bounds of others
            block_at(30).bytes(),    // once more
            &half,                   // written over in part
        ] {
            file.write_all(bytes).unwrap();
        }
        let located = locate(dir.path(), &volume).unwrap();
        for position in (20..1520).step_by(3) {
            assert_eq!(located.read(Position(position)), Some(block_at(position)), "{position}");
        }
    }

    #[test]
    fn a_copy_that_comes_first_and_is_not_whole_is_passed_over() {
        let wanted_block = block_at(40);
        let (length, digest) = (wanted_block.bytes().len(), wanted_block.digest());
        let mut half = wanted_block.bytes().to_vec();
        half[9_000] ^= 1;
        let segment = [&[5; 77], half.as_slice(), &[0; 9], wanted_block.bytes(), &[1; 99]].concat();
        let mut wanted = HashMap::from([(40, Wanted { length, digest, offset: None })]);
        search(&segment, 1_000_000, 20..1520, &mut wanted);
        assert_eq!(wanted[&40].offset, Some(1_000_000 + 77 + length as u64 + 9));
    }

    #[test]
    fn where_a_block_is_not_in_the_file_nothing_is_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let volume = volume(dir.path());
        // The engine has the last blocks in memory still.
        let db = OpenOptions::new().write(true).open(dir.path().join("db")).unwrap();
        let whole = locate(dir.path(), &volume).unwrap();
        let bytes = std::fs::read(dir.path().join("db")).unwrap();
        let wanted = block_at(1515);
        let at = bytes.windows(wanted.bytes().len()).position(|bytes| bytes == wanted.bytes());
        db.write_all_at(&[0xFF; 100], at.unwrap() as u64 + 2_000).unwrap();
        assert!(whole.read(Position(1515)).is_none());
        std::fs::remove_file(dir.path().join("places")).unwrap();
        assert!(locate(dir.path(), &volume).is_none());
        assert!(!dir.path().join("places").exists());
    }
}
