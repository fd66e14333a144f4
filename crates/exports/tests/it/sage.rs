//! Sage 50's audit-trail transactions.

use crate::books::{sample, settings, statements};
use crate::{minor, rows, text};
use exports::sage::sage;
use exports::{ExportSettings, Finality, Why};

#[test]
fn transactions_as_they_are_imported() {
    let statements = statements(&sample(), "2026-06");
    let made = sage(&statements, &settings(), Finality::Closed).unwrap();
    assert_eq!(made.file.name, "sage-2026-06.csv");
    let expected = "\
Type,Account Reference,Nominal A/C Ref,Department Code,Date,Reference,Details,Net Amount,Tax Code,Tax Amount,Exchange Rate,Extra Reference,User Name\r
SI,RIVER,4000,007,03/07/2026,26060001,\"Licences, monthly fee: 35.00 x 123 licence-days / 30 days\",143.50,T1,28.70,1,2026-06,\r
SI,RIVER,4001,007,03/07/2026,26060001,Set-up of licences added on 2026-06-10,450.00,T1,90.00,1,2026-06,\r
SI,RIVER,4000,007,03/07/2026,26060001,\"Overdraft: seats above the licences, by day\",7.50,T1,1.50,1,2026-06,\r
SI,A2,4000,007,03/07/2026,26060002,\"Licences, monthly fee\",105.00,T9,0.00,1,2026-06,\r
SC,A2,4000,007,03/07/2026,26060002,Discount: =first year,13.13,T9,0.00,1,2026-06,\r
SI,HILL,4000,007,03/07/2026,26060004,\"Licences, monthly fee\",35.00,T9,0.00,1,2026-06,\r
SC,HILL,4000,007,03/07/2026,26060004,Discount: =first year,4.38,T9,0.00,1,2026-06,\r
SC,HILL,4009,007,03/07/2026,26060004,\"Adjustment of May 2026, which was closed before this was...\",266.74,T9,0.00,1,2026-06,\r
";
    assert_eq!(text(&made.file), expected);
    assert_eq!(
        (made.net_minor, made.gross_minor),
        (60_100 + 9_187 - 23_612, 72_120 + 9_187 - 23_612)
    );
    let left_out: Vec<_> = made.left_out.iter().map(|one| (&*one.reference, one.why)).collect();
    assert_eq!(left_out, [("26060003", Why::Zero)]);
}

/// What is owed less what is credited is what the statements come to, and each fits its column.
#[test]
fn rows_add_up_and_fit() {
    let vendor = sample();
    for month in ["2026-05", "2026-06"] {
        let made = sage(&statements(&vendor, month), &settings(), Finality::Closed).unwrap();
        let sum = |column: &str| -> i64 {
            let signed = |row: &std::collections::BTreeMap<String, String>| match &*row["Type"] {
                "SI" => minor(&row[column]),
                "SC" => -minor(&row[column]),
                other => panic!("{other}"),
            };
            rows(&made.file).iter().map(signed).sum()
        };
        assert_eq!(sum("Net Amount"), made.net_minor);
        assert_eq!(sum("Net Amount") + sum("Tax Amount"), made.gross_minor);
        for row in rows(&made.file) {
            assert!(minor(&row["Net Amount"]) > 0 && minor(&row["Tax Amount"]) >= 0, "{row:?}");
            assert!(row["Account Reference"].len() <= 8 && row["Reference"].len() <= 8);
            assert!(row["Details"].len() <= 60, "{row:?}");
        }
    }
}

#[test]
fn what_sage_would_not_take_is_refused() {
    let statement = sample().statement(1, "2026-06");
    let check = |settings: &str, expected: &str| {
        let settings = ExportSettings::read(settings).unwrap();
        let error = sage(std::slice::from_ref(&statement), &settings, Finality::Closed)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{settings:?}: {error}");
    };
    let tax = "[sage]\ntax_codes = { \"20% (VAT on Income)\" = \"T1\" }\n";
    check("", "sage.tax_codes.\"20% (VAT on Income)\" is missing");
    check(tax, "sage.nominal_codes.monthly is missing");
    check(&format!("currency = \"EUR\"\n{tax}"), "amounts are in GBP, but the Sage file is in EUR");
    let reference = |reference: &str| {
        format!("{tax}[[customers]]\naccount = \"Riverside Clinic\"\nreference = \"{reference}\"\n")
    };
    check(&reference("RIVERSIDE"), "\"RIVERSIDE\" is not up to 8 letters and digits");
    check(
        &reference("RIV 1"),
        "\"RIV 1\" is not up to 8 letters and digits, which Sage takes; write sage_account",
    );
    let own = format!("{}sage_account = \"river1\"\n", reference("RIVERSIDE"));
    let own = format!("{}\n{own}", "");
    check(&own, "sage.nominal_codes.monthly is missing");
}

/// Sage's own programs read no Unicode.
#[test]
fn details_are_ascii_on_one_line() {
    let mut statement = sample().statement(2, "2026-06");
    statement.lines[1].what = "=Rabatt für\r\n£".to_owned();
    let made = sage(&[statement], &settings(), Finality::Closed).unwrap();
    assert_eq!(rows(&made.file)[1]["Details"], "'=Rabatt f?r  ?");
}
