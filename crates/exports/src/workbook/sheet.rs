//! A sheet: headings that stay in sight, typed cells below, printed landscape and as wide as the paper.

use crate::ExportError;
use reporting::civil::Zone;
use reporting::money::Currency;
use rust_xlsxwriter::{
    ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use seats::Timestamp;

/// A spreadsheet shows fifteen digits and keeps them; an amount of more minor units would be another.
pub(super) const EXACT_MAX: u64 = 999_999_999_999_999;

/// How many rows a spreadsheet has.
const ROWS_MAX: usize = 1_048_576;

/// How many lines headings take at most.
const HEADING_LINES: u32 = 3;

/// A row is not made higher than so many lines; a spreadsheet has no rows above 409 points.
const LINES_MAX: u32 = 20;

/// DIN A4 in Excel's list of papers.
const A4: u8 = 9;

/// What stands in a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    /// Text, of which no formula is made.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An amount in minor units.
    Amount(i64, Currency),
    /// A civil day, as `2026-05-01`.
    Day(String),
    /// An instant in a zone, to the second.
    Time(Timestamp, Zone),
    /// Nothing.
    Blank,
}

/// A sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sheet {
    /// Its name.
    pub(super) name: &'static str,
    /// Headings with the width of their columns in characters.
    pub(super) columns: &'static [(&'static str, u8)],
    /// Its rows.
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// Adds it to a workbook.
    pub(super) fn write(
        &self,
        workbook: &mut Workbook,
        title: &str,
        file: &str,
    ) -> Result<(), ExportError> {
        if self.rows.len() >= ROWS_MAX {
            let rows = self.rows.len().saturating_add(1);
            return Err(ExportError::TooManyRows { sheet: self.name, rows });
        }
        let unwritten = |error: XlsxError| ExportError::Unwritten {
            file: file.to_owned(),
            why: error.to_string(),
        };
        let sheet = workbook.add_worksheet();
        self.frame(sheet, title).map_err(unwritten)?;
        let formats = Formats::new();
        for (row, cells) in (1..).zip(&self.rows) {
            let lines = self.lines(cells);
            if lines > 1 {
                sheet.set_row_height(row, height(lines)).map_err(unwritten)?;
            }
            for ((column, cell), (heading, _)) in (0..).zip(cells).zip(self.columns) {
                formats.write(sheet, (row, column), cell, heading, file)?;
            }
        }
        Ok(())
    }

    fn frame(&self, sheet: &mut Worksheet, title: &str) -> Result<(), XlsxError> {
        let heading = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Bottom)
            .set_border_bottom(FormatBorder::Thin);
        let over_text = left(heading.clone());
        let over_numbers = heading.set_align(FormatAlign::Right);
        sheet.set_name(self.name)?;
        sheet.set_row_height(0, height(HEADING_LINES))?;
        for (column, (name, width)) in (0..).zip(self.columns) {
            let cell = |row: &Vec<Cell>| row.get(usize::from(column)).cloned();
            let mut cells = self.rows.iter().filter_map(cell).filter(|cell| *cell != Cell::Blank);
            let numbers = cells.next().is_some_and(|cell| !matches!(cell, Cell::Text(_)));
            let format = if numbers { &over_numbers } else { &over_text };
            sheet.set_column_width(column, f64::from(*width))?;
            sheet.write_string_with_format(0, column, *name, format)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        // An ampersand begins a code in headers; the titles here have none.
        sheet.set_header(format!("&L{title}&R{}", self.name)).set_footer("&RPage &P of &N");
        Ok(())
    }

    /// How many lines the longest text of a row takes in its column.
    fn lines(&self, cells: &[Cell]) -> u32 {
        let lines = |(cell, (_, width)): (&Cell, &(&str, u8))| match cell {
            // The indent takes a little of the width, and words do not break.
            Cell::Text(text) => {
                text.chars().count().div_ceil(usize::from(*width).saturating_sub(2).max(1))
            }
            _ => 1,
        };
        let most = cells.iter().zip(self.columns).map(lines).max().unwrap_or(1);
        u32::try_from(most).unwrap_or(1).min(LINES_MAX)
    }
}

/// At the left, a little away from the number before it.
fn left(format: Format) -> Format {
    format.set_align(FormatAlign::Left).set_indent(1)
}

/// How high so many lines are, in points.
fn height(lines: u32) -> f64 {
    f64::from(lines.saturating_mul(15))
}

/// How cells of each kind look.
struct Formats {
    number: Format,
    day: Format,
    time: Format,
    text: Format,
}

impl Formats {
    fn new() -> Formats {
        let top = || Format::new().set_align(FormatAlign::Top);
        Formats {
            number: top().set_num_format("#,##0"),
            day: top().set_num_format("yyyy-mm-dd"),
            time: top().set_num_format("yyyy-mm-dd hh:mm:ss"),
            text: left(top().set_text_wrap()),
        }
    }

    fn write(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        cell: &Cell,
        what: &'static str,
        file: &str,
    ) -> Result<(), ExportError> {
        let written = match cell {
            Cell::Blank => return Ok(()),
            Cell::Text(text) => {
                sheet.write_string_with_format(row, column, crate::cell::text(text), &self.text)
            }
            Cell::Number(number) => {
                let number = fraction(*number, 0, what)?;
                sheet.write_number_with_format(row, column, number, &self.number)
            }
            Cell::Amount(minor, currency) => {
                let amount = fraction(*minor, currency.decimals(), what)?;
                let places = usize::try_from(currency.decimals()).unwrap_or(0);
                let format = match places {
                    0 => "#,##0".to_owned(),
                    _ => format!("#,##0.{:0<places$}", ""),
                };
                let format = Format::new().set_align(FormatAlign::Top).set_num_format(format);
                sheet.write_number_with_format(row, column, amount, &format)
            }
            Cell::Day(day) => ExcelDateTime::parse_from_str(day)
                .and_then(|day| sheet.write_datetime_with_format(row, column, &day, &self.day)),
            Cell::Time(at, zone) => excel_time(*at, *zone)
                .and_then(|time| sheet.write_datetime_with_format(row, column, &time, &self.time)),
        };
        let unwritten = |error: XlsxError| ExportError::Unwritten {
            file: file.to_owned(),
            why: format!("{what}: {error}"),
        };
        written.map(|_| ()).map_err(unwritten)
    }
}

/// An instant as a clock of the zone shows it, to the second.
pub(super) fn excel_time(at: Timestamp, zone: Zone) -> Result<ExcelDateTime, XlsxError> {
    let shown: String = zone.show(at).chars().take("2026-05-01 00:00:00".len()).collect();
    ExcelDateTime::parse_from_str(&shown.replacen(' ', "T", 1))
}

/// A number as a spreadsheet holds it: the only floating point here. The quotient of two exact numbers is the
/// binary fraction nearest to the amount, which with fifteen digits or fewer shows as that amount and no other.
#[expect(
    clippy::float_arithmetic,
    reason = "XLSX has no other numbers; the range is checked before"
)]
pub(super) fn fraction(minor: i64, decimals: u32, what: &'static str) -> Result<f64, ExportError> {
    if minor.unsigned_abs() > EXACT_MAX {
        return Err(ExportError::TooLarge { what, number: minor.to_string() });
    }
    let scale = (0..decimals).fold(1.0_f64, |scale, _| scale * 10.0);
    Ok(minor as f64 / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fifteen_digits_and_no_more() {
        assert_eq!(fraction(14350, 2, "x"), Ok(143.5));
        assert_eq!(fraction(-1167, 2, "x"), Ok(-11.67));
        assert_eq!(fraction(500, 0, "x"), Ok(500.0));
        assert!(fraction(999_999_999_999_999, 2, "x").is_ok());
        for minor in [1_000_000_000_000_000, -1_000_000_000_000_000, i64::MAX, i64::MIN] {
            let error = fraction(minor, 2, "Net").unwrap_err().to_string();
            assert!(error.starts_with("Net: ") && error.contains("fifteen"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_is_read_back_from_its_fifteen_digits(
            minor in -999_999_999_999_999i64..=999_999_999_999_999,
            decimals in 0u32..=4,
        ) {
            let shown = format!("{:.*}", decimals as usize, fraction(minor, decimals, "x").unwrap());
            prop_assert_eq!(shown.replace('.', "").parse::<i64>().unwrap(), minor);
        }
    }
}
