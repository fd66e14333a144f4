//! Licences bought, at every instant: past, present and already announced.

use crate::time::Timestamp;
use bincode::{Decode, Encode};

/// Licences in force.
///
/// At an instant, the change with the latest effective instant not after it counts; of two with the same
/// effective instant, the one recorded later.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Licences {
    /// From when, and how many; by effective instant, each once.
    changes: Vec<(Timestamp, u32)>,
}

impl Licences {
    /// How many licences are in force at `at`, as known now; 0 before the first.
    pub fn at(&self, at: Timestamp) -> u32 {
        let begun = self.changes.partition_point(|(from, _)| *from <= at);
        self.changes.iter().take(begun).next_back().map_or(0, |(_, licences)| *licences)
    }

    /// Every change as known now: from when, and how many; by effective instant.
    pub fn changes(&self) -> &[(Timestamp, u32)] {
        &self.changes
    }

    /// Takes up a change. One that counts from the past alters no answer given, but what is known of then.
    pub fn change(&mut self, effective: Timestamp, to: u32) {
        let place = self.changes.partition_point(|(from, _)| *from < effective);
        match self.changes.get_mut(place) {
            Some(same) if same.0 == effective => same.1 = to,
            _ => self.changes.insert(place, (effective, to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes as (from, to) in the order recorded, then what is in force at 0, 10, 20, 30.
    fn check(changes: &[(u64, u32)], expected: [u32; 4]) {
        let mut licences = Licences::default();
        changes.iter().for_each(|(from, to)| licences.change(Timestamp(*from), *to));
        let at = [0, 10, 20, 30].map(|at| licences.at(Timestamp(at)));
        assert_eq!(at, expected, "{changes:?}");
    }

    #[test]
    fn the_latest_effective_change_counts() {
        check(&[], [0, 0, 0, 0]);
        check(&[(10, 3)], [0, 3, 3, 3]);
        check(&[(10, 3), (20, 5)], [0, 3, 5, 5]);
        // Announced, then changed now: the announced one still counts when its time comes.
        check(&[(0, 1), (20, 5), (10, 2)], [1, 2, 5, 5]);
        // Dated back between two others.
        check(&[(0, 1), (30, 4), (10, 2)], [1, 2, 2, 4]);
        // For the same instant, the one recorded later.
        check(&[(0, 1), (10, 2), (10, 7)], [1, 7, 7, 7]);
        check(&[(0, 1), (20, 2), (0, 9)], [9, 9, 2, 2]);
    }

    #[test]
    fn each_instant_is_kept_once() {
        let mut licences = Licences::default();
        for to in [1, 2, 3] {
            licences.change(Timestamp(5), to);
            licences.change(Timestamp(1), to);
        }
        assert_eq!(licences.changes(), [(Timestamp(1), 3), (Timestamp(5), 3)]);
    }
}
