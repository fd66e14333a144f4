//! The description of the API is that of the API.

use crate::harness::House;
use axum::body::Body;
use axum::http::Request;

fn get(house: &House, path: &str) -> crate::harness::Answer {
    house.call(Request::builder().uri(path).body(Body::empty()).unwrap())
}

#[test]
fn every_call_that_is_described_is_there() {
    let house = House::clinic(1);
    let api = get(&house, "/openapi.json").ok(200);
    let paths = api["paths"].as_object().unwrap();
    assert!(paths.len() > 30, "{}", paths.len());
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let path = path
                .replace("{account}", "clinic")
                .replace("{act}", "suspend")
                .replace("{month}", "2026-05")
                .replace("{user}", "alice");
            let path = path.replace("{session}", "1").replace("{position}", "1");
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let answer = house.call(request.body(Body::empty()).unwrap());
            let without_token = [400, 401, 415].contains(&answer.status.as_u16());
            assert!(without_token, "{method} {path}: {} {}", answer.status, answer.text);
        }
    }
}

#[test]
fn pages_for_people_and_for_machines_are_there() {
    let house = House::clinic(1);
    let docs = get(&house, "/docs");
    assert!(docs.text.contains("all_seats_held") && docs.text.contains("/v1/heartbeats"));
    assert!(docs.headers.contains_key("content-security-policy"));
    assert_eq!(get(&house, "/healthz").text, "ok\n");
    assert_eq!(get(&house, "/readyz").text, "ready\n");
    assert!(get(&house, "/metrics").text.contains("seatledger_grants_total"));
    assert!(
        get(&house, "/seat.js").headers["content-type"].to_str().unwrap().contains("javascript")
    );
    let keys = get(&house, "/.well-known/jwks.json").ok(200);
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
}
