//! The workbook. What stands in its cells is compared by `tests/exports/check.py`, through two other programs.

use crate::books::{at, sample, settings, statements};
use exports::workbook::{SeatRow, workbook};
use exports::{ExportError, Finality};

fn seat(account: u64) -> SeatRow {
    let (from, to) = (at("2026-06-04 09:30"), Some(at("2026-06-06 12:00")));
    SeatRow { account, seat: 3, holder: "=Carol".into(), from, to, ended: "logged out".into() }
}

#[test]
fn the_same_statements_give_the_same_bytes() {
    let mut june = statements(&sample(), "2026-06");
    let made = workbook(&june, &[seat(1)], &settings(), Finality::Closed).unwrap();
    assert_eq!(made.name, "statements-2026-06.xlsx");
    assert!(made.bytes.starts_with(b"PK"));
    june.reverse();
    let again = workbook(&june, &[seat(1)], &settings(), Finality::Closed).unwrap();
    assert!(made.bytes == again.bytes);
    let other = workbook(&june, &[], &settings(), Finality::Closed).unwrap();
    assert!(made.bytes != other.bytes);
}

#[test]
fn what_a_spreadsheet_would_change_is_refused() {
    let mut june = sample().statement(1, "2026-06");
    let strange = workbook(&[june.clone()], &[seat(2)], &settings(), Finality::Closed);
    assert_eq!(strange, Err(ExportError::StrangeSeat { account: 2 }));
    let (large, sums) = (1_000_000_000_000_000, june.sums.as_mut().unwrap());
    june.lines.truncate(1);
    (june.lines[0].unit_minor, june.lines[0].net_minor) = (large, large);
    (sums.net_minor, sums.gross_minor, sums.due_minor) = (large, large, large);
    sums.vat = None;
    let error = workbook(&[june], &[], &settings(), Finality::Closed).unwrap_err().to_string();
    assert!(error.starts_with("Net: 1000000000000000 has more than the fifteen digits"), "{error}");
}

#[test]
fn drafts_are_made_only_when_asked_for() {
    let open = [sample().statement(1, "2026-07")];
    let closed = workbook(&open, &[], &settings(), Finality::Closed);
    assert!(matches!(closed, Err(ExportError::NotClosed { .. })));
    let draft = workbook(&open, &[], &settings(), Finality::Drafts).unwrap();
    assert_eq!(draft.name, "statements-2026-07-DRAFT.xlsx");
}
