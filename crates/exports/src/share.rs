//! A sum divided among parts so that the parts add up: the method of the largest remainder.
//!
//! A statement's VAT is rounded once. Programs that want it line by line get each line's exact tax rounded down,
//! and one minor unit more for the lines that lost most by that, until the parts add up to the statement's. A credit
//! is the mirror of the charge: so that this holds where two lines lost as much, it is divided as the charge would be.

/// Tax of each amount at a rate in hundredths of a per cent, adding up to `total`; `None` if `total` is not
/// their exact sum rounded to a neighbour, so that some part would be further than one unit from exact.
pub(crate) fn tax(amounts: &[i64], rate: u32, total: i64) -> Option<Vec<i64>> {
    let first = amounts.iter().find(|amount| **amount != 0).copied().unwrap_or(0);
    if total >= 0 && (total > 0 || first >= 0) {
        return divided(amounts, rate, total);
    }
    let mirror =
        |amounts: &[i64]| amounts.iter().map(|one| one.checked_neg()).collect::<Option<Vec<_>>>();
    mirror(&divided(&mirror(amounts)?, rate, total.checked_neg()?)?)
}

fn divided(amounts: &[i64], rate: u32, total: i64) -> Option<Vec<i64>> {
    const WHOLE: i128 = 10_000;
    let exact = |amount: &i64| i128::from(*amount).checked_mul(i128::from(rate));
    let exact: Vec<i128> = amounts.iter().map(exact).collect::<Option<_>>()?;
    let floors: Vec<i128> = exact.iter().map(|part| part.div_euclid(WHOLE)).collect();
    let lost: Vec<i128> = exact.iter().map(|part| part.rem_euclid(WHOLE)).collect();
    let missing = i128::from(total).checked_sub(floors.iter().sum())?;
    let mut most_lost: Vec<usize> = (0..amounts.len()).collect();
    most_lost.sort_by_key(|place| lost.get(*place).map(|lost| std::cmp::Reverse(*lost)));
    let raised = usize::try_from(missing).ok()?;
    let raised: Vec<usize> = most_lost.get(..raised)?.to_vec();
    if raised.iter().any(|place| lost.get(*place) == Some(&0)) {
        return None;
    }
    let part = |(place, floor): (usize, &i128)| {
        i64::try_from(floor.checked_add(i128::from(raised.contains(&place)))?).ok()
    };
    floors.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reporting::money::Rounding;

    #[test]
    fn parts_add_up_where_rounding_each_does_not() {
        let check = |amounts: &[i64], rate, total, expected: Option<&[i64]>| {
            assert_eq!(tax(amounts, rate, total).as_deref(), expected, "{amounts:?}");
        };
        // E11: each line rounded comes to 5584.
        check(&[6833, 6833, 5750, 8500], 2000, 5583, Some(&[1367, 1366, 1150, 1700]));
        check(&[14350, 45000], 2000, 11870, Some(&[2870, 9000]));
        check(&[10000, -10000], 2000, 0, Some(&[2000, -2000]));
        check(&[1, -1], 2000, 0, Some(&[0, 0]));
        check(&[], 2000, 0, Some(&[]));
        check(&[2, 2], 2500, 1, Some(&[1, 0]));
        check(&[-2, -2], 2500, -1, Some(&[-1, 0]));
        check(&[10000], 2000, 2001, None);
        check(&[10000], 2000, 1999, None);
        check(&[1], 2000, 2, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        #[test]
        fn parts_add_up_and_none_is_a_unit_off(
            amounts in prop::collection::vec(-1_000_000i64..1_000_000, 0..12),
            rate in 0u32..=10_000,
        ) {
            let exact: i128 = amounts.iter().map(|a| i128::from(*a) * i128::from(rate)).sum();
            let total = Rounding::HalfUp.divide(exact, 10_000).unwrap();
            let parts = tax(&amounts, rate, total).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, amount) in parts.iter().zip(&amounts) {
                let off = i128::from(*part) * 10_000 - i128::from(*amount) * i128::from(rate);
                prop_assert!(off.abs() < 10_000);
                prop_assert!(part.signum() * amount.signum() >= 0);
            }
            let negated: Vec<i64> = amounts.iter().map(|amount| -amount).collect();
            let mirrored: Vec<i64> = parts.iter().map(|part| -part).collect();
            prop_assert_eq!(tax(&negated, rate, -total), Some(mirrored));
        }
    }
}
