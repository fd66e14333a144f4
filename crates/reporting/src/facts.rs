//! A statement as it is kept: whole numbers and digests, no name, no words. `docs/billing.md`, "Closing",
//! shows one.

use crate::billing::{Day, Overdraft};
use crate::calendar::Calendar;
use crate::civil::{Month, show_date};
use crate::object;
use crate::shown::Side;
use seats::Timestamp;
use serde::{Deserialize, Serialize};

/// What the document says it is.
pub const FORMAT: &str = "seatledger statement 1";

/// Days on end with the same licences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysFact {
    /// The first day, as `2026-05-01`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// How many days.
    pub days: u64,
    /// The most licences in force on each.
    pub in_force: u32,
    /// Those that are billed.
    pub billable: u32,
    /// Billable licences summed over the days.
    pub licence_days: u64,
}

/// Days on end with as many seats above the licences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverFact {
    /// The first day, as `2026-05-14`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// How many days.
    pub days: u64,
    /// The most seats above the licences on each.
    pub over: u32,
}

/// A charge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFact {
    /// `monthly`, `discount`, `setup`, `refund`, `overdraft` or `adjustment`.
    pub charge: String,
    /// The tier, the discount's name or the month that is adjusted.
    #[serde(deserialize_with = "Option::deserialize")]
    pub subject: Option<String>,
    /// Licence-days or seat-days that it is worked out from.
    #[serde(deserialize_with = "Option::deserialize")]
    pub counted: Option<u64>,
    /// How many.
    pub quantity: i64,
    /// At how much each, in minor units.
    pub unit: i64,
    /// Together.
    pub net: i64,
    /// Positions of the commits that it follows from.
    pub commits: Vec<u64>,
}

/// Value added tax.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VatFact {
    /// What the accounts package calls the rate.
    pub code: String,
    /// In per cent, as the plan writes it.
    pub rate: String,
    /// In minor units.
    pub amount: i64,
}

/// What a month comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`FORMAT`].
    pub format: String,
    /// The account's number.
    pub account: u64,
    /// The month, as `2026-05`.
    pub month: String,
    /// Its first instant, in microseconds since 1970.
    pub from: u64,
    /// The first instant of the next month.
    pub to: u64,
    /// The account's zone.
    pub zone: String,
    /// Version of the zone rules.
    pub tzdb: String,
    /// From when, and by how many seconds local time is ahead of UTC.
    pub offsets: Vec<(u64, i32)>,
    /// The version of the account's history up to which facts were taken.
    pub as_of: u64,
    /// The instant up to which things were known.
    pub until: u64,
    /// BLAKE3 of the plan, in hexadecimal.
    #[serde(deserialize_with = "Option::deserialize")]
    pub plan: Option<String>,
    /// What the amounts are in.
    #[serde(deserialize_with = "Option::deserialize")]
    pub currency: Option<String>,
    /// Licences in force at the first instant.
    pub opening_licences: u32,
    /// Licences in force at the last instant.
    pub closing_licences: u32,
    /// The days.
    #[serde(deserialize_with = "object::list")]
    pub days: Vec<DaysFact>,
    /// Billable licences summed over all days.
    pub licence_days: u64,
    /// Days with seats above the licences.
    #[serde(deserialize_with = "object::list")]
    pub overdraft: Vec<OverFact>,
    /// The charges.
    #[serde(deserialize_with = "object::list")]
    pub lines: Vec<LineFact>,
    /// Their sum.
    #[serde(deserialize_with = "Option::deserialize")]
    pub net: Option<i64>,
    /// Value added tax, if it is worked out.
    #[serde(deserialize_with = "object::or_null")]
    pub vat: Option<VatFact>,
    /// With value added tax.
    #[serde(deserialize_with = "Option::deserialize")]
    pub gross: Option<i64>,
    /// Credit from the month before; 0 or less.
    #[serde(deserialize_with = "Option::deserialize")]
    pub carried_in: Option<i64>,
    /// What is to be paid; 0 or more.
    #[serde(deserialize_with = "Option::deserialize")]
    pub due: Option<i64>,
    /// Credit for the next month; 0 or less.
    #[serde(deserialize_with = "Option::deserialize")]
    pub carried_out: Option<i64>,
}

impl Facts {
    /// The document as it is kept and hashed.
    ///
    /// # Errors
    /// Never for facts; the type is the writer's.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a document as it was kept.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn read(bytes: &[u8]) -> Result<Facts, String> {
        let object::Object(facts) =
            serde_json::from_slice::<object::Object<Facts>>(bytes).map_err(|e| e.to_string())?;
        match facts.format.as_str() {
            FORMAT => Ok(facts),
            other => Err(format!("{other:?} is not a format that this program reads")),
        }
    }

    /// The month's days, by the zone rules with which it was made.
    pub fn calendar(&self) -> Option<Calendar> {
        let month = Month::read(&self.month).ok()?;
        let offsets = self.offsets.iter().map(|(since, offset)| (Timestamp(*since), *offset));
        Calendar::kept(month, Timestamp(self.to), &offsets.collect::<Vec<_>>())
    }

    /// What its own charges come to, and what it adjusts in months closed before.
    pub(crate) fn own_and_adjusted(&self) -> (i64, Vec<(&str, i64)>) {
        let adjusts = |line: &&LineFact| line.charge == ADJUSTMENT;
        let own = self.lines.iter().filter(|line| !adjusts(line));
        let own = own.fold(0_i64, |sum, line| sum.saturating_add(line.net));
        let adjusted = self.lines.iter().filter(adjusts);
        let adjusted = adjusted.filter_map(|line| Some((line.subject.as_deref()?, line.net)));
        (own, adjusted.collect())
    }
}

/// The charge of a line that adjusts a closed month.
pub(crate) const ADJUSTMENT: &str = "adjustment";

/// Days on end with the same licences, as one row each.
pub(crate) fn days(days: &[Day]) -> Vec<DaysFact> {
    let mut rows: Vec<DaysFact> = Vec::new();
    for day in days {
        let (date, billable) = (show_date(day.date), u64::from(day.billable));
        match rows.last_mut() {
            Some(row) if (row.in_force, row.billable) == (day.in_force, day.billable) => {
                row.to = date;
                row.days = row.days.saturating_add(1);
                row.licence_days = row.licence_days.saturating_add(billable);
            }
            _ => rows.push(DaysFact {
                from: date.clone(),
                to: date,
                days: 1,
                in_force: day.in_force,
                billable: day.billable,
                licence_days: billable,
            }),
        }
    }
    rows
}

/// Days on end with as many seats above the licences, as one row each.
pub(crate) fn over(overdraft: &Overdraft, calendar: &Calendar) -> Vec<OverFact> {
    let mut rows: Vec<OverFact> = Vec::new();
    let mut before: Option<(usize, u32)> = None;
    for (place, (date, ..)) in calendar.spans().enumerate() {
        let Some((_, over)) = overdraft.days.iter().find(|(day, _)| *day == date) else { continue };
        let day = show_date(date);
        match rows.last_mut() {
            Some(row) if before == Some((place, *over)) => {
                row.to = day;
                row.days = row.days.saturating_add(1);
            }
            _ => rows.push(OverFact { from: day.clone(), to: day, days: 1, over: *over }),
        }
        before = Some((place.saturating_add(1), *over));
    }
    rows
}

impl DaysFact {
    /// The headings of a table of days.
    pub(crate) const COLUMNS: [(&str, Side); 6] = [
        ("From", Side::Left),
        ("To", Side::Left),
        ("Days", Side::Right),
        ("In force", Side::Right),
        ("Billable", Side::Right),
        ("Licence-days", Side::Right),
    ];

    /// Its row under them.
    pub(crate) fn cells(&self) -> Vec<String> {
        let counts = [self.days, self.in_force.into(), self.billable.into(), self.licence_days];
        let mut cells = vec![self.from.clone(), self.to.clone()];
        cells.extend(counts.map(|count| count.to_string()));
        cells
    }
}
