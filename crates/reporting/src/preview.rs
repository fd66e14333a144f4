//! A month before it is over, and a change before it is made: what they would cost.

use crate::billing::{Counting, Overdraft, Period, charges};
use crate::calendar::Calendar;
use crate::civil::{Month, Zone, read_date, show_date, show_utc};
use crate::facts::{Facts, LineFact};
use crate::money::Currency;
use crate::owed::Owed;
use crate::plan::Plan;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{Report, Side, counted, table};
use crate::terms::Known;
use seats::decide::LICENCES_MAX;
use seats::{AccountId, CivilDate, Effective, Timestamp};
use serde::Serialize;

/// A change of licences that might be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WhatIf {
    /// How many licences there would be.
    pub licences: u32,
    /// From when.
    pub effective: Effective,
}

/// A change that is asked about, as it is said; at most one of the three numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Supposed {
    /// So many licences more.
    pub add: Option<u32>,
    /// So many fewer.
    pub remove: Option<u32>,
    /// So many in all.
    pub licences: Option<u32>,
    /// From which day or instant, in the account's zone; now if left out.
    pub from: Option<String>,
}

/// A month as it is, and as it would be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PreviewRow {
    /// The month, as `2026-05`.
    pub month: String,
    /// What it comes to if nothing more changes, in minor units.
    pub forecast_minor: i64,
    /// What it would come to with the change; the same if none is asked about.
    pub with_change_minor: i64,
    /// Charges that there would be, and are not now, in words with their amounts.
    pub because: Vec<String>,
}

/// The month so far, to its end, and the effect of a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Preview {
    /// The account's name.
    pub account: String,
    /// The currency of all amounts.
    pub currency: &'static str,
    /// Licences in force now.
    pub licences: u32,
    /// Up to which day, as `2026-05-12`, the month so far is reckoned.
    pub today: String,
    /// What the days up to today come to, in minor units.
    pub so_far_minor: i64,
    /// This month and the next.
    pub months: Vec<PreviewRow>,
    /// What the change would be, in words; `null` if none is asked about.
    pub change: Option<String>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    money: Currency,
}

impl Reports<'_> {
    /// The change that is asked about; `None` if none is.
    ///
    /// # Errors
    /// When it cannot be read, or makes no sense in the account.
    pub fn what_if(
        &self,
        account: AccountId,
        asked: &Supposed,
        now: Timestamp,
    ) -> Result<Option<WhatIf>, ReportError> {
        let wrong = |why: String| ReportError::BadChange { why };
        let (occupancy, zone) = self.whole(account)?;
        let effective = match asked.from.as_deref() {
            None => Effective { instant: now, date: None },
            Some(text) => match read_date(text) {
                Ok(day) => zone.effective(day).map_err(|error| wrong(error.to_string()))?,
                Err(_) => {
                    let instant = zone.read_time(text).map_err(|error| wrong(error.to_string()))?;
                    Effective { instant, date: None }
                }
            },
        };
        let then = occupancy.account.licences().at(effective.instant);
        let licences = match (asked.add, asked.remove, asked.licences) {
            (None, None, None) if asked.from.is_none() => return Ok(None),
            (Some(more), None, None) => then.checked_add(more),
            (None, Some(fewer), None) => then.checked_sub(fewer),
            (None, None, Some(licences)) => Some(licences),
            _ => {
                return Err(wrong(
                    "say one of: how many more, how many fewer, how many".to_owned(),
                ));
            }
        };
        let licences = licences.filter(|licences| (1..=LICENCES_MAX).contains(licences));
        let licences = licences.ok_or_else(|| {
            let are = counted(then.into(), "licence");
            wrong(format!("of {are} then it would not leave 1 to {LICENCES_MAX}"))
        })?;
        Ok(Some(WhatIf { licences, effective }))
    }

    /// The month so far, its forecast and the next month's, with the effect of a change if one is asked about.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, it has no licences or no plan yet, or the log cannot be
    /// read.
    pub fn preview(
        &self,
        account: AccountId,
        now: Timestamp,
        change: Option<WhatIf>,
    ) -> Result<Preview, ReportError> {
        let zone = self.zone(account)?;
        let today = zone.day_of(now);
        let too_much = || ReportError::TooMuch { month: show_date(today) };
        let month = Month::of(today).ok_or_else(too_much)?;
        let owed = self.owed(account, month, now)?;
        let no_plan = || ReportError::NoFacts {
            month: month.in_words(),
            why: "no price plan is assigned for it".to_owned(),
        };
        let plan = owed.plan.clone().ok_or_else(no_plan)?;
        let money = plan.currency;
        let so_far = so_far(&owed, &plan, month, today).ok_or_else(too_much)?;
        let next = Month::of(month.next_first_day()).ok_or_else(too_much)?;
        let mut months = Vec::new();
        for month in [month, next] {
            let without = forecast(&owed, month, now, None)?;
            let with = match change {
                None => without.clone(),
                Some(change) => forecast(&owed, month, now, Some(change))?,
            };
            months.push(PreviewRow {
                month: month.to_string(),
                forecast_minor: without.net.unwrap_or(0),
                with_change_minor: with.net.unwrap_or(0),
                because: because(&without, &with, money),
            });
        }
        let licences = owed.terms.timeline(u64::MAX).at(now);
        let in_words = change.map(|change| in_words(change, licences, zone));
        let total = |of: fn(&PreviewRow) -> i64| {
            money.show(months.iter().fold(0_i64, |sum, row| sum.saturating_add(of(row))))
        };
        let provenance = self
            .provenance("preview", account, zone)
            .parameter("now", show_utc(now))
            .parameter("change", in_words.as_deref().unwrap_or("none"))
            .rows(months.len())
            .total("forecast", total(|row| row.forecast_minor))
            .total("with_change", total(|row| row.with_change_minor));
        Ok(Preview {
            account: self.names(account).account(),
            currency: money.code(),
            licences,
            today: show_date(today),
            so_far_minor: so_far,
            months,
            change: in_words,
            provenance,
            money,
        })
    }
}

/// What a month comes to if nothing more happens than what is announced and, perhaps, a change.
fn forecast(
    owed: &Owed,
    month: Month,
    now: Timestamp,
    change: Option<WhatIf>,
) -> Result<Facts, ReportError> {
    let mut terms = owed.terms.clone();
    if let Some(WhatIf { licences, effective }) = change {
        terms.suppose(licences, effective);
    }
    let too_much = || ReportError::TooMuch { month: month.in_words() };
    let calendar = Calendar::of(month, owed.zone).ok_or_else(too_much)?;
    let known = Known { as_of: u64::MAX, until: now };
    // Overdraft of the days that are over is in the statement; of those to come nobody knows.
    let facts = terms.deriving(owed.zone, &owed.plans).facts(&calendar, known, &[], Some(&[]));
    facts.map_err(|why| ReportError::NoFacts { month: month.in_words(), why })
}

/// The monthly fees of the days up to today.
fn so_far(owed: &Owed, plan: &Plan, month: Month, today: CivilDate) -> Option<i64> {
    let calendar = Calendar::of(month, owed.zone)?;
    let timeline = owed.terms.timeline(u64::MAX);
    let mut period = Period::count(&timeline, &calendar, owed.zone, Counting::of(Some(plan)));
    for day in period.days.iter_mut().filter(|day| day.date > today) {
        day.billable = 0;
    }
    let tomorrow = owed.zone.effective(CivilDate(today.0.checked_add(1)?)).ok();
    let until = tomorrow.map_or(calendar.to, |effective| effective.instant);
    period.setups = period.setups.within(calendar.from, until);
    let lines = charges(plan, month, &period, &Overdraft::default())?;
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net))
}

/// What would be charged otherwise, in words.
fn because(without: &Facts, with: &Facts, money: Currency) -> Vec<String> {
    let told = |line: &LineFact| {
        let subject =
            line.subject.as_ref().map_or_else(String::new, |subject| format!(" {subject}"));
        let counted =
            line.counted.map_or_else(String::new, |counted| format!(", {counted} licence-days"));
        let (unit, net) = (money.show(line.unit), money.show(line.net));
        format!("{}{subject}{counted}: {} x {unit} = {net}", line.charge, line.quantity)
    };
    let same = |line: &&LineFact| {
        without.lines.iter().any(|other| {
            (&other.charge, other.quantity, other.net) == (&line.charge, line.quantity, line.net)
        })
    };
    with.lines.iter().filter(|line| !same(line)).map(told).collect()
}

fn in_words(change: WhatIf, licences: u32, zone: Zone) -> String {
    let day = show_date(zone.date_of(change.effective.instant));
    match (change.licences.checked_sub(licences), licences.checked_sub(change.licences)) {
        (Some(more), _) if more > 0 => format!("adding {more} from {day}"),
        (_, Some(fewer)) if fewer > 0 => format!("giving back {fewer} from {day}"),
        _ => format!("{licences} licences, as now, from {day}"),
    }
}

impl Report for Preview {
    fn text(&self) -> String {
        let show = |minor: i64| self.money.show(minor);
        let mut text = self.provenance.header();
        text += &format!("\n{}: licences {}\n", self.account, self.licences);
        text += &format!(
            "So far, up to {}: {} {}\n\n",
            self.today,
            self.currency,
            show(self.so_far_minor)
        );
        let mut columns = vec![("Month", Side::Left), ("Forecast", Side::Right)];
        if self.change.is_some() {
            columns.extend([("With the change", Side::Right), ("It costs", Side::Right)]);
        }
        let rows = self.months.iter().map(|row| {
            let mut cells = vec![row.month.clone(), show(row.forecast_minor)];
            if self.change.is_some() {
                let more = row.with_change_minor.saturating_sub(row.forecast_minor);
                cells.extend([show(row.with_change_minor), show(more)]);
            }
            cells
        });
        text += &table(&columns, rows.collect());
        if let Some(change) = &self.change {
            let first = self.months.first();
            let more =
                first.map_or(0, |row| row.with_change_minor.saturating_sub(row.forecast_minor));
            let later = self.months.last();
            let later =
                later.map_or(0, |row| row.with_change_minor.saturating_sub(row.forecast_minor));
            text += &format!(
                "\n{change} costs {} {} this month and {} {} next month. Net of VAT.\n",
                self.currency,
                show(more),
                self.currency,
                show(later)
            );
            for row in &self.months {
                for line in &row.because {
                    text += &format!("  {}  {line}\n", row.month);
                }
            }
        }
        text
    }
}
