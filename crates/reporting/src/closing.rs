//! Closing a month: whether it may be, and what its statement will be for ever.

use crate::calendar::Calendar;
use crate::civil::{Month, TZDB_VERSION, Zone, show_date};
use crate::facts::Facts;
use crate::owed::Owed;
use crate::plan::Plan;
use crate::provenance::PRODUCT;
use crate::reports::{ReportError, Reports};
use ledger::Actor;
use projector::ClosedNote;
use seats::closing::Closing;
use seats::{Account, AccountId, CivilDate, Digest, Timestamp};

/// A month that may be closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposed {
    /// What the log will say of it.
    pub closing: Closing,
    /// The statement, as it will be kept.
    pub statement: Vec<u8>,
    /// The same, read.
    pub facts: Facts,
}

/// What becomes of a month that is to be closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Closable {
    /// It is closed already, and nothing changes.
    Already(Box<ClosedNote>),
    /// It may be closed.
    Now(Box<Proposed>),
}

/// Why a month is not closed. Finance does what the message says.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// More may still come to be known of it. Wait.
    #[error(
        "{month} can be closed from {from} on: the plan leaves {grace_days} days for what comes late"
    )]
    TooEarly {
        /// The month.
        month: String,
        /// The first day on which it may be closed.
        from: String,
        /// As many days after its end as the plan says.
        grace_days: u32,
    },
    /// Months are closed in order. Close the earlier one first.
    #[error("{earlier} is not closed yet; months are closed in order")]
    EarlierOpen {
        /// The month to close first.
        earlier: String,
    },
    /// There are no amounts without a plan. Assign one that counts for the month.
    #[error(
        "no price plan is assigned for {month}, so it has no amounts; assign one that counts from its first \
         day, or leave the account out"
    )]
    NoPlan {
        /// The month.
        month: String,
    },
    /// The price counts for the first time, and whoever assigned it would close the month alone. Somebody
    /// else closes it.
    #[error(
        "{month} is the first month by the price plan that the same person assigned at position {position}; \
         somebody else must close it"
    )]
    SecondPerson {
        /// The month.
        month: String,
        /// The commit that assigned the plan.
        position: u64,
    },
    /// The statement cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// The next open month, if what counts from an instant lies in a closed one: there it becomes an adjustment.
pub fn adjusted_in(account: &Account, from: Timestamp, zone: Zone) -> Option<Month> {
    let until = account.closed_until().filter(|until| from < *until)?;
    Month::of(zone.day_of(until))
}

impl Reports<'_> {
    /// Whether a month may be closed at `now` by an actor, and what it comes to.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn closable(
        &self,
        account: AccountId,
        month: Month,
        now: Timestamp,
        actor: Actor,
    ) -> Result<Closable, CloseError> {
        let owed = self.owed(account, month, now)?;
        if let Some(note) = owed.closed {
            return Ok(Closable::Already(Box::new(note)));
        }
        if let Some(earlier) = owed.terms.next_open(owed.zone).filter(|earlier| *earlier < month) {
            return Err(CloseError::EarlierOpen { earlier: earlier.in_words() });
        }
        let Some(plan) = owed.plan.as_deref() else {
            return Err(CloseError::NoPlan { month: month.in_words() });
        };
        too_early(&owed, month, plan, now)?;
        if plan.second_person {
            self.second_person(&owed, month, actor)?;
        }
        let no_facts = |why: String| ReportError::NoFacts { month: month.in_words(), why };
        let statement = owed.facts.bytes().map_err(|error| no_facts(error.to_string()))?;
        let closing = self.closing(&owed.facts, &statement);
        let closing = closing.ok_or_else(|| no_facts("it has no amounts".to_owned()))?;
        Ok(Closable::Now(Box::new(Proposed { closing, statement, facts: owed.facts })))
    }

    fn closing(&self, facts: &Facts, statement: &[u8]) -> Option<Closing> {
        let (year, month) = facts.month.split_once('-')?;
        let head = self.views.head();
        Some(Closing {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            from: Timestamp(facts.from),
            to: Timestamp(facts.to),
            as_of: facts.as_of,
            until: Timestamp(facts.until),
            statement: Digest(*blake3::hash(statement).as_bytes()),
            plan: Digest::from_hex(facts.plan.as_deref()?)?,
            currency: *facts.currency.as_deref()?.as_bytes().first_chunk()?,
            net: facts.net?,
            gross: facts.gross?,
            due: facts.due?,
            carried: facts.carried_out?,
            size: head.size,
            root: head.root,
            tzdb: TZDB_VERSION.to_owned(),
            product: PRODUCT.to_owned(),
        })
    }

    /// Whether the price counts for the first time and the same person assigned it.
    fn second_person(&self, owed: &Owed, month: Month, actor: Actor) -> Result<(), CloseError> {
        let before = owed.now.notes.periods().last().map(|note| note.closing.plan.to_string());
        if before == owed.facts.plan {
            return Ok(());
        }
        let no_facts = |why: String| ReportError::NoFacts { month: month.in_words(), why };
        let too_much = || ReportError::TooMuch { month: month.in_words() };
        let calendar = Calendar::of(month, owed.zone).ok_or_else(too_much)?;
        let priced_by = owed.terms.priced_by(&calendar, &owed.plans).map_err(no_facts)?;
        let Some(position) = priced_by else { return Ok(()) };
        let record = self.views.ledger().record(ledger::Position(position));
        let record = record.map_err(ReportError::from)?;
        match record.is_some_and(|record| record.commit.actor == actor) {
            true => Err(CloseError::SecondPerson { month: month.in_words(), position }),
            false => Ok(()),
        }
    }
}

fn too_early(owed: &Owed, month: Month, plan: &Plan, now: Timestamp) -> Result<(), CloseError> {
    let grace = i32::try_from(plan.grace_days).unwrap_or(i32::MAX);
    let first = CivilDate(month.next_first_day().0.saturating_add(grace));
    if owed.zone.day_of(now) >= first && now.0 >= owed.facts.to {
        return Ok(());
    }
    let (month, from, grace_days) = (month.in_words(), show_date(first), plan.grace_days);
    Err(CloseError::TooEarly { month, from, grace_days })
}
