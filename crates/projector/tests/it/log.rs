//! Random but lawful logs: random commands through the rules, recorded as the ledger would.

use ledger::{Actor, Commit, Position, Record, Role};
use proptest::prelude::*;
use seats::{
    Account, AccountId, Answer, CivilDate, Command, Commitment, Digest, Effective, Event, Live,
    Liveness, LogIn, Outcome, Reclaim, ReleaseReason, RequestId, SameUser, SessionId,
    Setting, SiteId, Timestamp, UserId,
};

/// The instant at which every log begins, in seconds.
pub const BEGIN: u64 = 1_000;

/// One thing that somebody does, some seconds after the thing before.
#[derive(Clone, Debug)]
pub struct Step {
    pub account: usize,
    pub wait: u64,
    pub deed: Deed,
}

#[derive(Clone, Debug)]
pub enum Deed {
    LogIn { user: u32, site: Option<u16> },
    LogOut(usize),
    Heartbeat(usize, bool),
    Goodbye(usize),
    Release(usize),
    Licences { to: u32, in_seconds: i64 },
    Policy(Setting),
    SuspendUser(u32),
    ReinstateUser(u32),
    Suspend,
    Reinstate,
    Plan(u8),
    Close,
}

fn deed() -> impl Strategy<Value = Deed> {
    let site = prop_oneof![3 => Just(None), 1 => (1u16..=2).prop_map(Some)];
    prop_oneof![
        12 => (1u32..=7, site).prop_map(|(user, site)| Deed::LogIn { user, site }),
        5 => (0usize..4).prop_map(Deed::LogOut),
        5 => (0usize..4, any::<bool>()).prop_map(|(n, active)| Deed::Heartbeat(n, active)),
        1 => (0usize..4).prop_map(Deed::Goodbye),
        1 => (0usize..4).prop_map(Deed::Release),
        2 => (1u32..=4, -300i64..300).prop_map(|(to, in_seconds)| Deed::Licences { to, in_seconds }),
        2 => setting().prop_map(Deed::Policy),
        1 => (1u32..=7).prop_map(Deed::SuspendUser),
        1 => (1u32..=7).prop_map(Deed::ReinstateUser),
        1 => prop_oneof![
            3 => Just(Deed::Suspend),
            9 => Just(Deed::Reinstate),
            3 => any::<u8>().prop_map(Deed::Plan),
            1 => Just(Deed::Close),
        ],
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        prop_oneof![Just(None), (1u32..200).prop_map(Some)].prop_map(Setting::Lease),
        prop_oneof![Just(None), (1u32..200).prop_map(Some)].prop_map(Setting::IdleAfter),
        prop_oneof![Just(None), (50u32..500).prop_map(Some)].prop_map(Setting::MaxSession),
        prop_oneof![Just(Reclaim::Never), Just(Reclaim::OnDemand), Just(Reclaim::AtOnce)]
            .prop_map(Setting::Reclaim),
        prop_oneof![
            Just(SameUser::TakeOver),
            Just(SameUser::Share),
            Just(SameUser::Separate),
            Just(SameUser::Deny),
        ]
        .prop_map(Setting::SameUser),
        (0u32..3).prop_map(Setting::Overdraft),
        (0u32..120).prop_map(Setting::Linger),
        (1u16..=2, 0u32..2).prop_map(|(site, seats)| Setting::Reserved(SiteId(site), seats)),
    ]
}

/// A log of several accounts, with one record a commit. Account 1 is the one to look at.
pub fn logs(steps_max: usize) -> impl Strategy<Value = Vec<Record>> {
    let wait = prop_oneof![2 => Just(0u64), 5 => 1u64..30, 2 => 30u64..400];
    let step = (prop_oneof![4 => Just(0usize), 1 => Just(1usize)], wait, deed())
        .prop_map(|(account, wait, deed)| Step { account, wait, deed });
    proptest::collection::vec(step, 0..steps_max).prop_map(|steps| record(&steps))
}

/// Runs the steps and records what they come to.
pub fn record(steps: &[Step]) -> Vec<Record> {
    let mut log = Log::new(2);
    for step in steps {
        log.now += step.wait;
        log.act(step.account, &step.deed);
    }
    log.records
}

/// A log being written.
pub struct Log {
    pub records: Vec<Record>,
    pub now: u64,
    accounts: Vec<Live>,
    requests: u64,
}

impl Log {
    /// Accounts 1 to `accounts`, with two licences and two sites each.
    pub fn new(accounts: u64) -> Log {
        let live = |n| Live::new(Account::new(AccountId(n)), Liveness::default());
        let accounts = (1..=accounts).map(live).collect();
        let mut log = Log { records: Vec::new(), now: BEGIN, accounts, requests: 0 };
        for n in 0..log.accounts.len() {
            let at = Timestamp::from_secs(BEGIN);
            let open = Command::Open {
                zone: "Europe/London".into(),
                profile: Commitment([9; 32]),
                licences: 2,
                settings: vec![Setting::Lease(Some(60))],
                plan: None,
                effective: Effective { instant: at, date: Some(CivilDate(0)) },
            };
            log.take(n, &open);
            for site in 1..=2 {
                let (site, profile) = (SiteId(site), Commitment([8; 32]));
                log.take(n, &Command::AddSite { site, profile });
            }
        }
        log
    }

    /// Lets somebody do something now.
    pub fn act(&mut self, n: usize, deed: &Deed) -> Option<Outcome> {
        let account = self.accounts[n].account();
        let held = |nth: usize| account.sessions().nth(nth).map_or(SessionId(0), |s| s.id);
        let now = Timestamp::from_secs(self.now);
        let command = match deed {
            Deed::LogIn { user, site } => {
                self.requests += 1;
                let mut request = [0; 16];
                request[..8].copy_from_slice(&self.requests.to_be_bytes());
                let (user, newcomer) = (UserId(*user), Some(Commitment([7; 32])));
                let (site, request) = (site.map(SiteId), RequestId(request));
                let (device, new_device) = (None, None);
                Command::LogIn(LogIn { request, user, newcomer, site, device, new_device })
            }
            Deed::LogOut(nth) => Command::LogOut { session: held(*nth) },
            Deed::Heartbeat(nth, active) => {
                Command::Heartbeat { session: held(*nth), active: *active }
            }
            Deed::Goodbye(nth) => Command::Goodbye { session: held(*nth) },
            Deed::Release(nth) => Command::Release {
                session: held(*nth),
                reason: ReleaseReason::BrowserClosed,
                note: None,
                forced: true,
            },
            Deed::Licences { to, in_seconds } => {
                let instant = Timestamp::from_secs(self.now.saturating_add_signed(*in_seconds));
                Command::SetLicences { to: *to, effective: Effective { instant, date: None } }
            }
            Deed::Policy(setting) => Command::ChangePolicy { settings: vec![*setting] },
            Deed::SuspendUser(user) => Command::SuspendUser { user: UserId(*user) },
            Deed::ReinstateUser(user) => Command::ReinstateUser { user: UserId(*user) },
            Deed::Suspend => Command::Suspend,
            Deed::Reinstate => Command::Reinstate,
            Deed::Plan(n) => Command::AssignPlan {
                plan: Digest([*n; 32]),
                effective: Effective { instant: now, date: None },
            },
            Deed::Close => Command::Close,
        };
        self.take(n, &command)
    }

    fn take(&mut self, n: usize, command: &Command) -> Option<Outcome> {
        let now = Timestamp::from_secs(self.now);
        let taken = self.accounts[n].take(command, None, now);
        let id = self.accounts[n].account().id();
        for due in taken.due {
            self.push(id, Role::Clock, due.at, now, due.events);
        }
        if !taken.events.is_empty() {
            self.push(id, Role::App, taken.at, now, taken.events);
        }
        match taken.answer {
            Ok(Answer::Login { outcome, .. }) => Some(outcome),
            _ => None,
        }
    }

    /// Records a commit as it stands.
    pub fn push(
        &mut self,
        account: AccountId,
        role: Role,
        at: Timestamp,
        recorded_at: Timestamp,
        events: Vec<Event>,
    ) {
        let before = self.records.iter().rev().find(|record| record.commit.account == account);
        let (previous, version, hash) = match before {
            Some(before) => (Some(before.position), before.commit.version + 1, before.leaf),
            None => (None, 1, ledger::NO_PREVIOUS),
        };
        let position = Position(self.records.len() as u64);
        let actor = Actor { role, id: 0 };
        let commit = Commit {
            account,
            version,
            previous: hash,
            at,
            recorded_at: recorded_at.max(at),
            actor,
            rules: seats::RULES_VERSION,
            pool: seats::PoolId::DEFAULT,
            events,
        };
        let leaf = ledger::leaf_hash(&commit.encode().unwrap());
        self.records.push(Record { position, previous, leaf, commit });
    }

    /// What the rules know of an account now.
    pub fn account(&self, n: usize) -> &Account {
        self.accounts[n].account()
    }
}

/// The account's own records.
pub fn of(records: &[Record], account: u64) -> impl DoubleEndedIterator<Item = &Record> {
    records.iter().filter(move |record| record.commit.account == AccountId(account))
}

/// The instant some seconds after 1970.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}
