//! The rows of a statement, from what was counted.

use super::assigned::Assigned;
use super::{ChangeRow, LineRow, PlanTold, UsedTold};
use crate::billing::{Charge, Counting, Line, Period, Timeline};
use crate::civil::{Zone, show_date};
use crate::plan::{Decrease, Plan, SetupOn};
use crate::shown::{At, counted};
use projector::{LicenceChange, Usage};
use seats::Timestamp;

pub(super) fn plan(assigned: Assigned) -> PlanTold {
    let Assigned { digest, plan } = assigned;
    PlanTold {
        digest: digest.to_string(),
        currency: plan.currency.code(),
        monthly_fee: plan.currency.show(plan.monthly_fee),
        setup_fee: plan.currency.show(plan.setup_fee),
        setup_on: match plan.setup_on {
            SetupOn::AboveHighWater => "above_high_water",
            SetupOn::EveryIncrease => "every_increase",
        },
        included_licences: plan.included_licences,
        decrease: match plan.decrease {
            Decrease::EndOfPeriod => "end_of_period",
            Decrease::Daily => "daily",
        },
        rounding: plan.rounding.name(),
        name: plan.name,
    }
}

/// Changes that count from within the month, in the order in which they count.
pub(super) fn changes(changes: &[LicenceChange], from: Timestamp, to: Timestamp) -> Vec<ChangeRow> {
    let within = changes.iter().filter(|change| (from..to).contains(&change.effective.instant));
    let mut rows: Vec<ChangeRow> = within
        .map(|change| ChangeRow {
            at: At(change.effective.instant),
            from: change.from,
            to: change.to,
            ordered_at: At(change.recorded.at),
            position: change.recorded.position.0,
            version: change.recorded.version,
        })
        .collect();
    rows.sort_by_key(|row| (row.at, row.position));
    rows
}

pub(super) fn lines(lines: &[Line], plan: &Plan, period: &Period, zone: Zone) -> Vec<LineRow> {
    let row = |line: &Line| LineRow {
        what: match line.charge {
            Charge::Monthly => monthly(plan, period),
            Charge::Setup(setup) => {
                format!("Set-up of licences added on {}", show_date(zone.date_of(setup.at)))
            }
        },
        quantity: line.quantity,
        unit: plan.currency.show(line.unit),
        net: plan.currency.show(line.net),
        net_minor: line.net,
    };
    lines.iter().map(row).collect()
}

/// What the monthly fee is for; how it is worked out, where it is not so many licences for a whole month.
fn monthly(plan: &Plan, period: &Period) -> String {
    let (days, licence_days) = (period.days.len(), period.licence_days());
    let whole = u64::try_from(days).is_ok_and(|days| licence_days.is_multiple_of(days));
    if whole {
        return "Licences, monthly fee".to_owned();
    }
    let fee = plan.currency.show(plan.monthly_fee);
    format!("Licences, monthly fee: {fee} x {licence_days} licence-days / {days} days")
}

pub(super) fn used(usage: &Usage) -> UsedTold {
    UsedTold {
        sessions: usage.sessions,
        users: usage.users,
        peak_seats: usage.peak_seats.count,
        peak_seats_at: usage.peak_seats.at.map(At),
        denials: usage.denied(),
    }
}

pub(super) fn provisional(zone: Zone, known_until: Timestamp) -> String {
    format!(
        "Provisional: the month is not over as of {}. It is billed as if nothing more changed than is \
         announced.",
        zone.show(known_until)
    )
}

/// What else must be said.
pub(super) fn remarks(
    timeline: &Timeline,
    period: &Period,
    counting: Counting,
    zone: Zone,
    used: &Usage,
) -> Vec<String> {
    let mut said = vec![format!(
        "Licences are billed as bought; using fewer never lowers the fee. In use: peak {}, {}.",
        used.peak_seats.count,
        counted(used.sessions, "session")
    )];
    if counting.included > 0 {
        said.push(format!("{} included in the plan.", are(counting.included)));
    }
    if let Some(closed) = timeline.closed.filter(|closed| *closed < period.to) {
        let day = show_date(zone.date_of(closed));
        said.push(match counting.decrease {
            _ if closed < period.from => format!("The account was closed on {day}; nothing is billed after that."),
            Decrease::EndOfPeriod => {
                format!("The account was closed on {day}; its licences are billed to the end of that month.")
            }
            Decrease::Daily => {
                format!("The account was closed on {day}; its licences are billed to that day inclusive.")
            }
        });
    }
    said.push("This is not a VAT invoice. Amounts are net of VAT.".to_owned());
    said
}

/// `1 licence is`, `3 licences are`.
fn are(licences: u32) -> String {
    let verb = if licences == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(licences.into(), "licence"))
}
