//! Tables of comma-separated values as RFC 4180 has them: UTF-8, lines that end in CR LF, quotes where needed.

use crate::{ExportError, ExportFile};
use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

/// A file with these rows.
pub(crate) fn file(
    name: String,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<ExportFile, ExportError> {
    let mut writer =
        WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    let unwritten = |why: String| ExportError::Unwritten { file: name.clone(), why };
    for row in rows {
        writer.write_record(row).map_err(|error| unwritten(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritten(error.to_string()))?;
    Ok(ExportFile { name, bytes })
}

/// The rows of a file that somebody downloaded, headings first.
///
/// # Errors
/// When it is empty, not UTF-8, or a row has more or fewer cells than the headings.
pub(crate) fn rows(whose: &'static str, bytes: &[u8]) -> Result<Vec<Vec<String>>, ExportError> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(without_mark(bytes));
    let rows = reader.records().map(|row| cells(whose, row));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    match rows.is_empty() {
        true => Err(empty(whose)),
        false => Ok(rows),
    }
}

/// The headings of a file that somebody downloaded; what follows is not looked at.
///
/// # Errors
/// When it is empty, or they are not UTF-8.
pub(crate) fn headings(whose: &'static str, bytes: &[u8]) -> Result<Vec<String>, ExportError> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(without_mark(bytes));
    let first = reader.records().next();
    first.map_or_else(|| Err(empty(whose)), |row| cells(whose, row))
}

fn cells(
    whose: &'static str,
    row: Result<StringRecord, csv::Error>,
) -> Result<Vec<String>, ExportError> {
    let unreadable = |error: csv::Error| ExportError::Template {
        whose,
        why: format!("it cannot be read as CSV in UTF-8: {error}; download it afresh"),
    };
    row.map(|row| row.iter().map(str::to_owned).collect()).map_err(unreadable)
}

fn empty(whose: &'static str) -> ExportError {
    ExportError::Template { whose, why: "it is empty; download it afresh".to_owned() }
}

/// A byte order mark is no part of the first heading.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
