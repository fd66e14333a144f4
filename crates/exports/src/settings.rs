//! What a vendor's own books are like: `exports.toml`. Its keys and their meaning stand in `docs/exports.md`.
//!
//! An unknown key is an error, named with its line. Nothing that posts money to an account of the books has a
//! default: what is needed and not there is named when a file needs it.

mod file;

use crate::ExportError;
use reporting::money::Currency;
use seats::CivilDate;
use std::collections::BTreeMap;

/// After how many days an invoice is due for which the settings name none.
pub const DUE_DAYS: u32 = 14;

/// A file of settings that is not accepted. Whoever wrote it mends it at the place named.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("exports.toml, line {line}: {reason}")]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, with the key and the value.
    pub reason: String,
}

/// Codes of the books by kind of charge.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Codes {
    /// By charge: `monthly`, `discount`, `setup`, `refund`, `overdraft`, `adjustment`, or `default` for all others.
    pub by_charge: BTreeMap<String, String>,
}

/// What Xero is told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct XeroSettings {
    /// `*AccountCode` by charge.
    pub account_codes: Codes,
    /// `*TaxType` by the plan's VAT code; where it has none, the plan's code itself.
    pub tax_types: BTreeMap<String, String>,
    /// `*TaxType` where the plan works out no VAT.
    pub no_vat: Option<String>,
    /// `BrandingTheme`.
    pub branding_theme: Option<String>,
}

/// What Sage 50 is told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SageSettings {
    /// Nominal codes by charge.
    pub nominal_codes: Codes,
    /// Tax codes, such as `T1`, by the plan's VAT code.
    pub tax_codes: BTreeMap<String, String>,
    /// Tax code where the plan works out no VAT.
    pub no_vat: Option<String>,
    /// The department; `0` is none.
    pub department: String,
}

/// In which unit GoCardless reads the amounts of its template.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Pounds, or whatever the currency's whole unit is: `172.20`.
    Pounds,
    /// Pence, or whatever the currency's minor unit is: `17220`.
    Pence,
}

/// How a GoCardless template is filled in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GoCardlessSettings {
    /// In which unit its amounts are.
    pub unit: Option<Unit>,
    /// The column by which a payer is found, such as `mandate.id`.
    pub match_by: Option<String>,
}

/// What advance notices of a Direct Debit say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeSettings {
    /// Who collects, as it stands on bank statements.
    pub service_user: Option<String>,
    /// Where questions go.
    pub contact: Option<String>,
    /// How often is collected.
    pub frequency: String,
    /// How many working days lie between notice and collection.
    pub working_days: u32,
}

/// What the printed statement looks like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branding {
    /// Whose statement it is.
    pub name: String,
    /// Their address, line by line.
    pub address: Vec<String>,
    /// Where questions go.
    pub contact: Option<String>,
    /// The colour of rules and headings, as `#1f4e5f`.
    pub colour: String,
    /// How is paid, in a sentence or two; it stands below the amount.
    pub payment: Option<String>,
    /// What stands below everything.
    pub footer: Option<String>,
}

/// By what a customer is named in the settings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Named {
    /// By the account's number.
    Number(u64),
    /// By the account's name.
    Name(String),
}

/// What other programs call an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Its contact in Xero; the account's name if not said.
    pub contact: Option<String>,
    /// Its e-mail address in Xero, if Xero is to be told one.
    pub email: Option<String>,
    /// The vendor's reference of it; `A` and the account's number if not said.
    pub reference: Option<String>,
    /// Its account in Sage, up to 8 characters; the reference if not said.
    pub sage_account: Option<String>,
    /// What stands in the column of the GoCardless template by which it is found; the reference if not said.
    pub gocardless: Option<String>,
}

/// `exports.toml`, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportSettings {
    /// An invoice is due so many days after the closing; `None`: nothing is said, see [`DUE_DAYS`].
    pub due_days: Option<u32>,
    /// The currency of the books.
    pub currency: Currency,
    /// For Xero.
    pub xero: XeroSettings,
    /// For Sage 50.
    pub sage: SageSettings,
    /// For GoCardless.
    pub gocardless: GoCardlessSettings,
    /// For advance notices.
    pub notices: NoticeSettings,
    /// For printed statements.
    pub branding: Branding,
    /// What accounts are called.
    pub customers: BTreeMap<Named, Customer>,
}

/// What other programs call an account, with all defaults.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Called {
    pub(crate) contact: String,
    pub(crate) email: String,
    pub(crate) reference: String,
    pub(crate) sage_account: String,
    pub(crate) gocardless: String,
}

impl ExportSettings {
    /// Reads `exports.toml`. An empty text is one, with all defaults.
    ///
    /// # Errors
    /// [`SettingsError`] with the line, for anything that is unknown, misspelled or out of range.
    pub fn read(text: &str) -> Result<ExportSettings, SettingsError> {
        file::read(text)
    }

    /// The day on which is due what was closed on another; `None`: the settings do not say.
    pub(crate) fn due(&self, closed: CivilDate) -> Option<CivilDate> {
        self.due_days.map(|days| after(closed, days))
    }

    /// The same for a file that cannot be without such a day.
    pub(crate) fn due_or_usual(&self, closed: CivilDate) -> CivilDate {
        after(closed, self.due_days.unwrap_or(DUE_DAYS))
    }

    /// What other programs call an account. An entry by number goes before one by name.
    pub(crate) fn called(&self, number: u64, name: &str) -> Called {
        let by_name = || self.customers.get(&Named::Name(name.to_owned()));
        let found = self.customers.get(&Named::Number(number)).or_else(by_name);
        let said = |field: fn(&Customer) -> &Option<String>| found.and_then(|c| field(c).clone());
        let reference =
            said(|customer| &customer.reference).unwrap_or_else(|| format!("A{number}"));
        Called {
            contact: said(|customer| &customer.contact).unwrap_or_else(|| name.to_owned()),
            email: said(|customer| &customer.email).unwrap_or_default(),
            sage_account: said(|c| &c.sage_account).unwrap_or_else(|| reference.clone()),
            gocardless: said(|customer| &customer.gocardless).unwrap_or_else(|| reference.clone()),
            reference,
        }
    }
}

fn after(day: CivilDate, days: u32) -> CivilDate {
    CivilDate(day.0.saturating_add(i32::try_from(days).unwrap_or(i32::MAX)))
}

impl Codes {
    /// The code of a charge.
    pub(crate) fn of(
        &self,
        charge: &str,
        table: &str,
        file: &'static str,
    ) -> Result<&str, ExportError> {
        let code = self.by_charge.get(charge).or_else(|| self.by_charge.get("default"));
        code.map(String::as_str).ok_or_else(|| ExportError::MissingSetting {
            key: format!("{table}.{charge}"),
            file,
            hint: format!(
                "write the code of your books for it, or {table}.default for all charges"
            ),
        })
    }
}
