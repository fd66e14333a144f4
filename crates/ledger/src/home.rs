//! The ledger's directory: telling ours from others, keeping others out, and knowing how it was left.
//!
//! ```text
//!  FORMAT     "seatledger 1\n": this is a ledger, of this format
//!  creating   stands here while a ledger is being created; then nothing in it counts
//!  lock       locked while a process works here; holds that process's id
//!  running    stands here while a process works here: found at open, the stop was not clean
//!  head       see `store::head`
//!  journal/   see `store::journal`
//!  log/       see `store::volumes`
//!  aside/     copies made after an unclean stop, until the log is known to be whole
//!  index/     rebuildable: see `index`
//!  book/      the directory of names, price plans, liveness: see `book`
//!  seals/     the signing key, and every seal that was made: see `seal`
//!  views/     the projector's own; may be deleted while nobody works here
//! ```

use crate::error::{Damage, OpenError};
use crate::position::Position;
use crate::store::engine::sync_dir;
use crate::whole::names_in;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const FORMAT: &str = "seatledger 1\n";
const FORMAT_WORD: &str = "seatledger ";

/// Names a ledger's directory may hold while it is being created.
const OURS: [&str; 8] = ["creating", "lock", "running", "head", "log", "index", "book", "views"];

/// A ledger's directory, locked for this process.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    unclean: bool,
    // Held until dropped.
    _lock: File,
}

impl Home {
    /// Prepares `dir`, which must be missing or empty (or left by a creation that did not end), runs `fill`
    /// on it and makes the whole durable.
    pub(crate) fn create(
        dir: &Path,
        fill: impl FnOnce(&Path) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let doing = || OpenError::io(format!("creating a ledger in {}", dir.display()));
        let made: Vec<PathBuf> = missing(dir).map_err(doing())?;
        fs::create_dir_all(dir).map_err(doing())?;
        let names = names_in(dir).map_err(doing())?;
        let interrupted = names.iter().any(|name| name == "creating")
            && !names.iter().any(|name| name == "FORMAT");
        if !interrupted && !names.is_empty() {
            let found = if names.iter().any(|name| name == "FORMAT") {
                "it holds a ledger"
            } else {
                "it is not empty"
            };
            return Err(OpenError::Taken { dir: dir.to_owned(), found: found.to_owned() });
        }
        let creating = dir.join("creating");
        File::create(&creating).and_then(|file| file.sync_all()).map_err(doing())?;
        let lock = lock(dir)?;
        for name in names.iter().filter(|name| OURS.contains(&name.as_str())) {
            let path = dir.join(name);
            match name.as_str() {
                "creating" | "lock" => Ok(()),
                _ if path.is_dir() => fs::remove_dir_all(path),
                _ => fs::remove_file(path),
            }
            .map_err(doing())?;
        }
        fill(dir)?;
        let format = dir.join("FORMAT");
        let written = File::create(&format).and_then(|mut file| {
            file.write_all(FORMAT.as_bytes())?;
            file.sync_all()
        });
        written.map_err(doing())?;
        sync_dir(dir).map_err(doing())?;
        fs::remove_file(creating).map_err(doing())?;
        sync_dir(dir).map_err(doing())?;
        // The directory's own entry, and those of the directories above it that were made on the way.
        for parent in made.iter().filter_map(|made| made.parent()) {
            sync_dir(parent).map_err(doing())?;
        }
        drop(lock);
        Ok(())
    }

    /// Checks that `dir` holds a ledger, locks it and notes that work has begun.
    pub(crate) fn open(dir: &Path) -> Result<Home, OpenError> {
        let doing = || OpenError::io(format!("opening {}", dir.display()));
        check_format(dir)?;
        let lock = lock(dir)?;
        let running = dir.join("running");
        let unclean = running.exists();
        if !unclean {
            File::create(&running).and_then(|file| file.sync_all()).map_err(doing())?;
            sync_dir(dir).map_err(doing())?;
        }
        Ok(Home { dir: dir.to_owned(), unclean, _lock: lock })
    }

    /// Locks `dir`, which may be damaged, to look at it only.
    pub(crate) fn look(dir: &Path) -> Result<Home, OpenError> {
        match check_format(dir) {
            Err(OpenError::Damaged(_)) => {}
            format => format?,
        }
        let lock = lock(dir)?;
        Ok(Home { dir: dir.to_owned(), unclean: dir.join("running").exists(), _lock: lock })
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the last process that worked here did not end in good order.
    pub(crate) fn unclean(&self) -> bool {
        self.unclean
    }

    /// Notes that the work ended in good order. The lock goes with the last handle.
    pub(crate) fn leave(&self) -> io::Result<()> {
        fs::remove_file(self.dir.join("running"))?;
        sync_dir(&self.dir)
    }
}

/// Whether there is nothing in the way of creating a ledger in `dir`.
pub(crate) fn is_free(dir: &Path) -> Result<bool, OpenError> {
    let names = match names_in(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(source) => {
            return Err(OpenError::Io { what: format!("reading {}", dir.display()), source });
        }
    };
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    Ok(names.is_empty() || has("creating") && !has("FORMAT"))
}

fn check_format(dir: &Path) -> Result<(), OpenError> {
    let not_a_ledger =
        |found: &str| OpenError::NotALedger { dir: dir.to_owned(), found: found.to_owned() };
    let path = dir.join("FORMAT");
    let mut text = Vec::new();
    match File::open(&path).and_then(|file| file.take(64).read_to_end(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if !dir.is_dir() {
                return Err(not_a_ledger("the directory does not exist"));
            }
            if dir.join("creating").exists() {
                return Err(not_a_ledger("creating one was begun and not ended; create it again"));
            }
            if dir.join("log").is_dir() && dir.join("head").exists() {
                let what =
                    format!("{} is missing, though the rest of a ledger is there", path.display());
                return Err(Damage::at(Position(0), what).into());
            }
            return Err(not_a_ledger("it holds no FORMAT file"));
        }
        Err(source) => {
            return Err(OpenError::Io { what: format!("reading {}", path.display()), source });
        }
    }
    let text = String::from_utf8_lossy(&text);
    if text == FORMAT {
        Ok(())
    } else if text.starts_with(FORMAT_WORD) && text.ends_with('\n') {
        Err(OpenError::Newer {
            dir: dir.to_owned(),
            found: text.trim_end().to_owned(),
            known: FORMAT.trim_end(),
        })
    } else if dir.join("log").is_dir() && dir.join("head").exists() {
        Err(Damage::at(
            Position(0),
            format!("{} says {text:?} instead of {FORMAT:?}", path.display()),
        )
        .into())
    } else {
        Err(not_a_ledger(&format!("its FORMAT file says {text:?}")))
    }
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("lock");
    let doing = || OpenError::io(format!("locking {}", path.display()));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(doing())?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who it is only helps the message; that somebody is there is certain.
            let _ = file.take(64).read_to_string(&mut holder);
            let holder = if holder.is_empty() { "another process" } else { holder.trim_end() };
            return Err(OpenError::InUse { dir: dir.to_owned(), holder: holder.to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(doing()(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(doing())?;
    writeln!(file, "process {}", std::process::id()).map_err(doing())?;
    Ok(file)
}

/// The directory and those above it, as far as they do not exist yet.
fn missing(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let dir = std::path::absolute(dir)?;
    Ok(dir.ancestors().take_while(|dir| !dir.exists()).map(Path::to_owned).collect())
}
