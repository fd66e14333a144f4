//! The rows of a report under their columns, from which its text, its file and its page are drawn.

use crate::civil::{Zone, show_utc};
use crate::shown::{Side, table};
use seats::Timestamp;

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// What people read above it.
    pub heading: &'static str,
    /// What programs read above it.
    pub key: &'static str,
    /// Counts and amounts, which stand to the right; a program may read each as a number.
    pub numbers: bool,
}

/// What stands in a row of a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words, perhaps somebody else's.
    Text(String),
    /// A count or an amount, in digits.
    Number(String),
    /// An instant, for people in the zone of the account.
    Time(Timestamp, Zone),
}

/// Rows under their columns, and rows of totals below, each as long as there are columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What they add up to.
    pub totals: Vec<Vec<Cell>>,
}

impl Column {
    pub(crate) const fn words(heading: &'static str, key: &'static str) -> Column {
        Column { heading, key, numbers: false }
    }

    pub(crate) const fn numbers(heading: &'static str, key: &'static str) -> Column {
        Column { heading, key, numbers: true }
    }
}

impl Cell {
    pub(crate) fn words(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    pub(crate) fn count(number: impl ToString) -> Cell {
        Cell::Number(number.to_string())
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Number(text) => text.clone(),
            Cell::Time(at, zone) => zone.show(*at),
        }
    }

    /// As programs read it: an instant in UTC.
    pub fn plain(&self) -> String {
        match self {
            Cell::Time(at, _) => show_utc(*at),
            other => other.shown(),
        }
    }
}

impl Sheet {
    /// As a table of plain text; the totals below a line of their own.
    pub(crate) fn text(&self) -> String {
        let columns: Vec<(&str, Side)> = self
            .columns
            .iter()
            .map(|column| (column.heading, if column.numbers { Side::Right } else { Side::Left }))
            .collect();
        let shown = |row: &Vec<Cell>| -> Vec<String> {
            let line = |cell: &Cell| cell.shown().replace(['\n', '\r'], " / ");
            row.iter().map(line).collect()
        };
        table(&columns, self.rows.iter().chain(&self.totals).map(shown).collect())
    }
}
