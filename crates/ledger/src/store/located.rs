//! Where each block of a finished volume lies in the engine's file, so that one can be read alone.
//!
//! The engine keeps up to nine blocks on a page and reads all of a page to give one of them, some 250 KiB, after
//! opening the volume, which takes milliseconds. One account's history lies in as many blocks as it has
//! commits, so its questions took 40 ms at a hundred million events. But the engine stores a block as it is, in
//! one piece, and a finished volume never changes: so its blocks can be read past the engine.
//!
//! What was found is believed only if the blocks follow one another from the volume's first commit to its end
//! without overlapping: a block that was lost in a crash and still lies about would overlap. Each block's
//! digest is checked whenever it is read; whatever does not agree is read through the engine.

use super::engine::SEGMENT_BYTES;
use crate::block::{Block, DIGEST_BYTES};
use crate::position::Position;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// See the module. About 64 bytes a block.
#[derive(Debug)]
pub(super) struct Located {
    file: PathBuf,
    /// In order of position.
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    first: Position,
    end: Position,
    offset: u64,
    length: u32,
    /// The block's own digest, so that another block for the same commits is not taken for it.
    digest: [u8; DIGEST_BYTES],
}

impl Located {
    /// Looks for the blocks of the volume in `dir`, which holds the commits from `first` to before `end`.
    /// `None` if they are not all found, or something else is.
    pub(super) fn find(dir: &Path, first: Position, end: Position) -> Option<Located> {
        let path = dir.join("db");
        let file = File::open(&path).ok()?;
        let bytes = file.metadata().ok()?.len();
        let mut places = Vec::new();
        let mut segment = Vec::new();
        // A block never lies in two segments.
        for begin in (0..bytes).step_by(SEGMENT_BYTES) {
            let length = (bytes - begin).min(SEGMENT_BYTES as u64);
            segment.resize(usize::try_from(length).ok()?, 0);
            file.read_exact_at(&mut segment, begin).ok()?;
            locate(&segment, begin, first, &mut places)?;
        }
        places.sort_unstable_by_key(|place| (place.first, place.end, place.digest));
        // The same block may have been written twice; another one for the same commits may not be there.
        places.dedup_by_key(|place| (place.first, place.end, place.digest));
        let mut next = first;
        for place in &places {
            if place.first != next {
                return None;
            }
            next = place.end;
        }
        (next == end).then_some(Located { file: path, places })
    }

    /// The block that holds `position`; `None` if it does not read as it was written.
    pub(super) fn read(&self, position: Position) -> Option<Block> {
        let after = self.places.partition_point(|place| place.first <= position);
        let place = self.places.get(after.checked_sub(1)?)?;
        let mut bytes = vec![0; usize::try_from(place.length).ok()?];
        File::open(&self.file).ok()?.read_exact_at(&mut bytes, place.offset).ok()?;
        let block = Block::check(bytes).ok()?;
        (block.digest() == place.digest && block.contains(position)).then_some(block)
    }
}

/// Notes the blocks in a segment that begin at `first` or after.
fn locate(segment: &[u8], begin: u64, first: Position, places: &mut Vec<Place>) -> Option<()> {
    let mut at = 0;
    while let Some(rest) = segment.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(block) = Block::find(rest).filter(|block| block.first() >= first) else {
            at += 1;
            continue;
        };
        let (length, offset) = (block.bytes().len(), begin.checked_add(u64::try_from(at).ok()?)?);
        let (first, end) = (block.first(), block.end());
        let (length_32, digest) = (u32::try_from(length).ok()?, block.digest());
        places.push(Place { first, end, offset, length: length_32, digest });
        at += length;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use crate::store::volume::Volume;
    use std::fs::OpenOptions;
    use std::io::Write;

    fn block(first: u64, commits: u64, fill: u8) -> Block {
        let mut builder = BlockBuilder::new(Position(first), 30_000);
        for _ in 0..commits {
            assert!(builder.push(None, &[fill; 4_000]).is_none());
        }
        builder.finish().unwrap()
    }

    /// A volume of 300 blocks of 5 commits each, from position 20 on.
    fn volume(dir: &Path) {
        let volume = Volume::open(dir, Position(20), 1 << 20).unwrap();
        for n in 0..300 {
            volume.append(&block(20 + 5 * n, 5, n as u8)).unwrap();
        }
        volume.engine().sync().unwrap();
    }

    fn find(dir: &Path) -> Option<Located> {
        Located::find(dir, Position(20), Position(1520))
    }

    #[test]
    fn every_block_is_read_past_the_engine_and_none_that_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        volume(dir.path());
        let located = find(dir.path()).unwrap();
        for position in 20..1520 {
            let n = (position - 20) / 5;
            assert_eq!(located.read(Position(position)), Some(block(20 + 5 * n, 5, n as u8)));
        }
        assert_eq!((located.read(Position(19)), located.read(Position(1520))), (None, None));
        let place = located.places[7];
        let db = OpenOptions::new().write(true).open(dir.path().join("db")).unwrap();
        db.write_all_at(&[99], place.offset + 5_000).unwrap();
        assert_eq!(located.read(place.first), None, "it must be read through the engine");
        assert!(located.read(place.end).is_some());
        assert!(find(dir.path()).is_none(), "one is missing");
    }

    #[test]
    fn where_a_lost_block_lies_about_nothing_is_believed() {
        let dir = tempfile::tempdir().unwrap();
        volume(dir.path());
        assert!(Located::find(dir.path(), Position(20), Position(1515)).is_none(), "another end");
        let append = |block: Block| {
            let db = OpenOptions::new().append(true).open(dir.path().join("db"));
            db.unwrap().write_all(block.bytes()).unwrap();
        };
        append(block(20, 5, 0));
        assert!(find(dir.path()).is_some(), "the same block again does no harm");
        let whole = std::fs::read(dir.path().join("db")).unwrap();
        append(block(32, 3, 1));
        assert!(find(dir.path()).is_none());
        std::fs::write(dir.path().join("db"), whole).unwrap();
        assert!(find(dir.path()).is_some());
        append(block(20, 5, 1));
        assert!(find(dir.path()).is_none(), "another block for the same commits");
    }
}
