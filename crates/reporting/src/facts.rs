//! The facts of a statement, derived from an account's commits alone.
//!
//! No log, no view, no name: whoever has the commits and the plan files comes to the same facts, which is what
//! an auditor does. The rules are those of [`billing`](crate::billing).

use crate::billing::{Charge, Counting, Day, Period, Timeline};
use crate::civil::{Month, Zone, show_date};
use crate::object;
use crate::plan::Plan;
use crate::shown::Side;
use ledger::Commit;
use seats::{Digest, Event, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days on end with the same licences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysFact {
    /// The first day, as `2026-05-01`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// How many days.
    pub days: u64,
    /// The most licences in force on each.
    pub in_force: u32,
    /// Those that are billed.
    pub billable: u32,
    /// Billable licences summed over the days.
    pub licence_days: u64,
}

/// A charge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFact {
    /// `monthly` or `setup`.
    pub charge: String,
    /// How many.
    #[serde(deserialize_with = "object::amount")]
    pub quantity: i64,
    /// At how much each, in minor units.
    #[serde(deserialize_with = "object::amount")]
    pub unit: i64,
    /// Together.
    #[serde(deserialize_with = "object::amount")]
    pub net: i64,
    /// Positions of the commits that it follows from.
    pub commits: Vec<u64>,
}

/// What a month comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The month, as `2026-05`.
    pub month: String,
    /// Its first instant, in microseconds since 1970.
    pub from: u64,
    /// The first instant of the next month.
    pub to: u64,
    /// BLAKE3 of the plan, in hexadecimal.
    #[serde(deserialize_with = "Option::deserialize")]
    pub plan: Option<String>,
    /// What the amounts are in.
    #[serde(deserialize_with = "Option::deserialize")]
    pub currency: Option<String>,
    /// Licences in force at the first instant.
    pub opening_licences: u32,
    /// Licences in force at the last instant.
    pub closing_licences: u32,
    /// The days.
    #[serde(deserialize_with = "object::list")]
    pub days: Vec<DaysFact>,
    /// Billable licences summed over all days.
    pub licence_days: u64,
    /// The charges.
    #[serde(deserialize_with = "object::list")]
    pub lines: Vec<LineFact>,
    /// Their sum.
    #[serde(deserialize_with = "object::amount_or_null")]
    pub net: Option<i64>,
}

/// What an account's commits say of licences and plans.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Terms {
    /// IANA name of its zone.
    pub zone: String,
    /// From when, how many, and the commit's position; in the order recorded.
    changes: Vec<(Timestamp, u32, u64)>,
    /// From when, and which; with the commit's position.
    plans: Vec<(Timestamp, u64, Digest)>,
    closed: Option<(Timestamp, u64)>,
}

impl Terms {
    /// Takes up the account's next commit.
    pub fn note(&mut self, position: u64, commit: &Commit) {
        for event in &commit.events {
            match event {
                Event::AccountOpened { zone, .. } => self.zone.clone_from(zone),
                Event::LicencesChanged { to, effective, .. } => {
                    self.changes.push((effective.instant, *to, position));
                }
                Event::PlanAssigned { plan, effective } => {
                    self.plans.push((effective.instant, position, *plan));
                }
                Event::AccountClosed => self.closed = Some((commit.at, position)),
                _ => {}
            }
        }
    }

    /// From when on there are licences; `None` if there never were any.
    pub fn begins(&self) -> Option<Timestamp> {
        self.changes.iter().map(|(from, _, _)| *from).min()
    }

    /// The digests of all plans that were assigned.
    pub fn plans(&self) -> impl Iterator<Item = Digest> {
        self.plans.iter().map(|(_, _, plan)| *plan)
    }

    /// What follows from these for every month, with the plans' files.
    ///
    /// # Errors
    /// In words, when there are more changes or assignments than are looked through for each month.
    pub fn settle(&self, plans: &BTreeMap<Digest, Vec<u8>>) -> Result<Settled, String> {
        if self.plans.len() > ASSIGNMENTS_MAX {
            return Err(format!("plans were assigned more than {ASSIGNMENTS_MAX} times"));
        }
        if self.changes.len() > CHANGES_MAX {
            return Err(format!("licences were changed more than {CHANGES_MAX} times"));
        }
        let mut assignments = self.plans.clone();
        // Stable: one commit may assign several plans for one instant, and the last of them counts.
        assignments.sort_by_key(|(effective, position, _)| (*effective, *position));
        let counting = self.changes.iter().map(|(from, _, position)| (*from, *position)).collect();
        let plans = plans.iter().map(|(digest, file)| (*digest, read(digest, file))).collect();
        Ok(Settled { timeline: self.timeline(), counting, assignments, plans, closed: self.closed })
    }

    fn timeline(&self) -> Timeline {
        // For the same instant the one recorded later counts.
        let changes: BTreeMap<Timestamp, u32> =
            self.changes.iter().map(|(from, to, _)| (*from, *to)).collect();
        Timeline {
            changes: changes.into_iter().collect(),
            opened_with: self.changes.first().map_or(0, |(_, to, _)| *to),
            closed: self.closed.map(|(at, _)| at),
        }
    }
}

/// An account's terms, in order: every plan is read once, however many months ask for it.
#[derive(Clone, Debug)]
pub struct Settled {
    timeline: Timeline,
    /// The commit behind what is in force from each instant: for the same instant the one recorded later.
    counting: BTreeMap<Timestamp, u64>,
    /// By instant, then by position.
    assignments: Vec<(Timestamp, u64, Digest)>,
    plans: BTreeMap<Digest, Result<Plan, String>>,
    closed: Option<(Timestamp, u64)>,
}

impl Settled {
    /// What a month comes to.
    ///
    /// # Errors
    /// In words, when a plan is missing or not accepted, or an amount is beyond 64 bits.
    pub fn facts(&self, month: Month, zone: Zone) -> Result<Facts, String> {
        let too_much = || format!("an amount of {month} is beyond what can be counted");
        let timeline = &self.timeline;
        let count = |counting| Period::count(timeline, month, zone, counting);
        let Period { from, to, .. } = count(Counting::of(None)).ok_or_else(too_much)?;
        let assigned = self.assigned(month, (from, to))?;
        let plan = assigned.map(|(_, _, plan)| plan);
        let period = count(Counting::of(plan)).ok_or_else(too_much)?;
        let mut lines = Vec::new();
        if let Some((position, _, plan)) = assigned {
            for line in period.lines(plan).ok_or_else(too_much)? {
                let (charge, commits) = match line.charge {
                    Charge::Monthly => ("monthly", self.behind_month(from, to, position)),
                    Charge::Setup(setup) => {
                        ("setup", self.counting.get(&setup.at).copied().into_iter().collect())
                    }
                };
                let (quantity, unit, net) = (line.quantity, line.unit, line.net);
                lines.push(LineFact { charge: charge.to_owned(), quantity, unit, net, commits });
            }
        }
        let sum = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net));
        let net = plan.map(|_| sum.ok_or_else(too_much)).transpose()?;
        Ok(Facts {
            month: month.to_string(),
            from: from.0,
            to: to.0,
            plan: assigned.map(|(_, digest, _)| digest.to_string()),
            currency: plan.map(|plan| plan.currency.code().to_owned()),
            opening_licences: timeline.at(from),
            closing_licences: timeline.at(Timestamp(to.0.saturating_sub(1))),
            days: days(&period.days),
            licence_days: period.licence_days(),
            lines,
            net,
        })
    }

    /// The plan that a month is billed by: the position of its assignment, its digest, and what it says.
    fn assigned(
        &self,
        month: Month,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<(u64, Digest, &Plan)>, String> {
        let begun = self.assignments.partition_point(|(effective, _, _)| *effective <= from);
        let (before, after) = self.assignments.split_at(begun);
        let after = after.iter().take_while(|(effective, _, _)| *effective < to);
        for (_, position, digest) in before.iter().rev().chain(after) {
            let plan = self.plans.get(digest);
            let plan = plan.ok_or_else(|| format!("the plan {digest} is missing"))?;
            let plan = plan.as_ref().map_err(String::clone)?;
            if plan.effective_from <= month.first_day() {
                return Ok(Some((*position, *digest, plan)));
            }
        }
        Ok(None)
    }

    /// The commits behind the fee of a month.
    fn behind_month(&self, from: Timestamp, to: Timestamp, plan: u64) -> Vec<u64> {
        let open = |at: Timestamp| self.closed.is_none_or(|(closed, _)| at < closed);
        let opening = self.counting.range(..=from).next_back().filter(|_| open(from));
        let opening = opening.map(|(_, position)| *position);
        let within = self.counting.range(from..to).filter(|(at, _)| **at > from && open(**at));
        let closed = self.closed.filter(|(at, _)| (from..to).contains(at));
        let mut commits: Vec<u64> = opening.into_iter().collect();
        commits.extend(within.map(|(_, position)| *position));
        commits.extend(closed.map(|(_, position)| position));
        commits.push(plan);
        commits.sort_unstable();
        commits.dedup();
        commits
    }
}

/// A plan's file, read.
fn read(digest: &Digest, file: &[u8]) -> Result<Plan, String> {
    let text = std::str::from_utf8(file).map_err(|error| error.to_string())?;
    if text.starts_with('\u{feff}') {
        return Err(format!("the plan {digest} begins with a byte order mark"));
    }
    Plan::read(text).map_err(|error| error.to_string())
}

/// Days on end with the same licences, as one row each.
pub(crate) fn days(days: &[Day]) -> Vec<DaysFact> {
    let mut rows: Vec<DaysFact> = Vec::new();
    for day in days {
        let (date, billable) = (show_date(day.date), u64::from(day.billable));
        match rows.last_mut() {
            Some(row) if (row.in_force, row.billable) == (day.in_force, day.billable) => {
                row.to = date;
                row.days = row.days.saturating_add(1);
                row.licence_days = row.licence_days.saturating_add(billable);
            }
            _ => rows.push(DaysFact {
                from: date.clone(),
                to: date,
                days: 1,
                in_force: day.in_force,
                billable: day.billable,
                licence_days: billable,
            }),
        }
    }
    rows
}

impl DaysFact {
    /// The headings of a table of days.
    pub(crate) const COLUMNS: [(&str, Side); 6] = [
        ("From", Side::Left),
        ("To", Side::Left),
        ("Days", Side::Right),
        ("In force", Side::Right),
        ("Billable", Side::Right),
        ("Licence-days", Side::Right),
    ];

    /// Its row under them.
    pub(crate) fn cells(&self) -> Vec<String> {
        let counts = [self.days, self.in_force.into(), self.billable.into(), self.licence_days];
        let mut cells = vec![self.from.clone(), self.to.clone()];
        cells.extend(counts.map(|count| count.to_string()));
        cells
    }
}

/// The calendar months that lie within `[from, to)`; one more than [`MONTHS_MAX`] is enough to tell.
pub fn months_within(zone: Zone, from: Timestamp, to: Timestamp) -> Vec<Month> {
    let mut months = Vec::new();
    let mut month = Month::of(zone.date_of(from));
    while let Some(this) = month {
        let Some((days, end)) = this.days(zone) else { break };
        if end > to || months.len() > MONTHS_MAX {
            break;
        }
        if days.first().is_some_and(|(_, first)| *first >= from) {
            months.push(this);
        }
        month = Month::of(this.next_first_day());
    }
    months
}

/// The most months that are derived together: a hundred years.
pub const MONTHS_MAX: usize = 1_200;
/// The most assignments of plans in an account of which a statement is derived.
const ASSIGNMENTS_MAX: usize = 10_000;
/// The most changes of licences in an account of which a statement is derived.
const CHANGES_MAX: usize = 50_000;
