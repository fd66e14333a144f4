//! Audit-trail transactions for Sage 50 (UK): a row for each charge, `SI` for what is owed, `SC` for what is credited.
//!
//! Sage imports no invoices; it imports transactions, whose amounts are never negative and whose VAT is taken as it
//! stands. So the statement's VAT, rounded once, is divided among the rows that they add up to it. A charge below
//! zero (a discount, an adjustment) is an `SC` row beside the statement's `SI` rows. Details are cut to 60 characters
//! of ASCII; the whole text is in `charges.csv`.

use crate::bill::{Bill, Finality, months};
use crate::cell::{ascii, at_most, british, one_line, text};
use crate::{ExportError, ExportFile, ExportSettings, LeftOut, Why, table};
use reporting::Statement;
use reporting::statement::LineRow;

/// The headings, in the order in which Sage has them.
pub const COLUMNS: [&str; 13] = [
    "Type",
    "Account Reference",
    "Nominal A/C Ref",
    "Department Code",
    "Date",
    "Reference",
    "Details",
    "Net Amount",
    "Tax Code",
    "Tax Amount",
    "Exchange Rate",
    "Extra Reference",
    "User Name",
];

/// How many characters Sage takes of an account's or a transaction's reference.
const REFERENCE_CHARS_MAX: usize = 8;
/// How many characters Sage takes of details.
const DETAILS_CHARS_MAX: usize = 60;

/// What to call the file in messages.
const FILE: &str = "the Sage file";

/// Transactions as Sage takes them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SageFile {
    /// The transactions.
    pub file: ExportFile,
    /// Sums in minor units of the books' currency: what is owed less what is credited, without and with VAT.
    pub net_minor: i64,
    /// With VAT.
    pub gross_minor: i64,
    /// Statements that come to nothing.
    pub left_out: Vec<LeftOut>,
}

/// These statements as audit-trail transactions.
///
/// # Errors
/// When a statement is not final (unless drafts are asked for), has no amounts, does not add up or was given
/// twice; when its currency is not that of the books; when a code is missing in the settings or a reference is
/// not one that Sage takes.
pub fn sage(
    statements: &[Statement],
    settings: &ExportSettings,
    finality: Finality,
) -> Result<SageFile, ExportError> {
    let bills = Bill::all(statements, finality)?;
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    let mut left_out = Vec::new();
    let (mut net_minor, mut gross_minor) = (0_i64, 0_i64);
    for bill in &bills {
        if bill.sums.gross_minor == 0 && bill.sums.net_minor == 0 {
            left_out.push(bill.left_out(Why::Zero));
            continue;
        }
        rows.extend(rows_of(bill, settings)?);
        net_minor = net_minor.saturating_add(bill.sums.net_minor);
        gross_minor = gross_minor.saturating_add(bill.sums.gross_minor);
    }
    let name = format!("sage-{}.csv", months(&bills));
    Ok(SageFile { file: table::file(name, rows)?, net_minor, gross_minor, left_out })
}

fn rows_of(bill: &Bill, settings: &ExportSettings) -> Result<Vec<Vec<String>>, ExportError> {
    if bill.currency != settings.currency {
        return Err(ExportError::OtherCurrency {
            account: bill.account().to_owned(),
            currency: bill.currency.code().to_owned(),
            file: FILE,
            expected: settings.currency.code().to_owned(),
        });
    }
    let account = settings.called(bill.statement.account_number, bill.account()).sage_account;
    let account = reference(bill, "Account Reference", &account)?;
    let number = reference(bill, "Reference", &bill.reference)?;
    let tax_code = tax_code(bill, settings)?;
    let owed = bill.statement.lines.iter().zip(bill.taxes()?);
    let row = |(line, tax): (&LineRow, Option<i64>)| {
        let kind = if line.net_minor < 0 { "SC" } else { "SI" };
        let nominal = settings.sage.nominal_codes.of(&line.charge, "sage.nominal_codes", FILE)?;
        let draft = if bill.draft { "DRAFT " } else { "" };
        let details = format!("{draft}{}", line.what);
        Ok(vec![
            kind.to_owned(),
            account.clone(),
            nominal.to_owned(),
            settings.sage.department.clone(),
            british(bill.dated),
            number.clone(),
            text(&at_most(&ascii(&one_line(&details)), DETAILS_CHARS_MAX)),
            positive(bill, line.net_minor),
            tax_code.clone(),
            positive(bill, tax.unwrap_or(0)),
            "1".to_owned(),
            bill.statement.month.clone(),
            String::new(),
        ])
    };
    owed.filter(|(line, _)| line.net_minor != 0).map(row).collect()
}

/// An amount without its sign, which the row's type says.
fn positive(bill: &Bill, minor: i64) -> String {
    bill.show(minor).trim_start_matches('-').to_owned()
}

/// A reference that Sage takes: up to eight letters and digits.
fn reference(bill: &Bill, field: &'static str, value: &str) -> Result<String, ExportError> {
    let upper = value.to_ascii_uppercase();
    let plain = !upper.is_empty() && upper.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && upper.len() <= REFERENCE_CHARS_MAX {
        return Ok(upper);
    }
    Err(ExportError::Field {
        account: bill.account().to_owned(),
        field,
        value: value.to_owned(),
        wrong: format!("is not up to {REFERENCE_CHARS_MAX} letters and digits, which Sage takes"),
        out: "write sage_account under [[customers]] in exports.toml".to_owned(),
    })
}

fn tax_code(bill: &Bill, settings: &ExportSettings) -> Result<String, ExportError> {
    let (key, hint, code) = match &bill.sums.vat {
        Some(vat) => (
            format!("sage.tax_codes.{:?}", vat.code),
            "write the tax code of Sage for this rate, such as \"T1\"",
            settings.sage.tax_codes.get(&vat.code),
        ),
        None => (
            "sage.no_vat".to_owned(),
            "write the tax code of Sage for plans that work out no VAT, such as \"T9\"",
            settings.sage.no_vat.as_ref(),
        ),
    };
    let missing = || ExportError::MissingSetting { key, file: FILE, hint: hint.to_owned() };
    code.cloned().ok_or_else(missing)
}
