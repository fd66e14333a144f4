//! Random but lawful logs: random commands through the rules, appended to a ledger in memory.

use ledger::memory::MemoryStore;
use ledger::{Actor, Draft, Ledger, Position, Record, Role};
use proptest::prelude::*;
use seats::{
    Account, AccountId, Answer, CivilDate, Command, Commitment, Digest, Effective, Event, Live,
    Liveness, LogIn, Outcome, PoolId, RULES_VERSION, Reclaim, ReleaseReason, RequestId, SameUser,
    SessionId, Setting, SiteId, Timestamp, UserId, WhenFull,
};

/// The instant at which every log begins, in seconds.
pub(crate) const BEGIN: u64 = 1_000;

/// One thing that somebody does, some seconds after the thing before.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) account: usize,
    pub(crate) wait: u64,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    LogIn { user: u32, site: Option<u16> },
    LogOut(usize),
    TakeOffer(usize),
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
        5 => (0usize..3).prop_map(Deed::TakeOffer),
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

/// What happens in three accounts, mostly in account 1, which is the one to look at.
pub(crate) fn steps(steps_max: usize) -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![2 => Just(0u64), 5 => 1u64..30, 2 => 30u64..400];
    let account = prop_oneof![4 => Just(0usize), 1 => 1usize..=2];
    let step =
        (account, wait, deed()).prop_map(|(account, wait, deed)| Step { account, wait, deed });
    proptest::collection::vec(step, 0..steps_max)
}

/// The same in accounts where a login for which there is no seat waits in line.
pub(crate) fn steps_in_line(steps_max: usize) -> impl Strategy<Value = Vec<Step>> {
    steps(steps_max).prop_map(|mut steps| {
        let queue = Deed::Policy(Setting::WhenFull(WhenFull::Queue));
        let queue = |account| Step { account, wait: 0, deed: queue.clone() };
        steps.splice(..0, (0..3).map(queue));
        steps
    })
}

/// Runs the steps.
pub(crate) fn run(steps: &[Step]) -> Log {
    let mut log = Log::new(3);
    for step in steps {
        log.now += step.wait;
        log.act(step.account, &step.deed);
    }
    log
}

/// A log being written.
pub(crate) struct Log {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) now: u64,
    accounts: Vec<Live>,
    requests: u64,
}

impl Log {
    /// Accounts 1 to `accounts`, with two licences and two sites each.
    pub(crate) fn new(accounts: u64) -> Log {
        let live = |n| Live::new(Account::new(AccountId(n)), Liveness::default());
        let accounts = (1..=accounts).map(live).collect();
        let mut log = Log { drafts: Vec::new(), now: BEGIN, accounts, requests: 0 };
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
    pub(crate) fn act(&mut self, n: usize, deed: &Deed) -> Option<Outcome> {
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
            Deed::TakeOffer(nth) => {
                let asked = account.line().nth(*nth);
                let request = asked.map_or(RequestId([0xFF; 16]), |asked| asked.request);
                Command::TakeOffer { request }
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
        for ends in taken.ahead {
            self.push(id, Role::App, taken.at, now, ends);
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
    pub(crate) fn push(
        &mut self,
        account: AccountId,
        role: Role,
        at: Timestamp,
        recorded_at: Timestamp,
        events: Vec<Event>,
    ) {
        let expected = self.drafts.iter().filter(|draft| draft.account == account).count() as u64;
        let (actor, recorded_at) = (Actor { role, id: 0 }, recorded_at.max(at));
        let (rules, pool) = (RULES_VERSION, PoolId::DEFAULT);
        self.drafts.push(Draft { account, expected, at, recorded_at, actor, rules, pool, events });
    }

    /// A ledger in memory that holds the log.
    pub(crate) fn ledger(&self) -> Ledger {
        let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
        append(&ledger, &self.drafts);
        ledger
    }

    /// The log.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.ledger().scan(Position(0)).map(Result::unwrap).collect()
    }

    /// What the rules know of an account now.
    pub(crate) fn live(&self, n: usize) -> &Live {
        &self.accounts[n]
    }
}

/// Appends and syncs.
pub(crate) fn append(ledger: &Ledger, drafts: &[Draft]) {
    let mut writer = ledger.writer().unwrap();
    writer.append(drafts).unwrap();
    writer.syncer().sync().unwrap();
}

/// The account's own records.
pub(crate) fn of(records: &[Record], account: u64) -> impl DoubleEndedIterator<Item = &Record> {
    records.iter().filter(move |record| record.commit.account == AccountId(account))
}

/// The instant some seconds after 1970.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

/// A history as it is imported: who, asked when, waited and sat how long, all in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    pub(crate) user: u32,
    pub(crate) asked: u64,
    pub(crate) waited: u64,
    pub(crate) sat: u64,
}

pub(crate) fn stays(stays_max: usize) -> impl Strategy<Value = Vec<Stay>> {
    let waited = prop_oneof![1 => Just(0u64), 2 => 1u64..300];
    let stay = (1u32..5, 0u64..2000, waited, 0u64..600)
        .prop_map(|(user, asked, waited, sat)| Stay { user, asked, waited, sat });
    proptest::collection::vec(stay, 0..stays_max)
}

/// Such a history as the only account of a log: request, grant and end are commits of their own; at one
/// instant ends come first, then requests, then grants.
pub(crate) fn import(stays: &[Stay]) -> Log {
    let mut log = Log::new(1);
    let mut moments: Vec<(u64, u8, usize)> = Vec::new();
    for (n, stay) in stays.iter().enumerate() {
        let granted = stay.asked + stay.waited;
        moments.extend([(stay.asked, 1, n), (granted, 2, n)]);
        // A stay of no time ends after it began.
        moments.push((granted + stay.sat, if stay.sat == 0 { 3 } else { 0 }, n));
    }
    moments.sort_unstable();
    let (mut session, mut sessions) = (0, vec![SessionId(0); stays.len()]);
    let mut seats: Vec<Option<usize>> = Vec::new();
    for (second, kind, n) in moments {
        let at = at(BEGIN + second);
        let mut request = [9; 16];
        request[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let (request, user) = (RequestId(request), UserId(stays[n].user));
        let event = match kind {
            1 => Event::LoginRequested { request, user, site: None, device: None },
            2 => {
                let seat = seats.iter().position(Option::is_none).unwrap_or(seats.len());
                seats.resize(seats.len().max(seat + 1), None);
                seats[seat] = Some(n);
                session += 1;
                sessions[n] = SessionId(session);
                let (session, seat) = (sessions[n], seats::SeatNo(seat as u32 + 1));
                Event::SeatGranted { request: Some(request), session, seat, overdraft: false }
            }
            _ => {
                let seat = seats.iter().position(|holder| *holder == Some(n)).unwrap();
                seats[seat] = None;
                let (by, silent) = (seats::EndedBy::User, seats::Micros::ZERO);
                let session = sessions[n];
                Event::LoggedOut { session, by, reason: None, note: None, silent }
            }
        };
        log.push(AccountId(1), Role::Importer, at, at, vec![event]);
    }
    log
}
