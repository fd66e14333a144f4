//! Files for the books are acts on record; what counts from closed months, and what is refused.

use crate::place::Place;
use serde_json::Value;
use std::fs;

/// The clinic of the demo, whose March and April are closed.
fn closed() -> Place {
    let place = Place::new();
    place.ok("demo");
    place.ok("close --month 2026-03");
    place.ok("close --month 2026-04");
    place
}

fn size(place: &Place) -> u64 {
    place.json("verify")["size"].as_u64().unwrap()
}

fn exports(place: &Place) -> Vec<Value> {
    let rows = place.json("access")["rows"].as_array().unwrap().clone();
    let is_export = |row: &Value| row["what"].as_str().unwrap().contains(" exported as ");
    rows.into_iter().filter(is_export).collect()
}

#[test]
fn an_export_is_recorded_with_what_holds_its_files() {
    let place = closed();
    let made = place.json("export charges --month 2026-03 -o books --as finance:7");
    let file = fs::read(place.home.path().join("books/charges-2026-03.csv")).unwrap();
    let known_by = blake3::hash(blake3::hash(&file).as_bytes()).to_string();
    assert_eq!(made["digest"], known_by.as_str());
    let record = exports(&place);
    let said = format!("2026-03 exported as charges, 1 statement, files {known_by}");
    assert_eq!((record.len(), record[0]["what"].as_str()), (1, Some(said.as_str())));
    assert_eq!(record[0]["by"], "finance 7");
    assert_eq!(record[0]["position"], made["position"]);
    let before = size(&place);
    place.fails("export charges --month 2026-03 -o books", 4, &["is there already"]);
    assert_eq!(size(&place), before, "what is not handed out is not recorded");
    let only = "export html --month 2026-03 --account harley-street -o pages --reason asked";
    place.ok(only);
    let record = exports(&place);
    assert!(record[1]["what"].as_str().unwrap().contains("as html of account-1, 1 statement"));
    assert_eq!(record[1]["reason"], "asked");
    assert_eq!(
        (&record[0]["account"], &record[1]["account"]),
        (&Value::Null, &"harley-street".into())
    );
    let of_one = place.json("access --account harley-street")["rows"].to_string();
    assert!(of_one.contains("exported as html") && !of_one.contains("exported as charges"));
    place.ok("verify");
}

#[test]
fn the_record_comes_before_the_files() {
    let place = closed();
    fs::write(place.home.path().join("books"), "a file, no folder").unwrap();
    place.fails("export charges --month 2026-03 -o books", 2, &["output: ", "books"]);
    assert_eq!(exports(&place).len(), 1);
}

#[test]
fn what_counts_from_a_closed_month_becomes_an_adjustment() {
    let place = closed();
    let adjusted = "closed months stay as they are, so it becomes an adjustment in May 2026";
    let said = place.ok("account set-licences harley-street 9 --from 2026-04-10");
    assert!(said.contains(adjusted), "{said}");
    let said = place.json("account set-licences harley-street 8 --from 2026-04-12");
    assert_eq!(said["adjustment_in"], "2026-05");
    let said = place.ok("account set-licences harley-street 7");
    assert!(!said.contains("adjustment"), "{said}");
}

const PLAN: &str =
    "plan = \"p\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\nmonthly_fee = \"35.00\"\n";

#[test]
fn plans_of_one_name_and_day_are_one_plan() {
    let place = Place::new();
    fs::write(place.home.path().join("p.toml"), PLAN).unwrap();
    fs::write(place.home.path().join("q.toml"), PLAN.replace("35", "36")).unwrap();
    place.ok("account open one --licences 1 --plan p.toml");
    place.ok("account open two --licences 1");
    let said = [
        "\"p\" with effective_from 2026-01-01",
        "position 0",
        "a new effective_from or another name",
    ];
    place.fails("account set-plan two q.toml", 2, &said);
    place.fails("account open three --licences 1 --plan q.toml", 2, &said);
    place.ok("account set-plan two p.toml");
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let place = closed();
    let plan = |text: String, said: &[&str]| {
        fs::write(place.home.path().join("p.toml"), text).unwrap();
        place.fails("account set-plan harley-street p.toml", 2, said);
    };
    plan(format!("{PLAN}fee = \"1\"\n"), &["p.toml", "line 5", "unknown key \"fee\""]);
    plan(PLAN.replace("\"35.00\"", "35.0"), &["line 4", "text in quotes"]);
    plan(PLAN.replace("35.00", "-35.00"), &["line 4", "monthly_fee"]);
    plan(PLAN.replace("35.00", "92233720368547758.08"), &["line 4", "monthly_fee"]);
    place.fails("close --month 2031-01", 4, &["1 not closed"]);
    place.fails("close --month 2026-13", 2, &["month: \"2026-13\" cannot be read"]);
    place.fails("export charges --month 2031-01", 4, &["January 2031 has not begun"]);
    place.fails("account open two --licences 1 --time-zone Europe/Londinium", 2, &["Londinium"]);
    fs::write(place.home.path().join("t.csv"), "Name,Amount\n").unwrap();
    let template = ["Xero template", "ContactName"];
    place.fails("export xero --month 2026-03 --template t.csv", 2, &template);
    place.fails("export sage --month 2026-03", 4, &["exports.toml: sage.no_vat"]);
}
