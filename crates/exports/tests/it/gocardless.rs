//! A GoCardless template, filled in.

use crate::books::{SETTINGS, sample, settings, statements};
use crate::text;
use exports::ExportSettings;
use exports::gocardless::gocardless;
use reporting::Statement;
use reporting::civil::read_date;

const TEMPLATE: &str = "\
mandate.id,customer.id,customer.given_name,customer.family_name,customer.company_name,customer.email,payment.amount*,payment.currency,payment.description,payment.charge_date,payment.metadata.statement
MD0009,CU9,=x,-y,\"Other, Ltd\",o@example.com,,GBP,,,
MD0001,CU1,Ann,Lee,Riverside,a@example.com,,GBP,,,
MD0004,CU4,Bo,Ray,Hillside,b@example.com,,GBP,kept,,
";

fn june() -> Vec<Statement> {
    statements(&sample(), "2026-06")
}

#[test]
fn only_the_four_columns_of_the_payers_change() {
    let day = read_date("2026-07-20").unwrap();
    let made = gocardless(&june(), TEMPLATE.as_bytes(), &settings(), Some(day)).unwrap();
    assert_eq!(made.file.name, "gocardless-2026-06.csv");
    let expected = TEMPLATE.replace('\n', "\r\n").replace(
        "a@example.com,,GBP,,,",
        "a@example.com,721.20,GBP,\"Statement 26060001, June 2026\",2026-07-20,26060001",
    );
    assert_eq!(text(&made.file), expected);
    assert_eq!((made.total.as_str(), made.total_minor), ("GBP 721.20", 72_120));
    let missing: Vec<_> = made.missing.iter().map(|one| (&*one.payer, one.minor)).collect();
    assert_eq!(missing, [("A2", 9_187)]);
    assert_eq!(made.not_collected, ["MD0009", "MD0004"]);
    let left_out: Vec<String> = made.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "Zero Practice (26060003) is left out: it comes to nothing",
            "Hillside Surgery (26060004) is left out: nothing is to be paid, there is a credit of GBP 236.12"
        ]
    );
}

#[test]
fn pence_and_other_ways_to_find_a_payer() {
    let check = |settings: &str, template: &str, expected: &str| {
        let settings = ExportSettings::read(settings).unwrap();
        let made = gocardless(&june(), template.as_bytes(), &settings, None).unwrap();
        assert!(text(&made.file).contains(expected), "{}", text(&made.file));
    };
    let line = "a@example.com,72120,GBP,\"Statement 26060001, June 2026\",,26060001";
    check(&SETTINGS.replace("pounds", "pence"), TEMPLATE, line);
    let by_customer =
        SETTINGS.replace("\"mandate.id\"", "\"customer.id\"").replace("MD0001", "CU1");
    check(&by_customer, TEMPLATE, "a@example.com,721.20,");
    // The metadata by which a payer is found are not written over; nor are those that were not named yet.
    let by_metadata = SETTINGS.replace("\"mandate.id\"", "\"payment.metadata.statement\"");
    let template = TEMPLATE.replace("a@example.com,,GBP,,,", "a@example.com,,GBP,,,MD0001");
    check(&by_metadata, &template, "\"Statement 26060001, June 2026\",,MD0001\r\n");
    let unnamed = TEMPLATE.replace("metadata.statement", "metadata.YOUR_CUSTOM_FIELD");
    check(SETTINGS, &unnamed, "\"Statement 26060001, June 2026\",,\r\n");
}

#[test]
fn what_would_collect_something_else_is_refused() {
    let check = |settings: &str, template: &str, day: Option<&str>, expected: &str| {
        let settings = ExportSettings::read(settings).unwrap();
        let day = day.map(|day| read_date(day).unwrap());
        let error =
            gocardless(&june(), template.as_bytes(), &settings, day).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", TEMPLATE, None, "gocardless.unit is missing");
    check("[gocardless]\nunit = \"pence\"\n", TEMPLATE, None, "gocardless.match_by is missing");
    check(SETTINGS, &TEMPLATE.replace("mandate.id,", "mandate,"), None, "no column \"mandate.id\"");
    check(
        SETTINGS,
        &TEMPLATE.replace("payment.amount*", "amount"),
        None,
        "no column \"payment.amount\"",
    );
    let full = TEMPLATE.replace("o@example.com,,", "o@example.com,5.00,");
    check(SETTINGS, &full, None, "row 2 has the amount \"5.00\" already");
    check(
        SETTINGS,
        &TEMPLATE.replace("MD0009", "MD0001"),
        None,
        "rows 2 and 3 are both of \"MD0001\"",
    );
    check(
        SETTINGS,
        &TEMPLATE.replace("GBP", "EUR"),
        None,
        "row 3 (Riverside Clinic) is in \"EUR\"",
    );
    check(SETTINGS, TEMPLATE, Some("2026-07-02"), "before the statement was closed on 2026-07-03");
    let one_payer = format!("{SETTINGS}\n[[customers]]\naccount = 2\ngocardless = \"MD0001\"\n");
    check(&one_payer, TEMPLATE, None, "both collected from the payer \"MD0001\"");
    check(SETTINGS, "", None, "it is empty");
    check(SETTINGS, &format!("{TEMPLATE}MD0007\n"), None, "cannot be read as CSV");
}

#[test]
fn only_one_closed_month_is_collected() {
    let vendor = sample();
    let error = |statements: &[Statement]| {
        gocardless(statements, TEMPLATE.as_bytes(), &settings(), None).unwrap_err().to_string()
    };
    let open = error(&[vendor.statement(1, "2026-07")]);
    assert!(open.contains("moves money, so there is no draft of it"), "{open}");
    let two = error(&[vendor.statement(1, "2026-05"), vendor.statement(1, "2026-06")]);
    assert!(two.contains("there are statements of 2026-05 and 2026-06"), "{two}");
}
