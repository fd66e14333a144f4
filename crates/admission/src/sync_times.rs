//! How long the disk took, by class of time: what an operator watches first when logins become slow.

use seats::Micros;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper ends of the classes of sync times, in microseconds. What took longer than the last is in none.
pub const SYNC_CLASSES_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000];

/// Times of syncs since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SyncTimes {
    /// How many took no longer than the end of their class in [`SYNC_CLASSES_US`], and longer than the one before.
    pub classes: [u64; SYNC_CLASSES_US.len()],
    /// All of them together, in microseconds.
    pub sum_us: u64,
}

#[derive(Default)]
pub(crate) struct SyncTally {
    classes: [AtomicU64; SYNC_CLASSES_US.len()],
    sum_us: AtomicU64,
}

impl SyncTally {
    pub(crate) fn took(&self, time: Micros) {
        self.sum_us.fetch_add(time.0, Ordering::Relaxed);
        let class = SYNC_CLASSES_US.iter().position(|end| time.0 <= *end);
        if let Some(counter) = class.and_then(|class| self.classes.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> SyncTimes {
        SyncTimes {
            classes: self.classes.each_ref().map(|counter| counter.load(Ordering::Relaxed)),
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_the_first_class_that_holds_it() {
        let tally = SyncTally::default();
        for us in [100, 101, 250, 3_000_000] {
            tally.took(Micros(us));
        }
        let times = tally.read();
        assert_eq!(times.classes[..3], [1, 2, 0]);
        assert_eq!((times.classes.iter().sum::<u64>(), times.sum_us), (3, 3_000_451));
    }
}
