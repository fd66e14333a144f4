//! A workbook (XLSX) of statements: summary, charges, days, who sat where, and where it all comes from.
//!
//! It is for reading, not the record: its numbers are binary fractions, of which fifteen digits hold
//! (`EXACT_MAX`). Every cell is a value, none a formula. Its creation time is the last closing among its
//! statements, so that the same statements give the same bytes.

mod sheet;
mod sheets;

use crate::bill::{Bill, Finality, months};
use crate::{ExportError, ExportFile, ExportSettings};
use reporting::Statement;
use reporting::statement::Standing;
use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};
use seats::Timestamp;
use sheet::excel_time;

/// Somebody's time on a seat, as the caller wants it told: with a name, or with a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeatRow {
    /// The account's number; one of the statements is of it.
    pub account: u64,
    /// The seat.
    pub seat: u32,
    /// Who held it.
    pub holder: String,
    /// From when.
    pub from: Timestamp,
    /// To when; `None`: still holds it as far as is known.
    pub to: Option<Timestamp>,
    /// How it ended, in words.
    pub ended: String,
}

/// The statements as a workbook.
///
/// # Errors
/// When a statement is not final (unless drafts are asked for), has no amounts, does not add up or was given
/// twice; when a number has more than fifteen digits, or a sheet more rows than a spreadsheet has; when seats are of
/// an account that no statement is of.
pub fn workbook(
    statements: &[Statement],
    seats: &[SeatRow],
    settings: &ExportSettings,
    finality: Finality,
) -> Result<ExportFile, ExportError> {
    let bills = Bill::all(statements, finality)?;
    let name = format!("statements-{}.xlsx", months(&bills));
    let unwritten =
        |error: XlsxError| ExportError::Unwritten { file: name.clone(), why: error.to_string() };
    let mut workbook = Workbook::new();
    let title = format!("Statements {}", months(&bills));
    let made = excel_time(made_at(&bills), reporting::civil::Zone::UTC).map_err(unwritten)?;
    let author = match settings.branding.name.as_str() {
        "" => "Seatledger",
        name => name,
    };
    let properties = DocProperties::new().set_title(&title).set_author(author);
    workbook.set_properties(&properties.set_creation_datetime(&made));
    for sheet in [
        sheets::summary(&bills, settings),
        sheets::charges(&bills, settings),
        sheets::days(&bills),
        sheets::seats(&bills, seats)?,
        sheets::evidence(&bills),
    ] {
        sheet.write(&mut workbook, &title, &name)?;
    }
    let bytes = workbook.save_to_buffer().map_err(unwritten)?;
    Ok(ExportFile { name, bytes })
}

/// The last closing; of a draft the end of its month. The beginning of 1970 if there are no statements.
fn made_at(bills: &[Bill]) -> Timestamp {
    let made = bills.iter().map(|bill| match &bill.statement.standing {
        Standing::Closed { closed_at, .. } => closed_at.0,
        Standing::Open | Standing::Provisional => bill.statement.to.0,
    });
    made.max().unwrap_or_default()
}
