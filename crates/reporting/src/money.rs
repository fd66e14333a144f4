//! Exact money: whole minor units, exact ratios, one rounding.
//!
//! There is no floating point in this crate. An amount is an `i64` count of minor units (pence); a fee for
//! part of a month is the ratio of two whole numbers, rounded once.

use iso_currency::Currency as Iso;
use std::fmt;

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Currency(Iso);

/// How a fraction of a minor unit is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// To the nearest; halves away from zero.
    HalfUp,
    /// To the nearest; halves to the even neighbour.
    HalfEven,
}

/// Why an amount is not accepted. Whoever wrote the plan mends it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
    /// Not a number in digits.
    #[error("{text:?} is no amount; write it like \"35.00\"")]
    Unreadable {
        /// What was written.
        text: String,
    },
    /// More decimals than the currency has.
    #[error("{text:?} has more decimals than {currency} ({decimals})")]
    TooFine {
        /// What was written.
        text: String,
        /// The currency's code.
        currency: &'static str,
        /// How many decimals it has.
        decimals: u32,
    },
    /// Fees are not negative.
    #[error("{text:?} is negative; a fee is 0 or more")]
    Negative {
        /// What was written.
        text: String,
    },
    /// More than the largest fee that is accepted.
    #[error("{text:?} is more than 1,000,000,000 minor units")]
    TooLarge {
        /// What was written.
        text: String,
    },
}

/// The largest fee, in minor units: below it no sum of a statement overflows.
pub const FEE_MAX: i64 = 1_000_000_000;

/// Reads a share in per cent, such as `12.5`, into hundredths of a per cent: 0 to 10,000.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_share(text: &str) -> Result<u32, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(format!("{text:?} is no share in per cent; write it like \"12.5\""));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 2 {
        return Err(format!("{text:?} has more than two decimals"));
    }
    let share = format!("{whole}{fraction:0<2}").parse().ok().filter(|share| *share <= 10_000);
    share.ok_or_else(|| format!("{text:?} is more than 100"))
}

impl Currency {
    /// The currency of that code, in upper case; `None` if ISO 4217 has none, or one without minor units.
    pub fn parse(code: &str) -> Option<Currency> {
        let iso = Iso::from_code(code)?;
        iso.exponent().map(|_| Currency(iso))
    }

    /// Its three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals its amounts have.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// Reads a fee such as `35.00` into minor units.
    ///
    /// # Errors
    /// When it is no plain decimal number, is negative, too fine or too large.
    pub fn read(self, text: &str) -> Result<i64, AmountError> {
        let unreadable = || AmountError::Unreadable { text: text.to_owned() };
        if text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Err(AmountError::Negative { text: text.to_owned() });
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(unreadable());
        }
        let decimals = self.decimals();
        let places = usize::try_from(decimals).unwrap_or(0);
        let fraction = if fraction.bytes().all(|byte| byte == b'0') { "" } else { fraction };
        if fraction.len() > places {
            let (text, currency) = (text.to_owned(), self.code());
            return Err(AmountError::TooFine { text, currency, decimals });
        }
        let too_large = || AmountError::TooLarge { text: text.to_owned() };
        let minor: i64 = format!("{whole}{fraction:0<places$}").parse().map_err(|_| too_large())?;
        if minor > FEE_MAX { Err(too_large()) } else { Ok(minor) }
    }

    /// Minor units as an amount: `1234.50`, `-11.67`. No separators, so that it can be pasted anywhere.
    pub fn show(self, minor: i64) -> String {
        let places = usize::try_from(self.decimals()).unwrap_or(0);
        let sign = if minor < 0 { "-" } else { "" };
        let width = places.saturating_add(1);
        let digits = format!("{:0width$}", minor.unsigned_abs());
        match digits.split_at_checked(digits.len().saturating_sub(places)) {
            Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits}"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Rounding {
    /// `numerator / denominator`, rounded to a whole number; the denominator is positive.
    ///
    /// `None` on a denominator that is not, and if the result does not fit.
    pub fn divide(self, numerator: i128, denominator: i128) -> Option<i64> {
        if denominator <= 0 {
            return None;
        }
        let (floor, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
        let up = match rest.checked_mul(2)?.cmp(&denominator) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => match self {
                Rounding::HalfUp => numerator > 0,
                Rounding::HalfEven => floor.rem_euclid(2) == 1,
            },
        };
        i64::try_from(floor.checked_add(i128::from(up))?).ok()
    }

    /// Its name in a price plan.
    pub fn name(self) -> &'static str {
        match self {
            Rounding::HalfUp => "half_up",
            Rounding::HalfEven => "half_even",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_and_shown_exactly() {
        let check = |code: &str, text: &str, expected: Result<i64, &str>| {
            let currency = Currency::parse(code).unwrap();
            let read = currency.read(text).map_err(|error| error.to_string());
            match (read, expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{code} {text}"),
                (Err(read), Err(expected)) => assert!(read.contains(expected), "{text}: {read}"),
                (read, _) => panic!("{code} {text}: {read:?}"),
            }
        };
        check("GBP", "35.00", Ok(3500));
        check("GBP", "35", Ok(3500));
        check("GBP", "0.05", Ok(5));
        check("GBP", "35.5", Ok(3550));
        check("GBP", "35.000", Ok(3500));
        check("JPY", "35", Ok(35));
        check("JPY", "35.00", Ok(35));
        check("KWD", "1.234", Ok(1234));
        check("GBP", "35.005", Err("more decimals than GBP (2)"));
        check("JPY", "35.5", Err("more decimals than JPY (0)"));
        check("GBP", "-35.00", Err("negative"));
        for text in ["", ".", "35.", ".50", "35,00", "£35", "1e3", " 35", "--5", "+5", "٣", "3_5"]
        {
            check("GBP", text, Err("no amount"));
        }
        check("GBP", "10000000.01", Err("more than"));
        check("GBP", "99999999999999999999", Err("more than"));
        let show = |code: &str, minor| Currency::parse(code).unwrap().show(minor);
        assert_eq!(show("GBP", 5), "0.05");
        assert_eq!(show("GBP", -1167), "-11.67");
        assert_eq!(show("GBP", 0), "0.00");
        assert_eq!(show("JPY", 323), "323");
        assert_eq!(show("GBP", i64::MIN), "-92233720368547758.08");
        assert_eq!(Currency::parse("gbp"), None);
        assert_eq!(Currency::parse("GPB"), None);
    }

    /// `docs/verify.py` has the same list; `tests/evidence/check.py` holds it to the same page.
    #[test]
    fn the_currencies_are_those_that_the_evidence_page_lists() {
        let page = include_str!("../../../docs/evidence.md");
        let listed = page.split("The currencies are").nth(1).unwrap().split("```").nth(1).unwrap();
        let (mut decimals, mut expected) = (0, Vec::new());
        for word in listed.trim_start_matches("text").split_whitespace() {
            match word.strip_suffix(':') {
                Some(number) => decimals = number.parse().unwrap(),
                None => expected.push((word.to_owned(), decimals)),
            }
        }
        expected.sort();
        let letters = || (b'A'..=b'Z').map(char::from);
        let pairs = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}")));
        let codes = pairs.flat_map(|pair| letters().map(move |c| format!("{pair}{c}")));
        let known = codes.filter_map(|code| Some((Currency::parse(&code)?.decimals(), code)));
        let known: Vec<(String, u32)> = known.map(|(decimals, code)| (code, decimals)).collect();
        assert_eq!(known, expected);
    }

    #[test]
    fn halves_go_where_the_plan_says() {
        let check = |n: i128, d: i128, up: i64, even: i64| {
            assert_eq!(Rounding::HalfUp.divide(n, d), Some(up), "{n}/{d} half up");
            assert_eq!(Rounding::HalfEven.divide(n, d), Some(even), "{n}/{d} half even");
        };
        check(3333 * 15, 30, 1667, 1666); // E13
        check(3500 * 3, 31, 339, 339); // E2
        check(1, 2, 1, 0);
        check(3, 2, 2, 2);
        check(-1, 2, -1, 0);
        check(-3, 2, -2, -2);
        check(0, 7, 0, 0);
        check(-10, 3, -3, -3);
        assert_eq!(Rounding::HalfUp.divide(1, 0), None);
        assert_eq!(Rounding::HalfUp.divide(i128::MAX, 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        #[test]
        fn negative_mirrors_positive(n in -1i128 << 80..1 << 80, d in 1i128..1 << 40, small in -100_000i128..100_000) {
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                // Large ones, and small ones by 30 days, of which many are halves.
                for (n, d) in [(n, d), (small, 30)] {
                    let mirrored = rounding.divide(-n, d).map(|net| -net);
                    prop_assert_eq!(rounding.divide(n, d), mirrored);
                }
            }
        }

        #[test]
        fn the_result_is_the_nearest(n in -1_000_000i128..1_000_000, d in 1i128..1000) {
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                let net = i128::from(rounding.divide(n, d).unwrap());
                prop_assert!((2 * (n - net * d)).abs() <= d);
            }
        }

        #[test]
        fn shown_is_read_again(minor in 0i64..=FEE_MAX, code in prop_oneof![Just("GBP"), Just("JPY"), Just("KWD")]) {
            let currency = Currency::parse(code).unwrap();
            prop_assert_eq!(currency.read(&currency.show(minor)), Ok(minor));
        }
    }
}
