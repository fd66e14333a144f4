//! Reading the views: one account at any instant or position, and its commits over a range.
//!
//! ```text
//!  history of one account      s1 ............ s2 ............ s3 ..... head
//!                                        ^ asked for
//!  as of                       s1 + the commits from there on, found by walking back from s2
//! ```
//!
//! Take the last snapshot at or before what is asked for, and the few commits after it. These are found by
//! walking the account's history back from the next snapshot (or the head): so the cost depends on how far
//! snapshots are apart, never on how long the history is. Without snapshots everything still works, from
//! the account's first commit on.
//!
//! [`Views`] are pinned to the log's head at the time they are made, so that everything read through them
//! belongs to one size and one root.

use crate::commits::Commits;
use crate::evidence::Evidence;
use crate::occupancy::Occupancy;
use crate::snapshots::{Found, Snapshots};
use ledger::commit::leaf_hash;
use ledger::{Head, Ledger, Position, ReadError, Record};
use seats::{AccountId, Timestamp};

/// Until when an account's history is to be folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsOf {
    /// All of it.
    Now,
    /// Every commit that happened at that instant or before. Of several at that instant, all.
    Instant(Timestamp),
    /// Every commit that happened before that instant.
    Before(Timestamp),
    /// Every commit at that position of the log or before.
    Position(Position),
}

impl AsOf {
    fn covers(self, commit: Evidence) -> bool {
        match self {
            AsOf::Now => true,
            AsOf::Instant(at) => commit.at <= at,
            AsOf::Before(at) => commit.at < at,
            AsOf::Position(position) => commit.position <= position,
        }
    }
}

/// The views of a log as it stood at one size. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    ledger: Ledger,
    snapshots: Option<Snapshots>,
    head: Head,
}

impl Views {
    /// Views that are folded from the log each time, because nothing was saved. Slow on long histories.
    pub fn without_snapshots(ledger: &Ledger) -> Views {
        Views::new(ledger, None)
    }

    pub(crate) fn new(ledger: &Ledger, snapshots: Option<Snapshots>) -> Views {
        Views { ledger: ledger.clone(), snapshots, head: ledger.head() }
    }

    /// Views of the log as it stands now, through the same snapshots.
    pub fn renewed(&self) -> Views {
        Views::new(&self.ledger, self.snapshots.clone())
    }

    /// The size and root of the log that these views are of.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The ledger below.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The instant at which the last commit was written; the log says nothing of later. `None` if empty.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn known_until(&self) -> Result<Option<Timestamp>, ReadError> {
        let Some(last) = self.head.size.checked_sub(1) else { return Ok(None) };
        Ok(self.ledger.record(Position(last))?.map(|record| record.commit.recorded_at))
    }

    /// An account as it was; empty if it had no commit yet.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn as_of(&self, account: AccountId, until: AsOf) -> Result<Occupancy, ReadError> {
        let mut occupancy = self.base(account, until)?;
        for record in self.commits_after(&occupancy)? {
            let record = record?;
            if !until.covers(Evidence::of(&record)) {
                break;
            }
            occupancy.apply(&record);
        }
        Ok(occupancy)
    }

    /// An account's commits with `at` in `[from, to)`, oldest first, in bounded memory.
    ///
    /// # Errors
    /// When the log cannot be read; nothing follows an error.
    pub fn history(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<impl Iterator<Item = Result<Record, ReadError>> + use<>, ReadError> {
        let commits = self.commits_after(&self.base(account, AsOf::Before(from))?)?;
        let at = |record: &Result<Record, ReadError>| record.as_ref().map(|r| r.commit.at).ok();
        let begun = commits.skip_while(move |record| at(record).is_some_and(|at| at < from));
        Ok(begun.take_while(move |record| at(record).is_none_or(|at| at < to)))
    }

    /// An account's commits after a position, oldest first, in bounded memory.
    ///
    /// # Errors
    /// When the log cannot be read; nothing follows an error.
    pub fn since(
        &self,
        account: AccountId,
        position: Position,
    ) -> Result<impl Iterator<Item = Result<Record, ReadError>> + use<>, ReadError> {
        self.commits_after(&self.as_of(account, AsOf::Position(position))?)
    }

    /// The commits of an account after those in `occupancy`, oldest first.
    pub(crate) fn commits_after(&self, occupancy: &Occupancy) -> Result<Commits, ReadError> {
        let account = occupancy.account.id();
        let after = occupancy.last.map(|last| (last.position, last.version));
        match self.last(account)? {
            Some(last) => Ok(Commits::new(self, account, after, last)),
            None => Ok(Commits::none(self, account)),
        }
    }

    /// The last snapshot within `until` that can be believed; an empty account if there is none.
    pub(crate) fn base(&self, account: AccountId, until: AsOf) -> Result<Occupancy, ReadError> {
        let empty = Occupancy::empty(account);
        let (Some(snapshots), Some(last)) = (&self.snapshots, self.head.size.checked_sub(1)) else {
            return Ok(empty);
        };
        let position = match until {
            AsOf::Now => Some(Position(last)),
            AsOf::Position(position) => Some(position.min(Position(last))),
            AsOf::Instant(at) => snapshots.at(account, at),
            AsOf::Before(at) => {
                at.0.checked_sub(1).and_then(|at| snapshots.at(account, Timestamp(at)))
            }
        };
        let Some(position) = position else { return Ok(empty) };
        for found in snapshots.until(account, position) {
            // The index by time may lie; the snapshot says itself which commit it follows.
            let covered = found.occupancy.last.is_some_and(|last| until.covers(last));
            if covered && self.believed(&found)? {
                return Ok(found.occupancy);
            }
        }
        Ok(empty)
    }

    /// The account's last snapshot at or before a position that can be believed.
    pub(crate) fn snapshot_at(
        &self,
        account: AccountId,
        position: Position,
    ) -> Result<Option<Occupancy>, ReadError> {
        let Some(snapshots) = &self.snapshots else { return Ok(None) };
        for found in snapshots.until(account, position) {
            if self.believed(&found)? {
                return Ok(Some(found.occupancy));
            }
        }
        Ok(None)
    }

    /// The account's last snapshot before something became so, looked for by halving; the account as it was
    /// at `begin` if there is none after it. It was not so at `begin`, it is so at `end`, and once so it stays.
    pub(crate) fn last_before(
        &self,
        account: AccountId,
        begin: (Occupancy, Position),
        mut end: Position,
        is_so: impl Fn(&Occupancy) -> bool,
    ) -> Result<Occupancy, ReadError> {
        // No snapshot between `before` and `looked`.
        let (mut before, Position(mut looked)) = begin;
        while end.0.saturating_sub(looked) > 1 {
            let middle = looked.midpoint(end.0);
            match self.snapshot_at(account, Position(middle))? {
                Some(found) if found.last > before.last && is_so(&found) => {
                    end = found.last.map_or(end, |last| last.position);
                }
                Some(found) if found.last > before.last => (before, looked) = (found, middle),
                _ => looked = middle,
            }
        }
        Ok(before)
    }

    /// Whether the commit that a snapshot says it follows stands there.
    fn believed(&self, found: &Found) -> Result<bool, ReadError> {
        let position = found.occupancy.last.map(|last| last.position);
        let Some(position) = position.filter(|at| at.0 < self.head.size) else { return Ok(false) };
        let bytes = self.ledger.bytes(position)?;
        Ok(bytes.is_some_and(|bytes| leaf_hash(&bytes) == found.leaf))
    }

    /// The account's next snapshot after `position`, if the log holds a commit of the account there.
    pub(crate) fn next_stop(
        &self,
        account: AccountId,
        position: Option<Position>,
    ) -> Result<Option<Position>, ReadError> {
        let Some(snapshots) = &self.snapshots else { return Ok(None) };
        let next = match snapshots.after(account, position) {
            Some(next) if next.0 < self.head.size => next,
            _ => return Ok(None),
        };
        let record = self.ledger.record(next)?;
        Ok(record.is_some_and(|record| record.commit.account == account).then_some(next))
    }

    /// The last commit of an account; `None` if it has none.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn last(&self, account: AccountId) -> Result<Option<Position>, ReadError> {
        let mut last = self.ledger.account_head(account)?.map(|head| head.position);
        while let Some(position) = last.filter(|position| position.0 >= self.head.size) {
            last = self.ledger.record(position)?.and_then(|record| record.previous);
        }
        Ok(last)
    }
}
