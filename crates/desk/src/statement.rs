//! The statement of a month, to be read on a screen and printed on paper.

use crate::frame::{Frame, Place, Sheet, Tab};
use crate::href::account_path;
use crate::wording::{exact, name, provenance};
use maud::{Markup, html};
use reporting::civil::{Month, read_date, say_date};
use reporting::statement::{Standing, Sums};
use reporting::{Explained, Statement};
use seats::CivilDate;

/// The statement of a month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementPage {
    /// The account.
    pub place: Place,
    /// What it shows.
    pub statement: Statement,
    /// Where its adjustments come from, if it has any.
    pub explained: Option<Explained>,
}

impl StatementPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let said = &self.statement;
        let month = Month::read(&said.month).ok();
        let words = month.map_or_else(|| said.month.clone(), Month::in_words);
        let content = html! {
            article.statement {
                h1 { "Statement for " (words) " " small { (self.standing()) } }
                (self.turning(month))
                dl.facts {
                    dt { "Account" } dd { (name(&said.account)) }
                    dt { "Period" }
                    dd { (self.period(month)) }
                    dt { "Plan" }
                    dd {
                        @match &said.plan {
                            Some(plan) => { (name(&plan.name)) ", amounts in " (plan.currency) },
                            None => "none",
                        }
                    }
                    dt { "Licences" }
                    dd { (said.opening_licences) " at the beginning, " (said.closing_licences) " at the end" }
                }
                @if let Some(sums) = &said.sums { (self.charges(sums)) }
                (self.adjustments())
                @if !said.changes.is_empty() { (self.changes()) }
                (self.days())
                (self.used())
                @for note in &said.notes { p.hint { (note) } }
                (provenance(&said.provenance))
            }
        };
        frame.around(&Sheet {
            title: "Statement",
            place: Some((&self.place, Tab::Statement)),
            content,
        })
    }

    /// Its days, in the zone that they are counted in.
    fn period(&self, month: Option<Month>) -> String {
        let zone = self.place.zone;
        let Some(month) = month else { return self.statement.month.clone() };
        let last = CivilDate(month.next_first_day().0.saturating_sub(1));
        format!("{} to {}, {zone}", say_date(month.first_day()), say_date(last))
    }

    fn turning(&self, month: Option<Month>) -> Markup {
        let link =
            |month: Month| format!("{}/statements/{month}", account_path(self.place.account));
        let before =
            month.and_then(|month| Month::of(CivilDate(month.first_day().0.saturating_sub(1))));
        let after = month.and_then(|month| Month::of(month.next_first_day()));
        let after = after.filter(|_| !self.statement.is_provisional());
        html! {
            nav.turning aria-label="Months" {
                @if let Some(month) = before { a href=(link(month)) rel="prev" { "← " (month.in_words()) } }
                @if let Some(month) = after { a href=(link(month)) rel="next" { (month.in_words()) " →" } }
            }
        }
    }

    fn standing(&self) -> String {
        match &self.statement.standing {
            Standing::Provisional => "(provisional)".to_owned(),
            Standing::Open => "(open)".to_owned(),
            Standing::Closed { closed_at, .. } => {
                format!("(closed {})", say_date(self.place.zone.date_of(closed_at.0)))
            }
        }
    }

    fn charges(&self, sums: &Sums) -> Markup {
        let said = &self.statement;
        let currency = said.plan.as_ref().map_or("", |plan| plan.currency);
        html! {
            table.list {
                caption { "Charges" }
                thead {
                    tr {
                        th scope="col" { "Charge" }
                        th.count scope="col" { "Quantity" }
                        th.count scope="col" { "Unit" }
                        th.count scope="col" { "Net" }
                    }
                }
                tbody {
                    @for line in &said.lines {
                        tr {
                            th scope="row" { (line.what) }
                            td.count { (line.quantity) }
                            td.count { (line.unit) }
                            td.count { (line.net) }
                        }
                    }
                }
                tfoot {
                    (sum(&format!("Total, net of VAT, {currency}"), &sums.net))
                    @if let Some(vat) = &sums.vat {
                        (sum(&format!("VAT, {}%", vat.rate), &vat.amount))
                        (sum("With VAT", &sums.gross))
                    }
                    @if sums.carried_in_minor != 0 { (sum("Credit from the month before", &sums.carried_in)) }
                    @if sums.due_minor != sums.net_minor { (sum(&format!("To pay, {currency}"), &sums.due)) }
                    @if sums.carried_out_minor != 0 { (sum("Credit for the next month", &sums.carried_out)) }
                }
            }
        }
    }

    /// Closed months as they were charged, beside what they come to now.
    fn adjustments(&self) -> Markup {
        let lines = self.explained.iter().flat_map(|explained| &explained.lines);
        let words =
            |month: &str| Month::read(month).map_or_else(|_| month.to_owned(), Month::in_words);
        let cell = |amount: &Option<String>| amount.clone().unwrap_or_default();
        html! {
            @for adjusted in lines.filter_map(|line| line.adjusted.as_ref()) {
                table.list {
                    caption { "Adjustment of " (words(&adjusted.month)) ": what was charged, and what it comes to by what is known now" }
                    thead {
                        tr {
                            th scope="col" { (words(&adjusted.month)) }
                            th.count scope="col" { "Charged" }
                            th.count scope="col" { "Now" }
                        }
                    }
                    tbody {
                        @for row in &adjusted.rows {
                            tr {
                                th scope="row" { (row.what) }
                                td.count { (cell(&row.charged)) }
                                td.count { (cell(&row.now)) }
                            }
                        }
                    }
                    tfoot {
                        tr {
                            th scope="row" { "Together" }
                            td.count { (adjusted.charged) }
                            td.count { (adjusted.now) }
                        }
                    }
                }
            }
        }
    }

    fn changes(&self) -> Markup {
        let zone = self.place.zone;
        html! {
            table.list {
                caption { "Changes of licences" }
                thead { tr { th scope="col" { "From" } th scope="col" { "Licences" } th scope="col" { "Ordered" } } }
                tbody {
                    @for change in &self.statement.changes {
                        tr {
                            th scope="row" { (exact(change.at, zone)) }
                            td { (change.from) " to " (change.to) }
                            td { (exact(change.ordered_at, zone)) small { "position " (change.position) } }
                        }
                    }
                }
            }
        }
    }

    fn days(&self) -> Markup {
        let said = &self.statement;
        // Without the day of the week, so that two dates fit side by side.
        let date = |text: &str| {
            let said = read_date(text).map_or_else(|_| text.to_owned(), say_date);
            said.split_once(' ').map_or(said.clone(), |(_, date)| date.to_owned())
        };
        html! {
            table.list {
                caption { "Days" }
                thead {
                    tr {
                        th scope="col" { "From" }
                        th scope="col" { "To" }
                        th.count scope="col" { "Days" }
                        th.count scope="col" { "In force" }
                        th.count scope="col" { "Billable" }
                        th.count scope="col" { "Licence-days" }
                    }
                }
                tbody {
                    @for row in &said.days {
                        tr {
                            th scope="row" { (date(&row.from)) }
                            td { (date(&row.to)) }
                            td.count { (row.days) }
                            td.count { (row.in_force) }
                            td.count { (row.billable) }
                            td.count { (row.licence_days) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" colspan="5" { "Total" }
                        td.count { (said.licence_days) }
                    }
                }
            }
        }
    }

    fn used(&self) -> Markup {
        let (used, zone) = (&self.statement.used, self.place.zone);
        html! {
            dl.facts {
                dt { "Most seats at once" }
                dd { (used.peak_seats) @if let Some(at) = used.peak_seats_at { ", first " (exact(at, zone)) } }
                dt { "Sessions" } dd { (used.sessions) ", of users: " (used.users) }
                dt { "Refused logins" } dd { (used.denials) }
            }
        }
    }
}

/// A row under the charges.
fn sum(what: &str, amount: &str) -> Markup {
    html! { tr { th scope="row" colspan="3" { (what) } td.count { (amount) } } }
}
