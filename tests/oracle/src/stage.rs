//! One account, live and recorded.

use crate::facts::commit;
use crate::{Deed, From};
use ledger::memory::MemoryStore;
use ledger::{Actor, Draft, Ledger, Role, Subject};
use projector::Views;
use reporting::civil::{Month, Zone, read_date};
use reporting::{Closable, Report, ReportError, Reports};
use seats::closing::Closing;
use seats::{
    Account, AccountId, Command, Effective, Event, Live, Liveness, LogIn, PoolId, RULES_VERSION,
    RequestId, SessionId, Setting, Timestamp, UserId,
};
use serde_json::Value;
use std::collections::BTreeMap;

const ACCOUNT: AccountId = AccountId(1);
const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };
const FINANCE: Actor = Actor { role: Role::Finance, id: 0 };

pub(crate) struct Stage<'a> {
    ledger: Ledger,
    zone: Zone,
    plans: &'a BTreeMap<String, String>,
    live: Live,
    now: Timestamp,
    requests: u64,
    /// Each user's number in the account, and latest session.
    users: BTreeMap<u32, (UserId, Option<SessionId>)>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        zone: &str,
        plans: &'a BTreeMap<String, String>,
    ) -> Result<Stage<'a>, String> {
        let ledger = Ledger::in_memory(MemoryStore::new()).map_err(|error| error.to_string())?;
        let zone = Zone::parse(zone).map_err(|error| error.to_string())?;
        let live = Live::new(Account::new(ACCOUNT), Liveness::default());
        let (now, users) = (Timestamp::ZERO, BTreeMap::new());
        Ok(Stage { ledger, zone, plans, live, now, requests: 0, users })
    }

    pub(crate) fn pass_to(&mut self, at: u64) {
        self.now = self.now.max(Timestamp(at));
    }

    /// What a deed comes to; the reason if it is refused.
    pub(crate) fn take(&mut self, deed: &Deed) -> Result<(), String> {
        let command = match deed {
            Deed::Open { licences, settings, plan, effective } => Command::Open {
                zone: self.zone.name().to_owned(),
                profile: self.profile(Subject::account(ACCOUNT), "account")?,
                licences: *licences,
                settings: read(settings)?,
                plan: plan.as_deref().map(|plan| self.keep(plan)).transpose()?,
                effective: self.effective(effective.as_ref())?,
            },
            Deed::SetPlan { plan, effective } => Command::AssignPlan {
                plan: self.keep(plan)?,
                effective: self.effective(effective.as_ref())?,
            },
            Deed::SetLicences { to, effective } => {
                Command::SetLicences { to: *to, effective: self.effective(effective.as_ref())? }
            }
            Deed::SetPolicy { settings } => Command::ChangePolicy { settings: read(settings)? },
            Deed::Login { user } => return self.log_in(*user),
            Deed::Heartbeat { user } => match self.session(*user) {
                Some(session) => Command::Heartbeat { session, active: true },
                None => return Ok(()),
            },
            Deed::Logout { user } => match self.session(*user) {
                Some(session) => Command::LogOut { session },
                None => return Ok(()),
            },
            Deed::CloseMonth { month } => return self.close(month),
            Deed::CloseAccount => Command::Close,
            Deed::Ask { .. } => return Ok(()),
        };
        self.command(&command, ADMIN)
    }

    fn session(&self, user: u32) -> Option<SessionId> {
        self.users.get(&user).and_then(|(_, session)| *session)
    }

    fn log_in(&mut self, user: u32) -> Result<(), String> {
        let next = UserId(u32::try_from(self.users.len()).unwrap_or(u32::MAX).saturating_add(1));
        let (id, newcomer) = match self.users.get(&user) {
            Some((id, _)) => (*id, None),
            None => {
                let subject = Subject::user(ACCOUNT, next);
                (next, Some(self.profile(subject, &format!("user {user}"))?))
            }
        };
        self.requests = self.requests.saturating_add(1);
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.requests.to_be_bytes());
        let (site, device, new_device) = (None, None, None);
        let request = RequestId(request);
        let login = LogIn { request, user: id, newcomer, site, device, new_device };
        self.command(&Command::LogIn(login), Actor { role: Role::App, id: 0 })?;
        let last = self.live.account().last_session();
        let theirs = self.live.account().session(last).filter(|session| session.user == id);
        let before = self.session(user);
        self.users.insert(user, (id, theirs.map(|session| session.id).or(before)));
        Ok(())
    }

    /// Closes a month, as `seatledger close` does.
    fn close(&mut self, month: &str) -> Result<(), String> {
        let month = Month::read(month).map_err(|error| error.to_string())?;
        self.settle()?;
        let views = Views::without_snapshots(&self.ledger);
        let reports = Reports::new(&views, "oracle");
        let closable = reports.closable(ACCOUNT, month, self.now, FINANCE);
        match closable.map_err(|error| error.to_string())? {
            Closable::Already(_) => Err("closed already".to_owned()),
            Closable::Now(proposed) => {
                let kept = self.ledger.book().keep_statement(&proposed.statement);
                let statement = kept.map_err(|error| error.to_string())?;
                let closing = Closing { statement, ..proposed.closing };
                self.command(&Command::ClosePeriod(Box::new(closing)), FINANCE)
            }
        }
    }

    /// The statement of a month, as it is kept or would be.
    pub(crate) fn statement(&mut self, month: Month) -> Result<String, String> {
        self.settle()?;
        let views = Views::without_snapshots(&self.ledger);
        let reports = Reports::new(&views, "oracle");
        let facts = reports.facts(ACCOUNT, month, self.now).map_err(|error| error.to_string())?;
        let bytes = facts.bytes().map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }

    /// Whether all statements are what the log says from its first event on; else the report.
    pub(crate) fn reconciled(&self) -> Result<(), String> {
        let views = Views::without_snapshots(&self.ledger);
        let reports = Reports::new(&views, "oracle");
        let report = reports.reconcile(ACCOUNT, self.now).map_err(|error| error.to_string())?;
        let mut among_all = Vec::new();
        let read_together = reports.reconcile_all(&[ACCOUNT], self.now, |report| {
            among_all.push(report?);
            Ok::<_, ReportError>(())
        });
        read_together.map_err(|error| error.to_string())?;
        if among_all != [report.clone()] {
            return Err("reconciled with all accounts it is another report".to_owned());
        }
        if report.agrees { Ok(()) } else { Err(report.text()) }
    }

    /// What is recorded, as far as statements depend on it.
    pub(crate) fn commits(&self) -> Result<Vec<Value>, String> {
        let views = Views::without_snapshots(&self.ledger);
        let history = views.history(ACCOUNT, Timestamp::ZERO, Timestamp::MAX);
        let history = history.map_err(|error| error.to_string())?;
        history
            .map(|record| record.map(|record| commit(&record)).map_err(|error| error.to_string()))
            .collect()
    }

    fn settle(&mut self) -> Result<(), String> {
        for due in self.live.settle(self.now) {
            self.record(Actor { role: Role::Clock, id: 0 }, due.at, due.events)?;
        }
        Ok(())
    }

    fn command(&mut self, command: &Command, actor: Actor) -> Result<(), String> {
        let taken = self.live.take(command, None, self.now);
        for due in taken.due {
            self.record(Actor { role: Role::Clock, id: 0 }, due.at, due.events)?;
        }
        taken.answer.map_err(|rejection| rejection.to_string())?;
        if !taken.events.is_empty() {
            self.record(actor, taken.at, taken.events)?;
        }
        Ok(())
    }

    fn record(&mut self, actor: Actor, at: Timestamp, events: Vec<Event>) -> Result<(), String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let mut writer = self.ledger.writer().map_err(|error| words(&error))?;
        let head = writer.account_head(ACCOUNT).map_err(|error| words(&error))?;
        let draft = Draft {
            account: ACCOUNT,
            expected: head.map_or(0, |head| head.version),
            at,
            recorded_at: self.now,
            actor,
            rules: RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        };
        writer.append(&[draft]).map_err(|error| words(&error))?;
        writer.syncer().sync().map(drop).map_err(|error| words(&error))
    }

    fn profile(&self, subject: Subject, name: &str) -> Result<seats::Commitment, String> {
        self.ledger.book().enrol(subject, name).map_err(|error| error.to_string())
    }

    fn keep(&self, plan: &str) -> Result<seats::Digest, String> {
        let text = self.plans.get(plan).ok_or_else(|| format!("there is no plan {plan:?}"))?;
        reporting::plan::Plan::read(text).map_err(|error| format!("{error}\n{text}"))?;
        self.ledger.book().keep_plan(text.as_bytes()).map_err(|error| error.to_string())
    }

    fn effective(&self, from: Option<&From>) -> Result<Effective, String> {
        match from {
            None => Ok(Effective { instant: self.now, date: None }),
            Some(From::Instant(instant)) => {
                Ok(Effective { instant: Timestamp(*instant), date: None })
            }
            Some(From::Day(day)) => {
                let day = read_date(day).map_err(|error| error.to_string())?;
                self.zone.effective(day).map_err(|error| error.to_string())
            }
        }
    }
}

fn read(settings: &[String]) -> Result<Vec<Setting>, String> {
    let read = |words: &String| Setting::from_words(words, |_| None);
    settings.iter().map(|words| read(words).map_err(|error| error.to_string())).collect()
}
