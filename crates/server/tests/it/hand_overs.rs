//! Asking a holder for the seat, over HTTP.

use crate::harness::{Answer, House};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use server::access::TokenRole::{Admin, App, Auditor, Support};

/// One licence, two minutes to answer, and alice has been on seat 1 for an hour. Her seat token.
fn asked_house(more: &Value) -> (House, String) {
    let house = House::clinic(1);
    let mut policy = json!({ "hand-over": "2 min", "lease": "none" });
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let policy = json!({ "policy": policy });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    let token = house.log_in("alice", "a1").ok(201)["token"].as_str().unwrap().to_owned();
    house.pass(3_600);
    (house, token)
}

fn ask(house: &House, role: server::access::TokenRole, key: &str, body: &Value) -> Answer {
    let request = house.request("POST", "/v1/accounts/clinic/hand-overs", house.token(role));
    let request = request.header("idempotency-key", key).header("content-type", "application/json");
    house.call(request.body(Body::from(body.to_string())).unwrap())
}

/// A call of a browser.
fn browser(house: &House, call: &str, body: &Value) -> Answer {
    let request = Request::builder().method("POST").uri(format!("/v1/seat/{call}"));
    let request = request.header("content-type", "text/plain;charset=UTF-8");
    house.call(request.body(Body::from(body.to_string())).unwrap())
}

#[test]
fn the_holder_sees_who_asks_and_consents() {
    let (house, token) = asked_house(&json!({}));
    let refused = house.log_in("ana", "n1").problem(409, "all_seats_held");
    assert_eq!(refused["what_can_be_done"][1]["code"], "hand_over");
    let beat = || browser(&house, "heartbeat", &json!({ "token": token, "active": true }));
    assert_eq!(beat().ok(200)["asked_for"], json!(null));
    let asked = ask(&house, App, "n2", &json!({ "user": "ana" }));
    let told = asked.ok(202);
    let of = &told["hand_over"];
    assert_eq!((&told["place"], &of["handover"], &of["seat"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!((&of["of"], &of["until"]), (&json!("alice"), &json!("2026-05-04T09:02:00Z")));
    assert_eq!(asked.headers["retry-after"], "10");
    let open = house.get(App, "/v1/accounts/clinic/hand-overs").ok(200);
    assert_eq!(
        (&open["hand_overs"][0]["holder"], &open["hand_overs"][0]["asker"]),
        (&json!(1), &json!(2))
    );
    let seated = beat().ok(200);
    let asked_for = json!({ "by": "ana", "until": "2026-05-04T09:02:00Z", "handover": 1 });
    assert_eq!(seated["asked_for"], asked_for);
    assert_eq!(seated["heartbeat_after_s"], 40);
    let waits = house.log_in("ana", "n2").problem(409, "in_line");
    assert_eq!(waits["hand_over"]["state"], "asked");
    let answer = json!({ "token": token, "handover": 1, "consent": true });
    assert_eq!(
        browser(&house, "hand-over", &answer).ok(200),
        json!({ "state": "ended", "seat": 1 })
    );
    assert_eq!(house.log_in("ana", "n2").ok(201)["seat"], 1);
    let lost = beat().problem(410, "session_over");
    assert_eq!((&lost["how"], &lost["by"]), (&json!("handed_over"), &json!("app")));
    assert!(lost["detail"].as_str().unwrap().contains("handed over to a colleague"), "{lost}");
    browser(&house, "hand-over", &answer).problem(410, "session_over");
}

#[test]
fn a_holder_who_declines_keeps_the_seat() {
    let (house, token) = asked_house(&json!({}));
    ask(&house, Support, "n1", &json!({ "user": "ana", "seat": 1 })).ok(202);
    let answer = json!({ "token": token, "handover": 1, "consent": false });
    for _ in 0..2 {
        assert_eq!(browser(&house, "hand-over", &answer).ok(200)["state"], "live");
    }
    let waits = house.log_in("ana", "n1").problem(409, "in_line");
    assert_eq!(
        (&waits["hand_over"]["state"], &waits["hand_over"]["of"]),
        (&json!("declined"), &json!("alice"))
    );
    ask(&house, App, "n1", &json!({ "user": "ana", "seat": 1 })).problem(409, "cannot_be_asked");
    assert_eq!(
        ask(&house, App, "n1", &json!({ "user": "ana" })).problem(409, "in_line")["place"],
        1
    );
    browser(&house, "hand-over", &json!({ "token": token, "handover": 7, "consent": true }))
        .problem(409, "nothing_asked");
    browser(&house, "hand-over", &json!({ "token": "x", "handover": 1, "consent": true }))
        .problem(401, "bad_token");
}

#[test]
fn silence_is_consent_and_the_holder_is_told_so() {
    let (house, token) = asked_house(&json!({ "names": "none" }));
    let asked = ask(&house, App, "n1", &json!({ "user": "ana" }));
    assert_eq!(asked.ok(202)["hand_over"]["of"], json!(null));
    let beat = || browser(&house, "heartbeat", &json!({ "token": token, "active": true }));
    assert_eq!(beat().ok(200)["asked_for"]["by"], "A colleague");
    house.pass(60);
    house.log_in("ana", "n1").problem(409, "in_line");
    house.pass(60);
    let lost = beat().problem(410, "session_over");
    assert_eq!((&lost["how"], &lost["by"]), (&json!("handed_over"), &json!("clock")));
    assert_eq!(lost["at"], "2026-05-04T09:02:00Z");
    assert!(lost["detail"].as_str().unwrap().contains("nobody answered in time"), "{lost}");
    assert_eq!(house.log_in("ana", "n1").ok(201)["seat"], 1);
}

#[test]
fn the_application_may_answer_and_others_may_not_ask() {
    let (house, _) = asked_house(&json!({}));
    ask(&house, Auditor, "n1", &json!({ "user": "ana" })).problem(403, "not_allowed");
    ask(&house, App, "n1", &json!({ "user": "ana", "seat": 9 })).problem(409, "cannot_be_asked");
    ask(&house, App, "n1", &json!({ "user": "ana" })).ok(202);
    let path = "/v1/accounts/clinic/sessions/1/hand-over";
    house.post(App, path, json!({ "handover": 1, "consent": true })).ok(200);
    house
        .send(
            "PATCH",
            Admin,
            "/v1/accounts/clinic/policy",
            json!({ "policy": { "hand-over": "none" } }),
        )
        .ok(200);
    ask(&house, App, "n2", &json!({ "user": "bob" })).problem(409, "no_hand_overs");
    house.post(App, "/v1/accounts/clinic/sessions/2/logout", json!({})).ok(200);
    let policy = json!({ "policy": { "hand-over": "1 min" } });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    assert_eq!(ask(&house, App, "n3", &json!({ "user": "bob" })).ok(201)["seat"], 1);
}
