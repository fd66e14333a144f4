//! Tables of comma-separated values as RFC 4180 has them: UTF-8, lines that end in CR LF, quotes where needed.

use crate::{ExportError, ExportFile};
use csv::{ReaderBuilder, Terminator, WriterBuilder};

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
/// When it is not UTF-8, or a row has more or fewer cells than the headings.
pub(crate) fn rows(whose: &'static str, bytes: &[u8]) -> Result<Vec<Vec<String>>, ExportError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let unreadable = |error: csv::Error| ExportError::Template {
        whose,
        why: format!("it cannot be read as CSV in UTF-8: {error}"),
    };
    let rows = reader.records().map(|row| {
        row.map(|row| row.iter().map(str::to_owned).collect::<Vec<_>>()).map_err(unreadable)
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    match rows.is_empty() {
        true => Err(ExportError::Template { whose, why: "it is empty".to_owned() }),
        false => Ok(rows),
    }
}
