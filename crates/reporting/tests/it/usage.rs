//! Usage, as it is read and as programs read it.

use crate::clinic::{CLINIC, Clinic, content};
use reporting::{Report, ReportError, Reports};
use seats::{Micros, Setting};
use serde_json::Value;

fn clinic() -> Clinic {
    let mut clinic =
        Clinic::open("Europe/London", "2026-07-01 08:00", 2, &[Setting::Lease(None)], None);
    clinic.clock("09:00").login("Alice");
    clinic.clock("09:30").login("Bob");
    clinic.clock("09:40").login("Carol");
    clinic.clock("09:41").login("Carol");
    clinic.clock("10:00").logout("Alice");
    clinic.clock("10:00:01").login("Carol");
    clinic.clock("11:00:01").release("Carol");
    clinic.clock("12:00").logout("Bob");
    clinic
}

#[test]
fn a_day_of_a_clinic() {
    let clinic = clinic();
    let views = clinic.views();
    let usage = Reports::new(&views, "test").usage(CLINIC, None, None, None, None).unwrap();
    let expected = "\
Riverside Clinic from 2026-07-01 08:00:00 BST to 2026-07-01 12:00:00 BST

What                How much
--------------------------------------------------------------
Licences                   2  at the end
Peak of seats              2  first at 2026-07-01 09:30:00 BST
Peak of sessions           2  first at 2026-07-01 09:30:00 BST
At capacity          1:30:00  hours with no seat left
Sessions                   3  of 3 users
  still open               0  counted up to the end
Time held            4:30:00  16200 s
  on seats           4:30:00  16200 s
  holder silent      0:00:00  0 s
Logins                     5
  granted                  3
  refused                  2  in 1 episode
    all seats held         2
  unanswered               0
Reclaimed                  0  from silent holders
Released                   1  by hand";
    assert_eq!(content(&usage.text()), expected);
    let json: Value = serde_json::from_str(&usage.json()).unwrap();
    let keys = [
        "sessions",
        "users",
        "logins",
        "denials",
        "denial_episodes",
        "peak_sessions",
        "peak_at",
        "session_seconds",
        "licences",
        "provenance",
    ];
    let values: Vec<String> = keys[..9].iter().map(|key| json[key].to_string()).collect();
    assert_eq!(values, ["3", "3", "5", "2", "1", "2", "\"2026-07-01T08:30:00Z\"", "16200", "2"]);
    let provenance = &json["provenance"];
    assert_eq!(provenance["size"], views.head().size);
    assert_eq!(provenance["last_position"], views.head().size - 1);
    assert_eq!(provenance["root"], views.head().root.to_string());
    assert_eq!(provenance["tzdb"], reporting::civil::TZDB_VERSION);
    assert_eq!(provenance["parameters"]["from"], "2026-07-01T07:00:00Z");
    assert_eq!(provenance["totals"]["logins"], "5");
}

#[test]
fn ranges_and_gaps_are_the_callers() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let at = |time: &str| Some(clinic.zone.read_time(&format!("2026-07-01 {time}")).unwrap());
    let usage = reports.usage(CLINIC, at("09:41"), at("10:00"), None, None).unwrap();
    assert_eq!((usage.denials, usage.denial_episodes, usage.session_seconds), (1, 0, 2280));
    let short = Some(Micros::from_secs(60));
    let usage = reports.usage(CLINIC, at("09:41"), at("10:00"), short, None).unwrap();
    assert_eq!((usage.denials, usage.denial_episodes), (1, 1));
    let error = reports.usage(CLINIC, at("10:00"), at("09:00"), None, None).unwrap_err();
    assert!(matches!(error, ReportError::Backwards { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "the range ends (2026-07-01 09:00:00 BST) before it begins (2026-07-01 10:00:00 BST)"
    );
}

/// The provenance of a report says what it was made from, in three lines.
#[test]
fn every_report_begins_with_its_provenance() {
    let clinic = clinic();
    let views = clinic.views();
    let usage = Reports::new(&views, "example").usage(CLINIC, None, None, None, None).unwrap();
    let root = views.head().root;
    let (product, tzdb) = (reporting::provenance::PRODUCT, reporting::civil::TZDB_VERSION);
    let expected = format!(
        "# usage of account-1, ledger example, log 0 to 8, root {root}\n\
         # {product}, zone rules {tzdb}, Europe/London; from 2026-07-01T07:00:00Z, \
         to 2026-07-01T11:00:00.000001Z, episode_gap_seconds 300\n\
         # sessions 3, logins 5, grants 3, denials 2, pending 0\n\n"
    );
    assert!(usage.text().starts_with(&expected), "{}", usage.text());
}
