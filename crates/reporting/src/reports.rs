//! What every report is made from, and why one is not made.

use crate::civil::{CivilError, Zone};
use crate::names::{Names, find_account};
use crate::provenance::Provenance;
use ledger::{BookError, ReadError};
use projector::{AsOf, Occupancy, Views};
use seats::{AccountId, Digest, Standing, Timestamp, UserId};

/// Makes reports from one state of the log.
#[derive(Clone, Copy)]
pub struct Reports<'a> {
    pub(crate) views: &'a Views,
    pub(crate) origin: &'a str,
    /// Users and devices appear by number.
    pub(crate) nameless: bool,
}

/// Why a report is not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No account has that name. Whoever asked writes it otherwise.
    #[error("there is no account {name:?}{}", suggestion(.nearest))]
    UnknownAccount {
        /// What was written.
        name: String,
        /// Names spelled much like it.
        nearest: Vec<String>,
    },
    /// No user of the account has that name. Whoever asked writes it otherwise.
    #[error("{account} has no user {name:?}{}", suggestion(.nearest))]
    UnknownUser {
        /// What was written.
        name: String,
        /// The account's name.
        account: String,
        /// Names spelled much like it.
        nearest: Vec<String>,
    },
    /// The account is hidden until its import is whole. Run the import again.
    #[error("{account} is being imported; run the same import again to complete it")]
    Importing {
        /// The account's name.
        account: String,
    },
    /// The change that is asked about makes no sense. Whoever asked says it otherwise.
    #[error("change: {why}")]
    BadChange {
        /// What is wrong with it.
        why: String,
    },
    /// The range ends before it begins. Whoever asked swaps the two.
    #[error("the range ends ({to}) before it begins ({from})")]
    Backwards {
        /// Its beginning, in the account's zone.
        from: String,
        /// Its end, in the account's zone.
        to: String,
    },
    /// The month has not begun, as far as is known. Whoever asked waits.
    #[error("{month} has not begun as of {known_until}")]
    FutureMonth {
        /// The month asked for.
        month: String,
        /// Up to when things are known, in the account's zone.
        known_until: String,
    },
    /// The day has not begun, as far as is known. Whoever asked waits.
    #[error("{day} has not begun as of {now}")]
    FutureDay {
        /// The day asked for.
        day: String,
        /// What *now* means, in the account's zone.
        now: String,
    },
    /// The range has more days than one report holds. Whoever asked chooses a shorter one.
    #[error("the range has {days} days; a report holds {max}")]
    TooManyDays {
        /// How many days were asked for.
        days: i64,
        /// How many there may be.
        max: i64,
    },
    /// The range has more months than one report holds. Whoever asked chooses a shorter one.
    #[error("the range has {months} months; a report holds {max}")]
    TooManyMonths {
        /// How many months were asked for.
        months: u64,
        /// How many there may be.
        max: u64,
    },
    /// The account did not exist yet. Whoever asked chooses a later month.
    #[error("{account} had no licences before {first}; there is nothing to state for {month}")]
    BeforeAccount {
        /// The account's name.
        account: String,
        /// The month asked for.
        month: String,
        /// The day of its first licences.
        first: String,
    },
    /// The statement that the log names is not in the directory. Restore the directory from a backup.
    #[error(
        "the statement of {month}, which was closed, is not in the directory ({digest}); restore the \
         directory book/ from a backup"
    )]
    MissingStatement {
        /// The month.
        month: String,
        /// BLAKE3 of the statement.
        digest: Digest,
    },
    /// An amount is beyond 64 bits of minor units. Finance looks at plan and licences.
    #[error(
        "an amount of {month} is beyond what can be counted; look at the plan's fees and the licences"
    )]
    TooMuch {
        /// The month asked for.
        month: String,
    },
    /// The statement has no such line. Whoever asked chooses another.
    #[error("the statement of {month} has no line {line}; it has {lines}")]
    NoLine {
        /// The month asked for.
        month: String,
        /// The line asked for.
        line: usize,
        /// How many there are.
        lines: usize,
    },
    /// A statement cannot be derived. The reason says who mends it.
    #[error("the statement of {month} cannot be derived: {why}")]
    NoFacts {
        /// The month asked for.
        month: String,
        /// Why not.
        why: String,
    },
    /// The log is not that long. Whoever asked names a lower position.
    #[error("there is no commit at position {position}; the log has {size}")]
    NoCommit {
        /// The position asked for.
        position: u64,
        /// How many commits there are.
        size: u64,
    },
    /// A commit of the service itself has no part in any account's statements and sessions.
    #[error("the commit at position {0} is of the service itself, and of no account")]
    OfTheService(u64),
    /// The zone in the log is not known to this program's zone rules. Use a newer program.
    #[error(transparent)]
    Civil(#[from] CivilError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The directory cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
}

fn suggestion(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        some => format!("; did you mean {}?", some.join(" or ")),
    }
}

impl<'a> Reports<'a> {
    /// Reports from these views. `origin` names the ledger in every provenance.
    pub fn new(views: &'a Views, origin: &'a str) -> Reports<'a> {
        Reports { views, origin, nameless: false }
    }

    /// The same reports with numbers for users and devices, and without what somebody wrote: to make them is
    /// no look at names.
    pub fn without_names(self) -> Reports<'a> {
        Reports { nameless: true, ..self }
    }

    /// The state of the log that the reports are made from.
    pub fn views(&self) -> &'a Views {
        self.views
    }

    /// The account of that name or number.
    ///
    /// # Errors
    /// [`ReportError::UnknownAccount`], with names spelled much like it.
    pub fn account(&self, name: &str) -> Result<AccountId, ReportError> {
        let unknown = |nearest| ReportError::UnknownAccount { name: name.to_owned(), nearest };
        let account = find_account(self.views.ledger().book(), name).map_err(unknown)?;
        match self.views.last(account)? {
            Some(_) => Ok(account),
            None => Err(unknown(Vec::new())),
        }
    }

    /// The account's user of that name or number.
    ///
    /// # Errors
    /// [`ReportError::UnknownUser`], with names spelled much like it.
    pub fn user(&self, account: AccountId, name: &str) -> Result<UserId, ReportError> {
        let names = self.names(account);
        let unknown = |nearest| {
            let (name, account) = (name.to_owned(), names.account());
            ReportError::UnknownUser { name, account, nearest }
        };
        let user = names.find_user(name).map_err(unknown)?;
        let seen = self.views.as_of(account, AsOf::Now)?.account.user(user).is_some();
        if seen { Ok(user) } else { Err(unknown(Vec::new())) }
    }

    /// The account's zone, in which local times are read.
    ///
    /// # Errors
    /// When the account does not exist, or the log cannot be read.
    pub fn zone(&self, account: AccountId) -> Result<Zone, ReportError> {
        Ok(self.whole(account)?.1)
    }

    /// The instant at which the last commit was recorded; the beginning of time in an empty log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn known_until(&self) -> Result<Timestamp, ReportError> {
        Ok(self.views.known_until()?.unwrap_or_default())
    }

    /// The instant of the account's last commit.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn last_at(&self, account: AccountId) -> Result<Timestamp, ReportError> {
        Ok(self.views.as_of(account, AsOf::Now)?.account.last_at())
    }

    pub(crate) fn names(&self, account: AccountId) -> Names<'a> {
        let names = Names::new(self.views.ledger().book(), account);
        if self.nameless { names.hidden() } else { names }
    }

    /// The account now, and its zone. Refuses one that does not exist or is hidden.
    pub(crate) fn whole(&self, account: AccountId) -> Result<(Occupancy, Zone), ReportError> {
        let now = self.views.as_of(account, AsOf::Now)?;
        if now.account.standing() == Standing::Unopened {
            let name = account.to_string();
            return Err(ReportError::UnknownAccount { name, nearest: Vec::new() });
        }
        if now.account.is_importing() {
            return Err(ReportError::Importing { account: self.names(account).account() });
        }
        let zone = Zone::parse(now.account.zone())?;
        Ok((now, zone))
    }

    /// The range asked for; by default the account's whole history.
    pub(crate) fn range(
        &self,
        now: &Occupancy,
        zone: Zone,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<(Timestamp, Timestamp), ReportError> {
        let opened = now.notes.opened().map_or(Timestamp::ZERO, |opened| opened.at);
        // Half open, so that the last commit is in it.
        let after = Timestamp(now.account.last_at().0.saturating_add(1));
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, after.max(from)),
            (None, Some(to)) => (opened.min(to), to),
            (None, None) => (opened, after),
        };
        if to < from {
            let (from, to) = (zone.show(from), zone.show(to));
            return Err(ReportError::Backwards { from, to });
        }
        Ok((from, to))
    }

    pub(crate) fn provenance(
        &self,
        report: &'static str,
        account: AccountId,
        zone: Zone,
    ) -> Provenance {
        Provenance::new(report, self.origin, self.views.head(), account, zone)
    }
}
