//! A ledger that is damaged or short of room: what is said, with which exit code, and that nothing is lost.

use crate::place::{Place, talk};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The log of a ledger with a few dozen commits, damaged by `harm`.
fn harmed(harm: impl FnOnce(&Path)) -> Place {
    let place = Place::clinic();
    for user in 0..12 {
        let _granted_or_denied = place.run(&format!("login clinic user{user}"));
    }
    harm(&place.data());
    place
}

fn log_file(data: &Path) -> PathBuf {
    let volume = fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path();
    volume.join("db")
}

#[test]
fn a_truncated_log_is_refused_with_the_position() {
    for length in [0, 300, 1_000, 2_000] {
        let place = harmed(|data| {
            let file = fs::OpenOptions::new().write(true).open(log_file(data)).unwrap();
            file.set_len(length).unwrap();
        });
        place.fails("who clinic", 5, &["damaged at position", "restore"]);
        place.fails("login clinic alice", 5, &["damaged at position"]);
        let output = place.run("verify --format json");
        assert_eq!(output.status.code(), Some(5), "{length}: {}", talk(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["ok"], false, "{length}");
        assert!(report["first_bad"]["position"].is_u64(), "{length}: {report}");
    }
}

#[test]
fn a_flipped_bit_never_changes_an_answer() {
    let good = harmed(|_| {});
    let expected = good.json("usage clinic");
    for place_in_file in [700, 5_000, 9_001] {
        let place = harmed(|data| {
            let mut bytes = fs::read(log_file(data)).unwrap();
            if let Some(byte) = bytes.get_mut(place_in_file) {
                *byte ^= 0x10;
            }
            fs::write(log_file(data), bytes).unwrap();
        });
        let output = place.run("usage clinic --format json");
        match output.status.code() {
            Some(0) => {
                let report: Value = serde_json::from_slice(&output.stdout).unwrap();
                for key in ["logins", "denials", "peak_sessions", "sessions"] {
                    assert_eq!(report[key], expected[key], "{place_in_file}: {key}");
                }
            }
            Some(1 | 5) => assert!(!output.stderr.is_empty(), "it says why"),
            other => panic!("{place_in_file}: {other:?}: {}", talk(&output)),
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_and_the_import_completes_afterwards() {
    let place = Place::clinic();
    let mut rows = String::from("user,requested_at,granted_at,ended_at,seats\n");
    for n in 0..60_000_u32 {
        let (hour, minute, second) = (n / 3600 % 24, n / 60 % 60, n % 60);
        let day = 1 + n / 86_400;
        let at = format!("2025-01-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        rows.push_str(&format!("u{},{at},{at},2025-02-01T00:00:00Z,1\n", n % 50));
    }
    fs::write(place.home.path().join("history.csv"), rows).unwrap();
    // The kernel refuses to let any file grow beyond 3 MiB, as a full disk would.
    let limited = Command::new("bash")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 3072; exec \"$@\"")
        .arg("bash")
        .arg(env!("CARGO_BIN_EXE_seatledger"))
        .arg("--data")
        .arg(place.data())
        .args(["import", "csv", "history.csv", "--account", "big"])
        .current_dir(place.home.path())
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1), "{}", talk(&limited));
    place.fails("who big", 4, &["being imported"]);
    assert_eq!(place.ok("login clinic alice"), "seat 1 (session-1)\n");
    place.ok("import csv history.csv --account big");
    assert_eq!(place.json("usage big")["sessions"], 60_000);
    let again = place.run("import csv history.csv --account big");
    assert!(talk(&again).contains("imported into this account before"), "{}", talk(&again));
    assert_eq!(place.json("verify")["ok"], true);
}

/// Runs a command that may make no file longer than so many KiB, as on a full disk.
fn in_little_room(place: &Place, kib: u32, line: &str) -> Output {
    Command::new("bash")
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\""))
        .arg("bash")
        .arg(env!("CARGO_BIN_EXE_seatledger"))
        .arg("--data")
        .arg(place.data())
        .args(line.split(' '))
        .current_dir(place.home.path())
        .output()
        .unwrap()
}

#[test]
fn a_full_disk_is_no_damage() {
    let place = harmed(|_| {});
    let before = place.json("verify")["commits"].clone();
    for kib in [0, 1, 8, 64, 100, 600] {
        let output = in_little_room(&place, kib, "login clinic zoe");
        let said = talk(&output);
        if output.status.code() != Some(3) {
            assert_eq!(output.status.code(), Some(1), "{kib} KiB: {said}");
            assert!(!said.contains("damage") && !said.contains("restore"), "{kib} KiB: {said}");
        }
    }
    assert_eq!(place.json("verify")["ok"], true);
    assert!(place.json("verify")["commits"].as_u64() >= before.as_u64());
}

#[test]
fn names_that_are_gone_are_missed() {
    let place = harmed(|data| fs::remove_dir_all(data.join("book")).unwrap());
    for line in ["who clinic", "login clinic alice", "account open other --licences 1"] {
        place.fails(line, 5, &["directory of names", "is missing", "from a backup"]);
    }
    let output = place.run("verify --format json");
    assert_eq!(output.status.code(), Some(5), "{}", talk(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["ok"], &report["log_ok"]), (&false.into(), &true.into()), "{report}");
    assert_eq!((&report["commits"], &report["size"]), (&13.into(), &13.into()), "{report}");
    assert!(report["first_bad"]["what"].as_str().unwrap().contains("is missing"), "{report}");
    assert!(!place.data().join("book").exists(), "it is not made anew");
    let text = talk(&place.run("verify"));
    assert!(text.contains("of the log holds") && text.contains("BAD names"), "{text}");
}

#[test]
fn names_that_were_altered_are_found() {
    let place = harmed(|_| {});
    let good = place.json("verify");
    // The account and twelve users.
    assert_eq!((&good["ok"], &good["names"]), (&true.into(), &13.into()), "{good}");
    {
        let ledger = ledger::Ledger::open(&place.data(), &ledger::Options::default()).unwrap();
        let subject = ledger::Subject::user(seats::AccountId(1), seats::UserId(4));
        ledger.book().forget(subject).unwrap();
        ledger.book().sync().unwrap();
    }
    let erased = place.json("verify");
    assert_eq!((&erased["ok"], &erased["names_erased"]), (&true.into(), &1.into()), "{erased}");
    {
        let ledger = ledger::Ledger::open(&place.data(), &ledger::Options::default()).unwrap();
        let subject = ledger::Subject::user(seats::AccountId(1), seats::UserId(2));
        ledger.book().enrol(subject, "somebody else").unwrap();
        ledger.book().sync().unwrap();
    }
    place.fails("verify", 5, &["BAD names", "the entry of user 2 was altered"]);
    let output = place.run("verify --format json");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["ok"], &report["names_ok"]), (&false.into(), &false.into()), "{report}");
    assert_eq!(report["first_bad"]["account"], "account-1", "{report}");
}

#[test]
fn what_is_missing_is_damage_and_verify_does_not_ask_for_verify() {
    for missing in ["log", "head", "FORMAT"] {
        let place = harmed(|data| {
            let path = data.join(missing);
            fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path)).unwrap();
        });
        place.fails("who clinic", 5, &["damaged at position 0", missing]);
        let output = place.run("verify");
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(5), "{missing}: {said}");
        assert!(!said.contains("ask `seatledger verify`"), "{missing}: {said}");
    }
}

#[test]
fn a_truncated_book_is_told_by_every_command() {
    for length in [0, 1_000] {
        let place = harmed(|data| {
            let db = data.join("book/db");
            fs::OpenOptions::new().write(true).open(db).unwrap().set_len(length).unwrap();
        });
        let output = place.run("verify");
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(5), "{length}: {said}");
        assert!(said.contains("BAD names") && !said.contains("backtrace"), "{length}: {said}");
    }
}

#[test]
fn verify_tells_how_much_was_acknowledged() {
    let place = harmed(|data| {
        let file = fs::OpenOptions::new().write(true).open(log_file(data)).unwrap();
        file.set_len(1_000).unwrap();
    });
    let output = place.run("verify --format json");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["acknowledged"], 13, "{report}");
    place.fails("verify", 5, &["of 13 acknowledged"]);
}

#[test]
fn programs_get_json_where_there_is_nothing() {
    let place = Place::new();
    let output = place.run("verify --format json");
    assert_eq!(output.status.code(), Some(4), "{}", talk(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert!(report["error"].as_str().unwrap().contains("no ledger"), "{report}");
}

#[test]
fn what_is_whole_can_be_saved_into_a_new_ledger() {
    let place = harmed(|_| {});
    let whole = place.json("verify");
    assert_eq!(place.json("repair --into copy")["saved"], whole["size"]);
    let place = harmed(|data| {
        let bytes = fs::read(log_file(data)).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let file = fs::OpenOptions::new().write(true).open(log_file(data)).unwrap();
        file.set_len(used as u64 * 2 / 3).unwrap();
    });
    place.fails("who clinic", 5, &["seatledger repair"]);
    let told = place.ok("repair --into saved --lost lost.txt");
    let size = whole["size"].as_u64().unwrap();
    let saved: u64 = told.split(' ').next().unwrap().parse().unwrap();
    assert!((1..size).contains(&saved), "{told}");
    for part in [
        format!("{} commits are lost: positions {saved} to {}", size - saved, size - 1),
        format!("size      {saved}"),
    ] {
        assert!(told.contains(&part), "{part:?} is not in {told:?}");
    }
    assert!(place.home.path().join("lost.txt").exists());
    let verify = place.json("verify --data saved");
    assert_eq!((&verify["ok"], &verify["size"]), (&true.into(), &saved.into()));
    assert!(place.ok("who clinic --data saved").contains("clinic"), "names are taken over");
    place.fails("repair --into saved", 4, &["saved", "choose an empty directory"]);
    place.fails("repair --into other --lost lost.txt", 1, &["lost.txt"]);
}
