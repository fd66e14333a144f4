//! Rewriting: a new database in the place of the old one, so that what was erased is not in the files either.
//!
//! sled appends: a value that was removed stays in the file until the segment it lies in happens to be used
//! again. So all that is live is copied into a new database beside the old one, and the two change places:
//!
//! ```text
//!  book  book.new                 copying; `book` counts, `book.new` may be half of something
//!  book.old  book.new             the new one is whole and durable
//!  book.old  book                 done; `book.old` goes
//! ```
//!
//! Validity: `book` counts if it is there, else `book.new`, which is then whole. Whatever else is there goes.
//! The old files are removed, not overwritten: what a disk does with the room is the file system's affair.

use crate::store::engine::sync_dir;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TRIES: u32 = 2000;
const PAUSE: Duration = Duration::from_millis(1);

/// Where the new database is made.
pub(super) fn new_beside(dir: &Path) -> PathBuf {
    dir.with_extension("new")
}

fn old_beside(dir: &Path) -> PathBuf {
    dir.with_extension("old")
}

/// Puts the new database, which is durable and closed, in the place of the one in `dir`, which is closed too.
pub(super) fn swap(dir: &Path) -> io::Result<()> {
    wait_until_closed(dir)?;
    wait_until_closed(&new_beside(dir))?;
    fs::rename(dir, old_beside(dir))?;
    finish(dir)
}

/// Ends what a crash interrupted: at most one database is left, in `dir`.
pub(super) fn finish(dir: &Path) -> io::Result<()> {
    let (new, old) = (new_beside(dir), old_beside(dir));
    if !dir.exists() && old.exists() && new.exists() {
        fs::rename(&new, dir)?;
        dir.parent().map_or(Ok(()), sync_dir)?;
    }
    if dir.exists() {
        discard(&new)?;
        discard(&old)?;
    }
    Ok(())
}

/// Removes a database that does not count.
pub(super) fn discard(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// sled closes its file a little after its last handle is dropped. Until then it may still write by name.
fn wait_until_closed(dir: &Path) -> io::Result<()> {
    let file = File::open(dir.join("db"))?;
    for _ in 0..TRIES {
        if file.try_lock().is_ok() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(io::Error::other("the engine does not close its file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the three stand there when the process dies, and whose content is found in `book` then.
    fn check(standing: &[&str], found: Option<&str>) {
        let home = tempfile::tempdir().unwrap();
        for name in standing {
            let dir = home.path().join(name);
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("db"), name).unwrap();
        }
        let book = home.path().join("book");
        finish(&book).unwrap();
        assert_eq!(fs::read_to_string(book.join("db")).ok().as_deref(), found, "{standing:?}");
        if found.is_some() {
            assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "{standing:?}");
        }
    }

    #[test]
    fn a_crash_leaves_the_old_one_or_the_new_one() {
        check(&["book"], Some("book"));
        check(&["book", "book.new"], Some("book"));
        check(&["book.old", "book.new"], Some("book.new"));
        check(&["book", "book.old"], Some("book"));
        check(&["book.new"], None); // Nothing that was ever left like this.
        check(&[], None);
    }
}
