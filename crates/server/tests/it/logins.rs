//! Logging in, showing signs of life, losing and giving back a seat.

use crate::harness::House;
use serde_json::json;
use server::access::TokenRole::{Admin, App, Support};

#[test]
fn a_login_gets_a_seat_and_a_token() {
    let house = House::clinic(2);
    let granted = house.log_in("alice", "a1").ok(201);
    assert_eq!((&granted["seat"], &granted["session"]), (&json!(1), &json!(1)));
    assert_eq!((&granted["heartbeat_after_s"], &granted["state"]), (&json!(40), &json!("live")));
    assert_eq!(granted["expires_at"], "2026-05-04T08:02:00Z");
    assert_eq!(granted["token"].as_str().unwrap().split('.').count(), 3);
}

#[test]
fn the_same_attempt_has_the_same_answer_and_another_body_has_none() {
    let house = House::clinic(1);
    let first = house.log_in("alice", "a1").ok(201);
    house.pass(10);
    let again = house.log_in("alice", "a1").ok(201);
    assert_eq!((&again["again"], &again["session"]), (&json!(true), &first["session"]));
    assert_eq!(again["answered_at"], first["answered_at"]);
    house.log_in("bob", "a1").problem(422, "request_reused");
}

#[test]
fn an_attempt_of_a_session_that_has_ended_gives_no_token() {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    house.post(App, "/v1/accounts/clinic/sessions/1/logout", json!({})).ok(200);
    let again = house.log_in("alice", "a1").ok(201);
    assert_eq!((&again["state"], &again["token"]), (&json!("ended"), &json!(null)));
}

#[test]
fn a_refused_login_says_who_holds_the_seats_and_when_to_try_again() {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    house.pass(100);
    let answer = house.log_in("bob", "b1");
    let problem = answer.problem(409, "all_seats_held");
    let holder = &problem["holders"][0];
    assert_eq!((&holder["user"], &holder["silent_s"]), (&json!("alice"), &json!(100)));
    assert_eq!(answer.headers["retry-after"], "20", "her lease of 120 s ends then");
    assert_eq!(problem["what_can_be_done"][0]["code"], "wait");
    // The same refusal again, from the log.
    house.pass(5);
    let again = house.log_in("bob", "b1").problem(409, "all_seats_held");
    assert_eq!((&again["again"], &again["holders"][0]["user"]), (&json!(true), &json!("alice")));
    // And when the lease is over the seat is there for a new attempt.
    house.pass(30);
    assert_eq!(house.log_in("bob", "b2").ok(201)["seat"], 1);
}

#[test]
fn names_of_holders_are_hidden_where_the_policy_says_so() {
    let house = House::clinic(1);
    let policy = json!({ "policy": { "names": "none" } });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    house.log_in("alice", "a1").ok(201);
    let answer = house.log_in("bob", "b1");
    let problem = answer.problem(409, "all_seats_held");
    assert_eq!(problem["holders"][0]["user"], json!(null));
    assert!(!answer.text.contains("alice"));
}

#[test]
fn a_session_that_lost_its_seat_is_told_why_for_ever() {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    house.pass(200);
    house.log_in("bob", "b1").ok(201);
    let beat = || house.post(App, "/v1/accounts/clinic/sessions/1/heartbeat", json!({}));
    let lost = beat().problem(410, "session_over");
    assert_eq!((&lost["how"], &lost["by"]), (&json!("reclaimed"), &json!("app")));
    assert_eq!(lost["at"], "2026-05-04T08:03:20Z");
    for attempt in 0..40 {
        house.post(App, &format!("/v1/accounts/clinic/sessions/{}/logout", 2 + attempt), json!({}));
        house.log_in("carol", &format!("c{attempt}")).ok(201);
    }
    assert_eq!(beat().problem(410, "session_over")["how"], "reclaimed", "found in the log");
    assert_eq!(house.get(App, "/v1/accounts/clinic/sessions/1").problem(410, "session_over"), lost);
}

#[test]
fn support_releases_a_seat_with_a_reason() {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    let release = |body| house.post(Support, "/v1/accounts/clinic/sessions/1/release", body);
    release(json!({ "reason": "holder-away" })).problem(409, "too_young");
    release(json!({ "reason": "bored" })).problem(422, "unprocessable");
    release(json!({ "reason": "holder-away", "forced": true, "note": "went home" })).ok(200);
    let lost = house.post(App, "/v1/accounts/clinic/sessions/1/heartbeat", json!({}));
    let lost = lost.problem(410, "session_over");
    assert_eq!((&lost["how"], &lost["reason"]), (&json!("released"), &json!("holder away")));
    assert_eq!(lost["by"], "support");
    assert!(!lost.to_string().contains("went home"), "the note is for the desk");
}

#[test]
fn signs_of_life_keep_a_seat_and_bring_a_new_token() {
    let house = House::clinic(1);
    let first = house.log_in("alice", "a1").ok(201);
    for _ in 0..5 {
        house.pass(60);
        let beat = house.post(App, "/v1/accounts/clinic/sessions/1/heartbeat", json!({}));
        assert_eq!(beat.ok(200)["state"], "live");
    }
    let beat = house.post(App, "/v1/accounts/clinic/sessions/1/heartbeat", json!({})).ok(200);
    assert_ne!(beat["token"], first["token"]);
    assert_eq!(beat["expires_at"], "2026-05-04T08:07:00Z");
}

#[test]
fn a_login_in_line_takes_the_seat_that_is_offered_or_leaves() {
    let house = House::clinic(1);
    let policy = json!({ "policy": { "when-full": "queue", "lease": "none" } });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    house.log_in("alice", "a1").ok(201);
    let bob = house.log_in("bob", "b1");
    assert_eq!(bob.problem(409, "in_line")["place"], 1);
    assert_eq!(bob.headers["retry-after"], "10");
    assert_eq!(house.log_in("carol", "c1").problem(409, "in_line")["place"], 2);
    house.post(App, "/v1/accounts/clinic/sessions/1/logout", json!({})).ok(200);
    house.log_in("dan", "d1").problem(409, "in_line");
    assert_eq!(house.log_in("bob", "b1").ok(201)["seat"], 1, "the line is fair");
    let leave = || {
        let request = house.request("POST", "/v1/accounts/clinic/logins/leave", house.token(App));
        house.call(request.header("idempotency-key", "c1").body("".into()).unwrap())
    };
    leave().ok(200);
    leave().problem(409, "not_in_line");
    house.log_in("carol", "c1").problem(409, "left_line");
    assert_eq!(house.log_in("dan", "d1").problem(409, "in_line")["place"], 1);
}

#[test]
fn bad_requests_are_told_what_is_wrong_with_them() {
    let house = House::clinic(1);
    let path = "/v1/accounts/clinic/logins";
    let send = |kind: &str, key: Option<&str>, body: &str| {
        let mut request =
            house.request("POST", path, house.token(App)).header("content-type", kind);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        house.call(request.body(body.to_owned().into()).unwrap())
    };
    let json = "application/json";
    let said = |answer: crate::harness::Answer, status, code, word: &str| {
        let problem = answer.problem(status, code);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    };
    said(send(json, None, r#"{"user":"a"}"#), 400, "bad_request", "Idempotency-Key");
    said(send(json, Some("x"), r#"{"user":"#), 400, "bad_request", "EOF");
    said(send(json, Some("x"), r#"{"usr":"a"}"#), 400, "bad_request", "unknown field `usr`");
    said(send(json, Some("x"), r#"{"user":7}"#), 400, "bad_request", "string");
    said(send("text/xml", Some("x"), "<a/>"), 415, "unsupported_media_type", "application/json");
    said(send(json, Some("x"), r#"{"user":""}"#), 422, "unprocessable", "user: it is empty");
    said(send(json, Some("x"), r#"{"user":"a","site":"north"}"#), 404, "unknown_site", "north");
    let huge = format!(r#"{{"user":"{}"}}"#, "x".repeat(2 << 20));
    assert_eq!(send(json, Some("x"), &huge).status, 413);
    let deep = format!(r#"{{"user":{}"#, "[".repeat(100_000));
    assert_eq!(send(json, Some("x"), &deep).status, 400);
    assert_eq!(send(json, Some("x"), "\u{0}").status, 400);
}
