//! Keys, seals, witnesses, packs and backups, as an auditor and a forger use them.

use crate::place::{Place, talk};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The demo's clinic, whose months are over.
fn demo() -> Place {
    let place = Place::new();
    place.ok("demo");
    place
}

const ASKED: &str = "evidence harley-street --from 2026-04-01 --to 2026-06-01 -o pack.zip";

fn key(place: &Place) -> String {
    place.ok("key new example.com/clinics").trim().to_owned()
}

#[test]
fn a_pack_is_checked_without_the_ledger() {
    let place = demo();
    place.fails(ASKED, 4, &["key new"]);
    let key = key(&place);
    assert!(key.starts_with("example.com/clinics/seats-b3-v1+"), "{key}");
    place.fails("key new other.example", 4, &["there is a key already", &key]);
    place.ok("seal");
    place.ok(ASKED);
    let alone = Place::new();
    let pack = place.home.path().join("pack.zip");
    let check = format!("verify {} --key {key}", pack.display());
    let said = alone.ok(&check);
    for part in
        ["none missing", "2026-04 comes to GBP 265.50", "2026-05 comes to GBP 140.00", "last seal"]
    {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let found = alone.json(&check);
    assert_eq!(found["verdict"], "ok");
    // To the penny what finance was told.
    for (month, verified) in ["2026-04", "2026-05"].iter().zip(found["months"].as_array().unwrap())
    {
        let statement = place.json(&format!("statement harley-street --month {month}"));
        assert_eq!(verified["net_minor"], statement["sums"]["net_minor"], "{month}");
    }
    let bytes = fs::read(&pack).unwrap();
    for name in ["alice", "carol"] {
        assert!(place.ok("log").contains(name), "{name} is a name here");
        assert!(
            !bytes.windows(name.len()).any(|w| w == name.as_bytes()),
            "no {name} in a pack without names"
        );
    }
    // That it was taken is on record.
    assert!(place.ok("log").contains("evidence taken of"), "{}", place.ok("log"));
    let other = Place::new();
    let stranger = other.ok("key new example.com/clinics");
    let wrong = format!("verify {} --key {}", pack.display(), stranger.trim());
    alone.fails(&wrong, 5, &["bad: seal"]);
    let mut changed = bytes;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&pack, changed).unwrap();
    alone.fails(&check, 5, &["bad: "]);
}

#[test]
fn names_are_in_a_pack_only_if_asked_for() {
    let place = demo();
    let key = key(&place);
    place.ok(&format!("{ASKED} --names"));
    let found = place.json(&format!("verify pack.zip --key {key}"));
    assert!(found["names"].as_u64().unwrap() > 3, "{found}");
}

#[test]
fn evidence_is_of_a_period_that_is_over() {
    let place = demo();
    key(&place);
    let run =
        |from: &str, to: &str| format!("evidence harley-street --from {from} --to {to} -o p.zip");
    place.fails(&run("2026-05-01", "2026-04-01"), 2, &["ends", "before it begins"]);
    place.fails(&run("2026-05-01", "2996-04-01"), 2, &["to:", "has not come yet"]);
    place.fails(&run("yesterday", "2026-04-01"), 2, &["from:", "yesterday"]);
    assert!(!place.home.path().join("p.zip").exists());
}

#[test]
fn a_ledger_is_held_against_a_seal_kept_elsewhere() {
    let place = Place::clinic();
    let key = key(&place);
    let kept = |name: &str| {
        let seal = place.ok("seal");
        fs::write(place.home.path().join(name), seal).unwrap();
    };
    kept("first.txt");
    let copy = place.home.path().join("copy");
    copy_dir(&place.data(), &copy);
    place.ok("login clinic alice");
    kept("second.txt");
    let against = |seal: &str| place.json(&format!("verify --against {seal} --key {key}"));
    assert_eq!(against("second.txt")["standing"], "same");
    assert_eq!(against("first.txt")["standing"], "grown");
    // Put back from the copy; then gone on differently.
    fs::remove_dir_all(place.data()).unwrap();
    copy_dir(&copy, &place.data());
    place.fails(
        &format!("verify --against second.txt --key {key}"),
        5,
        &["rolled back", "missing"],
    );
    place.ok("login clinic bob");
    place.ok("login clinic carol");
    let line = format!("verify --against first.txt --against second.txt --key {key}");
    place.fails(&line, 5, &["rewritten", "at or after position"]);
    // What was promised was put back with the copy, so only the seal kept elsewhere shows it.
    place.fails("verify --against first.txt --key nonsense", 2, &["key:", "nonsense"]);
    fs::write(place.home.path().join("none.txt"), "no seal").unwrap();
    place.fails("verify --against none.txt", 5, &["none.txt", "not a signed note"]);
}

#[test]
fn a_changed_key_is_recorded_and_both_sign() {
    let place = Place::clinic();
    let old = key(&place);
    place.ok("seal");
    let new = place.ok("key rotate").trim().to_owned();
    assert_ne!(old, new);
    assert_eq!(place.ok("key show").trim(), new);
    let log = place.ok("log --no-names"); // A look would make it grow beyond the seal.
    assert!(log.contains("seals signed with key"), "{log}");
    fs::write(place.home.path().join("both.txt"), last_seal(&place)).unwrap();
    for key in [&old, &new] {
        assert_eq!(
            place.json(&format!("verify --against both.txt --key {key}"))["standing"],
            "same"
        );
    }
    assert_eq!(place.json("verify")["ok"], true);
}

fn last_seal(place: &Place) -> String {
    let names = fs::read_dir(place.data().join("seals")).unwrap();
    let seals = names.map(|name| name.unwrap().path());
    let last = seals.filter(|path| path.extension().is_some_and(|end| end == "txt")).max().unwrap();
    fs::read_to_string(last).unwrap()
}

/// A witness in a process of its own, which ends with it.
struct Running {
    child: Child,
    key: String,
    url: String,
}

impl Running {
    fn start(home: &Path, logs: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatledger"));
        command.args(["witness", "--name", "north.example", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(home.join("witness"));
        command.args(logs.iter().flat_map(|log| ["--log", log]));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let key = lines.next().unwrap().strip_prefix("witness ").unwrap().to_owned();
        let url = lines.next().unwrap().strip_prefix("listening on ").unwrap().to_owned();
        Running { child, key, url }
    }

    fn policy(&self, log: &str) -> String {
        format!("log {log}\nwitness north {} {}\nquorum north\n", self.key, self.url)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_history_rewritten_with_the_right_key_is_caught_by_the_witness_alone() {
    let place = demo();
    let key = key(&place);
    let witness = Running::start(place.home.path(), &[&key]);
    fs::write(place.home.path().join("policy.txt"), witness.policy(&key)).unwrap();
    assert!(place.ok("seal --policy policy.txt").contains("— north.example "));
    drop(witness);
    // It is started again and has forgotten nothing.
    let witness = Running::start(place.home.path(), &[&key]);
    fs::write(place.home.path().join("policy.txt"), witness.policy(&key)).unwrap();
    assert!(place.ok("seal --policy policy.txt").contains("— north.example "));

    // The owner of the key writes another history, and takes the key and its memory over to it.
    let forged = Place::new();
    forged.ok("demo --seed 7");
    fs::create_dir(forged.data().join("seals")).unwrap();
    fs::copy(place.data().join("seals/key"), forged.data().join("seals/key")).unwrap();
    fs::write(forged.home.path().join("policy.txt"), witness.policy(&key)).unwrap();
    forged.ok(ASKED);
    let check = format!("verify pack.zip --key {key}");
    assert_eq!(forged.json(&check)["verdict"], "ok", "nothing else shows it");
    forged.fails("seal --policy policy.txt", 4, &["not cosigned", "refuses, 4"]);
    forged.fails(&format!("{check} --policy policy.txt"), 5, &["bad: witness"]);
    // The true one passes.
    place.ok(ASKED);
    place.ok("seal --policy policy.txt");
    place.ok("evidence harley-street --from 2026-04-01 --to 2026-06-01 -o late.zip");
    let late = format!("verify late.zip --key {key} --policy policy.txt");
    place.fails(&late, 5, &["bad: witness"]);
}

#[test]
fn a_line_is_explained_and_a_commit_traced() {
    let place = demo();
    let explained = place.json("explain harley-street --month 2026-04");
    let lines = explained["lines"].as_array().unwrap();
    let position = lines[1]["commits"][0]["position"].as_u64().unwrap();
    assert_eq!(lines[1]["charge"], "setup");
    let traced = place.json(&format!("trace {position}"));
    let fed = traced["lines"].as_array().unwrap();
    let charges: Vec<_> = fed.iter().map(|line| line["charge"].as_str().unwrap()).collect();
    // The looks that the demo recorded are of May, so that May has begun.
    assert_eq!(charges, ["monthly", "setup", "monthly"], "{traced}");
    place.fails("explain harley-street --month 2026-04 --line 9", 4, &["no line 9"]);
    place.fails("trace 99999999", 4, &["no commit at position 99999999"]);
    let denial = place.ok("log").lines().find(|line| line.contains("denied")).map(str::to_owned);
    let position = denial.unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(place.json(&format!("trace {position}"))["denials"].as_array().unwrap().len(), 1);
}

#[test]
fn a_backup_is_restored_with_the_same_root() {
    let place = Place::clinic();
    key(&place);
    place.ok("login clinic alice");
    place.ok("seal");
    let first = place.json("backup kept");
    place.ok("login clinic bob");
    let second = place.json("backup kept");
    assert_eq!(second["before"], first["size"]);
    let root = place.json("verify")["root"].clone();
    place.fails("restore kept", 4, &["it holds a ledger"]);
    fs::rename(place.data(), place.home.path().join("lost")).unwrap();
    assert_eq!(place.json("restore kept")["root"], root);
    assert_eq!(place.json("verify")["root"], root);
    assert!(place.ok("who clinic").contains("alice"));
    place.fails("seal", 4, &["no key"]);
    fs::copy(place.home.path().join("lost/seals/key"), place.data().join("seals/key")).unwrap();
    place.ok("seal");
    let other = Place::clinic();
    let there = place.home.path().join("kept");
    let refused = other.run_words(&["backup", there.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(4), "{}", talk(&refused));
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
