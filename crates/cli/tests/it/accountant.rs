//! Closing and reconciling as an accountant reads them: amounts with their currency, to the right, under words.

use crate::place::Place;

/// The clinic of the demo, whose first months are over; 101.61, 265.50, and 140.00 from then on.
fn clinic() -> Place {
    let place = Place::new();
    place.ok("demo");
    place
}

#[test]
fn a_closed_month_is_told_in_amounts() {
    let place = clinic();
    let refused = place.run("close --month 2026-04");
    let table = String::from_utf8(refused.stdout).unwrap();
    assert!(table.contains("March 2026 is not closed yet"), "{table}");
    assert!(table.ends_with("\n2026-04: 0 closed, 0 closed before, 1 open\n"), "{table}");

    place.ok("close --month 2026-03");
    let closed = [
        " Account        Status  Currency     Net  To pay  Credit carried on  Why not",
        &"-".repeat(77),
        " harley-street  closed  GBP       265.50  265.50               0.00",
        "",
        "2026-04: 1 closed, 0 closed before, 0 open; GBP 265.50 net, GBP 265.50 to pay",
        "",
    ];
    let closed = closed.join("\n");
    assert_eq!(place.ok("close --month 2026-04"), closed);
    let json = place.json("close --month 2026-04");
    assert_eq!(json["accounts"][0]["status"], "closed before");
    assert_eq!(json["totals"][0]["due"], "265.50");
}

#[test]
fn reconciling_says_charged_and_recomputed_in_the_same_currency() {
    let place = clinic();
    place.ok("close --month 2026-03");
    let all = place.ok("reconcile");
    let (table, verdict) = all.split_once("\n\n").unwrap();
    let mut lines = table.lines();
    let heading =
        " Account        Months  Currency  Charged  From the first event  Difference  Agrees";
    assert_eq!(lines.next(), Some(heading));
    let (row, columns) = (lines.nth(1).unwrap(), ["harley-street", "GBP", "0.00", "yes"]);
    assert!(columns.iter().all(|cell| row.contains(cell)), "{row}");
    assert_eq!(row.find("0.00  yes"), heading.find("Agrees").map(|at| at - 6), "to the right");
    assert_eq!(verdict, "All statements agree with the log from its first event on.\n");
    let one = place.ok("reconcile harley-street");
    assert!(one.contains("2026-03  closed  GBP        101.61            0.00"), "{one}");
    assert!(one.contains("closed_months 1, charged GBP ") && !one.contains("minor"), "{one}");
    let json = place.json("reconcile");
    assert_eq!(json["accounts"][0]["stated_minor"], json["accounts"][0]["recomputed_minor"]);
    assert_eq!(json["accounts"][0]["currency"], "GBP");
}
