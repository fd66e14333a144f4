//! How a full volume is finished.
//!
//! sled writes its snapshot, without which it replays its whole log, only while it opens; so a full volume is
//! closed and opened once more. And where small blocks made sled rewrite its pages again and again, up to two
//! thirds of the file are dead: such a volume is written anew, with large blocks, and takes the old one's
//! place. The commits stay byte for byte the same; only how they are cut into blocks changes.
//!
//! ```text
//!  <first>.new    being written         removed when found at open
//!  <first>.old    on its way out        removed when found at open, or put back if <first> is missing
//!  <first>/finished   "finished <end>\n": nothing more is written here; its end is known without opening it
//!  <first>/places     where its blocks lie in the engine's file (see `located`)
//! ```

use super::engine::{EngineError, sync_dir};
use super::locate::locate;
use super::located::Located;
use super::volume::Volume;
use super::volumes::name;
use crate::block::BlockBuilder;
use crate::error::ReadError;
use crate::options::Options;
use crate::position::Position;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Part of the file that may be dead before it is written anew, in percent.
const DEAD_PERCENT_MAX: u64 = 15;

/// Files below this size are left as they are.
const REWRITE_BYTES_MIN: u64 = 8 << 20;

const FINISHED: &str = "finished";

/// Why a volume could not be finished. It stays as it was and is finished another time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FinishError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Differs(&'static str),
}

/// Whether much of the volume's file is dead.
pub(crate) fn is_sparse(volume: &Arc<Volume>) -> Result<bool, FinishError> {
    let disk_bytes = volume.engine().disk_bytes()?;
    if disk_bytes < REWRITE_BYTES_MIN {
        return Ok(false);
    }
    let mut live = 0;
    for block in Arc::clone(volume).scan(volume.first()) {
        // Its key and what the engine writes around a value.
        live += block?.bytes().len() as u64 + 40;
    }
    Ok(live < disk_bytes / 100 * (100 - DEAD_PERCENT_MAX))
}

/// Writes the volume's commits into a new database beside it, makes that durable and checks it.
pub(crate) fn rewrite(dir: &Path, old: Arc<Volume>, options: &Options) -> Result<(), FinishError> {
    let (first, end) = (old.first(), old.end());
    let new_dir = beside(dir, "new");
    remove_if_there(&new_dir)?;
    let mut before = blake3::Hasher::new();
    {
        let new = Volume::open(&new_dir, first, options.closed_cache_bytes)?;
        let mut builder = BlockBuilder::new(first, options.block_bytes);
        let store = |block| new.append(&block).map_err(EngineError::Failed);
        for block in old.scan(first) {
            for entry in block?.entries() {
                before.update(entry.bytes);
                builder.push(entry.previous, entry.bytes).map_or(Ok(()), store)?;
            }
        }
        builder.finish().map_or(Ok(()), store)?;
        new.engine().sync_created(&new_dir)?;
    }
    let mut after = blake3::Hasher::new();
    let new = Arc::new(Volume::open(&new_dir, first, options.closed_cache_bytes)?);
    for block in Arc::clone(&new).scan(first) {
        block?.entries().for_each(|entry| {
            after.update(entry.bytes);
        });
    }
    if new.end() != end || before.finalize() != after.finalize() {
        return Err(FinishError::Differs("the volume written anew does not hold the same commits"));
    }
    // Without places it is searched for them when they are needed.
    let _ = locate(&new_dir, &new);
    mark_finished(&new_dir, end)?;
    Ok(())
}

/// Puts what [`rewrite`] wrote into the old volume's place. Whoever has the old one open may read on.
pub(crate) fn put_in_place(dir: &Path) -> io::Result<()> {
    let (new_dir, old_dir) = (beside(dir, "new"), beside(dir, "old"));
    fs::rename(dir, &old_dir)?;
    fs::rename(&new_dir, dir)?;
    if let Some(log) = dir.parent() {
        sync_dir(log)?;
    }
    fs::remove_dir_all(&old_dir)
}

/// Opens a volume that was just closed once more, so that the engine writes its snapshot.
pub(crate) fn reopen(
    dir: &Path,
    first: Position,
    end: Position,
    options: &Options,
) -> Result<(), FinishError> {
    let volume = Arc::new(Volume::open(dir, first, options.closed_cache_bytes)?);
    if volume.end() != end {
        return Err(FinishError::Differs("the volume opened again does not end where it did"));
    }
    let _ = locate(dir, &volume);
    mark_finished(dir, end)?;
    Ok(())
}

/// Where the volume was finished, if it was.
pub(crate) fn finished_at(dir: &Path) -> io::Result<Option<Position>> {
    match fs::read(dir.join(FINISHED)) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let end =
                text.strip_prefix("finished ").and_then(|end| end.strip_suffix('\n')?.parse().ok());
            Ok(end.map(Position))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes a finished volume into use again.
pub(crate) fn unmark(dir: &Path) -> io::Result<()> {
    Located::forget(dir);
    fs::remove_file(dir.join(FINISHED))?;
    sync_dir(dir)
}

/// Ends what a crash interrupted: see the module.
pub(crate) fn tidy(log: &Path) -> io::Result<()> {
    for entry in fs::read_dir(log)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("new") => fs::remove_dir_all(&path)?,
            Some("old") if path.with_extension("").exists() => fs::remove_dir_all(&path)?,
            Some("old") => fs::rename(&path, path.with_extension(""))?,
            _ => {}
        }
    }
    remove_if_there(&log.join("next"))
}

/// The positions at which the volumes in `log` begin, in order.
pub(crate) fn volumes_in(log: &Path) -> io::Result<Vec<Position>> {
    let mut volumes = Vec::new();
    for entry in fs::read_dir(log)? {
        let file_name = entry?.file_name();
        let first = file_name.to_str().and_then(|text| text.parse().ok()).map(Position);
        volumes.extend(first.filter(|first| file_name.to_str() == Some(&name(*first))));
    }
    volumes.sort_unstable();
    Ok(volumes)
}

fn mark_finished(dir: &Path, end: Position) -> io::Result<()> {
    let mut file = fs::File::create(dir.join(FINISHED))?;
    writeln!(file, "finished {end}")?;
    file.sync_all()?;
    sync_dir(dir)
}

/// The directory beside `dir` with this extension.
pub(crate) fn beside(dir: &Path, extension: &str) -> PathBuf {
    dir.with_extension(extension)
}

/// Removes a directory and everything in it; if it is not there, that is as good.
pub(crate) fn remove_if_there(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;

    const CACHE_BYTES: u64 = 1 << 20;

    fn small_blocks(dir: &Path, count: u64) -> (Arc<Volume>, Vec<Vec<u8>>) {
        let volume = Volume::open(dir, Position(10), CACHE_BYTES).unwrap();
        let mut commits = Vec::new();
        for n in 0..count {
            let commit = vec![n as u8; 40 + (n % 50) as usize];
            let mut builder = BlockBuilder::new(Position(10 + n), 30_000);
            assert!(
                builder.push(n.checked_sub(3).map(|back| Position(10 + back)), &commit).is_none()
            );
            volume.append(&builder.finish().unwrap()).unwrap();
            commits.push(commit);
        }
        volume.engine().sync().unwrap();
        (Arc::new(volume), commits)
    }

    fn blocks(volume: &Arc<Volume>) -> Vec<Block> {
        Arc::clone(volume).scan(volume.first()).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_volume_written_anew_holds_the_same_commits_in_fewer_blocks() {
        let log = tempfile::tempdir().unwrap();
        let dir = log.path().join(name(Position(10)));
        let (old, commits) = small_blocks(&dir, 3000);
        let options = Options::default();
        rewrite(&dir, Arc::clone(&old), &options).unwrap();
        put_in_place(&dir).unwrap();
        assert_eq!(finished_at(&dir).unwrap(), Some(old.end()));
        let located = Located::open(&dir, Position(10), old.end()).unwrap();
        for position in (10..3010).map(Position) {
            assert!(located.read(position).is_some(), "{position}");
        }
        assert_eq!(blocks(&old).len(), 3000, "whoever reads the old one reads on");
        let new = Arc::new(Volume::open(&dir, Position(10), CACHE_BYTES).unwrap());
        let blocks = blocks(&new);
        assert!(blocks.len() < 20, "{} blocks", blocks.len());
        let entries: Vec<_> = blocks.iter().flat_map(Block::entries).collect();
        assert_eq!(entries.len(), commits.len());
        for (n, (entry, commit)) in (0..).zip(entries.iter().zip(&commits)) {
            assert_eq!((entry.position, entry.bytes), (Position(10 + n), commit.as_slice()));
            assert_eq!(entry.previous, n.checked_sub(3).map(|back| Position(10 + back)));
        }
        assert_eq!(fs::read_dir(log.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn places_are_written_down_when_a_volume_is_finished_and_go_when_it_is_used_again() {
        let log = tempfile::tempdir().unwrap();
        let dir = log.path().join(name(Position(10)));
        drop(small_blocks(&dir, 300));
        let (first, end) = (Position(10), Position(310));
        reopen(&dir, first, end, &Options::default()).unwrap();
        let located = Located::open(&dir, first, end).unwrap();
        for position in (10..310).map(Position) {
            assert!(located.read(position).is_some_and(|block| block.first() == position));
        }
        unmark(&dir).unwrap();
        assert!(Located::open(&dir, first, end).is_none());
    }

    #[test]
    fn a_large_volume_of_small_blocks_is_sparse_and_one_of_large_blocks_is_not() {
        let log = tempfile::tempdir().unwrap();
        let (small, _) = small_blocks(&log.path().join("a"), 60_000);
        assert!(is_sparse(&small).unwrap());
        let (few, _) = small_blocks(&log.path().join("b"), 100);
        assert!(!is_sparse(&few).unwrap());
        let dense = Volume::open(&log.path().join("c"), Position(0), CACHE_BYTES).unwrap();
        let mut builder = BlockBuilder::new(Position(0), 28 << 10);
        for n in 0..120_000_u64 {
            if let Some(block) = builder.push(None, &[n as u8; 90]) {
                dense.append(&block).unwrap();
            }
        }
        dense.engine().sync().unwrap();
        let (dense, bytes) = (Arc::new(dense), 120_000 * 90);
        assert!(!is_sparse(&dense).unwrap());
        let disk = dense.engine().disk_bytes().unwrap();
        assert!(disk * 100 < bytes * 130, "{disk} bytes on disk for {bytes}");
    }

    #[test]
    fn what_a_crash_interrupted_is_ended() {
        let log = tempfile::tempdir().unwrap();
        let volume = log.path().join(name(Position(0)));
        let make = |path: &Path, text: &str| {
            fs::create_dir_all(path).unwrap();
            fs::write(path.join("what"), text).unwrap();
        };
        let check = |expected: &str| {
            tidy(log.path()).unwrap();
            assert_eq!(volumes_in(log.path()).unwrap(), [Position(0)]);
            assert_eq!(fs::read_to_string(volume.join("what")).unwrap(), expected);
            assert_eq!(fs::read_dir(log.path()).unwrap().count(), 1);
        };
        make(&volume, "old");
        make(&beside(&volume, "new"), "new");
        make(&log.path().join("next"), "next");
        check("old");
        fs::rename(&volume, beside(&volume, "old")).unwrap();
        make(&beside(&volume, "new"), "new");
        check("old");
        make(&beside(&volume, "old"), "old");
        fs::write(volume.join("what"), "new").unwrap();
        check("new");
    }
}
