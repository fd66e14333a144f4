//! Who may call what.

use crate::harness::House;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use server::Settings;
use server::access::TokenRole::{self, Admin, App, Customer, Finance, Support};

#[test]
fn without_a_token_nothing_is_answered() {
    let house = House::clinic(1);
    let call = |header: Option<&str>| {
        let mut request = Request::builder().uri("/v1/accounts/clinic");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        house.call(request.body(Body::empty()).unwrap())
    };
    assert_eq!(call(None).headers["www-authenticate"], "Bearer");
    call(None).problem(401, "no_token");
    call(Some("Basic eDp5")).problem(401, "no_token");
    call(Some("Bearer sl_1_00")).problem(401, "bad_token");
    for _ in 0..30 {
        call(Some("Bearer sl_1_01"));
    }
    call(Some("Bearer sl_1_02")).problem(429, "too_many_requests");
}

#[test]
fn behind_a_proxy_only_the_one_who_guesses_is_slowed_down() {
    let trusted_proxies = "127.0.0.1".parse().unwrap();
    let house = House::with(Settings { trusted_proxies, ..Settings::default() });
    let call = |forwarded: &str, token: &str| {
        let request = house.request("GET", "/v1/accounts", token);
        let request = request.header("x-forwarded-for", forwarded);
        house.call(request.body(Body::empty()).unwrap()).status.as_u16()
    };
    for guess in 0..20 {
        let spoofed = format!("10.0.0.{guess}, 6.6.6.6");
        assert_eq!(call(&spoofed, "sl_1_00"), 401);
    }
    assert_eq!(call("6.6.6.6", "sl_1_00"), 429);
    assert_eq!(call("7.7.7.7", "sl_1_00"), 401);
    assert_eq!(call("7.7.7.7", house.token(Support)), 200);
}

#[test]
fn a_token_for_one_account_sees_no_other() {
    let house = House::clinic(1);
    house.post(Admin, "/v1/accounts", json!({ "name": "other", "licences": 1 })).ok(201);
    let token = house.limited_token(Customer, "clinic");
    let get =
        |path: &str| house.call(house.request("GET", path, &token).body(Body::empty()).unwrap());
    get("/v1/accounts/clinic/occupancy").ok(200);
    let other = get("/v1/accounts/other/occupancy");
    let nowhere = get("/v1/accounts/nowhere/occupancy");
    other.problem(403, "not_allowed");
    assert_eq!(other.text.replace("other", "x"), nowhere.text.replace("nowhere", "x"));
    get("/v1/accounts/account-2/occupancy").problem(403, "not_allowed");
    assert_eq!(get("/v1/accounts").ok(200)["accounts"].as_array().unwrap().len(), 1);
    get("/v1/events").problem(403, "not_allowed");
}

#[test]
fn roles_keep_to_their_own() {
    let house = House::clinic(1);
    let occupancy = "/v1/accounts/clinic/occupancy";
    let licences = |role: TokenRole| {
        house.send("PUT", role, "/v1/accounts/clinic/licences", json!({ "licences": 2 }))
    };
    house.get(App, occupancy).problem(403, "not_allowed");
    licences(Support).problem(403, "not_allowed");
    licences(Customer).problem(403, "not_allowed");
    licences(Finance).ok(200);
    let login = house.request("POST", "/v1/accounts/clinic/logins", house.token(Support));
    let login = login.header("content-type", "application/json").header("idempotency-key", "x");
    let login = login.body(Body::from(json!({ "user": "a" }).to_string())).unwrap();
    house.call(login).problem(403, "not_allowed");
}

#[test]
fn a_revoked_token_is_worthless_at_once() {
    let house = House::clinic(1);
    house.get(Support, "/v1/accounts/clinic").ok(200);
    let number: u32 = house.token(Support).split('_').nth(1).unwrap().parse().unwrap();
    house.service.access().revoke(number, crate::harness::MORNING).unwrap();
    house.get(Support, "/v1/accounts/clinic").problem(401, "bad_token");
}

#[test]
fn what_is_not_there_is_a_problem_too() {
    let house = House::clinic(1);
    house.get(Admin, "/v2/accounts").problem(404, "not_found");
    house.get(Admin, "/v1/accounts/nowhere").problem(404, "unknown_account");
    house.send("DELETE", Admin, "/v1/accounts", json!({})).problem(405, "method_not_allowed");
    house.get(Admin, "/v1/accounts/../../etc/passwd").problem(404, "not_found");
    house.get(Admin, "/v1/accounts/%ff").problem(400, "bad_request");
    house.get(Admin, "/v1/accounts?limit=many").problem(400, "bad_request");
    house.get(Admin, "/v1/accounts?colour=red").problem(400, "bad_request");
}
