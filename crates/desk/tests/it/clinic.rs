//! Accounts whose history is written in local times and names, for the tests and the gallery. Whoever is at
//! the keyboard gives a sign of life every five minutes.

use ledger::memory::MemoryStore;
use ledger::{Actor, Draft, Ledger, Role, Subject};
use projector::Views;
use reporting::civil::Zone;
use seats::{
    Account, AccountId, Answer, Command, Effective, Event, Live, Liveness, LogIn, Micros, Outcome,
    PoolId, RULES_VERSION, ReleaseReason, RequestId, SessionId, Setting, SiteId, Timestamp, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn ledger() -> Ledger {
    Ledger::in_memory(MemoryStore::new()).unwrap()
}

pub(crate) struct Clinic {
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) ledger: Ledger,
    pub(crate) zone: Zone,
    live: Live,
    now: Timestamp,
    users: BTreeMap<String, UserId>,
    sites: BTreeMap<String, SiteId>,
    present: BTreeSet<String>,
    requests: u64,
}

/// How often somebody who is there is heard of.
const BEAT: Micros = Micros::from_secs(300);

impl Clinic {
    /// Opens an account at a local time. Leases are ten minutes unless told otherwise.
    pub(crate) fn open(
        ledger: &Ledger,
        number: u64,
        name: &str,
        zone: &str,
        at: &str,
        licences: u32,
        settings: &[Setting],
        plan: Option<&str>,
    ) -> Clinic {
        let account = AccountId(number);
        let zone = Zone::parse(zone).unwrap();
        let now = zone.read_time(at).unwrap();
        let mut clinic = Clinic {
            account,
            name: name.to_owned(),
            ledger: ledger.clone(),
            zone,
            live: Live::new(Account::new(account), Liveness::default()),
            now,
            users: BTreeMap::new(),
            sites: BTreeMap::new(),
            present: BTreeSet::new(),
            requests: 0,
        };
        let profile = ledger.book().enrol(Subject::account(account), name).unwrap();
        let plan = plan.map(|plan| ledger.book().keep_plan(plan.as_bytes()).unwrap());
        let mut all = vec![Setting::Lease(Some(600))];
        all.extend_from_slice(settings);
        let (zone, settings) = (zone.name().to_owned(), all);
        let effective = Effective { instant: now, date: None };
        clinic.take(&Command::Open { zone, profile, licences, settings, plan, effective });
        clinic
    }

    /// Lets time pass to a local time; everybody present is heard of on the way.
    pub(crate) fn at(&mut self, at: &str) -> &mut Clinic {
        let until = self.zone.read_time(at).unwrap();
        while !self.present.is_empty() && self.now + BEAT < until {
            self.now = self.now + BEAT;
            self.beat();
        }
        self.now = until;
        self.beat();
        self
    }

    fn beat(&mut self) {
        for name in self.present.clone() {
            match self.session(&name) {
                Some(session) => {
                    self.take(&Command::Heartbeat { session, active: true });
                }
                None => {
                    self.present.remove(&name);
                }
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn site(&mut self, name: &str) -> SiteId {
        let site = SiteId(self.sites.len() as u16 + 1);
        self.sites.insert(name.to_owned(), site);
        let profile = self.ledger.book().enrol(Subject::site(self.account, site), name).unwrap();
        self.take(&Command::AddSite { site, profile });
        site
    }

    pub(crate) fn user(&self, name: &str) -> UserId {
        self.users[name]
    }

    pub(crate) fn login(&mut self, name: &str) -> Outcome {
        self.login_from(name, None)
    }

    pub(crate) fn login_from(&mut self, name: &str, site: Option<&str>) -> Outcome {
        self.requests += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.requests.to_be_bytes());
        let next = UserId(self.users.len() as u32 + 1);
        let known = self.users.contains_key(name);
        let user = *self.users.entry(name.to_owned()).or_insert(next);
        let subject = Subject::user(self.account, user);
        let newcomer = (!known).then(|| self.ledger.book().enrol(subject, name).unwrap());
        let site = site.map(|site| self.sites[site]);
        let (device, new_device) = (None, None);
        let request = RequestId(request);
        let login = LogIn { request, user, newcomer, site, device, new_device };
        let outcome = match self.take(&Command::LogIn(login)) {
            Answer::Login { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        };
        if matches!(outcome, Outcome::Granted { .. }) {
            self.present.insert(name.to_owned());
        }
        outcome
    }

    pub(crate) fn session(&self, name: &str) -> Option<SessionId> {
        self.live.account().sessions_of(self.users[name]).next().map(|session| session.id)
    }

    pub(crate) fn logout(&mut self, name: &str) {
        self.present.remove(name);
        if let Some(session) = self.session(name) {
            self.take(&Command::LogOut { session });
        }
    }

    /// The browser is closed and nothing is heard any more.
    pub(crate) fn vanish(&mut self, name: &str) {
        self.present.remove(name);
    }

    pub(crate) fn release(&mut self, name: &str, reason: ReleaseReason, note: Option<&str>) {
        self.present.remove(name);
        let session = self.session(name).unwrap();
        self.requests += 1;
        let note = note.map(|note| {
            let subject = Subject::note(self.account, self.requests);
            self.ledger.book().enrol(subject, note).unwrap()
        });
        self.take(&Command::Release { session, reason, note, forced: true });
    }

    pub(crate) fn licences(&mut self, to: u32) {
        let effective = Effective { instant: self.now, date: None };
        self.take(&Command::SetLicences { to, effective });
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

    fn record(&mut self, role: Role, at: Timestamp, events: Vec<Event>) {
        // Accounts are written one after the other, and the ledger's time does not go back.
        let latest = views(&self.ledger).known_until().unwrap().unwrap_or_default();
        let mut writer = self.ledger.writer().unwrap();
        let head = writer.account_head(self.account).unwrap();
        let draft = Draft {
            account: self.account,
            expected: head.map_or(0, |head| head.version),
            at,
            recorded_at: self.now.max(latest),
            actor: Actor { role, id: if role == Role::Support { 3 } else { 0 } },
            rules: RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        };
        writer.append(&[draft]).unwrap();
        writer.syncer().sync().unwrap();
    }

    pub(crate) fn liveness(&self) -> &Liveness {
        self.live.liveness()
    }
}

/// Views of everything that has happened.
pub(crate) fn views(ledger: &Ledger) -> Views {
    Views::without_snapshots(ledger)
}
