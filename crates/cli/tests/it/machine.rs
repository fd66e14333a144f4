//! What a month comes to does not depend on the machine: its time zone, locale, clock and folders are shuffled, and
//! every closed statement and every exported file is the same, byte for byte.

use crate::place::{Place, talk};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A clock that is `AHEAD` seconds ahead, for programs that are started with it.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int outcome = real(id, now);
    if (id == CLOCK_REALTIME && getenv("AHEAD")) now->tv_sec += atol(getenv("AHEAD"));
    return outcome;
}
"#;

const SETTINGS: &str = "due_days = 14\n[xero]\naccount_codes = { default = \"200\" }\nno_vat = \"No VAT\"\n\
                        [sage]\nnominal_codes = { default = \"4000\" }\nno_vat = \"T9\"\n\
                        [gocardless]\nunit = \"pounds\"\nmatch_by = \"mandate.id\"\n\
                        [notices]\nservice_user = \"Example Software Ltd\"\ncontact = \"01234 567890\"\n\
                        [[customers]]\naccount = 1\ngocardless = \"MD000123\"\n";

/// As GoCardless gives it out: a row for each active customer.
const PAYERS: &str = "mandate.id,customer.id,customer.given_name,customer.family_name,customer.company_name,\
                      customer.email,payment.amount*,payment.currency,payment.description,payment.charge_date,\
                      payment.metadata.YOUR_CUSTOM_FIELD\r\n\
                      MD000123,CU1,Ann,Lee,Harley Street,a@example.com,,GBP,,,\r\n\
                      MD000124,CU2,Bo,Ray,Other,b@example.com,,GBP,,,\r\n";

const INVOICES: &str = "*ContactName,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,*Description,*Quantity,\
                        *UnitAmount,*AccountCode,*TaxType,TaxAmount,Currency\r\n";

/// Every kind of file, with what it needs.
const EXPORTS: [&str; 7] = [
    "charges",
    "sage",
    "html",
    "xlsx",
    "xero --template xero.csv",
    "gocardless --template gocardless.csv",
    "notices --holidays holidays.txt --notice-date 2026-07-06",
];

/// The clinic of the demo, its first month closed, with what exports need beside it.
fn clinic() -> Place {
    let place = Place::new();
    place.ok("demo");
    place.ok("close --month 2026-03");
    for (name, text) in [
        ("exports.toml", SETTINGS),
        ("gocardless.csv", PAYERS),
        ("xero.csv", INVOICES),
        ("holidays.txt", "2026-05-25\n2026-08-31\n"),
    ] {
        fs::write(place.home.path().join(name), text).unwrap();
    }
    place
}

/// The same ledger and files in another folder.
fn copied(place: &Place) -> Place {
    let copy = Place::new();
    let from = place.home.path().join(".");
    assert!(
        Command::new("cp").arg("-r").args([&from, copy.home.path()]).status().unwrap().success()
    );
    copy
}

/// Where and when a program runs.
struct Machine(Vec<(&'static str, String)>);

impl Machine {
    fn usual() -> Machine {
        Machine(vec![("TZ", "UTC".to_owned()), ("LC_ALL", "C".to_owned())])
    }

    /// A day ahead of Europe, with another alphabet's rules, three years later.
    fn strange(home: &Path) -> Machine {
        let source = home.join("clock.c");
        let clock: PathBuf = home.join("clock.so");
        fs::write(&source, CLOCK).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&clock).arg(&source).arg("-ldl");
        assert!(compiler.status().unwrap().success());
        let elsewhere = home.join("home");
        fs::create_dir(&elsewhere).unwrap();
        let locale = || "tr_TR.UTF-8".to_owned();
        Machine(vec![
            ("TZ", "Pacific/Apia".to_owned()),
            ("LC_ALL", locale()),
            ("LANG", locale()),
            ("LANGUAGE", "tr".to_owned()),
            ("HOME", elsewhere.display().to_string()),
            ("TMPDIR", elsewhere.display().to_string()),
            ("LD_PRELOAD", clock.display().to_string()),
            ("AHEAD", (3 * 365 * 86_400).to_string()),
        ])
    }

    fn run(&self, place: &Place, line: &str) -> Vec<u8> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatledger"));
        command
            .arg("--data")
            .arg(place.data())
            .args(line.split(' '))
            .current_dir(place.home.path());
        let output = command.envs(self.0.iter().map(|(key, value)| (key, value))).output().unwrap();
        assert!(output.status.success(), "{line}: {}", talk(&output));
        output.stdout
    }
}

/// Statements as they are told, and every exported file, by name.
fn told(machine: &Machine, place: &Place, month: &str, more: &str) -> BTreeMap<String, Vec<u8>> {
    let mut told = BTreeMap::new();
    for line in ["statement harley-street", "explain harley-street --line 1"] {
        for format in ["", " --format json"] {
            let line = format!("{line} --month {month}{format}");
            told.insert(line.clone(), machine.run(place, &line));
        }
    }
    for kind in EXPORTS {
        if more.is_empty() || !(kind.starts_with("gocardless") || kind.starts_with("notices")) {
            let books = place.home.path().join(format!("books-{month}"));
            let into = format!("--month {month} --settings exports.toml -o {}", books.display());
            // Each from the same log: an export is recorded, with its time, and drafts name the log's root.
            let own = copied(place);
            machine.run(&own, &format!("export {kind} {into}{more}"));
        }
    }
    for file in fs::read_dir(place.home.path().join(format!("books-{month}"))).unwrap() {
        let file = file.unwrap();
        told.insert(file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap());
    }
    told
}

#[track_caller]
fn check_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    assert!(one.keys().eq(other.keys()), "{:?}\n{:?}", one.keys(), other.keys());
    for (name, bytes) in one {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(*bytes == other[name], "{name}\n{}\n{}", shown(bytes), shown(&other[name]));
    }
}

#[test]
fn a_month_is_the_same_on_any_machine() {
    let here = clinic();
    let there = copied(&here);
    let (usual, strange) = (Machine::usual(), Machine::strange(here.home.path()));
    let clock = |machine: &Machine| String::from_utf8(machine.run(&here, "clock show")).unwrap();
    assert_ne!(clock(&usual)[..30], clock(&strange)[..30], "the other clock is another one");

    // What a month comes to when it is closed; the closing itself says when and where it was.
    let closed = |machine: &Machine, place: &Place| -> serde_json::Value {
        let json = machine.run(place, "close --month 2026-04 --format json");
        serde_json::from_slice(&json).unwrap()
    };
    assert_eq!(closed(&usual, &here)["accounts"], closed(&strange, &there)["accounts"]);

    // A closed month, and one that is open and over.
    let there = copied(&here);
    let files = told(&usual, &here, "2026-04", "");
    assert_eq!(files.len(), 4 + EXPORTS.len());
    check_same(&files, &told(&strange, &there, "2026-04", ""));
    check_same(
        &told(&usual, &here, "2026-05", " --draft"),
        &told(&strange, &there, "2026-05", " --draft"),
    );
}

#[test]
fn what_is_recorded_later_changes_no_file_of_a_closed_month() {
    let here = clinic();
    here.ok("close --month 2026-04");
    let there = copied(&here);
    // The fact of the month is another now; the month is not.
    there.ok("account set-licences harley-street 9 --from 2026-04-02");
    there.ok("close --month 2026-05");
    let usual = Machine::usual();
    let files = |place: &Place| {
        let mut files = told(&usual, place, "2026-04", "");
        files.retain(|name, _| !name.contains(' ')); // Reports name the log that they were made from.
        files
    };
    let before = files(&here);
    assert_eq!(before.len(), EXPORTS.len());
    check_same(&before, &files(&there));
    let later = there.ok("statement harley-street --month 2026-05");
    assert!(later.contains("Adjustment of April 2026"), "{later}");
}
