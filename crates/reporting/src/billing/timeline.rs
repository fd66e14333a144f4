//! Licences over time: those in force, and those that are bound by a minimum term (rules 1 and 3).

use crate::civil::Zone;
use seats::Timestamp;
use std::collections::BTreeMap;

/// Licences over time, as they are known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeline {
    /// From when, and how many; by instant, each instant once.
    pub changes: Vec<(Timestamp, u32)>,
    /// How many licences the account was opened with.
    pub opened_with: u32,
    /// When the account was closed.
    pub closed: Option<Timestamp>,
}

/// A number that changes at instants; 0 before the first.
pub(super) type Steps = Vec<(Timestamp, u32)>;

/// Licences bought together.
#[derive(Clone, Copy)]
struct Lot {
    begun: Timestamp,
    ends: Timestamp,
    licences: u32,
}

impl Timeline {
    /// Licences in force at an instant.
    pub fn at(&self, at: Timestamp) -> u32 {
        if self.closed.is_some_and(|closed| closed <= at) {
            return 0;
        }
        level(&self.changes, at)
    }

    /// Licences in force, with the closing as a change to none and nothing after it.
    pub(super) fn steps(&self) -> Steps {
        let open = |at: Timestamp| self.closed.is_none_or(|closed| at < closed);
        let mut steps: Steps = self.changes.iter().copied().filter(|(at, _)| open(*at)).collect();
        steps.extend(self.closed.map(|closed| (closed, 0)));
        steps
    }

    /// Licences in force and those given back before their minimum term is over.
    pub(super) fn bound(&self, zone: Zone, min_term_months: u32) -> Steps {
        let steps = self.steps();
        if min_term_months == 0 {
            return steps;
        }
        let ends = |at| zone.months_after(at, min_term_months).unwrap_or(Timestamp::MAX);
        // By how many those kept change, at which instant.
        let mut kept_changes: BTreeMap<Timestamp, i64> = BTreeMap::new();
        let mut change = |at: Timestamp, by: i64| {
            let sum = kept_changes.entry(at).or_insert(0);
            *sum = sum.saturating_add(by);
        };
        let (mut lots, mut kept): (Vec<Lot>, Vec<Lot>) = (Vec::new(), Vec::new());
        let mut before = 0_u32;
        for (at, licences) in &steps {
            let mut more = licences.saturating_sub(before);
            kept.retain(|lot| lot.ends > *at);
            kept.sort_by_key(|lot| (lot.ends, lot.begun));
            while more > 0
                && let Some(mut lot) = kept.pop()
            {
                let taken = more.min(lot.licences);
                change(*at, -i64::from(taken));
                change(lot.ends, i64::from(taken));
                lots.push(Lot { licences: taken, ..lot });
                (more, lot.licences) =
                    (more.saturating_sub(taken), lot.licences.saturating_sub(taken));
                kept.extend((lot.licences > 0).then_some(lot));
            }
            if more > 0 {
                lots.push(Lot { begun: *at, ends: ends(*at), licences: more });
            }
            lots.sort_by_key(|lot| (lot.begun, lot.ends));
            let mut fewer = before.saturating_sub(*licences);
            for lot in &mut lots {
                let given = fewer.min(lot.licences);
                if given > 0 && lot.ends > *at {
                    change(*at, i64::from(given));
                    change(lot.ends, -i64::from(given));
                    kept.push(Lot { licences: given, ..*lot });
                }
                (fewer, lot.licences) =
                    (fewer.saturating_sub(given), lot.licences.saturating_sub(given));
            }
            lots.retain(|lot| lot.licences > 0);
            before = *licences;
        }
        let mut bound = Steps::new();
        let instants: BTreeMap<Timestamp, ()> = steps
            .iter()
            .map(|(at, _)| (*at, ()))
            .chain(kept_changes.keys().map(|at| (*at, ())))
            .collect();
        let mut kept = 0_i64;
        for at in instants.into_keys() {
            kept = kept.saturating_add(kept_changes.get(&at).copied().unwrap_or(0));
            let licences = i64::from(level(&steps, at)).saturating_add(kept);
            bound.push((at, u32::try_from(licences).unwrap_or(0)));
        }
        bound
    }
}

/// The number at an instant.
pub(super) fn level(steps: &[(Timestamp, u32)], at: Timestamp) -> u32 {
    let begun = steps.partition_point(|(from, _)| *from <= at);
    steps.iter().take(begun).next_back().map_or(0, |(_, number)| *number)
}

/// The highest number at any instant of `[from, to)`.
pub(super) fn most(steps: &[(Timestamp, u32)], from: Timestamp, to: Timestamp) -> u32 {
    let begun = steps.partition_point(|(at, _)| *at <= from);
    let within = steps.iter().skip(begun).take_while(|(at, _)| *at < to);
    within.map(|(_, number)| *number).fold(level(steps, from), u32::max)
}
