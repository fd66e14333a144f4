//! Access: who looked at names, and who changed what by hand, for an auditor.
//!
//! Looks stand in the system account, changes in the account they were made to. Users appear by number, so
//! that to read this list is no look at names. Reasons stand in the directory and can be erased there.

use crate::civil::{Zone, show_utc};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, table};
use crate::trail::actor_in_words;
use ledger::{ReadError, Record, Role};
use seats::notation::{Nameless, Notation};
use seats::{AccountId, EndedBy, Event, Timestamp};
use serde::Serialize;

/// One look, or one change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccessRow {
    /// When it happened.
    pub at: At,
    /// `look` or `act`.
    pub kind: &'static str,
    /// The account that was looked at or changed; `null` for what concerns the service as such.
    pub account: Option<String>,
    /// In which capacity somebody did it, with the number of the one who did.
    pub by: String,
    /// What, in the notation, with numbers for users.
    pub what: String,
    /// Why, if that was said and not erased since.
    pub reason: Option<String>,
    /// Its place in the log.
    pub position: u64,
}

/// Looks and changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Access {
    /// The account's name; `null`: all.
    pub account: Option<String>,
    /// The first instant that counts; `null`: from the beginning.
    pub from: Option<At>,
    /// The first instant after it that does not; `null`: to the last commit.
    pub to: Option<At>,
    /// In order of position.
    pub rows: Vec<AccessRow>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// Who looked at names and who changed what by hand in `[from, to)`: at one account, or everywhere.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, or the log cannot be read.
    pub fn access(
        &self,
        account: Option<AccountId>,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Access, ReportError> {
        let zone = account.map_or(Ok(Zone::UTC), |account| self.zone(account))?;
        let (first, end) = (from.unwrap_or_default(), to.unwrap_or(Timestamp::MAX));
        let (mut rows, mut read) = (Vec::new(), 0_u64);
        let mut take = |record: Result<Record, ReadError>| {
            let record = record?;
            read = read.saturating_add(1);
            let inside = record.commit.at >= first && record.commit.at < end;
            if inside && let Some(row) = self.access_row(&record, account, zone)? {
                rows.push(row);
            }
            Ok::<_, ReportError>(())
        };
        match account {
            Some(account) => {
                for one in [account, AccountId::SYSTEM] {
                    self.views.history(one, first, end)?.try_for_each(&mut take)?;
                }
            }
            None => {
                let size = self.views.head().size;
                let known = |record: &Result<Record, ReadError>| {
                    record.as_ref().map_or(true, |record| record.position.0 < size)
                };
                let all = self.views.ledger().scan(ledger::Position(0));
                all.take_while(known).try_for_each(&mut take)?;
            }
        }
        rows.sort_unstable_by_key(|row| row.position);
        let looks = rows.iter().filter(|row| row.kind == "look").count();
        let shown = |at: Option<Timestamp>| at.map_or("open".to_owned(), show_utc);
        let mut provenance = self
            .provenance("access", account.unwrap_or(AccountId::SYSTEM), zone)
            .parameter("from", shown(from))
            .parameter("to", shown(to))
            .rows(rows.len())
            .total("commits_read", read)
            .total("looks", looks)
            .total("acts", rows.len().saturating_sub(looks));
        if account.is_none() {
            provenance.account = "all accounts".to_owned();
        }
        let account = account.map(|account| self.names(account).account());
        Ok(Access { account, from: from.map(At), to: to.map(At), rows, provenance, zone })
    }

    /// The row of a commit that is a look or a change by hand, of this account if one is wanted.
    fn access_row(
        &self,
        record: &Record,
        wanted: Option<AccountId>,
        zone: Zone,
    ) -> Result<Option<AccessRow>, ReportError> {
        let commit = &record.commit;
        let looked_at = commit.events.iter().find_map(|event| match event {
            Event::IdentityShown { account, .. } => Some(*account),
            _ => None,
        });
        // Files of one account are that account's; those of several would tell of the others.
        let exported = commit.events.iter().find_map(|event| match event {
            Event::StatementsExported(exported) => exported.accounts.as_deref(),
            _ => None,
        });
        let exported = exported.and_then(|accounts| match accounts {
            [one] => Some(*one),
            _ => None,
        });
        let about =
            looked_at.or(exported).or(Some(commit.account)).filter(|id| *id != AccountId::SYSTEM);
        if wanted.is_some_and(|wanted| about != Some(wanted)) {
            return Ok(None);
        }
        let by_login = commit.events.iter().any(|e| matches!(e, Event::LoginRequested { .. }));
        let acts = commit.events.iter().filter(|event| match event {
            Event::UserAdded { .. } => !by_login && commit.actor.role != Role::App,
            event => is_act(event),
        });
        let time = |at: Timestamp| zone.show(at);
        let notation = Notation { names: &Nameless, time: &time };
        let what: Vec<String> = acts.map(|act| notation.event(commit.at, act, None)).collect();
        if what.is_empty() {
            return Ok(None);
        }
        Ok(Some(AccessRow {
            at: At(commit.at),
            kind: if looked_at.is_some() { "look" } else { "act" },
            account: about.map(|account| self.names(account).account()),
            by: actor_in_words(commit.actor),
            what: what.join("; "),
            reason: self.note(&commit.events)?,
            position: record.position.0,
        }))
    }
}

/// Whether somebody did this by hand, or it was done for a promise to somebody.
fn is_act(event: &Event) -> bool {
    match event {
        Event::AccountOpened { .. }
        | Event::PolicyChanged { .. }
        | Event::LicencesChanged { .. }
        | Event::PlanAssigned { .. }
        | Event::SiteAdded { .. }
        | Event::UserSuspended { .. }
        | Event::UserReinstated { .. }
        | Event::UserForgotten { .. }
        | Event::DeviceForgotten { .. }
        | Event::AccountSuspended
        | Event::AccountReinstated
        | Event::AccountClosed
        | Event::ImportStarted { .. }
        | Event::ImportCompleted { .. }
        | Event::ClockStepped { .. }
        | Event::SealingKeyChanged { .. }
        | Event::IdentityShown { .. }
        | Event::EvidenceTaken { .. }
        | Event::PeriodClosed(_)
        | Event::TokenMade { .. }
        | Event::TokenRevoked { .. }
        | Event::StatementsExported(_) => true,
        Event::LoggedOut { by, .. } => *by == EndedBy::Release,
        _ => false,
    }
}

impl Report for Access {
    fn text(&self) -> String {
        let zone = self.zone;
        let mut text = self.provenance.header();
        let of = self.account.as_deref().unwrap_or("all accounts");
        let from = self.from.map_or("the beginning".to_owned(), |from| zone.show(from.0));
        let to = self.to.map_or("the last commit".to_owned(), |to| zone.show(to.0));
        text += &format!("\nlooks at names and changes by hand, {of}, from {from} to {to}\n\n");
        let mut columns = vec![
            ("When", Side::Left),
            ("Position", Side::Right),
            ("By", Side::Left),
            ("What", Side::Left),
            ("Reason", Side::Left),
        ];
        if self.account.is_none() {
            columns.insert(2, ("Account", Side::Left));
        }
        let cells = |row: &AccessRow| {
            let mut cells = vec![zone.show(row.at.0), row.position.to_string()];
            if self.account.is_none() {
                cells.push(row.account.clone().unwrap_or_default());
            }
            let reason = row.reason.as_deref().unwrap_or_default().replace('\n', " / ");
            cells.extend([row.by.clone(), row.what.clone(), reason]);
            cells
        };
        text + &table(&columns, self.rows.iter().map(cells).collect())
    }
}
