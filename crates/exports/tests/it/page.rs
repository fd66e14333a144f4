//! The printed statement. How it looks is compared by eye: `tests/exports/check.py` prints it.

use crate::books::{sample, settings};
use crate::text;
use exports::page::page;
use exports::{ExportError, Finality};
use reporting::statement::Standing;

#[test]
fn a_customer_reads_what_is_owed_and_keeps_two_numbers() {
    let statement = sample().statement(1, "2026-06");
    let made = page(&statement, &settings(), Finality::Closed).unwrap();
    assert_eq!(made.name, "statement-26060001.html");
    let html = text(&made);
    let Standing::Closed { digest, log_root, .. } = &statement.standing else { panic!() };
    for said in [
        "<h1>Statement for June 2026</h1>",
        "<b>GBP 721.20</b>",
        "<td>Set-up of licences added on 2026-06-10</td>",
        "VAT at 20%",
        "Whoever keeps these two numbers is a witness",
        "This is not a VAT invoice.",
        "Friday 3 July 2026",
        "--colour: #1f4e5f",
        digest,
        log_root,
    ] {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains("DRAFT") && !html.contains("http"), "it needs nothing beside itself");
}

#[test]
fn credit_and_names_that_are_no_html() {
    let vendor = sample();
    let credit = page(&vendor.statement(4, "2026-06"), &settings(), Finality::Closed).unwrap();
    for said in ["<b>nothing</b>", "Credit carried on: GBP 236.12", "\u{2212}266.74"] {
        assert!(text(&credit).contains(said), "{said}");
    }
    let mut named = vendor.statement(2, "2026-06");
    named.account = "<script>alert(1)</script>".to_owned();
    let named = page(&named, &settings(), Finality::Closed).unwrap();
    assert!(!text(&named).contains("<script") && text(&named).contains("&lt;script&gt;"));
}

#[test]
fn a_draft_says_so_and_has_no_digest() {
    let open = sample().statement(1, "2026-07");
    let closed = page(&open, &settings(), Finality::Closed);
    assert!(matches!(closed, Err(ExportError::NotClosed { .. })));
    let draft = page(&open, &settings(), Finality::Drafts).unwrap();
    assert_eq!(draft.name, "statement-26070001-DRAFT.html");
    assert!(text(&draft).contains("DRAFT: this month is not closed"));
    assert!(!text(&draft).contains("witness"));
}
