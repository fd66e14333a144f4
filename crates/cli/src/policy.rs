//! Settings of a policy as they are given on the command line: in the words of the notation.

use clap::Args;
use seats::words::SettingError;
use seats::{Setting, SiteId};
use std::collections::BTreeMap;

/// Settings of an account's policy. A length of time is a number and a unit: `90 s`, `2 min`, `8 h`.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Policy")]
pub(crate) struct Policy {
    /// Who may log in: `open` adds a user at first login, `registered` refuses strangers [default: open].
    #[arg(long, value_name = "WHO")]
    pub(crate) users: Option<String>,
    /// How long without a heartbeat until a session is dormant, or `none` [default: 2 min].
    #[arg(long, value_name = "LENGTH|none")]
    pub(crate) lease: Option<String>,
    /// How long without user activity until a session is dormant, or `none` [default: none].
    #[arg(long, value_name = "LENGTH|none")]
    pub(crate) idle_after: Option<String>,
    /// How long a session stays live after its browser said goodbye [default: 1 min].
    #[arg(long, value_name = "LENGTH")]
    pub(crate) goodbye_grace: Option<String>,
    /// When a dormant session loses its seat: `never`, `on-demand` or `at-once` [default: on-demand].
    #[arg(long, value_name = "WHEN")]
    pub(crate) reclaim: Option<String>,
    /// How long any session may last, or `none` [default: none].
    #[arg(long, value_name = "LENGTH|none")]
    pub(crate) max_session: Option<String>,
    /// A second login of one user: `take-over`, `share`, `separate` or `deny` [default: take-over].
    #[arg(long, value_name = "WHAT")]
    pub(crate) same_user: Option<String>,
    /// Seats that may be held above the licences bought [default: 0].
    #[arg(long, value_name = "SEATS")]
    pub(crate) overdraft: Option<String>,
    /// How long a seat stays taken for its user after a log-out [default: 0 s].
    #[arg(long, value_name = "LENGTH")]
    pub(crate) linger: Option<String>,
    /// Seats kept for a site, such as `north:2`; 0 ends it. The site must have been added. Repeatable.
    #[arg(long, value_name = "SITE:SEATS")]
    pub(crate) reserved: Vec<String>,
    /// How long after its grant a session is not released unless forced [default: 2 min].
    #[arg(long, value_name = "LENGTH")]
    pub(crate) release_floor: Option<String>,
    /// What a refused user sees of the holders: `full`, `initials` or `none` [default: full].
    #[arg(long, value_name = "WHAT")]
    pub(crate) names: Option<String>,
    /// How long after its last login a device's name is kept, such as `30 d`, or `none` [default: 90 d].
    #[arg(long, value_name = "DAYS|none")]
    pub(crate) keep_devices: Option<String>,
    /// Who must give a reason: `optional`, `for-looks` (at names) or `for-all` [default: optional].
    #[arg(long, value_name = "WHO")]
    pub(crate) reasons: Option<String>,
    /// A login for which there is no seat: `deny`, or `queue` to let it wait in line [default: deny].
    #[arg(long, value_name = "WHAT")]
    pub(crate) when_full: Option<String>,
    /// How long a seat is kept for somebody in line to whom it is offered [default: 1 min].
    #[arg(long, value_name = "LENGTH")]
    pub(crate) offer: Option<String>,
    /// How long without asking again until somebody in line has left it [default: 2 min].
    #[arg(long, value_name = "LENGTH")]
    pub(crate) wait_lease: Option<String>,
    /// How long a holder has to answer who is asked for the seat, after which silence is consent; 10 s to 1 h,
    /// or `none`: nobody is asked [default: none].
    #[arg(long, value_name = "LENGTH|none")]
    pub(crate) hand_over: Option<String>,
}

impl Policy {
    /// The settings that were given, by name.
    fn given(&self) -> Vec<(&'static str, &String)> {
        let single = [
            ("users", &self.users),
            ("lease", &self.lease),
            ("idle-after", &self.idle_after),
            ("goodbye-grace", &self.goodbye_grace),
            ("reclaim", &self.reclaim),
            ("max-session", &self.max_session),
            ("same-user", &self.same_user),
            ("overdraft", &self.overdraft),
            ("linger", &self.linger),
            ("release-floor", &self.release_floor),
            ("names", &self.names),
            ("keep-devices", &self.keep_devices),
            ("reasons", &self.reasons),
            ("when-full", &self.when_full),
            ("offer", &self.offer),
            ("wait-lease", &self.wait_lease),
            ("hand-over", &self.hand_over),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let reserved = self.reserved.iter().map(|value| ("reserved", value));
        single.chain(reserved).collect()
    }

    /// The settings that were given, read; `site` finds a site by name.
    pub(crate) fn settings(
        &self,
        site: impl Fn(&str) -> Option<SiteId>,
    ) -> Result<Vec<Setting>, SettingError> {
        let given = self.given().into_iter();
        given.map(|(name, value)| Setting::from_words(&format!("{name} {value}"), &site)).collect()
    }

    /// The settings that were given, in the words of a server.
    pub(crate) fn words(&self) -> BTreeMap<&'static str, String> {
        let mut words: BTreeMap<&'static str, String> = BTreeMap::new();
        for (name, value) in self.given() {
            let word = words.entry(name).or_default();
            if !word.is_empty() {
                *word += ","; // Reservations, the one setting that is given several times.
            }
            *word += value;
        }
        words
    }
}
