//! Price plans: what a licence costs.
//!
//! ```toml
//! plan = "standard-2026"
//! currency = "GBP"
//! effective_from = "2026-01-01"      # always the first of a month
//! monthly_fee = "35.00"              # amounts are strings, never floating point
//! setup_fee = "150.00"               # once per licence added; default none
//! setup_on = "above_high_water"      # or "every_increase"
//! included_licences = 0              # free ones
//! increase = "daily"
//! decrease = "end_of_period"         # or "daily"
//! rounding = "half_up"               # or "half_even"
//! ```
//!
//! The file's BLAKE3 is what the log holds; the file itself stands in the directory. An unknown key is an
//! error, and so is a key that is planned but not supported yet: a plan never says more than is billed.

use crate::civil::{read_date, show_date};
use crate::money::{Currency, Rounding};
use crate::nearest::nearest;
use seats::CivilDate;
use serde::de::{IgnoredAny, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use toml::Spanned;

/// What the set-up fee is charged on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupOn {
    /// On each licence above the most the account ever paid for.
    AboveHighWater,
    /// On each licence of every increase.
    EveryIncrease,
}

/// From when fewer licences cost less.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decrease {
    /// From the next month on.
    EndOfPeriod,
    /// From the next day on.
    Daily,
}

/// A price plan. Amounts are in minor units of its currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Its name, which is part of every statement.
    pub name: String,
    /// What its amounts are in.
    pub currency: Currency,
    /// The first day it can be used for; the first of a month.
    pub effective_from: CivilDate,
    /// Fee for a licence for a month.
    pub monthly_fee: i64,
    /// Fee for a licence that is added.
    pub setup_fee: i64,
    /// What the set-up fee is charged on.
    pub setup_on: SetupOn,
    /// Licences that cost nothing.
    pub included_licences: u32,
    /// From when fewer licences cost less.
    pub decrease: Decrease,
    /// How a fee for part of a month is rounded.
    pub rounding: Rounding,
}

/// A plan file that is not accepted. Whoever wrote it mends it at the place named.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("price plan, line {line}: {reason}")]
pub struct PlanError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, with the key and the value.
    pub reason: String,
}

/// The longest plan: what the ledger keeps as one value.
const BYTES_MAX: usize = 28 * 1024;

/// The keys that a plan may have.
const KEYS: [&str; 10] = [
    "plan",
    "currency",
    "effective_from",
    "monthly_fee",
    "setup_fee",
    "setup_on",
    "included_licences",
    "increase",
    "decrease",
    "rounding",
];

/// One of some words, as text: a table of one key would do too, for the parser and for no other reader.
struct Word<T>(T);

/// Text in quotes: numbers and dates must be, so that nothing reads them as something else.
struct Quoted(String);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Increase {
    Daily,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Round {
    HalfUp,
    HalfEven,
}

/// The file as it is written. Keys below the line are known and not supported yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plan: Spanned<Quoted>,
    currency: Spanned<Quoted>,
    effective_from: Spanned<Quoted>,
    monthly_fee: Spanned<Quoted>,
    setup_fee: Option<Spanned<Quoted>>,
    setup_on: Option<Word<SetupOn>>,
    included_licences: Option<u32>,
    increase: Option<Word<Increase>>,
    decrease: Option<Word<Decrease>>,
    rounding: Option<Word<Round>>,
    // ----
    min_term_months: Option<Spanned<IgnoredAny>>,
    month_basis: Option<Spanned<IgnoredAny>>,
    timing: Option<Spanned<IgnoredAny>>,
    cooling_off_days: Option<Spanned<IgnoredAny>>,
    tiers: Option<Spanned<IgnoredAny>>,
    discounts: Option<Spanned<IgnoredAny>>,
    overdraft: Option<Spanned<IgnoredAny>>,
    vat: Option<Spanned<IgnoredAny>>,
    close: Option<Spanned<IgnoredAny>>,
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// [`PlanError`] with the line, for anything that is missing, unknown, misspelled or out of range.
    pub fn read(text: &str) -> Result<Plan, PlanError> {
        if text.len() > BYTES_MAX {
            let reason = format!("a plan is at most {BYTES_MAX} bytes long");
            return Err(PlanError { line: line_of(text, BYTES_MAX), reason });
        }
        if let Some(offset) = text.find('\\') {
            let reason = "a plan has no backslash: TOML's versions differ in what it means; write \
                          the character itself"
                .to_owned();
            return Err(PlanError { line: line_of(text, offset), reason });
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            PlanError { line: line_of(text, offset), reason: in_our_words(error.message().trim()) }
        })?;
        let at = |offset: usize, reason: String| PlanError { line: line_of(text, offset), reason };
        if let Some((key, offset)) = file.unsupported() {
            return Err(at(offset, format!("{key} is not supported yet; leave it out")));
        }
        let name = file.plan.get_ref().0.trim();
        if name.is_empty() {
            return Err(at(file.plan.span().start, "plan: the name is empty".to_owned()));
        }
        let currency = Currency::parse(&file.currency.get_ref().0).ok_or_else(|| {
            let code = &file.currency.get_ref().0;
            let reason =
                format!("currency: {code:?} is no currency of ISO 4217; write it like \"GBP\"");
            at(file.currency.span().start, reason)
        })?;
        let date = &file.effective_from;
        let effective_from = read_date(&date.get_ref().0)
            .map_err(|error| at(date.span().start, format!("effective_from: {error}")))?;
        let shown = show_date(effective_from);
        if !shown.ends_with("-01") || shown.starts_with("0000") || shown != date.get_ref().0 {
            let reason = format!(
                "effective_from: {} is not the first of a month; a price changes only between months",
                date.get_ref().0
            );
            return Err(at(date.span().start, reason));
        }
        let amount = |key: &str, text: &Spanned<Quoted>| {
            let read = currency.read(&text.get_ref().0);
            read.map_err(|error| at(text.span().start, format!("{key}: {error}")))
        };
        let monthly_fee = amount("monthly_fee", &file.monthly_fee)?;
        let setup_fee = file.setup_fee.as_ref().map_or(Ok(0), |fee| amount("setup_fee", fee))?;
        let Increase::Daily = file.increase.map_or(Increase::Daily, |Word(increase)| increase);
        Ok(Plan {
            name: name.to_owned(),
            currency,
            effective_from,
            monthly_fee,
            setup_fee,
            setup_on: file.setup_on.map_or(SetupOn::AboveHighWater, |Word(setup_on)| setup_on),
            included_licences: file.included_licences.unwrap_or(0),
            decrease: file.decrease.map_or(Decrease::EndOfPeriod, |Word(decrease)| decrease),
            rounding: match file.rounding {
                None | Some(Word(Round::HalfUp)) => Rounding::HalfUp,
                Some(Word(Round::HalfEven)) => Rounding::HalfEven,
            },
        })
    }
}

impl File {
    /// The first key that is known but not supported yet, and where its value stands.
    fn unsupported(&self) -> Option<(&'static str, usize)> {
        let planned = [
            ("min_term_months", &self.min_term_months),
            ("month_basis", &self.month_basis),
            ("timing", &self.timing),
            ("cooling_off_days", &self.cooling_off_days),
            ("tiers", &self.tiers),
            ("discounts", &self.discounts),
            ("overdraft", &self.overdraft),
            ("vat", &self.vat),
            ("close", &self.close),
        ];
        let found = planned.into_iter().filter_map(|(key, value)| {
            let value = value.as_ref()?;
            Some((key, value.span().start))
        });
        found.min_by_key(|(_, offset)| *offset)
    }
}

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quoted, D::Error> {
        struct InQuotes;
        impl Visitor<'_> for InQuotes {
            type Value = Quoted;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text in quotes, such as \"35.00\" or \"2026-01-01\"")
            }
            fn visit_str<E>(self, text: &str) -> Result<Quoted, E> {
                Ok(Quoted(text.to_owned()))
            }
        }
        deserializer.deserialize_str(InQuotes)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<T>, D::Error> {
        let Quoted(word) = Quoted::deserialize(deserializer)?;
        T::deserialize(word.into_deserializer()).map(Word)
    }
}

/// The parser's message, with suggestions for a key it does not know.
fn in_our_words(message: &str) -> String {
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let Some(key) = unknown else { return message.to_owned() };
    match nearest(key, KEYS.into_iter()).first() {
        Some(near) => format!("unknown key {key:?}; did you mean {near}?"),
        None => format!("unknown key {key:?}; the keys are {}", KEYS.join(", ")),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: &str = r#"plan = "standard-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
setup_fee   = "150.00"
"#;

    #[test]
    fn what_versions_of_toml_disagree_about_is_refused() {
        let refused = |text: &str, because: &str| {
            let error = Plan::read(text).unwrap_err().to_string();
            assert!(error.contains(because), "{error}");
        };
        refused(&format!("{STANDARD}# C:\\\n"), "line 6: a plan has no backslash");
        refused(&STANDARD.replace("standard-2026", "\\e"), "line 1: a plan has no backslash");
        let long = format!("{STANDARD}#{}", "x".repeat(BYTES_MAX - STANDARD.len() - 1));
        assert!(Plan::read(&long).is_ok());
        refused(&format!("{long}x"), "at most 28672 bytes");
    }

    #[test]
    fn a_plan_is_read_with_its_defaults() {
        let plan = Plan::read(STANDARD).unwrap();
        assert_eq!((plan.monthly_fee, plan.setup_fee, plan.included_licences), (3500, 15000, 0));
        assert_eq!(
            (plan.setup_on, plan.decrease),
            (SetupOn::AboveHighWater, Decrease::EndOfPeriod)
        );
        assert_eq!(plan.rounding, Rounding::HalfUp);
        let more = "setup_on = \"every_increase\"\ndecrease = \"daily\"\nrounding = \"half_even\"\n\
                    increase = \"daily\"\nincluded_licences = 2\n";
        let plan = Plan::read(&format!("{STANDARD}{more}")).unwrap();
        assert_eq!((plan.setup_on, plan.decrease), (SetupOn::EveryIncrease, Decrease::Daily));
        assert_eq!((plan.rounding, plan.included_licences), (Rounding::HalfEven, 2));
    }

    /// What a line is replaced by, and the error that follows; line 6 is added.
    #[test]
    fn a_mistake_is_named_with_its_line() {
        let check = |line: usize, replacement: &str, expected: &str| {
            let mut lines: Vec<&str> = STANDARD.lines().collect();
            lines.resize(lines.len().max(line), "");
            lines[line - 1] = replacement;
            let error = Plan::read(&lines.join("\n")).unwrap_err();
            assert_eq!((error.line, error.reason.as_str()), (line, expected), "{replacement}");
        };
        check(1, "plan = \" \"", "plan: the name is empty");
        check(
            2,
            "currency = \"GPB\"",
            "currency: \"GPB\" is no currency of ISO 4217; write it like \"GBP\"",
        );
        check(
            3,
            "effective_from = \"2026-01-15\"",
            "effective_from: 2026-01-15 is not the first of a month; a price changes only between months",
        );
        check(
            3,
            "effective_from = \"1/1/2026\"",
            "effective_from: date: \"1/1/2026\" cannot be read; write it like 2026-03-29",
        );
        check(
            3,
            "effective_from = 2026-01-01",
            "invalid type: map, expected text in quotes, such as \"35.00\" or \"2026-01-01\"",
        );
        check(
            4,
            "monthly_fee = 35.0",
            "invalid type: floating point `35.0`, expected text in quotes, such as \"35.00\" or \"2026-01-01\"",
        );
        check(4, "monthly_fee = \"-35\"", "monthly_fee: \"-35\" is negative; a fee is 0 or more");
        check(
            4,
            "monthly_fee = \"35.005\"",
            "monthly_fee: \"35.005\" has more decimals than GBP (2)",
        );
        check(
            5,
            "setup_fee = \"lots\"",
            "setup_fee: \"lots\" is no amount; write it like \"35.00\"",
        );
        check(6, "increase = \"next_month\"", "unknown variant `next_month`, expected `daily`");
        check(6, "vat = { mode = \"none\" }", "vat is not supported yet; leave it out");
        check(6, "min_term_months = 0", "min_term_months is not supported yet; leave it out");
        check(6, "included_licences = -1", "invalid value: integer `-1`, expected u32");
        check(6, "[overdraft]\nmode = \"deny\"", "overdraft is not supported yet; leave it out");
        check(6, "montly_fee = \"35.00\"", "unknown key \"montly_fee\"; did you mean monthly_fee?");
        check(
            6,
            "discount_code = 5",
            "unknown key \"discount_code\"; the keys are plan, currency, effective_from, monthly_fee, \
             setup_fee, setup_on, included_licences, increase, decrease, rounding",
        );
        check(1, "", "missing field `plan`");
        check(6, "plan = \"twice\"", "duplicate key");
    }
}
