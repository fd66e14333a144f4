//! Where something stands in a plan file, and the checks of single values there.

use super::PlanError;
use super::file::Text;
use crate::civil::{read_date, show_date};
use seats::CivilDate;
use std::ops::RangeInclusive;
use toml::Spanned;

/// The text of the file, to say where something stands.
pub(super) struct Place<'a>(pub(super) &'a str);

impl Place<'_> {
    pub(super) fn wrong(&self, offset: usize, reason: String) -> PlanError {
        let before = self.0.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count().saturating_add(1);
        PlanError { line, reason }
    }

    pub(super) fn at<T>(&self, value: &Spanned<T>, reason: String) -> PlanError {
        self.wrong(value.span().start, reason)
    }

    pub(super) fn text(&self, key: &str, text: &Text) -> Result<String, PlanError> {
        match text.get_ref().0.trim() {
            "" => Err(self.at(text, format!("{key}: the name is empty"))),
            name => Ok(name.to_owned()),
        }
    }

    pub(super) fn within(
        &self,
        key: &str,
        number: &Spanned<u32>,
        range: RangeInclusive<u32>,
    ) -> Result<u32, PlanError> {
        let (number, is) = (number.get_ref(), number);
        if range.contains(number) {
            return Ok(*number);
        }
        let reason = format!("{key}: {number} is not from {} to {}", range.start(), range.end());
        Err(self.at(is, reason))
    }

    pub(super) fn date(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
        let text = &date.get_ref().0;
        let read = read_date(text).map_err(|error| self.at(date, format!("{key}: {error}")))?;
        if show_date(read) != *text || text.starts_with("0000") {
            return Err(
                self.at(date, format!("{key}: {text} cannot be read; write it like 2026-03-29"))
            );
        }
        Ok(read)
    }

    pub(super) fn first_of_a_month(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
        let read = self.date(key, date)?;
        if !date.get_ref().0.ends_with("-01") {
            let text = &date.get_ref().0;
            let reason = format!(
                "{key}: {text} is not the first of a month; a price changes only between months"
            );
            return Err(self.at(date, reason));
        }
        Ok(read)
    }

    pub(super) fn last_of_a_month(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
        let read = self.date(key, date)?;
        if !show_date(CivilDate(read.0.saturating_add(1))).ends_with("-01") {
            let text = &date.get_ref().0;
            let reason = format!(
                "{key}: {text} is not the last of a month; a price changes only between months"
            );
            return Err(self.at(date, reason));
        }
        Ok(read)
    }
}
