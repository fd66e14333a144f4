//! Sales invoices for Xero: the columns of the template that the user downloaded, in its order.
//!
//! A statement is an invoice, its charges are the invoice's lines, amounts are without VAT (choose *Tax Exclusive* on
//! import). Xero works out the tax of each line by itself; where the template has `TaxAmount`, each line says the
//! share of the statement's VAT, so that the invoice comes to the statement's gross. A file holds at most 500
//! invoices. Statements below zero are credit notes: they stand in files of their own, amounts negative, for Xero
//! takes an invoice with a negative total for a credit note; whoever prefers enters them by hand. Those that come
//! to nothing are left out.
//!
//! What a customer has in credit from the month before is no line: in the books the credit note of that month
//! is still there to be set against the invoice.

mod template;

pub use template::{Column, XeroTemplate};

use crate::bill::{Bill, Finality, months};
use crate::cell::{at_most, british, one_line, text};
use crate::settings::{Called, XeroSettings};
use crate::{ExportError, ExportFile, ExportSettings, LeftOut, Why, table};
use reporting::Statement;
use reporting::statement::LineRow;
use seats::CivilDate;

/// How many invoices a file holds.
pub const INVOICES_MAX: usize = 500;

/// How many characters Xero takes in a name or number.
const NAME_CHARS_MAX: usize = 255;

/// What to call these files in messages.
const FILE: &str = "the Xero file";

/// Sales invoices as Xero takes them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XeroFiles {
    /// Invoices, at most 500 in each file.
    pub invoices: Vec<ExportFile>,
    /// Statements below zero, likewise. To be looked at before they are imported.
    pub credit_notes: Vec<ExportFile>,
    /// Statements that come to nothing.
    pub left_out: Vec<LeftOut>,
    /// What to know before importing: columns left empty, names that were changed.
    pub notes: Vec<String>,
}

/// These statements as sales invoices.
///
/// # Errors
/// When a statement is not final (unless drafts are asked for), has no amounts, does not add up or was given
/// twice; when a code is missing in the settings; when a name is too long for Xero; when the template has no
/// column for the currency and the books are in another.
pub fn xero(
    statements: &[Statement],
    template: &XeroTemplate,
    settings: &ExportSettings,
    finality: Finality,
) -> Result<XeroFiles, ExportError> {
    let bills = Bill::all(statements, finality)?;
    let mut left_out = Vec::new();
    let mut notes = template.notes();
    let (mut invoices, mut credit_notes) = (Vec::new(), Vec::new());
    for bill in &bills {
        if bill.sums.gross_minor == 0 && bill.sums.net_minor == 0 {
            left_out.push(bill.left_out(Why::Zero));
            continue;
        }
        let rows = rows(bill, template, settings)?;
        let contact = settings.called(bill.statement.account_number, bill.account()).contact;
        if text(&contact) != contact {
            notes.push(format!(
                "{}: the contact {contact:?} is written as {:?}, so that no spreadsheet takes it for a formula; \
                 Xero makes a new contact of it unless one is called so",
                bill.account(),
                text(&contact)
            ));
        }
        match bill.sums.gross_minor < 0 {
            true => credit_notes.push(rows),
            false => invoices.push(rows),
        }
    }
    let months = months(&bills);
    Ok(XeroFiles {
        invoices: files(&format!("xero-invoices-{months}"), template, invoices)?,
        credit_notes: files(&format!("xero-credit-notes-{months}"), template, credit_notes)?,
        left_out,
        notes,
    })
}

/// Files of at most 500 invoices each.
fn files(
    name: &str,
    template: &XeroTemplate,
    invoices: Vec<Vec<Vec<String>>>,
) -> Result<Vec<ExportFile>, ExportError> {
    let parts: Vec<_> = invoices.chunks(INVOICES_MAX).collect();
    let of = parts.len();
    let file = |(number, part): (usize, &&[Vec<Vec<String>>])| {
        let name = match of {
            1 => format!("{name}.csv"),
            _ => format!("{name}-{number}-of-{of}.csv"),
        };
        let rows = part.iter().flatten().cloned();
        table::file(name, std::iter::once(template.headings()).chain(rows))
    };
    (1..).zip(&parts).map(file).collect()
}

/// What is the same in all lines of an invoice.
struct Invoice<'a> {
    bill: &'a Bill<'a>,
    settings: &'a XeroSettings,
    called: Called,
    number: String,
    due: CivilDate,
    tax_type: String,
}

fn rows(
    bill: &Bill,
    template: &XeroTemplate,
    settings: &ExportSettings,
) -> Result<Vec<Vec<String>>, ExportError> {
    if !template.has(Column::Currency) && bill.currency != settings.currency {
        return Err(ExportError::OtherCurrency {
            account: bill.account().to_owned(),
            currency: bill.currency.code().to_owned(),
            file: "a template without the column Currency",
            expected: settings.currency.code().to_owned(),
        });
    }
    let invoice = Invoice {
        bill,
        settings: &settings.xero,
        called: called(bill, settings)?,
        number: format!("{}{}", bill.reference, if bill.draft { "-DRAFT" } else { "" }),
        due: settings.due_or_usual(bill.dated),
        tax_type: tax_type(bill, &settings.xero)?,
    };
    let taxes = bill.taxes()?;
    let lines = bill.statement.lines.iter().zip(taxes);
    lines.map(|(line, tax)| template.row(|column| invoice.cell(column, line, tax))).collect()
}

/// What the customer is called, which must not be too long.
fn called(bill: &Bill, settings: &ExportSettings) -> Result<Called, ExportError> {
    let called = settings.called(bill.statement.account_number, bill.account());
    let too_long = called.contact.chars().count() > NAME_CHARS_MAX;
    let (wrong, field) = match called.contact.trim() {
        "" => ("is empty".to_owned(), "*ContactName"),
        _ if too_long => (format!("has more than {NAME_CHARS_MAX} characters"), "*ContactName"),
        _ if called.reference.chars().count() > NAME_CHARS_MAX => {
            (format!("has more than {NAME_CHARS_MAX} characters"), "Reference")
        }
        _ => return Ok(called),
    };
    Err(ExportError::Field {
        account: bill.account().to_owned(),
        field,
        value: if field == "Reference" { called.reference } else { called.contact },
        wrong,
        out: "write contact and reference under [[customers]] in exports.toml".to_owned(),
    })
}

fn tax_type(bill: &Bill, settings: &XeroSettings) -> Result<String, ExportError> {
    match &bill.sums.vat {
        Some(vat) => Ok(settings.tax_types.get(&vat.code).unwrap_or(&vat.code).clone()),
        None => settings.no_vat.clone().ok_or_else(|| ExportError::MissingSetting {
            key: "xero.no_vat".to_owned(),
            file: FILE,
            hint: "write the name of the tax rate in Xero for plans that work out no VAT, such as \"No VAT\""
                .to_owned(),
        }),
    }
}

impl Invoice<'_> {
    fn cell(
        &self,
        column: Column,
        line: &LineRow,
        tax: Option<i64>,
    ) -> Result<String, ExportError> {
        let bill = self.bill;
        Ok(match column {
            Column::ContactName => text(&self.called.contact),
            Column::EmailAddress => text(&self.called.email),
            Column::InvoiceNumber => self.number.clone(),
            Column::Reference => text(&self.called.reference),
            Column::InvoiceDate => british(bill.dated),
            Column::DueDate => british(self.due),
            Column::Description => {
                let draft = if bill.draft { "DRAFT: " } else { "" };
                text(&at_most(&one_line(&format!("{draft}{}", line.what)), 4_000))
            }
            Column::Quantity => line.quantity.to_string(),
            Column::UnitAmount => bill.show(line.unit_minor),
            Column::AccountCode => {
                let codes = &self.settings.account_codes;
                codes.of(&line.charge, "xero.account_codes", FILE)?.to_owned()
            }
            Column::TaxType => text(&self.tax_type),
            Column::TaxAmount => tax.map(|tax| bill.show(tax)).unwrap_or_default(),
            Column::Currency => bill.currency.code().to_owned(),
            Column::BrandingTheme => text(self.settings.branding_theme.as_deref().unwrap_or("")),
            Column::Empty => String::new(),
        })
    }
}
