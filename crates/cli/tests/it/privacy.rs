//! People and their names: forgotten without a trace, shown only on record, told what is held about them.

use crate::place::{Place, talk};
use admission::{Admission, LoginRequest, ManualClock, NewAccount, Options, request_id};
use ledger::{Actor, Ledger, Role};
use seats::{Setting, Timestamp};
use serde_json::Value;
use std::fs;
use std::path::Path;

const NAME: &str = "zebedee.quackenbush@example.org";

/// The files in or below `dir` that hold the text in their bytes, in whatever case.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else {
            let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

fn words(place: &Place, words: &[&str]) -> String {
    let output = place.run_words(words);
    assert!(output.status.success(), "{words:?}: {}", talk(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn clinic_with_plan() -> Place {
    let place = Place::new();
    let plan = include_str!("../../../../fixtures/plans/standard-2026.toml");
    fs::write(place.home.path().join("plan.toml"), plan).unwrap();
    place.ok("account open clinic --licences 2 --plan plan.toml");
    place
}

#[test]
fn a_forgotten_name_is_in_no_file_and_no_report_and_every_total_stays() {
    let place = clinic_with_plan();
    place.ok(&format!("login clinic {NAME} --device front-desk"));
    place.ok("login clinic bob");
    place.fails("login clinic carol", 3, &[NAME]);
    place.ok(&format!("why clinic carol --reason ticket-{NAME}"));
    let note = format!("{NAME} went home");
    words(
        &place,
        &["release", "clinic", NAME, "--reason", "holder-away", "--force", "--note", &note],
    );
    place.ok("login clinic carol");
    place.ok("usage clinic"); // Makes views.
    place.ok("trail clinic");
    assert!(!holding(&place.data(), NAME).is_empty(), "what is looked for can be found");

    let month = place.json("usage clinic")["from"].as_str().unwrap()[..7].to_owned();
    let totals = |place: &Place| {
        let mut statement = place.json(&format!("statement clinic --month {month}"));
        statement["provenance"] = Value::Null;
        let mut usage = place.json("usage clinic");
        for key in ["provenance", "session_seconds", "to", "dormant_seat_seconds"] {
            usage[key] = Value::Null; // They grow with the clock.
        }
        (statement["lines"].clone(), statement["net"].clone(), usage["sessions"].clone())
    };
    let before = totals(&place);
    let verified = place.json("verify");
    let prefix = ledger_root(&place, verified["size"].as_u64().unwrap());
    assert_eq!(Some(prefix.as_str()), verified["root"].as_str());

    place.fails(&format!("user forget clinic {NAME}"), 2, &["--reason"]);
    place.fails(
        &format!("user forget clinic {NAME} --reason asked-by-{NAME}"),
        2,
        &["it names whom"],
    );
    let receipt = words(&place, &["user", "forget", "clinic", NAME, "--reason", "asked for it"]);
    for part in ["user-1 is forgotten", "1 name", "position", "version", "leaf", "Backups"] {
        assert!(receipt.contains(part), "{part:?} is not in {receipt}");
    }
    assert_eq!(holding(&place.data(), NAME), [] as [String; 0]);
    assert_eq!(holding(&place.data(), "zebedee"), [] as [String; 0]);
    for line in ["who clinic", "trail clinic", "log", "why clinic carol", "access", "usage clinic"]
    {
        let shown = place.ok(line);
        assert!(!shown.to_lowercase().contains("zebedee"), "{line}: {shown}");
    }
    assert!(place.ok("trail clinic").contains("forget user-1; reason given; note: asked for it"));
    assert_eq!(totals(&place), before);
    let after = place.json("verify");
    assert_eq!((&after["ok"], &after["names_ok"]), (&true.into(), &true.into()));
    assert!(after["names_erased"].as_u64().unwrap() >= 2, "{after}");
    assert_eq!(ledger_root(&place, verified["size"].as_u64().unwrap()), prefix);

    place.fails(&format!("user forget clinic {NAME} --reason again"), 4, &["by number only"]);
    let again = place.json("user forget clinic user-1 --reason again");
    assert_eq!((&again["already"], &again["forgotten"]), (&true.into(), &"user-1".into()));
    assert!(receipt.contains(again["leaf"].as_str().unwrap()));
    // Whoever has the name next is another user.
    place.fails(&format!("login clinic {NAME}"), 3, &["denied"]);
    assert_eq!(place.json("account list")["accounts"][0]["users"], 4);
}

/// The Merkle root over the first `size` commits, from their bytes.
fn ledger_root(place: &Place, size: u64) -> String {
    let ledger = Ledger::open(&place.data(), &ledger::Options::default()).unwrap();
    let mut tree: ledger::merkle::Frontier = ledger::merkle::Frontier::new();
    for position in 0..size {
        let bytes = ledger.bytes(ledger::Position(position)).unwrap().unwrap();
        tree.push(ledger::commit::leaf_hash(&bytes));
    }
    tree.root().to_string()
}

#[test]
fn looks_are_on_record_with_who_and_why_before_anything_is_shown() {
    let place = Place::clinic();
    place.ok("login clinic alice");
    place.ok("who clinic --as auditor:7 --reason yearly");
    place.ok("why clinic alice --no-names");
    place.fails("trail clinic --as owner:1", 2, &["owner", "support"]);
    let access = place.json("access");
    let rows = access["rows"].as_array().unwrap();
    let last = rows.last().unwrap();
    for (key, value) in [("kind", "look"), ("by", "auditor 7"), ("account", "clinic")] {
        assert_eq!(last[key], value, "{last}");
    }
    assert_eq!((&last["reason"], &last["position"]), (&"yearly".into(), &2.into()));
    assert_eq!(access["provenance"]["totals"]["looks"], "1", "without names there is no look");
    assert_eq!(rows.len(), 2, "the opening and the look: {access}");

    place.ok("account set-policy clinic --reasons for-looks");
    let size = place.json("verify")["size"].clone();
    for line in ["who clinic", "trail clinic", "log", "user export clinic alice"] {
        place.fails(line, 4, &["a reason is needed", "for-looks", "--reason TEXT"]);
        let output = place.run(line);
        assert!(output.stdout.is_empty(), "{line} showed something");
    }
    place.ok("who clinic --no-names");
    assert_eq!(place.json("verify")["size"], size, "nothing of this was recorded");
    assert!(!place.ok("who clinic --no-names").contains("alice"));
    place.ok("who clinic --reason ticket-8");
    place.ok("account set-licences clinic 3");
    place.ok("account set-policy clinic --reasons for-all");
    place.fails("account set-licences clinic 4", 4, &["for-all", "--reason TEXT"]);
    place.fails("release clinic alice --reason other --force", 4, &["--note"]);
    place.ok("release clinic alice --reason other --force --note her-own-wish");
    place.ok("account set-licences clinic 4 --reason growth --as finance:2");
    let access = place.ok("access --account clinic");
    for part in ["finance 2", "set licences 4", "growth", "her-own-wish", "ticket-8"] {
        assert!(access.contains(part), "{part:?} is not in {access}");
    }
    assert!(!access.contains("alice"), "users are numbers: {access}");
    place.fails("access --from 2026-05-02 --to 2026-05-01", 2, &["ends"]);
}

#[test]
fn everything_about_a_person_in_one_document() {
    let place = Place::clinic();
    place.ok("site add clinic north");
    place.ok("login clinic alice --site north --device laptop");
    place.ok("login clinic bob");
    place.fails("login clinic carol", 3, &["all 2 seats"]);
    place.ok("release clinic alice --reason holder-away --force --note at-lunch");
    place.ok("why clinic carol");
    let alice = place.json("user export clinic alice");
    assert_eq!(alice["profile"]["held"], serde_json::json!(["alice"]));
    assert_eq!(alice["sites"]["held"], serde_json::json!(["north"]));
    assert_eq!(alice["devices"]["held"], serde_json::json!(["laptop"]));
    assert_eq!(alice["sessions"]["held"][0]["seat"], 1);
    assert!(alice["sessions"]["held"][0]["to"].is_string());
    let acts = alice["acts"]["held"].as_array().unwrap();
    assert_eq!(acts.last().unwrap()["words"], "at-lunch");
    assert_eq!(alice["looks"]["held"], serde_json::json!([]), "nobody was shown alice's name");
    for part in ["profile", "sites", "devices", "sessions", "denials", "acts", "looks"] {
        assert!(alice[part]["what_this_is"].as_str().unwrap().len() > 20, "{part}");
    }
    place.ok("user export clinic carol -o carol.json");
    place.fails("user export clinic carol -o carol.json", 2, &["carol.json"]);
    let carol = fs::read_to_string(place.home.path().join("carol.json")).unwrap();
    let carol: Value = serde_json::from_str(&carol).unwrap();
    assert_eq!(carol["denials"]["held"].as_array().unwrap().len(), 1);
    assert_eq!(carol["looks"]["held"][0]["what"], "names of user-3 in account-1 shown: why");
    assert!(!carol.to_string().contains("alice"), "others are numbers: {carol}");
    assert!(place.ok("access").contains("subject access"));
    place.fails("user export clinic dora", 4, &["dora"]);
}

#[test]
fn devices_are_forgotten_by_hand_and_in_time() {
    let place = Place::new();
    let ledger = Ledger::create(&place.data(), &ledger::Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let app = Actor { role: Role::App, id: 0 };
        let clock = ManualClock::new(Timestamp::from_secs(1_772_528_400));
        let admission = Admission::start(ledger, Options::one_shot(), clock).unwrap();
        let mut new = NewAccount::new("clinic", "Europe/London", 2);
        new.settings = vec![Setting::KeepDevices(Some(30))];
        let account = admission.open_account(new, app).await.unwrap().account;
        for (user, device) in [("alice", "quokka-laptop"), ("bob", "wombat-desk")] {
            let (site, device, request) = (None, Some(device.into()), request_id(user).unwrap());
            let login = LoginRequest { account, user: user.into(), site, device, request };
            admission.log_in(login, app).await.unwrap();
        }
        admission.stop().await.unwrap();
    });
    place.ok("login clinic bob --device wombat-desk");
    assert!(!holding(&place.data(), "quokka").is_empty(), "no single call forgets by itself");
    assert!(place.ok("retention run --dry-run").contains("device-1 due"));
    assert!(place.ok("retention run").contains("device-1 forgotten"));
    assert_eq!(holding(&place.data(), "quokka"), [] as [String; 0]);
    assert!(!holding(&place.data(), "wombat").is_empty(), "bob's was used today");
    assert!(place.ok("retention run").contains("no device"));

    place.fails("device forget clinic wombat-desk", 2, &["--reason"]);
    place.fails("device forget clinic quokka-laptop --reason sold", 4, &["by number only"]);
    let receipt = place.json("device forget clinic wombat-desk --reason sold");
    assert_eq!((&receipt["names"], &receipt["files_rewritten"]), (&1.into(), &true.into()));
    assert_eq!(holding(&place.data(), "wombat"), [] as [String; 0]);
    assert_eq!(place.json("device forget clinic device-2 --reason sold")["already"], true);
    assert_eq!(place.json("verify")["ok"], true);
    let access = place.ok("access --account clinic");
    assert!(access.contains("clock") && access.contains("forget device-1"), "{access}");
}
