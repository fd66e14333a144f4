//! Commercial reports: worked examples.

use crate::clinic::{CLINIC, Clinic, content};
use crate::practices::Practices;
use reporting::civil::Month;
use reporting::commercial::{Accounts, Kind, Months, Scope};
use reporting::{Commercial, Report, ReportError, Reports};
use seats::{AccountId, Event, Setting};
use serde_json::{Value, json};

const STANDARD: &str = "plan = \"standard-2026\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\n\
                        monthly_fee = \"35.00\"\nsetup_fee = \"150.00\"\n[close]\nsecond_person = false\n";
const EURO: &str = "plan = \"euro\"\ncurrency = \"EUR\"\neffective_from = \"2026-01-01\"\n\
                    monthly_fee = \"40.00\"\n";

fn ask(practices: &Practices, kind: Kind, from: &str, to: &str) -> Commercial {
    let views = practices.views();
    let reports = Reports::new(&views, "test").without_names();
    reports.commercial(kind, &practices.scope(from, to), |_| None).unwrap()
}

fn check(practices: &Practices, kind: Kind, (from, to): (&str, &str), expected: &str) {
    let report = ask(practices, kind, from, to);
    let found = content(&report.text());
    assert_eq!(found, expected, "\n{found}\n");
    assert!(report.balances());
}

fn month(text: &str) -> Month {
    Month::read(text).unwrap()
}

/// Three accounts: two in pounds, one in euros far ahead of UTC; a change told late, one overruled, one
/// announced, one closed account.
fn spring() -> Practices {
    let mut all = Practices::new();
    all.at("2026-01-10 09:00").open(1, "Europe/London", 2, Some(STANDARD));
    all.at("2026-01-20 09:00").open(2, "Europe/London", 6, Some(STANDARD));
    all.at("2026-02-01 09:00").open(3, "Pacific/Auckland", 4, Some(EURO));
    all.at("2026-04-05 09:00");
    assert!(all.close(1, month("2026-01")) && all.close(1, month("2026-02")));
    assert!(all.close(1, month("2026-03")));
    // Told in April of March, which is closed: five, and then six of them instead.
    all.licences(1, 5, "2026-03-20", "as agreed on the telephone");
    all.at("2026-04-06 09:00").licences(1, 6, "2026-03-20", "they meant six");
    all.at("2026-04-07 09:00").licences(2, 9, "2026-05-01", "three rooms more");
    // Already May there, still April in UTC.
    all.at("2026-04-30 12:30").licences(3, 3, "2026-05-01", "one left");
    all.at("2026-05-20 09:00").record(2, (ledger::Role::Admin, 1), vec![Event::AccountClosed]);
    all.at("2026-06-10 09:00");
    all
}

#[test]
fn movement_counts_changes_when_they_are_effective() {
    let all = spring();
    let expected = "\
Licence movement from March 2026 to May 2026

Account     Opening  Added  Given back  Closing  Changes
--------------------------------------------------------
Practice 1        2      4           0        6        1
Practice 2        6      3           9        0        2
Practice 3        4      0           1        3        1
Total            12      7          10        9        4

Opening + added - given back = closing, in every row, reckoned on two ways.";
    check(&all, Kind::Movement, ("2026-03", "2026-05"), expected);
    let april = ask(&all, Kind::Movement, "2026-04", "2026-04");
    let json: Value = serde_json::from_str(&april.json()).unwrap();
    let total =
        json!({"opening": 16, "additions": 0, "reductions": 0, "closing": 16, "changes": 0});
    assert_eq!(json["total"], total);
    // The first month in which an account has licences, it has none before.
    let january = ask(&all, Kind::Movement, "2026-01", "2026-01");
    let json: Value = serde_json::from_str(&january.json()).unwrap();
    assert_eq!(json["rows"][0]["opening"], 0);
    assert_eq!(json["rows"].as_array().unwrap().len(), 2, "the third opens in February");
    // After its closing an account has no row.
    let june = ask(&all, Kind::Movement, "2026-06", "2026-06");
    let json: Value = serde_json::from_str(&june.json()).unwrap();
    let names: Vec<&Value> =
        json["rows"].as_array().unwrap().iter().map(|row| &row["account"]).collect();
    assert_eq!(names, ["Practice 1", "Practice 3"]);
}

#[test]
fn changes_stand_where_they_were_recorded() {
    let mut all = spring();
    let told = all.licences(1, 7, "2026-06-15", "somebody's words");
    all.record(
        1,
        (ledger::Role::Support, 4),
        vec![Event::PolicyChanged { settings: vec![Setting::Overdraft(2), Setting::Lease(None)] }],
    );
    all.record(1, (ledger::Role::Admin, 1), vec![Event::AccountSuspended]);
    all.record(
        1,
        (ledger::Role::Admin, 1),
        vec![Event::PolicyChanged { settings: vec![Setting::Lease(None)] }],
    );
    all.assign(1, EURO, "2026-07-01");
    let june = ask(&all, Kind::Changes, "2026-06", "2026-06");
    assert!(june.text().contains("somebody's words"));
    all.ledger.book().forget(told).unwrap();
    let expected = "\
Commercial changes in June 2026

Recorded                 Effective                Account     What               From                      To               By         Reason  Position
-------------------------------------------------------------------------------------------------------------------------------------------------------
2026-06-10 10:00:00 BST  2026-06-15 00:00:00 BST  Practice 1  licences           6                         7                finance:3                11
2026-06-10 10:00:00 BST  2026-06-10 10:00:00 BST  Practice 1  overdraft          0 seats                   2 seats          support:4                12
2026-06-10 10:00:00 BST  2026-06-10 10:00:00 BST  Practice 1  account suspended  open                      suspended        admin:1                  13
2026-06-10 10:00:00 BST  2026-07-01 00:00:00 BST  Practice 1  plan               standard-2026 (STANDARD)  euro (EURODIGE)  finance:7                15

In the months in which they were recorded; from when each counts stands beside it.";
    let digest = |plan: &str| {
        let hash = blake3_of(plan);
        hash[..8].to_owned()
    };
    let expected =
        expected.replace("STANDARD", &digest(STANDARD)).replace("EURODIGE", &digest(EURO));
    check(&all, Kind::Changes, ("2026-06", "2026-06"), &expected);
    // What was told in April of March is April's, in each account's own zone.
    let rows = |from: &str, to: &str| {
        let json: Value = serde_json::from_str(&ask(&all, Kind::Changes, from, to).json()).unwrap();
        let rows = json["rows"].as_array().unwrap().clone();
        let told = |row: &Value| {
            let words = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
            let reason = words("reason");
            format!(
                "{} {} {} -> {}: {reason}",
                row["account_id"],
                words("what"),
                words("from"),
                words("to")
            )
        };
        rows.iter().map(told).collect::<Vec<String>>()
    };
    assert_eq!(
        rows("2026-04", "2026-04"),
        [
            "1 month_closed - -> 2026-01: GBP 49.68 net, 49.68 due: -",
            "1 month_closed - -> 2026-02: GBP 70.00 net, 70.00 due: -",
            "1 month_closed - -> 2026-03: GBP 70.00 net, 70.00 due: -",
            "1 licences 2 -> 5: as agreed on the telephone",
            "1 licences 5 -> 6: they meant six",
            "2 licences 6 -> 9: three rooms more",
        ]
    );
    assert_eq!(
        rows("2026-05", "2026-05"),
        ["3 licences 4 -> 3: one left", "2 account_closed - -> closed: -"]
    );
    assert_eq!(rows("2026-03", "2026-03"), Vec::<String>::new());
}

#[test]
fn what_was_imported_is_of_the_month_of_its_import() {
    let mut all = Practices::new();
    all.later = seats::Micros::from_secs(40 * 86_400);
    all.at("2026-01-10 09:00").open(1, "Europe/London", 2, None); // recorded on 19 February
    all.at("2026-02-10 09:00").licences(1, 3, "2026-02-10", "more"); // on 22 March
    all.at("2026-06-10 09:00");
    let told = |month: &str| {
        let Commercial::Changes(changes) = ask(&all, Kind::Changes, month, month) else { panic!() };
        changes.rows.iter().map(|row| row.position).collect::<Vec<u64>>()
    };
    let by_month = ["2026-01", "2026-02", "2026-03", "2026-04"].map(told);
    assert_eq!(by_month, [vec![], vec![0, 0], vec![1], vec![]]);
}

fn blake3_of(plan: &str) -> String {
    let all = Practices::new();
    all.ledger.book().keep_plan(plan.as_bytes()).unwrap().to_string()
}

#[test]
fn revenue_is_the_sum_of_the_statements() {
    let all = spring();
    let expected = "\
Revenue by plan from March 2026 to May 2026

Month    Plan           Version   Currency  Accounts  Closed  Licence-days  Monthly  Set-up  Discounts  Overdraft  Adjustments      Net  Of it closed
-----------------------------------------------------------------------------------------------------------------------------------------------------
2026-03  euro           EURODIGE  EUR              1       0           124   160.00    0.00       0.00       0.00         0.00   160.00          0.00
2026-03  standard-2026  STANDARD  GBP              2       1           248   280.00    0.00       0.00       0.00         0.00   280.00         70.00
2026-04  euro           EURODIGE  EUR              1       0           120   160.00    0.00       0.00       0.00         0.00   160.00          0.00
2026-04  standard-2026  STANDARD  GBP              2       0           360   420.00    0.00       0.00       0.00       654.19  1074.19          0.00
2026-05  euro           EURODIGE  EUR              1       0            93   120.00    0.00       0.00       0.00         0.00   120.00          0.00
2026-05  standard-2026  STANDARD  GBP              2       0           465   525.00  450.00       0.00       0.00         0.00   975.00          0.00
Total                             EUR              3       0           337   440.00    0.00       0.00       0.00         0.00   440.00          0.00
Total                             GBP              6       1          1073  1225.00  450.00       0.00       0.00       654.19  2329.19         70.00

The sum of the statements, net of VAT.";
    let digest = |plan: &str| blake3_of(plan)[..8].to_owned();
    let expected =
        expected.replace("STANDARD", &digest(STANDARD)).replace("EURODIGE", &digest(EURO));
    check(&all, Kind::Revenue, ("2026-03", "2026-05"), &expected);
}

#[test]
fn licences_without_a_plan_have_no_amounts() {
    let mut all = Practices::new();
    all.at("2026-01-10 09:00").open(1, "Europe/London", 2, None);
    all.at("2026-03-01 09:00");
    let text = ask(&all, Kind::Revenue, "2026-01", "2026-02").text();
    assert!(text.contains("2 months of accounts with licences and no plan: no amounts."), "{text}");
    let text = ask(&all, Kind::NeverUsed, "2026-01", "2026-02").text();
    assert!(!text.contains("Practice 1"), "{text}");
}

fn clinic(licences: u32, lease: u32, plan: &str) -> Clinic {
    let lease = Setting::Lease(Some(lease));
    Clinic::open("Europe/London", "2026-04-01", licences, &[lease], Some(plan))
}

fn ask_clinic(clinic: &Clinic, kind: Kind, months: (&str, &str)) -> Commercial {
    let views = clinic.views();
    let months = Months::new(month(months.0), month(months.1)).unwrap();
    let scope = Scope { accounts: Accounts::One(CLINIC), months, now: clinic.now() };
    Reports::new(&views, "test").commercial(kind, &scope, |_| None).unwrap()
}

#[test]
fn at_capacity_is_who_was_refused_for_want_of_seats() {
    let mut clinic = clinic(2, 3600, STANDARD);
    clinic.at("2026-05-11 09:00").login("Alice");
    clinic.clock("09:10").login("Bob");
    clinic.clock("09:20").login("Carol"); // refused: one episode of two
    clinic.clock("09:22").login("Carol");
    clinic.clock("09:40").login("Dan"); // another
    clinic.clock("09:50").heartbeat("Alice");
    clinic.clock("09:50").heartbeat("Bob");
    clinic.clock("10:10").logout("Alice");
    clinic.clock("10:20").logout("Bob");
    clinic.at("2026-06-02 09:00");
    let suspended = clinic.user("Eve");
    clinic.add_user("Eve");
    clinic.take(&seats::Command::SuspendUser { user: suspended });
    clinic.login("Eve"); // refused for another reason
    let may = ask_clinic(&clinic, Kind::AtCapacity, ("2026-05", "2026-05"));
    let expected = "\
Accounts at capacity in May 2026

Account           Episodes  Refused  Hours full  Peak  Licences
---------------------------------------------------------------
Riverside Clinic         2        3     1:00:00     2         2";
    let found = content(&may.text());
    assert!(found.starts_with(expected), "\n{found}\n");
    let june = ask_clinic(&clinic, Kind::AtCapacity, ("2026-06", "2026-06"));
    let Commercial::AtCapacity(june) = june else { panic!() };
    assert_eq!(june.rows, [], "a suspended user wants no licence");
}

#[test]
fn ghosts_do_not_use_licences() {
    let tiers = "plan = \"tiers\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\n\
                 [[tiers]]\nup_to = 2\nmonthly_fee = \"35.00\"\n[[tiers]]\nmonthly_fee = \"30.00\"\n\
                 [[discounts]]\nname = \"early\"\npercent = \"10\"\nuntil = \"2026-04-30\"\n";
    let mut clinic = clinic(5, 60, tiers);
    clinic.at("2026-04-07 09:00").login("Alice");
    clinic.clock("09:20").login("Bob"); // Alice has been silent since 09:00
    clinic.clock("09:21").login("Carol"); // Bob is there; no heartbeat, but within the lease he was not seen
    clinic.clock("10:00").logout("Carol");
    clinic.at("2026-06-02 09:00");
    let report = ask_clinic(&clinic, Kind::NeverUsed, ("2026-04", "2026-05"));
    let Commercial::NeverUsed(report) = &report else { panic!() };
    let row = &report.rows[0];
    assert_eq!((row.billable, row.peak_in_use, row.never_used), (5, 1, 4));
    // April: 2 x 35 + 3 x 30 less 10 %, and 35 less 10 %; May without: 144.00 - 31.50 + 160.00 - 35.00.
    assert_eq!((row.cost.amount.as_str(), row.currency), ("237.50", "GBP"));
    assert_eq!(report.totals[0].total.minor, 23_750);
    // In May alone nobody came.
    let may = ask_clinic(&clinic, Kind::NeverUsed, ("2026-05", "2026-05"));
    let Commercial::NeverUsed(may) = may else { panic!() };
    assert_eq!((may.rows[0].never_used, may.rows[0].cost.minor), (5, 16_000));
}

#[test]
fn licences_that_were_used_once_are_used() {
    let mut clinic = clinic(2, 3600, STANDARD);
    clinic.at("2026-05-11 09:00").login("Alice");
    clinic.clock("09:00").login("Bob");
    clinic.clock("09:00").heartbeat("Bob");
    clinic.clock("09:10").heartbeat("Alice");
    clinic.clock("09:10").logout("Bob");
    clinic.at("2026-06-02 09:00");
    let Commercial::NeverUsed(may) = ask_clinic(&clinic, Kind::NeverUsed, ("2026-05", "2026-05"))
    else {
        panic!()
    };
    assert_eq!(may.rows, []);
}

#[test]
fn included_licences_are_used_first() {
    let included = format!("included_licences = 2\n{EURO}");
    let mut clinic = clinic(5, 3600, &included);
    for user in ["Alice", "Bob", "Carol"] {
        clinic.at("2026-05-11 09:00").login(user);
    }
    clinic.clock("09:10").heartbeat("Alice");
    clinic.clock("09:10").heartbeat("Bob");
    clinic.clock("09:10").logout("Carol");
    clinic.at("2026-06-02 09:00");
    let Commercial::NeverUsed(may) = ask_clinic(&clinic, Kind::NeverUsed, ("2026-05", "2026-05"))
    else {
        panic!()
    };
    let row = &may.rows[0];
    assert_eq!((row.billable, row.included, row.peak_in_use, row.never_used), (3, 2, 3, 2));
    assert_eq!(row.cost.amount, "80.00");
}

#[test]
fn a_month_that_has_begun_nowhere_is_refused() {
    let all = spring();
    let views = all.views();
    let reports = Reports::new(&views, "test");
    let ask = |scope: &Scope| reports.movement(scope);
    assert!(matches!(ask(&all.scope("2026-05", "2026-07")), Err(ReportError::FutureMonth { .. })));
    let months = Months::new(month("2026-05"), month("2026-03"));
    assert!(matches!(months, Err(ReportError::Backwards { .. })));
    let months = Months::new(month("2016-05"), month("2026-05"));
    assert!(matches!(months, Err(ReportError::TooManyMonths { months: 121, .. })));
    assert!(Months::new(month("2016-06"), month("2026-05")).is_ok());
    // It is July in Auckland before it is July in London.
    let mut all = all;
    all.at("2026-06-30 13:00");
    let views = all.views();
    let july = Reports::new(&views, "test").movement(&all.scope("2026-07", "2026-07")).unwrap();
    let names: Vec<&str> = july.rows.iter().map(|row| row.account.as_str()).collect();
    assert_eq!(names, ["Practice 3"]);
    let mut scope = all.scope("2026-05", "2026-05");
    scope.accounts = Accounts::Some(vec![AccountId(2)]);
    let some = Reports::new(&views, "test").movement(&scope).unwrap();
    assert_eq!((some.rows.len(), some.provenance.account.as_str()), (1, "1 accounts"));
}
