//! A month's days as instants, by the zone rules of today or by those of the day on which it was closed.
//!
//! Zone rules change, also for the past. So a closed statement keeps the zone's offsets from UTC within its
//! month, from which its days follow without any rules; what is adjusted later is counted by the same days.

use crate::civil::{Month, Zone};
use seats::{CivilDate, Timestamp};

const DAY_S: i64 = 86_400;
const SECOND: u64 = 1_000_000;

/// The days of a month that exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// Which month.
    pub month: Month,
    /// Each day, with its first instant. Never empty.
    pub days: Vec<(CivilDate, Timestamp)>,
    /// The first instant of the month.
    pub from: Timestamp,
    /// The first instant of the next month.
    pub to: Timestamp,
    /// From when, and by how many seconds local time is ahead of UTC.
    pub offsets: Vec<(Timestamp, i32)>,
}

impl Calendar {
    /// A month by the zone rules of this program; `None` if its instants cannot be said.
    pub fn of(month: Month, zone: Zone) -> Option<Calendar> {
        let (days, to) = month.days(zone)?;
        let from = days.first()?.1;
        let mut offset = zone.offset_at(from)?;
        let mut offsets = vec![(from, offset)];
        let ends = days.iter().skip(1).map(|(_, first)| *first).chain([to]);
        for ((_, first), end) in days.iter().zip(ends) {
            let last = Timestamp(end.0.saturating_sub(1));
            while zone.offset_at(last)? != offset {
                let since = offsets.last().map_or(*first, |(since, _)| *since).max(*first);
                let changed = change(zone, since, last, offset)?;
                offset = zone.offset_at(changed)?;
                offsets.push((changed, offset));
            }
        }
        Some(Calendar { month, days, from, to, offsets })
    }

    /// A month by the offsets that were kept when it was closed; `None` if they do not give its days.
    pub fn kept(month: Month, to: Timestamp, offsets: &[(Timestamp, i32)]) -> Option<Calendar> {
        let from = offsets.first()?.0;
        let mut days: Vec<(CivilDate, Timestamp)> = Vec::new();
        let ends = offsets.iter().skip(1).map(|(since, _)| *since).chain([to]);
        for ((since, offset), end) in offsets.iter().zip(ends) {
            let local = |at: Timestamp| {
                let seconds = i64::try_from(at.0.checked_div(SECOND)?).ok()?;
                seconds.checked_add(i64::from(*offset))
            };
            let last = local(Timestamp(end.0.checked_sub(1)?))?;
            let mut day = local(*since)?.div_euclid(DAY_S);
            while day.checked_mul(DAY_S)? <= last {
                let midnight = day.checked_mul(DAY_S)?.checked_sub(i64::from(*offset))?;
                let midnight = Timestamp(u64::try_from(midnight).ok()?.checked_mul(SECOND)?);
                let date = CivilDate(i32::try_from(day).ok()?);
                // A day that was begun before the clocks went back is not begun again.
                if days.last().is_none_or(|(before, _)| before.0 < date.0) {
                    days.push((date, midnight.max(*since)));
                }
                day = day.checked_add(1)?;
            }
        }
        let within = days.iter().all(|(day, _)| Month::of(*day) == Some(month));
        within.then(|| Calendar { month, days, from, to, offsets: offsets.to_vec() })
    }

    /// Each day with its first instant and the first instant after it.
    pub fn spans(&self) -> impl Iterator<Item = (CivilDate, Timestamp, Timestamp)> {
        let ends = self.days.iter().skip(1).map(|(_, first)| *first).chain([self.to]);
        self.days.iter().zip(ends).map(|((day, first), end)| (*day, *first, end))
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

/// The first instant from `since` on whose offset is another; that of `last` is.
fn change(zone: Zone, since: Timestamp, last: Timestamp, offset: i32) -> Option<Timestamp> {
    if zone.offset_at(since)? != offset {
        return Some(since);
    }
    let (mut same, mut other) = (since.0, last.0);
    while same.checked_add(1)? < other {
        let middle = same.midpoint(other);
        match zone.offset_at(Timestamp(middle))? == offset {
            true => same = middle,
            false => other = middle,
        }
    }
    Some(Timestamp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_offsets_give_the_days_that_the_rules_gave() {
        let zones = [
            "Europe/London",
            "America/New_York",
            "Pacific/Apia",
            "America/Sao_Paulo",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "Asia/Kathmandu",
            "UTC",
            "America/Havana",
        ];
        for zone in zones {
            let zone = Zone::parse(zone).unwrap();
            for month in
                (2011..=2030).flat_map(|year| (1..=12).map(move |m| format!("{year}-{m:02}")))
            {
                let month = Month::read(&month).unwrap();
                let calendar = Calendar::of(month, zone).unwrap();
                let kept = Calendar::kept(month, calendar.to, &calendar.offsets);
                assert_eq!(kept.as_ref(), Some(&calendar), "{zone} {month}");
            }
        }
    }

    #[test]
    fn a_month_with_two_changes_and_one_with_a_day_missing() {
        let calendar = |month: &str, zone: &str| {
            Calendar::of(Month::read(month).unwrap(), Zone::parse(zone).unwrap()).unwrap()
        };
        assert_eq!(
            calendar("2026-03", "Europe/London").offsets.iter().map(|o| o.1).collect::<Vec<_>>(),
            [0, 3600]
        );
        assert_eq!(calendar("2011-12", "Pacific/Apia").days.len(), 30);
        // Ramadan within March 2026.
        assert!(calendar("2026-03", "Africa/Casablanca").offsets.len() >= 2);
    }

    #[test]
    fn offsets_that_do_not_fit_the_month_give_none() {
        let april = Month::read("2026-04").unwrap();
        let of = Calendar::of(april, Zone::UTC).unwrap();
        assert_eq!(Calendar::kept(april, of.to, &[]), None);
        assert_eq!(Calendar::kept(april, of.to, &[(of.from, -3600)]), None);
        assert_eq!(Calendar::kept(Month::read("2026-05").unwrap(), of.to, &of.offsets), None);
    }
}
