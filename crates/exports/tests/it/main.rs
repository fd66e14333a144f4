//! Files made of the statements of a small ledger, read back and compared.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod books;
mod charges;
mod gocardless;
mod hostile;
mod making;
mod notices;
mod page;
#[cfg(feature = "real-histories")]
mod real_template;
mod sage;
mod settings;
mod workbook;
mod xero;

use exports::ExportFile;
use std::collections::BTreeMap;

/// The rows of a file by their headings.
fn rows(file: &ExportFile) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// An amount with two decimals in minor units.
fn minor(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{amount}");
    format!("{whole}{fraction}").parse().unwrap()
}

fn text(file: &ExportFile) -> &str {
    std::str::from_utf8(&file.bytes).unwrap()
}
