//! Many at once.

use crate::harness::House;
use serde_json::json;
use server::access::TokenRole::{App, Support};

#[test]
fn each_command_has_its_own_answer_in_its_place() {
    let house = House::clinic(1);
    let log_in = |user: &str, request: &str| json!({ "do": "log_in", "account": "clinic", "request": request, "login": { "user": user } });
    let commands = json!({ "commands": [
        log_in("alice", "a1"),
        log_in("bob", "b1"),
        { "do": "heartbeat", "account": "nowhere", "session": 1 },
        { "do": "heartbeat", "account": "clinic", "session": 1, "active": true },
        { "do": "log_out", "account": "clinic", "session": 9 },
        log_in("alice", ""),
    ]});
    let answers = house.post(App, "/v1/commands", commands).ok(200);
    let told =
        |place: usize| (&answers["answers"][place]["status"], &answers["answers"][place]["body"]);
    assert_eq!((told(0).0, &told(0).1["seat"]), (&json!(201), &json!(1)));
    assert_eq!((told(1).0, &told(1).1["code"]), (&json!(409), &json!("all_seats_held")));
    assert_eq!((told(2).0, &told(2).1["code"]), (&json!(404), &json!("unknown_account")));
    assert_eq!((told(3).0, &told(3).1["state"]), (&json!(200), &json!("live")));
    assert_eq!((told(4).0, &told(4).1["code"]), (&json!(404), &json!("unknown_session")));
    assert_eq!(told(5).0, &json!(400));
}

#[test]
fn too_many_at_once_and_the_wrong_role_are_refused_whole() {
    let house = House::clinic(1);
    let beats = |number: usize| {
        let beat = json!({ "account": "clinic", "session": 1 });
        json!({ "heartbeats": vec![beat; number] })
    };
    house.post(App, "/v1/heartbeats", beats(1_001)).problem(413, "too_large");
    house.post(Support, "/v1/heartbeats", beats(1)).problem(403, "not_allowed");
    let none = house.post(App, "/v1/heartbeats", beats(0)).ok(200);
    assert_eq!(none["answers"], json!([]));
}
