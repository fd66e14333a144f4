//! Which plan a month is billed by.
//!
//! A price changes only between months: the plan in force at the first instant of the month counts for all
//! of it. An account that had none then is billed by the first one assigned within the month.

use crate::civil::{Month, Zone, show_date};
use crate::plan::Plan;
use crate::reports::{ReportError, Reports};
use projector::PlanChange;
use seats::{Digest, Timestamp};

/// A plan and the file it stands in.
pub(super) struct Assigned {
    pub(super) digest: Digest,
    pub(super) plan: Plan,
}

impl Reports<'_> {
    /// The plan that a month, given with its two edges, is billed by. What must be said of other
    /// assignments is added to `notes`.
    pub(super) fn plan_of(
        &self,
        changes: &[PlanChange],
        (month, from, to): (Month, Timestamp, Timestamp),
        zone: Zone,
        notes: &mut Vec<String>,
    ) -> Result<Option<Assigned>, ReportError> {
        let mut changes: Vec<&PlanChange> = changes.iter().collect();
        changes.sort_by_key(|change| (change.effective.instant, change.recorded.position));
        let begun = changes.partition_point(|change| change.effective.instant <= from);
        let (before, after) = changes.split_at(begun);
        let mut found: Option<Assigned> = None;
        for change in before.iter().rev() {
            found = self.usable(change, month, zone, notes)?;
            if found.is_some() {
                break;
            }
        }
        for change in after.iter().take_while(|change| change.effective.instant < to) {
            if found.is_none() {
                found = self.usable(change, month, zone, notes)?;
            } else {
                let (plan, day) = (self.plan(change.plan)?.name, assigned_on(change, zone));
                notes.push(format!(
                    "Plan {plan}, assigned from {day}, counts from the next month: a price changes only \
                     between months."
                ));
            }
        }
        if found.is_none() {
            notes.push(format!(
                "No price plan is assigned for {}, so there are licence-days and no amounts. Assign a plan \
                 to the account that counts from {} or before.",
                month.in_words(),
                show_date(month.first_day())
            ));
        }
        Ok(found)
    }

    /// The plan of an assignment, if it may be used for the month.
    fn usable(
        &self,
        change: &PlanChange,
        month: Month,
        zone: Zone,
        notes: &mut Vec<String>,
    ) -> Result<Option<Assigned>, ReportError> {
        let plan = self.plan(change.plan)?;
        if plan.effective_from <= month.first_day() {
            return Ok(Some(Assigned { digest: change.plan, plan }));
        }
        let (name, from) = (plan.name, show_date(plan.effective_from));
        let day = assigned_on(change, zone);
        notes.push(format!(
            "Plan {name}, assigned from {day}, is good from {from} on and not before."
        ));
        Ok(None)
    }

    fn plan(&self, digest: Digest) -> Result<Plan, ReportError> {
        let file = self.views.ledger().book().plan(digest)?;
        let file = file.ok_or_else(|| ReportError::MissingPlan(digest.to_string()))?;
        let text = String::from_utf8_lossy(&file);
        let digest = digest.to_string();
        Plan::read(&text).map_err(|source| ReportError::BadPlan { digest, source })
    }
}

fn assigned_on(change: &PlanChange, zone: Zone) -> String {
    show_date(change.effective.date.unwrap_or_else(|| zone.date_of(change.effective.instant)))
}
