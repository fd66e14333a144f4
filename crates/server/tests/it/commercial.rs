//! Commercial reports over HTTP: for whom, of whom, and as what.

use crate::harness::House;
use axum::body::Body;
use serde_json::{Value, json};
use server::access::TokenRole::{App, Auditor, Customer, Finance, Support};

fn house() -> House {
    let house = House::clinic(2);
    house.open("=beta", 1);
    for (user, attempt) in [("alice", "a1"), ("bob", "b1"), ("carol", "c1")] {
        house.log_in(user, attempt);
        house.pass(10);
    }
    house
}

fn accounts(report: &Value) -> Vec<&str> {
    report["rows"].as_array().unwrap().iter().map(|row| row["account"].as_str().unwrap()).collect()
}

#[test]
fn who_may_see_statements_sees_reports_of_the_tokens_accounts() {
    let house = house();
    let path = "/v1/reports/movement?from=2026-05";
    for role in [Finance, Support, Auditor, Customer] {
        assert_eq!(accounts(&house.get(role, path).ok(200)), ["clinic", "=beta"]);
    }
    house.get(App, path).problem(403, "not_allowed");
    let limited = house.limited_token(Customer, "clinic");
    let get =
        |path: &str| house.call(house.request("GET", path, &limited).body(Body::empty()).unwrap());
    let own = get(path).ok(200);
    assert_eq!(accounts(&own), ["clinic"]);
    assert_eq!(own["provenance"]["account"], "1 accounts");
    get("/v1/reports/movement?from=2026-05&account=clinic").ok(200);
    get("/v1/reports/movement?from=2026-05&account=%3Dbeta").problem(403, "not_allowed");
    get("/v1/reports/movement?from=2026-05&account=nowhere").problem(403, "not_allowed");
}

#[test]
fn what_staff_wrote_for_themselves_is_not_shown_to_the_customer() {
    let house = house();
    let more = json!({ "licences": 3, "reason": "ticket 7" });
    house.send("PUT", Finance, "/v1/accounts/clinic/licences", more).ok(200);
    let path = "/v1/reports/changes?from=2026-05&account=clinic";
    let last =
        |role| house.get(role, path).ok(200)["rows"].as_array().unwrap().last().unwrap().clone();
    let (told, shown) = (last(Finance), last(Customer));
    assert_eq!((&told["reason"], &shown["reason"]), (&"ticket 7".into(), &Value::Null), "{told}");
    assert_eq!(told["position"], shown["position"]);
}

#[test]
fn each_kind_is_there_as_json_text_and_file() {
    let house = house();
    for kind in ["movement", "changes", "revenue", "at-capacity", "never-used"] {
        let path = format!("/v1/reports/{kind}?from=2026-04&to=2026-05&account=clinic");
        let report = house.get(Finance, &path).ok(200);
        assert_eq!(report["provenance"]["report"], kind);
        let as_type = |wanted: &str| {
            let request = house.request("GET", &path, house.token(Finance));
            house.call(request.header("accept", wanted).body(Body::empty()).unwrap())
        };
        let text = as_type("text/plain").text;
        assert!(text.starts_with(&format!("# {kind} of account-1, ")), "{text}");
        let file = as_type("text/csv");
        let named = format!("attachment; filename=\"{kind}-2026-04-2026-05.csv\"");
        assert_eq!(file.headers["content-disposition"], named.as_str());
        assert!(file.text.contains(",") && file.text.ends_with("\r\n"), "{}", file.text);
    }
}

#[test]
fn whoever_refused_most_comes_first() {
    let house = house();
    for user in ["zoe", "yves", "xena"] {
        let path = "/v1/accounts/%3Dbeta/logins";
        let request = house.request("POST", path, house.token(App));
        let request = request.header("content-type", "application/json");
        let body = Body::from(json!({ "user": user }).to_string());
        house.call(request.header("idempotency-key", user).body(body).unwrap());
    }
    let full = house.get(Finance, "/v1/reports/at-capacity?from=2026-05").ok(200);
    let rows = full["rows"].as_array().unwrap();
    let told = |row: &Value| (row["account"].clone(), row["denial_episodes"].clone());
    let told: Vec<(Value, Value)> = rows.iter().map(told).collect();
    assert_eq!(told, [(json!("=beta"), json!(2)), (json!("clinic"), json!(1))]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let house = house();
    let refused = |query: &str, status: u16, code: &str| {
        house.get(Finance, &format!("/v1/reports/{query}")).problem(status, code);
    };
    refused("turnover?from=2026-05", 404, "not_found");
    refused("movement", 400, "bad_request");
    refused("movement?from=May", 422, "unprocessable");
    refused("movement?from=2026-05&to=2026-04", 422, "unprocessable");
    refused("movement?from=2010-01&to=2026-04", 422, "unprocessable");
    refused("movement?from=2027-01", 422, "unprocessable");
    refused("movement?from=2026-05&account=nowhere", 404, "unknown_account");
}
