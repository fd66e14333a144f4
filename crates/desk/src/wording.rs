//! Small pieces that every page is made of: names, times, states, counts.

use maud::{Markup, html};
use reporting::At;
use reporting::civil::{Zone, show_utc};
use reporting::provenance::Provenance;
use reporting::who::SeatState;
use seats::{CivilDate, Timestamp};

/// What somebody typed, set apart so that its direction of writing stays its own.
pub(crate) fn name(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// An instant, said to somebody who knows what day `today` is: `14:05`, `Fri 27 Mar 17:58`.
pub(crate) fn time(at: At, zone: Zone, today: CivilDate) -> Markup {
    stamp(at.0, &zone.say(at.0, today))
}

/// An instant with its date and its seconds.
pub(crate) fn exact(at: At, zone: Zone) -> Markup {
    stamp(at.0, &zone.show(at.0))
}

/// An instant in words of one's own, with what programs read.
pub(crate) fn stamp(at: Timestamp, said: &str) -> Markup {
    html! { time datetime=(show_utc(at)) { (said) } }
}

/// A state as a word and a shape: never by colour alone.
pub(crate) fn state(state: SeatState) -> Markup {
    let (class, shape, word) = match state {
        SeatState::Live => ("live", "●", "live"),
        SeatState::Dormant => ("dormant", "◍", "dormant"),
        SeatState::Lingering => ("lingering", "◔", "lingering"),
        SeatState::Offered => ("lingering", "◔", "offered"),
    };
    badge(class, shape, word)
}

/// A word with a shape before it, which is read out by nobody.
pub(crate) fn badge(class: &str, shape: &str, word: &str) -> Markup {
    html! {
        span class={ "badge " (class) } { span aria-hidden="true" { (shape) } " " (word) }
    }
}

/// Whole seconds in hours and minutes: `12 h 5 min`.
pub(crate) fn duration(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Tenths as people write them: `23` is `2.3`, `20` is `2`.
pub(crate) fn tenths(tenths: u64) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest}"),
    }
}

/// Where a page comes from, for whoever wants to make it again.
pub(crate) fn provenance(provenance: &Provenance) -> Markup {
    html! {
        details.provenance {
            summary { "Where this comes from" }
            pre { (provenance.header()) }
        }
    }
}

/// A chart or table wider than a telephone, which then is moved sideways, also by keyboard.
pub(crate) fn sideways(label: &str, content: Markup) -> Markup {
    html! {
        div.sideways role="region" aria-label=(label) tabindex="0" { (content) }
    }
}

/// Turning the pages of a list, by these words for back and on; nothing if there is one only.
pub(crate) fn turning(
    (page, pages): (usize, usize),
    (back, on): (&str, &str),
    link: impl Fn(usize) -> String,
) -> Markup {
    html! {
        @if pages > 1 {
            nav.turning aria-label="Pages" {
                @if page > 1 { a href=(link(page.saturating_sub(1))) rel="prev" { "← " (back) } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a href=(link(page.saturating_add(1))) rel="next" { (on) " →" } }
            }
        }
    }
}
