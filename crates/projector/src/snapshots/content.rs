//! The content of snapshots: a plain file beside the database, to which is only added.
//!
//! ```text
//!  content-<format>-<generation>     length (4 bytes, big end first), as many bytes; the next; ...
//! ```
//!
//! In the database a snapshot of 700 bytes cost 2.8 KB: the engine writes whole pages again when accounts in
//! turn add to them. Here it costs what it is, and the database keeps only its [`Place`].
//!
//! How far the file counts is its [`Extent`], which stands in the cursor: bytes are written before the cursor
//! that counts them. What lies behind is left over from a batch that was not finished and is written over.
//! A stop of the process loses nothing, but a power cut may lose any of what was not synced. So the file is
//! synced now and then, and when it is opened what was not is read: if any of it is missing or is not what was
//! written, everything is begun anew, in a file of the next generation, and what an older cursor or place
//! names is gone. What rots later is found by the digest each snapshot carries.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// After so many bytes the file is synced: bounds what has to be read when it is opened (some 4 ms).
const SYNC_BYTES: u64 = 4 << 20;
const LENGTH_BYTES: usize = 4;
const PLACE_BYTES: usize = 12;
const EXTENT_BYTES: usize = 24;

/// An open file of contents.
#[derive(Debug)]
pub(super) struct Content {
    file: File,
    extent: Extent,
}

/// Which file it is and how much of it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Extent {
    generation: u64,
    /// Bytes that count.
    length: u64,
    /// Bytes that were synced.
    synced: u64,
}

/// Where a snapshot's content is: behind its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    offset: u64,
    length: u32,
}

/// Contents that are to be added together.
#[derive(Debug, Default)]
pub(super) struct Added {
    bytes: Vec<u8>,
}

impl Content {
    /// Opens the file as far as the extent says; `None` if not all of it can be believed. `sound` says
    /// whether a content is what was written.
    pub(super) fn open(
        directory: &Path,
        format: u8,
        extent: Extent,
        sound: impl Fn(&[u8]) -> bool,
    ) -> Option<Content> {
        let path = path(directory, format, extent.generation);
        let mut file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        if file.metadata().ok()?.len() < extent.length {
            return None;
        }
        file.seek(SeekFrom::Start(extent.synced)).ok()?;
        let mut left = extent.length.checked_sub(extent.synced)?;
        let mut unsynced = BufReader::new(&file);
        let mut content = Vec::new();
        while left > 0 {
            let mut length = [0; LENGTH_BYTES];
            unsynced.read_exact(&mut length).ok()?;
            let length = u32::from_be_bytes(length);
            left = left.checked_sub(LENGTH_BYTES as u64 + u64::from(length))?;
            content.resize(usize::try_from(length).ok()?, 0);
            unsynced.read_exact(&mut content).ok()?;
            if !sound(&content) {
                return None;
            }
        }
        Some(Content { file, extent })
    }

    /// An empty file of a generation that no file in the directory has, in the place of all that are there.
    pub(super) fn begin(directory: &Path, format: u8) -> io::Result<Content> {
        let mut generation = 0;
        for old in files(directory)? {
            generation = generation.max(generation_in(&old).map_or(0, |old| old.saturating_add(1)));
            fs::remove_file(old)?;
        }
        let path = path(directory, format, generation);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Content { file, extent: Extent { generation, length: 0, synced: 0 } })
    }

    /// Whether there is a file of that format in the directory.
    pub(super) fn is_in(directory: &Path, format: u8) -> bool {
        let begin = format!("content-{format}-");
        let of_format = |path: &PathBuf| name(path).is_some_and(|name| name.starts_with(&begin));
        files(directory).is_ok_and(|files| files.iter().any(of_format))
    }

    /// How much there is.
    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// What is at that place; `None` if nothing can be.
    pub(super) fn read(&self, place: Place) -> Option<Vec<u8>> {
        let end = place.offset.checked_add(u64::from(place.length))?;
        if end > self.extent.length {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(place.length).ok()?];
        self.file.read_exact_at(&mut bytes, place.offset).ok()?;
        Some(bytes)
    }

    /// Adds; the places count from where it was before.
    pub(super) fn add(&mut self, added: &Added) -> io::Result<()> {
        self.file.write_all_at(&added.bytes, self.extent.length)?;
        self.extent.length = self.extent.length.saturating_add(added.bytes.len() as u64);
        if self.extent.length.saturating_sub(self.extent.synced) >= SYNC_BYTES {
            self.file.sync_data()?;
            self.extent.synced = self.extent.length;
        }
        Ok(())
    }
}

impl Added {
    /// Adds one content and gives back its place, as if the file were empty. `None` if it is too long.
    pub(super) fn push(&mut self, content: &[u8]) -> Option<Place> {
        let length = u32::try_from(content.len()).ok()?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        let place = Place { offset: self.bytes.len() as u64, length };
        self.bytes.extend_from_slice(content);
        Some(place)
    }
}

impl Place {
    /// The place if the contents are added to a file of that extent.
    pub(super) fn behind(self, extent: Extent) -> Place {
        Place { offset: self.offset.saturating_add(extent.length), ..self }
    }

    pub(super) fn encode(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        let (offset, length) = bytes.split_at_mut(8);
        offset.copy_from_slice(&self.offset.to_be_bytes());
        length.copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Place> {
        let (offset, length) = bytes.split_first_chunk()?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        Some(Place { offset: u64::from_be_bytes(*offset), length })
    }
}

impl Extent {
    pub(super) fn encode(self) -> [u8; EXTENT_BYTES] {
        let mut bytes = [0; EXTENT_BYTES];
        let numbers = [self.generation, self.length, self.synced];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Extent> {
        let mut numbers =
            bytes.chunks_exact(8).map(|number| number.try_into().map(u64::from_be_bytes));
        let mut next = || numbers.next()?.ok();
        let extent = Extent { generation: next()?, length: next()?, synced: next()? };
        (bytes.len() == EXTENT_BYTES).then_some(extent)
    }
}

fn path(directory: &Path, format: u8, generation: u64) -> PathBuf {
    directory.join(format!("content-{format}-{generation}"))
}

/// The files of contents in a directory, of whatever format.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        files.extend(name(&path).is_some_and(|name| name.starts_with("content-")).then_some(path));
    }
    Ok(files)
}

fn generation_in(file: &Path) -> Option<u64> {
    name(file)?.rsplit_once('-')?.1.parse().ok()
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: u8 = 2;

    fn open(directory: &Path, extent: Extent) -> Option<Content> {
        let sound = |content: &[u8]| content.iter().all(|byte| Some(byte) == content.first());
        Content::open(directory, FORMAT, extent, sound)
    }

    fn flip(directory: &Path, extent: Extent, offset: u64) {
        let path = path(directory, FORMAT, extent.generation);
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).unwrap();
        file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
    }

    #[test]
    fn what_was_not_synced_is_read_when_it_is_opened_and_all_of_it_must_be_sound() {
        let dir = tempfile::tempdir().unwrap();
        let mut content = Content::begin(dir.path(), FORMAT).unwrap();
        let mut places = Vec::new();
        for n in 0..300_u32 {
            let mut added = Added::default();
            let place = added.push(&vec![n as u8; 30_000]).unwrap();
            places.push(place.behind(content.extent()));
            content.add(&added).unwrap();
        }
        let extent = content.extent();
        assert_eq!(extent.length, 300 * 30_004);
        assert!(extent.length - extent.synced < SYNC_BYTES, "{extent:?}");
        assert_eq!(Extent::decode(&extent.encode()), Some(extent));
        let content = open(dir.path(), extent).unwrap();
        for (n, place) in places.iter().enumerate() {
            let place = Place::decode(&place.encode()).unwrap();
            assert_eq!(content.read(place), Some(vec![n as u8; 30_000]));
        }
        flip(dir.path(), extent, extent.synced - 1);
        assert!(open(dir.path(), extent).is_some(), "what was synced is not looked at");
        for offset in [extent.synced, extent.synced + 9_999, extent.length - 1] {
            flip(dir.path(), extent, offset);
            assert!(open(dir.path(), extent).is_none(), "at {offset}");
            flip(dir.path(), extent, offset);
        }
        let longer = Extent { length: extent.length + 1, ..extent };
        assert!(open(dir.path(), longer).is_none());
        let shorter = Extent { length: extent.length - 1, ..extent };
        assert!(open(dir.path(), shorter).is_none(), "it does not end where a content does");
    }

    #[test]
    fn one_begun_anew_has_another_name_and_is_the_only_one() {
        let dir = tempfile::tempdir().unwrap();
        let first = Content::begin(dir.path(), 1).unwrap().extent();
        let second = Content::begin(dir.path(), FORMAT).unwrap().extent();
        assert_ne!(first.generation, second.generation);
        assert_eq!(files(dir.path()).unwrap(), [path(dir.path(), FORMAT, second.generation)]);
        assert!(open(dir.path(), first).is_none());
        assert!(Content::is_in(dir.path(), FORMAT) && !Content::is_in(dir.path(), 1));
    }
}
