//! The people, sites and devices of a scenario, numbered as they first appear, and its time of day.
//!
//! Time is `09:00` or `09:00:30` on the first day and `day 2 09:00` later. The first day begins at a round
//! instant long after 1970, so that "two hours before" can always be said.

use seats::{DeviceId, Naming, SiteId, Timestamp, UserId};

/// When the first day of every scenario begins: 2026-03-02T00:00:00Z, a Monday.
pub const FIRST_DAY: Timestamp = Timestamp::from_secs(1_772_409_600);

const DAY_S: u64 = 86_400;

/// Names in the order of their numbers, from 1.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    users: Vec<String>,
    sites: Vec<String>,
    devices: Vec<String>,
}

impl Cast {
    /// The number of a user, given now if the user is new.
    pub fn enter(&mut self, name: &str) -> UserId {
        UserId(number(&mut self.users, name))
    }

    /// The number of a device, given now if the device is new.
    pub fn device(&mut self, name: &str) -> DeviceId {
        DeviceId(number(&mut self.devices, name))
    }

    /// The number of a site, given now if the site is new.
    pub fn site(&mut self, name: &str) -> SiteId {
        SiteId(u16::try_from(number(&mut self.sites, name)).unwrap_or(u16::MAX))
    }

    /// The number of a site that has one.
    pub fn known_site(&self, name: &str) -> Option<SiteId> {
        let place = self.sites.iter().position(|site| site == name)?;
        Some(SiteId(u16::try_from(place + 1).ok()?))
    }
}

impl Naming for Cast {
    fn user(&self, user: UserId) -> Option<String> {
        name(&self.users, user.0)
    }
    fn site(&self, site: SiteId) -> Option<String> {
        name(&self.sites, u32::from(site.0))
    }
    fn device(&self, device: DeviceId) -> Option<String> {
        name(&self.devices, device.0)
    }
}

/// An instant as it is said: `09:00`, `09:00:30`, `day 2 09:00`.
pub fn clock(at: Timestamp) -> String {
    let seconds = at.since(FIRST_DAY).secs();
    let (day, of_day) = (seconds / DAY_S + 1, seconds % DAY_S);
    let day = if day == 1 { String::new() } else { format!("day {day} ") };
    let second = if of_day % 60 == 0 { String::new() } else { format!(":{:02}", of_day % 60) };
    format!("{day}{:02}:{:02}{second}", of_day / 3_600, of_day / 60 % 60)
}

/// Reads an instant at the start of a text; gives it and the rest. `None` if there is none.
pub fn read_clock(text: &str) -> Option<(Timestamp, &str)> {
    let (day, text) = match text.strip_prefix("day ") {
        None => (1, text),
        Some(rest) => {
            let (day, rest) = rest.split_once(' ')?;
            (day.parse::<u64>().ok().filter(|day| *day >= 1)?, rest)
        }
    };
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = time.split(':');
    let mut part = |below: u64| {
        let part = parts.next()?;
        part.parse::<u64>().ok().filter(|value| part.len() == 2 && *value < below)
    };
    let (hour, minute) = (part(24)?, part(60)?);
    let second = if time.len() > 5 { part(60)? } else { 0 };
    let seconds = (day - 1) * DAY_S + hour * 3_600 + minute * 60 + second;
    Some((Timestamp(FIRST_DAY.0 + seconds * 1_000_000), rest.trim_start()))
}

fn number(names: &mut Vec<String>, name: &str) -> u32 {
    let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    u32::try_from(place + 1).unwrap_or(u32::MAX)
}

fn name(names: &[String], number: u32) -> Option<String> {
    names.get(usize::try_from(number).ok()?.checked_sub(1)?).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_as_they_are_said() {
        for said in ["00:00", "09:00", "23:59:59", "day 2 00:00", "day 40 17:30:01"] {
            let line = format!("{said} login alice");
            let (at, rest) = read_clock(&line).unwrap();
            assert_eq!((clock(at).as_str(), rest), (said, "login alice"));
        }
        for wrong in ["9:00", "24:00", "09:60", "day 0 09:00", "login alice", "09:00:99", ""] {
            assert_eq!(read_clock(wrong), None, "{wrong:?}");
        }
    }
}
