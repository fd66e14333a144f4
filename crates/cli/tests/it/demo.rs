//! The demo: what it plays in, and what it never removes.

use crate::place::{Place, talk};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a command in `home`, with the ledger that it takes by itself.
fn run(home: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seatledger"))
        .args(line.split(' '))
        .env_remove("SEATLEDGER_DATA")
        .current_dir(home)
        .output()
        .unwrap()
}

#[track_caller]
fn check(home: &Path, line: &str, code: i32, says: &str) {
    let output = run(home, line);
    let said = talk(&output);
    assert_eq!(output.status.code(), Some(code), "{line}: {said}");
    assert!(said.contains(says), "{line}: {says:?} is not in {said}");
}

#[test]
fn a_demo_replaces_a_demo_and_nothing_else() {
    let place = Place::new();
    let home = place.home.path();
    check(home, "demo", 0, "whole");
    check(home, "demo --seed 7", 0, "whole");
    check(home, "demo --data seatledger-demo", 4, "not empty");

    // Somebody has begun to use what the demo left.
    check(home, "account open mine --licences 1 --data seatledger-demo", 0, "mine");
    check(home, "demo", 4, "the account mine");
    check(home, "who mine --data seatledger-demo", 0, "0 of 1 licence taken");
}

#[test]
fn a_demo_leaves_a_ledger_alone_that_no_demo_made() {
    let place = Place::new();
    let home = place.home.path();
    for dir in ["seatledger-demo", "seatledger-data"] {
        check(home, &format!("account open mine --licences 1 --data {dir}"), 0, "mine");
        check(home, &format!("demo --data {dir}"), 4, "not empty");
    }
    check(home, "demo", 4, "not empty");
    check(home, "who mine --data seatledger-demo", 0, "0 of 1 licence taken");
    check(home, "who mine", 0, "0 of 1 licence taken");
}

#[test]
fn a_demo_waits_for_whoever_works_on_the_last_one() {
    let place = Place::new();
    let dir = place.home.path().join("seatledger-demo");
    check(place.home.path(), "demo", 0, "whole");
    let ledger = ledger::Ledger::open(&dir, &ledger::Options::default()).unwrap();
    check(place.home.path(), "demo", 6, "in use");
    drop(ledger);
    assert!(fs::metadata(dir.join("FORMAT")).is_ok());
}

#[test]
fn a_demo_for_programs_is_one_document() {
    let place = Place::new();
    let output = run(place.home.path(), "demo --format json");
    let demo: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let questions = demo["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 6);
    assert_eq!(questions[5]["answer"]["ok"], true, "{demo}");
    for question in questions {
        // The command that is shown gives the answer that is shown.
        let words = format!(
            "{} --format json --data seatledger-demo",
            question["command"].as_str().unwrap()
        );
        let alone = run(place.home.path(), &words);
        let mut alone: serde_json::Value = serde_json::from_slice(&alone.stdout).unwrap();
        let mut shown = question["answer"].clone();
        // The log has grown by the looks that were recorded since.
        for answer in [&mut alone, &mut shown] {
            for key in ["size", "root", "last_position"] {
                answer["provenance"][key] = serde_json::Value::Null;
            }
            for key in ["commits", "events", "size", "root", "acknowledged"] {
                answer[key] = serde_json::Value::Null;
            }
        }
        if question["who"] != "Support" || question["asks"] == "What happened, exactly?" {
            assert_eq!(alone, shown, "{words}");
        }
    }
}
