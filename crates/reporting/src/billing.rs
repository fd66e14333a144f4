//! What a month costs: the rules, without names, logs or rendering.
//!
//! 1. The period is a calendar month of the account's zone, from the first instant of its first day to the
//!    first instant of the next month.
//! 2. Licences are what was bought, never what was used: using less never lowers the fee.
//! 3. The licences of a day are the most in force at any instant of that civil day. So the day they are
//!    added counts, the day they are dropped counts, and adding and dropping on one day costs that day.
//!    Billable are those above the plan's included ones.
//! 4. With `decrease = "end_of_period"` a day never has fewer billable licences than a day before it in the
//!    same month.
//! 5. The monthly fee is `fee x licence-days / days of the month`, rounded once. So a full month of n
//!    licences costs exactly n fees, and the denominator is the whole month, also for a part of it.
//! 6. A set-up fee is charged in the month of an increase, whole, never by days: for each licence above the
//!    most the account ever paid for, or for each licence of every increase, as the plan says. The licences
//!    an account is opened with are no increase.
//! 7. Closing an account is a decrease to no licences at that instant: with `end_of_period` the month is
//!    billed to its end, with `daily` to the day of closing; after that nothing.

use crate::civil::{Month, Zone};
use crate::plan::{Decrease, Plan, SetupOn};
use seats::{CivilDate, Timestamp};

/// Licences over time, as they are known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeline {
    /// From when, and how many; by instant, each instant once.
    pub changes: Vec<(Timestamp, u32)>,
    /// How many licences the account was opened with.
    pub opened_with: u32,
    /// When the account was closed.
    pub closed: Option<Timestamp>,
}

/// One civil day of the month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day {
    /// Which.
    pub date: CivilDate,
    /// The most licences in force at any instant of it.
    pub in_force: u32,
    /// Those that are billed.
    pub billable: u32,
}

/// An increase that a set-up fee is charged on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    /// When the increase took effect.
    pub at: Timestamp,
    /// How many licences the fee is charged on.
    pub licences: u32,
}

/// A month of an account, in licences.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first instant of the month.
    pub from: Timestamp,
    /// The first instant of the next month.
    pub to: Timestamp,
    /// Its days. Some zones have skipped some days.
    pub days: Vec<Day>,
    /// Increases that set-up fees are charged on, by time.
    pub setups: Vec<Setup>,
}

/// What a charge is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charge {
    /// The fee for having licences.
    Monthly,
    /// The fee for adding them.
    Setup(Setup),
}

/// One line of a statement: `quantity x unit = net`, exactly. Amounts in minor units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// What for.
    pub charge: Charge,
    /// How many.
    pub quantity: i64,
    /// At how much each.
    pub unit: i64,
    /// Together.
    pub net: i64,
}

/// How licences are counted: the parts of a plan that a count depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counting {
    /// Licences that cost nothing.
    pub included: u32,
    /// From when fewer licences cost less.
    pub decrease: Decrease,
    /// What set-up fees are charged on.
    pub setup_on: SetupOn,
}

impl Counting {
    /// As a plan says, or the usual way if there is none.
    pub fn of(plan: Option<&Plan>) -> Counting {
        let usual = Counting {
            included: 0,
            decrease: Decrease::EndOfPeriod,
            setup_on: SetupOn::AboveHighWater,
        };
        plan.map_or(usual, |plan| Counting {
            included: plan.included_licences,
            decrease: plan.decrease,
            setup_on: plan.setup_on,
        })
    }
}

impl Timeline {
    /// Licences in force at an instant.
    pub fn at(&self, at: Timestamp) -> u32 {
        if self.closed.is_some_and(|closed| closed <= at) {
            return 0;
        }
        let begun = self.changes.partition_point(|(from, _)| *from <= at);
        self.changes.iter().take(begun).next_back().map_or(0, |(_, licences)| *licences)
    }

    /// The most licences in force at any instant of `[from, to)`.
    fn most(&self, from: Timestamp, to: Timestamp) -> u32 {
        let begun = self.changes.partition_point(|(at, _)| *at <= from);
        let within = self.changes.iter().skip(begun).take_while(|(at, _)| *at < to);
        let within = within.filter(|(at, _)| self.closed.is_none_or(|closed| *at < closed));
        within.map(|(_, licences)| *licences).fold(self.at(from), u32::max)
    }

    /// Increases that set-up fees are charged on, over all time.
    fn setups(&self, counting: Counting) -> Vec<Setup> {
        let paid = |licences: u32| licences.saturating_sub(counting.included);
        let first = self.changes.first().map_or(0, |(_, licences)| *licences);
        let mut paid_for = paid(first.min(self.opened_with));
        let mut setups = Vec::new();
        let open = |at: Timestamp| self.closed.is_none_or(|closed| at < closed);
        for (at, licences) in self.changes.iter().copied().filter(|(at, _)| open(*at)) {
            let added = paid(licences).saturating_sub(paid_for);
            if added > 0 {
                setups.push(Setup { at, licences: added });
            }
            paid_for = match counting.setup_on {
                SetupOn::AboveHighWater => paid_for.max(paid(licences)),
                SetupOn::EveryIncrease => paid(licences),
            };
        }
        setups
    }
}

impl Period {
    /// Counts a month; `None` if its instants cannot be said.
    pub fn count(
        timeline: &Timeline,
        month: Month,
        zone: Zone,
        counting: Counting,
    ) -> Option<Period> {
        let (dates, to) = month.days(zone)?;
        let from = dates.first()?.1;
        let ends = dates.iter().skip(1).map(|(_, first)| *first).chain([to]);
        let mut days: Vec<Day> = Vec::with_capacity(dates.len());
        for ((date, first), end) in dates.iter().zip(ends) {
            let in_force = timeline.most(*first, end);
            let counted = in_force.saturating_sub(counting.included);
            let before = days.last().map_or(0, |day| day.billable);
            let billable = match counting.decrease {
                Decrease::EndOfPeriod => counted.max(before),
                Decrease::Daily => counted,
            };
            days.push(Day { date: *date, in_force, billable });
        }
        let mut setups = timeline.setups(counting);
        setups.retain(|setup| from <= setup.at && setup.at < to);
        Some(Period { from, to, days, setups })
    }

    /// Billable licences summed over the days.
    pub fn licence_days(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.billable)).sum()
    }

    /// The lines of the statement under a plan; `None` if an amount is beyond 64 bits.
    ///
    /// The monthly fee always has its line, if only of 0.
    pub fn lines(&self, plan: &Plan) -> Option<Vec<Line>> {
        let days = u64::try_from(self.days.len()).ok()?;
        let licence_days = self.licence_days();
        let numerator = i128::from(plan.monthly_fee).checked_mul(i128::from(licence_days))?;
        let net = plan.rounding.divide(numerator, i128::from(days))?;
        // Whole licences at the fee where that is exact; else one lump, explained by the licence-days.
        let whole = licence_days.is_multiple_of(days);
        let (quantity, unit) = match whole {
            true => (i64::try_from(licence_days.checked_div(days)?).ok()?, plan.monthly_fee),
            false => (1, net),
        };
        let mut lines = vec![Line { charge: Charge::Monthly, quantity, unit, net }];
        if plan.setup_fee > 0 {
            for setup in &self.setups {
                let (quantity, unit) = (i64::from(setup.licences), plan.setup_fee);
                let net = quantity.checked_mul(unit)?;
                lines.push(Line { charge: Charge::Setup(*setup), quantity, unit, net });
            }
        }
        Some(lines)
    }
}
