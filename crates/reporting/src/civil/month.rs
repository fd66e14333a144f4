//! A calendar month.

use super::{CivilError, Zone, day_number, naive_date};
use chrono::{Datelike, Months, NaiveDate};
use seats::{CivilDate, Timestamp};
use std::fmt;

/// A calendar month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// Reads `YYYY-MM`.
    ///
    /// # Errors
    /// [`CivilError::UnreadableMonth`], also outside 1970 to 9998.
    pub fn read(text: &str) -> Result<Month, CivilError> {
        let unreadable = || CivilError::UnreadableMonth { text: text.to_owned() };
        let shape = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        let first = first.ok().filter(|date| shape && (1970..=9998).contains(&date.year()));
        first.map(|first| Month { first }).ok_or_else(unreadable)
    }

    /// The month that a day lies in.
    pub fn of(day: CivilDate) -> Option<Month> {
        let first = naive_date(day)?.with_day(1)?;
        (1970..=9998).contains(&first.year()).then_some(Month { first })
    }

    /// Its first day.
    pub fn first_day(self) -> CivilDate {
        day_number(self.first)
    }

    /// The first day of the next month.
    pub fn next_first_day(self) -> CivilDate {
        day_number(self.first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX))
    }

    /// The civil days that a zone has in it, each with its first instant, and then the first instant of the
    /// next month. `None` if these cannot be said as instants.
    pub fn days(self, zone: Zone) -> Option<(Vec<(CivilDate, Timestamp)>, Timestamp)> {
        let days = (self.first_day().0..self.next_first_day().0).map(CivilDate);
        let days = days.filter_map(|day| Some((day, zone.first_instant(day)?))).collect();
        Some((days, zone.midnight(self.next_first_day())?))
    }

    /// Its year.
    pub fn year(self) -> u16 {
        u16::try_from(self.first.year()).unwrap_or_default() // 1970 to 9998
    }

    /// Its number in the year, 1 to 12.
    pub fn number(self) -> u8 {
        u8::try_from(self.first.month()).unwrap_or_default()
    }

    /// As in `May 2026`.
    pub fn in_words(self) -> String {
        self.first.format("%B %Y").to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}
