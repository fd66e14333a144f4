//! A commercial report over months, as a table.

use crate::finance::choices;
use crate::frame::{Frame, Sheet};
use crate::href::{finance_path, report_form, report_path};
use crate::wording::{provenance, sideways, stamp};
use maud::{Markup, html};
use reporting::Commercial;
use reporting::commercial::{Cell, Column, Kind, Months};

/// A commercial report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommercialPage {
    /// Which.
    pub kind: Kind,
    /// Of which months.
    pub months: Months,
    /// Of which account, as it was asked for; empty: all.
    pub account: String,
    /// What it says.
    pub report: Commercial,
}

impl CommercialPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let sheet = self.report.sheet();
        let content = html! {
            h1 { (self.report.heading()) }
            (choices(Some(self.kind), self.months, &self.account))
            form.filters method="get" action=(report_form(self.kind)) {
                div { label for="from" { "From" } input #from name="from" type="month" value=(self.months.first()) required; }
                div { label for="to" { "To, included" } input #to name="to" type="month" value=(self.months.last()) required; }
                div { label for="account" { "Account" } input #account name="account" type="text" value=(self.account) placeholder="all" autocomplete="off"; }
                button type="submit" { "Show" }
            }
            @if sheet.rows.is_empty() {
                p { "There is nothing of that in these months." }
            } @else {
                (sideways(&self.report.heading(), html! {
                    table.list {
                        caption.unseen { (self.report.heading()) }
                        thead { tr { @for column in &sheet.columns { th.count[column.numbers] scope="col" { (column.heading) } } } }
                        tbody { @for row in &sheet.rows { (line(row, &sheet.columns)) } }
                        @if !sheet.totals.is_empty() {
                            tfoot { @for row in &sheet.totals { (line(row, &sheet.columns)) } }
                        }
                    }
                }))
            }
            @for note in self.report.notes() { p.hint { (note) } }
            div.buttons {
                a.button href=(report_path(self.kind, self.months, &self.account, true)) { "Download as CSV" }
                a.button.plain href=(finance_path(self.months.last())) { "Back to the month" }
            }
            (provenance(self.report.provenance()))
        };
        frame.around(&Sheet { title: self.kind.title(), place: None, content })
    }
}

fn line(row: &[Cell], columns: &[Column]) -> Markup {
    let cells = row.iter().zip(columns).enumerate();
    html! {
        tr {
            @for (place, (cell, column)) in cells {
                @if place == 0 {
                    th.whole[is_short(cell)] scope="row" { (shown(cell)) }
                } @else {
                    td.count[column.numbers].whole[is_short(cell)] { (shown(cell)) }
                }
            }
        }
    }
}

/// Words so few that they stay on one line.
fn is_short(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(text) if text.chars().count() <= 24)
}

fn shown(cell: &Cell) -> Markup {
    html! {
        @match cell {
            Cell::Empty => "",
            Cell::Text(text) => bdi { (text) },
            Cell::Number(number) => (number),
            Cell::Time(at, zone) => (stamp(*at, &zone.show(*at))),
        }
    }
}
