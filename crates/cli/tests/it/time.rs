//! Reports and the clock: what is open counts up to now, what has not come counts for nothing, and a clock
//! that stands slightly back makes nobody vanish.

use crate::place::{Place, talk};
use admission::{Admission, LoginRequest, ManualClock, NewAccount, Options, SystemClock};
use admission::{Clock, request_id};
use ledger::{Actor, Ledger, Role};
use seats::{Micros, Setting, Timestamp};

const APP: Actor = Actor { role: Role::App, id: 0 };

/// A ledger whose account `clinic` (two licences) was opened at an instant, where alice has logged in.
fn written_at(at: Timestamp, settings: Vec<Setting>) -> Place {
    let place = Place::new();
    let options = ledger::Options::default();
    let ledger = Ledger::create(&place.data(), &options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let clock = ManualClock::new(at);
        let admission = Admission::start(ledger, Options::one_shot(), clock).unwrap();
        let mut new = NewAccount::new("clinic", "Europe/London", 2);
        new.settings = settings;
        let account = admission.open_account(new, APP).await.unwrap().account;
        let request = request_id("the first").unwrap();
        let (user, site, device) = ("alice".into(), None, None);
        let login = LoginRequest { account, user, site, device, request };
        assert!(admission.log_in(login, APP).await.unwrap().granted().is_some());
        admission.stop().await.unwrap();
    });
    place
}

fn ago(seconds: u32) -> Timestamp {
    SystemClock.wall() - Micros::from_secs(seconds)
}

fn ahead(seconds: u32) -> Timestamp {
    SystemClock.wall() + Micros::from_secs(seconds)
}

/// Between this and a minute more.
#[track_caller]
fn check_about(found: &serde_json::Value, seconds: u64) {
    let found = found.as_u64().unwrap();
    assert!((seconds..seconds + 60).contains(&found), "{found} is not about {seconds}");
}

#[test]
fn an_open_session_is_used_up_to_now() {
    let place = written_at(ago(8 * 3600), vec![Setting::Lease(None)]);
    let usage = place.json("usage clinic");
    check_about(&usage["session_seconds"], 8 * 3600);
    assert_eq!(usage["open_sessions"], 1);
    assert!(usage["provenance"]["rows"].is_null(), "usage is no list");
    let text = place.ok("usage clinic");
    assert!(text.contains("still open") && text.contains("counted up to the end"), "{text}");
}

/// Nothing was recorded since the login; but the session was over after an hour, and silent before.
#[test]
fn what_time_alone_has_ended_is_not_used() {
    let settings = vec![Setting::MaxSession(Some(3600)), Setting::Lease(Some(600))];
    let place = written_at(ago(8 * 3600), settings);
    let usage = place.json("usage clinic");
    assert_eq!((&usage["session_seconds"], &usage["open_sessions"]), (&3600.into(), &0.into()));
    assert_eq!(usage["dormant_seat_seconds"], 3000);
    // What is asked of the time since then finds nobody, and `account list` says the same.
    let hour_ago = reporting::civil::show_utc(ago(3600));
    assert_eq!(place.json(&format!("usage clinic --from {hour_ago}"))["session_seconds"], 0);
    assert_eq!(place.json("who clinic")["seats"].as_array().unwrap().len(), 0);
    assert_eq!(place.json("account list")["accounts"][0]["seats_taken"], 0);
    // Once somebody asks for a seat it is recorded, and the figures stay.
    place.ok("login clinic bob");
    let until = format!("usage clinic --to {hour_ago}");
    let usage = place.json(&until);
    assert_eq!((&usage["session_seconds"], &usage["sessions"]), (&3600.into(), &1.into()));
}

#[test]
fn what_has_not_come_is_not_reported() {
    let place = written_at(ago(3600), vec![Setting::Lease(None)]);
    let output = place.run("usage clinic --to 2990-01-01 --format json");
    assert!(talk(&output).contains("has not come yet; the report ends now"), "{}", talk(&output));
    let usage: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    check_about(&usage["session_seconds"], 3600);
    for line in
        ["usage clinic --from", "trail clinic --from", "who clinic --at", "why clinic alice --at"]
    {
        place.fails(&format!("{line} 2990-01-01"), 2, &["2990-01-01", "has not come yet"]);
    }
    place.fails("statement clinic --month 2990-01", 4, &["has not begun as of"]);
}

#[test]
fn a_clock_slightly_back_makes_nobody_vanish() {
    let place = written_at(ahead(120), vec![Setting::Lease(None)]);
    let who = place.json("who clinic");
    assert_eq!((&who["licences"], &who["taken"]), (&2.into(), &1.into()), "{who}");
    assert_eq!(who["seats"][0]["user"], "alice");
    let list = place.json("account list");
    assert_eq!(list["accounts"][0]["licences"], 2, "{list}");
    assert_eq!(place.json("usage clinic")["sessions"], 1);
    assert_eq!(place.ok("login clinic bob"), "seat 2 (session-2)\n");
}

#[test]
fn a_sign_of_life_that_is_not_recorded_is_not_made_up() {
    let place = written_at(ago(3600), vec![Setting::Lease(None)]);
    place.ok("heartbeat clinic alice");
    place.ok("login clinic bob");
    let half = reporting::civil::show_utc(ago(1800));
    let then = place.json(&format!("who clinic --at {half}"));
    assert!(then["seats"][0]["last_seen"].is_null(), "{then}");
    assert!(place.ok(&format!("who clinic --at {half}")).contains("not recorded"));
    let now = place.json("who clinic");
    assert!(now["seats"][0]["last_seen"].is_string(), "{now}");
}

#[test]
fn a_clock_that_ran_ahead_is_set_right_and_confirmed() {
    let place = written_at(ahead(86_400), vec![Setting::Lease(None)]);
    let lines =
        ["login clinic bob", "account set-licences clinic 3", "account open b --licences 1"];
    for line in lines {
        let says = ["the clock says 20", "Z, but the ledger was written to at", "clock confirm"];
        place.fails(line, 1, &says);
    }
    let csv = "user,requested_at,granted_at,ended_at,seats\n\
               a,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z,1\n";
    std::fs::write(place.home.path().join("h.csv"), csv).unwrap();
    place.fails("import csv h.csv --account old", 1, &["clock confirm"]);
    assert_eq!(place.json("clock show")["believed"], false);
    let said = place.ok("clock confirm");
    assert!(said.starts_with("the clock is right: it is 20"), "{said}");
    assert_eq!(place.json("clock show")["believed"], true);
    for line in lines {
        place.ok(line);
    }
    place.ok("import csv h.csv --account old");
    assert!(place.ok("clock confirm").contains("nothing to confirm"));
    assert_eq!(place.json("verify")["ok"], true);
    assert!(place.ok("log").contains("clock stepped"), "it is recorded");
}

#[test]
fn a_ledger_that_lay_still_asks_whether_the_clock_is_right() {
    let remarks = |age: u32| {
        let place = written_at(ago(age), vec![Setting::Lease(None)]);
        talk(&place.run("login clinic bob")).contains("if the clock is wrong, set it right first")
    };
    assert!(!remarks(30 * 86_400));
    assert!(remarks(32 * 86_400));
}
