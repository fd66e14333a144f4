//! Sixty-four clients fight over five licences: no seat is lost, none is given twice. The log says so.
//!
//! `FIGHT_SECONDS` says for how long; 2 unless set.

use crate::harness::House;
use axum::body::Body;
use axum::http::Request;
use seats::Event;
use serde_json::{Value, json};
use server::access::TokenRole::App;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tower::ServiceExt;

const CLIENTS: usize = 64;
const LICENCES: u32 = 5;

#[test]
fn no_seat_is_lost_or_given_twice() {
    let house = House::clinic(LICENCES);
    let seconds = std::env::var("FIGHT_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let until = Instant::now() + Duration::from_secs(seconds);
    let token = house.token(App).to_owned();
    let fights: Vec<Vec<(u64, u64)>> = house.block_on(async {
        let fights = (0..CLIENTS).map(|client| {
            let (routes, token) = (house.routes.clone(), token.clone());
            tokio::spawn(async move {
                let call = async |path: &str, attempt: &str, body: Value| {
                    let request = Request::builder().method("POST").uri(path);
                    let request = request.header("authorization", format!("Bearer {token}"));
                    let request = request.header("content-type", "application/json");
                    let request = request.header("idempotency-key", attempt);
                    let request = request.body(Body::from(body.to_string())).unwrap();
                    let response = routes.clone().oneshot(request).await.unwrap();
                    let status = response.status().as_u16();
                    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
                    (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
                };
                let (mut granted, mut attempt) = (Vec::new(), 0_u64);
                while Instant::now() < until {
                    attempt += 1;
                    let id = format!("{client}-{attempt}");
                    let path = "/v1/accounts/clinic/logins";
                    let (status, told) =
                        call(path, &id, json!({ "user": format!("u{client}") })).await;
                    assert!(status == 201 || status == 409, "{status} {told}");
                    if status == 409 {
                        continue;
                    }
                    let (session, seat) =
                        (told["session"].as_u64().unwrap(), told["seat"].as_u64().unwrap());
                    granted.push((session, seat));
                    let path = format!("/v1/accounts/clinic/sessions/{session}/logout");
                    let (status, told) = call(&path, "", json!({})).await;
                    assert_eq!(status, 200, "{told}");
                }
                granted
            })
        });
        let mut all = Vec::new();
        for fight in fights.collect::<Vec<_>>() {
            all.push(fight.await.unwrap());
        }
        all
    });
    let told: BTreeSet<(u64, u64)> = fights.iter().flatten().copied().collect();
    assert_eq!(told.len(), fights.iter().map(Vec::len).sum::<usize>(), "no session twice");
    let ledger = house.service.admission().ledger();
    let (mut recorded, mut held, mut denials) = (BTreeSet::new(), BTreeSet::new(), 0_u64);
    for record in ledger.scan(ledger::Position(0)) {
        for event in record.unwrap().commit.events {
            match event {
                Event::SeatGranted { session, seat, .. } => {
                    assert!(held.insert(seat), "{seat} is given twice");
                    assert!(u32::try_from(held.len()).unwrap() <= LICENCES);
                    recorded.insert((session.0, u64::from(seat.0)));
                }
                Event::LoggedOut { session, .. } | Event::Expired { session, .. } => {
                    let seat = recorded.iter().find(|(known, _)| *known == session.0).unwrap().1;
                    held.retain(|held| u64::from(held.0) != seat);
                }
                Event::SeatDenied { .. } => denials += 1,
                _ => {}
            }
        }
    }
    assert_eq!(recorded, told, "every grant that was told is recorded, and no other");
    assert!(denials > 0 && !told.is_empty(), "they fought");
    assert!(ledger::verify::ledger(ledger, |_, _| ()).ok);
    println!("{} grants, {denials} denials among {CLIENTS} clients in {seconds} s", told.len());
}
