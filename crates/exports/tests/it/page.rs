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
        "To pay<b>GBP 721.20</b>by Friday 17 July 2026",
        "We collect it by Direct Debit",
        "\"26060001, page \" counter(page)",
        "<td><bdi>Set-up of licences added on 2026-06-10</bdi></td>",
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
    // Nothing is to be paid, so no row says by when or how much.
    let july = page(&vendor.statement(4, "2026-07"), &settings(), Finality::Drafts).unwrap();
    assert!(text(&july).contains("Credit from the month before"));
    for (page, rows) in [(&credit, 1), (&july, 1)] {
        assert_eq!(text(page).matches("To pay").count(), rows, "{}", page.name);
        assert!(!text(page).contains("Direct Debit") && !text(page).contains("0.00</td>"));
        assert!(text(page).contains("<td colspan=\"3\">Credit for the next month</td>"));
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
    for said in
        ["DRAFT: this month is not closed", "Draft statement for July", "\"DRAFT 26070001, page"]
    {
        assert!(text(&draft).contains(said), "{said}");
    }
    for unsaid in ["witness", "by Sunday", "Direct Debit", "To pay<"] {
        assert!(!text(&draft).contains(unsaid), "{unsaid}");
    }
}

#[test]
fn a_day_on_which_it_is_due_is_said_only_if_the_settings_name_one() {
    let statement = sample().statement(1, "2026-06");
    let check = |settings: &str, expected: &str| {
        let settings = exports::ExportSettings::read(settings).unwrap();
        let page = page(&statement, &settings, Finality::Closed).unwrap();
        assert!(
            text(&page).contains(&format!("<b>GBP 721.20</b>{expected}</div>")),
            "{settings:?}"
        );
    };
    check("", "");
    check("due_days = 0", "by Friday 3 July 2026");
    check("due_days = 31", "by Monday 3 August 2026");
    check("[branding]\npayment = \"By <card>\"", "<p><bdi>By &lt;card&gt;</bdi></p>");
}
