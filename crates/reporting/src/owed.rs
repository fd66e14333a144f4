//! What an account owes for a month, in numbers: as it was closed, or as it follows from what is known.
//!
//! What commits say of licences, plans and closed months stands in the views; who sat where is read from the
//! log only if a seat was ever granted as overdraft. [`Terms`] comes to the same from the commits alone.

use crate::billing::Hold;
use crate::calendar::Calendar;
use crate::civil::{Month, Zone, show_date};
use crate::facts::Facts;
use crate::plan::Plan;
use crate::plans::Plans;
use crate::reports::{ReportError, Reports};
use crate::terms::{ClosedMonth, Known, Terms};
use projector::{ClosedNote, Occupancy, SessionView};
use seats::{AccountId, Digest, Timestamp};
use std::sync::Arc;

/// What an account owes for a month.
pub(crate) struct Owed {
    pub(crate) now: Occupancy,
    pub(crate) zone: Zone,
    pub(crate) terms: Terms,
    pub(crate) plans: Plans,
    pub(crate) facts: Facts,
    /// The plan that the amounts are by.
    pub(crate) plan: Option<Arc<Plan>>,
    /// How it was closed, if it is.
    pub(crate) closed: Option<ClosedNote>,
}

/// No overlap counts that is longer before a month's edge than this, the longest grace there is.
const GRACE_MAX: u64 = 86_400_000_000;

impl Reports<'_> {
    /// What an account owes for a month, as it is or would be kept: see [`Reports::statement`].
    ///
    /// # Errors
    /// As for the statement.
    pub fn facts(
        &self,
        account: AccountId,
        month: Month,
        known_until: Timestamp,
    ) -> Result<Facts, ReportError> {
        Ok(self.owed(account, month, known_until)?.facts)
    }

    /// What an account owes for a month.
    pub(crate) fn owed(
        &self,
        account: AccountId,
        month: Month,
        known_until: Timestamp,
    ) -> Result<Owed, ReportError> {
        let (now, zone) = self.whole(account)?;
        let terms = Terms::of_notes(account, now.account.zone(), now.account.version(), &now.notes);
        let plans = self.plans_of(&terms)?;
        let closed =
            now.notes.periods().iter().find(|note| note.closing.period() == month.to_string());
        if let Some(note) = closed.cloned() {
            let facts = self.kept(&note)?.facts;
            let digest = facts.plan.as_deref().and_then(Digest::from_hex);
            let plan = digest.map(|digest| plans.get(digest).cloned()).transpose();
            let plan = plan.map_err(no_facts(month))?;
            return Ok(Owed { now, zone, terms, plans, facts, plan, closed: Some(note) });
        }
        let too_much = || ReportError::TooMuch { month: month.in_words() };
        let calendar = Calendar::of(month, zone).ok_or_else(too_much)?;
        if calendar.from > known_until {
            let (month, known_until) = (month.in_words(), zone.show(known_until));
            return Err(ReportError::FutureMonth { month, known_until });
        }
        if let Some(first) = terms.begins().filter(|first| *first >= calendar.to) {
            let (account, month) = (self.names(account).account(), month.in_words());
            let first = show_date(zone.date_of(first));
            return Err(ReportError::BeforeAccount { account, month, first });
        }
        // Of a month that is over nothing more need be known, so that it is the same whenever it is asked for.
        let known_until = known_until.min(Timestamp(calendar.to.0.saturating_add(GRACE_MAX)));
        let known = Known { as_of: now.account.version(), until: known_until };
        let closed = self.closed_before(&now, &terms, &calendar)?;
        let holds = self.holds(&now, &calendar, &closed, known_until)?;
        let facts = terms.deriving(zone, &plans).facts(&calendar, known, &closed, Some(&holds));
        let facts = facts.map_err(no_facts(month))?;
        let plan = terms.assigned_plan(&calendar, &plans).map_err(no_facts(month))?;
        Ok(Owed { now, zone, terms, plans, facts, plan, closed: None })
    }

    /// The plans that an account was assigned.
    pub(crate) fn plans_of(&self, terms: &Terms) -> Result<Plans, ReportError> {
        let mut plans = Plans::default();
        for digest in terms.plans() {
            if !plans.has(digest)
                && let Some(file) = self.views.ledger().book().plan(digest)?
            {
                plans.add(digest, &file);
            }
        }
        Ok(plans)
    }

    /// The statement of a closed month, as it was kept.
    pub(crate) fn kept(&self, note: &ClosedNote) -> Result<ClosedMonth, ReportError> {
        let (digest, month) = (note.closing.statement, note.closing.period());
        let kept = self.views.ledger().book().statement(digest)?;
        let kept =
            kept.ok_or_else(|| ReportError::MissingStatement { month: month.clone(), digest })?;
        let facts = Facts::read(&kept).map_err(|why| ReportError::NoFacts { month, why })?;
        Ok(ClosedMonth { facts, position: note.recorded.position.0 })
    }

    /// The closed months that a month's statement depends on: the last for what it carries, all of them if
    /// any may have come to be known otherwise.
    fn closed_before(
        &self,
        now: &Occupancy,
        terms: &Terms,
        calendar: &Calendar,
    ) -> Result<Vec<ClosedMonth>, ReportError> {
        let periods = now.notes.periods();
        let follows = periods.last().is_some_and(|last| last.closing.to == calendar.from);
        let wanted = match follows {
            false => 0,
            true if now.notes.overdraft().is_some() || terms.is_late() => periods.len(),
            true => 1,
        };
        let last = periods.iter().skip(periods.len().saturating_sub(wanted));
        last.map(|note| self.kept(note)).collect()
    }

    /// Who sat where, from the first month that it matters for.
    fn holds(
        &self,
        now: &Occupancy,
        calendar: &Calendar,
        closed: &[ClosedMonth],
        until: Timestamp,
    ) -> Result<Vec<Hold>, ReportError> {
        let mut holds = Vec::new();
        if now.notes.overdraft().is_none_or(|(first, _)| first >= calendar.to) {
            return Ok(holds);
        }
        let from = closed.first().map_or(calendar.from.0, |month| month.facts.from);
        let from = Timestamp(from.saturating_sub(GRACE_MAX));
        let after = Timestamp(until.0.saturating_add(1));
        self.views
            .sessions(now.account.id(), from, after, |session| add(&mut holds, &session, until))?;
        Ok(holds)
    }
}

/// The times during which a session gave signs of life.
pub(crate) fn add(holds: &mut Vec<Hold>, session: &SessionView, until: Timestamp) {
    let mut from = session.granted.at;
    let mut live = |from: Timestamp, to: Timestamp| {
        let (seat, granted, overdraft) =
            (session.seat, session.granted.position.0, session.overdraft);
        let to = to.max(from).min(until);
        holds.push(Hold { seat, granted, overdraft, from, to });
    };
    for silence in &session.silences {
        live(from, silence.last_seen);
        match silence.until {
            Some(heard) => from = heard,
            None => return,
        }
    }
    live(from, session.ended.map_or(until, |ended| ended.last_seen));
}

fn no_facts(month: Month) -> impl Fn(String) -> ReportError {
    move |why| ReportError::NoFacts { month: month.in_words(), why }
}
