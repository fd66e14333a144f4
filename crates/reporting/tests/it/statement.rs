//! Statements, from the log to the paper.

use crate::clinic::{CLINIC, Clinic, content};
use reporting::civil::Month;
use reporting::{Report, ReportError, Reports, Statement};
use seats::{Command, Setting};
use serde_json::{Value, json};

const STANDARD: &str = "plan = \"standard-2026\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\n\
                        monthly_fee = \"35.00\"\nsetup_fee = \"150.00\"\n";

fn clinic(at: &str, licences: u32, plan: Option<&str>) -> Clinic {
    Clinic::open("Europe/London", at, licences, &[Setting::Lease(None)], plan)
}

/// A plan like the standard one, with a name, a first day and a fee of its own.
fn plan(name: &str, effective_from: &str, fee: &str) -> String {
    STANDARD
        .replace("standard-2026", name)
        .replace("2026-01-01", effective_from)
        .replace("35.00", fee)
}

fn try_statement(clinic: &Clinic, month: &str) -> Result<Statement, ReportError> {
    let views = clinic.views();
    Reports::new(&views, "test").statement(CLINIC, Month::read(month).unwrap(), clinic.now())
}

fn statement(clinic: &Clinic, month: &str) -> Statement {
    let statement = try_statement(clinic, month).unwrap();
    let sum: i64 = statement.lines.iter().map(|line| line.net_minor).sum();
    assert_eq!(
        statement.sums.as_ref().map(|sums| sums.net_minor),
        statement.plan.as_ref().map(|_| sum)
    );
    assert_eq!(
        statement.days.iter().map(|row| row.licence_days).sum::<u64>(),
        statement.licence_days
    );
    statement
}

fn net(statement: &Statement) -> Option<&str> {
    statement.sums.as_ref().map(|sums| sums.net.as_str())
}

fn notes(statement: &Statement) -> Vec<&str> {
    statement.notes.iter().map(String::as_str).collect()
}

#[test]
fn e4_as_it_is_printed() {
    let mut clinic = clinic("2025-06-01", 2, Some(STANDARD));
    clinic.at("2026-04-09 15:00").licences_from(5, "2026-04-10");
    clinic.at("2026-04-10 09:00").login("Alice");
    clinic.at("2026-04-10 11:00").logout("Alice");
    clinic.at("2026-05-02 09:00").login("Alice");
    let expected = "\
Statement for April 2026 (open)
Riverside Clinic

Period    2026-04-01 to 2026-04-30, Europe/London
Plan      standard-2026, amounts in GBP
Licences  2 at the beginning, 5 at the end
          2 to 5 from 2026-04-10 00:00:00 BST, ordered 2026-04-09 15:00:00 BST (commit 2, log position 1)

From        To          Days  In force  Billable  Licence-days
--------------------------------------------------------------
2026-04-01  2026-04-09     9         2         2            18
2026-04-10  2026-04-30    21         5         5           105
Total                     30                               123

Charge                                                     Quantity    Unit     Net
-----------------------------------------------------------------------------------
Licences, monthly fee: 35.00 x 123 licence-days / 30 days         1  143.50  143.50
Set-up of licences added on 2026-04-10                            3  150.00  450.00
Total GBP                                                                    593.50

Open: the month is over and not closed; what comes to be known still changes it.
Licences are billed as bought; using fewer never lowers the fee. In use: peak 1, 1 session.
This is not a VAT invoice. Amounts are net of VAT.";
    let april = statement(&clinic, "2026-04");
    let found = content(&april.text());
    assert_eq!(found, expected, "\n{found}\n");
    let json: Value = serde_json::from_str(&april.json()).unwrap();
    assert_eq!(
        json["lines"][0],
        json!({
            "charge": "monthly", "what": "Licences, monthly fee: 35.00 x 123 licence-days / 30 days",
            "counted": 123, "quantity": 1, "unit": "143.50", "unit_minor": 14350, "net": "143.50",
            "net_minor": 14350, "adjusts": null, "commits": [0, 1],
        })
    );
    assert_eq!(json["sums"]["net"], "593.50");
    assert_eq!(json["changes"][0]["position"], 1);
    assert_eq!(
        json["provenance"]["totals"],
        json!({"opening_licences": "2", "closing_licences": "5", "licence_days": "123", "net": "593.50"})
    );
    assert_eq!(statement(&clinic, "2026-04").text(), april.text());
}

#[test]
fn a_month_that_is_not_over_is_provisional() {
    let mut clinic = clinic("2025-06-01", 5, Some(STANDARD));
    clinic.at("2026-05-02 09:00").login("Alice");
    let may = statement(&clinic, "2026-05");
    assert!(
        may.is_provisional() && may.text().contains("\nStatement for May 2026 (provisional)\n")
    );
    assert_eq!(net(&may), Some("175.00"));
    assert_eq!(
        may.notes[0],
        "Provisional: the month is not over as of 2026-05-02 09:00:00 BST. \
         It is billed as if nothing more changed than is announced."
    );
    clinic.licences_from(6, "2026-05-20");
    assert_eq!(statement(&clinic, "2026-05").licence_days, 5 * 19 + 6 * 12);
    clinic.at("2026-06-01 00:00");
    assert!(!statement(&clinic, "2026-05").is_provisional());
    let error = try_statement(&clinic, "2026-07").unwrap_err().to_string();
    assert_eq!(error, "July 2026 has not begun as of 2026-06-01 00:00:00 BST");
}

/// E8 and E10: no use at all, and the first month of an account.
#[test]
fn months_without_use_and_months_before() {
    let mut clinic = clinic("2026-05-20 10:00", 2, Some(STANDARD));
    clinic.at("2026-08-01 09:00").login("Alice");
    let july = statement(&clinic, "2026-07");
    assert_eq!(net(&july), Some("70.00"));
    assert_eq!(
        notes(&july)[1],
        "Licences are billed as bought; using fewer never lowers the fee. In use: peak 0, 0 sessions."
    );
    let may = statement(&clinic, "2026-05");
    assert_eq!((may.licence_days, net(&may)), (24, Some("27.10")));
    let error = try_statement(&clinic, "2026-04").unwrap_err().to_string();
    assert_eq!(
        error,
        "Riverside Clinic had no licences before 2026-05-20; there is nothing to state for April 2026"
    );
}

#[test]
fn without_a_plan_there_are_days_and_no_amounts() {
    let mut clinic = clinic("2026-01-01", 3, None);
    clinic.at("2026-03-01 09:00").login("Alice");
    let february = statement(&clinic, "2026-02");
    assert_eq!((february.licence_days, net(&february), february.lines.len()), (84, None, 0));
    assert_eq!(
        february.notes[0],
        "No price plan is assigned for February 2026, so there are licence-days and no amounts. Assign a \
         plan to the account that counts from 2026-02-01 or before."
    );
    assert!(february.text().contains("Plan      none\n") && !february.text().contains("Charge"));
}

/// The plan each month is billed by, and what is said of others.
#[test]
fn prices_change_between_months() {
    let mut clinic = clinic("2026-01-10", 1, None);
    clinic.at("2026-02-15").plan(&plan("first", "2026-01-01", "10.00"), "2026-02-15");
    clinic.at("2026-03-15").plan(&plan("second", "2026-01-01", "20.00"), "2026-03-15");
    clinic.at("2026-04-15").plan(&plan("third", "2026-06-01", "30.00"), "2026-04-15");
    clinic.at("2026-07-01 09:00").login("Alice");
    let check = |month: &str, expected: Option<(&str, &str)>, said: &[&str]| {
        let statement = statement(&clinic, month);
        let plan = statement.plan.as_ref().map(|plan| plan.name.as_str());
        assert_eq!(plan.zip(net(&statement)), expected, "{month}");
        let about: Vec<&str> =
            notes(&statement).into_iter().filter(|note| note.starts_with("Plan ")).collect();
        assert_eq!(about, said, "{month}");
    };
    check("2026-01", None, &[]);
    check("2026-02", Some(("first", "10.00")), &[]);
    check(
        "2026-03",
        Some(("first", "10.00")),
        &[
            "Plan second, assigned from 2026-03-15, counts from the next month: a price changes only between months.",
        ],
    );
    let third = "Plan third, assigned from 2026-04-15, ";
    let later = format!("{third}counts from the next month: a price changes only between months.");
    check("2026-04", Some(("second", "20.00")), &[later.as_str()]);
    let not_before = format!("{third}is good from 2026-06-01 on and not before.");
    check("2026-05", Some(("second", "20.00")), &[not_before.as_str()]);
    check("2026-06", Some(("third", "30.00")), &[]);
}

#[test]
fn a_closed_account() {
    let mut clinic = clinic("2025-06-01", 3, Some(STANDARD));
    clinic.at("2026-05-12 12:00").take(&Command::Close);
    clinic.at("2026-07-02 09:00").login("Alice");
    let may = statement(&clinic, "2026-05");
    assert_eq!((net(&may), may.closing_licences), (Some("105.00"), 0));
    assert!(notes(&may).contains(
        &"The account was closed on 2026-05-12; its licences are billed to the end of that month."
    ));
    let june = statement(&clinic, "2026-06");
    assert_eq!(net(&june), Some("0.00"));
    assert!(
        notes(&june)
            .contains(&"The account was closed on 2026-05-12; nothing is billed after that.")
    );
}

#[test]
fn plans_that_cannot_be_used_are_explained() {
    let mut clinic = clinic("2026-01-01", 1, Some("plan = \"x\"\ncurrency = \"GBP\"\nfee = 3\n"));
    clinic.at("2026-02-01 09:00").login("Alice");
    let error = try_statement(&clinic, "2026-01").unwrap_err().to_string();
    let expected =
        "is not accepted: price plan, line 3: unknown key \"fee\"; did you mean setup_fee?";
    assert!(error.ends_with(expected), "{error}");
    let plan = seats::Digest([7; 32]);
    let effective =
        clinic.zone.effective(reporting::civil::read_date("2026-01-01").unwrap()).unwrap();
    clinic.take(&Command::AssignPlan { plan, effective });
    let error = try_statement(&clinic, "2026-01").unwrap_err().to_string();
    assert!(error.contains("0707") && error.ends_with("is missing"), "{error}");
}

#[test]
fn a_plan_that_corrects_the_first_one_counts_from_the_same_instant() {
    let plan = |fee: &str| {
        format!(
            "plan = \"{fee}\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\nmonthly_fee = \"{fee}\"\n"
        )
    };
    let mut clinic = clinic("2026-05-10", 1, Some(&plan("35.00")));
    clinic.at("2026-05-20 10:00").plan(&plan("31.00"), "2026-05-10");
    clinic.plan(&plan("62.00"), "2026-05-25");
    clinic.at("2026-07-01 10:00").login("Alice");
    assert_eq!(net(&statement(&clinic, "2026-05")), Some("22.00"));
    assert_eq!(net(&statement(&clinic, "2026-06")), Some("62.00"));
}

/// The plan's other currency, rounding and free licences reach the paper.
#[test]
fn another_plan() {
    let yen = "plan = \"kyoto\"\ncurrency = \"JPY\"\neffective_from = \"2026-01-01\"\nmonthly_fee = \"1001\"\n\
               included_licences = 1\ndecrease = \"daily\"\nrounding = \"half_even\"\n";
    let mut clinic =
        Clinic::open("Asia/Tokyo", "2026-05-01", 1, &[Setting::Lease(None)], Some(yen));
    clinic.at("2026-06-16 10:00").licences(3);
    clinic.at("2026-06-20 10:00").licences(2);
    clinic.at("2026-07-01 10:00").login("Alice");
    let june = statement(&clinic, "2026-06");
    // 5 days of 2 and 10 days of 1: 20 licence-days; 1001 x 20 / 30 = 667.33
    assert_eq!((june.licence_days, net(&june)), (20, Some("667")));
    assert!(notes(&june).contains(&"1 licence is included in the plan."));
    assert_eq!(june.days.len(), 3);
}
