//! Each command once, and what each refuses.

use crate::place::{Place, talk};
use serde_json::Value;
use std::fs;
use std::process::Command;

#[test]
fn two_licences_three_people() {
    let place = Place::clinic();
    assert_eq!(place.ok("login clinic alice"), "seat 1 (session-1)\n");
    assert_eq!(place.ok("login clinic bob"), "seat 2 (session-2)\n");
    place.fails("login clinic carol", 3, &["denied: all 2 seats are held", "alice", "bob", "live"]);
    let why = place.ok("why clinic carol");
    for part in ["carol", "alice", "bob", "seat"] {
        assert!(why.to_lowercase().contains(part), "{part:?} is not in {why:?}");
    }
    assert_eq!(place.ok("logout clinic alice"), "seat 1 free (session-1)\n");
    assert_eq!(place.ok("login clinic carol"), "seat 1 (session-3)\n");
    let who = place.json("who clinic");
    let seats = who["seats"].as_array().unwrap();
    let held: Vec<_> = seats.iter().map(|seat| (&seat["seat"], &seat["user"])).collect();
    assert_eq!(held, [(&1.into(), &"carol".into()), (&2.into(), &"bob".into())]);
    for key in ["account", "at", "licences", "provenance"] {
        assert!(!who[key].is_null(), "{key}");
    }
    let usage = place.json("usage clinic");
    for (key, value) in [("sessions", 3), ("logins", 4), ("denials", 1), ("peak_sessions", 2)] {
        assert_eq!(usage[key], value, "{key}");
    }
    for key in ["users", "denial_episodes", "peak_at", "session_seconds", "licences", "provenance"]
    {
        assert!(!usage[key].is_null(), "{key}");
    }
    let verify = place.json("verify");
    assert_eq!(verify["ok"], true);
    assert_eq!(verify["first_bad"], Value::Null);
    for key in ["commits", "events", "accounts", "size", "root"] {
        assert!(!verify[key].is_null(), "{key}");
    }
    let log = place.ok("log");
    assert!(log.contains("login carol") && log.contains("-> seat 1 free"), "{log}");
    assert!(log.contains("names of user-3 in account-1 shown: why"), "{log}");
    let log = place.ok("log --account clinic");
    let later = place.ok("log --from 3 --account clinic");
    assert!(log.ends_with(&later) && later.len() < log.len(), "{later}");
}

#[test]
fn the_same_request_gets_the_first_answer() {
    let place = Place::clinic();
    let first = place.json("login clinic alice --request 7f9c0e0a-0000-4000-8000-000000000001");
    let again = place.json("login clinic alice --request 7f9c0e0a-0000-4000-8000-000000000001");
    assert_eq!(first["session"], again["session"]);
    assert_eq!(first["position"], again["position"]);
    let other = "login clinic bob --request 7f9c0e0a-0000-4000-8000-000000000001";
    place.fails(other, 4, &["request id was used before"]);
}

#[test]
fn a_release_needs_a_reason_and_some_age() {
    let place = Place::clinic();
    place.ok("login clinic alice");
    place.fails("release clinic alice", 2, &["--reason"]);
    place.fails("release clinic alice --reason bored", 2, &["bored", "browser-closed"]);
    place.fails("release clinic alice --reason holder-away", 4, &["session-1", "120 s", "forced"]);
    let forced = place.ok("release clinic alice --reason holder-away --force --note gone");
    assert_eq!(forced, "seat 1 free (session-1)\n");
    place.fails(
        "heartbeat clinic session-1",
        4,
        &["alice's session-1 ended", "released: holder away"],
    );
    let trail = place.ok("trail clinic");
    assert!(trail.contains("holder away -> seat 1 free; note: gone\n"), "{trail}");
    assert_eq!(place.json("trail clinic")["rows"][2]["note"], "gone");
    assert!(!place.ok("log").contains("gone"), "the note is not in the log");
}

#[test]
fn policies_are_words() {
    let place = Place::clinic();
    place.ok("site add clinic north");
    place.ok("account set-policy clinic --reclaim never --lease none --reserved north:1");
    place.ok("login clinic alice");
    place.fails("login clinic bob", 3, &["reserved for other sites"]);
    assert_eq!(place.ok("login clinic bob --site north"), "seat 2 (session-2)\n");
    place.fails("login clinic eve --site south", 4, &["south", "add it first"]);
    place.fails("account set-policy clinic --reclaim sometimes", 2, &["reclaim", "on-demand"]);
    place.fails("account set-policy clinic --lease 0s", 2, &["lease", "1 s or more"]);
    place.ok("account set-policy clinic --users registered --overdraft 1");
    place.fails("login clinic stranger", 3, &["not a registered user"]);
    place.ok("user add clinic stranger");
    place.ok("login clinic stranger --site north");
    place.ok("user suspend clinic stranger");
    place.fails("user suspend clinic stranger", 4, &["stranger is suspended already"]);
    place.fails("user suspend clinic user-77", 4, &["there is no user user-77"]);
    place.fails("site add clinic north", 4, &["north", "already"]);
    place.fails("account set-policy clinic --reserved south:1", 4, &["south"]);
    place.fails("login clinic stranger", 3, &["the user is suspended"]);
}

#[test]
fn absurd_values_are_refused_by_name() {
    let place = Place::clinic();
    place.fails("account open other --licences 0", 2, &["licences: 0", "between 1 and"]);
    place.fails("account open other --licences 4000000", 2, &["licences: 4000000"]);
    place.fails("account open other --licences many", 2, &["licences"]);
    place.fails("account open other --licences 1 --time-zone Mars/Base", 2, &["Mars/Base"]);
    place.fails("account open clinic --licences 1", 4, &["open already"]);
    place.fails("account set-licences clinic 0", 2, &["licences: 0"]);
    place.fails("account set-licences clinic 2", 4, &["2 already"]);
    place.fails("login nobody alice", 4, &["no account \"nobody\""]);
    place.fails("login clinik alice", 4, &["did you mean clinic"]);
    place.fails("why clinic ghost", 4, &["no user \"ghost\""]);
    place.fails("who clinic --at yesterday", 2, &["yesterday"]);
    place.fails("who clinic --at 2026-03-29T01:30", 2, &["01:30"]); // The hour that London skips.
    place.fails("who clinic --at 2026-10-25T01:30", 2, &["+01:00", "+00:00"]); // Comes twice.
    place.fails("log --from 99", 2, &["ends at position 1"]);
    place.fails("statement clinic --month 2026-13", 2, &["2026-13"]);
    place.fails("statement clinic --month 9998-01", 4, &["has not begun"]);
    assert_eq!(place.json("verify")["commits"], 1, "nothing of this was recorded");
}

#[test]
fn a_month_that_is_not_over_is_provisional() {
    let place = Place::new();
    fs::write(
        place.home.path().join("plan.toml"),
        include_str!("../../../../fixtures/plans/standard-2026.toml"),
    )
    .unwrap();
    place.ok("account open clinic --licences 2 --plan plan.toml");
    let list = place.json("account list");
    assert_eq!(list["accounts"][0]["licences"], 2);
    let log: Value =
        serde_json::from_str(place.ok("log --format json").lines().next().unwrap()).unwrap();
    let month = log["at"].as_str().unwrap()[..7].to_owned();
    let statement = place.ok(&format!("statement clinic --month {month}"));
    assert!(statement.to_lowercase().contains("provisional"), "{statement}");
    assert!(statement.contains("licence-days"), "{statement}");
    assert!(
        !statement.contains("Set-up"),
        "the licences it opens with cost no set-up: {statement}"
    );
    place.ok("account set-licences clinic 3");
    let statement = place.ok(&format!("statement clinic --month {month}"));
    assert!(statement.contains("Set-up") && statement.contains("150.00"), "{statement}");
    fs::write(place.home.path().join("bad.toml"), "plan = \"x\"\nmonthly_fee = 35.0\n").unwrap();
    place.fails("account set-plan clinic bad.toml", 2, &["bad.toml", "line"]);
}

#[test]
fn a_directory_that_is_no_ledger_is_left_alone() {
    let place = Place::new();
    place.fails("who clinic", 4, &["no ledger", "account open"]);
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("holiday.jpg"), "not ours").unwrap();
    place.fails("who clinic", 5, &["no ledger"]);
    place.fails("verify", 5, &["no ledger"]);
    place.fails("account open clinic --licences 1", 5, &["no ledger"]);
    place.fails("demo", 4, &["not empty"]);
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 1, "nothing was written");
}

#[test]
fn a_second_process_is_told_who_has_it() {
    let place = Place::clinic();
    let ledger = ledger::Ledger::open(&place.data(), &ledger::Options::default()).unwrap();
    let holder = std::process::id().to_string();
    for line in ["who clinic", "login clinic alice", "verify"] {
        place.fails(line, 6, &["in use", &holder, "wait until it is done"]);
    }
    drop(ledger);
    place.ok("login clinic alice");
}

#[test]
fn stdout_is_data_and_a_closed_pipe_is_no_error() {
    let place = Place::clinic();
    place.ok("login clinic alice");
    let line = format!(
        "set -o pipefail; '{}' --data '{}' log | head -n 1",
        env!("CARGO_BIN_EXE_seatledger"),
        place.data().display()
    );
    let output = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    assert!(place.ok("completions bash").contains("seatledger"));
}
