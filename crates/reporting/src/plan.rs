//! Price plans: what a licence costs. The file's keys and their meaning stand in `docs/billing.md`.
//!
//! The file's BLAKE3 is what the log holds; the file itself stands in the directory. An unknown key is an
//! error, and so is a word that is not known: a plan never says more than is billed.

mod file;
mod place;
mod tables;

use crate::civil::Month;
use crate::money::{Currency, Rounding};
use seats::{CivilDate, Micros};
use serde::Deserialize;

/// The most tiers that a plan may have.
pub const TIERS_MAX: usize = 20;
/// The most discounts that a plan may have.
pub const DISCOUNTS_MAX: usize = 20;

/// What the set-up fee is charged on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupOn {
    /// On each licence above the most the account ever paid for.
    #[default]
    AboveHighWater,
    /// On each licence of every increase.
    EveryIncrease,
}

/// From when more licences cost more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Increase {
    /// From their day on.
    #[default]
    Daily,
    /// For the whole of the month in which they are added.
    FullMonth,
    /// From the next month on.
    NextMonth,
}

/// From when fewer licences cost less.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decrease {
    /// From the next month on.
    #[default]
    EndOfPeriod,
    /// From the next day on.
    Daily,
}

/// How many days a month counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthBasis {
    /// As many as it has.
    #[default]
    ActualDays,
    /// Thirty; more than thirty days of one licence count as thirty, and all days of a month too.
    #[serde(rename = "fixed_30")]
    Fixed30,
}

/// What a licence costs where that depends on their number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierMode {
    /// Each licence costs the fee of its own tier.
    #[default]
    Graduated,
    /// All licences cost the fee of the tier that their number lies in.
    Volume,
}

/// Some licences, by their number, and what each costs for a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tier {
    /// The first of them, from 1.
    pub first: u32,
    /// The last of them; `None`: there is no last.
    pub last: Option<u32>,
    /// The fee of one for a month.
    pub fee: i64,
}

/// What a discount takes off the monthly fees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Off {
    /// A share, in hundredths of a per cent.
    Share(u32),
    /// An amount a month.
    Amount(i64),
}

/// A discount on the monthly fees, for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discount {
    /// What it is called on statements.
    pub name: String,
    /// What it takes off.
    pub off: Off,
    /// The first day on which it is valid, the first of a month; `None`: always was.
    pub from: Option<CivilDate>,
    /// The last day on which it is valid, the last of a month.
    pub until: CivilDate,
}

/// What seats above the licences cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OverdraftFee {
    /// Nothing, and the plan covers none.
    Deny,
    /// Nothing; they are listed.
    ReportOnly,
    /// So much for each seat and day.
    PerSeatDay(i64),
    /// So much for each seat of the most that were above the licences on any day.
    MonthlyPeak(i64),
}

/// Value added tax, worked out beside the net amounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vat {
    /// What the accounts package calls the rate.
    pub code: String,
    /// The rate as it was written, in per cent.
    pub rate: String,
    /// The rate in hundredths of a per cent.
    pub share: u32,
}

/// A price plan. Amounts are in minor units of its currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Its name, which is part of every statement.
    pub name: String,
    /// What its amounts are in.
    pub currency: Currency,
    /// The first day it can be used for; the first of a month.
    pub effective_from: CivilDate,
    /// Fees for a licence for a month: tiers that follow one another, the first from 1, the last without end.
    pub tiers: Vec<Tier>,
    /// How tiers are meant; `None`: there is one fee for all licences.
    pub tier_mode: Option<TierMode>,
    /// Fee for a licence that is added.
    pub setup_fee: i64,
    /// What the set-up fee is charged on.
    pub setup_on: SetupOn,
    /// Within how many days a licence can be given back and its set-up fee with it.
    pub cooling_off_days: u32,
    /// Licences that cost nothing.
    pub included_licences: u32,
    /// From when more licences cost more.
    pub increase: Increase,
    /// From when fewer licences cost less.
    pub decrease: Decrease,
    /// For how many months a licence is paid for at least.
    pub min_term_months: u32,
    /// How many days a month counts for.
    pub month_basis: MonthBasis,
    /// How a fraction of a minor unit is rounded.
    pub rounding: Rounding,
    /// Discounts, in the order in which they are taken off.
    pub discounts: Vec<Discount>,
    /// What seats above the licences cost.
    pub overdraft: OverdraftFee,
    /// A shorter time above the licences does not count.
    pub overlap_grace: Micros,
    /// Value added tax, if it is worked out.
    pub vat: Option<Vat>,
    /// How many civil days after its end a month is closed at the earliest.
    pub grace_days: u32,
    /// Whoever assigned it may not alone close the first month it counts for.
    pub second_person: bool,
}

/// A plan file that is not accepted. Whoever wrote it mends it at the place named.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("price plan, line {line}: {reason}")]
pub struct PlanError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, with the key and the value.
    pub reason: String,
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// [`PlanError`] with the line, for anything that is missing, unknown, misspelled or out of range.
    pub fn read(text: &str) -> Result<Plan, PlanError> {
        file::read(text)
    }

    /// What the first licence costs for a month.
    pub fn monthly_fee(&self) -> i64 {
        self.tiers.first().map_or(0, |tier| tier.fee)
    }

    /// The discounts that are valid in a month.
    pub fn discounts_in(&self, month: Month) -> impl Iterator<Item = &Discount> {
        let day = month.first_day();
        let valid = move |discount: &&Discount| {
            discount.from.is_none_or(|from| from <= day) && day <= discount.until
        };
        self.discounts.iter().filter(valid)
    }
}

impl Tier {
    /// The licences it is of, as `1-10` or `11+`.
    pub fn name(&self) -> String {
        match self.last {
            Some(last) => format!("{}-{last}", self.first),
            None => format!("{}+", self.first),
        }
    }
}
