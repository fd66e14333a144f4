//! A commercial report as a file: its rows under their names, without the totals, which a spreadsheet adds up.
//!
//! Instants are in UTC (RFC 3339), amounts and counts in digits, text defused.

use crate::{ExportError, ExportFile, cell, table};
use reporting::Commercial;
use reporting::commercial::{Cell, Kind, Months};

/// The file of a report.
///
/// # Errors
/// When it cannot be written.
pub fn csv(report: &Commercial, kind: Kind, months: Months) -> Result<ExportFile, ExportError> {
    let sheet = report.sheet();
    let headings = sheet.columns.iter().map(|column| column.key.to_owned()).collect();
    let cells = |row: &Vec<Cell>| row.iter().map(written).collect();
    let rows = sheet.rows.iter().map(cells);
    table::file(name(kind, months), std::iter::once(headings).chain(rows))
}

/// What the file of a report is called.
fn name(kind: Kind, months: Months) -> String {
    match (months.first(), months.last()) {
        (first, last) if first == last => format!("{}-{first}.csv", kind.word()),
        (first, last) => format!("{}-{first}-{last}.csv", kind.word()),
    }
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => cell::text(text),
        plain => plain.plain(),
    }
}
