//! Data for advance notices of a Direct Debit: a row for each account from which something is collected.
//!
//! A payer is told the total, every amount that it is made of, the earliest day of collection, how often is
//! collected, and by whom; whoever was told too late gets the money back on demand. Charges are summed by kind, one
//! column each, for a letter to merge; `items` lists every single amount. All columns of amounts together are
//! `total`, which is what is due.

use crate::bill::{Bill, months};
use crate::cell::text;
use crate::gocardless::{nothing_due, payable};
use crate::working_days::Holidays;
use crate::{ExportError, ExportFile, ExportSettings, LeftOut, table};
use reporting::Statement;
use reporting::civil::show_date;
use seats::CivilDate;

/// The headings, in order.
pub const COLUMNS: [&str; 22] = [
    "account",
    "account_name",
    "customer_ref",
    "statement_ref",
    "month",
    "currency",
    "monthly",
    "discount",
    "setup",
    "refund",
    "overdraft",
    "adjustment",
    "vat",
    "credit_brought_forward",
    "total",
    "items",
    "notice_date",
    "working_days",
    "earliest_collection_date",
    "frequency",
    "service_user",
    "contact",
];

/// The charges that have a column, in order.
const CHARGES: [&str; 6] = ["monthly", "discount", "setup", "refund", "overdraft", "adjustment"];

/// What to call the file in messages.
const FILE: &str = "the file of advance notices";

/// Data for advance notices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticesFile {
    /// The data.
    pub file: ExportFile,
    /// The earliest day of collection, for all of them.
    pub earliest: CivilDate,
    /// Statements of which nothing is due.
    pub left_out: Vec<LeftOut>,
}

/// Notices given on a day.
///
/// # Errors
/// When a statement is not closed (there are no drafts of notices), has no amounts, does not add up, or there
/// are two of an account; when the settings do not say who collects and where questions go; when the list of
/// bank holidays was not kept up.
pub fn notices(
    statements: &[Statement],
    settings: &ExportSettings,
    holidays: &Holidays,
    notice_date: CivilDate,
) -> Result<NoticesFile, ExportError> {
    let bills = payable(statements, FILE)?;
    let needed = |value: &Option<String>, key: &str, hint: &str| {
        value.clone().ok_or_else(|| ExportError::MissingSetting {
            key: key.to_owned(),
            file: FILE,
            hint: hint.to_owned(),
        })
    };
    let who = &settings.notices;
    let hint = "write the name that payers read on their bank statement";
    let service_user = needed(&who.service_user, "notices.service_user", hint)?;
    let hint = "write the telephone number or e-mail address where payers ask";
    let contact = needed(&who.contact, "notices.contact", hint)?;
    let earliest = holidays.after(notice_date, who.working_days)?;
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    let mut left_out = Vec::new();
    for bill in &bills {
        if let Some(why) = nothing_due(bill) {
            left_out.push(bill.left_out(why));
            continue;
        }
        let number = bill.statement.account_number;
        let mut row = vec![
            number.to_string(),
            text(bill.account()),
            text(&settings.called(number, bill.account()).reference),
            bill.reference.clone(),
            bill.statement.month.clone(),
            bill.currency.code().to_owned(),
        ];
        row.extend(amounts(bill)?.map(|minor| bill.show(minor)));
        row.extend([
            text(&items(bill)),
            show_date(notice_date),
            who.working_days.to_string(),
            show_date(earliest),
            text(&who.frequency),
            text(&service_user),
            text(&contact),
        ]);
        rows.push(row);
    }
    let name = format!("notices-{}.csv", months(&bills));
    Ok(NoticesFile { file: table::file(name, rows)?, earliest, left_out })
}

/// The charges by kind, VAT, credit brought forward, and their sum, which is what is due.
fn amounts(bill: &Bill) -> Result<[i64; 9], ExportError> {
    let of = |charge: &str| {
        let lines = bill.statement.lines.iter().filter(|line| line.charge == charge);
        lines.fold(0_i64, |sum, line| sum.saturating_add(line.net_minor))
    };
    let [monthly, discount, setup, refund, overdraft, adjustment] = CHARGES.map(of);
    let (vat, carried) = (bill.vat(), bill.sums.carried_in_minor);
    let parts = [monthly, discount, setup, refund, overdraft, adjustment, vat, carried];
    let total = parts.iter().fold(0_i64, |sum, part| sum.saturating_add(*part));
    if total != bill.sums.due_minor {
        return Err(ExportError::NotExact {
            account: bill.account().to_owned(),
            month: bill.statement.month.clone(),
            what: format!("the charges by kind come to {total}, due is {}", bill.sums.due_minor),
        });
    }
    Ok([monthly, discount, setup, refund, overdraft, adjustment, vat, carried, total])
}

/// Every amount with what it is for.
fn items(bill: &Bill) -> String {
    let lines = bill.statement.lines.iter();
    let mut items: Vec<String> =
        lines.map(|line| format!("{}: {}", line.what, bill.show(line.net_minor))).collect();
    if let Some(vat) = &bill.sums.vat {
        items.push(format!("VAT at {}%: {}", vat.rate, bill.show(vat.amount_minor)));
    }
    if bill.sums.carried_in_minor != 0 {
        let carried = bill.show(bill.sums.carried_in_minor);
        items.push(format!("Credit from the month before: {carried}"));
    }
    items.join("; ")
}
