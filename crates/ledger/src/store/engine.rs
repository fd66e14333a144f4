//! How a sled database is opened here, and what is never left to it.
//!
//! - Segments of 2 MiB and blocks of at most 30 KiB, so that nothing is ever kept in `blobs/`, which sled
//!   writes without syncing.
//! - No background flusher: durability is our own `fdatasync` of the file `db`.
//! - A half-written snapshot (`snap.….generating`), which would make opening fail, is moved aside.
//! - Panics of the engine while it recovers become errors.
//! - sled closes its file a little after its last handle is dropped, so opening again in the same process
//!   waits for the lock; other processes are kept out by our own lock long before.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

pub(crate) const SEGMENT_BYTES: usize = 2 << 20;
const LOCK_TRIES: u32 = 2000;
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// Why the engine did not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// It returned an error or panicked: its files are not what it left, or the disk refused.
    #[error("{0}")]
    Failed(String),
    /// Values stand in unsynced files. They never should.
    #[error("{0} values stand in blobs/, which is never synced")]
    Blobs(usize),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An open database and our own handle on its file, for syncing.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) db: sled::Db,
    file: File,
}

impl Engine {
    /// Opens or creates the database in `dir`.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Engine, EngineError> {
        move_half_written_aside(dir)?;
        let db = open_when_free(dir, cache_bytes)?;
        let blobs = fs::read_dir(dir.join("blobs"))?.count();
        if blobs > 0 {
            return Err(EngineError::Blobs(blobs));
        }
        let file = OpenOptions::new().read(true).write(true).open(dir.join("db"))?;
        Ok(Engine { db, file })
    }

    /// Makes everything written so far durable.
    pub(crate) fn sync(&self) -> Result<(), String> {
        self.db.flush().map_err(|error| error.to_string())?;
        self.file.sync_data().map_err(|error| error.to_string())
    }

    /// Makes a new database durable with its directory's entries.
    pub(crate) fn sync_created(&self, dir: &Path) -> Result<(), EngineError> {
        self.sync().map_err(EngineError::Failed)?;
        self.file.sync_all()?;
        File::open(dir.join("conf"))?.sync_all()?;
        sync_dir(&dir.join("blobs"))?;
        sync_dir(dir)?;
        Ok(())
    }

    /// Bytes the database takes on disk.
    pub(crate) fn disk_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

/// Makes a directory's list of entries durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn move_half_written_aside(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::rename(entry.path(), dir.join(format!("half-written.{name}")))?;
        }
    }
    Ok(())
}

fn open_when_free(dir: &Path, cache_bytes: u64) -> Result<sled::Db, EngineError> {
    let mut tries = 0;
    loop {
        let config = sled::Config::new()
            .path(dir)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None);
        let opened = catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|panic| {
            EngineError::Failed(format!("the engine panicked: {}", message(&*panic)))
        })?;
        match opened {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error))
                if error.to_string().contains("lock") && tries < LOCK_TRIES =>
            {
                tries += 1;
                std::thread::sleep(LOCK_PAUSE);
            }
            // A lock that stays taken says nothing of what is in the file either.
            Err(sled::Error::Io(error)) if tries == LOCK_TRIES || !tells_of_damage(&error) => {
                return Err(EngineError::Io(error));
            }
            Err(error) => return Err(EngineError::Failed(in_words(&error))),
        }
    }
}

/// Whether this says that what was read is not what should stand there. Else the operating system refused:
/// no space, no rights, a disk that fails. The engine passes on the kind of an error, not its number.
fn tells_of_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput | Other)
}

/// What the engine said, without its own noise.
pub(crate) fn in_words(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { .. } => "a checksum in it does not match".to_owned(),
        error => error.to_string(),
    }
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
}
