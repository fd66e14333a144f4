//! What a month comes to (rules 3 to 13 of `docs/billing.md`).

use super::{Assignment, ClosedMonth, Known, Terms};
use crate::billing::{Charge, Counting, Hold, Line, Overdraft, Period, Timeline, charges, vat};
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
    timeline: Timeline,
    period: Period,
    overdraft: Overdraft,
    plan: Option<(Assignment, Arc<Plan>)>,
    lines: Vec<LineFact>,
}

impl Terms {
    /// The statements of all closed months, derived again from the commits.
    ///
    /// # Errors
    /// In words, when one cannot be derived, or is not what the log says that it came to.
    pub fn derive_closed(&self, zone: Zone, plans: &Plans) -> Result<Vec<ClosedMonth>, String> {
        self.check_size()?;
        let mut closed: Vec<ClosedMonth> = Vec::new();
        for (position, closing) in &self.closings {
            let period = closing.period();
            let month = Month::read(&period).map_err(|error| error.to_string())?;
            let calendar = Calendar::of(month, zone).ok_or_else(|| too_much(month))?;
            let known = Known { as_of: closing.as_of, until: closing.until };
            let mut facts = self.facts(&calendar, zone, known, &closed, plans, None)?;
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

    /// What a month comes to. `closed` are the months closed before; `holds` who sat where, if that is known
    /// from elsewhere.
    ///
    /// # Errors
    /// In words, when a plan is missing or not accepted, or an amount is beyond 64 bits.
    pub fn facts(
        &self,
        calendar: &Calendar,
        zone: Zone,
        known: Known,
        closed: &[ClosedMonth],
        plans: &Plans,
        holds: Option<&[Hold]>,
    ) -> Result<Facts, String> {
        let month = calendar.month;
        let folded;
        let holds = match holds {
            Some(holds) => holds,
            None => {
                folded = self.seated.holds(known.as_of, known.until);
                &folded
            }
        };
        let own = self.own(calendar, zone, known, plans, holds)?;
        let plan = own.plan.as_ref().map(|(assignment, plan)| (assignment, Arc::clone(plan)));
        let mut lines = own.lines;
        let follows = closed.last().is_some_and(|last| last.facts.to == calendar.from.0);
        if follows && let Some((_, plan)) = &plan {
            let adjusted = self.adjustments(zone, known, closed, plans, holds)?;
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
        let last = Timestamp(calendar.to.0.saturating_sub(1));
        Ok(Facts {
            format: facts::FORMAT.to_owned(),
            account: self.account.0,
            month: month.to_string(),
            from: calendar.from.0,
            to: calendar.to.0,
            zone: self.zone.clone(),
            tzdb: TZDB_VERSION.to_owned(),
            offsets: calendar.offsets.iter().map(|(since, offset)| (since.0, *offset)).collect(),
            as_of: known.as_of,
            until: known.until.0,
            plan: plan.as_ref().map(|(assignment, _)| assignment.plan.to_string()),
            currency: plan.as_ref().map(|(_, plan)| plan.currency.code().to_owned()),
            opening_licences: own.timeline.at(calendar.from),
            closing_licences: own.timeline.at(last),
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

    fn own(
        &self,
        calendar: &Calendar,
        zone: Zone,
        known: Known,
        plans: &Plans,
        holds: &[Hold],
    ) -> Result<Own, String> {
        let timeline = self.timeline(known.as_of);
        let plan = self.assigned(calendar, known.as_of, plans)?;
        let by = plan.as_ref().map(|(_, plan)| &**plan);
        let period = Period::count(&timeline, calendar, zone, Counting::of(by));
        let grace = by.map_or(GRACE, |plan| plan.overlap_grace);
        let overdraft = Overdraft::count(holds, &timeline, calendar, grace);
        let mut lines = Vec::new();
        if let Some((assignment, plan)) = &plan {
            let charged = charges(plan, calendar.month, &period, &overdraft);
            for line in charged.ok_or_else(|| too_much(calendar.month))? {
                let commits =
                    self.behind(&line.charge, calendar, known.as_of, assignment, &overdraft);
                lines.push(line_fact(line, commits));
            }
        }
        Ok(Own { timeline, period, overdraft, plan, lines })
    }

    /// What closed months would come to now, less what was charged for them.
    fn adjustments(
        &self,
        zone: Zone,
        known: Known,
        closed: &[ClosedMonth],
        plans: &Plans,
        holds: &[Hold],
    ) -> Result<Vec<LineFact>, String> {
        let mut lines = Vec::new();
        for (place, before) in closed.iter().enumerate() {
            let facts = &before.facts;
            let late = self.late(facts, known.as_of);
            if late.is_empty() && holds.is_empty() {
                continue; // Nothing came to be known of it.
            }
            let unreadable =
                || format!("the days of the closed statement of {} cannot be read", facts.month);
            let calendar = facts.calendar().ok_or_else(unreadable)?;
            let own = self.own(&calendar, zone, known, plans, holds)?;
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

    /// The commits behind a charge.
    fn behind(
        &self,
        charge: &Charge,
        calendar: &Calendar,
        as_of: u64,
        plan: &Assignment,
        overdraft: &Overdraft,
    ) -> Vec<u64> {
        // For the same instant the one recorded later counts.
        let known = self.changes.iter().filter(|change| change.version <= as_of);
        let counting: BTreeMap<Timestamp, u64> =
            known.map(|change| (change.effective, change.position)).collect();
        let closed = self.closed_by(as_of);
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
