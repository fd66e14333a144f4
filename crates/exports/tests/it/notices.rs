//! Advance notices: the parts, the whole, and the earliest day.

use crate::books::{sample, settings, statements};
use crate::{minor, rows};
use exports::ExportSettings;
use exports::notices::notices;
use exports::working_days::Holidays;
use reporting::civil::{read_date, show_date};

const HOLIDAYS: &str = "2026-05-25\n2026-08-31\n2026-12-25\n";

#[test]
fn the_parts_are_the_whole() {
    let vendor = sample();
    let (holidays, day) = (Holidays::read(HOLIDAYS).unwrap(), read_date("2026-08-24").unwrap());
    for month in ["2026-05", "2026-06"] {
        let made = notices(&statements(&vendor, month), &settings(), &holidays, day).unwrap();
        // The last Monday of August is a bank holiday.
        assert_eq!(show_date(made.earliest), "2026-09-08");
        for row in rows(&made.file) {
            let parts = [
                "monthly",
                "discount",
                "setup",
                "refund",
                "overdraft",
                "adjustment",
                "vat",
                "credit_brought_forward",
            ];
            let sum: i64 = parts.iter().map(|part| minor(&row[*part])).sum();
            assert_eq!(sum, minor(&row["total"]), "{row:?}");
            assert!(sum > 0);
            assert_eq!(row["earliest_collection_date"], "2026-09-08");
        }
    }
    let made = notices(&statements(&vendor, "2026-06"), &settings(), &holidays, day).unwrap();
    let row = &rows(&made.file)[0];
    let found = [
        "customer_ref",
        "monthly",
        "setup",
        "overdraft",
        "vat",
        "total",
        "frequency",
        "service_user",
    ];
    let found = found.map(|column| row[column].as_str());
    let expected = [
        "RIVER",
        "143.50",
        "450.00",
        "7.50",
        "120.20",
        "721.20",
        "monthly",
        "Example Software Ltd",
    ];
    assert_eq!(found, expected);
    assert_eq!(
        row["items"],
        "Licences, monthly fee: 35.00 x 123 licence-days / 30 days: 143.50; \
         Set-up of licences added on 2026-06-10: 450.00; Overdraft: seats above the licences, by day: 7.50; \
         VAT at 20%: 120.20"
    );
    assert_eq!(made.left_out.len(), 2, "the zero one and the credit");
}

/// What was carried in is a part, too.
#[test]
fn credit_brought_forward() {
    let mut statement = sample().statement(1, "2026-06");
    let sums = statement.sums.as_mut().unwrap();
    (sums.carried_in_minor, sums.due_minor) = (-10_000, 62_120);
    let (holidays, day) = (Holidays::read(HOLIDAYS).unwrap(), read_date("2026-07-06").unwrap());
    let made = notices(&[statement], &settings(), &holidays, day).unwrap();
    let row = &rows(&made.file)[0];
    assert_eq!((&*row["credit_brought_forward"], &*row["total"]), ("-100.00", "621.20"));
    assert!(row["items"].ends_with("; Credit from the month before: -100.00"), "{row:?}");
}

#[test]
fn what_a_notice_needs() {
    let vendor = sample();
    let june = vendor.statement(1, "2026-06");
    let check = |settings: &str, holidays: &str, day: &str, expected: &str| {
        let settings = ExportSettings::read(settings).unwrap();
        let (holidays, day) = (Holidays::read(holidays).unwrap(), read_date(day).unwrap());
        let error = notices(std::slice::from_ref(&june), &settings, &holidays, day)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", HOLIDAYS, "2026-07-06", "notices.service_user is missing");
    let who = "[notices]\nservice_user = \"x\"\n";
    check(who, HOLIDAYS, "2026-07-06", "notices.contact is missing");
    let all = format!("{who}contact = \"y\"\n");
    check(&all, HOLIDAYS, "2026-12-28", "the list has no date in 2027");
    check(&all, "", "2026-07-06", "the list has no date in 2026");
}
