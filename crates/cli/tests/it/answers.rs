//! What a login is answered: the first time, again, and when it is no.

use crate::place::{Place, talk};
use serde_json::Value;

fn denied(place: &Place, line: &str) -> Value {
    let output = place.run(&format!("{line} --format json"));
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A clinic of one licence whose only seat is Ann Lee's.
fn full(settings: &str) -> Place {
    let place = Place::new();
    place.ok(format!("account open clinic --licences 1 --lease none {settings}").trim());
    place.ok("login clinic Ann_Lee");
    place
}

#[test]
fn asked_again_it_says_what_became_of_the_session() {
    let place = Place::clinic();
    let first = place.json("login clinic alice --request r1");
    assert_eq!((&first["again"], &first["present"]["state"]), (&false.into(), &"live".into()));
    let again = place.json("login clinic alice --request r1");
    assert_eq!((&again["again"], &again["present"]["state"]), (&true.into(), &"live".into()));
    assert_eq!(again["answered_at"], first["answered_at"]);
    assert!(place.ok("login clinic alice --request r1").ends_with("; live now\n"));
    place.ok("logout clinic alice");
    let over = place.json("login clinic alice --request r1");
    assert_eq!((&over["granted"], &over["session"]), (&true.into(), &1.into()));
    assert_eq!(over["present"]["state"], "ended", "{over}");
    assert!(over["present"]["ended_at"].as_str().unwrap().ends_with('Z'), "{over}");
    let said = place.ok("login clinic alice --request r1");
    assert!(said.starts_with("seat 1 (session-1), as answered at "), "{said}");
    assert!(said.contains("; it ended at ") && said.ends_with("logged out\n"), "{said}");
}

#[test]
fn a_denial_is_told_to_programs_in_their_words() {
    let place = full("");
    let no = denied(&place, "login clinic bob --request r2");
    assert_eq!((&no["granted"], &no["reason"]), (&false.into(), &"all_seats_held".into()));
    assert_eq!(no["explanation"], "the one seat is held");
    let holder = &no["holders"][0];
    assert_eq!((&holder["user"], &holder["session"]), (&"Ann_Lee".into(), &1.into()));
    assert_eq!(holder["since"], place.json("who clinic")["seats"][0]["since"]);
    let again = denied(&place, "login clinic bob --request r2");
    assert_eq!((&again["again"], &again["holders"][0]["user"]), (&true.into(), &"Ann_Lee".into()));
}

#[test]
fn a_refused_user_sees_the_names_that_the_policy_shows() {
    let place = full("--names initials");
    assert_eq!(denied(&place, "login clinic bob")["holders"][0]["user"], "A.");
    place.fails("login clinic bob", 3, &["A."]);
    place.ok("account set-policy clinic --names none");
    let no = denied(&place, "login clinic bob");
    assert!(no["holders"][0]["user"].is_null() && no["holders"][0]["user_id"].is_null(), "{no}");
    let said = talk(&place.run("login clinic bob"));
    assert!(said.contains("(not shown)") && !said.contains("Ann"), "{said}");
    assert!(place.ok("why clinic bob").contains("Ann_Lee"), "support sees names");
}

#[test]
fn holders_are_told_only_where_they_are_the_reason() {
    let place = full("--same-user deny");
    place.fails("login clinic Ann_Lee", 3, &["logged in already", "Ann_Lee"]);
    place.ok("user add clinic bob");
    place.ok("user suspend clinic bob");
    let said = talk(&place.run("login clinic bob"));
    assert_eq!(said, "denied: the user is suspended\n");
    place.ok("account suspend clinic");
    let no = denied(&place, "login clinic Ann_Lee");
    assert_eq!(
        (&no["reason"], &no["holders"]),
        (&"account_suspended".into(), &Value::Array(vec![]))
    );
}

#[test]
fn blanks_around_a_name_do_not_count() {
    let place = Place::clinic();
    let login = |name: &str| place.run_words(&["login", "clinic", name]);
    assert!(login("  Ann Lee ").status.success());
    let again = login("ann lee");
    assert!(talk(&again).starts_with("seat 1 "), "the same user takes over: {}", talk(&again));
    let trail = place.ok("trail clinic");
    assert!(trail.contains("login Ann Lee -> seat 1"), "{trail}");
    assert_eq!(place.json("who clinic")["seats"][0]["user"], "Ann Lee");
}

#[test]
fn the_log_for_programs_says_the_time_once() {
    let place = Place::clinic();
    place.ok("login clinic alice");
    let lines = place.ok("log --format json");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let event = line["event"].as_str().unwrap();
        assert!(event.starts_with(|c: char| c.is_alphabetic() || c == '-'), "{event}");
    }
    // The first commit, too, is in the account's zone.
    let first = place.ok("log");
    let first = first.lines().next().unwrap();
    assert!(first.contains("GMT") || first.contains("BST"), "{first}");
}
