//! The template that Xero gives its users. It is no part of the product: `SEATLEDGER_SHARED` names the folder, and
//! without it this test fails rather than pass unseen.

use crate::books::{sample, settings, statements};
use crate::{minor, rows};
use exports::Finality;
use exports::xero::{XeroTemplate, xero};
use std::path::PathBuf;

#[test]
fn invoices_in_xeros_own_template() {
    let Some(shared) = std::env::var_os("SEATLEDGER_SHARED") else {
        panic!("SEATLEDGER_SHARED is not set: it names the folder that holds data/accounting");
    };
    let path = PathBuf::from(shared).join("data/accounting/xero_SalesInvoiceTemplate.csv");
    let template = std::fs::read(path).unwrap();
    let read = XeroTemplate::read(&template).unwrap();
    let statements = statements(&sample(), "2026-05");
    let files = xero(&statements, &read, &settings(), Finality::Closed).unwrap();
    let [invoices] = files.invoices.as_slice() else { panic!("{:?}", files.invoices) };
    let headings = |bytes: &[u8]| {
        let mut reader = csv::Reader::from_reader(bytes);
        reader.headers().unwrap().iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(headings(&invoices.bytes), headings(&template));
    assert_eq!(headings(&template).len(), 29);
    let sum = |number: &str| -> i64 {
        let rows = rows(invoices);
        let lines = rows.iter().filter(|row| row["*InvoiceNumber"] == number);
        let line = |row: &std::collections::BTreeMap<String, String>| {
            let tax = if row["TaxAmount"].is_empty() { 0 } else { minor(&row["TaxAmount"]) };
            row["*Quantity"].parse::<i64>().unwrap() * minor(&row["*UnitAmount"]) + tax
        };
        lines.map(line).sum()
    };
    for statement in statements.iter().filter(|one| one.account_number != 3) {
        let gross = statement.sums.as_ref().unwrap().gross_minor;
        assert_eq!(sum(&format!("2605000{}", statement.account_number)), gross);
    }
    assert!(files.notes.len() == 1, "no column is strange: {:?}", files.notes);
}
