//! What is found when the log is opened, and how it is kept from getting worse.
//!
//! sled shortens a damaged log silently and overwrites what follows the damage. So after an unclean stop
//! every volume that is not finished (the newest, rarely the one before it too) is copied to `aside/`
//! before sled sees it. When everything is found to be whole, the copies are dropped. If not, opening is
//! refused, the copies stay, and the next opening starts from them: it finds what the first one found.

use super::engine::{EngineError, sync_dir};
use super::finish;
use super::head::HeadRow;
use super::journal::Record;
use super::volume::Volume;
use super::volumes::name;
use crate::block::Block;
use crate::error::{Damage, OpenError, RESTORE};
use crate::options::Options;
use crate::position::Position;
use std::fs::{self, File};
use std::io;
use std::iter::Peekable;
use std::path::Path;

/// The volumes of a log.
pub(crate) struct Found {
    /// Where each begins and whether it is finished, in order.
    pub(crate) volumes: Vec<(Position, bool)>,
    /// Those before the last that are not finished, open, oldest first: what was found in them may stand in
    /// the disk's cache only.
    pub(crate) unfinished: Vec<Volume>,
    /// The last of them, open.
    pub(crate) newest: Volume,
}

/// Finds the volumes, gives each what only the journal has of it, checks that they follow one another and
/// opens the newest.
pub(crate) fn find(
    home: &Path,
    options: &Options,
    unclean: bool,
    row: Option<&HeadRow>,
    journal: &[Record],
) -> Result<Found, OpenError> {
    let mut redo = Redo { blocks: journal.iter().flat_map(|record| &record.blocks).peekable() };
    let log = home.join("log");
    let reading = || OpenError::io(format!("reading {}", log.display()));
    if !log.is_dir() {
        return Err(Damage::at(Position(0), format!("{} is missing", log.display())).into());
    }
    finish::tidy(&log).map_err(reading())?;
    let firsts = finish::volumes_in(&log).map_err(reading())?;
    let mut volumes = Vec::new();
    for first in firsts {
        volumes.push((first, finish::finished_at(&log.join(name(first))).map_err(reading())?));
    }
    let mut end = Position(0);
    let mut open: Option<Volume> = None;
    let mut unfinished = Vec::new();
    let mut found = Vec::new();
    for (first, finished_at) in volumes {
        if let Some(volume) = &open {
            redo.give(volume, Some(first))?;
            end = volume.end();
        }
        if first != end {
            let lost = row.is_none_or(|row| row.confirmed > end.0);
            if lost || open.is_none() || first < end {
                let what = format!("the log ends here, but a volume begins at {first}");
                return Err(Damage::at(end, what).into());
            }
            // The volume before it lost a tail that was never acknowledged, so nothing here was either.
            let dir = log.join(name(first));
            // Durably, lest it come back when its positions have been given to others.
            fs::remove_dir_all(&dir)
                .and_then(|()| sync_dir(&log))
                .map_err(OpenError::io(format!("removing {}", dir.display())))?;
            continue;
        }
        unfinished.extend(open.take());
        if let Some(finished_at) = finished_at {
            end = finished_at;
        } else {
            if unclean {
                let doing = format!(
                    "copying the volume at {first} aside, which takes as much room again in {}",
                    home.display()
                );
                copy_aside(home, first).map_err(OpenError::io(doing))?;
            }
            let dir = log.join(name(first));
            let way_out = way_out(home, first);
            let volume =
                Volume::open(&dir, first, options.cache_bytes).map_err(|error| match error {
                    EngineError::Failed(cause) => {
                        let what = format!("the volume that begins here cannot be opened: {cause}");
                        OpenError::Damaged(Damage { position: first, what, way_out })
                    }
                    error => engine_error(&dir, &error, &way_out),
                })?;
            end = volume.end();
            open = Some(volume);
        }
        found.push((first, finished_at.is_some()));
    }
    let newest = match (open, found.last_mut()) {
        (Some(volume), _) => volume,
        // The last volume was finished but the next one did not survive: it goes on being written.
        (None, Some((first, finished))) => {
            let dir = log.join(name(*first));
            finish::unmark(&dir).map_err(reading())?;
            *finished = false;
            let volume = Volume::open(&dir, *first, options.cache_bytes);
            volume.map_err(|error| engine_error(&dir, &error, RESTORE))?
        }
        (None, None) => {
            return Err(
                Damage::at(Position(0), format!("{} holds no volume", log.display())).into()
            );
        }
    };
    redo.give(&newest, None)?;
    Ok(Found { volumes: found, unfinished, newest })
}

/// The blocks of the journal, in order, as far as no volume has been given them.
struct Redo<'a, I: Iterator<Item = &'a Block>> {
    blocks: Peekable<I>,
}

impl<'a, I: Iterator<Item = &'a Block>> Redo<'a, I> {
    /// Gives a volume the blocks it lacks, up to where the next one begins.
    fn give(&mut self, volume: &Volume, next: Option<Position>) -> Result<(), OpenError> {
        while let Some(block) = self.blocks.peek() {
            let end = volume.end();
            if block.end() > end {
                if next.is_some_and(|next| next <= block.first()) {
                    return Ok(());
                }
                if block.first() != end {
                    let what = format!(
                        "the log ends here, and the journal goes on with {} only",
                        block.first()
                    );
                    return Err(Damage::at(end, what).into());
                }
                volume.append(block).map_err(|cause| OpenError::Io {
                    what: format!("giving the volume at {} what the journal has", volume.first()),
                    source: io::Error::other(cause),
                })?;
            }
            self.blocks.next();
        }
        Ok(())
    }
}

/// Removes the copies made before opening. First all at once out of the way, durably: a power cut must not
/// leave a part of one where the next opening would take it for the whole.
pub(crate) fn drop_copies(home: &Path) -> Result<(), OpenError> {
    let (aside, done) = (home.join("aside"), home.join("aside.done"));
    let unless_missing = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    };
    fs::remove_dir_all(&done)
        .or_else(unless_missing)
        .and_then(|()| fs::rename(&aside, &done).and_then(|()| sync_dir(home)))
        .and_then(|()| fs::remove_dir_all(&done))
        .or_else(unless_missing)
        .map_err(OpenError::io(format!("removing {}", aside.display())))
}

/// What an operator can do about damage in the volume that begins at `first`.
pub(crate) fn way_out(home: &Path, first: Position) -> String {
    let copy = home.join("aside").join(name(first));
    if copy.exists() {
        format!("the volume as it was found is kept in {}; {RESTORE}", copy.display())
    } else {
        RESTORE.to_owned()
    }
}

/// An engine that did not open, as an error of ours.
pub(crate) fn engine_error(dir: &Path, error: &EngineError, way_out: &str) -> OpenError {
    if let EngineError::Io(error) = error {
        let source = io::Error::new(error.kind(), error.to_string());
        return OpenError::Io { what: format!("opening {}", dir.display()), source };
    }
    OpenError::Engine { dir: dir.to_owned(), cause: error.to_string(), way_out: way_out.to_owned() }
}

/// A head file that did not open.
pub(crate) fn head_error(path: &Path, error: io::Error) -> OpenError {
    if error.kind() == io::ErrorKind::NotFound {
        return Damage::at(Position(0), format!("{} is missing", path.display())).into();
    }
    OpenError::Io { what: format!("opening {}", path.display()), source: error }
}

/// Copies a volume aside, or, if an earlier opening did so and was then refused, puts that copy back.
fn copy_aside(home: &Path, first: Position) -> io::Result<()> {
    let volume = home.join("log").join(name(first));
    let aside = home.join("aside");
    fs::create_dir_all(&aside)?;
    let copy = aside.join(name(first));
    if copy.exists() {
        let new = finish::beside(&volume, "new");
        finish::remove_if_there(&new)?;
        copy_dir(&copy, &new)?;
        return finish::put_in_place(&volume);
    }
    let part = copy.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    copy_dir(&volume, &part)?;
    fs::rename(&part, &copy)?;
    sync_dir(&aside)?;
    sync_dir(home)
}

/// Copies a directory with everything in it, durably: once the copy has its name it is the whole.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    sync_dir(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use crate::position::Head;
    use seats::Digest;

    fn volume(home: &Path, first: u64, commits: u64) {
        let dir = home.join("log").join(name(Position(first)));
        let volume = Volume::open(&dir, Position(first), 1 << 20).unwrap();
        let mut builder = BlockBuilder::new(Position(first), 1000);
        for _ in 0..commits {
            if let Some(block) = builder.push(None, &[1; 50]) {
                volume.append(&block).unwrap();
            }
        }
        if let Some(block) = builder.finish() {
            volume.append(&block).unwrap();
        }
        volume.engine().sync().unwrap();
    }

    fn row(confirmed: u64) -> HeadRow {
        HeadRow { sequence: 1, head: Head { size: confirmed, root: Digest([0; 32]) }, confirmed }
    }

    fn find_in(home: &Path, unclean: bool, confirmed: u64) -> Result<Vec<(u64, bool)>, OpenError> {
        let found = find(home, &Options::default(), unclean, Some(&row(confirmed)), &[])?;
        let volumes: Vec<_> =
            found.volumes.iter().map(|(first, finished)| (first.0, *finished)).collect();
        assert_eq!(Some(found.newest.first().0), volumes.last().map(|(first, _)| *first));
        Ok(volumes)
    }

    fn check_damaged(found: Result<Vec<(u64, bool)>, OpenError>, position: u64) {
        match found {
            Err(OpenError::Damaged(damage)) => assert_eq!(damage.position, Position(position)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_volume_after_a_lost_tail_goes_if_nothing_in_it_was_acknowledged() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 0, 10);
        volume(home.path(), 15, 3);
        check_damaged(find_in(home.path(), true, 11), 10);
        check_damaged(find_in(home.path(), false, 17), 10);
        assert_eq!(find_in(home.path(), true, 10).unwrap(), [(0, false)]);
        assert_eq!(finish::volumes_in(&home.path().join("log")).unwrap(), [Position(0)]);
    }

    #[test]
    fn volumes_that_follow_one_another_are_found() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 0, 10);
        volume(home.path(), 10, 5);
        volume(home.path(), 15, 0);
        assert_eq!(
            find_in(home.path(), false, 15).unwrap(),
            [(0, false), (10, false), (15, false)]
        );
        let first = home.path().join("log").join(name(Position(0)));
        finish::reopen(&first, Position(0), Position(10), &Options::default()).unwrap();
        assert_eq!(find_in(home.path(), false, 15).unwrap(), [(0, true), (10, false), (15, false)]);
    }

    #[test]
    fn volumes_that_may_not_be_durable_are_kept_open_for_the_next_sync() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 0, 10);
        volume(home.path(), 10, 5);
        volume(home.path(), 15, 2);
        let found = find(home.path(), &Options::default(), false, Some(&row(15)), &[]).unwrap();
        let ends: Vec<_> = found.unfinished.iter().map(Volume::end).collect();
        assert_eq!((ends, found.newest.end()), (vec![Position(10), Position(15)], Position(17)));
    }

    #[test]
    fn a_finished_volume_without_a_next_one_is_taken_into_use_again() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 0, 10);
        let first = home.path().join("log").join(name(Position(0)));
        finish::reopen(&first, Position(0), Position(10), &Options::default()).unwrap();
        assert_eq!(find_in(home.path(), false, 10).unwrap(), [(0, false)]);
        assert_eq!(finish::finished_at(&first).unwrap(), None);
    }

    #[test]
    fn a_missing_volume_is_damage_where_it_should_begin() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 10, 5);
        check_damaged(find_in(home.path(), false, 0), 0);
        let none = tempfile::tempdir().unwrap();
        fs::create_dir(none.path().join("log")).unwrap();
        check_damaged(find_in(none.path(), false, 0), 0);
    }

    #[test]
    fn a_refused_opening_finds_the_same_the_next_time() {
        let home = tempfile::tempdir().unwrap();
        volume(home.path(), 0, 200);
        find_in(home.path(), true, 0).unwrap();
        let log = home.path().join("log").join(name(Position(0)));
        let copy = home.path().join("aside").join(name(Position(0)));
        let original = fs::read(copy.join("db")).unwrap();
        // As if the engine had spoilt it while it recovered.
        fs::write(log.join("db"), b"spoilt").unwrap();
        let found = find(home.path(), &Options::default(), true, Some(&row(0)), &[]).unwrap();
        assert_eq!(found.newest.end(), Position(200));
        assert_eq!(fs::read(copy.join("db")).unwrap(), original, "the copy is never opened");
        assert!(way_out(home.path(), Position(0)).contains("aside"));
        drop_copies(home.path()).unwrap();
        assert!(!way_out(home.path(), Position(0)).contains("aside"));
    }
}
