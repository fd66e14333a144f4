//! What else must be said on a statement.

use super::{Standing, rows};
use crate::civil::{Month, Zone, show_date};
use crate::facts::Facts;
use crate::owed::Owed;
use crate::plan::{Decrease, OverdraftFee, Plan};
use crate::reports::{ReportError, Reports};
use crate::shown::counted;
use projector::{PlanChange, Usage};
use seats::Timestamp;

impl Reports<'_> {
    /// What must be said of a statement.
    pub(super) fn notes_of(
        &self,
        owed: &Owed,
        standing: &Standing,
        used: &Usage,
        known_until: Timestamp,
    ) -> Result<Vec<String>, ReportError> {
        let (facts, zone) = (&owed.facts, owed.zone);
        let mut notes = Vec::new();
        if owed.closed.is_none() {
            notes.extend(of_plans(owed)?);
        }
        match standing {
            Standing::Provisional => notes.push(format!(
                "Provisional: the month is not over as of {}. It is billed as if nothing more changed \
                 than is announced.",
                zone.show(known_until)
            )),
            Standing::Open => notes.push(
                "Open: the month is over and not closed; what comes to be known still changes it."
                    .to_owned(),
            ),
            Standing::Closed { closed_at, .. } => notes.push(format!(
                "Closed {}. It never changes; what comes to be known later is adjusted in the next month.",
                zone.show(closed_at.0)
            )),
        }
        notes.push(rows::used_in_words(used));
        let plan = owed.plan.as_deref();
        if let Some(plan) = plan.filter(|plan| plan.included_licences > 0) {
            let verb = if plan.included_licences == 1 { "is" } else { "are" };
            let licences = counted(plan.included_licences.into(), "licence");
            notes.push(format!("{licences} {verb} included in the plan."));
        }
        notes.extend(plan.and_then(|plan| of_overdraft(facts, plan)));
        notes.extend(closing(owed));
        if facts.carried_out.is_some_and(|carried| carried < 0) {
            notes
                .push("Nothing is to be paid: the credit is carried to the next month.".to_owned());
        }
        notes.push(match &facts.vat {
            None => "This is not a VAT invoice. Amounts are net of VAT.".to_owned(),
            Some(_) => "This is not a VAT invoice. VAT is worked out for information.".to_owned(),
        });
        Ok(notes)
    }
}

/// What must be said of assignments of plans.
fn of_plans(owed: &Owed) -> Result<Vec<String>, ReportError> {
    let (facts, zone) = (&owed.facts, owed.zone);
    let month = Month::read(&facts.month)?;
    let (from, to) = (Timestamp(facts.from), Timestamp(facts.to));
    let mut notes = Vec::new();
    let mut changes: Vec<&PlanChange> = owed.now.notes.plans().iter().collect();
    changes.sort_by_key(|change| (change.effective.instant, change.recorded.position));
    let usable = |plan: &Plan| plan.effective_from <= month.first_day();
    // Before the one that counts nothing is looked at; behind it what is assigned within the month.
    let mut counts = false;
    for change in changes.iter().rev().filter(|change| change.effective.instant <= from) {
        let Ok(plan) = owed.plans.get(change.plan) else { continue };
        if usable(plan) {
            counts = true;
            break;
        }
        notes.push(not_yet(plan, change, zone));
    }
    for change in changes.iter().filter(|change| (from..to).contains(&change.effective.instant)) {
        let Ok(plan) = owed.plans.get(change.plan) else { continue };
        if change.effective.instant == from {
            continue;
        }
        match (counts, usable(plan)) {
            (true, _) => notes.push(format!(
                "Plan {}, assigned from {}, counts from the next month: a price changes only between \
                 months.",
                plan.name,
                assigned_on(change, zone)
            )),
            (false, true) => counts = true,
            (false, false) => notes.push(not_yet(plan, change, zone)),
        }
    }
    if facts.plan.is_none() {
        notes.push(format!(
            "No price plan is assigned for {}, so there are licence-days and no amounts. Assign a plan \
             to the account that counts from {} or before.",
            month.in_words(),
            show_date(month.first_day())
        ));
    }
    Ok(notes)
}

fn not_yet(plan: &Plan, change: &PlanChange, zone: Zone) -> String {
    let (name, from) = (&plan.name, show_date(plan.effective_from));
    let day = assigned_on(change, zone);
    format!("Plan {name}, assigned from {day}, is good from {from} on and not before.")
}

fn assigned_on(change: &PlanChange, zone: Zone) -> String {
    show_date(change.effective.date.unwrap_or_else(|| zone.date_of(change.effective.instant)))
}

fn of_overdraft(facts: &Facts, plan: &Plan) -> Option<String> {
    let days: u64 = facts.overdraft.iter().map(|row| row.days).sum();
    let most = facts.overdraft.iter().map(|row| row.over).max()?;
    let (days, most) = (counted(days, "day"), counted(most.into(), "seat"));
    let held = format!("Above the licences were held up to {most}, on {days}");
    Some(match plan.overdraft {
        OverdraftFee::Deny => {
            format!("{held}. The plan covers none: look at the account's policy.")
        }
        OverdraftFee::ReportOnly => format!("{held}. The plan charges nothing for it."),
        OverdraftFee::PerSeatDay(_) | OverdraftFee::MonthlyPeak(_) => {
            format!("{held}. A seat counts to its last sign of life only.")
        }
    })
}

/// That the account was closed.
fn closing(owed: &Owed) -> Option<String> {
    let closed = owed.now.notes.closed()?.at;
    let day = show_date(owed.zone.date_of(closed));
    let (from, to) = (Timestamp(owed.facts.from), Timestamp(owed.facts.to));
    let decrease = owed.plan.as_ref().map_or(Decrease::EndOfPeriod, |plan| plan.decrease);
    (closed < to).then(|| match decrease {
        _ if closed < from => {
            format!("The account was closed on {day}; nothing is billed after that.")
        }
        Decrease::EndOfPeriod => {
            format!(
                "The account was closed on {day}; its licences are billed to the end of that month."
            )
        }
        Decrease::Daily => {
            format!(
                "The account was closed on {day}; its licences are billed to that day inclusive."
            )
        }
    })
}
