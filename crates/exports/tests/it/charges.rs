//! `charges.csv`: every charge, exactly.

use crate::books::{EVIL, sample, settings, statements};
use crate::{minor, rows, text};
use exports::charges::{COLUMNS, charges};
use exports::{ExportError, Finality};

#[test]
fn every_row_is_quantity_times_unit_and_together_they_are_the_statements() {
    let vendor = sample();
    for month in ["2026-05", "2026-06"] {
        let statements = statements(&vendor, month);
        let file = charges(&statements, &settings(), Finality::Closed).unwrap();
        assert_eq!(file.name, format!("charges-{month}.csv"));
        let rows = rows(&file);
        for row in &rows {
            let quantity: i64 = row["quantity"].parse().unwrap();
            assert_eq!(quantity * minor(&row["unit_amount"]), minor(&row["net_amount"]), "{row:?}");
        }
        for statement in &statements {
            let account = format!("{:02}{:04}", &month[5..], statement.account_number);
            let own = rows.iter().filter(|row| row["statement_ref"] == format!("26{account}"));
            let own: Vec<_> = own.collect();
            assert_eq!(own.len(), statement.lines.len());
            let sum: i64 = own.iter().map(|row| minor(&row["net_amount"])).sum();
            assert_eq!(sum, statement.sums.as_ref().unwrap().net_minor);
        }
    }
}

#[test]
fn a_row_as_it_stands() {
    let statement = sample().statement(4, "2026-06");
    let file = charges(std::slice::from_ref(&statement), &settings(), Finality::Closed).unwrap();
    assert!(text(&file).starts_with(&format!("{}\r\n", COLUMNS.join(","))));
    let row = &rows(&file)[2];
    let digest = statement.provenance.parameters.get("statement").unwrap();
    let plan = format!("net-2026 {}", &statement.plan.as_ref().unwrap().digest[..16]);
    let expected = [
        "26060004",
        "HILL",
        "Hillside Surgery",
        "2026-06-01",
        "2026-06-30",
        "3",
        "adjustment",
        "Adjustment of May 2026, which was closed before this was known",
        "1",
        "-266.74",
        "-266.74",
        "GBP",
        "",
        "2026-05",
        &plan,
        "30",
        "30",
        "8",
        "12",
        digest,
        "closed",
    ];
    let found: Vec<&str> = COLUMNS.iter().map(|column| row[*column].as_str()).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_text_is_a_formula_and_no_amount_is_text() {
    let statement = sample().statement(2, "2026-06");
    let file = charges(&[statement], &settings(), Finality::Closed).unwrap();
    let rows = rows(&file);
    assert_eq!(rows[0]["account_name"], format!("'{EVIL}"));
    assert_eq!(rows[1]["net_amount"], "-13.13");
    assert_eq!(rows[1]["description"], "Discount: =first year");
}

#[test]
fn the_order_of_statements_makes_no_difference() {
    let vendor = sample();
    let mut statements = statements(&vendor, "2026-06");
    statements.push(vendor.statement(1, "2026-05"));
    let file = charges(&statements, &settings(), Finality::Closed).unwrap();
    assert_eq!(file.name, "charges-2026-05-to-2026-06.csv");
    statements.reverse();
    assert_eq!(charges(&statements, &settings(), Finality::Closed).unwrap(), file);
}

#[test]
fn what_can_still_change_is_refused_unless_it_is_a_draft() {
    let vendor = sample();
    let open = [vendor.statement(1, "2026-07")];
    let error = charges(&open, &settings(), Finality::Closed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Riverside Clinic: 2026-07 is not closed, so its statement can still change; close the month first, \
         or ask for a draft"
    );
    let draft = charges(&open, &settings(), Finality::Drafts).unwrap();
    assert_eq!(draft.name, "charges-2026-07-DRAFT.csv");
    assert!(
        rows(&draft)
            .iter()
            .all(|row| row["status"] == "DRAFT" && row["statement_blake3"].is_empty())
    );
    let provisional = [vendor.statement(1, "2026-08")];
    let error = charges(&provisional, &settings(), Finality::Closed).unwrap_err().to_string();
    assert!(error.contains("2026-08 is not over"), "{error}");
}

#[test]
fn what_does_not_add_up_is_refused() {
    let good = sample().statement(1, "2026-06");
    let check = |change: fn(&mut reporting::Statement), expected: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        match charges(&[bad], &settings(), Finality::Closed).unwrap_err() {
            ExportError::NotExact { what, .. } => assert_eq!(what, expected),
            other => panic!("{other:?}"),
        }
    };
    check(|bad| bad.lines[1].quantity = 4, "line 2: 4 x 15000 is not 45000");
    check(|bad| _ = bad.lines.pop(), "the lines' sum (59350) is not net (60100)");
    check(
        |bad| bad.sums.as_mut().unwrap().gross_minor += 1,
        "net and VAT (72120) is not gross (72121)",
    );
    check(
        |bad| bad.sums.as_mut().unwrap().due_minor -= 1,
        "gross and what is carried in (72120) is not what is due and carried out (72119)",
    );
    let twice = charges(&[good.clone(), good.clone()], &settings(), Finality::Closed);
    assert!(matches!(twice, Err(ExportError::Twice { .. })));
    let mut without = good.clone();
    without.sums = None;
    let without = charges(&[without], &settings(), Finality::Closed);
    assert!(matches!(without, Err(ExportError::NoAmounts { .. })));
}
