//! Usage in many ranges one after the other, in one reading of the account's commits.
//!
//! ```text
//!  cuts      c0 ....... c1 ....... c2 ....... c3
//!  usage        slot 0     slot 1     slot 2
//! ```
//! Each slot is metered by a [`Meter`] of its own, which begins with the account as the slot before left it.
//! So what a slot says is exactly what [`Views::usage`] says of the same range.

use crate::usage::{Meter, Usage};
use crate::views::{AsOf, Views};
use ledger::ReadError;
use seats::{AccountId, Liveness, Timestamp};

impl Views {
    /// Usage between each two neighbouring cuts, which are in order of time. After the account's last commit,
    /// what is due by time alone counts as having happened, if the signs of life saved beside the log are
    /// given. Denial episodes, which may reach over a cut, are not counted.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn usage_in_slots(
        &self,
        account: AccountId,
        cuts: &[Timestamp],
        liveness: Option<&Liveness>,
    ) -> Result<Vec<Usage>, ReadError> {
        let Some((first, ends)) = cuts.split_first() else { return Ok(Vec::new()) };
        let mut before = self.as_of(account, AsOf::Before(*first))?;
        let mut commits = self.commits_after(&before)?.peekable();
        let (mut from, mut slots) = (*first, Vec::with_capacity(ends.len()));
        for to in ends {
            // What no commit follows has been changed by time alone.
            let due = Timestamp(from.0.saturating_sub(1));
            let alone = liveness.filter(|_| commits.peek().is_none());
            let settled = alone.map(|liveness| before.settled(liveness, due));
            let account = settled.unwrap_or_else(|| before.account.clone());
            let mut meter = Meter::new(account, from, *to);
            let within = |commit: &Result<ledger::Record, ReadError>| {
                commit.as_ref().map_or(true, |record| record.commit.at < *to)
            };
            while let Some(record) = commits.next_if(within) {
                let record = record?;
                meter.apply(&record);
                before.apply(&record);
            }
            if let Some(liveness) = liveness.filter(|_| commits.peek().is_none()) {
                meter.settle(liveness);
            }
            slots.push(meter.finish());
            from = *to;
        }
        Ok(slots)
    }
}
