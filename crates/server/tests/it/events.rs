//! Following the log.

use crate::harness::House;
use axum::body::Body;
use futures_util::StreamExt;
use serde_json::{Value, json};
use server::access::TokenRole::{Admin, Support};
use tower::ServiceExt;

/// The first so many events of a stream: id and content.
fn follow(house: &House, path: &str, last: Option<u64>, number: usize) -> Vec<(u64, Value)> {
    let mut request = house.request("GET", path, house.token(Support));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).unwrap();
    let routes = house.routes.clone();
    house.block_on(async move {
        let response = routes.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (mut text, mut body) = (String::new(), response.into_body().into_data_stream());
        while text.matches("\n\n").count() < number {
            text += std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap();
        }
        let events = text.split("\n\n").filter(|event| !event.is_empty()).map(|event| {
            let field = |name: &str| {
                let line = event.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_else(|| panic!("{name} is not in {event}"))
            };
            (field("id: ").parse().unwrap(), serde_json::from_str(field("data: ")).unwrap())
        });
        events.collect()
    })
}

#[test]
fn a_stream_tells_each_commit_once_and_goes_on_where_it_stopped() {
    let house = House::clinic(1);
    house.post(Admin, "/v1/accounts", json!({ "name": "other", "licences": 1 })).ok(201);
    house.log_in("alice", "a1").ok(201);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    let of_clinic = "/v1/accounts/clinic/events?from=0";
    let all = follow(&house, of_clinic, None, 3);
    let names = |event: &Value| -> Vec<String> {
        let events = event["events"].as_array().unwrap().iter();
        events.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&all[0].1)[0], "AccountOpened");
    assert_eq!(names(&all[1].1), ["UserAdded", "LoginRequested", "SeatGranted"]);
    assert_eq!(all[2].1["events"][2]["reason"], "all_seats_held");
    assert!(all.iter().all(|(_, event)| event["account"] == "clinic"));
    assert_eq!(all[0].0, all[0].1["position"].as_u64().unwrap() + 1);
    let rest = follow(&house, of_clinic, Some(all[1].0), 1);
    assert_eq!(rest, all[2..]);
    let everything = follow(&house, "/v1/events?from=0", None, 4);
    let accounts: Vec<&str> =
        everything.iter().map(|(_, event)| event["account"].as_str().unwrap()).collect();
    assert_eq!(accounts, ["clinic", "other", "clinic", "clinic"]);
    assert!(!format!("{everything:?}").contains("alice"), "to follow is no look at names");
}

#[test]
fn a_stream_waits_for_what_comes() {
    let house = House::clinic(1);
    let service = std::sync::Arc::clone(&house.service);
    let size = service.admission().ledger().head().size;
    std::thread::scope(|scope| {
        let waiting = scope
            .spawn(|| follow(&house, &format!("/v1/accounts/clinic/events?from={size}"), None, 1));
        let account = reporting::names::find_account(service.admission().ledger().book(), "clinic");
        let command = seats::Command::Suspend;
        let admin = ledger::Actor { role: ledger::Role::Admin, id: 0 };
        house.block_on(service.admission().submit(account.unwrap(), command, admin)).unwrap();
        let told = waiting.join().unwrap();
        assert_eq!(told[0].1["events"][0]["event"], "AccountSuspended");
    });
}

#[test]
fn a_position_that_never_was_is_refused() {
    let house = House::clinic(1);
    house.get(Support, "/v1/events?from=999").problem(404, "unknown_position");
    let request = house.request("GET", "/v1/events", house.token(Support));
    let request = request.header("last-event-id", "x").body(Body::empty()).unwrap();
    house.call(request).problem(400, "bad_request");
}
