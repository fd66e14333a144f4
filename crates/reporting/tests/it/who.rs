//! Who holds each seat, now and then.

use crate::clinic::{CLINIC, Clinic, content};
use reporting::{Report, Reports};
use seats::{Reclaim, Setting};
use serde_json::{Value, json};

fn clinic() -> Clinic {
    let settings = [Setting::Linger(600), Setting::Reclaim(Reclaim::Never)];
    let mut clinic = Clinic::open("Europe/London", "2026-03-27 08:00", 3, &settings, None);
    clinic.site("North");
    clinic.at("2026-03-27 17:40").login("Bob");
    clinic.at("2026-03-28 08:41:10").login_at("Alice", Some("North"));
    clinic.clock("08:50").login("Carol");
    clinic.clock("09:00").heartbeat("Alice");
    clinic.clock("09:01").logout("Carol");
    clinic
}

#[test]
fn the_board_of_a_clinic() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let who = reports.who(CLINIC, clinic.now(), Some(clinic.liveness())).unwrap();
    let expected = "\
Riverside Clinic at 2026-03-28 09:01:00 GMT
3 of 3 licences taken, 0 free

Seat  User           Since                Last sign of life    State                    Session
-------------------------------------------------------------------------------------------------
   1  Bob            2026-03-27 17:40:00  2026-03-27 17:40:00  dormant for 15 h 19 min  session-1
   2  Alice (North)  08:41:10             09:00:00             live                     session-2
   3  Carol                                                    kept until 09:11:00";
    assert_eq!(content(&who.text()), expected);
    let json: Value = serde_json::from_str(&who.json()).unwrap();
    assert_eq!(json["account"], "Riverside Clinic");
    assert_eq!(json["at"], "2026-03-28T09:01:00Z");
    assert_eq!(json["licences"], 3);
    assert_eq!(
        json["seats"][1],
        json!({
            "seat": 2, "user": "Alice", "session": 2, "since": "2026-03-28T08:41:10Z",
            "last_seen": "2026-03-28T09:00:00Z", "state": "live", "state_since_or_until": null,
            "site": "North", "overdraft": false, "user_id": 2,
        })
    );
    assert_eq!(json["seats"][2]["state"], "lingering");
    assert_eq!(json["provenance"]["rows"], 3);
    assert_eq!(json["provenance"]["totals"]["taken"], "3");
}

#[test]
fn the_board_at_other_times() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let check = |at: &str, taken: u32, states: &[&str]| {
        let at = clinic.zone.read_time(at).unwrap();
        let who = reports.who(CLINIC, at, Some(clinic.liveness())).unwrap();
        let json: Value = serde_json::from_str(&who.json()).unwrap();
        let found: Vec<&str> = json["seats"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["state"].as_str().unwrap())
            .collect();
        assert_eq!((who.taken, found.as_slice()), (taken, states));
    };
    check("2026-03-26 12:00", 0, &[]);
    check("2026-03-27 17:40", 1, &["live"]);
    check("2026-03-27 17:42", 1, &["dormant"]);
    check("2026-03-28 08:51", 3, &["dormant", "dormant", "live"]);
    check("2026-03-28 09:00:59", 3, &["dormant", "live", "dormant"]);
    // Carol's seat is kept until 09:11, and Alice, not heard of since 09:00, falls silent by herself.
    check("2026-03-28 09:10:59", 3, &["dormant", "dormant", "lingering"]);
    check("2026-03-28 09:11", 2, &["dormant", "dormant"]);
    let before = reports.who(CLINIC, clinic.zone.read_time("2026-03-26").unwrap(), None).unwrap();
    assert!(before.text().contains("the account is not opened"), "{}", before.text());
}

#[test]
fn the_log_alone_says_what_it_knows() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let at = clinic.zone.read_time("2026-03-28 12:00").unwrap();
    let who = reports.who(CLINIC, at, None).unwrap();
    let states: Vec<_> =
        who.seats.iter().map(|row| (row.seat, row.last_seen.map(|at| at.0))).collect();
    assert_eq!(states[1], (2, None), "who is live was heard of since, but when is not in the log");
    let bob = clinic.zone.read_time("2026-03-27 17:40").unwrap();
    assert_eq!(states[0], (1, Some(bob)));
    assert_eq!(who.seats[1].state, reporting::who::SeatState::Live);
}

#[test]
fn more_than_bought() {
    let mut clinic = clinic();
    clinic.clock("09:20").licences(1);
    let views = clinic.views();
    let who = Reports::new(&views, "test").who(CLINIC, clinic.now(), None).unwrap();
    assert!(who.text().contains("\n2 seats taken, more than the 1 licence\n"), "{}", who.text());
}

#[test]
fn names_are_found_and_mistakes_explained() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    assert_eq!(reports.account(" riverside clinic ").unwrap(), CLINIC);
    assert_eq!(reports.account("account-1").unwrap(), CLINIC);
    let check =
        |error: reporting::ReportError, expected: &str| assert_eq!(error.to_string(), expected);
    check(
        reports.account("Riversid Clinc").unwrap_err(),
        "there is no account \"Riversid Clinc\"; did you mean Riverside Clinic?",
    );
    check(reports.account("account-9").unwrap_err(), "there is no account \"account-9\"");
    check(reports.account("account-0").unwrap_err(), "there is no account \"account-0\"");
    check(
        reports.user(CLINIC, "Alcie").unwrap_err(),
        "Riverside Clinic has no user \"Alcie\"; did you mean Alice?",
    );
    check(reports.user(CLINIC, "user-77").unwrap_err(), "Riverside Clinic has no user \"user-77\"");
    assert_eq!(reports.user(CLINIC, "CAROL").unwrap().0, 3);
}

#[test]
fn a_forgotten_name_is_shown_no_more() {
    let clinic = clinic();
    let forgotten = ledger::Subject::user(CLINIC, seats::UserId(2));
    clinic.ledger.book().forget(forgotten).unwrap();
    let views = clinic.views();
    let who = Reports::new(&views, "test").who(CLINIC, clinic.now(), None).unwrap();
    assert!(
        !who.text().contains("Alice") && who.text().contains("user-2 (North)"),
        "{}",
        who.text()
    );
}
