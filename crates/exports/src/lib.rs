//! Statements as files: for the books, for the payment run, for a spreadsheet, for paper.
//!
//! ```text
//!  &[Statement] (reporting) --+                         +--> charges.csv
//!  exports.toml --------------+--> Bill: final, exact --+--> Xero, Sage 50, GoCardless, notices
//!  the user's own template ---+                         +--> workbook (XLSX), page (HTML)
//! ```
//!
//! Pure functions: this crate knows no clock, no disk and no network, and the same statements give the same
//! bytes in whatever order they come. What is exported is checked first ([`ExportError::NotExact`]): a line is
//! quantity times unit, a statement the sum of its lines. A month that can still change is refused unless asked
//! for as a draft. Nothing about other people's books is guessed: codes come from [`ExportSettings`], column
//! headings from the template that the user downloaded. `docs/exports.md` describes every file.

mod bill;
mod cell;
pub mod charges;
pub mod gocardless;
pub mod making;
pub mod notices;
pub mod page;
mod refusal;
pub mod report;
pub mod sage;
pub mod settings;
mod share;
mod table;
pub mod workbook;
pub mod working_days;
pub mod xero;

pub use bill::Finality;
pub use refusal::ExportError;
pub use settings::{ExportSettings, SettingsError};

use reporting::money::Currency;

/// A file to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportFile {
    /// What to call it, without a folder.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A statement that a file has nothing of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The account's name.
    pub account: String,
    /// The statement's reference.
    pub reference: String,
    /// Why.
    pub why: Why,
}

/// Why a statement is not in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It comes to nothing.
    Zero,
    /// Nothing is to be paid: there is so much credit, in minor units of the currency (above 0).
    Credit(i64, Currency),
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (account, reference) = (&self.account, &self.reference);
        match self.why {
            Why::Zero => write!(f, "{account} ({reference}) is left out: it comes to nothing"),
            Why::Credit(minor, currency) => write!(
                f,
                "{account} ({reference}) is left out: nothing is to be paid, there is a credit of {currency} {}",
                currency.show(minor)
            ),
        }
    }
}
