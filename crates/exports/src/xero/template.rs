//! The headings of Xero's sales-invoice template, as the user downloaded it.
//!
//! A mandatory column's heading begins with an asterisk. Headings are told apart by name, in any order, and written
//! back as they were. A column that this program does not know is left empty, unless it is mandatory.

use crate::{ExportError, table};

/// What goes into a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The customer's name in Xero, which must be exactly that of the contact.
    ContactName,
    /// The customer's e-mail address.
    EmailAddress,
    /// The statement's reference.
    InvoiceNumber,
    /// The vendor's reference of the customer.
    Reference,
    /// The day of closing.
    InvoiceDate,
    /// So many days after it.
    DueDate,
    /// What a charge is for.
    Description,
    /// How many.
    Quantity,
    /// At how much each, without VAT.
    UnitAmount,
    /// The account of the books.
    AccountCode,
    /// The name of the tax rate.
    TaxType,
    /// The line's share of the statement's VAT.
    TaxAmount,
    /// ISO 4217.
    Currency,
    /// What the invoice is to look like.
    BrandingTheme,
    /// Nothing.
    Empty,
}

/// Columns that this program fills, by name, and whether the file cannot do without.
const KNOWN: [(&str, Column, bool); 14] = [
    ("ContactName", Column::ContactName, true),
    ("InvoiceNumber", Column::InvoiceNumber, true),
    ("InvoiceDate", Column::InvoiceDate, true),
    ("DueDate", Column::DueDate, true),
    ("Description", Column::Description, true),
    ("Quantity", Column::Quantity, true),
    ("UnitAmount", Column::UnitAmount, true),
    ("AccountCode", Column::AccountCode, true),
    ("TaxType", Column::TaxType, true),
    ("EmailAddress", Column::EmailAddress, false),
    ("Reference", Column::Reference, false),
    ("TaxAmount", Column::TaxAmount, false),
    ("Currency", Column::Currency, false),
    ("BrandingTheme", Column::BrandingTheme, false),
];

/// Columns that are known and left empty.
const LEFT_EMPTY: [&str; 15] = [
    "POAddressLine1",
    "POAddressLine2",
    "POAddressLine3",
    "POAddressLine4",
    "POCity",
    "PORegion",
    "POPostalCode",
    "POCountry",
    "Total",
    "InventoryItemCode",
    "Discount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
];

/// The template's columns, in its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XeroTemplate {
    columns: Vec<(String, Column)>,
}

impl XeroTemplate {
    /// Reads the first line of the template that the user downloaded from Xero; what follows is not looked at.
    ///
    /// # Errors
    /// [`ExportError::Template`] when a column that the file cannot do without is missing, one stands there
    /// twice, or a mandatory one is not known.
    pub fn read(bytes: &[u8]) -> Result<XeroTemplate, ExportError> {
        let headings = table::headings(WHOSE, bytes)?;
        let refused = |why: String| ExportError::Template { whose: WHOSE, why };
        let mut columns: Vec<(String, Column)> = Vec::new();
        let mut strange = Vec::new();
        for heading in headings {
            let known = KNOWN.iter().find(|(known, ..)| is(&heading, known));
            let empty = LEFT_EMPTY.iter().any(|known| is(&heading, known));
            if known.is_none() && !empty && heading.trim().starts_with('*') {
                strange.push(heading.clone());
            }
            if columns.iter().any(|(other, _)| is(other, name(&heading)) && !name(other).is_empty())
            {
                return Err(refused(format!(
                    "the column {heading:?} stands there twice; download it afresh"
                )));
            }
            columns.push((heading, known.map_or(Column::Empty, |(_, column, _)| *column)));
        }
        let missing: Vec<&str> = KNOWN
            .iter()
            .filter(|(_, column, needed)| *needed && !columns.iter().any(|(_, is)| is == column))
            .map(|(name, ..)| *name)
            .collect();
        match (missing.is_empty(), strange.is_empty()) {
            (true, true) => Ok(XeroTemplate { columns }),
            (false, _) => Err(refused(format!(
                "there is no column {}; download the sales invoice template from Xero (Business, Invoices, Import)",
                missing.join(", ")
            ))),
            (true, false) => Err(refused(format!(
                "the mandatory column {} is not known to this program; fill it in by hand, or report it",
                strange.join(", ")
            ))),
        }
    }

    /// Whether there is a column for it.
    pub fn has(&self, column: Column) -> bool {
        self.columns.iter().any(|(_, is)| *is == column)
    }

    /// The headings as the user's template has them.
    pub(super) fn headings(&self) -> Vec<String> {
        self.columns.iter().map(|(heading, _)| heading.clone()).collect()
    }

    /// A row, each cell by its column.
    pub(super) fn row(
        &self,
        cell: impl Fn(Column) -> Result<String, ExportError>,
    ) -> Result<Vec<String>, ExportError> {
        self.columns.iter().map(|(_, column)| cell(*column)).collect()
    }

    /// What to know about the columns.
    pub(super) fn notes(&self) -> Vec<String> {
        let known = |heading: &str| LEFT_EMPTY.iter().any(|known| is(heading, known));
        let strange =
            self.columns.iter().filter(|(h, column)| *column == Column::Empty && !known(h));
        strange
            .map(|(heading, _)| format!("the column {heading:?} is not known and is left empty"))
            .collect()
    }
}

/// What to call it in messages.
const WHOSE: &str = "Xero";

/// A heading without its asterisk.
fn name(heading: &str) -> &str {
    heading.trim().trim_start_matches('*').trim()
}

fn is(heading: &str, known: &str) -> bool {
    name(heading).eq_ignore_ascii_case(known)
}
