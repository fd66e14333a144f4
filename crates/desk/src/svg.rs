//! Arithmetic of pictures, in tenths of a unit: no floating point, the same bytes everywhere.

use seats::Timestamp;
use std::fmt;

/// A length in a picture, in tenths of its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Tenths(pub(crate) u64);

impl Tenths {
    /// So many whole units.
    pub(crate) const fn units(units: u64) -> Tenths {
        Tenths(units.saturating_mul(10))
    }

    pub(crate) fn plus(self, other: Tenths) -> Tenths {
        Tenths(self.0.saturating_add(other.0))
    }

    pub(crate) fn minus(self, other: Tenths) -> Tenths {
        Tenths(self.0.saturating_sub(other.0))
    }

    /// `part` of `whole` parts of it, rounded down.
    pub(crate) fn share(self, part: u64, whole: u64) -> Tenths {
        let product = u128::from(self.0).saturating_mul(part.into());
        let share = product.checked_div(whole.into()).unwrap_or(0);
        Tenths(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, rest) => write!(f, "{whole}.{rest}"),
        }
    }
}

/// A stretch of time laid along a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Axis {
    /// Where the line begins.
    pub(crate) left: Tenths,
    /// How long it is.
    pub(crate) width: Tenths,
    /// The instant at its beginning.
    pub(crate) from: Timestamp,
    /// The instant at its end.
    pub(crate) to: Timestamp,
}

impl Axis {
    /// Where an instant lies; one outside lies at the nearer end.
    pub(crate) fn x(&self, at: Timestamp) -> Tenths {
        let at = at.clamp(self.from, self.to.max(self.from));
        let part = self.width.share(at.since(self.from).0, self.to.since(self.from).0);
        self.left.plus(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_lie_where_they_belong() {
        let axis = Axis {
            left: Tenths::units(60),
            width: Tenths::units(240),
            from: Timestamp::from_secs(1_000),
            to: Timestamp::from_secs(1_000 + 86_400),
        };
        let check = |seconds: u64, expected: &str| {
            assert_eq!(axis.x(Timestamp::from_secs(seconds)).to_string(), expected);
        };
        check(0, "60");
        check(1_000, "60");
        check(1_000 + 3_600, "70");
        check(1_000 + 3_960, "71");
        check(1_000 + 86_400, "300");
        check(1_000_000, "300");
        let nowhere = Axis { to: axis.from, ..axis };
        assert_eq!(nowhere.x(Timestamp::MAX).to_string(), "60");
    }
}
