//! How values are written in reports: instants for programs, tables and lengths of time for people.

use crate::civil::show_utc;
use comfy_table::{CellAlignment, Table, presets};
use seats::{Micros, Timestamp};
use serde::{Serialize, Serializer};

/// An instant in a report. As JSON it is RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At(pub Timestamp);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&show_utc(self.0))
    }
}

/// A report that can be shown.
pub trait Report: Serialize {
    /// As plain text, for a terminal or paper: the provenance, then the content. Names are in it.
    fn text(&self) -> String;

    /// As JSON, with the keys in a fixed order and a line break at the end.
    fn json(&self) -> String {
        // Reports are structs of strings and numbers; none of them can fail to serialize.
        let json = serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
        json + "\n"
    }
}

/// On which side the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows under their headings, columns two blanks apart, no lines but one under the headings.
pub(crate) fn table(columns: &[(&str, Side)], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(columns.iter().map(|(heading, _)| *heading));
    table.add_rows(rows);
    for (column, (_, side)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match side {
            Side::Left => CellAlignment::Left,
            Side::Right => CellAlignment::Right,
        });
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        text += &format!("{line}\n");
        if number == 0 {
            text += &format!("{}\n", "-".repeat(width));
        }
    }
    text
}

/// Whole seconds in hours, minutes and seconds: `1:02:03`.
pub(crate) fn hours(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

/// A length of time as people say it: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub fn length(length: Micros) -> String {
    let seconds = length.secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: u64, unit: &str, small: u64, lesser: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {lesser}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", if minutes < 10 { seconds % 60 } else { 0 }, "s"),
        (0, ..) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// `1 seat`, `2 seats`.
pub fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
