//! The rows of a statement, from its numbers.

use super::{ChangeRow, LineRow, PlanTold, Sums, UsedTold, VatTold};
use crate::civil::{Month, Zone, show_date};
use crate::facts::{Facts, LineFact};
use crate::money::Currency;
use crate::plan::{MonthBasis, OverdraftFee, Plan};
use crate::shown::{At, counted};
use projector::{LicenceChange, Usage};
use seats::Timestamp;

pub(super) fn plan(plan: &Plan, digest: &str) -> PlanTold {
    PlanTold {
        name: plan.name.clone(),
        digest: digest.to_owned(),
        currency: plan.currency.code(),
        monthly_fee: plan.currency.show(plan.monthly_fee()),
        setup_fee: plan.currency.show(plan.setup_fee),
        included_licences: plan.included_licences,
    }
}

/// Changes that count from within the month, in the order in which they count.
pub(super) fn changes(
    changes: &[LicenceChange],
    (from, to): (Timestamp, Timestamp),
    as_of: u64,
) -> Vec<ChangeRow> {
    let known = changes.iter().filter(|change| change.recorded.version <= as_of);
    let within = known.filter(|change| (from..to).contains(&change.effective.instant));
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

pub(crate) fn lines(
    facts: &Facts,
    plan: Option<&Plan>,
    changes: &[LicenceChange],
    zone: Zone,
) -> Vec<LineRow> {
    let day = |line: &LineFact| {
        let change =
            changes.iter().find(|change| line.commits.contains(&change.recorded.position.0))?;
        Some(show_date(zone.date_of(change.effective.instant)))
    };
    let Some(plan) = plan else { return Vec::new() };
    let show = |minor: i64| plan.currency.show(minor);
    let row = |line: &LineFact| LineRow {
        charge: line.charge.clone(),
        what: what(line, facts, plan, day(line)),
        counted: line.counted,
        quantity: line.quantity,
        unit: show(line.unit),
        unit_minor: line.unit,
        net: show(line.net),
        net_minor: line.net,
        adjusts: line.subject.clone().filter(|_| line.charge == crate::facts::ADJUSTMENT),
        commits: line.commits.clone(),
    };
    facts.lines.iter().map(row).collect()
}

/// What a line is for; how it is worked out, where it is not so many licences for a whole month.
fn what(line: &LineFact, facts: &Facts, plan: &Plan, day: Option<String>) -> String {
    let subject = line.subject.as_deref();
    match line.charge.as_str() {
        "monthly" => monthly(line, facts, plan),
        "discount" => format!("Discount: {}", subject.unwrap_or_default()),
        "setup" => day.map_or("Set-up of licences added".into(), |day| {
            format!("Set-up of licences added on {day}")
        }),
        "refund" => "Set-up refunded: licences given back within the cooling-off time".to_owned(),
        "overdraft" => match plan.overdraft {
            OverdraftFee::MonthlyPeak(_) => {
                "Overdraft: the most seats above the licences on a day".into()
            }
            _ => "Overdraft: seats above the licences, by day".to_owned(),
        },
        "adjustment" => {
            let month = subject.and_then(|month| Month::read(month).ok());
            let month = month.map_or_else(String::new, Month::in_words);
            format!("Adjustment of {month}, which was closed before this was known")
        }
        other => other.to_owned(),
    }
}

fn monthly(line: &LineFact, facts: &Facts, plan: &Plan) -> String {
    let days: u64 = facts.days.iter().map(|row| row.days).sum();
    let whole = match plan.month_basis {
        MonthBasis::ActualDays => days,
        MonthBasis::Fixed30 => 30,
    };
    let counted = line.counted.unwrap_or_default();
    let of = line.subject.as_ref().map_or_else(String::new, |tier| format!(" ({tier})"));
    if counted.checked_rem(whole) == Some(0) {
        return format!("Licences{of}, monthly fee");
    }
    let fee =
        line.subject.as_ref().and_then(|name| plan.tiers.iter().find(|tier| tier.name() == *name));
    let fee = plan.currency.show(fee.map_or_else(|| plan.monthly_fee(), |tier| tier.fee));
    format!("Licences{of}, monthly fee: {fee} x {counted} licence-days / {whole} days")
}

pub(super) fn sums(facts: &Facts, currency: Currency) -> Option<Sums> {
    let show = |minor: i64| currency.show(minor);
    let vat = facts.vat.as_ref().map(|vat| VatTold {
        code: vat.code.clone(),
        rate: vat.rate.clone(),
        amount: show(vat.amount),
        amount_minor: vat.amount,
    });
    let (net, gross, due) = (facts.net?, facts.gross?, facts.due?);
    let (carried_in, carried_out) = (facts.carried_in?, facts.carried_out?);
    Some(Sums {
        net: show(net),
        net_minor: net,
        vat,
        gross: show(gross),
        gross_minor: gross,
        carried_in: show(carried_in),
        carried_in_minor: carried_in,
        due: show(due),
        due_minor: due,
        carried_out: show(carried_out),
        carried_out_minor: carried_out,
    })
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

/// What was used, in words.
pub(super) fn used_in_words(used: &Usage) -> String {
    format!(
        "Licences are billed as bought; using fewer never lowers the fee. In use: peak {}, {}.",
        used.peak_seats.count,
        counted(used.sessions, "session")
    )
}
