//! The peak of each day as a picture, with the line of the licences above it.
//!
//! A column for each day, as high as the most seats held at once; a line for the licences in force; a cross
//! over the days on which somebody was refused. The same stands in a table below.

use crate::svg::Tenths;
use crate::wording::duration;
use maud::{Markup, html};
use reporting::Heat;
use reporting::heat::DayPeak;

const LEFT: u64 = 36;
const WIDTH: u64 = 924;
const TOP: u64 = 22;
const HEIGHT: u64 = 180;
const BOTTOM: u64 = TOP + HEIGHT;

/// The picture.
pub(crate) fn picture(heat: &Heat) -> Markup {
    let days = heat.days.as_slice();
    let highest = days.iter().map(|day| day.peak_seats.max(day.licences.into())).max().unwrap_or(0);
    let scale = Scale { highest: highest.max(1), days: (days.len() as u64).max(1) };
    let refused: u64 = days.iter().map(|day| day.denials).sum();
    html! {
        svg.peaks viewBox="0 0 964 226" role="img" aria-labelledby="peaks-title peaks-desc" {
            title #peaks-title { "Peak of each day" }
            desc #peaks-desc {
                "The most seats held at once on each of " (days.len()) " days, and the licences in force. Highest peak "
                (days.iter().map(|day| day.peak_seats).max().unwrap_or(0)) "; refused logins " (refused)
                ". The table below says the same."
            }
            @for level in scale.levels() {
                @let y = scale.y(level);
                line.level x1=(LEFT) x2=(LEFT + WIDTH) y1=(y) y2=(y) {}
                text.tick x=(LEFT - 6) y=(y.plus(Tenths::units(4))) text-anchor="end" { (level) }
            }
            @for (place, day) in days.iter().enumerate() { (column(&scale, place as u64, day)) }
            path.licences d=(licence_line(&scale, days)) {}
            @for (place, day) in days.iter().enumerate() {
                @if scale.is_labelled(place) {
                    text.tick x=(scale.x(place as u64)) y=(BOTTOM + 16) { (day.date.get(5..).unwrap_or_default()) }
                }
            }
        }
    }
}

struct Scale {
    highest: u64,
    days: u64,
}

impl Scale {
    fn x(&self, place: u64) -> Tenths {
        Tenths::units(LEFT).plus(Tenths::units(WIDTH).share(place, self.days))
    }

    fn y(&self, seats: u64) -> Tenths {
        Tenths::units(BOTTOM).minus(Tenths::units(HEIGHT).share(seats, self.highest))
    }

    /// Whole numbers of seats at which a line is drawn: at most seven.
    fn levels(&self) -> Vec<u64> {
        let step = self.highest.div_ceil(6).max(1);
        (0..=6)
            .map(|level: u64| level.saturating_mul(step))
            .filter(|level| *level <= self.highest)
            .collect()
    }

    /// Whether the day at that place has its date below it: at most fourteen have.
    fn is_labelled(&self, place: usize) -> bool {
        let step = usize::try_from(self.days.div_ceil(14)).unwrap_or(1).max(1);
        place.is_multiple_of(step)
    }
}

fn column(scale: &Scale, place: u64, day: &DayPeak) -> Markup {
    let (left, right) = (scale.x(place), scale.x(place.saturating_add(1)));
    let gap = Tenths(right.minus(left).0 / 6);
    let y = scale.y(day.peak_seats);
    let full = day.peak_seats > 0 && day.peak_seats >= day.licences.into();
    let middle = Tenths(left.plus(right).0 / 2);
    html! {
        g.day {
            title { (told(day)) }
            rect.column.full[full] x=(left.plus(gap)) y=(y) width=(right.minus(left).minus(gap).minus(gap))
                height=(Tenths::units(BOTTOM).minus(y)) {}
            @if day.denials > 0 {
                g.cross {
                    circle cx=(middle) cy="10" r="7" {}
                    path d={ "M" (middle.minus(Tenths::units(3))) " 7l6 6m0 -6l-6 6" } {}
                }
            }
        }
    }
}

/// Steps from day to day.
fn licence_line(scale: &Scale, days: &[DayPeak]) -> String {
    let mut line = String::new();
    for (place, day) in (0_u64..).zip(days) {
        let y = scale.y(day.licences.into());
        let (x, next) = (scale.x(place), scale.x(place.saturating_add(1)));
        let letter = if line.is_empty() { 'M' } else { 'L' };
        line += &format!("{letter}{x} {y}L{next} {y}");
    }
    line
}

fn told(day: &DayPeak) -> String {
    let mut said = format!("{}: peak {} of {}", day.date, day.peak_seats, day.licences);
    if day.at_capacity_seconds > 0 {
        said += &format!(", at capacity {}", duration(day.at_capacity_seconds));
    }
    if day.denials > 0 {
        said += &format!(", {} refused", day.denials);
    }
    said
}

/// The same as a table.
pub(crate) fn table(heat: &Heat) -> Markup {
    html! {
        details.tables {
            summary { "The same as a table" }
            table.list {
                caption { "Peak of each day" }
                thead {
                    tr {
                        th scope="col" { "Day" }
                        th.count scope="col" { "Peak" }
                        th.count scope="col" { "Licences" }
                        th scope="col" { "At capacity" }
                        th.count scope="col" { "Refused" }
                    }
                }
                tbody {
                    @for day in &heat.days {
                        tr {
                            th scope="row" { (day.date) }
                            td.count { (day.peak_seats) }
                            td.count { (day.licences) }
                            td { (duration(day.at_capacity_seconds)) }
                            td.count { (day.denials) }
                        }
                    }
                }
            }
        }
    }
}
