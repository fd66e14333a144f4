//! Histories as CSV.
//!
//! ```text
//! user,requested_at,granted_at,ended_at,seats
//! u017,1996-09-30T12:10:29Z,1996-09-30T12:12:29Z,1996-09-30T12:12:43Z,1
//! ```
//!
//! The first line names the columns. Their order is free and others are ignored; names count without
//! regard to case and to blanks around them. Fields are separated by commas and may stand in quotation
//! marks; lines end in LF or CRLF; empty lines are passed over; a byte order mark is, too. Times are
//! RFC 3339 with an offset. The file may be gzip.

use crate::content::{Content, GzipCutOff, RecordTooLong};
use crate::history::{Claim, Fault, Gathering, History, Unsound, shown};
use crate::progress::Progress;
use crate::rfc3339;
use seats::Timestamp;
use std::io::{self, Read};
use thiserror::Error;

/// The name of this format, which is part of what makes two imports the same.
pub const FORMAT: &str = "csv";

/// The columns that are read.
pub const COLUMNS: [&str; 5] = ["user", "requested_at", "granted_at", "ended_at", "seats"];

/// How often a caller is told how far the reading is.
const LINES_BETWEEN_WORDS: u64 = 4096;

/// Why a file was not taken. Nothing was imported.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk, or whatever the file comes from, failed.
    #[error("the file cannot be read beyond line {line}: {error}")]
    Io {
        /// The last line that was read.
        line: u64,
        /// What failed.
        error: io::Error,
    },
    /// The gzip stops before its end. Fetch the file again.
    #[error("beyond line {line}: {}", GzipCutOff)]
    CutOff {
        /// The last line that was read.
        line: u64,
    },
    /// A record without an end. Look for a quotation mark that is never closed.
    #[error("the record that begins beyond line {line}: {}", RecordTooLong)]
    TooLong {
        /// The last line that was read.
        line: u64,
    },
    /// The header is no text. Export the file as UTF-8.
    #[error("line 1: the header is not UTF-8 ({found}); export the file as CSV in UTF-8")]
    HeaderNotUtf8 {
        /// What stands there, the impossible bytes replaced.
        found: String,
    },
    /// A column is missing. Name it in the header; fields are separated by commas.
    #[error("line 1: there is no column {column}; the header reads {found}")]
    MissingColumn {
        /// Which.
        column: &'static str,
        /// The header.
        found: String,
    },
    /// Two columns have the same name. Rename the one that is not meant.
    #[error("line 1: there are two columns {column}")]
    TwoColumns {
        /// Which.
        column: &'static str,
    },
    /// The file was read, but what it says cannot be imported.
    #[error(transparent)]
    Unsound(#[from] Unsound),
}

/// Reads a history, whole. No time in it may be later than `now`.
///
/// # Errors
/// [`ReadError`]; of rows that cannot be right, the first few are named.
pub fn read(
    file: impl Read,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<History, ReadError> {
    let content = Content::new(file).map_err(|error| failed(error, 0))?;
    let mut lines = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        // Only LF ends a line, so that a line's number can be told; the CR before it is cut off below.
        .terminator(::csv::Terminator::Any(b'\n'))
        .from_reader(content);
    let mut record = ::csv::ByteRecord::new();
    let mut places = None;
    let mut gathering = Gathering::new(now);
    while let Some(line) = next(&mut lines, &mut record)? {
        // Every line ends in a line feed, so only a quotation mark can have swallowed the last one.
        let never_closed = lines.get_ref().is_drained();
        match &places {
            None => places = Some(Places::of(&record)?),
            Some(places) => {
                let claim = match never_closed {
                    true => Err(Fault::QuoteOpen),
                    false => places.claim(&record),
                };
                gathering.row(line, claim);
                if line % LINES_BETWEEN_WORDS == 0 {
                    progress(Progress::Reading { rows: gathering.kept() });
                }
            }
        }
    }
    if places.is_none() {
        let [column, ..] = COLUMNS;
        return Err(ReadError::MissingColumn { column, found: String::from("nothing") });
    }
    progress(Progress::Reading { rows: gathering.kept() });
    Ok(gathering.finish(lines.get_ref().digest())?)
}

/// Reads the next record that is not empty; the line on which it begins.
fn next<R: Read>(
    lines: &mut ::csv::Reader<Content<R>>,
    record: &mut ::csv::ByteRecord,
) -> Result<Option<u64>, ReadError> {
    loop {
        let read = lines.read_byte_record(record);
        let line = lines.position().line().saturating_sub(1);
        if !read.map_err(|error| failed(io_error(error), line))? {
            return Ok(None);
        }
        lines.get_mut().record_read();
        if record.len() > 1 || field(record, 0) != Some(b"") {
            // The reader stands behind the line feed that ends the record, or at the end of the file.
            let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let behind = u64::from(lines.get_ref().is_drained());
            return Ok(Some(line.saturating_add(behind).saturating_sub(inside)));
        }
    }
}

fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        // Ragged and undecodable records are ours to judge, so no other kind comes up.
        other => io::Error::other(format!("{other:?}")),
    }
}

fn failed(error: io::Error, line: u64) -> ReadError {
    match error.get_ref() {
        Some(inner) if inner.is::<GzipCutOff>() => ReadError::CutOff { line },
        Some(inner) if inner.is::<RecordTooLong>() => ReadError::TooLong { line },
        _ => ReadError::Io { line, error },
    }
}

/// Where each of [`COLUMNS`] stands in a record.
struct Places {
    user: usize,
    requested_at: usize,
    granted_at: usize,
    ended_at: usize,
    seats: usize,
    fields: usize,
}

impl Places {
    fn of(header: &::csv::ByteRecord) -> Result<Places, ReadError> {
        let text = String::from_utf8_lossy(header.as_slice());
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ReadError::HeaderNotUtf8 { found: shown(&text) });
        }
        let names: Vec<String> = (0..header.len())
            .map(|place| String::from_utf8_lossy(field(header, place).unwrap_or_default()))
            .map(|name| name.trim().to_lowercase())
            .collect();
        let place = |column: &'static str| {
            let mut found = (0..).zip(&names).filter(|(_, name)| *name == column);
            match (found.next(), found.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(ReadError::TwoColumns { column }),
                (None, _) => {
                    Err(ReadError::MissingColumn { column, found: shown(&names.join(",")) })
                }
            }
        };
        let [user, requested_at, granted_at, ended_at, seats] = COLUMNS;
        Ok(Places {
            user: place(user)?,
            requested_at: place(requested_at)?,
            granted_at: place(granted_at)?,
            ended_at: place(ended_at)?,
            seats: place(seats)?,
            fields: header.len(),
        })
    }

    fn claim<'a>(&self, record: &'a ::csv::ByteRecord) -> Result<Claim<'a>, Fault> {
        if record.len() != self.fields {
            return Err(Fault::Fields { found: record.len(), expected: self.fields });
        }
        let [user, requested_at, granted_at, ended_at, seats] = COLUMNS;
        let user = text(record, self.user, user)?;
        let requested = time(record, self.requested_at, requested_at)?;
        let granted = time(record, self.granted_at, granted_at)?;
        let ended = time(record, self.ended_at, ended_at)?;
        let seats = text(record, self.seats, seats)?;
        let digits = !seats.is_empty() && seats.bytes().all(|byte| byte.is_ascii_digit());
        let number = seats.parse().ok().filter(|_| digits);
        let seats = number.ok_or_else(|| Fault::Seats { value: shown(seats) })?;
        Ok(Claim { user, requested, granted, ended, seats })
    }
}

/// A field's bytes, without the CR of a CRLF if it is the last.
fn field(record: &::csv::ByteRecord, place: usize) -> Option<&[u8]> {
    let field = record.get(place)?;
    let last = place.saturating_add(1) == record.len();
    Some(field.strip_suffix(b"\r").filter(|_| last).unwrap_or(field))
}

fn text<'a>(
    record: &'a ::csv::ByteRecord,
    place: usize,
    column: &'static str,
) -> Result<&'a str, Fault> {
    let bytes = field(record, place).unwrap_or_default();
    std::str::from_utf8(bytes)
        .map_err(|_| Fault::NotUtf8 { column, value: shown(&String::from_utf8_lossy(bytes)) })
}

fn time(
    record: &::csv::ByteRecord,
    place: usize,
    column: &'static str,
) -> Result<Timestamp, Fault> {
    let said = text(record, place, column)?;
    let Some(micros) = rfc3339::parse(said) else {
        return Err(Fault::Time { column, value: shown(said) });
    };
    let before_1970 = |_| Fault::Before1970 { column, value: shown(said) };
    u64::try_from(micros).map(Timestamp).map_err(before_1970)
}
