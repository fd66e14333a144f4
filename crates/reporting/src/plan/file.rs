//! Reading a plan file, so that every mistake is named with its line.

use super::place::Place;
use super::{
    DISCOUNTS_MAX, Decrease, Discount, Increase, MonthBasis, OverdraftFee, Plan, PlanError,
    SetupOn, TierMode,
};
use crate::money::{Currency, Rounding};
use crate::nearest::nearest;
use seats::Micros;
use serde::de::{IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use toml::Spanned;

/// Text in quotes: numbers and dates must be, so that nothing reads them as something else.
pub(super) struct Quoted(pub(super) String);

pub(super) type Text = Spanned<Quoted>;

/// One of some words, as text: a table of one key would do too, for the parser and for no other reader.
pub(super) struct Word<T>(pub(super) T);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Round {
    HalfUp,
    HalfEven,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Timing {
    Arrears,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OverdraftMode {
    Deny,
    #[default]
    ReportOnly,
    PerSeatDay,
    MonthlyPeak,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VatMode {
    #[default]
    None,
    Compute,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) plan: Text,
    pub(super) currency: Text,
    pub(super) effective_from: Text,
    pub(super) monthly_fee: Option<Text>,
    pub(super) tier_mode: Option<Spanned<Word<TierMode>>>,
    #[serde(default)]
    pub(super) tiers: Vec<Spanned<TierFile>>,
    pub(super) setup_fee: Option<Text>,
    #[serde(default, deserialize_with = "word")]
    pub(super) setup_on: SetupOn,
    pub(super) cooling_off_days: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) included_licences: u32,
    #[serde(default, deserialize_with = "word")]
    pub(super) increase: Increase,
    #[serde(default, deserialize_with = "word")]
    pub(super) decrease: Decrease,
    pub(super) min_term_months: Option<Spanned<u32>>,
    #[serde(default, deserialize_with = "word")]
    pub(super) month_basis: MonthBasis,
    /// There is one word that it may hold.
    #[serde(rename = "timing")]
    _timing: Option<Word<Timing>>,
    pub(super) rounding: Option<Word<Round>>,
    #[serde(default)]
    pub(super) discounts: Vec<Spanned<DiscountFile>>,
    pub(super) overdraft: Option<OverdraftFile>,
    pub(super) vat: Option<Spanned<VatFile>>,
    pub(super) close: Option<CloseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierFile {
    pub(super) up_to: Option<Spanned<u32>>,
    pub(super) monthly_fee: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiscountFile {
    pub(super) name: Text,
    pub(super) percent: Option<Text>,
    pub(super) amount: Option<Text>,
    pub(super) from: Option<Text>,
    pub(super) until: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverdraftFile {
    pub(super) mode: Spanned<Word<OverdraftMode>>,
    pub(super) day_rate: Option<Text>,
    pub(super) peak_rate: Option<Text>,
    pub(super) overlap_grace_s: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VatFile {
    #[serde(default, deserialize_with = "word")]
    pub(super) mode: VatMode,
    pub(super) code: Option<Text>,
    pub(super) rate: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseFile {
    pub(super) grace_days: Option<Spanned<u32>>,
    pub(super) second_person: Option<bool>,
}

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
