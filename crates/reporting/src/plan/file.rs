//! Reading a plan file, so that every mistake is named with its line.

use super::{
    DISCOUNTS_MAX, Decrease, Discount, Increase, MonthBasis, Off, OverdraftFee, Plan, PlanError,
    SetupOn, TIERS_MAX, Tier, TierMode, Vat,
};
use crate::civil::{read_date, show_date};
use crate::money::{Currency, Rounding, read_share};
use crate::nearest::nearest;
use seats::{CivilDate, Micros};
use serde::de::{IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::RangeInclusive;
use toml::Spanned;

/// Text in quotes: numbers and dates must be, so that nothing reads them as something else.
struct Quoted(String);

type Text = Spanned<Quoted>;

/// One of some words, as text: a table of one key would do too, for the parser and for no other reader.
struct Word<T>(T);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Round {
    HalfUp,
    HalfEven,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Timing {
    Arrears,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OverdraftMode {
    Deny,
    #[default]
    ReportOnly,
    PerSeatDay,
    MonthlyPeak,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VatMode {
    #[default]
    None,
    Compute,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plan: Text,
    currency: Text,
    effective_from: Text,
    monthly_fee: Option<Text>,
    tier_mode: Option<Spanned<Word<TierMode>>>,
    #[serde(default)]
    tiers: Vec<Spanned<TierFile>>,
    setup_fee: Option<Text>,
    #[serde(default, deserialize_with = "word")]
    setup_on: SetupOn,
    cooling_off_days: Option<Spanned<u32>>,
    #[serde(default)]
    included_licences: u32,
    #[serde(default, deserialize_with = "word")]
    increase: Increase,
    #[serde(default, deserialize_with = "word")]
    decrease: Decrease,
    min_term_months: Option<Spanned<u32>>,
    #[serde(default, deserialize_with = "word")]
    month_basis: MonthBasis,
    /// There is one word that it may hold.
    #[serde(rename = "timing")]
    _timing: Option<Word<Timing>>,
    rounding: Option<Word<Round>>,
    #[serde(default)]
    discounts: Vec<Spanned<DiscountFile>>,
    overdraft: Option<OverdraftFile>,
    vat: Option<Spanned<VatFile>>,
    close: Option<CloseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierFile {
    up_to: Option<Spanned<u32>>,
    monthly_fee: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountFile {
    name: Text,
    percent: Option<Text>,
    amount: Option<Text>,
    from: Option<Text>,
    until: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverdraftFile {
    mode: Spanned<Word<OverdraftMode>>,
    day_rate: Option<Text>,
    peak_rate: Option<Text>,
    overlap_grace_s: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VatFile {
    #[serde(default, deserialize_with = "word")]
    mode: VatMode,
    code: Option<Text>,
    rate: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseFile {
    grace_days: Option<Spanned<u32>>,
    second_person: Option<bool>,
}

/// The text of the file, to say where something stands.
struct Place<'a>(&'a str);

pub(super) fn read(text: &str) -> Result<Plan, PlanError> {
    let place = Place(text);
    if text.len() > BYTES_MAX {
        return Err(place.wrong(BYTES_MAX, format!("a plan is at most {BYTES_MAX} bytes long")));
    }
    if let Some(offset) = text.find('\\') {
        let reason = "a plan has no backslash: TOML's versions differ in what it means; write \
                      the character itself";
        return Err(place.wrong(offset, reason.to_owned()));
    }
    let file: File = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        place.wrong(offset, in_our_words(error.message().trim()))
    })?;
    let name = place.text("plan", &file.plan)?;
    let code = &file.currency.get_ref().0;
    let currency = Currency::parse(code).ok_or_else(|| {
        let reason =
            format!("currency: {code:?} is no currency of ISO 4217; write it like \"GBP\"");
        place.at(&file.currency, reason)
    })?;
    let effective_from = place.first_of_a_month("effective_from", &file.effective_from)?;
    let amount = |key: &str, text: &Text| {
        currency.read(&text.get_ref().0).map_err(|error| place.at(text, format!("{key}: {error}")))
    };
    let tiers = place.tiers(&file, amount)?;
    let number = |key: &str, number: &Option<Spanned<u32>>, default: u32, range| match number {
        None => Ok(default),
        Some(number) => place.within(key, number, range),
    };
    let discounts: Vec<Discount> = file
        .discounts
        .iter()
        .map(|discount| place.discount(discount.get_ref(), discount.span().start, amount))
        .collect::<Result<_, _>>()?;
    if let Some(one) = file.discounts.get(DISCOUNTS_MAX) {
        return Err(place.at(one, format!("discounts: there are more than {DISCOUNTS_MAX}")));
    }
    if file.month_basis == MonthBasis::Fixed30
        && let Some(mode) =
            file.tier_mode.as_ref().filter(|mode| mode.get_ref().0 == TierMode::Volume)
    {
        let reason = "tier_mode: volume cannot be had with month_basis = \"fixed_30\"";
        return Err(place.at(mode, reason.to_owned()));
    }
    let (overdraft, overlap_grace) = match &file.overdraft {
        None => (OverdraftFee::ReportOnly, GRACE_S),
        Some(overdraft) => {
            let grace = &overdraft.overlap_grace_s;
            let grace = number("overlap_grace_s", grace, GRACE_S, 0..=86_400)?;
            (place.overdraft(overdraft, &file, &tiers, amount)?, grace)
        }
    };
    let vat = file.vat.as_ref().map(|vat| place.vat(vat)).transpose()?.flatten();
    let grace_days = file.close.as_ref().and_then(|close| close.grace_days.clone());
    Ok(Plan {
        name,
        currency,
        effective_from,
        tier_mode: (!file.tiers.is_empty())
            .then(|| file.tier_mode.as_ref().map(|mode| mode.get_ref().0).unwrap_or_default()),
        tiers,
        setup_fee: file.setup_fee.as_ref().map_or(Ok(0), |fee| amount("setup_fee", fee))?,
        setup_on: file.setup_on,
        cooling_off_days: number("cooling_off_days", &file.cooling_off_days, 0, 0..=366)?,
        included_licences: file.included_licences,
        increase: file.increase,
        decrease: file.decrease,
        min_term_months: number("min_term_months", &file.min_term_months, 0, 0..=120)?,
        month_basis: file.month_basis,
        rounding: match file.rounding {
            None | Some(Word(Round::HalfUp)) => Rounding::HalfUp,
            Some(Word(Round::HalfEven)) => Rounding::HalfEven,
        },
        discounts,
        overdraft,
        overlap_grace: Micros(u64::from(overlap_grace).saturating_mul(1_000_000)),
        vat,
        grace_days: number("grace_days", &grace_days, 2, 0..=60)?,
        second_person: file.close.as_ref().and_then(|close| close.second_person).unwrap_or(true),
    })
}

/// The longest plan: what the ledger keeps as one value.
const BYTES_MAX: usize = 28 * 1024;
/// The usual shortest overlap that counts, in seconds.
const GRACE_S: u32 = 300;

impl Place<'_> {
    fn wrong(&self, offset: usize, reason: String) -> PlanError {
        let before = self.0.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count().saturating_add(1);
        PlanError { line, reason }
    }

    fn at<T>(&self, value: &Spanned<T>, reason: String) -> PlanError {
        self.wrong(value.span().start, reason)
    }

    fn text(&self, key: &str, text: &Text) -> Result<String, PlanError> {
        match text.get_ref().0.trim() {
            "" => Err(self.at(text, format!("{key}: the name is empty"))),
            name => Ok(name.to_owned()),
        }
    }

    fn within(
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

    fn date(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
        let text = &date.get_ref().0;
        let read = read_date(text).map_err(|error| self.at(date, format!("{key}: {error}")))?;
        if show_date(read) != *text || text.starts_with("0000") {
            return Err(
                self.at(date, format!("{key}: {text} cannot be read; write it like 2026-03-29"))
            );
        }
        Ok(read)
    }

    fn first_of_a_month(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
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

    fn last_of_a_month(&self, key: &str, date: &Text) -> Result<CivilDate, PlanError> {
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

    fn tiers(
        &self,
        file: &File,
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<Vec<Tier>, PlanError> {
        let Some(first) = file.tiers.first() else {
            if let Some(mode) = &file.tier_mode {
                return Err(self.at(mode, "tier_mode: there are no [[tiers]]".to_owned()));
            }
            let Some(fee) = &file.monthly_fee else {
                let reason = "monthly_fee is missing; write it, or [[tiers]]";
                return Err(self.wrong(0, reason.to_owned()));
            };
            return Ok(vec![Tier { first: 1, last: None, fee: amount("monthly_fee", fee)? }]);
        };
        if file.monthly_fee.is_some() {
            return Err(
                self.at(first, "tiers: there is a monthly_fee already; leave out one".into())
            );
        }
        if let Some(one) = file.tiers.get(TIERS_MAX) {
            return Err(self.at(one, format!("tiers: there are more than {TIERS_MAX}")));
        }
        let mut tiers: Vec<Tier> = Vec::new();
        let mut before: Option<u32> = Some(0);
        for tier in &file.tiers {
            let Some(above) = before else {
                let reason = "tiers: only the last may be without up_to";
                return Err(self.at(tier, reason.to_owned()));
            };
            let fee = amount("monthly_fee", &tier.get_ref().monthly_fee)?;
            let last = tier.get_ref().up_to.as_ref().map(|up_to| *up_to.get_ref());
            if let Some(up_to) =
                tier.get_ref().up_to.as_ref().filter(|up_to| *up_to.get_ref() <= above)
            {
                let reason = format!(
                    "up_to: {} is not above {above}, so that the tiers would overlap",
                    up_to.get_ref()
                );
                return Err(self.at(up_to, reason));
            }
            tiers.push(Tier { first: above.saturating_add(1), last, fee });
            before = last;
        }
        match (before, file.tiers.last()) {
            (Some(_), Some(last)) => {
                let reason =
                    "tiers: the last must be without up_to, so that every licence has a fee";
                Err(self.at(last, reason.to_owned()))
            }
            _ => Ok(tiers),
        }
    }

    fn discount(
        &self,
        discount: &DiscountFile,
        offset: usize,
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<Discount, PlanError> {
        let off = match (&discount.percent, &discount.amount) {
            (Some(percent), None) => match read_share(&percent.get_ref().0) {
                Ok(0) => return Err(self.at(percent, "percent: 0 takes nothing off".to_owned())),
                Ok(share) => Off::Share(share),
                Err(why) => return Err(self.at(percent, format!("percent: {why}"))),
            },
            (None, Some(text)) => Off::Amount(amount("amount", text)?),
            _ => {
                let reason = "discounts: write either percent or amount";
                return Err(self.wrong(offset, reason.to_owned()));
            }
        };
        let from = discount.from.as_ref().map(|from| self.first_of_a_month("from", from));
        let (name, from) = (self.text("name", &discount.name)?, from.transpose()?);
        let until = self.last_of_a_month("until", &discount.until)?;
        if from.is_some_and(|from| until < from) {
            return Err(self.at(&discount.until, "until: it lies before from".to_owned()));
        }
        Ok(Discount { name, off, from, until })
    }

    fn overdraft(
        &self,
        overdraft: &OverdraftFile,
        file: &File,
        tiers: &[Tier],
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<OverdraftFee, PlanError> {
        let mode = overdraft.mode.get_ref().0;
        let needless = |key: &str, text: &Option<Text>, mode: &str| match text {
            Some(text) => Err(self.at(text, format!("{key} goes with mode = \"{mode}\" only"))),
            None => Ok(()),
        };
        if !matches!(mode, OverdraftMode::PerSeatDay) {
            needless("day_rate", &overdraft.day_rate, "per_seat_day")?;
        }
        if !matches!(mode, OverdraftMode::MonthlyPeak) {
            needless("peak_rate", &overdraft.peak_rate, "monthly_peak")?;
        }
        let missing = |key: &str| Err(self.at(&overdraft.mode, format!("{key} is missing")));
        match (mode, &overdraft.day_rate, &overdraft.peak_rate, tiers) {
            (OverdraftMode::Deny, ..) => Ok(OverdraftFee::Deny),
            (OverdraftMode::ReportOnly, ..) => Ok(OverdraftFee::ReportOnly),
            (OverdraftMode::PerSeatDay, None, ..) => missing("day_rate"),
            (OverdraftMode::PerSeatDay, Some(rate), ..) => {
                Ok(OverdraftFee::PerSeatDay(amount("day_rate", rate)?))
            }
            (OverdraftMode::MonthlyPeak, _, Some(rate), _) => {
                Ok(OverdraftFee::MonthlyPeak(amount("peak_rate", rate)?))
            }
            (OverdraftMode::MonthlyPeak, _, None, [only]) if file.tiers.is_empty() => {
                Ok(OverdraftFee::MonthlyPeak(only.fee))
            }
            (OverdraftMode::MonthlyPeak, _, None, _) => missing("peak_rate"),
        }
    }

    fn vat(&self, spanned: &Spanned<VatFile>) -> Result<Option<Vat>, PlanError> {
        let vat = spanned.get_ref();
        match (vat.mode, &vat.code, &vat.rate) {
            (VatMode::None, ..) => Ok(None),
            (VatMode::Compute, Some(code), Some(rate)) => {
                let text = &rate.get_ref().0;
                let share =
                    read_share(text).map_err(|why| self.at(rate, format!("rate: {why}")))?;
                Ok(Some(Vat { code: self.text("code", code)?, rate: text.clone(), share }))
            }
            (VatMode::Compute, ..) => {
                Err(self.at(spanned, "vat: mode = \"compute\" needs code and rate".to_owned()))
            }
        }
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

fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Word::deserialize(deserializer).map(|Word(word)| word)
}

/// The parser's message, with suggestions for a key it does not know.
fn in_our_words(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let mut quoted = rest.split('`').step_by(2);
    let (key, keys) = (quoted.next().unwrap_or_default(), quoted.collect::<Vec<_>>());
    match nearest(key, keys.iter().copied()).first() {
        Some(near) => format!("unknown key {key:?}; did you mean {near}?"),
        None => format!("unknown key {key:?}; the keys are {}", keys.join(", ")),
    }
}
