//! Amounts in reports that add up over accounts.

use super::Cell;
use crate::money::Currency;
use crate::reports::ReportError;
use serde::Serialize;

/// An amount, for people and for programs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Amount {
    /// In the currency: `105.00`.
    pub amount: String,
    /// In its minor units.
    pub minor: i64,
}

/// What rows in one currency add up to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CurrencyTotal {
    /// The currency.
    pub currency: &'static str,
    /// The sum.
    pub total: Amount,
}

impl Amount {
    pub(crate) fn of(currency: Currency, minor: i64) -> Amount {
        Amount { amount: currency.show(minor), minor }
    }

    pub(super) fn cell(&self) -> Cell {
        Cell::Number(self.amount.clone())
    }
}

/// Adds an amount to a sum.
pub(super) fn add(sum: &mut i64, minor: i64) -> Result<(), ReportError> {
    let too_much = || ReportError::TooMuch { month: "these months".to_owned() };
    *sum = sum.checked_add(minor).ok_or_else(too_much)?;
    Ok(())
}

/// The currency that a statement is in.
pub(super) fn currency(code: &str) -> Result<Currency, ReportError> {
    let why = || format!("{code:?} is no currency");
    let unknown = || ReportError::NoFacts { month: "one of these months".to_owned(), why: why() };
    Currency::parse(code).ok_or_else(unknown)
}
