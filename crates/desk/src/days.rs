//! One day's seats as tables, saying the same as the picture.

use crate::gantt::{Gantt, stretches};
use crate::wording::{name, time};
use maud::{Markup, html};
use reporting::sessions::SessionRow;
use reporting::shown::{counted, length};

/// How many rows a table has.
const ROWS_MAX: usize = 500;

impl Gantt<'_> {
    /// The day's sessions and refusals as tables.
    pub(crate) fn tables(&self) -> Markup {
        let day = self.day;
        let sessions = day.sessions.len().saturating_sub(ROWS_MAX) as u64;
        let denials = day.refused.saturating_sub(day.denials.len().min(ROWS_MAX) as u64);
        html! {
            details.tables {
                summary { "The same as a table" }
                @if day.sessions.is_empty() { p { "Nobody held a seat." } } @else { (self.sessions()) }
                @if sessions > 0 { p { "And " (counted(sessions, "further session")) "; see the trail." } }
                @if day.denials.is_empty() { p { "Nobody was refused." } } @else { (self.denials()) }
                @if denials > 0 { p { "And " (counted(denials, "further refused login")) "; see the trail." } }
            }
        }
    }

    fn sessions(&self) -> Markup {
        html! {
            table.list {
                caption { "Sessions on " (self.day.in_words) }
                thead {
                    tr {
                        th scope="col" { "Seat" }
                        th scope="col" { "Holder" }
                        th scope="col" { "From" }
                        th scope="col" { "To" }
                        th scope="col" { "Silent" }
                        th scope="col" { "How it ended" }
                    }
                }
                tbody { @for session in self.day.sessions.iter().take(ROWS_MAX) { (self.row(session)) } }
            }
        }
    }

    fn denials(&self) -> Markup {
        let today = self.zone.date_of(self.day.from.0);
        html! {
            table.list {
                caption { "Refused logins on " (self.day.in_words) }
                thead {
                    tr { th scope="col" { "Time" } th scope="col" { "User" } th scope="col" { "Why" } }
                }
                tbody {
                    @for row in self.day.denials.iter().take(ROWS_MAX) {
                        tr {
                            td { (time(row.at, self.zone, today)) }
                            th scope="row" {
                                (name(&row.user))
                                @if let Some(site) = &row.site { " " small { (name(site)) } }
                            }
                            td { @if row.queued { "put in line: " } (row.reason_in_words) }
                        }
                    }
                }
            }
        }
    }

    fn row(&self, session: &SessionRow) -> Markup {
        let (day, zone) = (self.day, self.zone);
        let today = zone.date_of(day.from.0);
        let silent = stretches(session, day).into_iter().filter(|stretch| stretch.dormant);
        let silent: Vec<String> = silent
            .map(|stretch| {
                let (from, to) = (zone.say(stretch.from, today), zone.say(stretch.to, today));
                format!("{from} to {to} ({})", length(stretch.to.since(stretch.from)))
            })
            .collect();
        html! {
            tr {
                td { (session.seat) }
                th scope="row" {
                    (name(&session.user))
                    @if let Some(site) = &session.site { " " small { (name(site)) } }
                }
                td { (time(session.granted, zone, today)) }
                td { @if let Some(ended) = session.ended { (time(ended, zone, today)) } @else { "still held" } }
                td { (silent.join(", ")) }
                td {
                    @if let Some(how) = &session.ended_in_words { (how) }
                    @if let Some(user) = &session.made_way_for { " (" (name(user)) ")" }
                }
            }
        }
    }
}
