//! The trail page by page, newest first, as it is read on a screen.
//!
//! The commits of the range are read in order, and only those of the page and the newer ones are kept: memory
//! is bounded however long the range is.

use crate::civil::show_utc;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use crate::trail::TrailRow;
use seats::{AccountId, Timestamp, UserId};
use serde::Serialize;
use std::collections::VecDeque;

/// A page of an account's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PagedTrail {
    /// The account's name.
    pub account: String,
    /// The user it is about, if it is about one.
    pub user: Option<String>,
    /// The user's number.
    pub user_id: Option<u32>,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// Which page, from 1.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// How many commits the range holds.
    pub commits: usize,
    /// The commits of this page, newest first.
    pub rows: Vec<TrailRow>,
    /// Where this comes from.
    pub provenance: Provenance,
}

/// How many commits a page holds.
pub const PAGE_ROWS: usize = 100;
/// How many pages can be turned; whoever wants more asks for a shorter range.
pub const PAGES_MAX: usize = 200;

impl Reports<'_> {
    /// A page of the history of an account in `[from, to)`, by default all of it; of one user only, if one is
    /// given. Pages beyond the last are the last.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards, or the log cannot be read.
    pub fn paged_trail(
        &self,
        account: AccountId,
        user: Option<UserId>,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: usize,
    ) -> Result<PagedTrail, ReportError> {
        let (now, zone) = self.whole(account)?;
        let (from, to) = self.range(&now, zone, from, to)?;
        let names = self.names(account);
        let page = page.clamp(1, PAGES_MAX);
        let keep = page.saturating_mul(PAGE_ROWS);
        let (mut newest, mut commits) = (VecDeque::new(), 0_usize);
        self.each_row(account, user, (from, to), |row, _| {
            commits = commits.saturating_add(1);
            newest.push_back(row);
            if newest.len() > keep {
                newest.pop_front();
            }
        })?;
        let pages = commits.div_ceil(PAGE_ROWS).clamp(1, PAGES_MAX);
        let page = page.min(pages);
        let newer = page.saturating_sub(1).saturating_mul(PAGE_ROWS);
        let rows: Vec<TrailRow> = newest.into_iter().rev().skip(newer).take(PAGE_ROWS).collect();
        let provenance = self
            .provenance("trail", account, zone)
            .parameter("user", user.map_or("all".to_owned(), |user| user.to_string()))
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("page", page)
            .rows(rows.len())
            .total("commits", commits);
        let user_id = user.map(|user| user.0);
        let (user, account) = (user.map(|user| names.shown(user)), names.account());
        let (from, to) = (At(from), At(to));
        Ok(PagedTrail { account, user, user_id, from, to, page, pages, commits, rows, provenance })
    }
}
