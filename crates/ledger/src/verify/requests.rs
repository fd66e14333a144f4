//! No request was made twice, and the index of requests is that of the log.
//!
//! The index holds a key for each request, in order. Two collections are the same if their fingerprints are;
//! keys that stand in the index twice are looked up in the log.

use super::{Bad, Verifier};
use crate::ledger::Ledger;
use crate::position::Position;
use seats::Event;

impl Verifier<'_> {
    /// Holds the index of requests against the log, and looks for requests made twice.
    pub(super) fn check_requests(&self, ledger: &Ledger) -> Result<(), Bad> {
        let mut indexed = Fingerprint::default();
        let mut last: Option<(u64, Position)> = None;
        for row in ledger.0.index.requests(Position(self.size)) {
            let (key, position) = row.map_err(|error| self.bad_here(error.to_string()))?;
            indexed.add(key, position);
            if let Some((_, earlier)) = last.filter(|(other, _)| *other == key) {
                check_differ(ledger, earlier, position)?;
            }
            last = Some((key, position));
        }
        if indexed == self.requests {
            return Ok(());
        }
        let what = "the index of requests is not that of this log; delete the directory index, it is built again";
        Err(self.bad_here(what.to_owned()))
    }
}

/// Two commits that ask with the same key must not ask with the same request.
fn check_differ(ledger: &Ledger, earlier: Position, later: Position) -> Result<(), Bad> {
    let asked = |position| -> Result<Vec<_>, Bad> {
        let record = ledger.record(position).map_err(|error| Bad {
            position,
            account: None,
            what: error.to_string(),
        })?;
        let commit = record.map(|record| record.commit);
        let requests =
            commit.iter().flat_map(|commit| &commit.events).filter_map(|event| match event {
                Event::LoginRequested { request, .. } => Some(*request),
                _ => None,
            });
        let account = commit.as_ref().map(|commit| commit.account);
        Ok(requests.map(|request| (account, request)).collect())
    };
    let (before, after) = (asked(earlier)?, asked(later)?);
    let twice = if earlier == later {
        after
            .iter()
            .enumerate()
            .find(|(index, request)| after.iter().skip(index + 1).any(|other| other == *request))
            .map(|(_, request)| request)
    } else {
        after.iter().find(|request| before.contains(request))
    };
    match twice {
        Some((account, request)) => {
            let what = format!("request {request} was made before, at position {earlier}");
            Err(Bad { position: later, account: *account, what })
        }
        None => Ok(()),
    }
}

/// Tells two collections apart without their order.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fingerprint {
    count: u64,
    sum: u128,
}

impl Fingerprint {
    pub(super) fn add(&mut self, key: u64, position: Position) {
        // A mixing in which every bit counts; it guards against faults, not against anybody.
        let mut mixed = (u128::from(key) << 64 | u128::from(position.0))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        mixed ^= mixed >> 61;
        mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9_94D0_49BB_1331_11EB);
        self.count += 1;
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 67));
    }
}
