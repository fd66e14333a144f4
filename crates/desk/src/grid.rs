//! The week as a grid: hours down, days across, each cell shaded and with its figure.
//!
//! The figure is what counts; the shade only helps to find it. A cell in which somebody was refused has a cross.

use crate::usage::Show;
use crate::wording::{duration, tenths};
use maud::{Markup, html};
use reporting::Heat;
use reporting::heat::HeatCell;
use reporting::hours::WEEKDAYS;

/// How many shades there are, beside none.
const SHADES: u64 = 8;

/// The grid.
pub(crate) fn grid(heat: &Heat, show: Show) -> Markup {
    let scale = heat.cells.iter().map(|cell| measure(cell, show)).max().unwrap_or(0);
    let refused = heat.cells.iter().any(|cell| cell.denials > 0);
    html! {
        table.grid {
            caption { (caption(show)) @if refused && show != Show::Refused { " A cross: somebody was refused." } }
            thead {
                tr {
                    th scope="col" { span.unseen { "Hour" } }
                    @for day in WEEKDAYS {
                        th scope="col" { abbr title=(day) { (day.get(..3).unwrap_or(day)) } }
                    }
                }
            }
            tbody {
                @for hour in 0..24_u32 {
                    tr {
                        th scope="row" { (format!("{hour:02}")) span.unseen { ":00" } }
                        @for cell in heat.cells.iter().filter(|cell| cell.hour == hour) {
                            (square(cell, show, scale))
                        }
                    }
                }
            }
        }
    }
}

fn square(cell: &HeatCell, show: Show, scale: u64) -> Markup {
    let measure = measure(cell, show);
    // None only for nothing; the darkest for the most.
    let shade = match (measure, scale) {
        (0, _) | (_, 0) => 0,
        (measure, scale) => measure.saturating_mul(SHADES).div_ceil(scale).min(SHADES),
    };
    html! {
        td class={ "shade-" (shade) } {
            @if cell.seconds == 0 { span.unseen { "no such hour" } } @else {
                (figure(cell, show))
                @if cell.denials > 0 && show != Show::Refused {
                    " " span.cross aria-hidden="true" { "✕" } span.unseen { (cell.denials) " refused" }
                }
            }
        }
    }
}

/// What a cell is shaded by.
fn measure(cell: &HeatCell, show: Show) -> u64 {
    match show {
        Show::Average => cell.mean_tenths().unwrap_or(0),
        Show::Peak => cell.peak_seats,
        Show::Full => cell.at_capacity_seconds,
        Show::Refused => cell.denials,
    }
}

fn figure(cell: &HeatCell, show: Show) -> String {
    match show {
        Show::Average => tenths(cell.mean_tenths().unwrap_or(0)),
        Show::Peak => cell.peak_seats.to_string(),
        Show::Full if cell.at_capacity_seconds == 0 => "0".to_owned(),
        Show::Full => duration(cell.at_capacity_seconds),
        Show::Refused => cell.denials.to_string(),
    }
}

fn caption(show: Show) -> &'static str {
    match show {
        Show::Average => "Seats held on average, by hour and day of the week.",
        Show::Peak => "The most seats held at once, by hour and day of the week.",
        Show::Full => "Time with no seat left under the licences, by hour and day of the week.",
        Show::Refused => "Refused logins, by hour and day of the week.",
    }
}
