//! What set-up fees are charged and refunded on (rule 9).

use super::Counting;
use super::timeline::Timeline;
use crate::civil::Zone;
use seats::{CivilDate, Timestamp};

/// Licences that a set-up fee is charged on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    /// When the increase took effect.
    pub at: Timestamp,
    /// How many licences.
    pub licences: u32,
    /// When they were given back within the cooling-off time; `None`: charged, not refunded.
    pub given_back: Option<Timestamp>,
}

/// Set-up fees over all time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Setups {
    /// What is charged, by time.
    pub charged: Vec<Setup>,
    /// What is refunded, by the time at which it was given back; within it the last charge first.
    pub refunded: Vec<Setup>,
}

impl Setups {
    /// Over all time.
    pub fn of(timeline: &Timeline, zone: Zone, counting: Counting) -> Setups {
        let paid = |licences: u32| licences.saturating_sub(counting.included);
        let every = counting.setup_on == crate::plan::SetupOn::EveryIncrease;
        let first = timeline.changes.first().map_or(0, |(_, licences)| *licences);
        let mut before = paid(first.min(timeline.opened_with));
        let mut paid_for = before;
        let mut setups = Setups::default();
        // How many of each charge were not given back.
        let mut left: Vec<u32> = Vec::new();
        for (at, licences) in timeline.steps() {
            let now = paid(licences);
            let mut fewer = before.saturating_sub(now);
            let cooling = counting.cooling_off_days > 0 && fewer > 0;
            let day = if cooling { zone.day_of(at) } else { CivilDate(0) };
            for (charge, left) in setups.charged.iter().zip(&mut left).rev() {
                if !cooling {
                    break;
                }
                let days = day.0.saturating_sub(zone.day_of(charge.at).0);
                let cool = u32::try_from(days).is_ok_and(|days| days <= counting.cooling_off_days);
                if fewer == 0 || !cool {
                    break;
                }
                let licences = fewer.min(*left);
                if licences > 0 {
                    setups.refunded.push(Setup { licences, given_back: Some(at), ..*charge });
                }
                (fewer, *left) = (fewer.saturating_sub(licences), left.saturating_sub(licences));
                if !every {
                    paid_for = paid_for.saturating_sub(licences);
                }
            }
            let added = now.saturating_sub(paid_for);
            if added > 0 {
                setups.charged.push(Setup { at, licences: added, given_back: None });
                left.push(added);
            }
            paid_for = if every { now } else { paid_for.max(now) };
            before = now;
        }
        setups
    }

    /// Those within `[from, to)`.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> Setups {
        let slice = |setups: &[Setup], at: fn(&Setup) -> Timestamp| {
            let begin = setups.partition_point(|setup| at(setup) < from);
            let end = setups.partition_point(|setup| at(setup) < to);
            setups.get(begin..end).unwrap_or_default().to_vec()
        };
        Setups {
            charged: slice(&self.charged, |setup| setup.at),
            refunded: slice(&self.refunded, |setup| setup.given_back.unwrap_or(setup.at)),
        }
    }
}
