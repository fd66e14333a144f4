//! Commercial reports: what a range of months came to, over all accounts or one.
//!
//! ```text
//!  accounts, one at a time --+--> movement      licences: opening + additions - reductions = closing
//!  months, each account's ---+--> changes       what was recorded that bears on money, by whom and why
//!  own civil months          +--> revenue       what statements say, by month and plan
//!                            +--> at-capacity   who was refused because all seats were taken
//!                            +--> never-used    licences that were paid for and never used
//! ```
//!
//! A month is each account's own. One that has not begun in an account's zone has nothing to say of it; one
//! that is not over is told as far as things are known. `docs/reports.md` says what each figure means.

mod amounts;
mod at_capacity;
mod changes;
mod in_use;
mod movement;
mod never_used;
mod revenue;
mod sheet;

pub use amounts::{Amount, CurrencyTotal};
pub use at_capacity::{AtCapacity, AtCapacityRow};
pub use changes::{ChangeRecord, Changes};
pub use movement::{Movement, MovementRow};
pub use never_used::{NeverUsed, NeverUsedRow};
pub use revenue::{Revenue, RevenueRow, RevenueTotal};
pub use sheet::{Cell, Column, Sheet};

use crate::calendar::Calendar;
use crate::civil::{Month, Zone};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::Report;
use projector::{AsOf, Occupancy};
use seats::{AccountId, Liveness, Micros, Standing, Timestamp};
use serde::Serialize;

/// The most months that one report is of: ten years.
pub const MONTHS_MAX: u64 = 120;

/// Months on end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Months {
    first: Month,
    last: Month,
}

/// Of which accounts a report is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accounts {
    /// Of one; that it is hidden is an error.
    One(AccountId),
    /// Of some, such as those that somebody may see.
    Some(Vec<AccountId>),
    /// Of all that there are.
    All,
}

/// What a commercial report is asked of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Which accounts.
    pub accounts: Accounts,
    /// Which months, each in the account's zone.
    pub months: Months,
    /// The instant up to which things are known.
    pub now: Timestamp,
}

/// Which commercial report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Licences: opening + additions - reductions = closing.
    Movement,
    /// What was recorded that bears on money.
    Changes,
    /// What statements say, by month and plan.
    Revenue,
    /// Who was refused because all seats were taken.
    AtCapacity,
    /// Licences that were paid for and never used.
    NeverUsed,
}

/// A commercial report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Commercial {
    /// [`Kind::Movement`].
    Movement(Movement),
    /// [`Kind::Changes`].
    Changes(Changes),
    /// [`Kind::Revenue`].
    Revenue(Revenue),
    /// [`Kind::AtCapacity`].
    AtCapacity(AtCapacity),
    /// [`Kind::NeverUsed`].
    NeverUsed(NeverUsed),
}

/// One account of the scope.
pub(crate) struct OneAccount {
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) occupancy: Occupancy,
    pub(crate) zone: Zone,
    /// The first instant of the months, and the first after them, in its zone.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// What *now* means: not before the account's last commit.
    pub(crate) now: Timestamp,
}

impl Months {
    /// From one month to another, both included.
    ///
    /// # Errors
    /// When the last is before the first, or they are more than [`MONTHS_MAX`].
    pub fn new(first: Month, last: Month) -> Result<Months, ReportError> {
        if last < first {
            return Err(ReportError::Backwards { from: first.in_words(), to: last.in_words() });
        }
        let months = Months { first, last };
        let count = months.each().take(1_200).fold(0_u64, |count, _| count.saturating_add(1));
        match count {
            0..=MONTHS_MAX => Ok(months),
            months => Err(ReportError::TooManyMonths { months, max: MONTHS_MAX }),
        }
    }

    /// One month.
    pub fn one(month: Month) -> Months {
        Months { first: month, last: month }
    }

    /// The first of them.
    pub fn first(self) -> Month {
        self.first
    }

    /// The last of them.
    pub fn last(self) -> Month {
        self.last
    }

    /// Each of them, in order.
    pub fn each(self) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self.first), |month| Month::of(month.next_first_day()))
            .take_while(move |month| *month <= self.last)
    }

    /// As in `from March 2026 to May 2026`, or `in May 2026`.
    pub fn in_words(self) -> String {
        match self.first == self.last {
            true => format!("in {}", self.first.in_words()),
            false => format!("from {} to {}", self.first.in_words(), self.last.in_words()),
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] =
        [Kind::Movement, Kind::Changes, Kind::Revenue, Kind::AtCapacity, Kind::NeverUsed];

    /// As it is asked for.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Movement => "movement",
            Kind::Changes => "changes",
            Kind::Revenue => "revenue",
            Kind::AtCapacity => "at-capacity",
            Kind::NeverUsed => "never-used",
        }
    }

    /// The one that is asked for so.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Movement => "Licence movement",
            Kind::Changes => "Commercial changes",
            Kind::Revenue => "Revenue by plan",
            Kind::AtCapacity => "Accounts at capacity",
            Kind::NeverUsed => "Licences never used",
        }
    }
}

impl Reports<'_> {
    /// A commercial report. `liveness` gives an account's signs of life saved beside the log, if there are any.
    ///
    /// # Errors
    /// When the last month has begun nowhere yet, the one account asked for is hidden or missing, an amount is
    /// beyond 64 bits, or the log cannot be read.
    pub fn commercial(
        &self,
        kind: Kind,
        scope: &Scope,
        liveness: impl Fn(AccountId) -> Option<Liveness>,
    ) -> Result<Commercial, ReportError> {
        Ok(match kind {
            Kind::Movement => Commercial::Movement(self.movement(scope)?),
            Kind::Changes => Commercial::Changes(self.changes(scope)?),
            Kind::Revenue => Commercial::Revenue(self.revenue(scope)?),
            Kind::AtCapacity => Commercial::AtCapacity(self.at_capacity(scope, liveness)?),
            Kind::NeverUsed => Commercial::NeverUsed(self.never_used(scope)?),
        })
    }

    /// Calls `each` for every account of the scope that is not hidden and in whose zone the months have begun.
    pub(crate) fn each_account(
        &self,
        scope: &Scope,
        mut each: impl FnMut(OneAccount) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let Months { first, last } = scope.months;
        // Nowhere is a day begun more than 14 hours before it begins in UTC.
        let furthest = Timestamp(scope.now.0.saturating_add(Micros::from_secs(14 * 3600).0));
        if Month::of(Zone::UTC.date_of(furthest)).is_some_and(|begun| begun < last) {
            let (month, known_until) = (last.in_words(), Zone::UTC.show(scope.now));
            return Err(ReportError::FutureMonth { month, known_until });
        }
        let accounts = match &scope.accounts {
            Accounts::One(account) => {
                self.whole(*account)?;
                vec![*account]
            }
            Accounts::Some(accounts) => accounts.clone(),
            Accounts::All => self.views.ledger().accounts(),
        };
        for account in accounts.into_iter().filter(|account| *account != AccountId::SYSTEM) {
            let occupancy = self.views.as_of(account, AsOf::Now)?;
            let state = &occupancy.account;
            if state.standing() == Standing::Unopened || state.is_importing() {
                continue;
            }
            let (zone, now) = (Zone::parse(state.zone())?, scope.now.max(state.last_at()));
            let too_much = |month: Month| ReportError::TooMuch { month: month.in_words() };
            let from = Calendar::of(first, zone).ok_or_else(|| too_much(first))?.from;
            let to = Calendar::of(last, zone).ok_or_else(|| too_much(last))?.to;
            if from <= now {
                let name = self.names(account).account();
                each(OneAccount { account, name, occupancy, zone, from, to, now })?;
            }
        }
        Ok(())
    }

    /// The provenance of a commercial report.
    pub(crate) fn commercial_provenance(
        &self,
        kind: Kind,
        scope: &Scope,
    ) -> Result<Provenance, ReportError> {
        let (account, zone) = match scope.accounts {
            Accounts::One(account) => (account, self.zone(account)?),
            Accounts::Some(_) | Accounts::All => (AccountId::SYSTEM, Zone::UTC),
        };
        let mut provenance = self
            .provenance(kind.word(), account, zone)
            .parameter("from", scope.months.first)
            .parameter("to", scope.months.last)
            .parameter("known_until", crate::civil::show_utc(scope.now));
        match &scope.accounts {
            Accounts::One(_) => return Ok(provenance),
            Accounts::Some(accounts) => provenance.account = format!("{} accounts", accounts.len()),
            Accounts::All => provenance.account = "all accounts".to_owned(),
        }
        provenance.time_zone = "each account's own zone";
        Ok(provenance)
    }
}

impl Commercial {
    /// The same without the reasons that staff gave, for whom these were not written.
    pub fn without_reasons(mut self) -> Commercial {
        if let Commercial::Changes(report) = &mut self {
            report.rows.iter_mut().for_each(|row| row.reason = None);
        }
        self
    }

    /// Its rows and totals, as they are drawn, printed and written into a file.
    pub fn sheet(&self) -> Sheet {
        match self {
            Commercial::Movement(report) => report.sheet(),
            Commercial::Changes(report) => report.sheet(),
            Commercial::Revenue(report) => report.sheet(),
            Commercial::AtCapacity(report) => report.sheet(),
            Commercial::NeverUsed(report) => report.sheet(),
        }
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Commercial::Movement(report) => &report.provenance,
            Commercial::Changes(report) => &report.provenance,
            Commercial::Revenue(report) => &report.provenance,
            Commercial::AtCapacity(report) => &report.provenance,
            Commercial::NeverUsed(report) => &report.provenance,
        }
    }

    /// What must be said beside the figures.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Commercial::Movement(report) => report.notes(),
            Commercial::Changes(_) => vec![changes::NOTE.to_owned()],
            Commercial::Revenue(report) => report.notes(),
            Commercial::AtCapacity(_) => vec![at_capacity::NOTE.to_owned()],
            Commercial::NeverUsed(_) => vec![never_used::NOTE.to_owned()],
        }
    }

    /// Whether it holds together; only a licence movement can fail to, and only if the log or this program is
    /// wrong.
    pub fn balances(&self) -> bool {
        match self {
            Commercial::Movement(report) => report.balances,
            _ => true,
        }
    }

    /// What it is called, with its months.
    pub fn heading(&self) -> String {
        let (kind, months) = match self {
            Commercial::Movement(report) => (Kind::Movement, report.months),
            Commercial::Changes(report) => (Kind::Changes, report.months),
            Commercial::Revenue(report) => (Kind::Revenue, report.months),
            Commercial::AtCapacity(report) => (Kind::AtCapacity, report.months),
            Commercial::NeverUsed(report) => (Kind::NeverUsed, report.months),
        };
        format!("{} {}", kind.title(), months.in_words())
    }
}

impl Report for Commercial {
    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n\n", self.provenance().header(), self.heading());
        text += &self.sheet().text();
        for note in self.notes() {
            text += &format!("\n{note}\n");
        }
        text
    }
}
