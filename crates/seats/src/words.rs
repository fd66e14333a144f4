//! Words for values, both ways: settings, lengths of time, reasons.
//!
//! ```text
//! reclaim never    lease 2 min    idle-after none    overdraft 1    reserved north 2
//! ```
//! A setting is its name, then a blank or `=`, then its value. A length is a whole number and a unit
//! (`s`, `min`, `h`, `d`); `none` stands where a rule may be switched off. What is written here can be read
//! back, so that fixtures, the command line and the log speak one language.

use crate::event::{HandOverEnd, Leaving, Look, ReleaseReason};
use crate::ids::SiteId;
use crate::policy::{Names, Reasons, Reclaim, SameUser, Setting, UserPolicy, WhenFull};
use thiserror::Error;

/// The names of all settings, in the order of [`Policy`](crate::Policy).
pub const SETTINGS: [&str; 18] = [
    "users",
    "lease",
    "idle-after",
    "goodbye-grace",
    "reclaim",
    "max-session",
    "same-user",
    "overdraft",
    "linger",
    "reserved",
    "release-floor",
    "names",
    "keep-devices",
    "reasons",
    "when-full",
    "offer",
    "wait-lease",
    "hand-over",
];

/// Why words cannot be read as a setting. Whoever wrote them mends them.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SettingError {
    /// No setting has this name.
    #[error("policy: there is no setting {name:?}; there are {}", SETTINGS.join(", "))]
    Name {
        /// The name given.
        name: String,
    },
    /// The setting cannot have this value.
    #[error("policy: {name}: {value:?} is not {expected}")]
    Value {
        /// Which setting.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is expected instead.
        expected: &'static str,
    },
    /// A reservation names a site that the account has not got. Add the site first.
    #[error("policy: reserved: there is no site {site:?}")]
    Site {
        /// The site given.
        site: String,
    },
}

const LENGTH: &str = "a length of time such as 90 s, 2 min, 8 h or 1 d";
const LENGTH_OR_NONE: &str = "none or a length of time such as 90 s, 2 min, 8 h or 1 d";
const DAY: u32 = 86_400;
const SEATS: &str = "a whole number of seats";

/// Each word with its value, so that it can be read; and the word of each value, so that it can be written.
macro_rules! words {
    ($table:ident: $type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        const $table: &[(&str, $type)] = &[$(($word, $type::$variant)),+];
        impl $type {
            /// The word for it.
            pub fn word(self) -> &'static str {
                match self { $($type::$variant => $word),+ }
            }
        }
    };
}

words!(USERS: UserPolicy { Open = "open", Registered = "registered" });
words!(RECLAIM: Reclaim { Never = "never", OnDemand = "on-demand", AtOnce = "at-once" });
words!(SAME_USER: SameUser {
    TakeOver = "take-over",
    Share = "share",
    Separate = "separate",
    Deny = "deny",
});
words!(NAMES: Names { Full = "full", Initials = "initials", None = "none" });
words!(WHO_SAYS_WHY: Reasons {
    Optional = "optional",
    ForLooks = "for-looks",
    ForAll = "for-all",
});
words!(WHEN_FULL: WhenFull { Deny = "deny", Queue = "queue" });
words!(LOOKS: Look {
    Who = "who",
    Why = "why",
    Trail = "trail",
    Evidence = "evidence",
    SubjectAccess = "subject access",
    Directory = "directory",
});
words!(REASONS: ReleaseReason {
    BrowserClosed = "browser closed",
    HolderAway = "holder away",
    HolderAsked = "holder asked",
    NeededElsewhere = "needed elsewhere",
    Unauthorised = "unauthorised",
    Other = "other",
});

impl Leaving {
    /// The words for it.
    pub fn word(self) -> &'static str {
        match self {
            Leaving::GaveUp => "gave up",
            Leaving::NotHeardOf => "not heard of",
            Leaving::AskedAnew => "asked anew",
            Leaving::Barred => "may not log in",
        }
    }
}

impl HandOverEnd {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            HandOverEnd::Consented => "consented",
            HandOverEnd::Declined => "declined",
            HandOverEnd::Silent => "silent",
            HandOverEnd::Withdrawn => "withdrawn",
        }
    }
}

impl Look {
    /// Every kind of look.
    pub fn all() -> impl Iterator<Item = Look> {
        LOOKS.iter().map(|(_, look)| *look)
    }
}

impl ReleaseReason {
    /// Every reason, in the order in which they are offered.
    pub fn all() -> impl Iterator<Item = ReleaseReason> {
        REASONS.iter().map(|(_, reason)| *reason)
    }

    /// Reads the words of a reason; blanks may be written as hyphens. `None` if there is no such reason.
    pub fn from_words(words: &str) -> Option<ReleaseReason> {
        value(REASONS, &words.replace('-', " "))
    }
}

impl Setting {
    /// Reads a setting; `site` finds a site by its name.
    ///
    /// # Errors
    /// A [`SettingError`] that names the setting, what was given and what is expected.
    pub fn from_words(
        words: &str,
        site: impl Fn(&str) -> Option<SiteId>,
    ) -> Result<Setting, SettingError> {
        let words = words.trim();
        let (name, given) = words.split_once(['=', ' ']).unwrap_or((words, ""));
        let name = SETTINGS.iter().find(|known| **known == name.trim());
        let Some(name) = name.copied() else {
            let name = words.split(['=', ' ']).next().unwrap_or_default().to_owned();
            return Err(SettingError::Name { name });
        };
        let given = given.trim();
        let wrong = |expected| SettingError::Value { name, value: given.to_owned(), expected };
        let length = || seconds(given).ok_or(wrong(LENGTH));
        let length_or_none = || match given {
            "none" => Ok(None),
            _ => seconds(given).map(Some).ok_or(wrong(LENGTH_OR_NONE)),
        };
        Ok(match name {
            "users" => Setting::Users(value(USERS, given).ok_or(wrong("open or registered"))?),
            "lease" => Setting::Lease(length_or_none()?),
            "idle-after" => Setting::IdleAfter(length_or_none()?),
            "goodbye-grace" => Setting::GoodbyeGrace(length()?),
            "reclaim" => {
                let reclaim = value(RECLAIM, given);
                Setting::Reclaim(reclaim.ok_or(wrong("never, on-demand or at-once"))?)
            }
            "max-session" => Setting::MaxSession(length_or_none()?),
            "same-user" => {
                let same_user = value(SAME_USER, given);
                Setting::SameUser(same_user.ok_or(wrong("take-over, share, separate or deny"))?)
            }
            "overdraft" => Setting::Overdraft(given.parse().map_err(|_| wrong(SEATS))?),
            "linger" => Setting::Linger(length()?),
            "reserved" => {
                let expected = "a site and a whole number of seats, such as north 2";
                let (at, seats) = given.rsplit_once([' ', ':']).ok_or(wrong(expected))?;
                let seats = seats.parse().map_err(|_| wrong(expected))?;
                let known = site(at.trim());
                let known = known.ok_or_else(|| SettingError::Site { site: at.to_owned() })?;
                Setting::Reserved(known, seats)
            }
            "release-floor" => Setting::ReleaseFloor(length()?),
            "names" => Setting::Names(value(NAMES, given).ok_or(wrong("full, initials or none"))?),
            "keep-devices" => match (given, seconds(given)) {
                ("none", _) => Setting::KeepDevices(None),
                (_, Some(length)) if length > 0 && length.is_multiple_of(DAY) => {
                    Setting::KeepDevices(Some(length / DAY))
                }
                _ => return Err(wrong("none or a number of days such as 90 d")),
            },
            "reasons" => Setting::Reasons(
                value(WHO_SAYS_WHY, given).ok_or(wrong("optional, for-looks or for-all"))?,
            ),
            "when-full" => {
                Setting::WhenFull(value(WHEN_FULL, given).ok_or(wrong("deny or queue"))?)
            }
            "offer" => Setting::Offer(length()?),
            "wait-lease" => Setting::WaitLease(length()?),
            _ => Setting::HandOver(length_or_none()?),
        })
    }

    /// The setting in words; `site` names a site.
    pub fn words(&self, site: impl Fn(SiteId) -> String) -> String {
        let length = |seconds: &u32| duration(u64::from(*seconds));
        let or_none = |seconds: &Option<u32>| match seconds {
            Some(seconds) => length(seconds),
            None => "none".to_owned(),
        };
        match self {
            Setting::Users(users) => format!("users {}", users.word()),
            Setting::Lease(lease) => format!("lease {}", or_none(lease)),
            Setting::IdleAfter(idle) => format!("idle-after {}", or_none(idle)),
            Setting::GoodbyeGrace(grace) => format!("goodbye-grace {}", length(grace)),
            Setting::Reclaim(reclaim) => format!("reclaim {}", reclaim.word()),
            Setting::MaxSession(longest) => format!("max-session {}", or_none(longest)),
            Setting::SameUser(same) => format!("same-user {}", same.word()),
            Setting::Overdraft(seats) => format!("overdraft {seats}"),
            Setting::Linger(linger) => format!("linger {}", length(linger)),
            Setting::Reserved(at, seats) => format!("reserved {} {seats}", site(*at)),
            Setting::ReleaseFloor(floor) => format!("release-floor {}", length(floor)),
            Setting::Names(names) => format!("names {}", names.word()),
            Setting::KeepDevices(days) => match days {
                Some(days) => format!("keep-devices {days} d"),
                None => "keep-devices none".to_owned(),
            },
            Setting::Reasons(reasons) => format!("reasons {}", reasons.word()),
            Setting::WhenFull(when_full) => format!("when-full {}", when_full.word()),
            Setting::Offer(offer) => format!("offer {}", length(offer)),
            Setting::WaitLease(lease) => format!("wait-lease {}", length(lease)),
            Setting::HandOver(time) => format!("hand-over {}", or_none(time)),
        }
    }
}

/// A length of time in words, in the largest unit that says it exactly: `2 min`, `90 s`.
pub fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let exact = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (unit, name) = exact.unwrap_or((1, "s"));
    format!("{} {name}", seconds / unit)
}

/// Reads a length of time in seconds. `None` if it is none, or too long to say.
pub fn seconds(words: &str) -> Option<u32> {
    let words = words.trim();
    let digits = words.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = words.split_at(digits);
    let unit = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(unit)
}

fn value<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads words, writes them back, and compares; a blank expectation means: unchanged.
    fn check(words: &str, expected: &str) {
        let site = |name: &str| (name == "north").then_some(SiteId(4));
        let read = Setting::from_words(words, site);
        let written = match read {
            Ok(setting) => {
                setting.words(|site| format!("north{}", &"?"[usize::from(site.0 == 4)..]))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(written, if expected.is_empty() { words } else { expected });
    }

    #[test]
    fn every_setting_reads_back_as_written() {
        for word in ["users open", "users registered", "reclaim never", "reclaim on-demand"] {
            check(word, "");
        }
        for word in ["reclaim at-once", "same-user take-over", "same-user share", "names none"] {
            check(word, "");
        }
        for word in ["same-user separate", "same-user deny", "names full", "names initials"] {
            check(word, "");
        }
        for word in
            ["lease none", "lease 2 min", "idle-after 90 s", "max-session 8 h", "linger 0 s"]
        {
            check(word, "");
        }
        for word in ["goodbye-grace 1 min", "release-floor 2 min", "overdraft 3"] {
            check(word, "");
        }
        check("reserved north 2", "");
        check("idle-after none", "");
        check("max-session none", "");
        for word in ["keep-devices none", "keep-devices 90 d", "reasons optional"] {
            check(word, "");
        }
        for word in ["when-full deny", "when-full queue", "offer 1 min", "wait-lease 90 s"] {
            check(word, "");
        }
        for word in ["hand-over none", "hand-over 2 min"] {
            check(word, "");
        }
        check("reasons for-looks", "");
        check("reasons for-all", "");
    }

    #[test]
    fn other_spellings_are_read_and_wrong_ones_explained() {
        check(" lease=120s ", "lease 2 min");
        check("max-session=48h", "max-session 2 d");
        check("reserved=north:2", "reserved north 2");
        check("leese 1 s", &SettingError::Name { name: "leese".into() }.to_string());
        check(
            "lease",
            "policy: lease: \"\" is not none or a length of time such as 90 s, 2 min, 8 h or 1 d",
        );
        check(
            "linger 120",
            "policy: linger: \"120\" is not a length of time such as 90 s, 2 min, 8 h or 1 d",
        );
        check(
            "linger none",
            "policy: linger: \"none\" is not a length of time such as 90 s, 2 min, 8 h or 1 d",
        );
        check(
            "lease 99999999 h",
            "policy: lease: \"99999999 h\" is not none or a length of time such as 90 s, 2 min, 8 h or 1 d",
        );
        check("when-full wait", "policy: when-full: \"wait\" is not deny or queue");
        check("overdraft -1", "policy: overdraft: \"-1\" is not a whole number of seats");
        for days in ["0 d", "90", "36 h"] {
            let expected = "none or a number of days such as 90 d";
            let error = format!("policy: keep-devices: {days:?} is not {expected}");
            check(&format!("keep-devices {days}"), &error);
        }
        check("reserved south 1", "policy: reserved: there is no site \"south\"");
        check(
            "same-user twice",
            "policy: same-user: \"twice\" is not take-over, share, separate or deny",
        );
    }

    #[test]
    fn reasons_read_back() {
        for reason in ReleaseReason::all() {
            assert_eq!(ReleaseReason::from_words(reason.word()), Some(reason));
        }
        assert_eq!(ReleaseReason::from_words("holder-away"), Some(ReleaseReason::HolderAway));
        assert_eq!(ReleaseReason::from_words("bored"), None);
    }
}
