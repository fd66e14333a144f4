//! Local hours, as the clock on the wall shows them.
//!
//! An hour begins where the clock strikes, or is put to another hour. So a day in March may lack an hour, and
//! a day in October has one twice, which then are two rows with the same number.
//!
//! Found by looking at the clock every quarter of an hour: no zone has changed its offset at any other time
//! since 1972.

use crate::civil::Zone;
use chrono::Timelike;
use seats::{CivilDate, Timestamp};

/// A stretch of time during which the clock shows the same hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalHour {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// On which day.
    pub date: CivilDate,
    /// What the clock shows, 0 to 23.
    pub hour: u32,
}

/// The local hours of a zone in `[from, to)`; the first and the last may be cut short. The caller sees to it
/// that the range is no longer than a report may be.
pub fn hours(zone: Zone, from: Timestamp, to: Timestamp) -> Vec<LocalHour> {
    let mut hours: Vec<LocalHour> = Vec::new();
    let mut at = from;
    while at < to {
        let Some(local) = zone.local(at) else { break };
        let (date, hour) = (zone.date_of(at), local.hour());
        let into = u64::from(local.minute() % 15 * 60 + local.second());
        let into = into.saturating_mul(1_000_000).saturating_add(at.0 % 1_000_000);
        let end = Timestamp(at.0.saturating_sub(into).saturating_add(QUARTER)).min(to);
        let strikes = local.minute() == 0 && into == 0;
        match hours.last_mut() {
            Some(last) if !strikes && (last.date, last.hour) == (date, hour) => last.to = end,
            _ => hours.push(LocalHour { from: at, to: end, date, hour }),
        }
        at = end;
    }
    hours
}

/// The day of the week, 0 for Monday.
pub fn weekday(date: CivilDate) -> usize {
    // 1 January 1970 was a Thursday.
    usize::try_from((i64::from(date.0) + 3).rem_euclid(7)).unwrap_or_default()
}

/// The days of the week in the order of [`weekday`].
pub const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// In microseconds.
const QUARTER: u64 = 15 * 60 * 1_000_000;
