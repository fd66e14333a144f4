//! A history in the order of time, and how many seats were held at its peak.
//!
//! At one instant, ends come before starts: seats are given up, then sessions without length pass (granted
//! and ended at once, one after the other, so that however many there are they need one free seat), then
//! sessions begin, then those ask who will have to wait. Within each of these, rows stand as in the file.
//!
//! Seats held are counted after every such step, so the peak is the least number of licences under which
//! the history could have happened.

use crate::history::Row;
use seats::Timestamp;

/// What happens to a row at an instant; in this order, if several things happen at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Act {
    /// Its seats are given up.
    Ends,
    /// Its seats are granted and given up at once.
    Passes,
    /// Its seats are granted.
    Begins,
    /// Its seats are asked for, to be granted later.
    Asks,
}

/// One step of a history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) act: Act,
    /// The place of the row in the history.
    pub(crate) row: usize,
}

/// The most seats held at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peak {
    /// How many.
    pub seats: u64,
    /// When so many were held for the first time.
    pub at: Timestamp,
    /// The line of the row that needed the last of them.
    pub line: u64,
}

/// All steps of a history, in the order in which they happened.
pub(crate) fn timeline(rows: &[Row]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(rows.len().saturating_mul(3));
    for (place, row) in rows.iter().enumerate() {
        let mut step = |at, act| steps.push(Step { at, act, row: place });
        if row.requested < row.granted {
            step(row.requested, Act::Asks);
        }
        if row.granted < row.ended {
            step(row.granted, Act::Begins);
            step(row.ended, Act::Ends);
        } else {
            step(row.granted, Act::Passes);
        }
    }
    steps.sort_unstable();
    steps
}

/// The first instant at which more than `licences` seats were held, if there is one.
pub(crate) fn beyond(rows: &[Row], steps: &[Step], licences: u64) -> Option<Peak> {
    held(rows, steps).find(|held| held.seats > licences)
}

/// The most seats held at once; `None` for an empty history.
pub(crate) fn peak(rows: &[Row], steps: &[Step]) -> Option<Peak> {
    let highest = |peak: Option<Peak>, held: Peak| match peak {
        Some(peak) if peak.seats >= held.seats => Some(peak),
        _ => Some(held),
    };
    held(rows, steps).fold(None, highest)
}

/// Seats held after each step that takes some.
fn held<'a>(rows: &'a [Row], steps: &'a [Step]) -> impl Iterator<Item = Peak> + 'a {
    let mut seats: u64 = 0;
    steps.iter().filter_map(move |step| {
        let row = rows.get(step.row)?;
        let taken = match step.act {
            Act::Asks => return None,
            Act::Ends => {
                seats = seats.saturating_sub(u64::from(row.seats));
                return None;
            }
            Act::Passes => seats.saturating_add(1),
            Act::Begins => {
                seats = seats.saturating_add(u64::from(row.seats));
                seats
            }
        };
        Some(Peak { seats: taken, at: step.at, line: row.line })
    })
}
