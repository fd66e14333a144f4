//! The clinic's month: who works when, who forgets to log out, and the two bad days.
//!
//! April 2026 in London. Three licences, eight people who share them at different hours. The vendor starts
//! as vendors do: a closed browser keeps its seat (`reclaim never`).
//!
//! - Tue 14: Bob closes his browser at 17:40 without logging out, and is off on Wednesday.
//! - Wed 15: with Alice and Dan in, Carol is refused at nine. Support asks who and why, releases the ghost.
//! - Thu 16: the vendor lets silent seats go to whoever needs one (`reclaim on-demand`). No more ghosts.
//! - Tue 21: four people really need a seat at once. The clinic buys a fourth licence from the 22nd.
//!
//! Everything else is drawn from a seed: minutes early or late, and who forgets to log out. The clinic is
//! closed at weekends, on Good Friday (3 April) and Easter Monday (6 April).

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Weekday};
use chrono_tz::Europe::London;
use seats::Timestamp;

/// The month that is played.
pub(super) const MONTH: &str = "2026-04";

/// Somebody at the clinic.
pub(super) struct Person {
    /// The name to log in with.
    pub(super) name: &'static str,
    days: &'static [Weekday],
    hours: (u32, u32),
    /// In how many of a hundred evenings the browser is closed without logging out.
    forgets: u64,
}

use Weekday::{Fri, Mon, Thu, Tue, Wed};

/// Eight people on three licences.
pub(super) const PEOPLE: &[Person] = &[
    Person { name: "alice", days: &[Mon, Tue, Wed, Thu, Fri], hours: (8, 16), forgets: 5 },
    Person { name: "bob", days: &[Mon, Tue, Thu], hours: (10, 18), forgets: 40 },
    Person { name: "carol", days: &[Wed, Fri], hours: (9, 15), forgets: 10 },
    Person { name: "dan", days: &[Tue, Wed, Thu, Fri], hours: (8, 13), forgets: 10 },
    Person { name: "erin", days: &[Mon, Wed, Fri], hours: (13, 18), forgets: 20 },
    Person { name: "faye", days: &[Mon, Tue, Thu], hours: (18, 21), forgets: 30 },
    Person { name: "gita", days: &[Tue], hours: (11, 14), forgets: 0 }, // Begins on the 21st.
    Person { name: "hugh", days: &[Thu, Fri], hours: (16, 20), forgets: 60 },
];

/// What happens at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Somebody comes to work and logs in; the day ends at `leaves`.
    Arrive { person: usize, leaves: Timestamp, forgets: bool },
    /// Support releases the seat that this person left behind.
    Release { person: usize },
    /// The vendor lets silent seats go to whoever needs one.
    ReclaimOnDemand,
    /// The clinic buys a fourth licence from the next day.
    BuyFourth,
}

/// An instant in London's time. April has no missing or repeated hour there.
pub(super) fn london(day: u32, hour: u32, minute: u32) -> Timestamp {
    let date = NaiveDate::from_ymd_opt(2026, 4, day).unwrap_or_default();
    let local = date.and_hms_opt(hour, minute, 0).unwrap_or_default();
    instant(local)
}

fn instant(local: NaiveDateTime) -> Timestamp {
    let utc = London.from_local_datetime(&local).earliest().map(|time| time.timestamp_micros());
    Timestamp(utc.and_then(|micros| u64::try_from(micros).ok()).unwrap_or_default())
}

/// Everything that is bound to happen, in order of time; what follows from a refusal is not in here.
pub(super) fn script(seed: u64) -> Vec<(Timestamp, Step)> {
    let mut dice = Dice(seed);
    let mut steps = vec![
        (london(15, 9, 12), Step::Release { person: 1 }),
        (london(16, 7, 30), Step::ReclaimOnDemand),
        (london(21, 15, 0), Step::BuyFourth),
    ];
    for day in 1..=30 {
        let Some(date) = NaiveDate::from_ymd_opt(2026, 4, day) else { continue };
        for (person, who) in PEOPLE.iter().enumerate() {
            let closed = matches!(day, 3 | 6);
            let works = who.days.contains(&date.weekday()) && !closed;
            let works = works && (who.name != "gita" || day >= 21);
            let (arrives, leaves) = (dice.minutes(12), dice.minutes(25));
            let forgets = dice.percent() < who.forgets;
            if works {
                let told = told(day, who.name);
                let arrives = told.map_or(arrives, |(arrives, _)| arrives);
                let forgets = told.map_or(forgets, |(_, forgets)| forgets);
                let from = date.and_hms_opt(who.hours.0, 0, 0).unwrap_or_default();
                let to = date.and_hms_opt(who.hours.1, 0, 0).unwrap_or_default();
                let leaves = if (day, who.name) == (14, "bob") { -20 } else { leaves };
                let leaves = instant(to + Duration::minutes(leaves));
                let arrives = instant(from + Duration::minutes(arrives));
                steps.push((arrives, Step::Arrive { person, leaves, forgets }));
            }
        }
    }
    steps.sort_unstable();
    steps
}

/// What the story needs of a person on a day: minutes late, and whether the log-out is forgotten.
///
/// Nobody but Bob forgets in the days before the bad Wednesday, so that his is the only ghost there.
fn told(day: u32, name: &str) -> Option<(i64, bool)> {
    match (day, name) {
        (14, "bob") => Some((3, true)),
        (15, "alice") => Some((1, false)),
        (15, "dan") => Some((20, false)),
        (15, "carol") => Some((0, false)),
        (10..=15, _) => Some((5, false)),
        _ => None,
    }
}

/// Numbers from a seed (SplitMix64): the same month for the same seed, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn percent(&mut self) -> u64 {
        self.roll() % 100
    }

    /// Up to so many minutes early or late.
    fn minutes(&mut self, most: i64) -> i64 {
        let spread = most.unsigned_abs().saturating_mul(2).saturating_add(1);
        i64::try_from(self.roll() % spread).unwrap_or_default() - most
    }
}
