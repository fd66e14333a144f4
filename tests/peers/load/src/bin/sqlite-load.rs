//! The load on SQLite: write-ahead log, `synchronous=FULL`, both read back from every connection.
//!
//! `--work each`: every client has a connection and a thread of its own; every request is a transaction.
//! `--work together`: one connection; all requests in flight are one transaction (what an application
//! that gathers its users' requests itself can get at best).
//! `--work history`: an event table of `--events` rows is filled, then read in order; also its bytes.
//! `--work version`: the version of SQLite.

use peers_load::{Arguments, HELD, LICENCES, Outcome, People, REQUEST_BYTES, Request, Tally};
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    if arguments.text("work")? == "version" {
        println!("SQLite {}", rusqlite::version());
        return Ok(());
    }
    let file = arguments.text("file")?;
    let file = Path::new(&file);
    match arguments.text("work")?.as_str() {
        "each" => each(&arguments, file),
        "together" => together(&arguments, file),
        "history" => history(&arguments, file),
        other => Err(format!("--work {other}: each, together, history or version").into()),
    }
}

/// A connection with durability on; refuses to go on if SQLite has not taken the settings.
fn connect(file: &Path) -> Result<Connection, Failure> {
    let db = Connection::open(file)?;
    db.busy_timeout(Duration::from_secs(60))?;
    // A long write-ahead log, a large cache: both spare SQLite work during a short run.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 20000;
         PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY;",
    )?;
    let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let level: i64 = db.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    if (mode.as_str(), level) != ("wal", 2) {
        return Err(format!("journal_mode {mode}, synchronous {level}: not durable").into());
    }
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// The tables, and half of the licences in use by sessions numbered from 1, account by account.
fn create(file: &Path, accounts: usize) -> Result<Connection, Failure> {
    let mut db = connect(file)?;
    db.execute_batch(
        "CREATE TABLE account(id INTEGER PRIMARY KEY, seats INT NOT NULL, used INT NOT NULL);
         CREATE TABLE session(id INTEGER PRIMARY KEY, account INT NOT NULL, request BLOB NOT NULL,
           released INT);",
    )?;
    let all = db.transaction()?;
    for id in 0..accounts {
        all.execute("INSERT INTO account VALUES (?1, ?2, 0)", [id as i64, LICENCES as i64])?;
        for _ in 0..HELD {
            take(&all, Request::LogIn { account: id, user: 1 }, 0)?;
        }
    }
    all.commit()?;
    Ok(db)
}

/// Decides one request inside an open transaction.
fn take(db: &Connection, request: Request, at: i64) -> Result<Outcome, Failure> {
    match request {
        Request::LogIn { account, user } => {
            let account = account as i64;
            let seated = db
                .prepare_cached(
                    "UPDATE account SET used = used + 1 WHERE id = ?1 AND used < seats",
                )?
                .execute([account])?;
            if seated == 0 {
                return Ok(Outcome::Denied);
            }
            let row = [user as u8; REQUEST_BYTES];
            db.prepare_cached("INSERT INTO session(account, request) VALUES (?1, ?2)")?
                .execute(params![account, row])?;
            Ok(Outcome::Granted(db.last_insert_rowid()))
        }
        Request::LogOut { account, session } => {
            let ended = db
                .prepare_cached(
                    "UPDATE session SET released = ?2 WHERE id = ?1 AND released IS NULL",
                )?
                .execute([session, at])?;
            if ended != 1 {
                return Err(format!("session {session} had ended already").into());
            }
            db.prepare_cached("UPDATE account SET used = used - 1 WHERE id = ?1")?
                .execute([account as i64])?;
            Ok(Outcome::LoggedOut)
        }
    }
}

/// The sessions that `create` made of the accounts whose number leaves `client` when divided by `of`.
fn seated(people: &mut People, accounts: usize, client: usize, of: usize) {
    for account in (client..accounts).step_by(of) {
        for nth in 1..=HELD {
            people.granted(account, (account * HELD + nth) as i64);
        }
    }
}

fn each(arguments: &Arguments, file: &Path) -> Result<(), Failure> {
    let accounts = arguments.number("accounts")?;
    let clients = arguments.number("clients")?;
    let seconds = Duration::from_secs(arguments.number("seconds")? as u64);
    drop(create(file, accounts)?);
    let start = Arc::new(Barrier::new(clients));
    let begun = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let (start, file) = (start.clone(), file.to_path_buf());
            std::thread::spawn(move || -> Result<Tally, Failure> {
                let mut db = connect(&file)?;
                let mut people = People::new(accounts, client as u64 + 1);
                seated(&mut people, accounts, client, clients);
                let mut tally = Tally::default();
                start.wait();
                let begun = Instant::now();
                while begun.elapsed() < seconds {
                    let (request, asked) = (people.wish(), Instant::now());
                    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
                    let outcome = take(&change, request, 1)?;
                    change.commit()?;
                    tally.add(outcome, asked.elapsed());
                    if let (Outcome::Granted(id), Request::LogIn { account, .. }) =
                        (outcome, request)
                    {
                        people.granted(account, id);
                    }
                }
                Ok(tally)
            })
        })
        .collect();
    let mut tally = Tally::default();
    for thread in threads {
        tally.join(thread.join().map_err(|_| "a client's thread stopped")??);
    }
    lawful(&connect(file)?)?;
    println!("{}", tally.json(begun));
    Ok(())
}

fn together(arguments: &Arguments, file: &Path) -> Result<(), Failure> {
    let accounts = arguments.number("accounts")?;
    let depth = arguments.number("clients")?;
    let seconds = Duration::from_secs(arguments.number("seconds")? as u64);
    let mut db = create(file, accounts)?;
    let mut people = People::new(accounts, 1);
    seated(&mut people, accounts, 0, 1);
    let mut tally = Tally::default();
    let begun = Instant::now();
    while begun.elapsed() < seconds {
        let asked = Instant::now();
        let requests: Vec<Request> = (0..depth).map(|_| people.wish()).collect();
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(depth);
        for request in &requests {
            outcomes.push(take(&change, *request, 1)?);
        }
        change.commit()?;
        for (request, outcome) in requests.into_iter().zip(outcomes) {
            tally.add(outcome, asked.elapsed());
            if let (Outcome::Granted(id), Request::LogIn { account, .. }) = (outcome, request) {
                people.granted(account, id);
            }
        }
    }
    lawful(&db)?;
    println!("{}", tally.json(begun));
    Ok(())
}

/// Checks that the work was done: nobody has more sessions than licences, and the counters agree.
fn lawful(db: &Connection) -> Result<(), Failure> {
    let wrong: i64 = db.query_row(
        "SELECT count(*) FROM account a WHERE used > seats OR used <>
         (SELECT count(*) FROM session s WHERE s.account = a.id AND released IS NULL)",
        [],
        |row| row.get(0),
    )?;
    if wrong > 0 {
        Err(format!("{wrong} accounts have miscounted their seats").into())
    } else {
        Ok(())
    }
}

fn history(arguments: &Arguments, file: &Path) -> Result<(), Failure> {
    let accounts = arguments.number("accounts")? as i64;
    let events = arguments.number("events")? as i64;
    let mut db = connect(file)?;
    db.execute_batch(
        "CREATE TABLE events(pos INTEGER PRIMARY KEY, account INT NOT NULL, version INT NOT NULL,
           at INT NOT NULL, data BLOB NOT NULL, UNIQUE(account, version));",
    )?;
    let data = vec![0xab_u8; arguments.number("bytes")?];
    let all = db.transaction()?;
    for pos in 0..events {
        all.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
            pos + 1,
            pos % accounts,
            pos / accounts + 1,
            1_767_225_600_000_000 + pos,
            data
        ])?;
    }
    all.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let begun = Instant::now();
    let (mut read, mut folded) = (0_u64, 0_i64);
    {
        let mut all = db.prepare("SELECT account, version, at, data FROM events ORDER BY pos")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let (account, version): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (at, data): (i64, _) = (row.get(2)?, row.get_ref(3)?);
            folded ^= account + version + at + data.as_blob()?.len() as i64;
            read += 1;
        }
    }
    let took = begun.elapsed().as_secs_f64();
    std::hint::black_box(folded);
    drop(db);
    let bytes = std::fs::metadata(file)?.len();
    println!(
        "{{\"rows\": {read}, \"rows_per_s\": {:.0}, \"bytes_per_row\": {:.2}}}",
        read as f64 / took,
        bytes as f64 / read.max(1) as f64
    );
    Ok(())
}
