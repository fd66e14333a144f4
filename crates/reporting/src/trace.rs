//! From a commit to everything that it had part in: statement lines, sessions, denials. The other way:
//! [`explain`](crate::explain).

use crate::civil::{Month, Zone};
use crate::explain::{Behind, listed};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::Report;
use ledger::{Position, Record};
use projector::{AsOf, SessionView, Sessions};
use seats::{Account, AccountId, Event, Notation, SessionId, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// A line of a statement that a commit had part in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TracedLine {
    /// The month, as `2026-05`.
    pub month: String,
    /// The line, from 1.
    pub line: usize,
    /// `monthly` or `setup`.
    pub charge: String,
    /// What it comes to.
    pub net: String,
}

/// A session that a commit had part in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TracedSession {
    /// Which.
    pub session: String,
    /// Whose, by number.
    pub user: String,
    /// On which seat.
    pub seat: String,
    /// Position of the commit that granted it.
    pub granted: u64,
    /// Position of the commit that ended it; `null` if it has not ended.
    pub ended: Option<u64>,
}

/// What came of a commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Traced {
    /// The account's name.
    pub account: String,
    /// The commit itself.
    pub commit: Behind,
    /// The statement lines that it is behind, of all months up to now.
    pub lines: Vec<TracedLine>,
    /// The sessions that it granted, silenced, woke or ended.
    pub sessions: Vec<TracedSession>,
    /// The denials in it, in the notation.
    pub denials: Vec<String>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// What came of the commit at a position.
    ///
    /// # Errors
    /// When there is no such commit, it is of the service itself, or the log cannot be read.
    pub fn trace(&self, position: Position) -> Result<Traced, ReportError> {
        let size = self.views.head().size;
        let record = self.views.ledger().record(position)?;
        let record = record.ok_or(ReportError::NoCommit { position: position.0, size })?;
        let account = record.commit.account;
        if account == AccountId::SYSTEM {
            return Err(ReportError::OfTheService(position.0));
        }
        let (_, zone) = self.whole(account)?;
        let names = self.names(account);
        let before = match record.previous {
            None => Account::new(account),
            Some(previous) => self.views.as_of(account, AsOf::Position(previous))?.account,
        };
        let time = |at: Timestamp| zone.show(at);
        let notation = Notation { names: &names, time: &time };
        let denials = record.commit.events.iter().filter_map(|event| match event {
            Event::SeatDenied { .. } | Event::Queued { .. } => {
                Some(notation.event(record.commit.at, event, Some(&before)))
            }
            _ => None,
        });
        let denials: Vec<String> = denials.collect();
        let (lines, sessions) = (self.lines_of(&record, zone)?, self.sessions_of(&record)?);
        let provenance = self
            .provenance("trace", account, zone)
            .parameter("position", position)
            .total("statement_lines", lines.len())
            .total("sessions", sessions.len())
            .total("denials", denials.len());
        Ok(Traced {
            account: names.account(),
            commit: self.behind(&record, zone),
            lines,
            sessions,
            denials,
            provenance,
            zone,
        })
    }

    /// The statement lines that a commit is behind.
    fn lines_of(&self, record: &Record, zone: Zone) -> Result<Vec<TracedLine>, ReportError> {
        let bears = |event: &Event| {
            matches!(
                event,
                Event::LicencesChanged { .. }
                    | Event::PlanAssigned { .. }
                    | Event::AccountClosed
                    | Event::PeriodClosed(_)
                    | Event::SeatGranted { overdraft: true, .. }
            )
        };
        let mut lines = Vec::new();
        if !record.commit.events.iter().any(bears) {
            return Ok(lines);
        }
        let account = record.commit.account;
        let until = self.known_until()?;
        let (now, _) = self.whole(account)?;
        let changes = now.notes.licences().iter().map(|change| change.effective.instant);
        let begins = changes.min().unwrap_or(record.commit.at);
        let mut month = Month::of(zone.day_of(begins));
        while let Some(this) = month {
            let facts = match self.owed(account, this, until) {
                Ok(owed) => owed.facts,
                Err(ReportError::FutureMonth { .. }) => break,
                Err(error) => return Err(error),
            };
            for (line, fact) in (1..).zip(&facts.lines) {
                if fact.commits.contains(&record.position.0) {
                    let (charge, net) = (fact.charge.clone(), self.money(&facts, fact.net));
                    lines.push(TracedLine { month: facts.month.clone(), line, charge, net });
                }
            }
            month = Month::of(this.next_first_day());
        }
        Ok(lines)
    }

    /// The sessions that a commit had part in.
    fn sessions_of(&self, record: &Record) -> Result<Vec<TracedSession>, ReportError> {
        let named = record.commit.events.iter().filter_map(|event| match event {
            Event::SeatGranted { session, .. }
            | Event::WentDormant { session, .. }
            | Event::Resumed { session }
            | Event::LoggedOut { session, .. }
            | Event::Expired { session, .. } => Some(*session),
            _ => None,
        });
        let wanted: BTreeSet<SessionId> = named.collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let account = record.commit.account;
        let mut sessions = Sessions::after(&Account::new(account));
        let mut found: Vec<SessionView> = Vec::new();
        for record in self.views.history(account, Timestamp::ZERO, Timestamp::MAX)? {
            sessions.apply(&record?, |ended| {
                found.extend(Some(ended).filter(|ended| wanted.contains(&ended.session)));
            });
        }
        found.extend(sessions.into_held().filter(|held| wanted.contains(&held.session)));
        found.sort_unstable_by_key(|view| view.session);
        let traced = |view: &SessionView| TracedSession {
            session: view.session.to_string(),
            user: view.user.to_string(),
            seat: view.seat.to_string(),
            granted: view.granted.position.0,
            ended: view.ended.map(|ended| ended.at.position.0),
        };
        Ok(found.iter().map(traced).collect())
    }
}

impl Report for Traced {
    fn text(&self) -> String {
        let mut text = self.provenance.header();
        text += &format!("\n{}\n\n", self.account);
        text += &listed(std::slice::from_ref(&self.commit), self.zone);
        if self.lines.is_empty() && self.sessions.is_empty() && self.denials.is_empty() {
            text += "\nNo statement line, session or denial follows from it.\n";
        }
        for line in &self.lines {
            let TracedLine { month, line, charge, net } = line;
            text += &format!("\nstatement {month}, line {line}, {charge}: {net}");
        }
        for session in &self.sessions {
            let TracedSession { session, user, seat, granted, ended } = session;
            let ended = ended.map_or("not ended".to_owned(), |at| format!("ended at {at}"));
            text +=
                &format!("\n{session} of {user} on {seat}: granted at position {granted}, {ended}");
        }
        for denial in &self.denials {
            text += &format!("\n{denial}");
        }
        text + "\n"
    }
}
