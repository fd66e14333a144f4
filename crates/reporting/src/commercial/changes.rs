//! Commercial changes: everything recorded in the months that bears on money, with who did it and why.
//!
//! A change belongs to the month in which it was *recorded*, because that is what somebody can be asked about;
//! what was effective when stands beside it. An account's commits are walked back from the end of the months,
//! so that the cost does not depend on how long the history before them is.

use super::{Cell, Column, Kind, Months, OneAccount, Scope, Sheet};
use crate::civil::Zone;
use crate::money::Currency;
use crate::plan::Plan;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, counted};
use ledger::{Actor, Position, Record};
use projector::{AsOf, Notes};
use seats::{AccountId, Digest, Event, Setting};
use serde::Serialize;

pub(super) const NOTE: &str =
    "In the months in which they were recorded; from when each counts stands beside it.";

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeRecord {
    /// When it was recorded.
    pub recorded_at: At,
    /// From when it counts.
    pub effective: At,
    /// The account's name.
    pub account: String,
    /// The account's number.
    pub account_id: u64,
    /// `account_opened`, `account_closed`, `account_suspended`, `account_reinstated`, `licences`, `plan`,
    /// `overdraft` or `month_closed`.
    pub what: &'static str,
    /// What there was before, as known when it was recorded; `null` where there is no before.
    pub from: Option<String>,
    /// What there is from then on.
    pub to: Option<String>,
    /// In which capacity somebody did it, with the number of the one who did: `finance:3`.
    pub by: String,
    /// Why, if that was said and not forgotten since.
    pub reason: Option<String>,
    /// The commit that records it: its place in the log.
    pub position: u64,
    /// Its place in the account's history.
    pub version: u64,
    #[serde(skip)]
    zone: Zone,
}

/// Commercial changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Changes {
    /// The first month, as `2026-03`.
    pub from: String,
    /// The last month.
    pub to: String,
    /// In order of position.
    pub rows: Vec<ChangeRecord>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(super) months: Months,
}

impl Reports<'_> {
    /// Commercial changes, by when they were recorded.
    ///
    /// # Errors
    /// As for [`Reports::commercial`].
    pub fn changes(&self, scope: &Scope) -> Result<Changes, ReportError> {
        let (mut rows, mut read) = (Vec::new(), 0_u64);
        self.each_account(scope, |one| {
            read = read.saturating_add(self.changes_of(&one, &mut rows)?);
            Ok(())
        })?;
        // Stable: those of one commit stay in their order.
        rows.sort_by_key(|row| row.position);
        let provenance = self.commercial_provenance(Kind::Changes, scope)?;
        let provenance = provenance.rows(rows.len()).total("commits_read", read);
        Ok(Changes {
            from: scope.months.first.to_string(),
            to: scope.months.last.to_string(),
            rows,
            provenance,
            months: scope.months,
        })
    }

    /// One account's; how many commits were read for it.
    fn changes_of(
        &self,
        one: &OneAccount,
        rows: &mut Vec<ChangeRecord>,
    ) -> Result<u64, ReportError> {
        // Nothing is recorded before it happens: what was recorded in the months had happened before their end.
        let last = self.views.as_of(one.account, AsOf::Before(one.to))?.last;
        let Some(last) = last else { return Ok(0) };
        let mut read = 0_u64;
        for record in self.views.ledger().back(last.position) {
            let record = record?;
            if record.commit.recorded_at < one.from {
                break;
            }
            read = read.saturating_add(1);
            if record.commit.recorded_at < one.to {
                self.changes_in(one, &record, rows)?;
            }
        }
        Ok(read)
    }

    /// What one commit changes.
    fn changes_in(
        &self,
        one: &OneAccount,
        record: &Record,
        rows: &mut Vec<ChangeRecord>,
    ) -> Result<(), ReportError> {
        let commit = &record.commit;
        let mut reason: Option<Option<String>> = None;
        for event in &commit.events {
            let Some(told) = self.told(one, record, event)? else { continue };
            let reason = match &reason {
                Some(reason) => reason.clone(),
                None => reason.insert(self.reason(&commit.events)?).clone(),
            };
            rows.push(ChangeRecord {
                recorded_at: At(commit.recorded_at),
                effective: At(told.effective.unwrap_or(commit.at)),
                account: one.name.clone(),
                account_id: one.account.0,
                what: told.what,
                from: told.from,
                to: told.to,
                by: by(commit.actor),
                reason,
                position: record.position.0,
                version: commit.version,
                zone: one.zone,
            });
        }
        Ok(())
    }

    /// What an event says that bears on money; `None` if nothing.
    fn told(
        &self,
        one: &OneAccount,
        record: &Record,
        event: &Event,
    ) -> Result<Option<Told>, ReportError> {
        let told = |what, from: Option<&str>, to: &str| {
            let (from, to) = (from.map(str::to_owned), Some(to.to_owned()));
            Some(Told { what, from, to, effective: None })
        };
        Ok(match event {
            Event::AccountOpened { .. } => told("account_opened", None, "open"),
            Event::AccountClosed => told("account_closed", None, "closed"),
            Event::AccountSuspended => told("account_suspended", Some("open"), "suspended"),
            Event::AccountReinstated => told("account_reinstated", Some("suspended"), "open"),
            Event::LicencesChanged { from, to, effective } => {
                let (from, to) = (Some(from.to_string()), Some(to.to_string()));
                Some(Told { what: "licences", from, to, effective: Some(effective.instant) })
            }
            Event::PlanAssigned { plan, effective } => {
                let before = plan_before(&one.occupancy.notes, record.position);
                let from = before.map(|before| self.plan_named(before)).transpose()?;
                let to = Some(self.plan_named(*plan)?);
                Some(Told { what: "plan", from, to, effective: Some(effective.instant) })
            }
            Event::PeriodClosed(closing) => {
                let code = closing.currency();
                let show = |minor: i64| match Currency::parse(code) {
                    Some(currency) => currency.show(minor),
                    None => minor.to_string(),
                };
                let (net, due) = (show(closing.net), show(closing.due));
                let to = format!("{}: {code} {net} net, {due} due", closing.period());
                told("month_closed", None, &to)
            }
            Event::PolicyChanged { settings } => {
                let seats = settings.iter().rev().find_map(|setting| match setting {
                    Setting::Overdraft(seats) => Some(*seats),
                    _ => None,
                });
                let Some(seats) = seats else { return Ok(None) };
                let before = self.overdraft_before(one.account, record.position)?;
                let show = |seats: u32| counted(seats.into(), "seat");
                told("overdraft", before.map(show).as_deref(), &show(seats))
            }
            _ => None,
        })
    }

    /// Seats that were allowed above the licences before a commit; `None` before the account was opened.
    fn overdraft_before(
        &self,
        account: AccountId,
        position: Position,
    ) -> Result<Option<u32>, ReportError> {
        let Some(before) = position.0.checked_sub(1) else { return Ok(None) };
        let before = self.views.as_of(account, AsOf::Position(Position(before)))?;
        Ok(before.last.map(|_| before.account.policy().overdraft))
    }

    /// `standard-2026 (1a2b3c4d)`.
    fn plan_named(&self, digest: Digest) -> Result<String, ReportError> {
        let short: String = digest.to_string().chars().take(8).collect();
        let file = self.views.ledger().book().plan(digest)?;
        let text = file.and_then(|file| String::from_utf8(file).ok());
        let plan = text.and_then(|text| Plan::read(&text).ok());
        Ok(plan.map_or_else(|| short.clone(), |plan| format!("{} ({short})", plan.name)))
    }

    /// The reason somebody gave, if it is not forgotten. No names belong in it.
    fn reason(&self, events: &[Event]) -> Result<Option<String>, ReportError> {
        let given = events.iter().find_map(|event| match event {
            Event::ReasonGiven { note } => Some(*note),
            _ => None,
        });
        let Some(given) = given else { return Ok(None) };
        Ok(self.views.ledger().book().check(given)?.map(|(_, profile)| profile.text))
    }
}

struct Told {
    what: &'static str,
    from: Option<String>,
    to: Option<String>,
    effective: Option<seats::Timestamp>,
}

/// The plan that was assigned last before a commit.
fn plan_before(notes: &Notes, position: Position) -> Option<Digest> {
    let before = notes.plans().iter().take_while(|change| change.recorded.position < position);
    before.last().map(|change| change.plan)
}

fn by(actor: Actor) -> String {
    if actor.id == 0 { actor.role.to_string() } else { format!("{}:{}", actor.role, actor.id) }
}

impl Changes {
    pub(super) fn sheet(&self) -> Sheet {
        let columns = vec![
            Column::words("Recorded", "recorded_at"),
            Column::words("Effective", "effective"),
            Column::words("Account", "account"),
            Column::words("What", "what"),
            Column::words("From", "from"),
            Column::words("To", "to"),
            Column::words("By", "by"),
            Column::words("Reason", "reason"),
            Column::numbers("Position", "position"),
        ];
        let words = |text: &Option<String>| text.clone().map_or(Cell::Empty, Cell::Text);
        let row = |row: &ChangeRecord| {
            vec![
                Cell::Time(row.recorded_at.0, row.zone),
                Cell::Time(row.effective.0, row.zone),
                Cell::words(&row.account),
                Cell::words(row.what.replace('_', " ")),
                words(&row.from),
                words(&row.to),
                Cell::words(&row.by),
                words(&row.reason),
                Cell::count(row.position),
            ]
        };
        Sheet { columns, rows: self.rows.iter().map(row).collect(), totals: Vec::new() }
    }
}
