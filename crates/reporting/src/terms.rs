//! What an account's commits say of licences, plans and closed months, and what a month comes to by them.
//!
//! No log, no view, no name: whoever has the commits and the plan files comes to the same facts, which is what
//! an auditor does. The rules are those of `docs/billing.md`.

mod derive;

pub use derive::Deriving;

use crate::billing::Timeline;
use crate::calendar::{Calendar, MONTHS_MAX};
use crate::civil::{Month, Zone};
use crate::facts::Facts;
use crate::plan::Plan;
use crate::plans::Plans;
use crate::seated::Seated;
use ledger::Commit;
use projector::Notes;
use seats::closing::Closing;
use seats::{AccountId, Digest, Effective, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most assignments of plans in an account of which a statement is derived.
const ASSIGNMENTS_MAX: usize = 10_000;
/// The most changes of licences in an account of which a statement is derived.
const CHANGES_MAX: usize = 50_000;

/// A change of licences.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    effective: Timestamp,
    to: u32,
    position: u64,
    version: u64,
}

/// An assignment of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Assignment {
    effective: Timestamp,
    version: u64,
    position: u64,
    plan: Digest,
}

/// Up to where the history is taken, and up to when things are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The version.
    pub as_of: u64,
    /// The instant.
    pub until: Timestamp,
}

/// A month that was closed, as later statements need it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClosedMonth {
    /// Its statement.
    pub facts: Facts,
    /// The position of the commit that closed it.
    pub position: u64,
}

/// What an account's commits say of licences, plans and closed months.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    account: AccountId,
    /// IANA name of its zone.
    pub zone: String,
    changes: Vec<Change>,
    plans: Vec<Assignment>,
    closed: Option<(Timestamp, u64, u64)>,
    /// The position of each closing, and what it says.
    closings: Vec<(u64, Closing)>,
    seated: Seated,
    version: u64,
}

impl Terms {
    /// Of an account of which nothing is known yet.
    pub fn new(account: AccountId) -> Terms {
        Terms {
            account,
            zone: String::new(),
            changes: Vec::new(),
            plans: Vec::new(),
            closed: None,
            closings: Vec::new(),
            seated: Seated::default(),
            version: 0,
        }
    }

    /// Takes up the account's next commit.
    pub fn note(&mut self, position: u64, commit: &Commit) {
        let version = commit.version;
        self.version = version;
        self.seated.note(position, commit);
        for event in &commit.events {
            match event {
                Event::AccountOpened { zone, .. } => self.zone.clone_from(zone),
                Event::LicencesChanged { to, effective, .. } => {
                    let (effective, to) = (effective.instant, *to);
                    self.changes.push(Change { effective, to, position, version });
                }
                Event::PlanAssigned { plan, effective } => {
                    let (effective, plan) = (effective.instant, *plan);
                    self.plans.push(Assignment { effective, version, position, plan });
                }
                Event::AccountClosed => self.closed = Some((commit.at, position, version)),
                Event::PeriodClosed(closing) => {
                    self.closings.push((position, Closing::clone(closing)));
                }
                _ => {}
            }
        }
    }

    /// The same from what a view remembers; who sat where is not in it.
    pub fn of_notes(account: AccountId, zone: &str, version: u64, notes: &Notes) -> Terms {
        let change = |change: &projector::LicenceChange| Change {
            effective: change.effective.instant,
            to: change.to,
            position: change.recorded.position.0,
            version: change.recorded.version,
        };
        let assignment = |change: &projector::PlanChange| Assignment {
            effective: change.effective.instant,
            version: change.recorded.version,
            position: change.recorded.position.0,
            plan: change.plan,
        };
        let closing =
            |note: &projector::ClosedNote| (note.recorded.position.0, note.closing.clone());
        Terms {
            account,
            zone: zone.to_owned(),
            changes: notes.licences().iter().map(change).collect(),
            plans: notes.plans().iter().map(assignment).collect(),
            closed: notes.closed().map(|at| (at.at, at.position.0, at.version)),
            closings: notes.periods().iter().map(closing).collect(),
            seated: Seated::default(),
            version,
        }
    }

    /// Supposes a change of licences that nobody made.
    pub(crate) fn suppose(&mut self, to: u32, effective: Effective) {
        let (position, version) = (u64::MAX, u64::MAX);
        self.changes.push(Change { effective: effective.instant, to, position, version });
    }

    /// Whether something came to be known that counts from within a closed month.
    pub(crate) fn is_late(&self) -> bool {
        let (Some((_, first)), Some((_, last))) = (self.closings.first(), self.closings.last())
        else {
            return false;
        };
        let late = |version: u64, at: Timestamp| version > first.as_of && at < last.to;
        self.changes.iter().any(|change| late(change.version, change.effective))
            || self.plans.iter().any(|plan| late(plan.version, plan.effective))
            || self.closed.is_some_and(|(at, _, version)| late(version, at))
    }

    /// Whether there is not more in them than is looked through for each month.
    ///
    /// # Errors
    /// In words, when there is.
    pub(crate) fn check_size(&self) -> Result<(), String> {
        if self.plans.len() > ASSIGNMENTS_MAX {
            return Err(format!("plans were assigned more than {ASSIGNMENTS_MAX} times"));
        }
        if self.changes.len() > CHANGES_MAX {
            return Err(format!("licences were changed more than {CHANGES_MAX} times"));
        }
        if self.closings.len() > MONTHS_MAX {
            return Err(format!("more than {MONTHS_MAX} months were closed"));
        }
        Ok(())
    }

    /// From when on there are licences; `None` if there never were any.
    pub fn begins(&self) -> Option<Timestamp> {
        self.changes.iter().map(|change| change.effective).min()
    }

    /// The digests of all plans that were assigned.
    pub fn plans(&self) -> impl Iterator<Item = Digest> {
        self.plans.iter().map(|assignment| assignment.plan)
    }

    /// The version of the last commit taken up.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The month that is to be closed next; `None` if there never were licences.
    pub fn next_open(&self, zone: Zone) -> Option<Month> {
        match self.closings.last() {
            Some((_, last)) => Month::of(zone.day_of(last.to)),
            None => Month::of(zone.day_of(self.begins()?)),
        }
    }

    /// Licences over time, by what is known.
    pub fn timeline(&self, as_of: u64) -> Timeline {
        // For the same instant the one recorded later counts.
        let changes: BTreeMap<Timestamp, u32> =
            self.known(as_of).map(|change| (change.effective, change.to)).collect();
        Timeline {
            changes: changes.into_iter().collect(),
            opened_with: self.changes.first().map_or(0, |change| change.to),
            closed: self.closed_by(as_of).map(|(at, ..)| at),
        }
    }

    fn closed_by(&self, as_of: u64) -> Option<(Timestamp, u64, u64)> {
        self.closed.filter(|(_, _, version)| *version <= as_of)
    }

    /// The changes up to a version, in the order in which they were recorded.
    fn known(&self, as_of: u64) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.version <= as_of)
    }

    /// The assignments up to a version, in the order in which they count.
    fn in_order(&self, as_of: u64) -> Vec<Assignment> {
        let known = self.plans.iter().filter(|plan| plan.version <= as_of);
        let mut assignments: Vec<Assignment> = known.copied().collect();
        // Stable: one commit may assign several plans for one instant, and the last of them counts.
        assignments.sort_by_key(|assignment| (assignment.effective, assignment.version));
        assignments
    }

    /// The plan that a month is billed by.
    pub(crate) fn assigned_plan(
        &self,
        calendar: &Calendar,
        plans: &Plans,
    ) -> Result<Option<Arc<Plan>>, String> {
        Ok(assigned(&self.in_order(u64::MAX), calendar, plans)?.map(|(_, plan)| plan))
    }

    /// The position of the commit that assigned the plan that a month is billed by.
    pub fn priced_by(&self, calendar: &Calendar, plans: &Plans) -> Result<Option<u64>, String> {
        let assigned = assigned(&self.in_order(u64::MAX), calendar, plans)?;
        Ok(assigned.map(|(assignment, _)| assignment.position))
    }
}

/// The plan that counts for a month by these assignments, which are in order, and its assignment (rule 14).
fn assigned(
    assignments: &[Assignment],
    calendar: &Calendar,
    plans: &Plans,
) -> Result<Option<(Assignment, Arc<Plan>)>, String> {
    let begun = assignments.partition_point(|one| one.effective <= calendar.from);
    let (before, after) = assignments.split_at(begun);
    let within = after.partition_point(|one| one.effective < calendar.to);
    let after = after.split_at(within).0.chunk_by(|one, other| one.effective == other.effective);
    // Of several for one instant the last counts: it corrects the others.
    let after = after.flat_map(|same| same.iter().rev());
    let mut passed = BTreeSet::new();
    for assignment in before.iter().rev().chain(after) {
        if !passed.insert(assignment.plan) {
            continue; // It was looked at, and is not usable for this month.
        }
        let plan = plans.get(assignment.plan)?;
        if plan.effective_from <= calendar.month.first_day() {
            return Ok(Some((*assignment, Arc::clone(plan))));
        }
    }
    Ok(None)
}
