//! Revenue by plan: what the statements of the months say, summed up by month, plan and currency.
//!
//! A closed month's statement is the one that was kept, an open month's what it comes to as things are known.
//! So the sum over the rows is the sum of the statements' `net`, whatever was adjusted since.

use super::amounts::{add, currency};
use super::{Amount, Cell, Column, Kind, Months, Scope, Sheet};
use crate::facts::{ADJUSTMENT, Facts};
use crate::money::Currency;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, counted};
use serde::Serialize;
use std::collections::BTreeMap;

/// A month of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RevenueRow {
    /// The month, as `2026-05`.
    pub month: String,
    /// The plan's name.
    pub plan: String,
    /// BLAKE3 of its file, in hexadecimal.
    pub plan_digest: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: RevenueTotal,
}

/// What statements add up to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RevenueTotal {
    /// What the amounts are in.
    pub currency: &'static str,
    /// How many statements.
    pub accounts: u64,
    /// How many of them are closed.
    pub closed_accounts: u64,
    /// Billable licences summed over all days.
    pub licence_days: u64,
    /// Monthly fees, before discounts.
    pub monthly: Amount,
    /// Set-up fees less those refunded.
    pub setup: Amount,
    /// Discounts; 0 or less.
    pub discounts: Amount,
    /// Seats above the licences.
    pub overdraft: Amount,
    /// What statements adjust in earlier months.
    pub adjustments: Amount,
    /// All of it: the sum of the statements, before value added tax.
    pub net: Amount,
    /// How much of that stands in closed statements.
    pub closed_net: Amount,
}

/// Revenue by plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Revenue {
    /// The first month, as `2026-03`.
    pub from: String,
    /// The last month.
    pub to: String,
    /// The instant up to which open months are known.
    pub known_until: At,
    /// By month, plan and currency.
    pub rows: Vec<RevenueRow>,
    /// All months together, by currency.
    pub totals: Vec<RevenueTotal>,
    /// Months of accounts that had licences and no plan, and so no amounts.
    pub without_plan: u64,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(super) months: Months,
}

/// Sums in minor units.
#[derive(Clone, Copy, Default)]
struct Sums {
    accounts: u64,
    closed_accounts: u64,
    licence_days: u64,
    monthly: i64,
    setup: i64,
    discounts: i64,
    overdraft: i64,
    adjustments: i64,
    net: i64,
    closed_net: i64,
}

/// Month, name of the plan, its digest, currency.
type Key = (String, String, String, &'static str);

impl Reports<'_> {
    /// Revenue by plan.
    ///
    /// # Errors
    /// As for [`Reports::commercial`], and when a statement cannot be derived.
    pub fn revenue(&self, scope: &Scope) -> Result<Revenue, ReportError> {
        let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
        let mut totals: BTreeMap<&'static str, Sums> = BTreeMap::new();
        let mut without_plan = 0_u64;
        self.each_account(scope, |one| {
            for month in scope.months.each() {
                let owed = match self.owed(one.account, month, one.now) {
                    Ok(owed) => owed,
                    Err(ReportError::BeforeAccount { .. }) => continue,
                    Err(ReportError::FutureMonth { .. }) => break,
                    Err(error) => return Err(error),
                };
                let facts = &owed.facts;
                let (Some(digest), Some(code)) = (&facts.plan, &facts.currency) else {
                    without_plan = without_plan.saturating_add(u64::from(facts.licence_days > 0));
                    continue;
                };
                let code = currency(code)?.code();
                let name = owed.plan.as_ref().map_or_else(String::new, |plan| plan.name.clone());
                let key = (facts.month.clone(), name, digest.clone(), code);
                let closed = owed.closed.is_some();
                sums.entry(key).or_default().take(facts, closed)?;
                totals.entry(code).or_default().take(facts, closed)?;
            }
            Ok(())
        })?;
        let mut rows = Vec::new();
        for ((month, plan, plan_digest, code), sums) in sums {
            rows.push(RevenueRow { month, plan, plan_digest, sums: sums.shown(currency(code)?) });
        }
        let totals = totals.into_iter().map(|(code, sums)| Ok(sums.shown(currency(code)?)));
        let totals: Vec<RevenueTotal> = totals.collect::<Result<_, ReportError>>()?;
        let net: Vec<String> =
            totals.iter().map(|total| format!("{} {}", total.currency, total.net.amount)).collect();
        let provenance = self.commercial_provenance(Kind::Revenue, scope)?;
        let provenance = provenance
            .rows(rows.len())
            .total("net", if net.is_empty() { "none".to_owned() } else { net.join(" + ") })
            .total("without_plan", without_plan);
        Ok(Revenue {
            from: scope.months.first.to_string(),
            to: scope.months.last.to_string(),
            known_until: At(scope.now),
            rows,
            totals,
            without_plan,
            provenance,
            months: scope.months,
        })
    }
}

impl Sums {
    /// Adds a statement.
    fn take(&mut self, facts: &Facts, closed: bool) -> Result<(), ReportError> {
        self.accounts = self.accounts.saturating_add(1);
        self.licence_days = self.licence_days.saturating_add(facts.licence_days);
        for line in &facts.lines {
            let sum = match line.charge.as_str() {
                "monthly" => &mut self.monthly,
                "setup" | "refund" => &mut self.setup,
                "discount" => &mut self.discounts,
                "overdraft" => &mut self.overdraft,
                ADJUSTMENT => &mut self.adjustments,
                _ => continue,
            };
            add(sum, line.net)?;
        }
        let net = facts.net.unwrap_or(0);
        add(&mut self.net, net)?;
        if closed {
            self.closed_accounts = self.closed_accounts.saturating_add(1);
            add(&mut self.closed_net, net)?;
        }
        Ok(())
    }

    fn shown(self, currency: Currency) -> RevenueTotal {
        let amount = |minor: i64| Amount::of(currency, minor);
        RevenueTotal {
            currency: currency.code(),
            accounts: self.accounts,
            closed_accounts: self.closed_accounts,
            licence_days: self.licence_days,
            monthly: amount(self.monthly),
            setup: amount(self.setup),
            discounts: amount(self.discounts),
            overdraft: amount(self.overdraft),
            adjustments: amount(self.adjustments),
            net: amount(self.net),
            closed_net: amount(self.closed_net),
        }
    }
}

impl RevenueTotal {
    fn cells(&self) -> impl Iterator<Item = Cell> {
        let counts = [self.accounts, self.closed_accounts, self.licence_days].map(Cell::count);
        let amounts = [
            &self.monthly,
            &self.setup,
            &self.discounts,
            &self.overdraft,
            &self.adjustments,
            &self.net,
            &self.closed_net,
        ];
        counts.into_iter().chain(amounts.map(Amount::cell))
    }
}

impl Revenue {
    pub(super) fn sheet(&self) -> Sheet {
        let columns = vec![
            Column::words("Month", "month"),
            Column::words("Plan", "plan"),
            Column::words("Version", "plan_digest"),
            Column::words("Currency", "currency"),
            Column::numbers("Accounts", "accounts"),
            Column::numbers("Closed", "closed_accounts"),
            Column::numbers("Licence-days", "licence_days"),
            Column::numbers("Monthly", "monthly"),
            Column::numbers("Set-up", "setup"),
            Column::numbers("Discounts", "discounts"),
            Column::numbers("Overdraft", "overdraft"),
            Column::numbers("Adjustments", "adjustments"),
            Column::numbers("Net", "net"),
            Column::numbers("Of it closed", "closed_net"),
        ];
        let line = |words: [&str; 4], sums: &RevenueTotal| {
            words.into_iter().map(Cell::words).chain(sums.cells()).collect()
        };
        let row = |row: &RevenueRow| {
            let version: String = row.plan_digest.chars().take(8).collect();
            line([&row.month, &row.plan, &version, row.sums.currency], &row.sums)
        };
        let total = |total: &RevenueTotal| line(["Total", "", "", total.currency], total);
        let rows = self.rows.iter().map(row).collect();
        Sheet { columns, rows, totals: self.totals.iter().map(total).collect() }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec!["The sum of the statements, net of VAT.".to_owned()];
        if self.without_plan > 0 {
            let months = counted(self.without_plan, "month");
            notes.push(format!("{months} of accounts with licences and no plan: no amounts."));
        }
        notes
    }
}
