//! Snapshots: accounts as they were after some of their commits, and how far the projector has read.
//!
//! ```text
//!  one tree of a sled database of its own, all keys big end first
//!
//!  s account position      -> offset, length                           where a snapshot's content is
//!  t account at position   -> nothing                                  the same by time
//!  c                       -> 4 | digest | size | leaf | extent        the cursor
//!
//!  a plain file beside it (see `content`), for each snapshot
//!
//!  4 | digest | leaf | account, notes
//! ```
//!
//! A snapshot follows the commit at `position`, whose leaf hash it carries: it is believed only if its
//! digest agrees, its format byte is known, it decodes, and the log holds that commit with that leaf there.
//! Otherwise it is passed over, and what it would have saved is folded from the commits before. The cursor
//! names the last commit that was read in the same way, and how much content there was then; without one that
//! is believed, and all of that content, everything is begun anew.
//!
//! Nothing here is precious: deleting the directory costs a rebuild. So the database is not synced by hand,
//! and one that cannot be opened, or of another format, is thrown away and begun anew.

mod content;

use crate::Evidence;
use crate::occupancy::{Notes, Occupancy};
use bincode::config::standard;
use content::{Added, Content, Extent, Place};
use ledger::Position;
use seats::{Account, AccountId, Digest, Timestamp};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Raised whenever the encoding of what is saved changes, also that of [`Account`]: everything is then made
/// again. A test knows the encoding and fails when it changes.
const FORMAT: u8 = 6;
const CURSOR: &[u8] = b"c";
const CACHE_BYTES: u64 = 32 << 20;
const FLUSH_EVERY_MS: u64 = 1000;
const LOCK_TRIES: u32 = 2000;
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// Why the views cannot be kept. Reports can still be made without them, from the log alone, more slowly.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The database of views can neither be opened nor begun anew. See to the rights on the directory and
    /// to free space; deleting it is harmless.
    #[error("the views in {directory} cannot be opened: {reason}; the directory may be deleted")]
    Open {
        /// Where the views are.
        directory: String,
        /// What the engine says.
        reason: String,
    },
    /// The engine failed while writing. See to the disk and to free space; deleting the directory is
    /// harmless.
    #[error("the views cannot be written: {0}; their directory may be deleted")]
    Engine(String),
    /// The file of contents cannot be written. See to the disk, to free space and to the rights on the
    /// directory; deleting it is harmless.
    #[error("the views in {directory} cannot be written: {source}; the directory may be deleted")]
    Content {
        /// Where the views are.
        directory: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A snapshot is longer than 4 GiB; the account is too large to be saved.
    #[error("account {0} takes more than 4 GiB, which is too much to be saved")]
    Size(AccountId),
    /// A snapshot cannot be encoded; a mistake of this program.
    #[error("a snapshot cannot be encoded: {0}")]
    Encode(#[from] bincode::error::EncodeError),
}

/// The store of snapshots. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots {
    tree: sled::Tree,
    content: Arc<RwLock<Content>>,
    directory: PathBuf,
    /// Keeps the database open.
    _database: sled::Db,
}

/// A snapshot as found, not yet compared with the log.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Leaf hash of the commit it says it follows.
    pub(crate) leaf: Digest,
    /// Its size in bytes.
    pub(crate) bytes: usize,
    pub(crate) occupancy: Occupancy,
}

/// How far the projector has read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cursor {
    /// How many commits.
    pub(crate) size: u64,
    /// Leaf hash of the last of them.
    pub(crate) leaf: Digest,
}

/// Snapshots and the cursor that become visible together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    places: Vec<(AccountId, Evidence, Place)>,
    added: Added,
    cursor: Option<Cursor>,
}

impl Snapshots {
    /// Opens the store in `directory`, beginning anew if what is there cannot be used.
    ///
    /// The engine lets go of its file a little after it is dropped, so a lock is waited for.
    pub(crate) fn open(directory: &Path) -> Result<Snapshots, SnapshotError> {
        if directory.join("db").exists() && !Content::is_in(directory, FORMAT) {
            // Of another format. If it cannot be removed, what follows finds no cursor that it believes.
            let _ = std::fs::remove_dir_all(directory);
        }
        let locked = |opened: &Result<(sled::Db, sled::Tree), String>| {
            opened.as_ref().is_err_and(|reason| reason.contains("lock"))
        };
        let mut opened = try_open(directory);
        for _ in 0..LOCK_TRIES {
            if !locked(&opened) {
                break;
            }
            std::thread::sleep(LOCK_PAUSE);
            opened = try_open(directory);
        }
        if opened.is_err() && !locked(&opened) {
            // If it cannot be removed, opening it again says so.
            let _ = std::fs::remove_dir_all(directory);
            opened = try_open(directory);
        }
        let (database, tree) = opened.map_err(|reason| {
            let directory = directory.display().to_string();
            SnapshotError::Open { directory, reason }
        })?;
        let extent = cursor_in(&tree).map(|(_, extent)| extent);
        let whole = |content: &[u8]| unsealed(content).is_some();
        let content = extent.and_then(|extent| Content::open(directory, FORMAT, extent, whole));
        let content = match content {
            Some(content) => content,
            None => begun_anew(&tree, directory)?,
        };
        let (content, directory) = (Arc::new(RwLock::new(content)), directory.to_owned());
        Ok(Snapshots { tree, content, directory, _database: database })
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) -> Result<(), SnapshotError> {
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        *content = begun_anew(&self.tree, &self.directory)?;
        Ok(())
    }

    /// Writes the contents, then what leads to them.
    pub(crate) fn write(&self, batch: Batch) -> Result<(), SnapshotError> {
        let Batch { places, added, cursor } = batch;
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        let before = content.extent();
        content.add(&added).map_err(|source| unwritten(&self.directory, source))?;
        let mut batch = sled::Batch::default();
        for (account, last, place) in places {
            let place = place.behind(before).encode();
            batch.insert(snapshot_key(account, last.position), place.as_slice());
            batch.insert(time_key(account, last.at, last.position), &[]);
        }
        if let Some(cursor) = cursor {
            batch.insert(CURSOR, cursor.encode(content.extent()));
        }
        written(|| self.tree.apply_batch(batch))
    }

    // What cannot be read is as good as not there: the log has it all.

    pub(crate) fn cursor(&self) -> Option<Cursor> {
        cursor_in(&self.tree).map(|(cursor, _)| cursor)
    }

    /// The snapshots of an account at or before `position`, latest first.
    pub(crate) fn until(
        &self,
        account: AccountId,
        position: Position,
    ) -> impl Iterator<Item = Found> + use<> {
        let range = snapshot_key(account, Position(0))..=snapshot_key(account, position);
        let mut entries = self.tree.range(range);
        let entries = std::iter::from_fn(move || guarded(|| entries.next_back()?.ok()));
        let content = Arc::clone(&self.content);
        entries.filter_map(move |(key, place)| {
            let place = Place::decode(&place)?;
            let content = content.read().unwrap_or_else(PoisonError::into_inner).read(place)?;
            Found::decode(account, position_in(&key)?, &content)
        })
    }

    /// Where the first snapshot of an account after `position` is; `None`: the first of all.
    pub(crate) fn after(&self, account: AccountId, position: Option<Position>) -> Option<Position> {
        let first = position.map_or(0, |position| position.0.saturating_add(1));
        let first = snapshot_key(account, Position(first));
        let range = first..=snapshot_key(account, Position(u64::MAX));
        guarded(|| position_in(&self.tree.range(range).next()?.ok()?.0))
    }

    /// Where the last snapshot of an account is whose commit happened at or before `at`.
    pub(crate) fn at(&self, account: AccountId, at: Timestamp) -> Option<Position> {
        let first = time_key(account, Timestamp::ZERO, Position(0));
        let range = first..=time_key(account, at, Position(u64::MAX));
        guarded(|| position_in(&self.tree.range(range).next_back()?.ok()?.0))
    }
}

impl Batch {
    /// Adds a snapshot that follows the commit with that leaf; gives back its size in bytes.
    pub(crate) fn snapshot(
        &mut self,
        occupancy: &Occupancy,
        leaf: Digest,
    ) -> Result<usize, SnapshotError> {
        let Some(last) = occupancy.last else { return Ok(0) };
        let account = occupancy.account.id();
        let content = sealed(&[leaf.0.as_slice(), &pack(occupancy)?].concat());
        let place = self.added.push(&content).ok_or(SnapshotError::Size(account))?;
        self.places.push((account, last, place));
        Ok(content.len())
    }

    /// Sets the cursor.
    pub(crate) fn cursor(&mut self, cursor: Cursor) {
        self.cursor = Some(cursor);
    }
}

impl Found {
    fn decode(account: AccountId, position: Position, value: &[u8]) -> Option<Found> {
        let (leaf, state) = unsealed(value)?.split_first_chunk::<32>()?;
        let found = Found { leaf: Digest(*leaf), bytes: value.len(), occupancy: unpack(state)? };
        let last = found.occupancy.last.map(|last| last.position);
        (found.occupancy.account.id() == account && last == Some(position)).then_some(found)
    }
}

/// An account in few bytes.
pub(crate) fn pack(occupancy: &Occupancy) -> Result<Vec<u8>, SnapshotError> {
    let Occupancy { account, notes, last } = occupancy;
    Ok(bincode::encode_to_vec((account, notes, last), standard())?)
}

/// What was packed.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Occupancy> {
    let decoded = bincode::decode_from_slice(bytes, standard()).ok()?;
    let ((account, notes, last), _): ((Account, Notes, Option<Evidence>), usize) = decoded;
    Some(Occupancy { account, notes, last })
}

impl Cursor {
    fn encode(self, extent: Extent) -> Vec<u8> {
        sealed(&[&self.size.to_be_bytes(), self.leaf.0.as_slice(), &extent.encode()].concat())
    }

    fn decode(value: &[u8]) -> Option<(Cursor, Extent)> {
        let (size, rest) = unsealed(value)?.split_first_chunk::<8>()?;
        let (leaf, extent) = rest.split_first_chunk::<32>()?;
        let cursor = Cursor { size: u64::from_be_bytes(*size), leaf: Digest(*leaf) };
        Some((cursor, Extent::decode(extent)?))
    }
}

fn cursor_in(tree: &sled::Tree) -> Option<(Cursor, Extent)> {
    guarded(|| Cursor::decode(&tree.get(CURSOR).ok()??))
}

/// Forgets everything in the directory. The cursor goes first: without it nothing else counts.
fn begun_anew(tree: &sled::Tree, directory: &Path) -> Result<Content, SnapshotError> {
    written(|| tree.remove(CURSOR).map(|_| ()))?;
    written(|| tree.clear())?;
    Content::begin(directory, FORMAT).map_err(|source| unwritten(directory, source))
}

fn unwritten(directory: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Content { directory: directory.display().to_string(), source }
}

/// Content behind the format and its digest.
fn sealed(content: &[u8]) -> Vec<u8> {
    [&[FORMAT], blake3::hash(content).as_bytes().as_slice(), content].concat()
}

/// The content, if the format is ours and the digest agrees.
fn unsealed(value: &[u8]) -> Option<&[u8]> {
    let (format, rest) = value.split_first()?;
    let (digest, content) = rest.split_first_chunk::<32>()?;
    (*format == FORMAT && blake3::hash(content).as_bytes() == digest).then_some(content)
}

/// Runs a read of the engine. Its panics, like its errors, mean that nothing is there.
fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn try_open(directory: &Path) -> Result<(sled::Db, sled::Tree), String> {
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    // The engine panics on some damage; to us that is a database that cannot be opened.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let database = config.open()?;
        let tree = database.open_tree("views")?;
        Ok::<_, sled::Error>((database, tree))
    }));
    match opened {
        Ok(opened) => opened.map_err(|error| error.to_string()),
        Err(_) => Err("the engine gave up on it".into()),
    }
}

/// Runs a write of the engine, turning its panics and errors into ours.
fn written(write: impl FnOnce() -> sled::Result<()>) -> Result<(), SnapshotError> {
    match catch_unwind(AssertUnwindSafe(write)) {
        Ok(written) => written.map_err(|error| SnapshotError::Engine(error.to_string())),
        Err(_) => Err(SnapshotError::Engine("the engine gave up".to_owned())),
    }
}

fn snapshot_key(account: AccountId, position: Position) -> Vec<u8> {
    [b"s".as_slice(), &account.0.to_be_bytes(), &position.0.to_be_bytes()].concat()
}

fn time_key(account: AccountId, at: Timestamp, position: Position) -> Vec<u8> {
    let (at, position) = (at.0.to_be_bytes(), position.0.to_be_bytes());
    [b"t".as_slice(), &account.0.to_be_bytes(), &at, &position].concat()
}

/// The position at the end of a key.
fn position_in(key: &[u8]) -> Option<Position> {
    key.last_chunk().map(|position| Position(u64::from_be_bytes(*position)))
}
