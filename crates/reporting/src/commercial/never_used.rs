//! Licences that were paid for and never used, and what they cost.
//!
//! *Never used* of a day are its billable licences less the peak, the most seats that were in use at once at
//! any instant of the months (ghosts left out), not below 0. Where licences are included, the peak counts only
//! as far as it is above them.
//!
//! *Cost* is the difference between two fees of the same month under its own plan: the monthly fees less
//! discounts of the statement, and the same if on each day only those of the billable licences had been billed
//! that are not above the peak. Each fee is rounded as the statement rounds. So tiers, discounts and fractions
//! of a month are right to the penny; under `volume` tiers it may be below 0, because more licences cost less.
//! Set-up fees, overdraft and adjustments have no part in it.

use super::amounts::{add, currency};
use super::{Amount, Cell, Column, CurrencyTotal, Kind, Months, OneAccount, Scope, Sheet};
use crate::billing::{Charge, Day, Overdraft, Period, Setups, charges};
use crate::calendar::Calendar;
use crate::civil::Month;
use crate::facts::Facts;
use crate::owed::Owed;
use crate::plan::Plan;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use seats::{CivilDate, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) const NOTE: &str = "Billable licences less the most seats in use at once in all these months; silent holders do not use. \
                               Cost: the monthly fees and discounts as billed, less the same for the licences that were used.";

/// One account that paid for licences it never used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NeverUsedRow {
    /// Its name.
    pub account: String,
    /// Its number.
    pub account_id: u64,
    /// The zone that its months are counted in.
    pub time_zone: &'static str,
    /// The most licences that were billable on any day, included ones left out.
    pub billable: u32,
    /// Licences that cost nothing, by the last of the months' plans.
    pub included: u32,
    /// The most seats that were in use at once.
    pub peak_in_use: u32,
    /// The most licences that were billable on any day and never used.
    pub never_used: u32,
    /// What the cost is in.
    pub currency: &'static str,
    /// What these cost in the months.
    pub cost: Amount,
}

/// Licences never used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NeverUsed {
    /// The first month, as `2026-03`.
    pub from: String,
    /// The last month.
    pub to: String,
    /// The instant up to which things are known; a month that is not over is billed as if nothing more changed.
    pub known_until: At,
    /// By currency, the highest cost first.
    pub rows: Vec<NeverUsedRow>,
    /// The rows together.
    pub totals: Vec<CurrencyTotal>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(super) months: Months,
}

/// What an account's months in one currency come to.
#[derive(Default)]
struct Paid {
    billable: u32,
    included: u32,
    never_used: u32,
    cost: i64,
}

impl Reports<'_> {
    /// Licences never used.
    ///
    /// # Errors
    /// As for [`Reports::commercial`], and when a statement cannot be derived.
    pub fn never_used(&self, scope: &Scope) -> Result<NeverUsed, ReportError> {
        let mut rows: Vec<NeverUsedRow> = Vec::new();
        self.each_account(scope, |one| {
            let to = one.to.min(Timestamp(one.now.0.saturating_add(1)));
            let mut peak = None;
            for (code, paid) in self.paid_of(&one, scope.months, &mut |one| {
                let known = match peak {
                    Some(peak) => peak,
                    None => self.most_in_use(one.account, one.from, to)?,
                };
                Ok(*peak.insert(known))
            })? {
                if paid.never_used == 0 {
                    continue;
                }
                rows.push(NeverUsedRow {
                    account: one.name.clone(),
                    account_id: one.account.0,
                    time_zone: one.zone.name(),
                    billable: paid.billable,
                    included: paid.included,
                    peak_in_use: peak.unwrap_or(0),
                    never_used: paid.never_used,
                    currency: code,
                    cost: Amount::of(currency(code)?, paid.cost),
                });
            }
            Ok(())
        })?;
        rows.sort_by_key(|row| (row.currency, std::cmp::Reverse(row.cost.minor), row.account_id));
        let mut sums: BTreeMap<&'static str, i64> = BTreeMap::new();
        for row in &rows {
            add(sums.entry(row.currency).or_default(), row.cost.minor)?;
        }
        let totals = sums.into_iter().map(|(code, minor)| {
            let of = currency(code)?;
            Ok(CurrencyTotal { currency: of.code(), total: Amount::of(of, minor) })
        });
        let totals: Vec<CurrencyTotal> = totals.collect::<Result<_, ReportError>>()?;
        let licences =
            rows.iter().fold(0_u64, |sum, row| sum.saturating_add(u64::from(row.never_used)));
        let provenance = self.commercial_provenance(Kind::NeverUsed, scope)?;
        let provenance = provenance.rows(rows.len()).total("never_used", licences);
        Ok(NeverUsed {
            from: scope.months.first.to_string(),
            to: scope.months.last.to_string(),
            known_until: At(scope.now),
            rows,
            totals,
            provenance,
            months: scope.months,
        })
    }

    /// What an account paid for, by currency. `peak` is asked for only if anything was billed.
    fn paid_of(
        &self,
        one: &OneAccount,
        months: Months,
        peak: &mut impl FnMut(&OneAccount) -> Result<u32, ReportError>,
    ) -> Result<BTreeMap<&'static str, Paid>, ReportError> {
        let mut by_currency: BTreeMap<&'static str, Paid> = BTreeMap::new();
        for month in months.each() {
            let owed = match self.owed(one.account, month, one.now) {
                Ok(owed) => owed,
                Err(ReportError::BeforeAccount { .. }) => continue,
                Err(ReportError::FutureMonth { .. }) => break,
                Err(error) => return Err(error),
            };
            let Some(plan) = owed.plan.as_deref() else { continue };
            let most = owed.facts.days.iter().map(|row| row.billable).max().unwrap_or(0);
            if most == 0 {
                continue;
            }
            let used = peak(one)?.saturating_sub(plan.included_licences);
            let paid = by_currency.entry(plan.currency.code()).or_default();
            paid.billable = paid.billable.max(most);
            paid.included = plan.included_licences;
            paid.never_used = paid.never_used.max(most.saturating_sub(used));
            add(&mut paid.cost, cost(&owed, plan, month, used)?)?;
        }
        Ok(by_currency)
    }
}

/// What the billable licences above `used` cost in a month.
fn cost(owed: &Owed, plan: &Plan, month: Month, used: u32) -> Result<i64, ReportError> {
    let too_much = || ReportError::TooMuch { month: month.in_words() };
    let calendar = owed.facts.calendar().or_else(|| Calendar::of(month, owed.zone));
    let calendar = calendar.ok_or_else(too_much)?;
    let as_billed = fees(plan, &period(&owed.facts, &calendar, u32::MAX), month);
    let if_used = fees(plan, &period(&owed.facts, &calendar, used), month);
    as_billed.zip(if_used).and_then(|(billed, used)| billed.checked_sub(used)).ok_or_else(too_much)
}

/// The days of a statement, with at most so many licences billed on each.
fn period(facts: &Facts, calendar: &Calendar, most: u32) -> Period {
    let rows = facts
        .days
        .iter()
        .flat_map(|row| (0..row.days).map(|_| (row.in_force, row.billable.min(most))));
    let day =
        |(date, (in_force, billable)): (CivilDate, (u32, u32))| Day { date, in_force, billable };
    let dates = calendar.days.iter().map(|(date, _)| *date);
    let days = dates.zip(rows).map(day).collect();
    Period { from: calendar.from, to: calendar.to, days, setups: Setups::default() }
}

/// Monthly fees less discounts; `None` if beyond 64 bits.
fn fees(plan: &Plan, period: &Period, month: Month) -> Option<i64> {
    let lines = charges(plan, month, period, &Overdraft::default())?;
    let wanted = lines.iter().filter(|line| match line.charge {
        Charge::Monthly(_) | Charge::Discount(_) => true,
        Charge::Setup(_) | Charge::Refund(_) | Charge::Overdraft => false,
    });
    wanted.map(|line| line.net).try_fold(0_i64, i64::checked_add)
}

impl NeverUsed {
    pub(super) fn sheet(&self) -> Sheet {
        let columns = vec![
            Column::words("Account", "account"),
            Column::numbers("Billable", "billable"),
            Column::numbers("Included", "included"),
            Column::numbers("Peak in use", "peak_in_use"),
            Column::numbers("Never used", "never_used"),
            Column::words("Currency", "currency"),
            Column::numbers("Cost", "cost"),
        ];
        let row = |row: &NeverUsedRow| {
            vec![
                Cell::words(&row.account),
                Cell::count(row.billable),
                Cell::count(row.included),
                Cell::count(row.peak_in_use),
                Cell::count(row.never_used),
                Cell::words(row.currency),
                row.cost.cell(),
            ]
        };
        let total = |total: &CurrencyTotal| {
            let mut cells = vec![Cell::words("Total")];
            cells.extend(std::iter::repeat_n(Cell::Empty, 4));
            cells.extend([Cell::words(total.currency), total.total.cell()]);
            cells
        };
        let rows = self.rows.iter().map(row).collect();
        Sheet { columns, rows, totals: self.totals.iter().map(total).collect() }
    }
}
