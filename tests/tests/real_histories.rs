//! Histories that none of us wrote, imported into a ledger on disk and asked about.
//!
//! The figures of `FACTS.json` come from another program over the same files; who held the seats at three
//! instants, and how long people waited, is counted here again over the CSV, in as few lines as it takes.
//! The data is no part of the product: `SEATLEDGER_SHARED` names the folder, and without it these tests
//! fail rather than pass unseen.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else fails, as it should"
)]

use chrono::DateTime;
use flate2::read::GzDecoder;
use importers::{Found, Licences, Parameters, Plan, csv, import};
use ledger::{Ledger, Options, Position, Subject, verify};
use projector::{AsOf, Projector, Views};
use seats::{AccountId, Event, Micros, RequestId, SessionId, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

fn histories() -> PathBuf {
    let Some(shared) = std::env::var_os("SEATLEDGER_SHARED") else {
        panic!(
            "SEATLEDGER_SHARED is not set: it names the folder that holds data/histories \
             (.ci/run sets it); without the histories nothing is tested here"
        );
    };
    PathBuf::from(shared).join("data/histories")
}

/// A line of the CSV: user, requested, granted, ended, seats; times in microseconds since 1970.
type Line = (String, u64, u64, u64, u64);

/// The file, read without the importer.
fn lines(file: &str) -> Vec<Line> {
    let file = File::open(histories().join(file)).expect("the history");
    let mut lines = ::csv::Reader::from_reader(GzDecoder::new(file));
    let time = |text: &str| {
        let time = DateTime::parse_from_rfc3339(text).expect("a time").timestamp_micros();
        u64::try_from(time).expect("since 1970")
    };
    let line = |(user, requested, granted, ended, seats): (String, String, String, String, u64)| {
        (user, time(&requested), time(&granted), time(&ended), seats)
    };
    lines.deserialize().map(|read| line(read.expect("a line"))).collect()
}

/// Who holds how many seats at an instant, and since when: the naive count.
fn holders(lines: &[Line], at: u64) -> BTreeMap<(String, u64), u64> {
    let mut holders = BTreeMap::new();
    for (user, _, granted, ended, seats) in lines {
        if *granted <= at && at < *ended {
            *holders.entry((user.clone(), *granted)).or_insert(0) += seats;
        }
    }
    holders
}

/// The same, asked of the views.
fn who(views: &Views, account: AccountId, at: u64) -> BTreeMap<(String, u64), u64> {
    let then = views.as_of(account, AsOf::Instant(Timestamp(at))).expect("the views");
    let book = views.ledger().book();
    let mut holders = BTreeMap::new();
    for session in then.account.sessions() {
        let name = book.name(Subject::user(account, session.user)).expect("the book");
        *holders.entry((name.expect("a name"), session.since.0)).or_insert(0) += 1;
    }
    holders
}

/// What the ledger's events add up to, read one after the other.
#[derive(Default, PartialEq, Eq, Debug)]
struct Sums {
    users: u64,
    sessions: u64,
    session_micros: u64,
    peak_seats: u64,
    peak_at: u64,
    waited: u64,
    waited_micros: u64,
    sessions_granted_per_utc_month: BTreeMap<String, u64>,
}

fn month(micros: u64) -> String {
    let micros = i64::try_from(micros).expect("a time");
    DateTime::from_timestamp_micros(micros).expect("a time").format("%Y-%m").to_string()
}

fn sums(ledger: &Ledger, account: AccountId) -> Sums {
    let mut sums = Sums::default();
    let mut asked: BTreeMap<RequestId, u64> = BTreeMap::new();
    let mut sitting: BTreeMap<SessionId, u64> = BTreeMap::new();
    let mut last = None;
    for record in ledger.scan(Position(0)) {
        let commit = record.expect("a record").commit;
        if commit.account != account {
            continue;
        }
        let at = commit.at.0;
        for event in &commit.events {
            match event {
                Event::UserAdded { .. } => sums.users += 1,
                Event::LoginRequested { request, .. } => {
                    asked.insert(*request, at);
                    last = Some(*request);
                }
                Event::SeatGranted { request, session, .. } => {
                    let request = request.or(last).expect("a request");
                    let waited = at - asked.remove(&request).expect("a request that is open");
                    sums.sessions += 1;
                    sums.waited += u64::from(waited > 0);
                    sums.waited_micros += waited;
                    *sums.sessions_granted_per_utc_month.entry(month(at)).or_insert(0) += 1;
                    sitting.insert(*session, at);
                    if sitting.len() as u64 > sums.peak_seats {
                        (sums.peak_seats, sums.peak_at) = (sitting.len() as u64, at);
                    }
                }
                Event::LoggedOut { session, .. } => {
                    sums.session_micros += at - sitting.remove(session).expect("a session");
                }
                _ => {}
            }
        }
    }
    assert!(asked.is_empty() && sitting.is_empty());
    sums
}

fn check(file: &str, name: &str) {
    let facts = std::fs::read_to_string(histories().join("FACTS.json")).expect("FACTS.json");
    let facts: Value = serde_json::from_str(&facts).expect("FACTS.json");
    let fact = |key: &str| facts[file][key].as_u64().expect("a fact");
    let lines = lines(file);

    let history =
        csv::read(File::open(histories().join(file)).expect("the history"), NOW, &mut |_| {});
    let (account, zone) = (name.to_owned(), String::from("Europe/Stockholm"));
    let parameters = Parameters { account, zone, licences: Licences::Auto };
    let plan = Plan::new(history.expect("a history"), csv::FORMAT, &parameters, &mut |_| {});
    let plan = plan.expect("a plan");
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path().join("ledger");
    let ledger = Ledger::create(&dir, &Options::default()).expect("a ledger");
    let imported = import(&ledger, &plan, NOW, &mut |_| {}).expect("imported");
    drop(ledger);

    let ledger = Ledger::open(&dir, &Options::default()).expect("the ledger again");
    let account = imported.account;
    assert_eq!(ledger.book().account_named(name).expect("the book"), Some(account));
    assert_eq!(ledger.head().size, imported.commits);

    let report = verify::ledger(&ledger, |_, _| {});
    assert_eq!(report.first_bad, None);
    assert!(report.ok && report.root == ledger.head().root);
    assert_eq!((report.commits, report.events), (imported.commits, imported.events));
    assert_eq!(report.accounts, 1);

    let expanded: u64 = lines.iter().map(|line| line.4).sum();
    let waited = lines.iter().filter(|line| line.2 > line.1);
    let sums = sums(&ledger, account);
    assert_eq!(sums.users, fact("users"));
    assert_eq!(sums.sessions, expanded);
    assert_eq!(sums.session_micros, fact("seat_seconds") * 1_000_000);
    assert_eq!(sums.peak_seats, fact("peak_seats_ends_first"));
    assert_eq!(waited.clone().count() as u64, fact("waited"), "the file is the one of the facts");
    assert_eq!(sums.waited, waited.clone().map(|line| line.4).sum::<u64>());
    let waits: u64 = waited.map(|line| (line.2 - line.1) * line.4).sum();
    assert_eq!(sums.waited_micros, waits);
    let mut months = BTreeMap::new();
    for (_, _, granted, _, seats) in &lines {
        *months.entry(month(*granted)).or_insert(0) += seats;
    }
    assert_eq!(sums.sessions_granted_per_utc_month, months);
    assert_eq!(
        (imported.rows, imported.sessions, imported.users),
        (fact("sessions"), expanded, fact("users"))
    );
    assert_eq!(
        (u64::from(imported.licences), imported.peak.seats),
        (sums.peak_seats, sums.peak_seats)
    );
    assert_eq!(imported.peak.at.0, sums.peak_at);

    let mut projector = Projector::open(&ledger).expect("a directory").expect("the views");
    assert_eq!(projector.catch_up(u64::MAX).expect("the log"), 0);
    let views = projector.views();
    let gap = Micros::from_secs(300);
    let usage = views.usage(account, imported.first, NOW, gap).expect("the views");
    assert_eq!((usage.sessions, usage.users), (sums.sessions, sums.users));
    assert_eq!((usage.grants, usage.logins, usage.denied()), (sums.sessions, sums.sessions, 0));
    assert_eq!(
        (usage.peak_seats.count, usage.peak_sessions.count),
        (sums.peak_seats, sums.peak_seats)
    );
    assert_eq!(usage.peak_seats.at, Some(Timestamp(sums.peak_at)));
    assert_eq!(usage.session_micros, u128::from(sums.session_micros));
    assert_eq!(usage.seat_micros, u128::from(sums.session_micros));

    let (first, last) = (imported.first.0, imported.last.0);
    for at in [first + (last - first) / 3, imported.peak.at.0, first + (last - first) / 5 * 4] {
        let held = who(&views, account, at);
        assert_eq!(held, holders(&lines, at), "who at {at}");
        assert!(!held.is_empty(), "somebody sits there at {at}");
    }
    assert_eq!(holders(&lines, sums.peak_at).values().sum::<u64>(), sums.peak_seats);

    let head = ledger.head();
    let again = import(&ledger, &plan, NOW, &mut |_| {}).expect("imported");
    assert_eq!((again.found, ledger.head()), (Found::All, head));
}

#[test]
fn eleven_months_of_a_supercomputer() {
    check("kth_sessions.csv.gz", "kth");
}

#[test]
fn a_month_of_a_cluster() {
    check("phillips_sessions.csv.gz", "phillips");
}

/// The figures that the issue names, written down here so that a change of the facts is seen, too.
#[test]
fn the_facts_are_those_we_know() {
    let facts = std::fs::read_to_string(histories().join("FACTS.json")).expect("FACTS.json");
    let facts: Value = serde_json::from_str(&facts).expect("FACTS.json");
    for (file, users, seat_seconds, peak, sessions) in [
        ("kth_sessions.csv.gz", 212, 1_972_976_954_u64, 103, 215_675),
        ("phillips_sessions.csv.gz", 4, 4_841_527, 42, 4_112),
    ] {
        assert_eq!(facts[file]["users"], users);
        assert_eq!(facts[file]["seat_seconds"], seat_seconds);
        assert_eq!(facts[file]["peak_seats_ends_first"], peak);
        assert_eq!(lines(file).iter().map(|line| line.4).sum::<u64>(), sessions);
    }
}
