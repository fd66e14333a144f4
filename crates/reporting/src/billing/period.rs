//! A month of an account, in licences (rules 2 to 6).

use super::timeline::{Steps, Timeline, level, most};
use super::{Counting, Setups};
use crate::calendar::Calendar;
use crate::civil::Zone;
use crate::plan::{Decrease, Increase, MonthBasis, Tier, TierMode};
use seats::{CivilDate, Timestamp};

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

/// A month of an account, in licences.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first instant of the month.
    pub from: Timestamp,
    /// The first instant of the next month.
    pub to: Timestamp,
    /// Its days. Some zones have skipped some days.
    pub days: Vec<Day>,
    /// What set-up fees are charged and refunded on within it.
    pub setups: Setups,
}

/// Licences over all time, counted by a plan's rules once for all months.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    counting: Counting,
    first: Option<(Timestamp, u32)>,
    steps: Steps,
    bound: Steps,
    setups: Setups,
}

impl Counted {
    /// Licences over all time.
    pub fn of(timeline: &Timeline, zone: Zone, counting: Counting) -> Counted {
        Counted {
            counting,
            first: timeline.changes.first().copied(),
            steps: timeline.steps(),
            bound: timeline.bound(zone, counting.min_term_months),
            setups: Setups::of(timeline, zone, counting),
        }
    }

    /// By which rules they were counted.
    pub fn counting(&self) -> Counting {
        self.counting
    }

    /// One month of it.
    pub fn period(&self, calendar: &Calendar) -> Period {
        let Counted { counting, first, steps, bound, setups } = self;
        let (from, to) = (calendar.from, calendar.to);
        let paid = |licences: u32| licences.saturating_sub(counting.included);
        let base = match first {
            Some((at, licences)) if *at > from => paid(*licences),
            _ => paid(level(bound, from)),
        };
        let mut days: Vec<Day> = Vec::with_capacity(calendar.days.len());
        for (date, begin, end) in calendar.spans() {
            let in_force = most(steps, begin, end);
            let billable = paid(most(bound, begin, end));
            days.push(Day { date, in_force, billable });
        }
        match counting.increase {
            Increase::Daily => {}
            Increase::NextMonth => {
                days.iter_mut().for_each(|day| day.billable = day.billable.min(base))
            }
            Increase::FullMonth => {
                let mut most = 0;
                let ends: Vec<Timestamp> = calendar.spans().map(|(_, _, end)| end).collect();
                for (day, end) in days.iter_mut().zip(ends).rev() {
                    most = day.billable.max(most);
                    let begun = first.is_some_and(|(at, _)| at < end);
                    day.billable = if begun { most } else { 0 };
                }
            }
        }
        if counting.decrease == Decrease::EndOfPeriod {
            let mut most = 0;
            for day in &mut days {
                most = day.billable.max(most);
                day.billable = most;
            }
        }
        Period { from, to, days, setups: setups.within(from, to) }
    }
}

impl Period {
    /// Counts one month.
    pub fn count(
        timeline: &Timeline,
        calendar: &Calendar,
        zone: Zone,
        counting: Counting,
    ) -> Period {
        Counted::of(timeline, zone, counting).period(calendar)
    }

    /// Billable licences summed over the days.
    pub fn licence_days(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.billable)).sum()
    }

    /// How many units make a whole month.
    pub(super) fn whole(&self, basis: MonthBasis) -> u64 {
        match basis {
            MonthBasis::ActualDays => self.length(),
            MonthBasis::Fixed30 => FIXED,
        }
    }

    /// The units of a tier.
    pub(super) fn units(&self, tier: &Tier, mode: TierMode, basis: MonthBasis) -> u64 {
        let upper = tier.last.unwrap_or(u32::MAX);
        if mode == TierMode::Volume {
            let within = self.days.iter().map(|day| day.billable);
            let within = within.filter(|billable| (tier.first..=upper).contains(billable));
            return within.map(u64::from).sum();
        }
        let mut levels: Vec<u32> = self.days.iter().map(|day| day.billable).collect();
        levels.sort_unstable();
        levels.dedup();
        let (mut units, mut below) = (0_u64, 0_u32);
        for level in levels {
            // The licences from `below + 1` to `level` are billable on the same days.
            let first = tier.first.max(below.saturating_add(1));
            let licences = u64::from(level.min(upper).saturating_add(1).saturating_sub(first));
            let days = self.days.iter().filter(|day| day.billable >= level).count();
            let days = u64::try_from(days).unwrap_or(u64::MAX);
            let of_each = match basis {
                MonthBasis::ActualDays => days,
                MonthBasis::Fixed30 if days == self.length() => FIXED,
                MonthBasis::Fixed30 => days.min(FIXED),
            };
            units = units.saturating_add(licences.saturating_mul(of_each));
            below = level;
        }
        units
    }

    fn length(&self) -> u64 {
        u64::try_from(self.days.len()).unwrap_or(u64::MAX)
    }
}

/// How many units a month has with `fixed_30`.
const FIXED: u64 = 30;
