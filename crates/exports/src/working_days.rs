//! Working days: Monday to Friday, without the bank holidays that the user lists.
//!
//! ```text
//! # England and Wales
//! 2026-05-04
//! 2026-05-25   # Spring
//! ```
//! One date a line; what follows `#` is a comment. No list is built in, for it would be out of date some day. A list
//! that has no date in a year that is counted through is refused: it was not kept up.

use reporting::civil::{read_date, show_date};
use seats::CivilDate;
use std::collections::BTreeSet;

/// Why working days are not counted. Whoever keeps the list of bank holidays mends it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkingDaysError {
    /// A line is no date.
    #[error(
        "bank holidays, line {line}: {text:?} is no date; write one date a line, like 2026-05-25"
    )]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The list was not kept up.
    #[error(
        "bank holidays: the list has no date in {year}, which is counted through; add that year's holidays \
         (gov.uk/bank-holidays lists them)"
    )]
    NotKeptUp {
        /// The year.
        year: String,
    },
}

/// Days on which banks are closed beside Saturdays and Sundays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holidays(BTreeSet<CivilDate>);

impl Holidays {
    /// Reads a list of dates.
    ///
    /// # Errors
    /// [`WorkingDaysError::Unreadable`] with the line.
    pub fn read(text: &str) -> Result<Holidays, WorkingDaysError> {
        let mut days = BTreeSet::new();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let date = line.split('#').next().unwrap_or_default().trim();
            if date.is_empty() {
                continue;
            }
            let unreadable =
                |_| WorkingDaysError::Unreadable { line: number, text: date.to_owned() };
            days.insert(read_date(date).map_err(unreadable)?);
        }
        Ok(Holidays(days))
    }

    /// The day that lies so many working days after another, which itself does not count.
    ///
    /// # Errors
    /// [`WorkingDaysError::NotKeptUp`] when the list has no date in a year that is counted through.
    pub fn after(&self, day: CivilDate, working_days: u32) -> Result<CivilDate, WorkingDaysError> {
        let mut day = day;
        let mut left = working_days;
        while left > 0 {
            day = CivilDate(day.0.saturating_add(1));
            self.kept_up(day)?;
            if self.is_working_day(day) {
                left = left.saturating_sub(1);
            }
        }
        Ok(day)
    }

    /// Whether banks are open.
    pub fn is_working_day(&self, day: CivilDate) -> bool {
        // The first day of 1970 was a Thursday.
        let weekday = day.0.saturating_add(3).rem_euclid(7);
        weekday < 5 && !self.0.contains(&day)
    }

    fn kept_up(&self, day: CivilDate) -> Result<(), WorkingDaysError> {
        let year = |day: CivilDate| show_date(day).chars().take(4).collect::<String>();
        let year_of_day = year(day);
        // No year is without a holiday in the 366 days around a day of it.
        let around = CivilDate(day.0.saturating_sub(366))..=CivilDate(day.0.saturating_add(366));
        match self.0.range(around).any(|holiday| year(*holiday) == year_of_day) {
            true => Ok(()),
            false => Err(WorkingDaysError::NotKeptUp { year: year_of_day }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLAND: &str = "\u{feff}# England and Wales\n2026-01-01\n2026-04-03\n2026-04-06\n2026-05-04\n\
                           2026-05-25 # Spring\n2026-08-31\n\n2026-12-25\r\n2026-12-28\n2027-01-01\n";

    fn check(from: &str, days: u32, expected: Result<&str, &str>) {
        let holidays = Holidays::read(ENGLAND).unwrap();
        let found = holidays.after(read_date(from).unwrap(), days);
        let found = found.map(show_date).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(day), Ok(expected)) => assert_eq!(day, expected, "{from} + {days}"),
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
            _ => panic!("{from} + {days}: {found:?}"),
        }
    }

    #[test]
    fn ten_working_days() {
        check("2026-06-01", 10, Ok("2026-06-15")); // A Monday, no holidays.
        check("2026-06-06", 10, Ok("2026-06-19")); // A Saturday counts from Monday.
        check("2026-05-01", 10, Ok("2026-05-18")); // Over the 4th of May.
        check("2026-04-02", 10, Ok("2026-04-20")); // Over Easter.
        check("2026-12-18", 10, Ok("2027-01-06")); // Over Christmas and New Year.
        check("2026-06-05", 1, Ok("2026-06-08"));
        check("2027-12-20", 10, Err("no date in 2028"));
        check("2028-03-01", 1, Err("no date in 2028"));
    }

    #[test]
    fn a_line_that_is_no_date_is_named() {
        let error = |text: &str| Holidays::read(text).unwrap_err().to_string();
        assert!(error("2026-05-04\n25/05/2026\n").contains("line 2: \"25/05/2026\""));
        assert!(error("2026-02-30").contains("line 1"));
        let empty = Holidays::read("# none yet\n").unwrap();
        let error = empty.after(CivilDate(20_000), 1).unwrap_err().to_string();
        assert!(error.contains("no date in 2024"), "{error}");
    }
}
