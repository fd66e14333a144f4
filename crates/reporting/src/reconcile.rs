//! The reconciliation: whether all statements together are what the log says from its first event on.
//!
//! Two ways lead to the amounts. Statements come from views and from what was kept when months were closed;
//! here every month is derived again from the account's commits alone. For each month what was charged for it,
//! when it was closed and by adjustments since, must be what it comes to now; and each closed statement must
//! follow, byte for byte, from what was known when it was closed.

use crate::calendar::Calendar;
use crate::civil::{Month, Zone, show_utc};
use crate::money::Currency;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{Report, Side, table};
use crate::terms::{Deriving, Known, Terms};
use ledger::Position;
use seats::{AccountId, Digest, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Commits of the accounts that are read together, about: bounds the memory that it takes.
const COMMITS_TOGETHER: u64 = 1 << 21;

/// A month, reckoned twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReconciledMonth {
    /// The month, as `2026-05`.
    pub month: String,
    /// Whether it is closed.
    pub closed: bool,
    /// Its currency.
    pub currency: Option<String>,
    /// What its own statement charges for it, in minor units.
    pub charged_minor: i64,
    /// What later statements adjust in it.
    pub adjusted_minor: i64,
    /// What it comes to from the first event on.
    pub recomputed_minor: i64,
    /// The closed statement follows from what was known then, byte for byte.
    pub same_bytes: Option<bool>,
}

impl ReconciledMonth {
    /// What is charged too little; negative: too much. Zero in a ledger that is right.
    pub fn difference(&self) -> i64 {
        self.recomputed_minor.saturating_sub(self.stated_minor())
    }

    /// What was charged for it, by its own statement and by later ones.
    fn stated_minor(&self) -> i64 {
        self.charged_minor.saturating_add(self.adjusted_minor)
    }
}

/// What all months in one currency come to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReconciledSum {
    /// The currency; `None`: the months without a plan, in which nothing was charged.
    pub currency: Option<Currency>,
    /// How many months.
    pub months: u64,
    /// What was charged, adjustments with it, in minor units.
    pub stated_minor: i64,
    /// What they come to from the first event on.
    pub recomputed_minor: i64,
}

impl ReconciledSum {
    /// The currency's code; empty without one.
    pub fn code(&self) -> &'static str {
        self.currency.map_or("", Currency::code)
    }

    /// Minor units as an amount, without the currency.
    pub fn show(&self, minor: i64) -> String {
        self.currency.map_or_else(|| minor.to_string(), |currency| currency.show(minor))
    }
}

/// Whether an account's statements are what the log says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reconciliation {
    /// The account's name.
    pub account: String,
    /// Its months, by time.
    pub months: Vec<ReconciledMonth>,
    /// Everything agrees.
    pub agrees: bool,
    /// Why a closed statement could not be derived again, if one could not.
    pub not_derived: Option<String>,
    /// Where this comes from.
    pub provenance: Provenance,
}

impl Reconciliation {
    /// What its months come to, by currency; those without one last. At least one, also without months.
    pub fn sums(&self) -> Vec<ReconciledSum> {
        sums(&self.months)
    }
}

fn sums(months: &[ReconciledMonth]) -> Vec<ReconciledSum> {
    let mut sums: BTreeMap<(bool, &str), ReconciledSum> = BTreeMap::new();
    for month in months {
        let code = month.currency.as_deref();
        let sum = sums.entry((code.is_none(), code.unwrap_or_default())).or_default();
        sum.currency = code.and_then(Currency::parse);
        sum.months += 1;
        sum.stated_minor = sum.stated_minor.saturating_add(month.stated_minor());
        sum.recomputed_minor = sum.recomputed_minor.saturating_add(month.recomputed_minor);
    }
    if sums.is_empty() {
        return vec![ReconciledSum::default()];
    }
    sums.into_values().collect()
}

impl Reports<'_> {
    /// Reckons an account's statements twice.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, or the log cannot be read.
    pub fn reconcile(
        &self,
        account: AccountId,
        known_until: Timestamp,
    ) -> Result<Reconciliation, ReportError> {
        let terms = self.terms(account)?;
        self.reconcile_by(account, &terms, known_until)
    }

    /// Reckons the statements of many accounts twice, one after the other. Their commits are read together, some
    /// accounts at a time, so that the log is not read once for each.
    ///
    /// # Errors
    /// When the log cannot be read; what is wrong with one account is told to `each`, which may end it.
    pub fn reconcile_all<E: From<ReportError>>(
        &self,
        accounts: &[AccountId],
        known_until: Timestamp,
        mut each: impl FnMut(Result<Reconciliation, ReportError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (ledger, size) = (self.views.ledger(), self.views.head().size);
        let mut left = accounts;
        while !left.is_empty() {
            let (mut together, mut commits) = (BTreeSet::new(), 0_u64);
            while let Some((account, rest)) = left.split_first()
                && (commits < COMMITS_TOGETHER || together.is_empty())
            {
                let head = ledger.account_head(*account).map_err(ReportError::from)?;
                commits = commits.saturating_add(head.map_or(0, |head| head.version));
                together.insert(*account);
                left = rest;
            }
            let terms = ledger.fold_some_accounts(
                Position(0),
                |account| together.contains(&account).then(|| Terms::new(account)),
                |terms, record| {
                    if record.position.0 < size {
                        terms.note(record.position.0, &record.commit);
                    }
                },
            );
            for (account, terms) in terms.map_err(ReportError::from)? {
                each(self.reconcile_by(account, &terms, known_until))?;
            }
        }
        Ok(())
    }

    fn reconcile_by(
        &self,
        account: AccountId,
        terms: &Terms,
        known_until: Timestamp,
    ) -> Result<Reconciliation, ReportError> {
        let (now, zone) = self.whole(account)?;
        let plans = self.plans_of(terms)?;
        let mut deriving = terms.deriving(zone, &plans);
        let derived = deriving.closed();
        let not_derived = derived.as_ref().err().cloned();
        let derived = derived.unwrap_or_default();
        let known = Known { as_of: terms.version(), until: known_until };
        let mut months: Vec<ReconciledMonth> = Vec::new();
        let mut adjusted: BTreeMap<String, i64> = BTreeMap::new();
        let mut month = terms.begins().and_then(|begins| Month::of(zone.day_of(begins)));
        while let Some(this) = month {
            let owed = match self.owed(account, this, known_until) {
                Ok(owed) => owed,
                Err(ReportError::FutureMonth { .. }) => break,
                Err(error) => return Err(error),
            };
            let facts = &owed.facts;
            let (charged, adjusts) = facts.own_and_adjusted();
            for (month, net) in adjusts {
                let sum = adjusted.entry(month.to_owned()).or_insert(0);
                *sum = sum.saturating_add(net);
            }
            let same_bytes = owed.closed.as_ref().map(|note| {
                let again = derived.iter().find(|again| again.facts.month == facts.month);
                let again = again.and_then(|again| again.facts.bytes().ok());
                again.is_some_and(|bytes| {
                    Digest(*blake3::hash(&bytes).as_bytes()) == note.closing.statement
                })
            });
            months.push(ReconciledMonth {
                month: facts.month.clone(),
                closed: owed.closed.is_some(),
                currency: facts.currency.clone(),
                charged_minor: charged,
                adjusted_minor: 0,
                recomputed_minor: recomputed(&mut deriving, this, zone, known, facts.calendar())?,
                same_bytes,
            });
            month = Month::of(this.next_first_day());
        }
        for month in &mut months {
            month.adjusted_minor = adjusted.get(&month.month).copied().unwrap_or(0);
        }
        let agrees = not_derived.is_none()
            && months
                .iter()
                .all(|month| month.difference() == 0 && month.same_bytes != Some(false));
        let total = |of: fn(&ReconciledSum) -> i64| {
            let shown = sums(&months).into_iter().map(|sum| match sum.currency {
                Some(currency) => format!("{currency} {}", sum.show(of(&sum))),
                None => of(&sum).to_string(),
            });
            shown.collect::<Vec<_>>().join(" + ")
        };
        let provenance = self
            .provenance("reconciliation", account, zone)
            .parameter("known_until", show_utc(known_until))
            .rows(months.len())
            .total("closed_months", now.notes.periods().len())
            .total("charged", total(|sum| sum.stated_minor))
            .total("from_the_first_event", total(|sum| sum.recomputed_minor));
        let account = self.names(account).account();
        Ok(Reconciliation { account, months, agrees, not_derived, provenance })
    }

    /// What an account's whole history says of licences, plans and seats, from its first commit on.
    pub(crate) fn terms(&self, account: AccountId) -> Result<Terms, ReportError> {
        let mut terms = Terms::new(account);
        for record in self.views.history(account, Timestamp::ZERO, Timestamp::MAX)? {
            let record = record?;
            terms.note(record.position.0, &record.commit);
        }
        Ok(terms)
    }
}

/// What a month's own charges come to from the first event on; by the days of its closing if it is closed.
fn recomputed(
    deriving: &mut Deriving<'_>,
    month: Month,
    zone: Zone,
    known: Known,
    kept: Option<Calendar>,
) -> Result<i64, ReportError> {
    let too_much = || ReportError::TooMuch { month: month.in_words() };
    let calendar = kept.or_else(|| Calendar::of(month, zone)).ok_or_else(too_much)?;
    let facts = deriving.facts(&calendar, known, &[], None);
    let facts = facts.map_err(|why| ReportError::NoFacts { month: month.in_words(), why })?;
    Ok(facts.own_and_adjusted().0)
}

impl Report for Reconciliation {
    fn text(&self) -> String {
        let mut text = self.provenance.header();
        text += &format!("\n{}\n\n", self.account);
        let columns = [
            ("Month", Side::Left),
            ("Status", Side::Left),
            ("Currency", Side::Left),
            ("Charged", Side::Right),
            ("Adjusted since", Side::Right),
            ("From the first event", Side::Right),
            ("Difference", Side::Right),
            ("Same bytes", Side::Left),
        ];
        let rows = self.months.iter().map(|month| {
            let currency = month.currency.as_deref().and_then(Currency::parse);
            let show = |minor: i64| {
                currency.map_or_else(|| minor.to_string(), |currency| currency.show(minor))
            };
            let same = match month.same_bytes {
                None => "",
                Some(true) => "yes",
                Some(false) => "NO",
            };
            vec![
                month.month.clone(),
                if month.closed { "closed" } else { "open" }.to_owned(),
                month.currency.clone().unwrap_or_default(),
                show(month.charged_minor),
                show(month.adjusted_minor),
                show(month.recomputed_minor),
                show(month.difference()),
                same.to_owned(),
            ]
        });
        text += &table(&columns, rows.collect());
        text += "\n";
        text += &match (&self.agrees, &self.not_derived) {
            (true, _) => "All statements agree with the log from its first event on.\n".to_owned(),
            (false, Some(why)) => format!("NOT RECONCILED: {why}\n"),
            (false, None) => "NOT RECONCILED: see the differences above.\n".to_owned(),
        };
        text
    }
}
