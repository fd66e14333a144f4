//! Where the book keeps its entries: in a sled database, or in memory.

use super::{BookError, rewrite};
use crate::error::{OpenError, RESTORE};
use crate::guard::{lock, read, write};
use crate::store::engine::{Engine, EngineError, in_words};
use crate::store::recover::engine_error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, RwLock};

const CACHE_BYTES: u64 = 16 << 20;

/// The tables of the book.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Table {
    Profiles,
    Names,
    Commitments,
    Plans,
    Liveness,
    Marks,
}

const TABLES: [(Table, &str); 6] = [
    (Table::Profiles, "profiles"),
    (Table::Names, "names"),
    (Table::Commitments, "commitments"),
    (Table::Plans, "plans"),
    (Table::Liveness, "liveness"),
    (Table::Marks, "marks"),
];

/// A key with its value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// Keys and values in tables, in order of key.
pub(super) trait Pages: Send + Sync {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, BookError>;

    /// Sets a value; `None` removes it. Not yet durable.
    fn set(&self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), BookError>;

    /// All rows whose key begins with `prefix`.
    fn rows(&self, table: Table, prefix: &[u8]) -> Result<Vec<Row>, BookError>;

    /// The last row whose key begins with `prefix`.
    fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, BookError>;

    /// Makes every change so far durable.
    fn sync(&self) -> Result<(), BookError>;

    /// Puts everything but this row into new files, durably, and removes the old ones.
    fn rewrite(&self, except: Option<(Table, &[u8])>) -> Result<(), BookError>;
}

/// In a sled database.
pub(super) struct SledPages {
    dir: PathBuf,
    /// `None` only if rewriting closed it and could not open it again.
    database: RwLock<Option<Database>>,
    poison: OnceLock<String>,
}

struct Database {
    engine: Engine,
    tables: BTreeMap<Table, sled::Tree>,
}

impl SledPages {
    /// Makes an empty database, durably.
    pub(super) fn create(dir: &Path) -> Result<(), OpenError> {
        let database = Database::open(dir)?;
        database.engine.sync_created(dir).map_err(|error| engine_error(dir, &error, RESTORE))
    }

    pub(super) fn open(dir: &Path) -> Result<SledPages, OpenError> {
        let database = RwLock::new(Some(Database::open(dir)?));
        Ok(SledPages { dir: dir.to_owned(), database, poison: OnceLock::new() })
    }

    /// Whether there is a database in `dir` that holds anything. sled makes a new one where there is none.
    pub(super) fn stands(dir: &Path) -> bool {
        std::fs::metadata(dir.join("db")).is_ok_and(|db| db.len() > 0)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let database = read(&self.database);
        let closed = || BookError::Unavailable {
            doing: "used",
            cause: "rewriting it did not end; start anew".to_owned(),
        };
        work(database.as_ref().ok_or_else(closed)?)
    }

    fn written<T>(&self, result: Result<T, impl ToString>) -> Result<T, BookError> {
        if let Some(cause) = self.poison.get() {
            return Err(BookError::Unavailable { doing: "written", cause: cause.clone() });
        }
        result.map_err(|error| {
            // Only the first failure is told: the others follow from it.
            let _ = self.poison.set(error.to_string());
            BookError::Unavailable { doing: "written", cause: error.to_string() }
        })
    }
}

impl Database {
    fn open(dir: &Path) -> Result<Database, OpenError> {
        let engine = Engine::open(dir, CACHE_BYTES).map_err(|error| match error {
            EngineError::Io(_) => engine_error(dir, &error, RESTORE),
            error => unusable(dir, format!("cannot be opened: {error}")),
        })?;
        let mut tables = BTreeMap::new();
        for (table, name) in TABLES {
            let tree = engine.db.open_tree(name);
            let cannot = |error| unusable(dir, format!("cannot be opened: {}", in_words(&error)));
            tables.insert(table, tree.map_err(cannot)?);
        }
        Ok(Database { engine, tables })
    }

    /// Copies every row but one.
    fn copy_into(&self, new: &Database, except: Option<(Table, &[u8])>) -> Result<(), BookError> {
        for (table, _) in TABLES {
            for row in self.table(table)?.iter() {
                let (key, value) = row.map_err(unread)?;
                if except != Some((table, &*key)) {
                    new.table(table)?.insert(key, value).map_err(rewriting)?;
                }
            }
        }
        Ok(())
    }

    fn table(&self, table: Table) -> Result<&sled::Tree, BookError> {
        self.tables
            .get(&table)
            .ok_or_else(|| BookError::Damaged(format!("the table {table:?} is missing")))
    }
}

impl Pages for SledPages {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, BookError> {
        self.with(|database| {
            Ok(database.table(table)?.get(key).map_err(unread)?.map(|value| value.to_vec()))
        })
    }

    fn set(&self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), BookError> {
        self.with(|database| {
            let tree = database.table(table)?;
            self.written(match value {
                Some(value) => tree.insert(key, value),
                None => tree.remove(key),
            })?;
            Ok(())
        })
    }

    fn rows(&self, table: Table, prefix: &[u8]) -> Result<Vec<Row>, BookError> {
        self.with(|database| {
            let rows = database.table(table)?.scan_prefix(prefix);
            rows.map(|row| row.map(copied).map_err(unread)).collect()
        })
    }

    fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, BookError> {
        self.with(|database| {
            let row = database.table(table)?.scan_prefix(prefix).next_back();
            row.map(|row| row.map(copied).map_err(unread)).transpose()
        })
    }

    fn sync(&self) -> Result<(), BookError> {
        self.with(|database| self.written(database.engine.sync()))
    }

    fn rewrite(&self, except: Option<(Table, &[u8])>) -> Result<(), BookError> {
        let mut database = write(&self.database);
        let old = database.as_ref().ok_or_else(|| rewriting("the old files are closed"))?;
        let new = rewrite::new_beside(&self.dir);
        rewrite::discard(&new).map_err(rewriting)?;
        let made = Database::open(&new).map_err(rewriting).and_then(|made| {
            old.copy_into(&made, except)?;
            made.engine.sync_created(&new).map_err(rewriting)
        });
        if let Err(error) = made {
            let _ = rewrite::discard(&new); // If it stays, opening removes it.
            return Err(error);
        }
        *database = None;
        let swapped = rewrite::swap(&self.dir);
        if swapped.is_err() {
            rewrite::finish(&self.dir).map_err(rewriting)?;
        }
        // sled would make a new, empty one where there is none.
        if SledPages::stands(&self.dir) {
            *database = Some(Database::open(&self.dir).map_err(rewriting)?);
        }
        swapped.map_err(rewriting)
    }
}

fn copied((key, value): (sled::IVec, sled::IVec)) -> Row {
    (key.to_vec(), value.to_vec())
}

fn rewriting(cause: impl ToString) -> BookError {
    BookError::Unavailable { doing: "rewritten", cause: cause.to_string() }
}

fn unread(error: sled::Error) -> BookError {
    BookError::Unavailable { doing: "read", cause: in_words(&error) }
}

fn unusable(dir: &Path, cause: String) -> OpenError {
    OpenError::Book { dir: dir.to_owned(), cause }
}

/// A book in memory, which keeps what was written and what was synced apart, so that it can crash.
#[derive(Debug, Default)]
pub struct MemoryPages {
    state: Mutex<State>,
}

type Key = (Table, Vec<u8>);

type Rows = BTreeMap<Key, Vec<u8>>;

#[derive(Clone, Debug, Default)]
struct State {
    live: Rows,
    /// What was changed since the last sync, in this order: which row, and what it was before.
    unsynced: Vec<(Key, Option<Vec<u8>>)>,
    fail_sync: bool,
}

impl MemoryPages {
    /// The book as found after a crash at this instant: without what was not synced, or with all of it.
    pub fn crash(&self, keep_unsynced: bool) -> Arc<MemoryPages> {
        self.crash_after(if keep_unsynced { usize::MAX } else { 0 })
    }

    /// The book as found after a crash that the first `changes` of the unsynced changes survived.
    pub fn crash_after(&self, changes: usize) -> Arc<MemoryPages> {
        let state = lock(&self.state);
        let mut live = state.live.clone();
        for (key, before) in state.unsynced.iter().skip(changes).rev() {
            match before {
                Some(value) => live.insert(key.clone(), value.clone()),
                None => live.remove(key),
            };
        }
        Arc::new(MemoryPages { state: Mutex::new(State { live, ..State::default() }) })
    }

    /// How many changes are not synced.
    pub fn unsynced_changes(&self) -> usize {
        lock(&self.state).unsynced.len()
    }

    /// Makes every sync from now on fail, with nothing becoming durable.
    pub fn fail_syncs(&self) {
        lock(&self.state).fail_sync = true;
    }
}

impl Pages for MemoryPages {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, BookError> {
        Ok(lock(&self.state).live.get(&(table, key.to_vec())).cloned())
    }

    fn set(&self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), BookError> {
        let mut state = lock(&self.state);
        let key = (table, key.to_vec());
        let before = match value {
            Some(value) => state.live.insert(key.clone(), value.to_vec()),
            None => state.live.remove(&key),
        };
        state.unsynced.push((key, before));
        Ok(())
    }

    fn rows(&self, table: Table, prefix: &[u8]) -> Result<Vec<Row>, BookError> {
        let state = lock(&self.state);
        let rows = state.live.range((table, prefix.to_vec())..);
        let matching =
            rows.take_while(|((other, key), _)| *other == table && key.starts_with(prefix));
        Ok(matching.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, BookError> {
        Ok(self.rows(table, prefix)?.pop())
    }

    fn sync(&self) -> Result<(), BookError> {
        let mut state = lock(&self.state);
        if state.fail_sync {
            let cause = "the sync was made to fail".to_owned();
            return Err(BookError::Unavailable { doing: "written", cause });
        }
        state.unsynced.clear();
        Ok(())
    }

    fn rewrite(&self, except: Option<(Table, &[u8])>) -> Result<(), BookError> {
        // What is erased in memory is gone.
        except.map_or(Ok(()), |(table, key)| self.set(table, key, None))?;
        self.sync()
    }
}
