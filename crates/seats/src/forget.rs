//! Forgetting: what the log says when who or what a number stood for is erased.
//!
//! The number stays, and everything that was recorded of it: seats, times, fees. What goes is the entry in
//! the directory, which the caller erases once the event is on disk, and with it the salt without which the
//! log's commitment tells nothing.
//!
//! A forgotten user's sessions end, and the number never logs in again. A stranger (who asked and was never
//! added) is added in the same commit, because a log forgets only whom it knows. A closed account forgets
//! like any other.

use crate::account::{Account, UserStanding};
use crate::decide::{Rejection, already, ends};
use crate::event::{Event, ExpiryCause};
use crate::ids::{Commitment, DeviceId, UserId};
use crate::liveness::Liveness;
use crate::time::Timestamp;

/// Seconds in a day.
const DAY_S: u64 = 86_400;

/// Days since 1970 of an instant, by UTC: how the last use of a device is kept.
pub fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.since(Timestamp::ZERO).secs() / DAY_S).unwrap_or(u32::MAX)
}

/// The devices that are due to be forgotten on `today`: those used last more than `keep_d` days before it.
/// `None`: none ever is. Days are days since 1970 by UTC, so that a device is kept for the days promised
/// and up to one more, never less.
pub fn devices_due(
    used: impl IntoIterator<Item = (DeviceId, u32)>,
    keep_d: Option<u32>,
    today: u32,
) -> Vec<DeviceId> {
    let Some(keep_d) = keep_d else { return Vec::new() };
    let over = |day: u32| day.checked_add(keep_d).is_some_and(|last| last < today);
    used.into_iter().filter(|(_, day)| over(*day)).map(|(device, _)| device).collect()
}

/// The events that forget a user: the ends of the user's sessions, then the user.
pub(crate) fn user(
    account: &Account,
    liveness: &Liveness,
    user: UserId,
    stranger: Option<Commitment>,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let standing = account.user(user).map(|user| user.standing);
    let added = match standing {
        None => return Err(Rejection::UnknownUser(user)),
        Some(UserStanding::Forgotten) => return Err(already(user, UserStanding::Forgotten)),
        Some(UserStanding::Active | UserStanding::Suspended) => None,
        Some(UserStanding::Stranger) => {
            let profile = stranger.ok_or(Rejection::UnknownUser(user))?;
            Some(Event::UserAdded { user, profile })
        }
    };
    let ended = ends(liveness, account.sessions_of(user), ExpiryCause::UserSuspended, at);
    Ok(added.into_iter().chain(ended).chain([Event::UserForgotten { user }]).collect())
}

/// The events that forget devices. Sessions on them stay.
pub(crate) fn devices(account: &Account, devices: &[DeviceId]) -> Result<Vec<Event>, Rejection> {
    let mut events: Vec<Event> = Vec::with_capacity(devices.len());
    for device in devices.iter().copied() {
        if !account.has_device(device) {
            return Err(Rejection::UnknownDevice(device));
        }
        let event = Event::DeviceForgotten { device };
        if account.has_forgotten(device) || events.contains(&event) {
            return Err(Rejection::DeviceForgotten(device));
        }
        events.push(event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(day: u32, keep_d: Option<u32>, today: u32, due: bool) {
        let found = devices_due([(DeviceId(1), day)], keep_d, today);
        assert_eq!(!found.is_empty(), due, "{day} {keep_d:?} {today}");
    }

    #[test]
    fn a_device_is_kept_for_the_days_that_were_promised() {
        check(100, Some(90), 190, false);
        check(100, Some(90), 191, true);
        check(100, None, u32::MAX, false);
        check(100, Some(u32::MAX), u32::MAX, false);
        check(200, Some(90), 100, false); // A clock that was set back forgets nothing.
    }

    #[test]
    fn a_day_ends_at_midnight_by_utc() {
        let at = |day: u64, second: u64| day_of(Timestamp::from_secs(day * DAY_S + second));
        assert_eq!((at(20_000, 0), at(20_000, DAY_S - 1), at(20_001, 0)), (20_000, 20_000, 20_001));
    }
}
