//! Accounts at a glance: who is full, who refused somebody today.

use crate::frame::{Frame, Sheet};
use crate::href::{self, FRONT, account_path, with_query};
use crate::svg::Tenths;
use crate::wording::{badge, name, provenance, time, turning};
use maud::{Markup, html};
use reporting::Glance;
use reporting::civil::Zone;
use reporting::glance::GlanceRow;
use reporting::shown::counted;
use seats::{AccountId, UserId};
use std::cmp::Reverse;

/// By what accounts are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// What needs somebody first: refused today, then at capacity, then by name.
    #[default]
    Urgent,
    /// By name.
    Name,
    /// By seats in use, most first.
    Seats,
    /// By logins refused today, most first.
    Denials,
}

impl Sort {
    /// The sort of that word; the usual one for any other.
    pub fn from_word(word: &str) -> Sort {
        match word {
            "name" => Sort::Name,
            "seats" => Sort::Seats,
            "denials" => Sort::Denials,
            _ => Sort::Urgent,
        }
    }

    /// Its word in an address; empty for the usual one.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Urgent => "",
            Sort::Name => "name",
            Sort::Seats => "seats",
            Sort::Denials => "denials",
        }
    }
}

/// Accounts at a glance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountsPage {
    /// The accounts that whoever is signed in may see.
    pub glance: Glance,
    /// Whether there are more than these.
    pub is_cut: bool,
    /// What the names must contain; empty: anything.
    pub search: String,
    /// Accounts, by number and name, that have a user called so, and the user's number there.
    pub with_user: Vec<(AccountId, String, UserId)>,
    /// The order.
    pub sort: Sort,
    /// Which page of the list, from 1.
    pub page: usize,
}

/// How many accounts a page lists.
const PAGE_ROWS: usize = 100;

impl AccountsPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let rows = self.found();
        let pages = rows.len().div_ceil(PAGE_ROWS).max(1);
        let page = self.page.clamp(1, pages);
        let skipped = page.saturating_sub(1).saturating_mul(PAGE_ROWS);
        let shown: Vec<&GlanceRow> = rows.iter().skip(skipped).take(PAGE_ROWS).copied().collect();
        let content = html! {
            h1 { "Accounts" }
            form.search role="search" method="get" action=(FRONT) {
                label for="search" { "Find an account, or the accounts of a user" }
                input #search type="search" name="search" value=(self.search) autocomplete="off" autofocus;
                @if self.sort != Sort::Urgent { input type="hidden" name="sort" value=(self.sort.word()); }
                button type="submit" { "Find" }
            }
            (self.users())
            div #live {
                p.lead { (self.summary(&rows)) }
                @if self.is_cut {
                    p.hint {
                        "There are more accounts than the " (self.glance.rows.len())
                        " that are looked at here. Find the others by name."
                    }
                }
                @if shown.is_empty() {
                    p { "No account has that in its name. " a href=(FRONT) { "Show all accounts" } }
                } @else {
                    (self.table(&shown, frame))
                }
                (self.turning(page, pages))
                (provenance(&self.glance.provenance))
            }
        };
        frame.around(&Sheet { title: "Accounts", place: None, content })
    }

    /// Where somebody of that name is a user: from here it is one step to why she was refused.
    fn users(&self) -> Markup {
        let user = self.search.trim();
        html! {
            @if !self.with_user.is_empty() {
                section.panel aria-labelledby="users" {
                    h2 #users { "Users called " (name(user)) }
                    ul.holders {
                        @for (account, named, number) in &self.with_user {
                            li {
                                (name(user)) " of "
                                a href=(account_path(*account)) { (name(named)) }
                                ": "
                                a href=(href::why(*account, Some(*number), None)) { "Why was " (name(user)) " refused?" }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The accounts that were looked for, in order.
    fn found(&self) -> Vec<&GlanceRow> {
        let wanted = self.search.trim().to_lowercase();
        let matches = |row: &&GlanceRow| {
            wanted.is_empty()
                || row.account.to_lowercase().contains(&wanted)
                || AccountId(row.account_id).to_string() == wanted
        };
        let mut rows: Vec<&GlanceRow> = self.glance.rows.iter().filter(matches).collect();
        rows.sort_by_cached_key(|row| (row.account.to_lowercase(), row.account_id));
        match self.sort {
            Sort::Name => {}
            Sort::Urgent => rows.sort_by_key(|row| Reverse((row.denials_today, row.at_capacity))),
            Sort::Seats => rows.sort_by_key(|row| Reverse(row.taken)),
            Sort::Denials => rows.sort_by_key(|row| Reverse(row.denials_today)),
        }
        rows
    }

    fn summary(&self, rows: &[&GlanceRow]) -> String {
        let count = |of: fn(&GlanceRow) -> bool| rows.iter().filter(|row| of(row)).count() as u64;
        let accounts = counted(rows.len() as u64, "account");
        let (full, refused) = (count(|row| row.at_capacity), count(|row| row.denials_today > 0));
        format!("{accounts}: {full} at capacity now, {refused} refused somebody today.")
    }

    fn table(&self, rows: &[&GlanceRow], frame: &Frame) -> Markup {
        html! {
            table.list {
                caption.unseen { "Accounts with their seats and the logins they refused today" }
                thead {
                    tr {
                        (self.heading(Sort::Name, "Account", "ascending"))
                        (self.heading(Sort::Seats, "Seats in use", "descending"))
                        (self.heading(Sort::Denials, "Refused today", "descending"))
                        (self.heading(Sort::Urgent, "Now", "other"))
                    }
                }
                tbody { @for row in rows { (line(row, frame)) } }
            }
        }
    }

    fn heading(&self, sort: Sort, word: &str, order: &str) -> Markup {
        let link =
            with_query(FRONT, &[("search", Some(&self.search)), ("sort", Some(sort.word()))]);
        html! {
            th.wide[sort == Sort::Urgent] scope="col" aria-sort=[(self.sort == sort).then_some(order)] {
                a href=(link) { (word) }
            }
        }
    }

    fn turning(&self, page: usize, pages: usize) -> Markup {
        let link = |to: usize| {
            let (to, sort) = (to.to_string(), self.sort.word());
            let fields = [
                ("search", Some(self.search.as_str())),
                ("sort", Some(sort)),
                ("page", Some(to.as_str())),
            ];
            with_query(FRONT, &fields)
        };
        turning((page, pages), ("Previous", "Next"), link)
    }
}

fn line(row: &GlanceRow, frame: &Frame) -> Markup {
    let zone = Zone::parse(row.time_zone).unwrap_or(Zone::UTC);
    html! {
        tr {
            th scope="row" { a href=(account_path(AccountId(row.account_id))) { (name(&row.account)) } }
            td.seats-in-use {
                (row.taken) " of " (row.licences)
                @if row.overdraft > 0 { small { " + " (row.overdraft) " overdraft" } }
                (bar(row))
                span.narrow-only { (now(row)) }
                @if row.dormant > 0 { small { (row.dormant) " dormant" } }
            }
            td.count {
                @if row.denials_today > 0 {
                    strong { (row.denials_today) }
                    @if let Some(last) = row.last_denial {
                        small { " last " (time(last, zone, zone.date_of(frame.now))) }
                    }
                } @else { "0" }
            }
            td.wide { (now(row)) }
        }
    }
}

fn now(row: &GlanceRow) -> Markup {
    match (row.standing, row.at_capacity) {
        ("open", true) => badge("full", "■", "at capacity"),
        ("open", false) => badge("free", "○", "room"),
        (standing, _) => badge("barred", "✕", standing),
    }
}

/// Seats in use as a bar; the figures stand beside it.
fn bar(row: &GlanceRow) -> Markup {
    let width = Tenths::units(100);
    let all = u64::from(row.licences.saturating_add(row.overdraft).max(row.taken).max(1));
    let (taken, dormant) = (u64::from(row.taken), u64::from(row.dormant));
    let live = width.share(taken.saturating_sub(dormant), all);
    let silent = width.share(taken, all).minus(live);
    html! {
        svg.gauge viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.rest x="0" y="0" width="100" height="8" {}
            rect.live x="0" y="0" width=(live) height="8" {}
            rect.dormant x=(live) y="0" width=(silent) height="8" {}
        }
    }
}
