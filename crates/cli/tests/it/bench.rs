//! `bench` on small histories: that every piece of work measures something and puts it beside a yardstick,
//! and that a history is made once. How fast it is, is nobody's business here.

use crate::place::Place;
use serde_json::Value;

const HISTORY: &str = "--events 3000 --accounts 10 --seconds 1 --rounds 1";
const LOAD: &str = "--in-flight 8 --accounts 10 --seconds 1 --rounds 1";

/// Runs one kind of work and checks what every answer has. Gives back its rows.
fn check(place: &Place, work: &str, rows: usize) -> Vec<Value> {
    let answer = place.json(&format!("bench {work}"));
    assert_eq!(answer["bench"], work.split(' ').next().unwrap());
    assert_eq!((&answer["seed"], &answer["rounds"]), (&1.into(), &1.into()), "{answer}");
    let results = answer["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), rows, "{work}: {answer}");
    for row in &results {
        let figure = |name: &str| row[name].as_u64().unwrap_or_else(|| panic!("{name} of {row}"));
        assert!(figure("per_s") > 0, "{row}");
        assert!(figure("p50_us") <= figure("p99_us"), "{row}");
        assert!(figure("p99_us") <= figure("p999_us"), "{row}");
        for name in ["what", "counted", "unit", "sync"] {
            assert!(!row[name].as_str().unwrap().is_empty(), "{name} of {row}");
        }
        let yardsticks = row["yardsticks"].as_array().unwrap();
        assert!(!yardsticks.is_empty(), "{row}");
        for yardstick in yardsticks {
            let best = yardstick["per_s"].as_u64().filter(|best| *best > 0).unwrap();
            let share = figure("per_s") * 10_000 / best;
            let share = format!("{}.{:04}", share / 10_000, share % 10_000);
            assert_eq!(yardstick["ratio"].as_f64(), share.parse().ok(), "{row}");
        }
    }
    results
}

#[test]
fn an_answer_is_counted_with_its_syncs() {
    let row = &check(&Place::new(), &format!("admit {LOAD}"), 1)[0];
    let fact = |name: &str| row["facts"][name].as_u64().unwrap();
    assert!(fact("syncs") > 0 && fact("syncs") <= fact("groups"), "{row}");
    assert!(row["sync"].as_str().unwrap().contains(&format!("{} syncs", fact("syncs"))), "{row}");
    assert!(row["bytes_per_event"].as_f64() > Some(20.0), "{row}");
    assert_eq!(row["yardsticks"].as_array().unwrap().len(), 2);
}

#[test]
fn heartbeats_make_no_commit_and_are_saved_at_the_stop() {
    let row = &check(&Place::new(), &format!("heartbeat {LOAD}"), 1)[0];
    let fact = |name: &str| row["facts"][name].as_u64().unwrap();
    assert_eq!(fact("commits"), 0, "{row}");
    assert!(
        fact("sessions_heard") > 0 && fact("sessions_saved") == fact("sessions_heard"),
        "{row}"
    );
}

#[test]
fn months_are_closed_in_order_each_for_all_accounts() {
    let place = Place::new();
    let work = "close --accounts 12 --sessions 10 --months 3 --seconds 1 --rounds 1";
    let rows = check(&place, work, 3);
    let months: Vec<&str> = rows.iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(months, ["October 2025", "November 2025", "December 2025"]);
    for row in &rows {
        assert!(row["facts"]["events"].as_u64() > Some(12 * 10 * 3), "{row}");
        assert!(row["facts"]["took_ms"].as_u64() > Some(0), "{row}");
    }
    place.fails(&format!("bench {work}"), 4, &["not empty", "--data"]);
}

#[test]
fn the_rules_grant_and_deny() {
    let row = &check(&Place::new(), "rules --accounts 10 --seconds 1 --rounds 1", 1)[0];
    for name in ["granted", "denied", "logged_out"] {
        assert!(row["facts"][name].as_u64() > Some(0), "{name} of {row}");
    }
}

#[test]
fn a_service_is_measured_with_all_its_sessions() {
    let row = &check(&Place::new(), "memory --accounts 20 --seconds 1 --rounds 1", 1)[0];
    assert_eq!(row["facts"]["sessions"], 200);
    assert!(row["facts"]["memory_mib"].as_u64() > Some(0), "{row}");
}

#[test]
fn a_history_is_made_once_and_measured_in_every_way() {
    let place = Place::new();
    let replayed = &check(&place, &format!("replay {HISTORY}"), 1)[0];
    assert!(replayed["facts"]["events"].as_u64() >= Some(3_000), "{replayed}");
    let note = place.data().join("bench.json");
    let made = std::fs::metadata(&note).unwrap().modified().unwrap();
    let verified = &check(&place, &format!("verify {HISTORY}"), 1)[0];
    assert_eq!(verified["facts"]["events"], replayed["facts"]["events"]);
    let asked = check(&place, &format!("as-of {HISTORY}"), 2);
    assert!(asked[0]["facts"]["seats_held"].as_u64() > Some(0), "{}", asked[0]);
    assert!(asked[1]["facts"]["percent_refused"].as_u64() > Some(0), "{}", asked[1]);
    let stated = check(&place, &format!("statement {HISTORY}"), 2);
    assert!(stated[1]["facts"]["commits"].as_u64() > Some(10), "{}", stated[1]);
    let opened = check(&place, &format!("open {HISTORY}"), 2);
    assert!(opened[1]["what"].as_str().unwrap().contains("kill -9"), "{}", opened[1]);
    let proved = check(&place, &format!("proofs {HISTORY}"), 5);
    let fact = |row: usize, name: &str| proved[row]["facts"][name].as_u64().unwrap();
    // Some 1,700 commits make a tree eleven high.
    assert!((8..=11).contains(&fact(1, "path_hashes")), "{}", proved[1]);
    assert_eq!(fact(1, "path_bytes") / 32, fact(1, "path_hashes"), "{}", proved[1]);
    assert!(fact(2, "path_hashes") > 1, "{}", proved[2]);
    assert!(fact(3, "commits") > 50 && fact(3, "months") == 11, "{}", proved[3]);
    assert!(fact(3, "pack_bytes") > 40 * fact(3, "commits"), "{}", proved[3]);
    assert!(fact(4, "seal_bytes") > 100, "{}", proved[4]);
    assert!(!place.data().join("ledger/seals").exists(), "no key is left in the history");
    assert_eq!(std::fs::metadata(&note).unwrap().modified().unwrap(), made, "made once");
    place.fails("bench replay --events 4000 --accounts 10", 2, &["holds the history", "--data"]);
    let table = place.ok(&format!("bench replay {HISTORY}"));
    for part in ["beside memcpy and decode", "seed 1, 1 rounds", "times are of: 10,000 events"] {
        assert!(table.contains(part), "{part:?} is not in {table}");
    }
}

#[test]
fn the_same_seed_makes_the_same_history_and_it_is_lawful() {
    let root = |seed: u64| {
        let place = Place::new();
        place.ok(&format!("bench replay {HISTORY} --seed {seed}"));
        let ledger = place.data().join("ledger");
        // Its users have no names, so the directory is not that of its accounts; the log must be whole.
        let verified = place.run(&format!("verify --data {} --format json", ledger.display()));
        let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!(
            (&verified["log_ok"], &verified["first_bad"]["position"]),
            (&true.into(), &0.into())
        );
        verified["root"].clone()
    };
    assert_eq!(root(1), root(1));
    assert_ne!(root(1), root(2));
}

#[test]
fn a_ledger_of_somebodys_is_left_alone() {
    let place = Place::clinic();
    place.fails("bench replay --events 1000", 4, &["did not make", "--data"]);
    assert!(place.ok("account list").contains("clinic"));
}

#[test]
fn a_history_that_was_not_made_to_its_end_is_made_again() {
    let place = Place::new();
    place.ok(&format!("bench replay {HISTORY}"));
    let (note, ledger) = (place.data().join("bench.json"), place.data().join("ledger"));
    let text: Value = serde_json::from_slice(&std::fs::read(&note).unwrap()).unwrap();
    let begun = serde_json::json!({ "asked": text["asked"] });
    std::fs::write(&note, begun.to_string()).unwrap();
    std::fs::remove_dir_all(ledger.join("log")).unwrap();
    check(&place, &format!("replay {HISTORY}"), 1);
}
