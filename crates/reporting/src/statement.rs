//! The statement: what an account owes for a month, itemised down to the days and the commits.
//!
//! Not a VAT invoice: amounts are net, and whoever invoices numbers and taxes them. The rules are those of
//! [`billing`](crate::billing).

mod assigned;
mod rows;
mod text;

use crate::billing::{Counting, Line, Period, Timeline};
use crate::civil::{Month, Zone, show_date, show_utc};
use crate::facts::{self, DaysFact};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use projector::{GAP, Occupancy};
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
    /// Fee for a licence for a month.
    pub monthly_fee: String,
    /// Fee for a licence that is added.
    pub setup_fee: String,
    /// What the set-up fee is charged on.
    pub setup_on: &'static str,
    /// Licences that cost nothing.
    pub included_licences: u32,
    /// From when fewer licences cost less.
    pub decrease: &'static str,
    /// How a fee for part of a month is rounded.
    pub rounding: &'static str,
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
    /// What for.
    pub what: String,
    /// How many.
    pub quantity: i64,
    /// At how much each.
    pub unit: String,
    /// Together.
    pub net: String,
    /// The same in minor units of the currency.
    pub net_minor: i64,
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

/// What an account owes for a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Statement {
    /// The account's name.
    pub account: String,
    /// The month, as `2026-05`.
    pub month: String,
    /// Its first instant.
    pub from: At,
    /// The first instant of the next month.
    pub to: At,
    /// The month was not over at the instant up to which things were known.
    pub provisional: bool,
    /// The plan; `null` if none is assigned for the month.
    pub plan: Option<PlanTold>,
    /// Licences in force at the first instant.
    pub opening_licences: u32,
    /// Licences in force at the last instant.
    pub closing_licences: u32,
    /// Changes in between.
    pub changes: Vec<ChangeRow>,
    /// The days.
    pub days: Vec<DaysFact>,
    /// Billable licences summed over all days.
    pub licence_days: u64,
    /// The charges; empty without a plan.
    pub lines: Vec<LineRow>,
    /// Their sum; `null` without a plan.
    pub net: Option<String>,
    /// The same in minor units of the currency.
    pub net_minor: Option<i64>,
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

impl Reports<'_> {
    /// What an account owes for a month. `known_until` is the instant up to which the log is known to be
    /// whole, usually [`Reports::known_until`]: a month that is not over then is provisional, and billed as
    /// if nothing more changed than is announced.
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
        let (now, zone) = self.whole(account)?;
        let names = self.names(account);
        let timeline = timeline(&now);
        let too_much = || ReportError::TooMuch { month: month.in_words() };
        let count = |counting| Period::count(&timeline, month, zone, counting).ok_or_else(too_much);
        let Period { from, to, .. } = count(Counting::of(None))?;
        if from > known_until {
            let (month, known_until) = (month.in_words(), zone.show(known_until));
            return Err(ReportError::FutureMonth { month, known_until });
        }
        if let Some((first, _)) = timeline.changes.first().filter(|(first, _)| *first >= to) {
            let (account, month) = (names.account(), month.in_words());
            let first = show_date(zone.date_of(*first));
            return Err(ReportError::BeforeAccount { account, month, first });
        }
        let mut notes = Vec::new();
        let assigned = self.plan_of(now.notes.plans(), (month, from, to), zone, &mut notes)?;
        let plan = assigned.as_ref().map(|assigned| &assigned.plan);
        let period = count(Counting::of(plan))?;
        let lines = plan.map(|plan| period.lines(plan).ok_or_else(too_much)).transpose()?;
        let net_minor =
            lines.as_deref().map(|lines| total(lines).ok_or_else(too_much)).transpose()?;
        let last = Timestamp(to.0.saturating_sub(1));
        let (opening_licences, closing_licences) = (timeline.at(from), timeline.at(last));
        let used_until = Timestamp(known_until.0.saturating_add(1)).min(to);
        let used = self.views.usage(account, from, used_until, GAP)?;
        let provisional = known_until < to;
        let remarks = rows::remarks(&timeline, &period, Counting::of(plan), zone, &used);
        notes.extend(provisional.then(|| rows::provisional(zone, known_until)));
        notes.extend(remarks);
        let rows = match (plan, lines) {
            (Some(plan), Some(lines)) => rows::lines(&lines, plan, &period, zone),
            _ => Vec::new(),
        };
        let net = plan.zip(net_minor).map(|(plan, net)| plan.currency.show(net));
        let licence_days = period.licence_days();
        let digest = assigned.as_ref().map(|assigned| assigned.digest.to_string());
        let provenance = self
            .provenance("statement", account, zone)
            .parameter("month", month)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("plan", digest.as_deref().unwrap_or("none"))
            .parameter("known_until", show_utc(known_until))
            .rows(rows.len())
            .total("opening_licences", opening_licences)
            .total("closing_licences", closing_licences)
            .total("licence_days", licence_days)
            .total("net", net.as_deref().unwrap_or("none"));
        Ok(Statement {
            account: names.account(),
            month: month.to_string(),
            from: At(from),
            to: At(to),
            provisional,
            plan: assigned.map(rows::plan),
            opening_licences,
            closing_licences,
            changes: rows::changes(now.notes.licences(), from, to),
            days: facts::days(&period.days),
            licence_days,
            lines: rows,
            net,
            net_minor,
            used: rows::used(&used),
            notes,
            provenance,
            zone,
            calendar: month,
        })
    }
}

/// Licences over time, as they are known now.
fn timeline(now: &Occupancy) -> Timeline {
    Timeline {
        changes: now.account.licences().changes().to_vec(),
        opened_with: now.notes.licences().first().map_or(0, |change| change.to),
        closed: now.notes.closed().map(|closed| closed.at),
    }
}

fn total(lines: &[Line]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net))
}
