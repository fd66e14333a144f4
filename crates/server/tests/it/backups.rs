//! Backups of a running server.

use crate::harness::House;
use ledger::backup::restore;
use serde_json::json;
use server::Settings;
use server::access::TokenRole::{Admin, Auditor};

#[test]
fn a_running_ledger_is_backed_up_added_to_and_restored() {
    let place = tempfile::tempdir().unwrap();
    let backup_dir = Some(place.path().join("backup"));
    let house = House::with(Settings { backup_dir, ..Settings::default() });
    house.open("clinic", 1);
    house.log_in("alice", "a1").ok(201);
    house.post(Auditor, "/v1/backups", json!({})).problem(403, "not_allowed");
    let first = house.post(Admin, "/v1/backups", json!({})).ok(200);
    assert_eq!(first["before"], 0);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    let second = house.post(Admin, "/v1/backups", json!({})).ok(200);
    assert_eq!(second["before"], first["size"]);
    assert!(second["size"].as_u64() > first["size"].as_u64());
    let (from, to) = (place.path().join("backup"), place.path().join("restored"));
    let restored = restore(&from, &to, &ledger::Options::default(), |_, _| ()).unwrap();
    assert_eq!(second["size"], restored.head.size);
    assert_eq!(second["root"], restored.head.root.to_string());
    let again = ledger::Ledger::open(&to, &ledger::Options::default()).unwrap();
    assert!(ledger::verify::ledger(&again, |_, _| ()).ok);
}

#[test]
fn a_folder_that_is_something_else_is_left_alone() {
    let house = House::new();
    let said = house.post(Admin, "/v1/backups", json!({})).problem(404, "not_found");
    assert!(said["detail"].as_str().unwrap().contains("backup_dir"));
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("letter.txt"), "mine").unwrap();
    let backup_dir = Some(place.path().to_owned());
    let house = House::with(Settings { backup_dir, ..Settings::default() });
    house.post(Admin, "/v1/backups", json!({})).problem(422, "unprocessable");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
}
