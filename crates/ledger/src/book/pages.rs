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
/// How many rows are copied while others wait.
const ROWS_TOGETHER: usize = 128;

/// The tables of the book.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Table {
    Profiles,
    Names,
    Commitments,
    Plans,
    Liveness,
    Marks,
    Statements,
}

const TABLES: [(Table, &str); 7] = [
    (Table::Profiles, "profiles"),
    (Table::Names, "names"),
    (Table::Commitments, "commitments"),
    (Table::Plans, "plans"),
    (Table::Liveness, "liveness"),
    (Table::Marks, "marks"),
    (Table::Statements, "statements"),
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
    open: RwLock<Option<Open>>,
    poison: OnceLock<String>,
    /// Held by whoever rewrites.
    rewriting: Mutex<()>,
}

struct Open {
    database: Database,
    /// The new files, while they are made: whatever is set is set there too.
    copy: Option<Database>,
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
        let open = RwLock::new(Some(Open { database: Database::open(dir)?, copy: None }));
        let (dir, poison) = (dir.to_owned(), OnceLock::new());
        Ok(SledPages { dir, open, poison, rewriting: Mutex::new(()) })
    }

    /// Whether there is a database in `dir` that holds anything. sled makes a new one where there is none.
    pub(super) fn stands(dir: &Path) -> bool {
        std::fs::metadata(dir.join("db")).is_ok_and(|db| db.len() > 0)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        work(&read(&self.open).as_ref().ok_or_else(closed)?.database)
    }

    /// Copies everything but one row into new files. Whoever sets something meanwhile waits for some rows at
    /// most, and sets it in both.
    fn copy_to(&self, new: &Path, except: Option<(Table, &[u8])>) -> Result<(), BookError> {
        rewrite::discard(new).map_err(rewriting)?;
        let made = Database::open(new).map_err(rewriting)?;
        write(&self.open).as_mut().ok_or_else(closed)?.copy = Some(made);
        for (table, _) in TABLES {
            let mut next: Option<Vec<u8>> = Some(Vec::new());
            while let Some(from) = next {
                let open = write(&self.open);
                next = open.as_ref().ok_or_else(closed)?.copy_rows(table, &from, except)?;
            }
        }
        // Most of it reaches the disk while nobody waits.
        match read(&self.open).as_ref().and_then(|open| open.copy.as_ref()) {
            Some(copy) => copy.engine.sync().map_err(rewriting),
            None => Err(rewriting("a change could not be made in the new files")),
        }
    }

    /// Closes both, lets them change places and opens what is in the place then.
    fn swap(&self, new: &Path) -> Result<(), BookError> {
        let mut open = write(&self.open);
        let copy = open.as_mut().ok_or_else(closed)?.copy.take();
        let copy = copy.ok_or_else(|| rewriting("a change could not be made in the new files"))?;
        copy.engine.sync_created(new).map_err(rewriting)?;
        drop((copy, open.take()));
        let swapped = rewrite::swap(&self.dir);
        if swapped.is_err() {
            rewrite::finish(&self.dir).map_err(rewriting)?;
        }
        // sled would make a new, empty one where there is none.
        if SledPages::stands(&self.dir) {
            let database = Database::open(&self.dir).map_err(rewriting)?;
            *open = Some(Open { database, copy: None });
        }
        swapped.map_err(rewriting)
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

impl Open {
    /// Copies some rows from a key on; gives back the key to go on from.
    fn copy_rows(
        &self,
        table: Table,
        from: &[u8],
        except: Option<(Table, &[u8])>,
    ) -> Result<Option<Vec<u8>>, BookError> {
        let Some(copy) = &self.copy else {
            return Err(rewriting("a change could not be made in the new files"));
        };
        let mut last = None;
        for row in self.database.table(table)?.range(from..).take(ROWS_TOGETHER) {
            let (key, value) = row.map_err(unread)?;
            if except != Some((table, &*key)) {
                copy.table(table)?.insert(&key, value).map_err(rewriting)?;
            }
            last = Some(key);
        }
        // The least key after the last one.
        Ok(last.map(|last| [&*last, &[0]].concat()))
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

    fn put(
        &self,
        table: Table,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Result<Option<sled::IVec>, sled::Error>, BookError> {
        let tree = self.table(table)?;
        Ok(match value {
            Some(value) => tree.insert(key, value),
            None => tree.remove(key),
        })
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
        let open = read(&self.open);
        let open = open.as_ref().ok_or_else(closed)?;
        self.written(open.database.put(table, key, value)?)?;
        match &open.copy {
            Some(copy) => copy.put(table, key, value)?.map(drop).map_err(rewriting),
            None => Ok(()),
        }
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
        let _alone = lock(&self.rewriting);
        let new = rewrite::new_beside(&self.dir);
        let swapped = self.copy_to(&new, except).and_then(|()| self.swap(&new));
        if swapped.is_err() {
            write(&self.open).iter_mut().for_each(|open| open.copy = None);
            let _ = rewrite::discard(&new); // If it stays, opening removes it.
        }
        swapped
    }
}

fn copied((key, value): (sled::IVec, sled::IVec)) -> Row {
    (key.to_vec(), value.to_vec())
}

fn closed() -> BookError {
    rewriting("it did not end, and the book is closed; start anew")
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
