//! A month of many accounts: what became of each as it was closed, or as it was held against the log.

use crate::civil::Month;
use crate::closing::{Closable, CloseError, Proposed};
use crate::money::Currency;
use crate::reconcile::Reconciliation;
use crate::reports::ReportError;
use seats::closing::Closing;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What became of one account's month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Became {
    /// It was closed, or would be.
    Closed(Box<Closing>),
    /// It was closed before.
    Already(Box<Closing>),
    /// It stays open, and why.
    Refused(String),
}

/// What is to be done with one account's month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToDo {
    /// Close it, which admission is asked for.
    Close(Box<Proposed>),
    /// Nothing: this is what became of it.
    Nothing(Became),
    /// Nothing: there is nothing to close in it.
    Skip,
}

impl ToDo {
    /// What follows from whether the month may be closed, among those of all accounts.
    pub fn of(closable: Result<Closable, CloseError>) -> ToDo {
        use ReportError::{BeforeAccount, Importing};
        match closable {
            Ok(Closable::Now(proposed)) => ToDo::Close(proposed),
            Ok(Closable::Already(note)) => ToDo::Nothing(Became::Already(Box::new(note.closing))),
            Err(CloseError::Report(BeforeAccount { .. } | Importing { .. })) => ToDo::Skip,
            Err(error) => ToDo::Nothing(Became::Refused(error.to_string())),
        }
    }
}

/// One account's month in the summary. Amounts as they are written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClosingRow {
    /// The account's name.
    pub account: String,
    /// `closed`, `would be closed`, `closed before` or `open`.
    pub status: &'static str,
    /// What its amounts are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The sum of its lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<String>,
    /// What is to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// What is carried to the next month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_carried: Option<String>,
    /// BLAKE3 of the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// Why it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the closed months come to in a currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClosingTotal {
    /// The currency.
    pub currency: String,
    /// The sum of all lines.
    pub net: String,
    /// What is to be paid.
    pub due: String,
}

/// A month of many accounts, closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Closings {
    /// The month, as `2026-05`.
    pub month: String,
    /// Nothing was changed.
    pub dry_run: bool,
    /// How many were closed, or would be.
    pub closed: u64,
    /// How many were closed before.
    pub closed_before: u64,
    /// How many stay open.
    pub open: u64,
    /// Commits in the log as it was sealed afterwards; `null`: it was not.
    pub sealed_size: Option<u64>,
    /// What those that are closed, or would be, come to.
    pub totals: Vec<ClosingTotal>,
    /// Each account.
    pub accounts: Vec<ClosingRow>,
}

impl Closings {
    /// The summary of what became of each account, by name and in the order wanted.
    pub fn new(
        month: Month,
        dry_run: bool,
        sealed_size: Option<u64>,
        became: impl IntoIterator<Item = (String, Became)>,
    ) -> Closings {
        let mut summary = Closings {
            month: month.to_string(),
            dry_run,
            closed: 0,
            closed_before: 0,
            open: 0,
            sealed_size,
            totals: Vec::new(),
            accounts: Vec::new(),
        };
        let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (account, became) in became {
            let (closing, status) = match became {
                Became::Closed(closing) => {
                    summary.closed = summary.closed.saturating_add(1);
                    (closing, if dry_run { "would be closed" } else { "closed" })
                }
                Became::Already(closing) => {
                    summary.closed_before = summary.closed_before.saturating_add(1);
                    (closing, "closed before")
                }
                Became::Refused(why) => {
                    summary.open = summary.open.saturating_add(1);
                    summary.accounts.push(ClosingRow::open(account, why));
                    continue;
                }
            };
            let sum = sums.entry(closing.currency().to_owned()).or_default();
            *sum = (sum.0.saturating_add(closing.net), sum.1.saturating_add(closing.due));
            summary.accounts.push(ClosingRow::closed(account, status, &closing));
        }
        summary.totals = sums
            .into_iter()
            .map(|(currency, (net, due))| {
                let (net, due) = (shown(&currency, net), shown(&currency, due));
                ClosingTotal { currency, net, due }
            })
            .collect();
        summary
    }
}

impl ClosingRow {
    fn open(account: String, why: String) -> ClosingRow {
        ClosingRow {
            account,
            status: "open",
            currency: None,
            net: None,
            due: None,
            credit_carried: None,
            statement: None,
            why: Some(why),
        }
    }

    fn closed(account: String, status: &'static str, closing: &Closing) -> ClosingRow {
        let code = closing.currency();
        ClosingRow {
            account,
            status,
            currency: Some(code.to_owned()),
            net: Some(shown(code, closing.net)),
            due: Some(shown(code, closing.due)),
            credit_carried: Some(shown(code, closing.carried)),
            statement: Some(closing.statement.to_string()),
            why: None,
        }
    }
}

/// One account's statements in one currency, held against the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReconciledAccount {
    /// The account's name.
    pub account: String,
    /// How many months there are.
    pub months: u64,
    /// Their currency; empty for months without a plan.
    pub currency: &'static str,
    /// What its statements charge altogether, as it is written.
    pub stated: String,
    /// The same in minor units.
    pub stated_minor: i64,
    /// What its months come to from the first event on.
    pub recomputed: String,
    /// The same in minor units.
    pub recomputed_minor: i64,
    /// What is charged too little; negative: too much.
    pub difference: String,
    /// `yes` or `NO`: whether everything of the account agrees.
    pub agrees: &'static str,
}

/// The statements of many accounts, held against the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reconciliations {
    /// Everything agrees.
    pub agrees: bool,
    /// How many accounts do not.
    pub not_reconciled: usize,
    /// Each account, by currency.
    pub accounts: Vec<ReconciledAccount>,
}

impl ReconciledAccount {
    /// What an account's reconciliation comes to, by currency; nothing while the account is being imported.
    ///
    /// # Errors
    /// When the statements cannot be held against the log.
    pub fn all(
        report: Result<Reconciliation, ReportError>,
    ) -> Result<Vec<ReconciledAccount>, ReportError> {
        let report = match report {
            Ok(report) => report,
            Err(ReportError::Importing { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let rows = report.sums().into_iter().map(|sum| {
            let (stated, recomputed) = (sum.stated_minor, sum.recomputed_minor);
            ReconciledAccount {
                account: report.account.clone(),
                months: sum.months,
                currency: sum.code(),
                stated: sum.show(stated),
                stated_minor: stated,
                recomputed: sum.show(recomputed),
                recomputed_minor: recomputed,
                difference: sum.show(recomputed.saturating_sub(stated)),
                agrees: if report.agrees { "yes" } else { "NO" },
            }
        });
        Ok(rows.collect())
    }
}

impl Reconciliations {
    /// The summary.
    pub fn new(accounts: Vec<ReconciledAccount>) -> Reconciliations {
        let wrong: BTreeSet<&str> = accounts
            .iter()
            .filter(|account| account.agrees != "yes")
            .map(|account| account.account.as_str())
            .collect();
        let not_reconciled = wrong.len();
        Reconciliations { agrees: not_reconciled == 0, not_reconciled, accounts }
    }
}

fn shown(currency: &str, minor: i64) -> String {
    Currency::parse(currency).map_or_else(|| minor.to_string(), |known| known.show(minor))
}
