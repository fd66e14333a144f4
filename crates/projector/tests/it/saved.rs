//! What the projector saves: the same however it was interrupted, never believed when damaged.

use crate::log::{BEGIN, Deed, Log, Stay, at, import};
use crate::views::check_views;
use ledger::{Ledger, Position, Record};
use projector::{Projector, Spacing};
use seats::{
    AccountId, DenialReason, EndedBy, Event, Micros, RequestId, SeatNo, SessionId, Setting, SiteId,
    UserId,
};

const ONE: AccountId = AccountId(1);
/// A projector with its own directory, which is deleted with it.
pub(crate) struct Saved {
    pub(crate) projector: Projector,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) fn save(ledger: &Ledger, spacing: Spacing, pieces: &[u64]) -> Saved {
    let directory = tempfile::tempdir().unwrap();
    let mut projector = Projector::open_in(ledger, directory.path(), spacing).unwrap();
    for piece in pieces {
        projector.catch_up(*piece).unwrap();
    }
    Saved { projector, directory }
}
/// The database below, as soon as the one who had it has let go of it.
fn open(directory: &std::path::Path) -> (sled::Db, sled::Tree) {
    let open = || sled::Config::new().path(directory).open();
    let database = (0..1_000_000).find_map(|_| open().ok()).unwrap();
    let tree = database.open_tree("views").unwrap();
    (database, tree)
}

/// Everything a directory of snapshots holds.
pub(crate) fn content(directory: &std::path::Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    open(directory)
        .1
        .iter()
        .map(|entry| entry.map(|(k, v)| (k.to_vec(), v.to_vec())).unwrap())
        .collect()
}

/// Two clinics; in the first, user 1 logs in and out every minute.
fn long_log(rounds: u64) -> Log {
    let mut log = Log::new(2);
    for _ in 0..rounds {
        log.now += 60;
        log.act(0, &Deed::LogIn { user: 1, site: None });
        log.act(1, &Deed::LogIn { user: 2, site: None });
        log.now += 10;
        log.act(0, &Deed::LogOut(0));
        log.act(1, &Deed::LogOut(0));
    }
    log
}

/// Each kind of damage, and that nothing of it shows.
#[test]
fn damaged_snapshots_are_passed_over() {
    let ledger = long_log(40).ledger();
    let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
    let check = |what: &str, damage: &dyn Fn(&sled::Tree)| {
        let spacing = Spacing { commits: 10, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
        let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
        drop(projector);
        let before = content(directory.path());
        assert!(before.len() > 10, "{what}");
        damage(&open(directory.path()).1);
        assert_ne!(content(directory.path()), before, "{what}: nothing was damaged");
        let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
        check_views(&projector.views(), &records);
        projector.catch_up(u64::MAX).unwrap();
        check_views(&projector.views(), &records);
    };
    let each = |tree: &sled::Tree, kind: u8, change: &dyn Fn(&mut Vec<u8>)| {
        for entry in tree.scan_prefix([kind]) {
            let (key, value) = entry.unwrap();
            let mut value = value.to_vec();
            change(&mut value);
            tree.insert(key, value).unwrap();
        }
    };
    check("bits flipped", &|tree| each(tree, b's', &|value| *value.last_mut().unwrap() ^= 1));
    check("another format", &|tree| each(tree, b's', &|value| value[0] = 99));
    check("cut short", &|tree| each(tree, b's', &|value| value.truncate(40)));
    check("another leaf, digest mended", &|tree| {
        each(tree, b's', &|value| {
            value[33] ^= 1; // The leaf stands behind format and digest.
            let digest = *blake3::hash(&value[33..]).as_bytes();
            value[1..33].copy_from_slice(&digest);
        });
    });
    check("no snapshots, but their times", &|tree| {
        tree.scan_prefix(b"s").keys().for_each(|key| {
            tree.remove(key.unwrap()).unwrap();
        });
    });
    check("times of commits of another account", &|tree| {
        for key in tree.scan_prefix(b"t").keys() {
            let mut key = key.unwrap().to_vec();
            let last = key.len() - 1;
            key[last] ^= 1;
            tree.insert(key, b"").unwrap();
        }
    });
    check("times too early", &|tree| {
        for key in tree.scan_prefix(b"t").keys() {
            let mut key = key.unwrap().to_vec();
            key[9..17].copy_from_slice(&7u64.to_be_bytes());
            tree.insert(key, b"").unwrap();
        }
    });
    check("snapshots under positions of another account", &|tree| {
        for entry in tree.scan_prefix(b"s") {
            let (key, value) = entry.unwrap();
            let mut moved = key.to_vec();
            let last = moved.len() - 1;
            moved[last] ^= 1;
            tree.insert(moved, value).unwrap();
        }
    });
    check("no cursor", &|tree| {
        tree.remove(b"c").unwrap();
    });
    check("a cursor that is none", &|tree| {
        tree.insert(b"c", [1; 73].as_slice()).unwrap();
    });
}

/// A directory that was written for another log is begun anew.
#[test]
fn views_of_another_log_are_not_believed() {
    let spacing = Spacing { commits: 5, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let mine = long_log(10).ledger();
    let mut other = Log::new(2);
    for user in 1..40 {
        other.now += 100;
        other.act(0, &Deed::LogIn { user: 1 + user % 5, site: None });
    }
    let other = other.ledger();
    let Saved { projector, directory } = save(&other, spacing, &[u64::MAX]);
    drop(projector);
    let mut projector = Projector::open_in(&mine, directory.path(), spacing).unwrap();
    assert_eq!(projector.lag(at(0)).unwrap().commits, mine.head().size);
    let records: Vec<Record> = mine.scan(Position(0)).map(Result::unwrap).collect();
    check_views(&projector.views(), &records);
    projector.catch_up(u64::MAX).unwrap();
    check_views(&projector.views(), &records);
}

/// Bits of the database's own files flipped, files cut: the views are the fold, or everything is made again.
#[test]
fn a_damaged_database_never_shows() {
    let ledger = long_log(12).ledger();
    let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
    let spacing = Spacing { commits: 3, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
    drop(projector);
    drop(open(directory.path())); // The engine has written everything.
    let sound = std::fs::read(directory.path().join("db")).unwrap();
    let written = sound.iter().rposition(|byte| *byte != 0).unwrap();
    for round in 0..40 {
        let directory = copy(directory.path());
        let mut bytes = sound.clone();
        let place = written * round / 40;
        if round % 4 == 3 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << (round % 8);
        }
        std::fs::write(directory.path().join("db"), &bytes).unwrap();
        let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
        check_views(&projector.views(), &records);
        if projector.catch_up(u64::MAX).is_ok() {
            check_views(&projector.views(), &records);
        }
    }
}

fn copy(from: &std::path::Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

/// If this fails, the encoding of snapshots has changed: raise `FORMAT` in `snapshots.rs`, so that older
/// snapshots are made again, and then write the new digest down here.
#[test]
fn the_encoding_of_snapshots_is_the_known_one() {
    let mut log = import(&[
        Stay { user: 1, asked: 10, waited: 5, sat: 100 },
        Stay { user: 2, asked: 20, waited: 0, sat: 40 },
        Stay { user: 3, asked: 30, waited: 500, sat: 0 },
    ]);
    let (request, user) = (RequestId([3; 16]), UserId(4));
    let (session, silent) = (SessionId(9), Micros(7));
    let reason = DenialReason::AllSeatsHeld;
    let asks = Event::LoginRequested { request, user, site: Some(SiteId(1)), device: None };
    for events in [
        vec![Event::PolicyChanged {
            settings: vec![Setting::Linger(60), Setting::Reserved(SiteId(2), 1)],
        }],
        vec![
            asks.clone(),
            Event::SeatGranted { request: None, session, seat: SeatNo(7), overdraft: true },
        ],
        vec![Event::WentDormant { session, silent }],
        vec![asks.clone(), Event::SeatDenied { request: None, reason, held: 1, dormant: 1 }],
        vec![Event::Resumed { session }],
        vec![Event::LoggedOut { session, by: EndedBy::User, reason: None, note: None, silent }],
        vec![Event::UserSuspended { user }, asks],
        vec![Event::AccountClosed],
    ] {
        log.push(ONE, ledger::Role::App, at(BEGIN + 1000), at(BEGIN + 2000), events);
    }
    let ledger = log.ledger();
    let spacing = Spacing { commits: 1, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
    drop(projector);
    let bytes: Vec<u8> =
        content(directory.path()).into_iter().flat_map(|(k, v)| [k, v].concat()).collect();
    let digest = blake3::hash(&bytes).to_hex();
    assert_eq!(digest.as_str(), "3583a9f8a9438608be594b6156d4892a8d4f6d525c115e3554d8aff69d6e45b6");
}

#[test]
fn a_directory_that_is_no_database_is_begun_anew() {
    let ledger = long_log(10).ledger();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("db"), b"something else entirely").unwrap();
    std::fs::write(directory.path().join("conf"), b"nonsense").unwrap();
    let mut projector = Projector::open_in(&ledger, directory.path(), Spacing::default()).unwrap();
    assert_eq!(projector.catch_up(u64::MAX).unwrap(), 0);
}

#[test]
fn lag_is_told_in_commits_and_seconds() {
    let log = long_log(10);
    let ledger = log.ledger();
    let directory = tempfile::tempdir().unwrap();
    let mut projector = Projector::open_in(&ledger, directory.path(), Spacing::default()).unwrap();
    let now = at(log.now + 5);
    let lag = projector.lag(now).unwrap();
    assert_eq!((lag.commits, lag.time.secs()), (ledger.head().size, log.now + 5 - BEGIN));
    assert_eq!(projector.catch_up(ledger.head().size - 1).unwrap(), 1);
    let lag = projector.lag(now).unwrap();
    assert_eq!((lag.commits, lag.time.secs()), (1, 5));
    assert_eq!(projector.catch_up(u64::MAX).unwrap(), 0);
    let lag = projector.lag(now).unwrap();
    assert_eq!((lag.commits, lag.time), (0, Micros::ZERO));
}
