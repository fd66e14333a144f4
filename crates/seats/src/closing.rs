//! What a closed month came to, and what it was derived from: the facts of [`PeriodClosed`](crate::Event::PeriodClosed).
//!
//! The rules know nothing of money. They see to it that an account's months are closed in order and each once;
//! what a month comes to is derived elsewhere (`docs/billing.md`), and can be derived again by anybody.

use crate::account::Account;
use crate::event::Event;
use crate::ids::Digest;
use crate::rejection::Rejection;
use crate::time::Timestamp;
use bincode::{Decode, Encode};

/// A closed month of an account.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Closing {
    /// The year.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// Its first instant in the account's zone.
    pub from: Timestamp,
    /// The first instant of the next month.
    pub to: Timestamp,
    /// The version of the account's history up to which facts were taken.
    pub as_of: u64,
    /// The instant up to which things were known; the month was over then.
    pub until: Timestamp,
    /// BLAKE3 of the statement, which stands beside the log.
    pub statement: Digest,
    /// BLAKE3 of the price plan it was billed by.
    pub plan: Digest,
    /// Three letters of ISO 4217.
    pub currency: [u8; 3],
    /// The sum of its lines, in minor units.
    pub net: i64,
    /// With value added tax.
    pub gross: i64,
    /// What is to be paid, credit from earlier months taken off; 0 or more.
    pub due: i64,
    /// Credit that is carried to the next month; 0 or less.
    pub carried: i64,
    /// Length of the log before it was closed, in commits.
    pub size: u64,
    /// Merkle root of the log then.
    pub root: Digest,
    /// Version of the zone rules.
    pub tzdb: String,
    /// The program that closed it, with its version.
    pub product: String,
}

impl Closing {
    /// The currency's letters; `???` if they are none.
    pub fn currency(&self) -> &str {
        let letters = std::str::from_utf8(&self.currency).ok();
        letters.filter(|code| code.bytes().all(|b| b.is_ascii_uppercase())).unwrap_or("???")
    }

    /// The month as `2026-05`.
    pub fn period(&self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// Months are closed when they are over, in order and each once.
    pub(crate) fn close(&self, account: &Account, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        let month = self.period();
        let before = account.closed_until();
        if before.is_some_and(|until| self.to <= until) {
            return Err(Rejection::PeriodClosed { month });
        }
        if before.is_some_and(|until| self.from != until) {
            return Err(Rejection::PeriodOutOfOrder { month });
        }
        let known = account.closed.map_or(0, |(_, version)| version)..=account.version();
        if self.until < self.to || at < self.until || !known.contains(&self.as_of) {
            return Err(Rejection::PeriodNotOver { month });
        }
        Ok(vec![Event::PeriodClosed(Box::new(self.clone()))])
    }
}
