//! What is printed: data to stdout, as a table for people or JSON for programs; talk to stderr.

use crate::args::Format;
use crate::failure::Failure;
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::Duration;

/// Where and how answers are printed.
#[derive(Clone, Copy)]
pub(crate) struct Output<'a> {
    pub(crate) format: Format,
    /// Where JSON is gathered that is part of a larger document; `None`: it is printed.
    pub(crate) part_of: Option<&'a RefCell<Vec<Value>>>,
}

impl Output<'_> {
    /// Prints text that ends with a line break of its own, or gets one.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        if let Some(document) = self.part_of {
            let part = serde_json::from_str(text);
            let part = part.map_err(|error| Failure::unexpected(format!("JSON: {error}")))?;
            document.borrow_mut().push(part);
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()), // `| head` has seen enough.
            Err(error) => Err(Failure::unexpected(format!("stdout: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints a JSON value.
    pub(crate) fn json(self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::unexpected(format!("JSON: {error}")))?;
        self.text(&text)
    }

    /// Prints a table.
    pub(crate) fn table(self, table: Table) -> Result<(), Failure> {
        self.text(&table.trim_fmt())
    }

    /// Says that something was done.
    pub(crate) fn done(self, what: &str) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(&json!({ "done": what })),
            Format::Table => self.text(what),
        }
    }
}

/// A table of these columns of JSON objects, whose names are headings; numbers to the right.
pub(crate) fn table(columns: &[&str], rows: &[Value]) -> Table {
    let headings: Vec<String> = columns.iter().map(|column| column.replace('_', " ")).collect();
    let columns: Vec<(&str, &str)> = columns
        .iter()
        .zip(&headings)
        .map(|(column, heading)| (*column, heading.as_str()))
        .collect();
    headed(&columns, rows)
}

/// A table of these columns of JSON objects, each with its heading; numbers and amounts to the right.
pub(crate) fn headed(columns: &[(&str, &str)], rows: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '-');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(_, heading)| *heading));
    for row in rows {
        table.add_row(columns.iter().map(|(column, _)| match row.get(column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }));
    }
    for (index, (column, _)) in columns.iter().enumerate() {
        let mut cells =
            rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_null());
        let numbers = cells.clone().any(Value::is_number)
            || cells.clone().next().is_some() && cells.all(is_amount);
        if let Some(column) = table.column_mut(index).filter(|_| numbers) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Text that is an amount, such as `-11.67`.
fn is_amount(cell: &Value) -> bool {
    cell.as_str().is_some_and(|text| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// Says something to whoever watches.
pub(crate) fn talk(what: &str) {
    // Nobody may listen any more: that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// A bar on stderr for long work; nothing where nobody watches.
pub(crate) fn progress(what: &str, total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    let style = "{msg:12} {bar:40} {human_pos} of {human_len} ({eta})";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
