//! Time as an argument: instants and lengths in whole microseconds.
//!
//! Nothing in this crate reads a clock. Civil days exist here only as day numbers; which instants they
//! begin and end at depends on a time zone and is worked out at the edge.

use bincode::{Decode, Encode};
use std::ops::{Add, Sub};

/// An instant: microseconds since 1970-01-01T00:00:00Z. Instants before 1970 cannot be said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
pub struct Timestamp(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
pub struct Micros(pub u64);

/// A civil day: days since 1970-01-01 in whatever zone the account keeps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct CivilDate(pub i32);

impl Timestamp {
    /// The first instant that can be said.
    pub const ZERO: Timestamp = Timestamp(0);
    /// Later than every instant that can happen.
    pub const MAX: Timestamp = Timestamp(u64::MAX);

    /// An instant given in whole seconds since 1970.
    pub const fn from_secs(seconds: u64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1_000_000))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Timestamp) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Micros {
    /// No time at all.
    pub const ZERO: Micros = Micros(0);

    /// A length given in whole seconds.
    pub const fn from_secs(seconds: u32) -> Micros {
        Micros((seconds as u64).saturating_mul(1_000_000))
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// Saturating: an instant too late to say is [`Timestamp::MAX`].
impl Add<Micros> for Timestamp {
    type Output = Timestamp;
    fn add(self, length: Micros) -> Timestamp {
        Timestamp(self.0.saturating_add(length.0))
    }
}

/// Saturating: an instant too early to say is [`Timestamp::ZERO`].
impl Sub<Micros> for Timestamp {
    type Output = Timestamp;
    fn sub(self, length: Micros) -> Timestamp {
        Timestamp(self.0.saturating_sub(length.0))
    }
}
