//! The statement: what an account owes for a month, itemised down to the days and the commits.
//!
//! Not a VAT invoice: whoever invoices numbers it. The rules are those of `docs/billing.md`; a closed month is
//! shown as it was closed, any other as it follows from what is known.

mod notes;
pub(crate) mod rows;
mod text;

use crate::civil::{Month, Zone, show_utc};
use crate::facts::{DaysFact, OverFact};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use projector::GAP;
use seats::{AccountId, Timestamp};
use serde::Serialize;

/// The plan that a statement is made by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PlanTold {
    /// Its name.
    pub name: String,
    /// BLAKE3 of its file, in hexadecimal.
    pub digest: String,
    /// What the amounts are in.
    pub currency: &'static str,
    /// Fee for a licence for a month; for the first, if fees depend on their number.
    pub monthly_fee: String,
    /// Fee for a licence that is added.
    pub setup_fee: String,
    /// Licences that cost nothing.
    pub included_licences: u32,
}

/// A change of licences that counts from within the month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeRow {
    /// From when it counts.
    pub at: At,
    /// Licences before, as known when it was recorded.
    pub from: u32,
    /// Licences from then on.
    pub to: u32,
    /// When it happened that this was ordered.
    pub ordered_at: At,
    /// The commit that records it: its place in the log.
    pub position: u64,
    /// Its place in the account's history.
    pub version: u64,
}

/// A charge: `quantity x unit = net`, exactly.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineRow {
    /// `monthly`, `discount`, `setup`, `refund`, `overdraft` or `adjustment`.
    pub charge: String,
    /// What for, in words.
    pub what: String,
    /// Licence-days or seat-days that it is worked out from.
    pub counted: Option<u64>,
    /// How many.
    pub quantity: i64,
    /// At how much each.
    pub unit: String,
    /// The same in minor units of the currency.
    pub unit_minor: i64,
    /// Together.
    pub net: String,
    /// The same in minor units of the currency.
    pub net_minor: i64,
    /// The month that is adjusted, as `2026-05`.
    pub adjusts: Option<String>,
    /// Positions of the commits that it follows from.
    pub commits: Vec<u64>,
}

/// What a statement comes to, in the currency of its plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sums {
    /// The sum of the lines.
    pub net: String,
    /// The same in minor units.
    pub net_minor: i64,
    /// Value added tax, if it is worked out.
    pub vat: Option<VatTold>,
    /// With value added tax.
    pub gross: String,
    /// The same in minor units.
    pub gross_minor: i64,
    /// Credit from the month before.
    pub carried_in: String,
    /// The same in minor units; 0 or less.
    pub carried_in_minor: i64,
    /// What is to be paid.
    pub due: String,
    /// The same in minor units; 0 or more.
    pub due_minor: i64,
    /// Credit for the next month.
    pub carried_out: String,
    /// The same in minor units; 0 or less.
    pub carried_out_minor: i64,
}

/// Value added tax on a statement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VatTold {
    /// What the accounts package calls the rate.
    pub code: String,
    /// In per cent.
    pub rate: String,
    /// The amount.
    pub amount: String,
    /// The same in minor units.
    pub amount_minor: i64,
}

/// What was used, which does not change the fee.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UsedTold {
    /// Sessions that held a seat in the month.
    pub sessions: u64,
    /// Different users among them.
    pub users: u64,
    /// The most seats held at once.
    pub peak_seats: u64,
    /// When they were first so many.
    pub peak_seats_at: Option<At>,
    /// Refused logins.
    pub denials: u64,
}

/// How final a statement is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Standing {
    /// The month was not over at the instant up to which things were known.
    Provisional,
    /// It is over and can still change.
    Open,
    /// It is final.
    Closed {
        /// When it was closed.
        closed_at: At,
        /// The commit that closed it.
        position: u64,
        /// BLAKE3 of the statement, in hexadecimal.
        digest: String,
        /// Length of the log before it was closed.
        log_size: u64,
        /// Merkle root of the log then: whoever keeps it can tell later whether history was rewritten.
        log_root: String,
    },
}

/// What an account owes for a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Statement {
    /// The account's name.
    pub account: String,
    /// The account's number.
    pub account_number: u64,
    /// The month, as `2026-05`.
    pub month: String,
    /// Its first instant.
    pub from: At,
    /// The first instant of the next month.
    pub to: At,
    /// How final it is.
    #[serde(flatten)]
    pub standing: Standing,
    /// The plan; `null` if none is assigned for the month.
    pub plan: Option<PlanTold>,
    /// Licences in force at the first instant.
    pub opening_licences: u32,
    /// Licences in force at the last instant.
    pub closing_licences: u32,
    /// Changes in between, as far as they were known when it was made.
    pub changes: Vec<ChangeRow>,
    /// The days.
    pub days: Vec<DaysFact>,
    /// Billable licences summed over all days.
    pub licence_days: u64,
    /// Days with seats above the licences.
    pub overdraft: Vec<OverFact>,
    /// The charges; empty without a plan.
    pub lines: Vec<LineRow>,
    /// What they come to; `null` without a plan.
    pub sums: Option<Sums>,
    /// What was used.
    pub used: UsedTold,
    /// What else must be said.
    pub notes: Vec<String>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(crate) zone: Zone,
    #[serde(skip)]
    pub(crate) calendar: Month,
}

impl Statement {
    /// Whether the month was not over when it was made.
    pub fn is_provisional(&self) -> bool {
        self.standing == Standing::Provisional
    }
}

impl Reports<'_> {
    /// What an account owes for a month. `known_until` is the instant up to which the log is known to be
    /// whole, usually now: a month that is not over then is provisional, and billed as if nothing more changed
    /// than is announced.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the month lies in the future or before its first
    /// licences, its plan is missing or not accepted, or the log cannot be read.
    pub fn statement(
        &self,
        account: AccountId,
        month: Month,
        known_until: Timestamp,
    ) -> Result<Statement, ReportError> {
        let owed = self.owed(account, month, known_until)?;
        let (now, zone, facts) = (&owed.now, owed.zone, &owed.facts);
        let (from, to) = (Timestamp(facts.from), Timestamp(facts.to));
        let names = self.names(account);
        let used_until = Timestamp(known_until.0.saturating_add(1)).min(to);
        let used = self.views.usage(account, from, used_until, GAP)?;
        let plan = owed.plan.as_deref();
        let standing = match &owed.closed {
            Some(note) => Standing::Closed {
                closed_at: At(note.recorded.at),
                position: note.recorded.position.0,
                digest: note.closing.statement.to_string(),
                log_size: note.closing.size,
                log_root: note.closing.root.to_string(),
            },
            None if known_until < to => Standing::Provisional,
            None => Standing::Open,
        };
        let lines = rows::lines(facts, plan, now.notes.licences(), zone);
        let sums = plan.and_then(|plan| rows::sums(facts, plan.currency));
        let net = sums.as_ref().map_or("none", |sums| &sums.net);
        let mut provenance = self
            .provenance("statement", account, zone)
            .parameter("month", month)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("plan", facts.plan.as_deref().unwrap_or("none"));
        provenance = match &owed.closed {
            Some(note) => provenance
                .parameter("closed_at", show_utc(note.recorded.at))
                .parameter("statement", note.closing.statement),
            None => provenance.parameter("known_until", show_utc(Timestamp(facts.until))),
        };
        let provenance = provenance
            .rows(lines.len())
            .total("opening_licences", facts.opening_licences)
            .total("closing_licences", facts.closing_licences)
            .total("licence_days", facts.licence_days)
            .total("net", net);
        Ok(Statement {
            account: names.account(),
            account_number: account.0,
            month: month.to_string(),
            from: At(from),
            to: At(to),
            notes: self.notes_of(&owed, &standing, &used, known_until)?,
            standing,
            plan: plan.zip(facts.plan.as_deref()).map(|(plan, digest)| rows::plan(plan, digest)),
            opening_licences: facts.opening_licences,
            closing_licences: facts.closing_licences,
            changes: rows::changes(now.notes.licences(), (from, to), facts.as_of),
            days: facts.days.clone(),
            licence_days: facts.licence_days,
            overdraft: facts.overdraft.clone(),
            lines,
            sums,
            used: rows::used(&used),
            provenance,
            zone,
            calendar: month,
        })
    }
}
