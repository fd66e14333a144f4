//! A statement that may be exported: final, exact, with a reference and a date.
//!
//! The reference is `YYMM` and the account's number in base 36, four digits or more: `26050003` for account 3 in
//! May 2026. It never has more than eight characters for the first 1,679,615 accounts, which is what old versions
//! of Sage take.

use crate::{ExportError, LeftOut, Why, share};
use reporting::Statement;
use reporting::civil::{Month, Zone};
use reporting::money::{Currency, read_share};
use reporting::statement::{LineRow, PlanTold, Standing, Sums};
use seats::CivilDate;

/// Which months may be exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finality {
    /// Closed ones, which never change.
    Closed,
    /// Also those that can still change; every file says so.
    Drafts,
}

/// A statement that may be exported.
#[derive(Clone, Debug)]
pub(crate) struct Bill<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) plan: &'a PlanTold,
    pub(crate) sums: &'a Sums,
    pub(crate) currency: Currency,
    pub(crate) zone: Zone,
    pub(crate) month: Month,
    pub(crate) reference: String,
    /// It can still change.
    pub(crate) draft: bool,
    /// The day on which it was closed, in the account's zone; of a draft the first day after the month.
    pub(crate) dated: CivilDate,
}

impl<'a> Bill<'a> {
    /// The statements, checked, by month and account.
    pub(crate) fn all(
        statements: &'a [Statement],
        finality: Finality,
    ) -> Result<Vec<Bill<'a>>, ExportError> {
        let bills = statements.iter().map(|statement| Bill::of(statement, finality));
        let mut bills = bills.collect::<Result<Vec<_>, _>>()?;
        bills.sort_by_key(|bill| (bill.month, bill.statement.account_number));
        for (one, next) in bills.iter().zip(bills.iter().skip(1)) {
            if one.reference == next.reference && one.month == next.month {
                let (account, month) = (one.account().to_owned(), one.statement.month.clone());
                return Err(ExportError::Twice { account, month });
            }
        }
        Ok(bills)
    }

    fn of(statement: &'a Statement, finality: Finality) -> Result<Bill<'a>, ExportError> {
        let (account, month) = (statement.account.clone(), statement.month.clone());
        let zone = Zone::parse(statement.provenance.time_zone)?;
        let read = Month::read(&statement.month)?;
        let (draft, dated) = match (&statement.standing, finality) {
            (Standing::Closed { closed_at, .. }, _) => (false, zone.date_of(closed_at.0)),
            (_, Finality::Drafts) => (true, read.next_first_day()),
            (Standing::Provisional, _) => {
                return Err(ExportError::NotClosed { account, month, standing: "not over" });
            }
            (Standing::Open, _) => {
                return Err(ExportError::NotClosed { account, month, standing: "not closed" });
            }
        };
        let (Some(plan), Some(sums)) = (&statement.plan, &statement.sums) else {
            return Err(ExportError::NoAmounts { account, month });
        };
        let unknown = || ExportError::UnknownCurrency {
            account: account.clone(),
            currency: plan.currency.to_owned(),
        };
        let currency = Currency::parse(plan.currency).ok_or_else(unknown)?;
        let bill = Bill {
            reference: reference(&statement.month, statement.account_number),
            month: read,
            statement,
            plan,
            sums,
            currency,
            zone,
            draft,
            dated,
        };
        match bill.inexact() {
            None => Ok(bill),
            Some(what) => Err(ExportError::NotExact { account, month, what }),
        }
    }

    /// What does not add up.
    fn inexact(&self) -> Option<String> {
        for (number, line) in (1..).zip(&self.statement.lines) {
            if product(line) != i128::from(line.net_minor) {
                let (quantity, unit, net) = (line.quantity, line.unit_minor, line.net_minor);
                return Some(format!("line {number}: {quantity} x {unit} is not {net}"));
            }
        }
        let sum = |amounts: &[i64]| amounts.iter().map(|minor| i128::from(*minor)).sum::<i128>();
        let nets: Vec<i64> = self.statement.lines.iter().map(|line| line.net_minor).collect();
        let sums = self.sums;
        let checks = [
            ("the lines' sum", sum(&nets), "net", sums.net_minor),
            ("net and VAT", sum(&[sums.net_minor, self.vat()]), "gross", sums.gross_minor),
            (
                "gross and what is carried in",
                sum(&[sums.gross_minor, sums.carried_in_minor]),
                "what is due and carried out",
                sums.due_minor.saturating_add(sums.carried_out_minor),
            ),
        ];
        let wrong = checks.iter().find(|(_, one, _, other)| *one != i128::from(*other));
        wrong.map(|(what, one, other, is)| format!("{what} ({one}) is not {other} ({is})"))
    }

    pub(crate) fn account(&self) -> &str {
        &self.statement.account
    }

    /// Value added tax in minor units; 0 if none is worked out.
    pub(crate) fn vat(&self) -> i64 {
        self.sums.vat.as_ref().map_or(0, |vat| vat.amount_minor)
    }

    /// The VAT line by line, adding up to the statement's; `None` where none is worked out.
    pub(crate) fn taxes(&self) -> Result<Vec<Option<i64>>, ExportError> {
        let nets: Vec<i64> = self.statement.lines.iter().map(|line| line.net_minor).collect();
        let Some(vat) = &self.sums.vat else { return Ok(vec![None; nets.len()]) };
        let rate = read_share(&vat.rate).ok();
        let shares = rate.and_then(|rate| share::tax(&nets, rate, vat.amount_minor));
        let shares = shares.ok_or_else(|| ExportError::NotExact {
            account: self.account().to_owned(),
            month: self.statement.month.clone(),
            what: format!("VAT of {} is not {}% of {}", vat.amount, vat.rate, self.sums.net),
        })?;
        Ok(shares.into_iter().map(Some).collect())
    }

    pub(crate) fn show(&self, minor: i64) -> String {
        self.currency.show(minor)
    }

    /// The last day of the month.
    pub(crate) fn last_day(&self) -> CivilDate {
        CivilDate(self.month.next_first_day().0.saturating_sub(1))
    }

    pub(crate) fn left_out(&self, why: Why) -> LeftOut {
        LeftOut { account: self.account().to_owned(), reference: self.reference.clone(), why }
    }

    /// What it is called in a line of text, with a word about drafts.
    pub(crate) fn title(&self) -> String {
        let draft = if self.draft { "DRAFT statement" } else { "Statement" };
        format!("{draft} {}, {}", self.reference, self.month.in_words())
    }
}

/// Quantity times unit.
fn product(line: &LineRow) -> i128 {
    i128::from(line.quantity).saturating_mul(i128::from(line.unit_minor))
}

/// What the files of some statements are called by: their month, or the first and the last.
pub(crate) fn months(bills: &[Bill]) -> String {
    let draft = if bills.iter().any(|bill| bill.draft) { "-DRAFT" } else { "" };
    match (bills.first(), bills.last()) {
        (Some(first), Some(last)) if first.month != last.month => {
            format!("{}-to-{}{draft}", first.month, last.month)
        }
        (Some(first), _) => format!("{}{draft}", first.month),
        _ => "none".to_owned(),
    }
}

/// `YYMM` and the account's number in base 36.
fn reference(month: &str, account: u64) -> String {
    let digits: String = month.chars().filter(char::is_ascii_digit).skip(2).collect();
    format!("{digits}{:0>4}", base_36(account))
}

fn base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_month_and_the_account() {
        let check = |month: &str, account: u64, expected: &str| {
            assert_eq!(reference(month, account), expected, "{month} {account}");
        };
        check("2026-05", 3, "26050003");
        check("2026-12", 35, "2612000Z");
        check("2026-01", 36, "26010010");
        check("2026-01", 1_679_615, "2601ZZZZ");
        check("2026-01", 1_679_616, "260110000");
        check("2026-01", 0, "26010000");
        check("2009-07", u64::MAX, "09073W5E11264SGSF");
    }
}
