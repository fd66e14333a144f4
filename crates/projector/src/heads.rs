//! Many accounts as they are at the head, in one reading of the log.
//!
//! One account is taken up from its last snapshot and the commits after it, each of which stands in a block of
//! its own where many accounts are at work. Whoever asks for all accounts would read most blocks once for each:
//! so they are folded together, from the oldest of their snapshots on, on every core.

use crate::occupancy::Occupancy;
use crate::views::{AsOf, Views};
use ledger::{Position, ReadError};
use seats::AccountId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

impl Views {
    /// Those of these accounts that are more than `behind` commits after their last snapshot, as they are at the
    /// head of these views. All of them are in memory.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn behind(
        &self,
        accounts: &[AccountId],
        behind: u64,
    ) -> Result<Vec<Occupancy>, ReadError> {
        let mut bases: HashMap<AccountId, Occupancy> = HashMap::new();
        let mut from: Option<Position> = None;
        for account in accounts {
            let base = self.base(*account, AsOf::Now)?;
            let head = self.ledger().account_head(*account)?.map_or(0, |head| head.version);
            // Few commits are found fast enough, and the log need not be read from the first of them on.
            if head.saturating_sub(base.last.map_or(0, |last| last.version)) > behind {
                let next = base.last.map_or(0, |last| last.position.0.saturating_add(1));
                from = Some(from.map_or(Position(next), |from| from.min(Position(next))));
                bases.insert(*account, base);
            }
        }
        let Some(from) = from else { return Ok(Vec::new()) };
        let (bases, size) = (Mutex::new(bases), self.head().size);
        let folded = self.ledger().fold_some_accounts(
            from,
            |account| bases.lock().unwrap_or_else(PoisonError::into_inner).remove(&account),
            |occupancy, record| {
                let known = occupancy.last.is_some_and(|last| last.position >= record.position);
                if !known && record.position.0 < size {
                    occupancy.apply(record);
                }
            },
        )?;
        Ok(folded.into_values().collect())
    }
}
