//! What the application did while it could not reach us.

use crate::harness::House;
use serde_json::{Value, json};
use server::access::TokenRole::{Admin, App, Support};

fn tell(house: &House, seats: Value) -> Value {
    house.post(App, "/v1/accounts/clinic/outage", json!({ "seats": seats })).ok(200)
}

fn seat(id: &str, user: &str, began: u64, ended: u64) -> Value {
    json!({ "id": id, "user": user, "began_s_ago": began, "ended_s_ago": ended })
}

#[test]
fn whom_the_application_let_in_is_on_record_once_and_counts_as_no_seat() {
    let house = House::clinic(1);
    house.log_in("alice", "a1").ok(201);
    let usage =
        |house: &House| house.get(Support, "/v1/accounts/clinic/usage").ok(200)["grants"].clone();
    let before = usage(&house);
    let told = json!([seat("o1", "bob", 600, 60), seat("o2", "alice", 300, 0)]);
    let first = tell(&house, told.clone());
    assert_eq!((&first["recorded"], &first["known"]), (&json!(2), &json!(0)), "{first}");
    house.pass(3_600);
    let again = tell(&house, told);
    assert_eq!((&again["recorded"], &again["known"]), (&json!(0), &json!(2)), "{again}");
    let trail = house.get(Support, "/v1/accounts/clinic/trail?user=bob").text;
    assert!(trail.contains("bob let in offline from") && trail.contains("08:50"), "{trail}");
    let occupancy = house.get(Support, "/v1/accounts/clinic/occupancy").ok(200);
    assert_eq!(occupancy["seats"].as_array().unwrap().len(), 1, "one sits there: {occupancy}");
    assert_eq!(usage(&house), before, "no grant");
    assert!(ledger::verify::ledger(house.service.admission().ledger(), |_, _| ()).ok);
}

#[test]
fn what_cannot_be_recorded_is_named_and_the_rest_is() {
    let house = House::clinic(1);
    let told = tell(
        &house,
        json!([
            seat("o1", "bob", 60, 61),
            seat("o2", "bob", 700_000, 0),
            seat("", "bob", 1, 0),
            seat("o3", "bob", 1, 0)
        ]),
    );
    assert_eq!(told["recorded"], 1);
    let refused: Vec<&str> =
        told["refused"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(refused, ["o1", "o2", ""]);
    let policy = json!({ "policy": { "users": "registered" } });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    let stranger = tell(&house, json!([seat("o4", "carol", 1, 0), seat("o5", "bob", 1, 0)]));
    assert_eq!(
        (&stranger["recorded"], &stranger["refused"][0]["code"]),
        (&json!(1), &json!("not_registered"))
    );
    let body = json!({ "seats": [] });
    house.post(Support, "/v1/accounts/clinic/outage", body).problem(403, "not_allowed");
}
