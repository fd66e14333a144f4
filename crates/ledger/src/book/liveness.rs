//! Liveness: when each session was last heard of, saved now and then so that a restart expires nobody.
//!
//! The rows are opaque here. The mark tells the instant up to which they are true, and so until when the
//! service is known to have listened.

use super::pages::Table;
use super::{Book, BookError, number};
use seats::{AccountId, Timestamp};

/// Longer rows are kept in parts.
const PART_BYTES: usize = 16 * 1024;

const ALIVE: &[u8] = b"alive";

impl Book {
    /// Saves the rows of the accounts given, an empty one removing the account's, and the instant up to
    /// which all rows are true. Not durable before [`Book::sync`].
    pub fn save_liveness<'a>(
        &self,
        mark: Timestamp,
        rows: impl IntoIterator<Item = (AccountId, &'a [u8])>,
    ) -> Result<(), BookError> {
        for (account, row) in rows {
            let account = account.0.to_be_bytes();
            let parts = row.chunks(PART_BYTES);
            let kept = parts.len();
            for (part, bytes) in parts.enumerate() {
                self.pages.set(Table::Liveness, &part_key(&account, part)?, Some(bytes))?;
            }
            for (key, _) in self.pages.rows(Table::Liveness, &account)?.into_iter().skip(kept) {
                self.pages.set(Table::Liveness, &key, None)?;
            }
        }
        self.pages.set(Table::Marks, ALIVE, Some(&mark.0.to_be_bytes()))
    }

    /// The instant up to which the saved rows are true; `None` if nothing was ever saved.
    pub fn liveness_mark(&self) -> Result<Option<Timestamp>, BookError> {
        let mark = self.pages.get(Table::Marks, ALIVE)?;
        mark.map(|mark| number(&mark).map(Timestamp)).transpose()
    }

    /// The saved row of an account; empty if there is none.
    pub fn liveness(&self, account: AccountId) -> Result<Vec<u8>, BookError> {
        let parts = self.pages.rows(Table::Liveness, &account.0.to_be_bytes())?;
        Ok(parts.into_iter().flat_map(|(_, part)| part).collect())
    }

    /// Accounts that have a saved row, with it, in order.
    pub fn all_liveness(&self) -> Result<Vec<(AccountId, Vec<u8>)>, BookError> {
        let mut rows: Vec<(AccountId, Vec<u8>)> = Vec::new();
        for (key, mut part) in self.pages.rows(Table::Liveness, &[])? {
            let account = AccountId(number(&key)?);
            match rows.last_mut() {
                Some((last, row)) if *last == account => row.append(&mut part),
                _ => rows.push((account, part)),
            }
        }
        Ok(rows)
    }
}

fn part_key(account: &[u8; 8], part: usize) -> Result<Vec<u8>, BookError> {
    let part = u16::try_from(part).map_err(|_| BookError::TooLong {
        what: "a liveness row",
        bytes: part.saturating_mul(PART_BYTES),
    })?;
    let mut key = account.to_vec();
    key.extend_from_slice(&part.to_be_bytes());
    Ok(key)
}
