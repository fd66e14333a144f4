//! Instants as files and messages write them: RFC 3339, to the microsecond.

use chrono::{DateTime, SecondsFormat};
use seats::Timestamp;

/// The microseconds since 1970 that a text says, negative before 1970; `None` if it says no time.
///
/// Digits after the microsecond are cut off, so two instants keep their order or become equal.
pub(crate) fn parse(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

/// An instant for a person to read, in UTC, with no more digits than it needs.
pub(crate) fn show(at: Timestamp) -> String {
    i64::try_from(at.0).ok().and_then(DateTime::from_timestamp_micros).map_or_else(
        || format!("{} µs", at.0),
        |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1996-09-30T12:10:27Z", 844_085_427_000_000),
            ("1996-09-30T14:10:27.000001+02:00", 844_085_427_000_001),
            ("1969-12-31T23:59:59.5Z", -500_000),
        ] {
            assert_eq!(parse(text), Some(micros), "{text}");
        }
        assert_eq!(show(Timestamp(844_085_427_000_000)), "1996-09-30T12:10:27Z");
        assert_eq!(show(Timestamp(844_085_427_250_000)), "1996-09-30T12:10:27.250Z");
        assert_eq!(show(Timestamp::MAX), "18446744073709551615 µs");
    }

    #[test]
    fn what_is_cut_off_never_turns_order_round() {
        assert_eq!(parse("1996-09-30T12:10:27.0000019Z"), parse("1996-09-30T12:10:27.000001Z"));
        assert_eq!(parse("1996-09-30 12:10"), None);
        assert_eq!(parse("1996-09-30T12:10:27"), None);
    }
}
