//! The little admission knows of civil time: whether a zone exists, which day it is there, and since when what
//! is changed now counts.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;
use seats::{Account, CivilDate, Effective, Timestamp};

/// Days from 0001-01-01, as chrono counts them, to 1970-01-01.
const DAYS_TO_1970: i32 = 719_163;

/// Whether the tz database has a zone of this name.
pub(crate) fn is_zone(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// The civil day at `at` in a zone; `None` if the zone is unknown or the instant too late to say.
pub(crate) fn day(zone: &str, at: Timestamp) -> Option<CivilDate> {
    let zone: Tz = zone.parse().ok()?;
    let at = DateTime::from_timestamp_micros(i64::try_from(at.0).ok()?)?;
    Some(CivilDate(at.with_timezone(&zone).num_days_from_ce() - DAYS_TO_1970))
}

/// From now, or from the account's last commit: while the clock is behind that, time stands still there.
pub(crate) fn from_now(account: &Account, now: Timestamp) -> Effective {
    Effective { instant: now.max(account.last_at()), date: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_local() {
        let check = |zone, seconds, expected| {
            assert_eq!(day(zone, Timestamp::from_secs(seconds)), expected, "{zone} {seconds}");
        };
        check("UTC", 0, Some(CivilDate(0)));
        check("UTC", 86_399, Some(CivilDate(0)));
        check("UTC", 86_400, Some(CivilDate(1)));
        check("America/New_York", 86_400, Some(CivilDate(0)));
        check("Europe/London", 1_782_860_400, Some(CivilDate(20_635))); // 2026-07-01 00:00 BST.
        check("Europe/London", 1_782_860_399, Some(CivilDate(20_634)));
        check("Europe/Atlantis", 0, None);
        assert!(is_zone("Europe/London") && !is_zone("London") && !is_zone(""));
    }
}
