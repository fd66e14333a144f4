//! A clinic whose history is written in local times and names.

use ledger::memory::MemoryStore;
use ledger::{Actor, Draft, Ledger, Role, Subject};
use projector::Views;
use reporting::civil::Zone;
use seats::{
    Account, AccountId, Answer, Command, Effective, Event, Live, Liveness, LogIn, Outcome, PoolId,
    RULES_VERSION, ReleaseReason, RequestId, SessionId, Setting, SiteId, Timestamp, UserId,
};
use std::collections::HashMap;

pub(crate) const CLINIC: AccountId = AccountId(1);

pub(crate) struct Clinic {
    pub(crate) ledger: Ledger,
    pub(crate) zone: Zone,
    live: Live,
    now: Timestamp,
    users: HashMap<String, UserId>,
    sites: HashMap<String, SiteId>,
    requests: u64,
}

impl Clinic {
    /// Opens `Riverside Clinic` in a zone, at a local time.
    pub(crate) fn open(
        zone: &str,
        at: &str,
        licences: u32,
        settings: &[Setting],
        plan: Option<&str>,
    ) -> Clinic {
        let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
        let zone = Zone::parse(zone).unwrap();
        let live = Live::new(Account::new(CLINIC), Liveness::default());
        let now = zone.read_time(at).unwrap();
        let (users, sites) = (HashMap::new(), HashMap::new());
        let mut clinic = Clinic { ledger, zone, live, now, users, sites, requests: 0 };
        let profile =
            clinic.ledger.book().enrol(Subject::account(CLINIC), "Riverside Clinic").unwrap();
        let plan = plan.map(|plan| clinic.ledger.book().keep_plan(plan.as_bytes()).unwrap());
        let (zone, settings) = (zone.name().to_owned(), settings.to_vec());
        let effective = Effective { instant: now, date: None };
        clinic.take(&Command::Open { zone, profile, licences, settings, plan, effective });
        clinic
    }

    /// Lets time pass to a local time.
    pub(crate) fn at(&mut self, at: &str) -> &mut Clinic {
        self.now = self.zone.read_time(at).unwrap();
        self
    }

    /// Lets time pass to a time of the same day.
    pub(crate) fn clock(&mut self, time: &str) -> &mut Clinic {
        let day = self.zone.show(self.now)[..10].to_owned();
        self.at(&format!("{day} {time}"))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn site(&mut self, name: &str) -> SiteId {
        let site = SiteId(self.sites.len() as u16 + 1);
        self.sites.insert(name.to_owned(), site);
        let profile = self.ledger.book().enrol(Subject::site(CLINIC, site), name).unwrap();
        self.take(&Command::AddSite { site, profile });
        site
    }

    pub(crate) fn user(&mut self, name: &str) -> UserId {
        let next = UserId(self.users.len() as u32 + 1);
        *self.users.entry(name.to_owned()).or_insert(next)
    }

    pub(crate) fn login(&mut self, name: &str) -> Outcome {
        self.login_at(name, None)
    }

    pub(crate) fn login_at(&mut self, name: &str, site: Option<&str>) -> Outcome {
        self.requests += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.requests.to_be_bytes());
        let known = self.users.contains_key(name);
        let user = self.user(name);
        let subject = Subject::user(CLINIC, user);
        let newcomer = (!known).then(|| self.ledger.book().enrol(subject, name).unwrap());
        let site = site.map(|site| self.sites[site]);
        let (device, new_device) = (None, None);
        let request = RequestId(request);
        let login = LogIn { request, user, newcomer, site, device, new_device };
        match self.take(&Command::LogIn(login)) {
            Answer::Login { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn add_user(&mut self, name: &str) {
        let user = self.user(name);
        let profile = self.ledger.book().enrol(Subject::user(CLINIC, user), name).unwrap();
        self.take(&Command::AddUser { user, profile });
    }

    fn session(&self, name: &str) -> SessionId {
        self.live.account().sessions_of(self.users[name]).next().unwrap().id
    }

    pub(crate) fn logout(&mut self, name: &str) {
        let session = self.session(name);
        self.take(&Command::LogOut { session });
    }

    pub(crate) fn heartbeat(&mut self, name: &str) {
        let session = self.session(name);
        self.take(&Command::Heartbeat { session, active: true });
    }

    pub(crate) fn release(&mut self, name: &str) {
        let (session, reason) = (self.session(name), ReleaseReason::BrowserClosed);
        self.take(&Command::Release { session, reason, note: None, forced: true });
    }

    pub(crate) fn licences(&mut self, to: u32) {
        let effective = Effective { instant: self.now, date: None };
        self.take(&Command::SetLicences { to, effective });
    }

    pub(crate) fn licences_from(&mut self, to: u32, date: &str) {
        let day = reporting::civil::read_date(date).unwrap();
        let effective = self.zone.effective(day).unwrap();
        self.take(&Command::SetLicences { to, effective });
    }

    pub(crate) fn plan(&mut self, file: &str, date: &str) {
        let plan = self.ledger.book().keep_plan(file.as_bytes()).unwrap();
        let effective = self.zone.effective(reporting::civil::read_date(date).unwrap()).unwrap();
        self.take(&Command::AssignPlan { plan, effective });
    }

    pub(crate) fn set(&mut self, setting: Setting) {
        self.take(&Command::ChangePolicy { settings: vec![setting] });
    }

    pub(crate) fn take(&mut self, command: &Command) -> Answer {
        let taken = self.live.take(command, None, self.now);
        for due in taken.due {
            self.record(Role::Clock, due.at, due.events);
        }
        if !taken.events.is_empty() {
            let role = match command {
                Command::Release { .. } => Role::Support,
                Command::SetLicences { .. } | Command::Open { .. } => Role::Admin,
                _ => Role::App,
            };
            self.record(role, taken.at, taken.events);
        }
        taken.answer.unwrap()
    }

    pub(crate) fn record(&mut self, role: Role, at: Timestamp, events: Vec<Event>) {
        append(&self.ledger, CLINIC, Actor { role, id: 0 }, (at, self.now), events);
    }

    pub(crate) fn views(&self) -> Views {
        Views::without_snapshots(&self.ledger)
    }

    pub(crate) fn liveness(&self) -> &Liveness {
        self.live.liveness()
    }
}

/// Appends a commit that happened and was recorded then.
pub(crate) fn append(
    ledger: &Ledger,
    account: AccountId,
    actor: Actor,
    (at, recorded_at): (Timestamp, Timestamp),
    events: Vec<Event>,
) {
    let mut writer = ledger.writer().unwrap();
    let expected = writer.account_head(account).unwrap().map_or(0, |head| head.version);
    let (rules, pool) = (RULES_VERSION, PoolId::DEFAULT);
    writer
        .append(&[Draft { account, expected, at, recorded_at, actor, rules, pool, events }])
        .unwrap();
    writer.syncer().sync().unwrap();
}

/// The text of a report without its provenance.
pub(crate) fn content(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.starts_with('#')).collect();
    lines.join("\n").trim().to_owned()
}
