//! What is found when the log is opened, and how it is kept from getting worse.
//!
//! sled shortens a damaged log silently and overwrites what follows the damage. So after an unclean stop
//! every volume that is not finished (the newest, rarely the one before it too) is copied to `aside/`
//! before sled sees it. When everything is found to be whole, the copies are dropped. If not, opening is
//! refused, the copies stay, and the next opening starts from them: it finds what the first one found.

use super::engine::EngineError;
use super::finish;
use super::head::HeadRow;
use super::volume::Volume;
use super::volumes::name;
use crate::error::{Damage, OpenError, RESTORE};
use crate::options::Options;
use crate::position::Position;
use std::fs;
use std::io;
use std::path::Path;

/// The volumes of a log.
pub(crate) struct Found {
    /// Where each begins and whether it is finished, in order.
    pub(crate) volumes: Vec<(Position, bool)>,
    /// The last of them, open.
    pub(crate) newest: Volume,
}

/// Finds the volumes, checks that they follow one another and opens the newest.
pub(crate) fn find(
    home: &Path,
    options: &Options,
    unclean: bool,
    row: Option<&HeadRow>,
) -> Result<Found, OpenError> {
    let log = home.join("log");
    let reading = || OpenError::io(format!("reading {}", log.display()));
    finish::tidy(&log).map_err(reading())?;
    let firsts = finish::volumes_in(&log).map_err(reading())?;
    let mut volumes = Vec::new();
    for first in firsts {
        volumes.push((first, finish::finished_at(&log.join(name(first))).map_err(reading())?));
    }
    let mut end = Position(0);
    let mut open: Option<Volume> = None;
    let mut found = Vec::new();
    for (first, finished_at) in volumes {
        if first != end {
            let lost = row.is_none_or(|row| row.confirmed > end.0);
            if lost || open.is_none() || first < end {
                let what = format!("the log ends here, but a volume begins at {first}");
                return Err(Damage::at(end, what).into());
            }
            // The volume before it lost a tail that was never acknowledged, so nothing here was either.
            let dir = log.join(name(first));
            fs::remove_dir_all(&dir)
                .map_err(OpenError::io(format!("removing {}", dir.display())))?;
            continue;
        }
        if let Some(finished_at) = finished_at {
            (end, open) = (finished_at, None);
        } else {
            if unclean {
                let doing = format!("copying the volume at {first} aside");
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
    Ok(Found { volumes: found, newest })
}

/// Removes the copies made before opening.
pub(crate) fn drop_copies(home: &Path) -> Result<(), OpenError> {
    let aside = home.join("aside");
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(OpenError::Io { what: format!("removing {}", aside.display()), source: error })
        }
        _ => Ok(()),
    }
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
        copy_dir(&copy, &finish::beside(&volume, "new"))?;
        return finish::put_in_place(&volume);
    }
    let part = copy.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    copy_dir(&volume, &part)?;
    fs::rename(&part, &copy)
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
