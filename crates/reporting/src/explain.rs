//! From a statement's line to the days and the commits behind it. The other way: [`trace`](crate::trace).

use crate::adjusted::Adjusted;
use crate::civil::{Month, Zone};
use crate::facts::{ADJUSTMENT, DaysFact, Facts, LineFact};
use crate::owed::Owed;
use crate::plan::Plan;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, table};
use ledger::{Position, Record};
use seats::{AccountId, Digest, Notation, Timestamp};
use serde::Serialize;

/// A commit, in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Behind {
    /// Its place in the log.
    pub position: u64,
    /// Its place in the account's history.
    pub version: u64,
    /// When it happened.
    pub at: At,
    /// What happened, in the notation.
    pub what: String,
}

/// A line of a statement and what it follows from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExplainedLine {
    /// The line, from 1.
    pub line: usize,
    /// What it is for, as in the statement.
    pub charge: String,
    /// How many.
    pub quantity: i64,
    /// At how much each.
    pub unit: String,
    /// Together.
    pub net: String,
    /// How the quantity comes about, in words.
    pub how: String,
    /// For an adjustment: the closed month as it was charged, beside what it comes to now.
    pub adjusted: Option<Adjusted>,
    /// The commits behind it.
    pub commits: Vec<Behind>,
}

/// From what the lines of a statement follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explained {
    /// The account's name.
    pub account: String,
    /// The month, as `2026-05`.
    pub month: String,
    /// The days, with their licences.
    pub days: Vec<DaysFact>,
    /// The lines.
    pub lines: Vec<ExplainedLine>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// From what the lines of a month's statement follow; of one line, counted from 1, if one is given.
    /// `known_until` as for the statement.
    ///
    /// # Errors
    /// When there is no such account, month or line, or the log cannot be read.
    pub fn explain(
        &self,
        account: AccountId,
        month: Month,
        line: Option<usize>,
        known_until: Timestamp,
    ) -> Result<Explained, ReportError> {
        let owed = self.owed(account, month, known_until)?;
        let (zone, facts) = (owed.zone, &owed.facts);
        let lines = facts.lines.len();
        if let Some(line) = line.filter(|line| !(1..=lines).contains(line)) {
            let month = month.in_words();
            return Err(ReportError::NoLine { month, line, lines });
        }
        let mut explained = Vec::new();
        for (number, fact) in (1..).zip(&facts.lines) {
            if line.is_none_or(|line| line == number) {
                explained.push(self.explained(account, number, fact, &owed)?);
            }
        }
        let provenance = self
            .provenance("explain", account, zone)
            .parameter("month", month)
            .parameter("line", line.map_or("all".to_owned(), |line| line.to_string()))
            .rows(explained.len())
            .total("licence_days", facts.licence_days);
        let (account, month) = (self.names(account).account(), month.to_string());
        let days = owed.facts.days;
        Ok(Explained { account, month, days, lines: explained, provenance, zone })
    }

    fn explained(
        &self,
        account: AccountId,
        line: usize,
        fact: &LineFact,
        owed: &Owed,
    ) -> Result<ExplainedLine, ReportError> {
        let (zone, facts) = (owed.zone, &owed.facts);
        let mut commits = Vec::new();
        for position in &fact.commits {
            let record = self.views.ledger().record(Position(*position))?;
            commits.extend(record.map(|record| self.behind(&record, zone)));
        }
        let show = |minor: i64| self.money(facts, minor);
        let how = how(fact, facts);
        let (unit, net) = (show(fact.unit), show(fact.net));
        let (charge, quantity) = (fact.charge.clone(), fact.quantity);
        let adjusts = fact.subject.as_deref().filter(|_| charge == ADJUSTMENT);
        let adjusted = adjusts.map(|month| self.adjusted(account, owed, month)).transpose()?;
        Ok(ExplainedLine { line, charge, quantity, unit, net, how, adjusted, commits })
    }

    /// An amount of a month in its plan's currency.
    pub(crate) fn money(&self, facts: &Facts, minor: i64) -> String {
        let digest = facts.plan.as_deref().and_then(Digest::from_hex);
        let file = digest.and_then(|digest| self.views.ledger().book().plan(digest).ok().flatten());
        let plan = file.and_then(|file| Plan::read(&String::from_utf8_lossy(&file)).ok());
        plan.map_or_else(|| minor.to_string(), |plan| plan.currency.show(minor))
    }

    pub(crate) fn behind(&self, record: &Record, zone: Zone) -> Behind {
        let commit = &record.commit;
        let names = self.names(commit.account);
        let time = |at: Timestamp| zone.show(at);
        let line = Notation { names: &names, time: &time }.commit(commit.at, &commit.events, None);
        let shown = zone.show(commit.at);
        let what = line.strip_prefix(&shown).unwrap_or(&line).trim_start().to_owned();
        let (position, version) = (record.position.0, commit.version);
        Behind { position, version, at: At(commit.at), what }
    }
}

/// How the quantity of a line comes about, in words.
fn how(fact: &LineFact, facts: &Facts) -> String {
    let counted = fact.counted.unwrap_or_default();
    match fact.charge.as_str() {
        "monthly" => {
            let days: u64 = facts.days.iter().map(|row| row.days).sum();
            format!("{counted} licence-days in a month of {days} days")
        }
        "discount" => "off the monthly fees".to_owned(),
        "setup" => "licences added above what was paid for before".to_owned(),
        "refund" => "licences given back within the cooling-off time".to_owned(),
        "overdraft" => format!("{counted}: seats above the licences, to their last sign of life"),
        "adjustment" => "what the month would come to now, less what was charged for it".to_owned(),
        _ => String::new(),
    }
}

impl Report for Explained {
    fn text(&self) -> String {
        let zone = self.zone;
        let mut text = self.provenance.header();
        text += &format!("\n{}, {}\n\n", self.account, self.month);
        text += &table(&DaysFact::COLUMNS, self.days.iter().map(DaysFact::cells).collect());
        for line in &self.lines {
            let ExplainedLine { line, charge, quantity, unit, net, how, adjusted, commits } = line;
            text += &format!("\nLine {line}, {charge}: {quantity} x {unit} = {net}\n{how}\n");
            if let Some(adjusted) = adjusted {
                text += &format!("{}\n", adjusted.text());
            }
            text += &listed(commits, zone);
        }
        text
    }
}

/// Commits in a table.
pub(crate) fn listed(commits: &[Behind], zone: Zone) -> String {
    let rows = commits.iter().map(|commit| {
        let (position, version) = (commit.position.to_string(), commit.version.to_string());
        vec![zone.show(commit.at.0), position, version, commit.what.clone()]
    });
    let columns = [
        ("When", Side::Left),
        ("Position", Side::Right),
        ("Version", Side::Right),
        ("What", Side::Left),
    ];
    table(&columns, rows.collect())
}
