//! `exports.toml`: what is wrong is named with its line.

use crate::books::SETTINGS;
use exports::ExportSettings;
use exports::settings::{Named, Unit};

#[test]
fn settings_that_are_good() {
    let settings = ExportSettings::read(SETTINGS).unwrap();
    assert_eq!(settings.due_days, Some(14));
    assert_eq!(settings.gocardless.unit, Some(Unit::Pounds));
    assert_eq!(settings.xero.account_codes.by_charge["setup"], "201");
    let hillside = &settings.customers[&Named::Name("Hillside Surgery".to_owned())];
    assert_eq!(hillside.reference.as_deref(), Some("HILL"));
    let none = ExportSettings::read("").unwrap();
    assert_eq!((none.due_days, none.currency.code()), (None, "GBP"));
    assert_eq!((none.notices.working_days, &*none.sage.department), (10, "0"));
}

#[test]
fn settings_that_are_not() {
    let check = |text: &str, expected: &str| {
        let error = ExportSettings::read(text).unwrap_err().to_string();
        assert!(
            error.starts_with("exports.toml, line ") && error.contains(expected),
            "{text}\n{error}"
        );
    };
    check("due_days = 14\ndue_day = 3\n", "line 2: unknown field `due_day`");
    check("[xero]\n\nno_vta = \"x\"\n", "line 3: unknown field `no_vta`");
    check(
        "[xero.account_codes]\nmonthly = \"200\"\nsetups = \"1\"\n",
        "line 3: unknown field `setups`",
    );
    check("[sage]\nnominal_codes = { monthly = 4000 }\n", "line 2: invalid type: integer `4000`");
    check("due_days = 367\n", "line 1: due_days: 367 is not from 0 to 366");
    check("\ncurrency = \"GPB\"\n", "line 2: currency: \"GPB\" is no currency");
    check(
        "[sage.nominal_codes]\nmonthly = \"123456789\"\n",
        "line 2: nominal_codes.monthly: \"123456789\" is not up to 8",
    );
    check("[sage]\nno_vat = \"T 9\"\n", "no_vat: \"T 9\" is not up to 3 letters and digits");
    check("[gocardless]\nunit = \"pounds and pence\"\n", "line 2: unknown variant");
    check("[notices]\nworking_days = 0\n", "line 2: working_days: 0 is not from 1 to 60");
    check("[branding]\ncolour = \"red; }\"\n", "line 2: colour: \"red; }\" is no colour");
    check("[branding]\nname = \"  \"\n", "line 2: name: \"  \": it is empty");
    check("[branding]\nfooter = \"a\\nb\"\n", "line 2: footer: \"a\\nb\": it has a line break");
    check("[[customers]]\naccount = 1.5\n", "write its number, or its name in quotes");
    check(
        "[[customers]]\naccount = 1\n[[customers]]\naccount = 1\n",
        "line 3: customers: account 1 stands there twice",
    );
    check(
        "[[customers]]\naccount = 1\nsage_account = \"A B\"\n",
        "line 3: sage_account: \"A B\" is not up to 8",
    );
    check("due_days = \n", "line 1");
}

/// The page describes what there is: its example is accepted, its columns are the files'.
#[test]
fn the_document_is_right() {
    let page = include_str!("../../../../docs/exports.md");
    let (_, example) = page.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let settings = ExportSettings::read(example).unwrap();
    assert_eq!(settings.customers[&Named::Number(3)].gocardless.as_deref(), Some("MD000123"));
    let columns: [&[&str]; 3] =
        [&exports::charges::COLUMNS, &exports::sage::COLUMNS, &exports::notices::COLUMNS];
    for columns in columns {
        assert!(page.contains(&format!("`{}`", columns.join(", "))), "{columns:?}");
    }
}
