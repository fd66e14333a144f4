//! Commercial reports: printed, as JSON, as a file.

use crate::place::Place;
use admission::{Clock, SystemClock};
use reporting::civil::Zone;
use std::fs;

fn this_month() -> String {
    let today = reporting::civil::show_date(Zone::UTC.date_of(SystemClock.wall()));
    today[..7].to_owned()
}

/// Two accounts, one with a name that a spreadsheet would take for a formula.
fn place() -> Place {
    let place = Place::new();
    let open = ["account", "open", "=1+1", "--licences", "3", "--time-zone", "UTC"];
    assert!(place.run_words(&open).status.success());
    place.ok("account open beta --licences 2 --time-zone UTC");
    let set = ["--as", "finance:3", "--reason=-2 rooms", "account", "set-licences", "beta", "1"];
    assert!(place.run_words(&set).status.success());
    place
}

#[test]
fn each_report_is_printed_and_read_by_programs() {
    let (place, month) = (place(), this_month());
    let text = place.ok(&format!("report movement --month {month}"));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["=1+1", "0", "3", "0", "3", "1"]), "{text}");
    assert!(rows.contains(&vec!["beta", "0", "2", "1", "1", "2"]), "{text}");
    assert!(rows.contains(&vec!["Total", "0", "5", "1", "4", "3"]), "{text}");
    assert!(text.starts_with("# movement of all accounts, ledger "), "{text}");
    let json = place.json(&format!("report changes --account beta --month {month}"));
    let last = json["rows"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["by"], &last["reason"]), (&"finance:3".into(), &"-2 rooms".into()));
    for kind in ["revenue", "at-capacity", "never-used"] {
        let json = place.json(&format!("report {kind} --from {month} --to {month}"));
        assert_eq!(json["provenance"]["report"], kind);
    }
}

#[test]
fn a_file_of_a_report_is_safe_to_open() {
    let (place, month) = (place(), this_month());
    place.ok(&format!("report movement --month {month} --csv movement.csv"));
    let file = fs::read_to_string(place.home.path().join("movement.csv")).unwrap();
    assert_eq!(
        file,
        "account,opening,additions,reductions,closing,changes\r\n'=1+1,0,3,0,3,1\r\nbeta,0,2,1,1,2\r\n"
    );
    let again = format!("report movement --month {month} --csv movement.csv");
    place.fails(&again, 4, &["movement.csv is there already"]);
    place.ok(&format!("report changes --account beta --month {month} --csv changes.csv"));
    let file = fs::read_to_string(place.home.path().join("changes.csv")).unwrap();
    let last = file.lines().last().unwrap();
    assert!(last.contains("Z,beta,licences,2,1,finance:3,'-2 rooms,"), "{last}");
}

#[test]
fn what_is_asked_must_make_sense() {
    let place = place();
    place.fails("report movement", 2, &["--month", "--from"]);
    place.fails("report movement --from 2026-05", 2, &["--to"]);
    place.fails("report turnover --month 2026-05", 2, &["movement", "never-used"]);
    place.fails("report movement --month May", 2, &["May"]);
    place.fails("report movement --from 2026-05 --to 2026-03", 2, &["before it begins"]);
    place.fails("report movement --from 1999-01 --to 2026-03", 2, &["327 months", "120"]);
    place.fails("report movement --month 9998-01", 4, &["has not begun"]);
    place.fails("report movement --month 2026-01 --account nowhere", 4, &["no account"]);
}
