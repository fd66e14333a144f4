//! Where an account's state comes from when it is needed for the first time.
//!
//! It follows from the log and from nothing else. [`FromLog`] folds it from there, which takes the longer
//! the longer its history is; a program that keeps snapshots implements [`AccountSource`] with them.

use ledger::{Ledger, Position, ReadError};
use seats::{Account, AccountId, Event, Timestamp};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Gives accounts as they are after their last synced commit.
pub trait AccountSource: Send + 'static {
    /// One account; [`Account::new`] if nothing has happened to it.
    ///
    /// # Errors
    /// What the ledger says if it cannot be read.
    fn load(&mut self, account: AccountId) -> Result<Account, ReadError>;

    /// Every account in which somebody sits; asked once, at the start of a service.
    ///
    /// # Errors
    /// What the ledger says if it cannot be read.
    fn occupied(&mut self) -> Result<Vec<Account>, ReadError>;
}

/// Folds accounts from the log.
pub struct FromLog(Ledger);

impl FromLog {
    /// Reads from this ledger.
    pub fn new(ledger: Ledger) -> FromLog {
        FromLog(ledger)
    }
}

impl AccountSource for FromLog {
    fn load(&mut self, account: AccountId) -> Result<Account, ReadError> {
        let mut folded = Account::new(account);
        let Some(head) = self.0.account_head(account)? else { return Ok(folded) };
        // The history is walked newest first and applied oldest first.
        let commits = self.0.back(head.position).map(|record| {
            let commit = record?.commit;
            Ok((commit.at, commit.events))
        });
        let commits: Vec<(Timestamp, Vec<Event>)> = commits.collect::<Result<_, ReadError>>()?;
        for (at, events) in commits.iter().rev() {
            folded.apply(*at, events);
        }
        Ok(folded)
    }

    fn occupied(&mut self) -> Result<Vec<Account>, ReadError> {
        let mut accounts: BTreeMap<AccountId, Account> = BTreeMap::new();
        self.0.replay(Position(0), |record| {
            let commit = &record.commit;
            let account = accounts.entry(commit.account);
            let account = account.or_insert_with(|| Account::new(commit.account));
            account.apply(commit.at, &commit.events);
            ControlFlow::Continue(())
        })?;
        Ok(accounts.into_values().filter(|account| account.sessions().len() > 0).collect())
    }
}
