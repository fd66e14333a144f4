//! Seats held above the licences, day by day, without ghosts (rule 10).

use super::timeline::{Steps, Timeline, level};
use crate::calendar::Calendar;
use seats::{CivilDate, Micros, SeatNo, Timestamp};
use std::collections::BTreeMap;

/// A time during which a session gave signs of life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// The seat it sat on.
    pub seat: SeatNo,
    /// The position of the commit that granted it.
    pub granted: u64,
    /// Granted above the licences bought.
    pub overdraft: bool,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// Seats above the licences, in a month.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overdraft {
    /// Days on which there were any, and how many at most.
    pub days: Vec<(CivilDate, u32)>,
    /// The commits that granted the sessions behind them, by position.
    pub grants: Vec<u64>,
}

impl Overdraft {
    /// Counts a month. `holds` need not be of the month alone; they should reach the grace beyond its edges.
    pub fn count(
        holds: &[Hold],
        timeline: &Timeline,
        calendar: &Calendar,
        grace: Micros,
    ) -> Overdraft {
        let within = |hold: &&Hold| {
            let lasts = hold.from < hold.to;
            hold.overdraft && lasts && hold.from < calendar.to && hold.to > calendar.from
        };
        let mut grants: Vec<u64> = holds.iter().filter(within).map(|hold| hold.granted).collect();
        if grants.is_empty() {
            return Overdraft::default();
        }
        grants.sort_unstable();
        grants.dedup();
        let over = above(holds, &timeline.steps());
        let mut days: BTreeMap<CivilDate, u32> = BTreeMap::new();
        for level in 1..=over.iter().map(|(_, over)| *over).max().unwrap_or(0) {
            for (from, to) in stretches(&over, level) {
                if to.since(from) < grace || from == to {
                    continue;
                }
                for (date, first, end) in calendar.spans() {
                    if from < end && to > first {
                        days.insert(date, level);
                    }
                }
            }
        }
        Overdraft { days: days.into_iter().collect(), grants }
    }

    /// Summed over the days.
    pub fn seat_days(&self) -> u64 {
        self.days.iter().map(|(_, over)| u64::from(*over)).sum()
    }

    /// The most on any day.
    pub fn peak(&self) -> u32 {
        self.days.iter().map(|(_, over)| *over).max().unwrap_or(0)
    }
}

/// How many seats were above the licences, and from when.
fn above(holds: &[Hold], licences: &[(Timestamp, u32)]) -> Steps {
    // At each instant, who comes and goes: seat, by how many, and by how many of those marked.
    let mut moves: BTreeMap<Timestamp, Vec<(SeatNo, i64, i64)>> = BTreeMap::new();
    for hold in holds.iter().filter(|hold| hold.from < hold.to) {
        let marked = i64::from(hold.overdraft);
        moves.entry(hold.from).or_default().push((hold.seat, 1, marked));
        moves.entry(hold.to).or_default().push((hold.seat, -1, marked.saturating_neg()));
    }
    for (at, _) in licences {
        moves.entry(*at).or_default();
    }
    let mut seats: BTreeMap<SeatNo, (i64, i64)> = BTreeMap::new();
    let (mut live, mut marked) = (0_u32, 0_u32);
    let mut steps = Steps::new();
    for (at, moves) in moves {
        for (seat, by, of_marked) in moves {
            let (sessions, over) = seats.entry(seat).or_default();
            live = live.saturating_sub(u32::from(*sessions > 0));
            marked = marked.saturating_sub(u32::from(*over > 0));
            *sessions = sessions.saturating_add(by);
            *over = over.saturating_add(of_marked);
            live = live.saturating_add(u32::from(*sessions > 0));
            marked = marked.saturating_add(u32::from(*over > 0));
        }
        steps.push((at, marked.min(live.saturating_sub(level(licences, at)))));
    }
    steps
}

/// The stretches on end during which a number is so high.
fn stretches(steps: &[(Timestamp, u32)], least: u32) -> Vec<(Timestamp, Timestamp)> {
    let (mut found, mut begun) = (Vec::new(), None);
    for (at, number) in steps {
        match (begun, *number >= least) {
            (None, true) => begun = Some(*at),
            (Some(from), false) => {
                found.push((from, *at));
                begun = None;
            }
            _ => {}
        }
    }
    found.extend(begun.map(|from| (from, Timestamp::MAX)));
    found
}
