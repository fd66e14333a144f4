//! A month of all accounts as finance closes it: what each comes to, how far it is, and the form that closes.

use crate::frame::{Frame, Sheet};
use crate::href::{
    FINANCE, FINANCE_CLOSE, FINANCE_EXPORTS, finance_path, report_path, statement_path, with_query,
};
use crate::wording::{badge, name, provenance, turning};
use maud::{Markup, html};
use reporting::civil::{Month, Zone, say_date};
use reporting::commercial::{Kind, Months};
use reporting::month_end::{MonthEnd, MonthEndRow, MonthEndSums, MonthState};
use reporting::shown::counted;
use seats::{AccountId, CivilDate};

/// A month of all accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinancePage {
    /// Which month.
    pub month: Month,
    /// Its accounts, as far as whoever is signed in may see them.
    pub month_end: MonthEnd,
    /// Whether there are more accounts than these.
    pub is_cut: bool,
    /// Whether whoever is signed in may close months.
    pub may_close: bool,
    /// Whether whoever is signed in may have statements as files.
    pub may_export: bool,
    /// Which page of the list, from 1.
    pub page: usize,
}

/// How many accounts a page lists.
const PAGE_ROWS: usize = 100;

impl FinancePage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let rows = &self.month_end.rows;
        let pages = rows.len().div_ceil(PAGE_ROWS).max(1);
        let page = self.page.clamp(1, pages);
        let skipped = page.saturating_sub(1).saturating_mul(PAGE_ROWS);
        let shown: Vec<&MonthEndRow> = rows.iter().skip(skipped).take(PAGE_ROWS).collect();
        let content = html! {
            h1 { "Finance, " (self.month.in_words()) }
            (self.months())
            p.lead { (self.summary()) }
            @if self.is_cut {
                p.hint { "There are more accounts than the " (rows.len()) " of which the month is shown here. Closing takes in all of them." }
            }
            @if !self.month_end.totals.is_empty() { (self.totals()) }
            @if self.may_close && self.ready() > 0 { (self.close_all(frame)) }
            @if shown.is_empty() {
                p { "No account had licences in this month." }
            } @else {
                (self.table(&shown, frame))
            }
            (self.turning(page, pages))
            h2 { "Reports" }
            (choices(None, Months::one(self.month), ""))
            @if self.may_export && !rows.is_empty() { (self.files(frame)) }
            (provenance(&self.month_end.provenance))
        };
        frame.around(&Sheet { title: "Finance", place: None, content })
    }

    fn ready(&self) -> u64 {
        self.month_end.count(|state| *state == MonthState::Ready)
    }

    fn summary(&self) -> String {
        let closed = self.month_end.count(|state| matches!(state, MonthState::Closed { .. }));
        let ready = self.ready();
        let all = counted(self.month_end.count(|_| true), "account");
        let others = self.month_end.count(|_| true).saturating_sub(closed.saturating_add(ready));
        format!("{all}: {closed} closed, {ready} ready to close, {others} not yet.")
    }

    fn months(&self) -> Markup {
        let before = Month::of(CivilDate(self.month.first_day().0.saturating_sub(1)));
        let after = Month::of(self.month.next_first_day());
        html! {
            nav.turning aria-label="Months" {
                @if let Some(month) = before { a href=(finance_path(month)) rel="prev" { "← " (month.in_words()) } }
                @if let Some(month) = after { a href=(finance_path(month)) rel="next" { (month.in_words()) " →" } }
            }
        }
    }

    fn totals(&self) -> Markup {
        html! {
            dl.figures {
                @for sums in &self.month_end.totals {
                    div { dt { "Net, " (sums.currency) } dd { (sums.net.amount) } }
                    div { dt { "To pay, " (sums.currency) } dd { (sums.due.amount) } }
                    @if sums.carried.minor != 0 {
                        div { dt { "Credit carried, " (sums.currency) } dd { (sums.carried.amount) } }
                    }
                }
            }
        }
    }

    /// The button and form that close all that are ready.
    fn close_all(&self, frame: &Frame) -> Markup {
        let what = format!("{} of {}", self.month.in_words(), counted(self.ready(), "account"));
        html! {
            p {
                button type="button" popovertarget="close-all" { "Close " (what) }
            }
            (self.form("close-all", &what, None, frame))
        }
    }

    /// A form that closes the month of one account, or of all that are ready.
    fn form(&self, id: &str, what: &str, account: Option<u64>, frame: &Frame) -> Markup {
        html! {
            div.over.panel id=(id) popover aria-labelledby=(format!("{id}-title")) {
                h2 id=(format!("{id}-title")) { "Close " (what) }
                p {
                    "What is closed never changes again. What comes to be known later is an adjustment in the next month."
                }
                form method="post" action=(FINANCE_CLOSE) {
                    (frame.token())
                    input type="hidden" name="month" value=(self.month);
                    @if let Some(account) = account {
                        input type="hidden" name="account" value=(AccountId(account));
                    }
                    label for=(format!("{id}-reason")) { "Reason" }
                    input id=(format!("{id}-reason")) name="reason" type="text" maxlength="1000" required autocomplete="off"
                        aria-describedby=(format!("{id}-hint"));
                    p.hint id=(format!("{id}-hint")) { "For example: month end, checked against the bank. Do not write a user's name." }
                    div.buttons {
                        button type="submit" { "Close " (what) }
                        button.plain type="button" popovertarget=(id) popovertargetaction="hide" { "Not yet" }
                    }
                }
            }
        }
    }

    /// The form that hands out the statements as files.
    fn files(&self, frame: &Frame) -> Markup {
        let kinds = [
            ("charges", "All charges (CSV)"),
            ("xlsx", "Workbook (XLSX)"),
            ("html", "Statements for customers (HTML)"),
        ];
        html! {
            h2 { "Files" }
            form.panel method="post" action={ (FINANCE_EXPORTS) "charges" } {
                (frame.token())
                input type="hidden" name="month" value=(self.month);
                label for="export-reason" { "What they are for" }
                input #export-reason name="reason" type="text" maxlength="1000" required autocomplete="off"
                    aria-describedby="export-hint";
                p.hint #export-hint { "That files were handed out is recorded, with this reason. Xero, Sage and GoCardless need a template or codes of your books: " code { "seatledger export" } "." }
                label.check {
                    input type="checkbox" name="draft" value="true";
                    " Also months that are not closed; every file says so"
                }
                div.buttons {
                    @for (kind, word) in kinds {
                        button type="submit" formaction={ (FINANCE_EXPORTS) (kind) } { (word) }
                    }
                }
            }
        }
    }

    fn table(&self, rows: &[&MonthEndRow], frame: &Frame) -> Markup {
        let several = self.month_end.totals.len() > 1;
        html! {
            div.tables {
                table.list {
                    caption.unseen { "Accounts with what they owe for the month, and how far it is" }
                    thead {
                        tr {
                            th scope="col" { "Account" }
                            th.count.wide scope="col" { "Licences" }
                            @if several { th scope="col" { "Currency" } }
                            th.count scope="col" { "Net" }
                            th.count.wide scope="col" { "To pay" }
                            th.count.wide scope="col" { "Credit" }
                            th scope="col" { "Month" }
                            @if self.may_close { th scope="col" { span.unseen { "What can be done" } } }
                        }
                    }
                    tbody { @for row in rows { (self.line(row, several, frame)) } }
                }
            }
        }
    }

    fn line(&self, row: &MonthEndRow, several: bool, frame: &Frame) -> Markup {
        let statement = statement_path(AccountId(row.account_id), self.month);
        let amount = |of: fn(&MonthEndSums) -> &str| row.sums.as_ref().map_or("", of);
        let carried = row.sums.as_ref().filter(|sums| sums.carried.minor != 0);
        let id = format!("close-{}", row.account_id);
        html! {
            tr {
                th scope="row" {
                    a href=(statement) { (name(&row.account)) }
                }
                td.count.wide { @if let Some(licences) = row.licences { (licences) } }
                @if several { td { (amount(|sums| sums.currency)) } }
                td.count { (amount(|sums| &sums.net.amount)) }
                td.count.wide { (amount(|sums| &sums.due.amount)) }
                td.count.wide { @if let Some(sums) = carried { (sums.carried.amount) } }
                td { (state(row)) }
                @if self.may_close {
                    td.act {
                        @if row.state == MonthState::Ready {
                            button.small type="button" popovertarget=(id) {
                                "Close" span.unseen { " " (self.month.in_words()) " of " (name(&row.account)) }
                            }
                            (self.form(&id, &format!("{} of {}", self.month.in_words(), row.account), Some(row.account_id), frame))
                        }
                    }
                }
            }
        }
    }

    fn turning(&self, page: usize, pages: usize) -> Markup {
        let link = |to: usize| {
            let (month, to) = (self.month.to_string(), to.to_string());
            with_query(FINANCE, &[("month", Some(&month)), ("page", Some(&to))])
        };
        turning((page, pages), ("Previous", "Next"), link)
    }
}

/// How far an account's month is.
fn state(row: &MonthEndRow) -> Markup {
    let zone = Zone::parse(row.time_zone).unwrap_or(Zone::UTC);
    html! {
        @match &row.state {
            MonthState::Closed { at } => {
                (badge("done", "●", "closed"))
                small { (say_date(zone.date_of(at.0))) }
            }
            MonthState::Ready => (badge("free", "○", "ready to close")),
            MonthState::Waits { why } => { (badge("dormant", "◔", "not yet")) small { (why) } }
            MonthState::NoPlan => { (badge("barred", "✕", "no plan")) small { "so it has no amounts" } }
            MonthState::EarlierOpen { earlier } => {
                (badge("dormant", "◔", "earlier month open")) small { (earlier) " comes first" }
            }
            MonthState::SecondPerson => {
                (badge("dormant", "◔", "for somebody else")) small { "whoever set the price may not close alone" }
            }
            MonthState::Unable { why } => { (badge("barred", "✕", "cannot be made")) small { (why) } }
        }
    }
}

/// The five reports, for these months.
pub(crate) fn choices(current: Option<Kind>, months: Months, account: &str) -> Markup {
    html! {
        nav.choices aria-label="Reports" {
            @for kind in Kind::ALL {
                a href=(report_path(kind, months, account, false)) aria-current=[(current == Some(kind)).then_some("page")] {
                    (kind.title())
                }
            }
        }
    }
}
