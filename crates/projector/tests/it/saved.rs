//! What the projector saves: the same however it was interrupted, never believed when damaged.

use crate::log::{BEGIN, Deed, Log, Stay, at, import};
use crate::views::check_views;
use ledger::{Ledger, Position, Record};
use projector::{Projector, Spacing};
use seats::{
    AccountId, DenialReason, EndedBy, Event, HandOverEnd, HandOverId, Micros, RequestId, SeatNo,
    SessionId, Setting, SiteId, UserId,
};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

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
/// What is in a directory of snapshots, as soon as the one who had it has let go of it.
struct Stored {
    tree: sled::Tree,
    /// The file of contents.
    content: PathBuf,
    _database: sled::Db,
}

impl Stored {
    fn open(directory: &Path) -> Stored {
        let open = || sled::Config::new().path(directory).open();
        let database = (0..1_000_000).find_map(|_| open().ok()).unwrap();
        let tree = database.open_tree("views").unwrap();
        let [content] = &contents(directory)[..] else { panic!("one file of contents") };
        Stored { tree, content: content.clone(), _database: database }
    }

    /// Changes the content of every snapshot, all of the same length as before.
    fn change(&self, change: impl Fn(&mut [u8])) {
        let mut bytes = std::fs::read(&self.content).unwrap();
        for entry in self.tree.scan_prefix(b"s") {
            change(&mut bytes[range(&entry.unwrap().1)]);
        }
        std::fs::write(&self.content, bytes).unwrap();
    }
}

/// Where a place in the database says that a snapshot's content is.
fn range(place: &[u8]) -> Range<usize> {
    let offset = u64::from_be_bytes(place[..8].try_into().unwrap()) as usize;
    let length = u32::from_be_bytes(place[8..].try_into().unwrap()) as usize;
    offset..offset.saturating_add(length)
}

/// The files of contents in a directory.
fn contents(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().contains("/content-")).collect()
}

/// Everything a directory of snapshots holds, with contents in the place of their places.
pub(crate) fn content(directory: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let stored = Stored::open(directory);
    let bytes = std::fs::read(&stored.content).unwrap();
    let entry = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
        let (key, value) = entry.unwrap();
        let value = match key.first() {
            Some(b's') => bytes.get(range(&value)).unwrap_or_default().to_vec(),
            _ => value.to_vec(),
        };
        (key.to_vec(), value)
    };
    stored.tree.iter().map(entry).collect()
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
    let check = |what: &str, anew: bool, damage: &dyn Fn(&Stored)| {
        let spacing = Spacing { commits: 10, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
        let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
        drop(projector);
        let before = content(directory.path());
        assert!(before.len() > 10, "{what}");
        damage(&Stored::open(directory.path()));
        assert_ne!(content(directory.path()), before, "{what}: nothing was damaged");
        let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
        let lag = projector.lag(at(0)).unwrap().commits;
        assert_eq!(lag, if anew { ledger.head().size } else { 0 }, "{what}");
        check_views(&projector.views(), &records);
        projector.catch_up(u64::MAX).unwrap();
        check_views(&projector.views(), &records);
        drop(projector);
        assert!(!anew || content(directory.path()).len() == before.len(), "{what}");
    };
    let flip = |stored: &Stored| stored.change(|content| content[content.len() - 1] ^= 1);
    check("bits flipped", true, &flip);
    check("another format", true, &|stored| stored.change(|content| content[0] = 99));
    let cut = |stored: &Stored, bytes: u64| {
        let file = std::fs::File::options().write(true).open(&stored.content).unwrap();
        file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
    };
    check("the last byte cut off", true, &|stored| cut(stored, 1));
    check("cut short", true, &|stored| cut(stored, 300));
    check("zeros, as after a power cut", true, &|stored| {
        let length = std::fs::metadata(&stored.content).unwrap().len() as usize;
        std::fs::write(&stored.content, vec![0; length]).unwrap();
    });
    check("no contents", true, &|stored| std::fs::write(&stored.content, b"").unwrap());
    check("another leaf, digest mended", false, &|stored| {
        stored.change(|content| {
            content[33] ^= 1; // The leaf stands behind format and digest.
            let digest = *blake3::hash(&content[33..]).as_bytes();
            content[1..33].copy_from_slice(&digest);
        });
    });
    let each = |tree: &sled::Tree, kind: u8, change: &dyn Fn(&mut Vec<u8>)| {
        for entry in tree.scan_prefix([kind]) {
            let (key, value) = entry.unwrap();
            let mut value = value.to_vec();
            change(&mut value);
            tree.insert(key, value).unwrap();
        }
    };
    check("places elsewhere", false, &|stored| {
        each(&stored.tree, b's', &|value| value[7] ^= 1);
    });
    check("places behind the end", false, &|stored| {
        each(&stored.tree, b's', &|value| value[8] = 255);
    });
    check("places that are none", false, &|stored| {
        each(&stored.tree, b's', &|value| value.fill(255))
    });
    check("no snapshots, but their times", false, &|stored| {
        stored.tree.scan_prefix(b"s").keys().for_each(|key| {
            stored.tree.remove(key.unwrap()).unwrap();
        });
    });
    check("times of commits of another account", false, &|stored| {
        for key in stored.tree.scan_prefix(b"t").keys() {
            let mut key = key.unwrap().to_vec();
            let last = key.len() - 1;
            key[last] ^= 1;
            stored.tree.insert(key, b"").unwrap();
        }
    });
    check("times too early", false, &|stored| {
        for key in stored.tree.scan_prefix(b"t").keys() {
            let mut key = key.unwrap().to_vec();
            key[9..17].copy_from_slice(&7u64.to_be_bytes());
            stored.tree.insert(key, b"").unwrap();
        }
    });
    check("snapshots under positions of another account", false, &|stored| {
        for entry in stored.tree.scan_prefix(b"s") {
            let (key, value) = entry.unwrap();
            let mut moved = key.to_vec();
            let last = moved.len() - 1;
            moved[last] ^= 1;
            stored.tree.insert(moved, value).unwrap();
        }
    });
    check("no cursor", true, &|stored| {
        stored.tree.remove(b"c").unwrap();
    });
    check("a cursor that is none", true, &|stored| {
        stored.tree.insert(b"c", [1; 97].as_slice()).unwrap();
    });
}

/// What rots while it is in use, or was synced and is not looked at when it is opened, is passed over.
#[test]
fn contents_that_rot_later_are_passed_over() {
    let ledger = long_log(40).ledger();
    let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
    let spacing = Spacing { commits: 10, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
    let [path] = &contents(directory.path())[..] else { panic!("one file of contents") };
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let sound = std::fs::read(path).unwrap();
    for place in (0..sound.len()).step_by(29) {
        file.write_all_at(&[sound[place] ^ 4], place as u64).unwrap();
    }
    assert_ne!(std::fs::read(path).unwrap(), sound);
    check_views(&projector.views(), &records);
    file.set_len(sound.len() as u64 / 2).unwrap();
    check_views(&projector.views(), &records);
}

/// A batch of which the contents were written and the cursor was not is as good as not written.
#[test]
fn contents_that_no_cursor_counts_are_written_over() {
    let ledger = long_log(40).ledger();
    let spacing = Spacing { commits: 10, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory } = save(&ledger, spacing, &[60]);
    drop(projector);
    let [path] = &contents(directory.path())[..] else { panic!("one file of contents") };
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend([7; 3000]);
    std::fs::write(path, bytes).unwrap();
    let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
    assert_eq!(projector.lag(at(0)).unwrap().commits, ledger.head().size - 60);
    projector.catch_up(u64::MAX).unwrap();
    drop(projector);
    let whole = save(&ledger, spacing, &[u64::MAX]);
    drop(whole.projector);
    assert_eq!(content(directory.path()), content(whole.directory.path()));
}

/// A directory of the format before has no file of contents; it is removed, so that it takes no room.
#[test]
fn a_directory_of_another_format_is_begun_anew() {
    let ledger = long_log(40).ledger();
    let spacing = Spacing { commits: 10, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory } = save(&ledger, spacing, &[u64::MAX]);
    drop(projector);
    let before = content(directory.path());
    let [path] = &contents(directory.path())[..] else { panic!("one file of contents") };
    std::fs::rename(path, directory.path().join("content-1-7")).unwrap();
    std::fs::write(directory.path().join("takes room"), b"").unwrap();
    let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
    assert_eq!(projector.lag(at(0)).unwrap().commits, ledger.head().size);
    for old in ["content-1-7", "takes room"] {
        assert!(!directory.path().join(old).exists(), "{old}");
    }
    projector.catch_up(u64::MAX).unwrap();
    drop(projector);
    assert_eq!(content(directory.path()), before);
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
    drop(Stored::open(directory.path())); // The engine has written everything.
    let [content] = &contents(directory.path())[..] else { panic!("one file of contents") };
    let content = content.file_name().unwrap().to_str().unwrap();
    for (name, round) in (0..80).map(|round| (["db", content][round % 2], round / 2)) {
        let sound = std::fs::read(directory.path().join(name)).unwrap();
        let written = sound.iter().rposition(|byte| *byte != 0).unwrap();
        let directory = copy(directory.path());
        let mut bytes = sound;
        let place = written * round / 40;
        if round % 4 == 3 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << (round % 8);
        }
        std::fs::write(directory.path().join(name), &bytes).unwrap();
        let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
        check_views(&projector.views(), &records);
        if projector.catch_up(u64::MAX).is_ok() {
            check_views(&projector.views(), &records);
        }
    }
}

fn copy(from: &Path) -> tempfile::TempDir {
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
    let (too, site) = (RequestId([4; 16]), Some(SiteId(2)));
    let asks_too = Event::LoginRequested { request: too, user: UserId(5), site, device: None };
    let (seat, until) = (SeatNo(7), at(5_000));
    let asking = |id| {
        let handover = HandOverId(id);
        Event::HandOverAsked { handover, request: too, seat, until }
    };
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
        vec![asks_too, Event::Queued { reason, held: 2, dormant: 1 }],
        vec![
            asking(1),
            Event::HandOverEnded { handover: HandOverId(1), how: HandOverEnd::Declined },
        ],
        vec![asking(2)],
        vec![Event::LoggedOut { session, by: EndedBy::User, reason: None, note: None, silent }],
        vec![Event::SeatOffered { request: too, seat: SeatNo(8), until: at(5_000) }],
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
    assert_eq!(digest.as_str(), "1ea94754becfad024b5171504dc9d66bb9c079a9315a6f350f9e1f5d701dff24");
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
