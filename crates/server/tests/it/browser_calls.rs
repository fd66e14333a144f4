//! The browser's own calls, with nothing but a seat token.

use crate::harness::{Answer, House};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use server::Settings;
use server::access::TokenRole::Admin;
use server::settings::Given;

fn send(house: &House, call: &str, body: &Value) -> Answer {
    // As `sendBeacon` does it: no type of its own, no header of ours.
    let request = Request::builder().method("POST").uri(format!("/v1/seat/{call}"));
    let request = request.header("content-type", "text/plain;charset=UTF-8");
    house.call(request.body(Body::from(body.to_string())).unwrap())
}

fn seated(house: &House) -> String {
    house.log_in("alice", "a1").ok(201)["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_closed_browser_gives_its_seat_back_after_the_grace_and_not_before() {
    let house = House::clinic(1);
    let token = seated(&house);
    send(&house, "goodbye", &json!({ "token": token })).ok(200);
    house.pass(59);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    house.pass(1);
    house.log_in("bob", "b2").ok(201);
    let lost = send(&house, "heartbeat", &json!({ "token": token })).problem(410, "session_over");
    assert_eq!(lost["how"], "reclaimed");
}

#[test]
fn a_reload_keeps_the_seat() {
    let house = House::clinic(1);
    let token = seated(&house);
    send(&house, "goodbye", &json!({ "token": token })).ok(200);
    house.pass(10);
    let body = json!({ "token": token, "active": true });
    assert_eq!(send(&house, "heartbeat", &body).ok(200)["state"], "live");
    house.pass(100);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
}

#[test]
fn a_laptop_that_slept_takes_its_seat_up_again_if_nobody_needed_it() {
    let house = House::clinic(1);
    let token = seated(&house);
    house.pass(86_400);
    let back = send(&house, "heartbeat", &json!({ "token": token, "active": true })).ok(200);
    assert_eq!(back["state"], "live");
    let new = back["token"].as_str().unwrap();
    assert_eq!(send(&house, "logout", &json!({ "token": new })).ok(200)["state"], "ended");
    send(&house, "logout", &json!({ "token": token })).problem(410, "session_over");
}

#[test]
fn tokens_that_are_not_ours_are_refused_and_others_from_there_are_not() {
    let house = House::clinic(1);
    let token = seated(&house);
    let mut forged = token.clone();
    forged.replace_range(token.len() - 4.., "AAAA");
    for _ in 0..30 {
        send(&house, "heartbeat", &json!({ "token": forged })).problem(401, "bad_token");
    }
    send(&house, "heartbeat", &json!({ "token": token })).ok(200);
    let bad = send(&house, "heartbeat", &json!({ "token": token, "session": 2 }));
    bad.problem(400, "bad_request");
}

#[test]
fn only_pages_of_the_origins_in_the_settings_may_read_the_answers() {
    let source_name = "test".to_owned();
    let (key, value) = ("cors_origins".to_owned(), "https://app.example".to_owned());
    let house = House::with(Settings::read(&[Given { source_name, key, value }]).unwrap());
    house.post(Admin, "/v1/accounts", json!({ "name": "clinic", "licences": 1 })).ok(201);
    let token = seated(&house);
    let from = |origin: &str| {
        let request = Request::builder().method("POST").uri("/v1/seat/heartbeat");
        let request = request.header("content-type", "text/plain").header("origin", origin);
        house.call(request.body(Body::from(json!({ "token": token }).to_string())).unwrap())
    };
    let allowed = from("https://app.example");
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(allowed.headers["access-control-expose-headers"], "retry-after");
    assert!(!from("https://evil.example").headers.contains_key("access-control-allow-origin"));
}
