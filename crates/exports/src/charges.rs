//! `charges.csv`: every charge of every statement, one a row. What the other files say follows from it.
//!
//! `quantity x unit_amount = net_amount` in every row, exactly. Dates are ISO 8601, amounts plain decimals with the
//! currency's own number of decimals. The last column says of each row whether it is final: `closed` or `DRAFT`.

use crate::bill::{Bill, Finality, months};
use crate::cell::text;
use crate::{ExportError, ExportFile, ExportSettings, table};
use reporting::Statement;
use reporting::civil::show_date;
use reporting::statement::{LineRow, Standing};

/// The headings, in order.
pub const COLUMNS: [&str; 21] = [
    "statement_ref",
    "account_ref",
    "account_name",
    "period_start",
    "period_end",
    "line_no",
    "kind",
    "description",
    "quantity",
    "unit_amount",
    "net_amount",
    "currency",
    "tax_code",
    "adjusts_period",
    "plan_version",
    "days_in_month",
    "licence_days",
    "first_position",
    "last_position",
    "statement_blake3",
    "status",
];

/// Every charge of these statements.
///
/// # Errors
/// When a statement is not final (unless drafts are asked for), has no amounts, does not add up, or was given
/// twice.
pub fn charges(
    statements: &[Statement],
    settings: &ExportSettings,
    finality: Finality,
) -> Result<ExportFile, ExportError> {
    let bills = Bill::all(statements, finality)?;
    let heading = COLUMNS.map(str::to_owned).to_vec();
    let rows = bills.iter().flat_map(|bill| {
        (1..).zip(&bill.statement.lines).map(|(number, line)| row(bill, number, line, settings))
    });
    let name = format!("charges-{}.csv", months(&bills));
    table::file(name, std::iter::once(heading).chain(rows))
}

fn row(bill: &Bill, number: u32, line: &LineRow, settings: &ExportSettings) -> Vec<String> {
    let statement = bill.statement;
    let position = |position: Option<&u64>| position.map_or_else(String::new, u64::to_string);
    let called = settings.called(statement.account_number, bill.account());
    let digest = match &statement.standing {
        Standing::Closed { digest, .. } => digest.clone(),
        Standing::Open | Standing::Provisional => String::new(),
    };
    let days: u64 = statement.days.iter().map(|row| row.days).sum();
    vec![
        bill.reference.clone(),
        text(&called.reference),
        text(bill.account()),
        show_date(bill.month.first_day()),
        show_date(bill.last_day()),
        number.to_string(),
        text(&line.charge),
        text(&line.what),
        line.quantity.to_string(),
        bill.show(line.unit_minor),
        bill.show(line.net_minor),
        bill.currency.code().to_owned(),
        text(bill.sums.vat.as_ref().map_or("", |vat| &vat.code)),
        line.adjusts.clone().unwrap_or_default(),
        plan_version(bill),
        days.to_string(),
        statement.licence_days.to_string(),
        position(line.commits.iter().min()),
        position(line.commits.iter().max()),
        digest,
        if bill.draft { "DRAFT" } else { "closed" }.to_owned(),
    ]
}

/// The plan's name and the beginning of its digest: a file that was changed is another plan.
fn plan_version(bill: &Bill) -> String {
    let digest = bill.plan.digest.get(..16).unwrap_or(&bill.plan.digest);
    text(&format!("{} {digest}", bill.plan.name))
}
