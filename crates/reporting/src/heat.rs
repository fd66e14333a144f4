//! When an account is busy: by hour of the day and day of the week, and its peak on each day.
//!
//! Hours and days are the account's own. An hour that the clocks skip is not there; one that strikes twice
//! counts twice. Times are whole seconds, rounded down in each hour.

use crate::civil::{show_date, show_utc};
use crate::hours::{LocalHour, WEEKDAYS, hours, weekday};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, hours as clock, table};
use projector::Usage;
use seats::{AccountId, CivilDate, Liveness, Timestamp};
use serde::Serialize;

/// What happened in one hour of one day of the week, over all weeks of the range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct HeatCell {
    /// Which day of the week, 0 for Monday.
    pub weekday: usize,
    /// Which hour, 0 to 23.
    pub hour: u32,
    /// How long such hours lasted, in seconds; 0 if the range holds none.
    pub seconds: u64,
    /// Time held, summed over seats, in seconds.
    pub seat_seconds: u64,
    /// The most seats held at once.
    pub peak_seats: u64,
    /// Time during which no further seat was left under the licences, in seconds.
    pub at_capacity_seconds: u64,
    /// Refused logins.
    pub denials: u64,
}

/// One day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DayPeak {
    /// Which, as `2026-03-28`.
    pub date: String,
    /// The most seats held at once.
    pub peak_seats: u64,
    /// The most licences in force, as known then.
    pub licences: u32,
    /// Time during which no further seat was left under the licences, in seconds.
    pub at_capacity_seconds: u64,
    /// Refused logins.
    pub denials: u64,
}

/// When an account is busy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Heat {
    /// The account's name.
    pub account: String,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// 168 cells: Monday's 24 hours, then Tuesday's, and so on.
    pub cells: Vec<HeatCell>,
    /// The days of the range, in order.
    pub days: Vec<DayPeak>,
    /// Where this comes from.
    pub provenance: Provenance,
}

/// How many days a report holds.
pub const DAYS_MAX: i64 = 400;

impl HeatCell {
    /// Seats held on average, in tenths, rounded; `None` if the range holds no such hour.
    pub fn mean_tenths(&self) -> Option<u64> {
        let tenths = self.seat_seconds.saturating_mul(10).saturating_add(self.seconds / 2);
        tenths.checked_div(self.seconds)
    }
}

impl Reports<'_> {
    /// When an account is busy, from the first to the last of these days, and not beyond `now`.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards or longer than [`DAYS_MAX`], or the
    /// log cannot be read.
    pub fn heat(
        &self,
        account: AccountId,
        (first, last): (CivilDate, CivilDate),
        now: Timestamp,
        liveness: Option<&Liveness>,
    ) -> Result<Heat, ReportError> {
        let (_, zone) = self.whole(account)?;
        let length = i64::from(last.0) - i64::from(first.0) + 1;
        if length > DAYS_MAX {
            return Err(ReportError::TooManyDays { days: length, max: DAYS_MAX });
        }
        if length < 1 {
            let (from, to) = (show_date(first), show_date(last));
            return Err(ReportError::Backwards { from, to });
        }
        let end = Timestamp(now.0.saturating_add(1));
        let days: Vec<(CivilDate, Timestamp)> = (first.0..=last.0)
            .map(CivilDate)
            .filter_map(|day| Some((day, zone.first_instant(day)?)))
            .filter(|(_, from)| *from < end)
            .collect();
        let from = days.first().map_or(end, |(_, from)| *from);
        let to = zone.first_instant(CivilDate(last.0.saturating_add(1))).unwrap_or(end);
        let to = to.min(end).max(from);
        let slots = hours(zone, from, to);
        let mut cuts: Vec<Timestamp> = slots.iter().map(|slot| slot.from).collect();
        cuts.extend(slots.last().map(|slot| slot.to));
        let usage = self.views.usage_in_slots(account, &cuts, liveness)?;
        let mut cells: Vec<HeatCell> = (0..7)
            .flat_map(|weekday| {
                (0..24).map(move |hour| HeatCell { weekday, hour, ..HeatCell::default() })
            })
            .collect();
        let mut rows: Vec<DayPeak> = days.iter().map(|(day, _)| no_peak(*day)).collect();
        for (slot, usage) in slots.iter().zip(&usage) {
            let place = usize::try_from(slot.hour).unwrap_or(usize::MAX);
            let place = weekday(slot.date).saturating_mul(24).saturating_add(place);
            if let Some(cell) = cells.get_mut(place) {
                cell.add(slot, usage);
            }
            let day = days.binary_search_by_key(&slot.date, |(day, _)| *day).ok();
            if let Some(row) = day.and_then(|day| rows.get_mut(day)) {
                row.add(usage);
            }
        }
        let provenance = self
            .provenance("heat", account, zone)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .rows(rows.len())
            .total("seat_seconds", cells.iter().map(|cell| cell.seat_seconds).sum::<u64>())
            .total("denials", cells.iter().map(|cell| cell.denials).sum::<u64>());
        let account = self.names(account).account();
        Ok(Heat { account, from: At(from), to: At(to), cells, days: rows, provenance })
    }
}

impl HeatCell {
    fn add(&mut self, slot: &LocalHour, usage: &Usage) {
        let seconds = |micros: u128| u64::try_from(micros / 1_000_000).unwrap_or(u64::MAX);
        self.seconds = self.seconds.saturating_add(slot.to.since(slot.from).secs());
        self.seat_seconds = self.seat_seconds.saturating_add(seconds(usage.seat_micros));
        self.peak_seats = self.peak_seats.max(usage.peak_seats.count);
        let at_capacity = self.at_capacity_seconds.saturating_add(usage.at_capacity.secs());
        self.at_capacity_seconds = at_capacity;
        self.denials = self.denials.saturating_add(usage.denied());
    }
}

fn no_peak(day: CivilDate) -> DayPeak {
    let date = show_date(day);
    DayPeak { date, peak_seats: 0, licences: 0, at_capacity_seconds: 0, denials: 0 }
}

impl DayPeak {
    fn add(&mut self, usage: &Usage) {
        self.peak_seats = self.peak_seats.max(usage.peak_seats.count);
        self.licences = self.licences.max(usage.licences);
        let at_capacity = self.at_capacity_seconds.saturating_add(usage.at_capacity.secs());
        self.at_capacity_seconds = at_capacity;
        self.denials = self.denials.saturating_add(usage.denied());
    }
}

impl Report for Heat {
    fn text(&self) -> String {
        let mut columns = vec![("Hour", Side::Right)];
        columns.extend(WEEKDAYS.map(|day| (day, Side::Right)));
        let mut rows: Vec<Vec<String>> = Vec::new();
        for hour in 0..24_u32 {
            let mut cells = vec![format!("{hour:02}")];
            let of_hour = self.cells.iter().filter(|cell| cell.hour == hour);
            cells.extend(of_hour.map(|cell| match cell.mean_tenths() {
                None => String::new(),
                Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
            }));
            rows.push(cells);
        }
        let peaks = self.days.iter().map(|day| {
            let counts = [day.peak_seats.to_string(), day.licences.to_string()];
            let mut cells = vec![day.date.clone()];
            cells.extend(counts);
            cells.extend([clock(day.at_capacity_seconds), day.denials.to_string()]);
            cells
        });
        let peak_columns = [
            ("Day", Side::Left),
            ("Peak", Side::Right),
            ("Licences", Side::Right),
            ("At capacity", Side::Right),
            ("Refused", Side::Right),
        ];
        let header = self.provenance.header();
        let (grid, peaks) = (table(&columns, rows), table(&peak_columns, peaks.collect()));
        format!("{header}\nSeats held on average, {}\n\n{grid}\n{peaks}", self.account)
    }
}
