//! Licence movement: opening + additions - reductions = closing, for each account.
//!
//! The opening is what was in force just before the first instant of the months, the closing what is at their
//! last. Both are read off the timeline of licences, by which statements are made. Additions and reductions are
//! summed up change by change, on another way, from the changes as they were recorded; so that the sum must
//! come out. A change counts at the instant from which it is effective, whenever it was recorded; of two for
//! one instant the one recorded later counts; the closing of the account is a change to none.

use super::{Cell, Column, Kind, Months, OneAccount, Scope, Sheet};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::At;
use crate::terms::Terms;
use projector::Notes;
use seats::Timestamp;
use serde::Serialize;

/// One account's licences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MovementRow {
    /// Its name.
    pub account: String,
    /// Its number.
    pub account_id: u64,
    /// The zone that its months are counted in.
    pub time_zone: &'static str,
    /// Licences in force just before the first instant.
    pub opening: u64,
    /// By how many changes made them more, together.
    pub additions: u64,
    /// By how many changes made them fewer, together.
    pub reductions: u64,
    /// Licences in force at the last instant.
    pub closing: u64,
    /// How many changes made them more or fewer.
    pub changes: u64,
    /// Opening + additions - reductions is closing.
    pub balances: bool,
}

/// Licence movement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Movement {
    /// The first month, as `2026-03`.
    pub from: String,
    /// The last month.
    pub to: String,
    /// The instant up to which things are known; announced changes after it are counted too.
    pub known_until: At,
    /// Accounts that had licences at some time in the months, by number.
    pub rows: Vec<MovementRow>,
    /// All of them together.
    pub total: MovementTotal,
    /// Every row, and so the total, comes out.
    pub balances: bool,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(super) months: Months,
}

/// The rows together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MovementTotal {
    /// Licences at the beginning.
    pub opening: u64,
    /// Added.
    pub additions: u64,
    /// Given back.
    pub reductions: u64,
    /// Licences at the end.
    pub closing: u64,
    /// How many changes.
    pub changes: u64,
}

impl Reports<'_> {
    /// Licence movement.
    ///
    /// # Errors
    /// As for [`Reports::commercial`].
    pub fn movement(&self, scope: &Scope) -> Result<Movement, ReportError> {
        let mut rows = Vec::new();
        self.each_account(scope, |one| {
            rows.push(row(one));
            Ok(())
        })?;
        rows.retain(|row: &MovementRow| (row.opening, row.closing, row.changes) != (0, 0, 0));
        let sum = |of: fn(&MovementRow) -> u64| {
            rows.iter().fold(0_u64, |sum, row| sum.saturating_add(of(row)))
        };
        let total = MovementTotal {
            opening: sum(|row| row.opening),
            additions: sum(|row| row.additions),
            reductions: sum(|row| row.reductions),
            closing: sum(|row| row.closing),
            changes: sum(|row| row.changes),
        };
        let provenance = self.commercial_provenance(Kind::Movement, scope)?;
        let provenance = provenance
            .rows(rows.len())
            .total("opening", total.opening)
            .total("additions", total.additions)
            .total("reductions", total.reductions)
            .total("closing", total.closing)
            .total("changes", total.changes);
        Ok(Movement {
            from: scope.months.first.to_string(),
            to: scope.months.last.to_string(),
            known_until: At(scope.now),
            total,
            balances: rows.iter().all(|row| row.balances),
            rows,
            provenance,
            months: scope.months,
        })
    }
}

fn row(one: OneAccount) -> MovementRow {
    let OneAccount { account, name, occupancy, zone, from, to, .. } = one;
    let (state, notes) = (&occupancy.account, &occupancy.notes);
    let timeline =
        Terms::of_notes(account, state.zone(), state.version(), notes).timeline(state.version());
    let last_before = |at: Timestamp| at.0.checked_sub(1).map(Timestamp);
    let level = |at: Timestamp| last_before(at).map_or(0, |at| u64::from(timeline.at(at)));
    let (opening, closing) = (level(from), level(to));
    let (mut additions, mut reductions, mut changes) = (0_u64, 0_u64, 0_u64);
    for (at, before, after) in moves(notes) {
        if (from..to).contains(&at) && before != after {
            additions = additions.saturating_add(after.saturating_sub(before));
            reductions = reductions.saturating_add(before.saturating_sub(after));
            changes = changes.saturating_add(1);
        }
    }
    let balances = opening.saturating_add(additions).checked_sub(reductions) == Some(closing);
    MovementRow {
        account: name,
        account_id: account.0,
        time_zone: zone.name(),
        opening,
        additions,
        reductions,
        closing,
        changes,
        balances,
    }
}

/// From when on there were how many instead of how many, in order, from the changes as they were recorded.
fn moves(notes: &Notes) -> Vec<(Timestamp, u64, u64)> {
    let closed = notes.closed().map(|closed| closed.at);
    let counts = |at: Timestamp| closed.is_none_or(|closed| at < closed);
    let changes = notes.licences().iter().map(|change| (change.effective.instant, change.to));
    let mut changes: Vec<(Timestamp, u32)> = changes.filter(|(at, _)| counts(*at)).collect();
    changes.extend(closed.map(|closed| (closed, 0)));
    // Stable: those for one instant stay in the order in which they were recorded.
    changes.sort_by_key(|(at, _)| *at);
    let (mut moves, mut before) = (Vec::new(), 0_u64);
    let mut changes = changes.into_iter().peekable();
    while let Some((at, to)) = changes.next() {
        if changes.peek().is_some_and(|(next, _)| *next == at) {
            continue; // Overruled by one that was recorded later.
        }
        moves.push((at, before, u64::from(to)));
        before = u64::from(to);
    }
    moves
}

impl Movement {
    pub(super) fn sheet(&self) -> Sheet {
        let columns = vec![
            Column::words("Account", "account"),
            Column::numbers("Opening", "opening"),
            Column::numbers("Added", "additions"),
            Column::numbers("Given back", "reductions"),
            Column::numbers("Closing", "closing"),
            Column::numbers("Changes", "changes"),
        ];
        let cells = |name: &str, counts: [u64; 5]| {
            let mut cells = vec![Cell::words(name)];
            cells.extend(counts.map(Cell::count));
            cells
        };
        let row = |row: &MovementRow| {
            let MovementRow { opening, additions, reductions, closing, changes, .. } = *row;
            cells(&row.account, [opening, additions, reductions, closing, changes])
        };
        let MovementTotal { opening, additions, reductions, closing, changes } = self.total;
        let total = cells("Total", [opening, additions, reductions, closing, changes]);
        Sheet { columns, rows: self.rows.iter().map(row).collect(), totals: vec![total] }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        if self.balances {
            let comes =
                "Opening + added - given back = closing, in every row, reckoned on two ways.";
            return vec![comes.to_owned()];
        }
        let wrong = self.rows.iter().filter(|row| !row.balances);
        let wrong: Vec<&str> = wrong.map(|row| row.account.as_str()).collect();
        vec![format!("DOES NOT BALANCE: {}. Run `seatledger verify`.", wrong.join(", "))]
    }
}
