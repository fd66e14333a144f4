//! Where an account's state comes from when it is needed for the first time.
//!
//! It follows from the log and from nothing else. [`FromLog`] folds it from there, which takes the longer
//! the longer its history is; [`FromViews`] takes the last snapshot and the few commits after it.

use ledger::{Ledger, Position, ReadError, Record};
use projector::{AsOf, Views, ends_session};
use seats::{Account, AccountId, Event, SessionId, Timestamp};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Commits after which [`FromLog`] lets others work.
const TOGETHER: u64 = 1 << 14;

/// Gives accounts as they are after their last synced commit.
pub trait AccountSource: Send + 'static {
    /// One account; [`Account::new`] if nothing has happened to it.
    ///
    /// # Errors
    /// What the ledger says if it cannot be read.
    fn load(&self, account: AccountId) -> Result<Account, ReadError>;

    /// Shows every account in which somebody sits or is in line; asked once, at the start of a service. `None` is shown now
    /// and then in between, so that whoever asks can do something else meanwhile, until it breaks.
    ///
    /// # Errors
    /// What the ledger says if it cannot be read.
    fn occupied(
        &self,
        show: &mut dyn FnMut(Option<Account>) -> ControlFlow<()>,
    ) -> Result<(), ReadError>;

    /// The commit that ended a session, which was granted in the commit at `granted`; `None` if it has not
    /// ended.
    ///
    /// # Errors
    /// What the ledger says if it cannot be read.
    fn end_of(
        &self,
        account: AccountId,
        session: SessionId,
        granted: Position,
    ) -> Result<Option<Record>, ReadError>;
}

fn is_occupied(account: &Account) -> bool {
    account.sessions().len() > 0 || account.has_line()
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
    fn load(&self, account: AccountId) -> Result<Account, ReadError> {
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

    fn occupied(
        &self,
        show: &mut dyn FnMut(Option<Account>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut accounts: BTreeMap<AccountId, Account> = BTreeMap::new();
        self.0.replay(Position(0), |record| {
            let commit = &record.commit;
            let account = accounts.entry(commit.account);
            let account = account.or_insert_with(|| Account::new(commit.account));
            account.apply(commit.at, &commit.events);
            match record.position.0 % TOGETHER {
                0 => show(None),
                _ => ControlFlow::Continue(()),
            }
        })?;
        let mut occupied = accounts.into_values().filter(is_occupied);
        let _ = occupied.try_for_each(|account| show(Some(account)));
        Ok(())
    }

    fn end_of(
        &self,
        account: AccountId,
        session: SessionId,
        granted: Position,
    ) -> Result<Option<Record>, ReadError> {
        let Some(head) = self.0.account_head(account)? else { return Ok(None) };
        let since = |record: &Result<Record, ReadError>| match record {
            Ok(record) => record.position >= granted,
            Err(_) => true,
        };
        let mut back = self.0.back(head.position).take_while(since);
        let ends = |record: &Record| ends_session(record, session);
        back.find(|record| record.as_ref().map_or(true, ends)).transpose()
    }
}

/// Takes accounts up from saved snapshots: what it costs does not grow with the history. A snapshot is
/// believed only if the log holds the commit that it says it follows.
pub struct FromViews(Views);

impl FromViews {
    /// Reads through these views, whether or not they are up to date.
    pub fn new(views: Views) -> FromViews {
        FromViews(views)
    }
}

impl AccountSource for FromViews {
    fn load(&self, account: AccountId) -> Result<Account, ReadError> {
        let views = self.0.renewed();
        let state = views.as_of(account, AsOf::Now)?.account;
        let last = views.last(account)?.map(|last| views.ledger().record(last)).transpose()?;
        let version = last.flatten().map_or(0, |record| record.commit.version);
        match state.version() == version {
            true => Ok(state),
            // A snapshot that belongs to the log and still misleads was made by other rules.
            false => FromLog::new(views.ledger().clone()).load(account),
        }
    }

    fn occupied(
        &self,
        show: &mut dyn FnMut(Option<Account>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        for account in self.0.ledger().accounts() {
            let state = self.load(account)?;
            if show(Some(state).filter(is_occupied)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn end_of(
        &self,
        account: AccountId,
        session: SessionId,
        granted: Position,
    ) -> Result<Option<Record>, ReadError> {
        self.0.renewed().end_of_session(account, session, granted)
    }
}
