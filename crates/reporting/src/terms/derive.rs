//! What a month comes to (rules 3 to 13 of `docs/billing.md`).

use super::{Assignment, ClosedMonth, Known, Terms, assigned};
use crate::billing::{
    Charge, Counted, Counting, Hold, Line, Overdraft, Period, Timeline, charges, vat,
};
use crate::calendar::Calendar;
use crate::civil::{Month, TZDB_VERSION, Zone};
use crate::facts::{self, ADJUSTMENT, Facts, LineFact, VatFact};
use crate::plan::Plan;
use crate::plans::Plans;
use seats::closing::Closing;
use seats::{Digest, Micros, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A month's own charges, without what it adjusts.
struct Own {
    /// Licences in force at the first instant and at the last.
    opening: u32,
    closing: u32,
    period: Period,
    overdraft: Overdraft,
    plan: Option<(Assignment, Arc<Plan>)>,
    lines: Vec<LineFact>,
}

/// How often closed months are derived anew for adjustments, in all that one deriving derives.
const ADJUSTED_MAX: u64 = 100_000;

/// What follows from an account's terms, month by month; what months have in common is worked out once.
pub struct Deriving<'a> {
    terms: &'a Terms,
    zone: Zone,
    plans: &'a Plans,
    ready: Option<Ready>,
    adjusted: u64,
}

/// What the commits up to a version say, in order.
struct Ready {
    as_of: u64,
    timeline: Timeline,
    /// The commit behind what is in force from each instant: for the same instant the one recorded later.
    counting: BTreeMap<Timestamp, u64>,
    assignments: Vec<Assignment>,
    counted: Vec<Counted>,
}

impl Terms {
    /// Derives statements, by these zone rules and plans.
    pub fn deriving<'a>(&'a self, zone: Zone, plans: &'a Plans) -> Deriving<'a> {
        Deriving { terms: self, zone, plans, ready: None, adjusted: 0 }
    }
}

impl Deriving<'_> {
    /// The statements of all closed months, derived again from the commits.
    ///
    /// # Errors
    /// In words, when one cannot be derived, or is not what the log says that it came to.
    pub fn closed(&mut self) -> Result<Vec<ClosedMonth>, String> {
        self.terms.check_size()?;
        let mut closed: Vec<ClosedMonth> = Vec::new();
        for (position, closing) in &self.terms.closings {
            let period = closing.period();
            let month = Month::read(&period).map_err(|error| error.to_string())?;
            let calendar = Calendar::of(month, self.zone).ok_or_else(|| too_much(month))?;
            let known = Known { as_of: closing.as_of, until: closing.until };
            let mut facts = self.facts(&calendar, known, &closed, None)?;
            facts.tzdb.clone_from(&closing.tzdb);
            if !says(&facts, closing) {
                return Err(format!(
                    "{period}, closed at position {position}, does not follow from the commits; the zone \
                     rules are {TZDB_VERSION} here and were {} there",
                    closing.tzdb
                ));
            }
            closed.push(ClosedMonth { facts, position: *position });
        }
        Ok(closed)
    }

    /// The statement of a month: as it was closed, if it is one of `closed`, else what it comes to.
    ///
    /// # Errors
    /// As for [`Deriving::facts`], and when the month's days cannot be said.
    pub fn statement(
        &mut self,
        month: Month,
        known: Known,
        closed: &[ClosedMonth],
    ) -> Result<Facts, String> {
        let name = month.to_string();
        if let Some(closed) = closed.iter().find(|closed| closed.facts.month == name) {
            return Ok(closed.facts.clone());
        }
        let calendar = Calendar::of(month, self.zone).ok_or("its days cannot be said")?;
        self.facts(&calendar, known, closed, None)
    }

    /// What a month comes to. `closed` are the months closed before; `holds` who sat where, if that is known
    /// from elsewhere.
    ///
    /// # Errors
    /// In words, when a plan is missing or not accepted, or an amount is beyond 64 bits.
    pub fn facts(
        &mut self,
        calendar: &Calendar,
        known: Known,
        closed: &[ClosedMonth],
        holds: Option<&[Hold]>,
    ) -> Result<Facts, String> {
        let month = calendar.month;
        let folded;
        let holds = match holds {
            Some(holds) => holds,
            None => {
                folded = self.terms.seated.holds(known.as_of, known.until);
                &folded
            }
        };
        let own = self.own(calendar, known, holds)?;
        let plan = own.plan.as_ref().map(|(assignment, plan)| (assignment, Arc::clone(plan)));
        let mut lines = own.lines;
        let follows = closed.last().is_some_and(|last| last.facts.to == calendar.from.0);
        if follows && let Some((_, plan)) = &plan {
            let adjusted = self.adjustments(known, closed, holds)?;
            let carried = closed.last().and_then(|last| last.facts.carried_out);
            if (!adjusted.is_empty() || carried.is_some_and(|carried| carried != 0))
                && let Some(last) = closed.last()
                && last.facts.currency.as_deref() != Some(plan.currency.code())
            {
                return Err(format!(
                    "{month} is billed in {}, and what is carried or adjusted from before in {}; let the \
                     currency change when nothing is",
                    plan.currency,
                    last.facts.currency.as_deref().unwrap_or("none")
                ));
            }
            lines.extend(adjusted);
        }
        let sum = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net));
        let net = plan.as_ref().map(|_| sum.ok_or_else(|| too_much(month))).transpose()?;
        let taxed = plan.as_ref().and_then(|(_, plan)| plan.vat.as_ref()).zip(net);
        let taxed = taxed.map(|(rule, net)| {
            let amount = vat(rule, net).ok_or_else(|| too_much(month))?;
            let (code, rate) = (rule.code.clone(), rule.rate.clone());
            Ok::<_, String>(VatFact { code, rate, amount })
        });
        let taxed = taxed.transpose()?;
        let gross = net.map(|net| net.checked_add(taxed.as_ref().map_or(0, |vat| vat.amount)));
        let gross = gross.map(|gross| gross.ok_or_else(|| too_much(month))).transpose()?;
        let carried_in = closed.last().filter(|_| follows).and_then(|last| last.facts.carried_out);
        let carried_in = gross.map(|_| carried_in.unwrap_or(0));
        let balance = gross.zip(carried_in).map(|(gross, carried)| gross.checked_add(carried));
        let balance = balance.map(|balance| balance.ok_or_else(|| too_much(month))).transpose()?;
        Ok(Facts {
            format: facts::FORMAT.to_owned(),
            account: self.terms.account.0,
            month: month.to_string(),
            from: calendar.from.0,
            to: calendar.to.0,
            zone: self.terms.zone.clone(),
            tzdb: TZDB_VERSION.to_owned(),
            offsets: calendar.offsets.iter().map(|(since, offset)| (since.0, *offset)).collect(),
            as_of: known.as_of,
            until: known.until.0,
            plan: plan.as_ref().map(|(assignment, _)| assignment.plan.to_string()),
            currency: plan.as_ref().map(|(_, plan)| plan.currency.code().to_owned()),
            opening_licences: own.opening,
            closing_licences: own.closing,
            days: facts::days(&own.period.days),
            licence_days: own.period.licence_days(),
            overdraft: facts::over(&own.overdraft, calendar),
            lines,
            net,
            vat: taxed,
            gross,
            carried_in,
            due: balance.map(|balance| balance.max(0)),
            carried_out: balance.map(|balance| balance.min(0)),
        })
    }

    /// What is ready for a version of the history.
    fn ready(&mut self, as_of: u64) -> &mut Ready {
        let terms = self.terms;
        self.ready.take_if(|ready| ready.as_of != as_of);
        self.ready.get_or_insert_with(|| Ready {
            as_of,
            timeline: terms.timeline(as_of),
            counting: terms.known(as_of).map(|one| (one.effective, one.position)).collect(),
            assignments: terms.in_order(as_of),
            counted: Vec::new(),
        })
    }

    fn own(&mut self, calendar: &Calendar, known: Known, holds: &[Hold]) -> Result<Own, String> {
        let (terms, zone, plans) = (self.terms, self.zone, self.plans);
        let ready = self.ready(known.as_of);
        let plan = assigned(&ready.assignments, calendar, plans)?;
        let by = plan.as_ref().map(|(_, plan)| &**plan);
        let counting = Counting::of(by);
        let counted = ready.counted.iter().find(|counted| counted.counting() == counting);
        let period = match counted {
            Some(counted) => counted.period(calendar),
            None => {
                let counted = Counted::of(&ready.timeline, zone, counting);
                let period = counted.period(calendar);
                ready.counted.push(counted);
                period
            }
        };
        let timeline = &ready.timeline;
        let grace = by.map_or(GRACE, |plan| plan.overlap_grace);
        let overdraft = Overdraft::count(holds, timeline, calendar, grace);
        let mut lines = Vec::new();
        if let Some((assignment, plan)) = &plan {
            let charged = charges(plan, calendar.month, &period, &overdraft);
            for line in charged.ok_or_else(|| too_much(calendar.month))? {
                let behind =
                    Behind { closed: terms.closed_by(known.as_of), counting: &ready.counting };
                let commits = behind.commits(&line.charge, calendar, assignment, &overdraft);
                lines.push(line_fact(line, commits));
            }
        }
        let last = Timestamp(calendar.to.0.saturating_sub(1));
        let (opening, closing) = (timeline.at(calendar.from), timeline.at(last));
        Ok(Own { opening, closing, period, overdraft, plan, lines })
    }

    /// What closed months would come to now, less what was charged for them.
    fn adjustments(
        &mut self,
        known: Known,
        closed: &[ClosedMonth],
        holds: &[Hold],
    ) -> Result<Vec<LineFact>, String> {
        let mut lines = Vec::new();
        for (place, before) in closed.iter().enumerate() {
            let facts = &before.facts;
            let late = self.terms.late(facts, known.as_of);
            if late.is_empty() && holds.is_empty() {
                continue; // Nothing came to be known of it.
            }
            self.adjusted = self.adjusted.saturating_add(1);
            if self.adjusted > ADJUSTED_MAX {
                return Err("more would have to be derived anew than is looked through".to_owned());
            }
            let unreadable =
                || format!("the days of the closed statement of {} cannot be read", facts.month);
            let calendar = facts.calendar().ok_or_else(unreadable)?;
            let own = self.own(&calendar, known, holds)?;
            let sum = |lines: &[LineFact]| {
                lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.net))
            };
            let later = closed.iter().skip(place.saturating_add(1));
            let adjusted = later.flat_map(|later| later.facts.own_and_adjusted().1);
            let adjusted = adjusted.filter(|(month, _)| *month == facts.month);
            let charged =
                adjusted.fold(facts.own_and_adjusted().0, |sum, (_, net)| sum.saturating_add(net));
            let net = sum(&own.lines).and_then(|now| now.checked_sub(charged));
            let net = net.ok_or_else(|| too_much(calendar.month))?;
            if net == 0 {
                continue;
            }
            let commits: BTreeSet<u64> = late.into_iter().chain([before.position]).collect();
            lines.push(LineFact {
                charge: ADJUSTMENT.to_owned(),
                subject: Some(facts.month.clone()),
                counted: None,
                quantity: 1,
                unit: net,
                net,
                commits: commits.into_iter().collect(),
            });
        }
        Ok(lines)
    }
}

impl Terms {
    /// The commits from which a closed month came to be known otherwise than it was closed.
    fn late(&self, closed: &Facts, as_of: u64) -> Vec<u64> {
        let late = |version: u64, effective: Timestamp| {
            (closed.as_of.saturating_add(1)..=as_of).contains(&version) && effective.0 < closed.to
        };
        let changes = self.changes.iter().filter(|change| late(change.version, change.effective));
        let plans = self.plans.iter().filter(|plan| late(plan.version, plan.effective));
        let over = self.closed.filter(|(at, _, version)| late(*version, *at));
        let mut commits: Vec<u64> = changes.map(|change| change.position).collect();
        commits.extend(plans.map(|plan| plan.position));
        commits.extend(over.map(|(_, position, _)| position));
        commits
    }
}

/// Where the commits behind charges are found.
struct Behind<'a> {
    closed: Option<(Timestamp, u64, u64)>,
    counting: &'a BTreeMap<Timestamp, u64>,
}

impl Behind<'_> {
    /// The commits behind a charge.
    fn commits(
        &self,
        charge: &Charge,
        calendar: &Calendar,
        plan: &Assignment,
        overdraft: &Overdraft,
    ) -> Vec<u64> {
        let (closed, counting) = (self.closed, self.counting);
        let at = |at: Timestamp| match closed {
            Some((closed, position, _)) if closed == at => Some(position),
            _ => counting.get(&at).copied(),
        };
        let commits: BTreeSet<u64> = match charge {
            Charge::Discount(_) => BTreeSet::from([plan.position]),
            Charge::Setup(setup) => at(setup.at).into_iter().collect(),
            Charge::Refund(refund) => {
                refund.given_back.and_then(at).into_iter().chain(at(refund.at)).collect()
            }
            Charge::Overdraft => overdraft.grants.iter().copied().collect(),
            Charge::Monthly(_) => {
                let (from, to) = (calendar.from, calendar.to);
                let open = |at: Timestamp| closed.is_none_or(|(closed, ..)| at < closed);
                let opening = counting.range(..=from).next_back().filter(|_| open(from));
                let within = counting.range(from..to).filter(|(at, _)| **at > from && open(**at));
                let over = closed.filter(|(at, ..)| (from..to).contains(at));
                let changes = opening.into_iter().chain(within).map(|(_, position)| *position);
                changes
                    .chain(over.map(|(_, position, _)| position))
                    .chain([plan.position])
                    .collect()
            }
        };
        commits.into_iter().collect()
    }
}

/// The usual shortest overlap that counts.
const GRACE: Micros = Micros(300_000_000);

/// Whether a closing says what the statement comes to.
fn says(facts: &Facts, closing: &Closing) -> bool {
    let digest = facts.bytes().map(|bytes| Digest(*blake3::hash(&bytes).as_bytes()));
    digest.ok() == Some(closing.statement)
        && (facts.from, facts.to) == (closing.from.0, closing.to.0)
        && facts.plan == Some(closing.plan.to_string())
        && facts.currency.as_deref() == Some(closing.currency())
        && (facts.net, facts.gross) == (Some(closing.net), Some(closing.gross))
        && (facts.due, facts.carried_out) == (Some(closing.due), Some(closing.carried))
}

fn too_much(month: Month) -> String {
    format!("an amount of {month} is beyond what can be counted")
}

fn line_fact(line: Line, commits: Vec<u64>) -> LineFact {
    let Line { charge, counted, quantity, unit, net } = line;
    let (charge, subject) = match charge {
        Charge::Monthly(tier) => ("monthly", tier),
        Charge::Discount(name) => ("discount", Some(name)),
        Charge::Setup(_) => ("setup", None),
        Charge::Refund(_) => ("refund", None),
        Charge::Overdraft => ("overdraft", None),
    };
    LineFact { charge: charge.to_owned(), subject, counted, quantity, unit, net, commits }
}
