//! Civil days and local times of an account's zone.
//!
//! A civil day is the half-open stretch from its first instant to the first instant of the next day that
//! exists. Its first instant is not always midnight (zones that put the clock forward at midnight skip it),
//! its length is not always 24 hours, and some days do not exist at all (Samoa had no 30 December 2011).
//! So days are always counted, never divided out of seconds.
//!
//! The zone rules are those of the compiled-in IANA database, [`TZDB_VERSION`]; the machine's own zone and
//! files are never looked at.

use chrono::offset::LocalResult;
use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc,
};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use seats::{CivilDate, Effective, Timestamp};
use std::fmt;

mod month;

pub use month::Month;

/// The version of the zone rules, such as `2025b`.
pub const TZDB_VERSION: &str = chrono_tz::IANA_TZDB_VERSION;

/// Why a zone, time, date or month is not accepted. The person who wrote it writes it otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CivilError {
    /// Not a name of the IANA database.
    #[error("time zone: {name:?} is not known{}", near(.nearest))]
    UnknownZone {
        /// What was written.
        name: String,
        /// Names that are spelled much like it.
        nearest: Vec<&'static str>,
    },
    /// Neither an RFC 3339 time nor a local one.
    #[error(
        "time: {text:?} cannot be read; write 2026-03-29T14:05:00Z, 2026-03-29T14:05:00+01:00, or a time \
         in the account's zone such as \"2026-03-29 14:05\" or 2026-03-29"
    )]
    UnreadableTime {
        /// What was written.
        text: String,
    },
    /// The clocks went forward over it.
    #[error(
        "time: {local} does not exist in {zone}: the clocks went forward from {before} to {after}; \
         write the time with its offset, {before} or {after}"
    )]
    MissingTime {
        /// The local time that was written.
        local: String,
        /// In which zone.
        zone: &'static str,
        /// The moment of the change by the old offset.
        before: String,
        /// The same moment by the new offset.
        after: String,
    },
    /// The clocks went back over it.
    #[error(
        "time: {local} happened twice in {zone}, because the clocks went back; write {first} for the \
         first or {second} for the second"
    )]
    AmbiguousTime {
        /// The local time that was written.
        local: String,
        /// In which zone.
        zone: &'static str,
        /// The earlier of the two instants, with its offset.
        first: String,
        /// The later one.
        second: String,
    },
    /// The zone went from the day before to the day after.
    #[error("date: there was no {date} in {zone}; the clocks skipped the whole day")]
    MissingDay {
        /// The date that was written.
        date: String,
        /// In which zone.
        zone: &'static str,
    },
    /// Before 1970, or later than can be said.
    #[error("time: {text} lies outside the years 1970 to 9999")]
    OutOfRange {
        /// What was written.
        text: String,
    },
    /// Not a month.
    #[error("month: {text:?} cannot be read; write it like 2026-03")]
    UnreadableMonth {
        /// What was written.
        text: String,
    },
    /// Not a date.
    #[error("date: {text:?} cannot be read; write it like 2026-03-29")]
    UnreadableDate {
        /// What was written.
        text: String,
    },
}

fn near(nearest: &[&str]) -> String {
    match nearest {
        [] => "; write an IANA name such as Europe/London".to_owned(),
        some => format!("; did you mean {}?", some.join(" or ")),
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// The zone of that name.
    ///
    /// # Errors
    /// [`CivilError::UnknownZone`] with names that are spelled much like it.
    pub fn parse(name: &str) -> Result<Zone, CivilError> {
        name.parse().map(Zone).map_err(|_| {
            let names = TZ_VARIANTS.iter().map(|zone| zone.name());
            let nearest = crate::nearest::nearest(name, names);
            CivilError::UnknownZone { name: name.to_owned(), nearest }
        })
    }

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The civil day that an instant lies in.
    pub fn date_of(self, at: Timestamp) -> CivilDate {
        self.local(at).map_or(CivilDate(i32::MAX), |local| day_number(local.date_naive()))
    }

    /// The first instant of a civil day; `None` if the zone skipped that day, or if it lies before 1970 or
    /// after 9999.
    pub fn first_instant(self, day: CivilDate) -> Option<Timestamp> {
        let (first, next) = (self.midnight(day)?, self.midnight(CivilDate(day.0.checked_add(1)?))?);
        (first < next).then_some(first)
    }

    /// The first instant at or after the midnight that begins a day, whether or not the day exists.
    fn midnight(self, day: CivilDate) -> Option<Timestamp> {
        let midnight = naive_date(day)?.and_time(NaiveTime::MIN);
        let first = match self.0.from_local_datetime(&midnight) {
            LocalResult::Single(instant) => instant,
            // The day begins when its first midnight strikes.
            LocalResult::Ambiguous(first, _) => first,
            LocalResult::None => GapInfo::new(&midnight, &self.0)?.end?,
        };
        timestamp(first.with_timezone(&Utc))
    }

    /// The civil day whose stretch an instant lies in. That is the date that the clock shows, but where a day
    /// ended with the clocks going back over its midnight: what comes again belongs to the next day.
    pub fn day_of(self, at: Timestamp) -> CivilDate {
        let date = self.date_of(at);
        let next = CivilDate(date.0.saturating_add(1));
        if self.midnight(next).is_some_and(|next| next <= at) { next } else { date }
    }

    /// The first instant of the day that lies so many months after the day of `at`: of its last day where
    /// the month is shorter, of the next day that exists where the zone skipped it.
    pub fn months_after(self, at: Timestamp, months: u32) -> Option<Timestamp> {
        let day = naive_date(self.day_of(at))?.checked_add_months(Months::new(months))?;
        self.midnight(day_number(day))
    }

    /// By how many seconds local time is ahead of UTC at an instant.
    pub(crate) fn offset_at(self, at: Timestamp) -> Option<i32> {
        Some(self.local(at)?.offset().fix().local_minus_utc())
    }

    /// The instant that a local time names.
    fn instant(self, local: NaiveDateTime) -> Result<Timestamp, CivilError> {
        let zone = self.name();
        let found = match self.0.from_local_datetime(&local) {
            LocalResult::Single(instant) => instant,
            LocalResult::Ambiguous(first, second) => {
                return Err(CivilError::AmbiguousTime {
                    local: local.to_string(),
                    zone,
                    first: rfc3339(first),
                    second: rfc3339(second),
                });
            }
            LocalResult::None => {
                let gap = GapInfo::new(&local, &self.0).and_then(|gap| gap.begin.zip(gap.end));
                let text = local.to_string();
                let Some(((_, before), after)) = gap else {
                    return Err(CivilError::OutOfRange { text });
                };
                let moment = after.with_timezone(&Utc).with_timezone(&before.fix());
                let (before, after) = (rfc3339(moment), rfc3339(after));
                return Err(CivilError::MissingTime { local: text, zone, before, after });
            }
        };
        let out_of_range = || CivilError::OutOfRange { text: local.to_string() };
        timestamp(found.with_timezone(&Utc)).ok_or_else(out_of_range)
    }

    pub(crate) fn local(self, at: Timestamp) -> Option<DateTime<Tz>> {
        let micros = i64::try_from(at.0).ok()?;
        Some(DateTime::from_timestamp_micros(micros)?.with_timezone(&self.0))
    }

    /// An instant as people of this zone write it: `2026-03-29 14:05:00 BST`, whole seconds.
    pub fn show(self, at: Timestamp) -> String {
        let shown = self.local(at).map(|local| local.format("%Y-%m-%d %H:%M:%S %Z").to_string());
        shown.unwrap_or_else(|| format!("{} µs after 1970", at.0))
    }

    /// The time of day alone, `14:05:00`, if the instant lies on `day`; else date and time.
    pub fn show_on(self, at: Timestamp, day: CivilDate) -> String {
        match self.local(at) {
            Some(local) if self.date_of(at) == day => local.format("%H:%M:%S").to_string(),
            Some(local) => local.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => self.show(at),
        }
    }

    /// An instant as it is said to somebody who knows what day `day` is: `14:05`, `Fri 27 Mar 17:58`.
    pub fn say(self, at: Timestamp, day: CivilDate) -> String {
        let Some(local) = self.local(at) else { return self.show(at) };
        let year = naive_date(day).map(|date| date.year());
        let format = match (self.date_of(at) == day, Some(local.year()) == year) {
            (true, _) => "%H:%M",
            (false, true) => "%a %-d %b %H:%M",
            (false, false) => "%a %-d %b %Y %H:%M",
        };
        local.format(format).to_string()
    }

    /// A day and time in full: `Saturday 28 March 2026 at 09:02`.
    pub fn say_in_full(self, at: Timestamp) -> String {
        let said = self.local(at).map(|local| local.format("%A %-d %B %Y at %H:%M").to_string());
        said.unwrap_or_else(|| self.show(at))
    }

    /// Reads a TIME: RFC 3339, or a local time of this zone (`YYYY-MM-DD HH:MM[:SS]`, also with a `T`), or a
    /// date, which means its first instant.
    ///
    /// # Errors
    /// When it is neither, when it does not exist or happened twice in this zone, and outside 1970 to 9999.
    pub fn read_time(self, text: &str) -> Result<Timestamp, CivilError> {
        let text = text.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            let out_of_range = || CivilError::OutOfRange { text: text.to_owned() };
            return timestamp(instant.with_timezone(&Utc)).ok_or_else(out_of_range);
        }
        for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
        {
            if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
                return self.instant(local);
            }
        }
        match read_date(text) {
            Ok(day) => self.effective(day).map(|effective| effective.instant),
            Err(_) => Err(CivilError::UnreadableTime { text: text.to_owned() }),
        }
    }

    /// A civil day as a commercial change counts from it: the day and its first instant.
    ///
    /// # Errors
    /// When the zone skipped that day, and outside 1970 to 9999.
    pub fn effective(self, day: CivilDate) -> Result<Effective, CivilError> {
        let date = show_date(day);
        let instants = self.midnight(day).zip(self.midnight(CivilDate(day.0.saturating_add(1))));
        let Some((instant, next)) = instants else {
            return Err(CivilError::OutOfRange { text: date });
        };
        if instant == next {
            return Err(CivilError::MissingDay { date, zone: self.name() });
        }
        Ok(Effective { instant, date: Some(day) })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads `YYYY-MM-DD`.
///
/// # Errors
/// [`CivilError::UnreadableDate`].
pub fn read_date(text: &str) -> Result<CivilDate, CivilError> {
    let shape = text.len() == 10;
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shape);
    date.map(day_number).ok_or_else(|| CivilError::UnreadableDate { text: text.to_owned() })
}

/// A civil day as `2026-03-29`.
pub fn show_date(day: CivilDate) -> String {
    naive_date(day).map_or_else(|| format!("day {}", day.0), |date| date.to_string())
}

/// A civil day in full: `Saturday 28 March 2026`.
pub fn say_date(day: CivilDate) -> String {
    naive_date(day).map_or_else(|| show_date(day), |date| date.format("%A %-d %B %Y").to_string())
}

/// An instant as programs read it: RFC 3339 in UTC, with microseconds where there are any.
pub fn show_utc(at: Timestamp) -> String {
    let instant = i64::try_from(at.0).ok().and_then(DateTime::from_timestamp_micros);
    let format = if at.0.is_multiple_of(1_000_000) {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6fZ"
    };
    instant.map_or_else(
        || format!("{} µs after 1970", at.0),
        |instant| instant.format(format).to_string(),
    )
}

fn rfc3339<Z: TimeZone>(instant: DateTime<Z>) -> String {
    instant.fixed_offset().to_rfc3339()
}

fn timestamp(instant: DateTime<Utc>) -> Option<Timestamp> {
    let in_range = (1970..=9999).contains(&instant.year());
    u64::try_from(instant.timestamp_micros()).ok().filter(|_| in_range).map(Timestamp)
}

fn naive_date(day: CivilDate) -> Option<NaiveDate> {
    let epoch = NaiveDate::default();
    match u64::try_from(day.0) {
        Ok(after) => epoch.checked_add_days(Days::new(after)),
        Err(_) => epoch.checked_sub_days(Days::new(u64::from(day.0.unsigned_abs()))),
    }
}

fn day_number(date: NaiveDate) -> CivilDate {
    CivilDate(date.to_epoch_days())
}
