//! From a month's licences to charges (rules 7 to 10 and 12).

use super::{Overdraft, Period, Setup};
use crate::civil::Month;
use crate::money::Rounding;
use crate::plan::{Off, OverdraftFee, Plan, TierMode, Vat};

/// What a charge is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Charge {
    /// The fee for having licences; the tier, if fees depend on the number.
    Monthly(Option<String>),
    /// What is taken off for a time, by its name.
    Discount(String),
    /// The fee for adding licences.
    Setup(Setup),
    /// The same, given back.
    Refund(Setup),
    /// Seats above the licences.
    Overdraft,
}

/// One line of a statement: `quantity x unit = net`, exactly. Amounts in minor units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What for.
    pub charge: Charge,
    /// The licence-days or seat-days that it is worked out from.
    pub counted: Option<u64>,
    /// How many.
    pub quantity: i64,
    /// At how much each.
    pub unit: i64,
    /// Together.
    pub net: i64,
}

/// The charges of a month under a plan; `None` if an amount is beyond 64 bits.
///
/// The monthly fee always has a line, if only of 0.
pub fn charges(
    plan: &Plan,
    month: Month,
    period: &Period,
    overdraft: &Overdraft,
) -> Option<Vec<Line>> {
    let mut lines = monthly(plan, period)?;
    let monthly = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net))?;
    let mut left = monthly;
    for discount in plan.discounts_in(month) {
        let off = match discount.off {
            Off::Amount(amount) => amount,
            Off::Share(share) => {
                let numerator = i128::from(monthly).checked_mul(i128::from(share))?;
                plan.rounding.divide(numerator, WHOLE)?
            }
        };
        let off = off.min(left);
        left = left.checked_sub(off)?;
        let charge = Charge::Discount(discount.name.clone());
        lines.extend((off != 0).then(|| line(charge, None, 1, off.saturating_neg())).flatten());
    }
    if plan.setup_fee > 0 {
        for setup in &period.setups.charged {
            let licences = i64::from(setup.licences);
            lines.push(line(Charge::Setup(*setup), None, licences, plan.setup_fee)?);
        }
        for refund in &period.setups.refunded {
            let (licences, unit) = (i64::from(refund.licences), plan.setup_fee.checked_neg()?);
            lines.push(line(Charge::Refund(*refund), None, licences, unit)?);
        }
    }
    let (counted, rate) = match plan.overdraft {
        OverdraftFee::Deny | OverdraftFee::ReportOnly => (0, 0),
        OverdraftFee::PerSeatDay(rate) => (overdraft.seat_days(), rate),
        OverdraftFee::MonthlyPeak(rate) => (u64::from(overdraft.peak()), rate),
    };
    if counted > 0 {
        lines.push(line(Charge::Overdraft, Some(counted), i64::try_from(counted).ok()?, rate)?);
    }
    Some(lines)
}

/// Value added tax on a net amount; `None` if it is beyond 64 bits.
pub fn vat(vat: &Vat, net: i64) -> Option<i64> {
    let numerator = i128::from(net).checked_mul(i128::from(vat.share))?;
    Rounding::HalfUp.divide(numerator, WHOLE)
}

/// The whole, in hundredths of a per cent.
const WHOLE: i128 = 10_000;

fn monthly(plan: &Plan, period: &Period) -> Option<Vec<Line>> {
    let whole = period.whole(plan.month_basis);
    let mode = plan.tier_mode.unwrap_or(TierMode::Graduated);
    let mut lines = Vec::new();
    for tier in &plan.tiers {
        let units = period.units(tier, mode, plan.month_basis);
        if units == 0 {
            continue;
        }
        let charge = Charge::Monthly(plan.tier_mode.map(|_| tier.name()));
        let numerator = i128::from(tier.fee).checked_mul(i128::from(units))?;
        let net = plan.rounding.divide(numerator, i128::from(whole))?;
        // Whole licences at the fee where that is exact; else one lump, explained by the licence-days.
        lines.push(match units.is_multiple_of(whole) {
            true => {
                let licences = i64::try_from(units.checked_div(whole)?).ok()?;
                line(charge, Some(units), licences, tier.fee)?
            }
            false => line(charge, Some(units), 1, net)?,
        });
    }
    if let (Some(first), true) = (plan.tiers.first(), lines.is_empty()) {
        let charge = Charge::Monthly(plan.tier_mode.map(|_| first.name()));
        lines.push(line(charge, Some(0), 0, first.fee)?);
    }
    Some(lines)
}

fn line(charge: Charge, counted: Option<u64>, quantity: i64, unit: i64) -> Option<Line> {
    let net = quantity.checked_mul(unit)?;
    Some(Line { charge, counted, quantity, unit, net })
}
