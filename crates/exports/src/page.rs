//! A statement that a customer can read and print: one page of HTML that needs nothing beside itself.
//!
//! It says what is to be paid and what for, on which days so many licences were billed, and, at the end, two
//! numbers: the statement's digest and the root of the log. Whoever keeps the page is a witness: a history that was
//! changed afterwards does not come to the same numbers. A browser prints it on A4; that is the PDF.

use crate::bill::{Bill, Finality};
use crate::{ExportError, ExportFile, ExportSettings};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use reporting::Statement;
use reporting::civil::{say_date, show_date};
use reporting::facts::DaysFact;
use reporting::shown::counted;
use reporting::statement::{LineRow, Standing};

const CSS: &str = include_str!("page.css");

/// A statement as a page.
///
/// # Errors
/// When the statement is not final (unless a draft is asked for), has no amounts, or does not add up.
pub fn page(
    statement: &Statement,
    settings: &ExportSettings,
    finality: Finality,
) -> Result<ExportFile, ExportError> {
    let bills = Bill::all(std::slice::from_ref(statement), finality)?;
    let (name, markup) = match bills.first() {
        Some(bill) => {
            let draft = if bill.draft { "-DRAFT" } else { "" };
            (format!("statement-{}{draft}.html", bill.reference), whole(bill, settings))
        }
        None => ("statement.html".to_owned(), html! {}),
    };
    Ok(ExportFile { name, bytes: markup.into_string().into_bytes() })
}

fn whole(bill: &Bill, settings: &ExportSettings) -> Markup {
    let (month, branding) = (bill.month.in_words(), &settings.branding);
    // The reference is digits and capital letters.
    let page = format!("\"{}{}, page \"", if bill.draft { "DRAFT " } else { "" }, bill.reference);
    let style =
        format!(":root {{ --colour: {} }}\n{}", branding.colour, CSS.replace("\"PAGE\"", &page));
    html! {
        (DOCTYPE)
        html lang="en-GB" dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Statement " (bill.reference) ", " (month) ", " (bill.account()) }
                style { (PreEscaped(style)) }
            }
            body {
                @if bill.draft {
                    p.draft { "DRAFT: this month is not closed, and the amounts can still change." }
                }
                header {
                    div.who {
                        @if !branding.name.is_empty() { strong { (branding.name) } }
                        @for line in &branding.address { (line) br; }
                        @if let Some(contact) = &branding.contact { (contact) }
                    }
                    dl {
                        dt { "Reference" } dd { (bill.reference) }
                        dt { "Account" } dd { (bill.statement.account_number) }
                        dt { "Your reference" }
                        dd { bdi { (settings.called(bill.statement.account_number, bill.account()).reference) } }
                        dt { "Plan" } dd { bdi { (bill.plan.name) } }
                        dt { "Time zone" } dd { (bill.zone.name()) }
                        @if !bill.draft { dt { "Date" } dd { (say_date(bill.dated)) } }
                    }
                }
                main {
                    h1 { @if bill.draft { "Draft statement for " } @else { "Statement for " } (month) }
                    p.name { bdi { (bill.account()) } }
                    (to_pay(bill, settings))
                    h2 { "Charges" }
                    (charges(bill))
                    h2 { "Licences, day by day" }
                    (days(bill))
                    (overdraft(bill))
                    h2 { "Good to know" }
                    (notes(bill))
                    (proof(bill))
                }
                @if let Some(footer_text) = &branding.footer { footer { (footer_text) } }
            }
        }
    }
}

fn to_pay(bill: &Bill, settings: &ExportSettings) -> Markup {
    let (statement, sums) = (bill.statement, bill.sums);
    let (first, last) = (show_date(bill.month.first_day()), show_date(bill.last_day()));
    html! {
        div.top {
            dl {
                dt { "Period" } dd { (first) " to " (last) }
                dt { "Licences" }
                dd { (statement.opening_licences) " at the beginning, " (statement.closing_licences) " at the end" }
                dt { "In use" }
                dd {
                    @if statement.used.sessions == 0 {
                        "nobody held a seat"
                    } @else {
                        "at most " (counted(statement.used.peak_seats, "seat")) " at once, "
                        (counted(statement.used.sessions, "session"))
                    }
                }
            }
            div.pay {
                @if sums.due_minor > 0 {
                    @if bill.draft { "To pay, as things stand" } @else { "To pay" }
                    b { (bill.currency.code()) " " (money(bill, sums.due_minor)) }
                    @if !bill.draft {
                        @if let Some(due) = settings.due(bill.dated) { "by " (say_date(due)) }
                        @if let Some(payment) = &settings.branding.payment { p { bdi { (payment) } } }
                    }
                } @else {
                    "To pay" b { "nothing" }
                    @if sums.carried_out_minor < 0 {
                        "Credit carried on: " (bill.currency.code()) " "
                        (money(bill, sums.carried_out_minor.saturating_neg()))
                    }
                }
            }
        }
    }
}

fn charges(bill: &Bill) -> Markup {
    let sums = bill.sums;
    let sum = |what: &str, minor: i64, strong: bool| {
        html! {
            tr class=[strong.then_some("strong")] {
                td colspan="3" { (what) }
                td.n { (money(bill, minor)) }
            }
        }
    };
    let line = |line: &LineRow| {
        html! {
            tr {
                td { bdi { (line.what) } }
                td.n { (grouped(&line.quantity.to_string())) }
                td.n { (money(bill, line.unit_minor)) }
                td.n { (money(bill, line.net_minor)) }
            }
        }
    };
    html! {
        table {
            thead { tr { th { "What for" } th.n { "Quantity" } th.n { "Each" } th.n { (bill.currency.code()) } } }
            tbody { @for one in &bill.statement.lines { (line(one)) } }
            tfoot {
                (sum("Total without VAT", sums.net_minor, true))
                @if let Some(vat) = &sums.vat {
                    (sum(&format!("VAT at {}%", vat.rate), vat.amount_minor, false))
                    (sum("Total with VAT", sums.gross_minor, true))
                }
                @if sums.carried_in_minor != 0 {
                    (sum("Credit from the month before", sums.carried_in_minor, false))
                }
                // Either something is to be paid, or there is credit left.
                @if sums.carried_out_minor != 0 {
                    (sum("Credit for the next month", sums.carried_out_minor, true))
                } @else if sums.carried_in_minor != 0 {
                    (sum("To pay", sums.due_minor, true))
                }
            }
        }
    }
}

fn days(bill: &Bill) -> Markup {
    let statement = bill.statement;
    let row = |row: &DaysFact| {
        html! {
            tr {
                td { (row.from) } td { (row.to) } td.n { (row.days) } td.n { (row.in_force) }
                td.n { (row.billable) } td.n { (grouped(&row.licence_days.to_string())) }
            }
        }
    };
    html! {
        table.even {
            thead {
                tr {
                    th { "From" } th { "To" } th.n { "Days" } th.n { "Licences" } th.n { "Billed" }
                    th.n { "Licence-days" }
                }
            }
            tbody { @for one in &statement.days { (row(one)) } }
            tfoot {
                tr.strong {
                    td colspan="2" { "Together" }
                    td.n { (statement.days.iter().map(|row| row.days).sum::<u64>()) }
                    td {} td {}
                    td.n { (grouped(&statement.licence_days.to_string())) }
                }
            }
        }
    }
}

fn overdraft(bill: &Bill) -> Markup {
    let rows = &bill.statement.overdraft;
    html! {
        @if !rows.is_empty() {
            h2 { "Days with more seats than licences" }
            table.even {
                thead { tr { th { "From" } th { "To" } th.n { "Days" } th.n { "Seats above" } } }
                tbody {
                    @for row in rows {
                        tr { td { (row.from) } td { (row.to) } td.n { (row.days) } td.n { (row.over) } }
                    }
                }
            }
        }
    }
}

fn notes(bill: &Bill) -> Markup {
    html! {
        ul {
            @for note in &bill.statement.notes { li { bdi { (note) } } }
            li { "A seat left behind without logging out costs nothing from the moment its holder has gone silent." }
        }
    }
}

fn proof(bill: &Bill) -> Markup {
    let provenance = &bill.statement.provenance;
    html! {
        section.proof {
            h2 { @if bill.draft { "Do not keep this page" } @else { "Keep this page" } }
            @match &bill.statement.standing {
                Standing::Closed { closed_at, position, digest, log_size, log_root } => {
                    p {
                        "Whoever keeps these two numbers is a witness: should this statement, or anything recorded \
                         before it, ever be changed, the ledger can no longer show them."
                    }
                    dl {
                        dt { "This statement" } dd { code { (digest) } }
                        dt { "The log before it" } dd { code { (log_root) } }
                        dt { "Where" }
                        dd {
                            "ledger " (provenance.ledger) ", " (counted(*log_size, "commit")) "; closed by the commit at position "
                            (position) ", " (bill.zone.show(closed_at.0)) ". Both are BLAKE3. An evidence pack of the \
                             month, which you may ask for, holds the same two, and all that they follow from."
                        }
                    }
                }
                Standing::Open | Standing::Provisional => {
                    p { "It is a draft: its amounts can still change, and it proves nothing." }
                }
            }
        }
    }
}

/// An amount as people read it: `1,234.50`, with a true minus sign.
fn money(bill: &Bill, minor: i64) -> String {
    grouped(&bill.show(minor))
}

/// Digits in groups of three, up to the decimals: `1,234.50`.
fn grouped(shown: &str) -> String {
    let (sign, digits) = match shown.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", shown),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let length = whole.chars().count();
    let mut grouped = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && length.saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}
