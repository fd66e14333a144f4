//! Evidence packs over HTTP, checked as a stranger would: with the bytes and a key, and nothing else.

use crate::harness::{House, MORNING};
use admission::ManualClock;
use axum::body::{Body, to_bytes};
use evidence::{Summary, Verdict, check};
use ledger::note::{KeyKind, SigningKey};
use ledger::seal::Seals;
use server::Settings;
use server::access::TokenRole::{App, Auditor};
use std::io::Cursor;
use std::sync::Arc;
use tower::ServiceExt;

const MAY_4: &str = "/v1/accounts/clinic/evidence?from=2026-05-04T08:00:00&to=2026-05-04T09:05:00";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("clinic.example/seats-b3-v1", KeyKind::Log, &[seed; 32]).unwrap()
}

/// Alice logs in at nine and out at five past; the ledger has a key to seal with, or none.
fn morning(key: Option<SigningKey>) -> House {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let house = House::at(&dir, ManualClock::new(MORNING), Settings::default());
    house.open("clinic", 1);
    house.log_in("alice", "a1").ok(201);
    house.pass(300);
    if let Some(key) = key {
        Seals::new(dir.path().join("ledger/seals")).keep_key(&key).unwrap();
    }
    house
}

fn pack(house: &House, path: &str) -> Vec<u8> {
    let request = house.request("GET", path, house.token(Auditor)).body(Body::empty()).unwrap();
    let routes = house.routes.clone();
    house.block_on(async move {
        let response = routes.oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "application/zip");
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    })
}

fn verdict(pack: &[u8], key: &SigningKey) -> Result<Summary, &'static str> {
    match check(Cursor::new(pack), &[key.verifier()], None).unwrap() {
        Verdict::Good(summary) => Ok(*summary),
        Verdict::Bad(bad) => Err(bad.code.word()),
    }
}

#[test]
fn a_pack_is_verified_by_whoever_gets_it() {
    let house = morning(Some(key(1)));
    let bare = pack(&house, MAY_4);
    let summary = verdict(&bare, &key(1)).unwrap();
    // Opened, user and login, and that the pack was taken: the commit that closes the period.
    assert_eq!((summary.origin.as_str(), summary.names), ("clinic.example/seats-b3-v1", 0));
    assert_eq!(summary.last.size, summary.first.size, "the first seal that there ever was");
    let named = verdict(&pack(&house, &format!("{MAY_4}&names=true")), &key(1)).unwrap();
    assert!(named.names >= 2, "the account and Alice: {}", named.names);
    assert_eq!(named.commits, summary.commits, "the same period is closed by the same commit");
    assert!(named.last.size > summary.last.size);
    assert_eq!(verdict(&bare, &key(2)), Err("seal"));
    let mut cut = bare.clone();
    cut.truncate(bare.len() / 2);
    assert_eq!(verdict(&cut, &key(1)), Err("pack"));
}

#[test]
fn that_a_pack_was_taken_is_on_record() {
    let house = morning(Some(key(1)));
    let taken = |house: &House| {
        let access = house.get(Auditor, "/v1/accounts/clinic/access").ok(200);
        access["rows"].to_string().matches("evidence").count()
    };
    assert_eq!(taken(&house), 0);
    pack(&house, MAY_4);
    assert_eq!(taken(&house), 1);
}

#[test]
fn who_gets_none() {
    let house = morning(None);
    house.get(Auditor, MAY_4).problem(404, "not_found");
    let house = morning(Some(key(1)));
    house.get(App, MAY_4).problem(403, "not_allowed");
    let backwards = MAY_4.replace("08:00", "10:00");
    house.get(Auditor, &backwards).problem(422, "unprocessable");
    let unfinished = MAY_4.replace("09:05", "09:06");
    house.get(Auditor, &unfinished).problem(422, "unprocessable");
}
