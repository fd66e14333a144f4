//! Questions to the record.

use crate::harness::House;
use axum::body::Body;
use serde_json::json;
use server::access::TokenRole::{Admin, App, Auditor, Finance, Support};

/// A morning: Alice holds the one seat, Bob is refused, Alice goes silent, Bob gets it.
fn morning() -> House {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    house.pass(60);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    house.pass(240);
    house.log_in("bob", "b2").ok(201);
    house.pass(60);
    house
}

#[test]
fn who_sits_there_now_and_then() {
    let house = morning();
    let now = house.get(Support, "/v1/accounts/clinic/occupancy").ok(200);
    assert_eq!((&now["seats"][0]["user"], &now["taken"]), (&json!("bob"), &json!(1)));
    let then = "/v1/accounts/clinic/occupancy?at=2026-05-04T09:00:30";
    assert_eq!(house.get(Support, then).ok(200)["seats"][0]["user"], "alice");
    let nameless = house.get(Support, "/v1/accounts/clinic/occupancy?names=false");
    assert_eq!(nameless.ok(200)["seats"][0]["user"], "user-2");
    let future = "/v1/accounts/clinic/occupancy?at=2027-01-01";
    house.get(Support, future).problem(422, "unprocessable");
}

#[test]
fn a_report_as_text_is_that_of_the_command_line() {
    let house = morning();
    let path = "/v1/accounts/clinic/why?user=bob";
    let request = house.request("GET", path, house.token(Support)).header("accept", "text/plain");
    let text = house.call(request.body(Body::empty()).unwrap()).text;
    assert!(text.contains("alice") && !text.starts_with('{'), "{text}");
    house.get(Support, "/v1/accounts/clinic/why?user=zoe").problem(404, "unknown_user");
}

#[test]
fn looks_are_recorded_once_for_a_while() {
    let house = morning();
    let looks = |house: &House| {
        let access = house.get(Auditor, "/v1/accounts/clinic/access").ok(200);
        let rows = access["rows"].as_array().unwrap();
        rows.iter().filter(|row| row["kind"] == "look").count()
    };
    assert_eq!(looks(&house), 0);
    for _ in 0..3 {
        house.get(Support, "/v1/accounts/clinic/occupancy").ok(200);
        house.get(Support, "/v1/accounts/clinic/occupancy?names=false").ok(200);
    }
    assert_eq!(looks(&house), 1);
    house.pass(900);
    house.get(Support, "/v1/accounts/clinic/occupancy").ok(200);
    assert_eq!(looks(&house), 2);
    let why = "/v1/accounts/clinic/occupancy?reason=ticket%207";
    house.get(Support, why).ok(200);
    assert_eq!(looks(&house), 3, "another reason is another look");
}

#[test]
fn sessions_and_denials_row_by_row() {
    let house = morning();
    let sessions = house.get(Support, "/v1/accounts/clinic/sessions").ok(200);
    let rows = sessions["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["user"], &rows[0]["how"]), (&json!("alice"), &json!("reclaimed")));
    assert_eq!((&rows[1]["user"], &rows[1]["ended"]), (&json!("bob"), &json!(null)));
    let denials = house.get(Support, "/v1/accounts/clinic/denials").ok(200);
    let row = &denials["rows"][0];
    assert_eq!((&row["attempts"], &row["outcome"]), (&json!(1), &json!("granted")));
    let before = "/v1/accounts/clinic/sessions?to=2026-05-04T09:00:00";
    assert_eq!(house.get(Support, before).ok(200)["rows"], json!([]));
}

#[test]
fn usage_trail_and_statement_are_there() {
    let house = morning();
    assert_eq!(house.get(Finance, "/v1/accounts/clinic/usage").ok(200)["grants"], 2);
    let trail = house.get(Support, "/v1/accounts/clinic/trail?user=bob").ok(200);
    assert!(trail.to_string().contains("denied"), "{trail}");
    let statement = house.get(Finance, "/v1/accounts/clinic/statements/2026-05");
    assert!(statement.status == 200 || statement.status == 422, "{}", statement.text);
    house.get(Finance, "/v1/accounts/clinic/statements/May").problem(422, "unprocessable");
    house.get(App, "/v1/accounts/clinic/statements/2026-05").problem(403, "not_allowed");
}

#[test]
fn accounts_are_listed_page_by_page_and_changed() {
    let house = House::clinic(2);
    for name in ["beta", "gamma"] {
        house.post(Admin, "/v1/accounts", json!({ "name": name, "licences": 1 })).ok(201);
    }
    let first = house.get(Support, "/v1/accounts?limit=2").ok(200);
    assert_eq!(first["accounts"].as_array().unwrap().len(), 2);
    let path = format!("/v1/accounts?limit=2&after={}", first["next"]);
    let last = house.get(Support, &path).ok(200);
    assert_eq!((&last["accounts"][0]["account"], &last["next"]), (&json!("gamma"), &json!(null)));
    let licences = json!({ "licences": 5, "reason": "they asked" });
    house.send("PUT", Admin, "/v1/accounts/gamma/licences", licences).ok(200);
    assert_eq!(house.get(Admin, "/v1/accounts/gamma").ok(200)["licences"], 5);
    house.post(Admin, "/v1/accounts/gamma/suspend", json!({})).ok(200);
    house.post(Admin, "/v1/accounts/gamma/suspend", json!({})).problem(409, "already_so");
    house.post(Admin, "/v1/accounts/gamma/explode", json!({})).problem(404, "not_found");
    let bad = json!({ "policy": { "lease": "soon" } });
    house.send("PATCH", Admin, "/v1/accounts/gamma/policy", bad).problem(422, "unprocessable");
    house
        .post(Admin, "/v1/accounts", json!({ "name": "beta", "licences": 1 }))
        .problem(409, "name_taken");
}

#[test]
fn people_are_added_suspended_and_forgotten() {
    let house = House::clinic(2);
    let added = house.post(App, "/v1/accounts/clinic/users", json!({ "name": "zoe" })).ok(201);
    assert_eq!(added["number"], 1);
    let of_zoe = |act: &str| format!("/v1/accounts/clinic/users/zoe/{act}");
    house.post(Support, &of_zoe("suspend"), json!({})).ok(200);
    house.log_in("zoe", "z1").problem(409, "user_suspended");
    house
        .post(Support, &of_zoe("forget"), json!({ "reason": "asked" }))
        .problem(403, "not_allowed");
    house.post(Admin, &of_zoe("forget"), json!({})).problem(422, "reason_needed");
    house.post(Admin, &of_zoe("forget"), json!({ "reason": "asked" })).ok(200);
    let users = house.get(Admin, "/v1/accounts/clinic/users");
    assert_eq!(users.ok(200)["users"][0]["standing"], "forgotten");
    assert!(!users.text.contains("zoe"));
}

#[test]
fn an_auditor_gets_bytes_and_proofs() {
    let house = morning();
    let proof = house.get(Auditor, "/v1/proofs/inclusion?position=1").ok(200);
    assert_eq!(proof["root"].as_str().unwrap().len(), 64);
    assert!(!proof["hashes"].as_array().unwrap().is_empty());
    house.get(Auditor, "/v1/proofs/inclusion?position=99999").problem(404, "unknown_position");
    house.get(Auditor, "/v1/proofs/consistency?from=1").ok(200);
    let bytes = house.get(Auditor, "/v1/commits/1");
    assert_eq!((bytes.status.as_u16(), bytes.text.is_empty()), (200, false));
    house.get(Auditor, "/v1/seals/latest").problem(404, "not_found");
    house.get(Support, "/v1/commits/1").problem(403, "not_allowed");
}
