//! What time it is, and whether the wall clock can be believed.
//!
//! At every reading the wall clock must stand where the last accepted reading and the monotonic clock put
//! it, within five minutes. If it does not, it was stepped: no time is given out until somebody confirms
//! that the new time is right. At the start the last accepted reading is the log's last record, if the wall
//! clock stands more than five minutes before it.
//!
//! Within five minutes a clock that goes back stands still: the time given out never goes back, unless
//! somebody confirmed that it should.

use crate::clock::Clock;
use seats::{Micros, Timestamp};

/// How far the wall clock may move against the monotonic clock between two readings.
pub const STEP_MAX: Micros = Micros::from_secs(5 * 60);

/// A wall clock that was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Where it should stand, by the monotonic clock.
    pub from: Timestamp,
    /// Where it stands.
    pub to: Timestamp,
}

pub(crate) struct TimeWatch {
    clock: Box<dyn Clock>,
    /// The last accepted reading of both clocks.
    wall: Timestamp,
    monotonic: Micros,
    /// The latest time given out.
    last: Timestamp,
    /// What the last reading came to.
    now: Result<Timestamp, Step>,
}

impl TimeWatch {
    /// Watches `clock`; `recorded` is when the log was last written to.
    pub(crate) fn new(clock: Box<dyn Clock>, recorded: Timestamp) -> TimeWatch {
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        let gone_back = recorded.since(wall) > STEP_MAX;
        let wall = if gone_back { recorded } else { wall };
        let last = wall.max(recorded);
        let mut watch = TimeWatch { clock, wall, monotonic, last, now: Ok(last) };
        let _ = watch.read();
        watch
    }

    /// Reads the clock: the time, or the step that makes it doubtful.
    pub(crate) fn read(&mut self) -> Result<Timestamp, Step> {
        let (wall, monotonic) = (self.clock.wall(), self.clock.monotonic());
        let from = self.wall + Micros(monotonic.0.saturating_sub(self.monotonic.0));
        self.now = if wall.since(from).max(from.since(wall)) > STEP_MAX {
            Err(Step { from, to: wall })
        } else {
            (self.wall, self.monotonic) = (wall, monotonic);
            self.last = self.last.max(wall);
            Ok(self.last)
        };
        self.now
    }

    /// What the last reading came to.
    pub(crate) fn now(&self) -> Result<Timestamp, Step> {
        self.now
    }

    /// The last time given out before the clock became doubtful, if it is.
    pub(crate) fn last(&self) -> Timestamp {
        self.last
    }

    /// Accepts the wall clock as it stands. Gives back the step, if there was one.
    pub(crate) fn confirm(&mut self) -> Option<Step> {
        let step = self.read().err()?;
        (self.wall, self.monotonic) = (step.to, self.clock.monotonic());
        (self.last, self.now) = (step.to, Ok(step.to));
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn watch(recorded: Timestamp) -> (ManualClock, TimeWatch) {
        let clock = ManualClock::new(NOON);
        (clock.clone(), TimeWatch::new(Box::new(clock), recorded))
    }

    fn seconds(s: u32) -> Micros {
        Micros::from_secs(s)
    }

    #[test]
    fn time_passes_and_small_steps_back_make_it_stand_still() {
        let (clock, mut watch) = watch(Timestamp::ZERO);
        assert_eq!(watch.read(), Ok(NOON));
        clock.advance(seconds(86_400));
        assert_eq!(watch.read(), Ok(NOON + seconds(86_400)));
        clock.step(NOON + seconds(86_100)); // Five minutes back: stands still until it catches up.
        assert_eq!(watch.read(), Ok(NOON + seconds(86_400)));
        clock.advance(seconds(301));
        assert_eq!(watch.read(), Ok(NOON + seconds(86_401)));
        assert_eq!(watch.confirm(), None);
    }

    #[test]
    fn a_step_is_refused_until_confirmed_or_undone() {
        let (clock, mut watch) = watch(Timestamp::ZERO);
        for to in [NOON + seconds(301), NOON - seconds(301)] {
            clock.step(to);
            assert_eq!(watch.read(), Err(Step { from: NOON, to }));
            clock.step(NOON);
            assert_eq!(watch.read(), Ok(NOON));
        }
        let to = NOON - seconds(3_600);
        clock.step(to);
        clock.advance(seconds(2));
        let step = Step { from: NOON + seconds(2), to: to + seconds(2) };
        assert_eq!(watch.read(), Err(step));
        assert_eq!(watch.confirm(), Some(step));
        assert_eq!(watch.read(), Ok(to + seconds(2)));
    }

    #[test]
    fn a_start_before_the_last_record_is_a_step() {
        let (_, mut watch_ok) = watch(NOON + seconds(300));
        assert_eq!(watch_ok.read(), Ok(NOON + seconds(300))); // Stands still.
        let (clock, mut watch) = watch(NOON + seconds(301));
        assert!(watch.read().is_err());
        clock.advance(seconds(1));
        let from = NOON + seconds(302);
        assert_eq!(watch.confirm(), Some(Step { from, to: NOON + seconds(1) }));
        assert_eq!(watch.read(), Ok(NOON + seconds(1)));
    }
}
