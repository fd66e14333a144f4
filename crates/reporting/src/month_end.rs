//! A month of all accounts as finance closes it: what each comes to, and how far it is.

use crate::civil::{Month, Zone, show_utc};
use crate::closing::{Closable, CloseError};
use crate::commercial::Amount;
use crate::facts::Facts;
use crate::money::Currency;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use ledger::Actor;
use projector::AsOf;
use seats::{AccountId, Standing, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far a month of an account is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum MonthState {
    /// It is final.
    Closed {
        /// When it was closed.
        at: At,
    },
    /// It may be closed now.
    Ready,
    /// It is not over, or its plan leaves time for what comes late.
    Waits {
        /// Why, and until when.
        why: String,
    },
    /// It has no price plan, and so no amounts.
    NoPlan,
    /// An earlier month has to be closed first.
    EarlierOpen {
        /// Which.
        earlier: String,
    },
    /// Somebody else must close it.
    SecondPerson,
    /// Its statement cannot be made, and why.
    Unable {
        /// Why.
        why: String,
    },
}

/// An account's month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MonthEndRow {
    /// The account's name.
    pub account: String,
    /// Its number.
    pub account_id: u64,
    /// The zone that its month is counted in.
    pub time_zone: &'static str,
    /// Licences in force at the last instant; `null` if there is no statement.
    pub licences: Option<u32>,
    /// What it comes to; `null` without a plan.
    pub sums: Option<MonthEndSums>,
    /// How far it is.
    #[serde(flatten)]
    pub state: MonthState,
}

/// What statements come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MonthEndSums {
    /// What the amounts are in.
    pub currency: &'static str,
    /// The sum of the lines.
    pub net: Amount,
    /// What is to be paid, with value added tax and less credit.
    pub due: Amount,
    /// Credit for the next month; 0 or less.
    pub carried: Amount,
}

/// A month of many accounts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MonthEnd {
    /// The month, as `2026-05`.
    pub month: String,
    /// The instant up to which things are known.
    pub known_until: At,
    /// Accounts that had licences by its end, by name.
    pub rows: Vec<MonthEndRow>,
    /// By currency.
    pub totals: Vec<MonthEndSums>,
    /// Where this comes from.
    pub provenance: Provenance,
}

impl MonthEnd {
    /// How many accounts are so far.
    pub fn count(&self, is: impl Fn(&MonthState) -> bool) -> u64 {
        let count = self.rows.iter().filter(|row| is(&row.state)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

impl Reports<'_> {
    /// A month of these accounts, for the actor who would close it. Accounts that are hidden, or had no licences
    /// by its end, are left out.
    ///
    /// # Errors
    /// When the log cannot be read, or the zone of an account is not known.
    pub fn month_end(
        &self,
        accounts: impl IntoIterator<Item = AccountId>,
        month: Month,
        now: Timestamp,
        actor: Actor,
    ) -> Result<MonthEnd, ReportError> {
        let mut rows = Vec::new();
        for account in accounts {
            rows.extend(self.month_end_of(account, month, now, actor)?);
        }
        rows.sort_by_cached_key(|row| (row.account.to_lowercase(), row.account_id));
        let totals = totals(&rows)?;
        let net: Vec<String> =
            totals.iter().map(|sum| format!("{} {}", sum.currency, sum.net.amount)).collect();
        let mut provenance = self
            .provenance("month end", AccountId::SYSTEM, Zone::UTC)
            .parameter("month", month)
            .parameter("known_until", show_utc(now))
            .rows(rows.len())
            .total("net", if net.is_empty() { "none".to_owned() } else { net.join(" + ") });
        provenance.account = "all accounts".to_owned();
        provenance.time_zone = "each account's own zone";
        let known_until = At(now);
        Ok(MonthEnd { month: month.to_string(), known_until, rows, totals, provenance })
    }

    /// One account's month; `None` if there is nothing to say of it.
    fn month_end_of(
        &self,
        account: AccountId,
        month: Month,
        now: Timestamp,
        actor: Actor,
    ) -> Result<Option<MonthEndRow>, ReportError> {
        let state = self.views.as_of(account, AsOf::Now)?.account;
        let hidden = state.standing() == Standing::Unopened || state.is_importing();
        if account == AccountId::SYSTEM || hidden {
            return Ok(None);
        }
        let (zone, now) = (Zone::parse(state.zone())?, now.max(state.last_at()));
        let (state, facts) = match self.closable(account, month, now, actor) {
            Ok(Closable::Already(note)) => {
                let closed = MonthState::Closed { at: At(note.recorded.at) };
                (closed, Some(self.facts(account, month, now)?))
            }
            Ok(Closable::Now(proposed)) => (MonthState::Ready, Some(proposed.facts)),
            Err(CloseError::Report(error)) => match error {
                ReportError::BeforeAccount { .. } | ReportError::FutureMonth { .. } => {
                    return Ok(None);
                }
                error @ (ReportError::Read(_) | ReportError::Book(_)) => return Err(error),
                error => (MonthState::Unable { why: error.to_string() }, None),
            },
            Err(refused) => {
                let facts = self.facts(account, month, now)?;
                // Without a plan no earlier month can be closed either.
                let state = match facts.plan {
                    Some(_) => MonthState::of(refused),
                    None => MonthState::NoPlan,
                };
                (state, Some(facts))
            }
        };
        Ok(Some(MonthEndRow {
            account: self.names(account).account(),
            account_id: account.0,
            time_zone: zone.name(),
            licences: facts.as_ref().map(|facts| facts.closing_licences),
            sums: facts.as_ref().and_then(sums),
            state,
        }))
    }
}

impl MonthState {
    /// Why a month is not closed.
    fn of(refused: CloseError) -> MonthState {
        match refused {
            CloseError::TooEarly { from, .. } => {
                MonthState::Waits { why: format!("can be closed from {from} on") }
            }
            CloseError::EarlierOpen { earlier } => MonthState::EarlierOpen { earlier },
            CloseError::NoPlan { .. } => MonthState::NoPlan,
            CloseError::SecondPerson { .. } => MonthState::SecondPerson,
            CloseError::Report(error) => MonthState::Unable { why: error.to_string() },
        }
    }
}

/// What a statement comes to; `None` without a plan.
fn sums(facts: &Facts) -> Option<MonthEndSums> {
    let currency = Currency::parse(facts.currency.as_deref()?)?;
    Some(MonthEndSums::of(currency, (facts.net?, facts.due?, facts.carried_out?)))
}

fn totals(rows: &[MonthEndRow]) -> Result<Vec<MonthEndSums>, ReportError> {
    let mut totals: BTreeMap<&'static str, (i64, i64, i64)> = BTreeMap::new();
    for sums in rows.iter().filter_map(|row| row.sums.as_ref()) {
        let total = totals.entry(sums.currency).or_default();
        let added = (|| {
            let net = total.0.checked_add(sums.net.minor)?;
            let due = total.1.checked_add(sums.due.minor)?;
            Some((net, due, total.2.checked_add(sums.carried.minor)?))
        })();
        let too_much = || ReportError::TooMuch { month: "all accounts".to_owned() };
        *total = added.ok_or_else(too_much)?;
    }
    let shown = totals
        .into_iter()
        .filter_map(|(code, total)| Some(MonthEndSums::of(Currency::parse(code)?, total)));
    Ok(shown.collect())
}

impl MonthEndSums {
    fn of(currency: Currency, (net, due, carried): (i64, i64, i64)) -> MonthEndSums {
        let amount = |minor: i64| Amount::of(currency, minor);
        MonthEndSums {
            currency: currency.code(),
            net: amount(net),
            due: amount(due),
            carried: amount(carried),
        }
    }
}
