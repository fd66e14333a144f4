//! Many accounts as they are at the head, in one reading of the log.
//!
//! One account is taken up from its last snapshot and the commits after it, each of which stands in a block of
//! its own where many accounts are at work. Whoever asks for all accounts would read most blocks once for each:
//! so they are folded together, from the oldest of their snapshots on, on every core.

use crate::occupancy::Occupancy;
use crate::views::{AsOf, Views};
use ledger::{Position, ReadError};
use seats::AccountId;
use std::collections::{BTreeMap, HashMap};

/// An account at the head.
pub(crate) struct AtHead {
    pub(crate) occupancy: Occupancy,
    /// Commits since its last snapshot, or since it came into being.
    pub(crate) behind: u64,
}

impl Views {
    /// These accounts as they are at the head of these views. All of them are in memory.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn at_head(&self, accounts: &[AccountId]) -> Result<Vec<AtHead>, ReadError> {
        let mut bases: HashMap<AccountId, Occupancy> = HashMap::with_capacity(accounts.len());
        let mut from: Option<Position> = None;
        for account in accounts {
            let base = self.base(*account, AsOf::Now)?;
            let last = base.last.map(|last| last.position);
            if self.last(*account)? != last {
                let next = last.map_or(Position(0), |last| Position(last.0.saturating_add(1)));
                from = Some(from.map_or(next, |from| from.min(next)));
            }
            bases.insert(*account, base);
        }
        let versions: HashMap<AccountId, u64> =
            bases.iter().map(|(account, base)| (*account, version(base))).collect();
        let mut folded = BTreeMap::new();
        if let Some(from) = from {
            let size = self.head().size;
            folded = self.ledger().fold_some_accounts(
                from,
                |account| bases.get(&account).cloned(),
                |occupancy, record| {
                    let known = occupancy.last.is_some_and(|last| last.position >= record.position);
                    if !known && record.position.0 < size {
                        occupancy.apply(record);
                    }
                },
            )?;
        }
        for (account, base) in bases {
            folded.entry(account).or_insert(base);
        }
        let of = |(account, occupancy): (AccountId, Occupancy)| {
            let saved = versions.get(&account).copied().unwrap_or_default();
            AtHead { behind: version(&occupancy).saturating_sub(saved), occupancy }
        };
        Ok(folded.into_iter().map(of).collect())
    }
}

fn version(occupancy: &Occupancy) -> u64 {
    occupancy.last.map_or(0, |last| last.version)
}
