//! Durable logins: a closed loop of logins and log-outs over many accounts through admission, every answer
//! synced first, beside raw appends of the same commits: in batches as large as ours were, and in batches
//! of as many as were in flight.

use super::Conditions;
use super::frame::{Measured, Round, Times, per_second};
use super::machine::{Dice, bytes_on_disk, disk_flushes, ticks};
use super::yardstick;
use crate::args::LoadArgs;
use crate::failure::Failure;
use admission::{Admission, Batch, LoginRequest, NewAccount, Options, Request, SystemClock};
use ledger::{Actor, Ledger, Role};
use seats::{AccountId, Answer, Command, Outcome, RequestId, SameUser, SessionId, Setting, UserId};
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

/// Who sends what users do.
const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };
pub(super) const APP: Actor = Actor { role: Role::App, id: 0 };
/// Licences of each account.
pub(super) const LICENCES: u32 = 10;
/// Users of each account.
pub(super) const USERS: u64 = 12;

pub(super) fn run(conditions: &Conditions, load: &LoadArgs) -> Result<Vec<Measured>, Failure> {
    load.in_flight.iter().map(|depth| measure(conditions, *depth, load.accounts)).collect()
}

/// A runtime for what waits for answers.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.map_err(|error| Failure::unexpected(format!("cannot start: {error}")))
}

fn measure(conditions: &Conditions, depth: usize, accounts: u64) -> Result<Measured, Failure> {
    let runtime = runtime()?;
    let what = format!("{depth} in flight, {accounts} accounts");
    let mut disk = (0, 0);
    let rounds = Measured::rounds(conditions, &what, |round| {
        let (round, bytes, events) = runtime.block_on(one(conditions, depth, accounts, round))?;
        disk = (disk.0 + bytes, disk.1 + events);
        Ok(round)
    })?;
    let (counted, unit, sync) = ("answers", "one answer", String::new());
    let mut measured = Measured { what, counted, unit, disk: Some(disk), sync, rounds };
    measured.sync = sync_mode(&measured);
    Ok(measured)
}

/// What was seen of the syncs.
fn sync_mode(measured: &Measured) -> String {
    let (groups, syncs) = (measured.fact("groups"), measured.fact("syncs"));
    let seen = match measured.fact("disk_flushes") {
        0 => "the system does not count what reaches the disk".to_owned(),
        flushes if flushes >= syncs => format!("{flushes} flushes reached the disk meanwhile"),
        flushes => format!("BUT ONLY {flushes} FLUSHES REACHED THE DISK"),
    };
    format!("fdatasync before each answer: {syncs} syncs for {groups} groups, and {seen}")
}

/// One round: ours, then the yardstick on the same bytes; with bytes on disk, and events in them.
async fn one(
    conditions: &Conditions<'_>,
    depth: usize,
    accounts: u64,
    round: u64,
) -> Result<(Round, u64, u64), Failure> {
    let dir = conditions.home.join(format!("ledger-{depth}-{round}"));
    let ledger = Ledger::create(&dir, &ledger::Options::default())?;
    let options = Options { service: false, ..Options::default() };
    let admission = Admission::start(ledger.clone(), options, SystemClock)?;
    open_accounts(&admission, accounts).await?;
    let mut load = Load::new(admission.clone(), accounts, conditions.seed ^ round);
    let (first, before, flushed) = (ledger.head().size, admission.counts(), disk_flushes(&dir));
    let begun = ticks();
    load.drive(depth, conditions.until()).await?;
    let took = ticks().saturating_sub(begun);
    let flushes = disk_flushes(&dir).zip(flushed).map_or(0, |(after, before)| after - before);
    let (commits, counts) = (ledger.head().size - first, admission.counts());
    let (groups, syncs) = (counts.groups - before.groups, counts.syncs - before.syncs);
    let stopped = admission.stop().await;
    stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))?;

    let sample = yardstick::sample(&ledger)?;
    let mut events = 0_u64;
    for record in ledger.scan(ledger::Position(0)) {
        events += record?.commit.events.len() as u64;
    }
    let (granted, denied) = (load.granted, load.denied);
    let times = std::mem::take(&mut load.times);
    drop(load);
    drop(admission);
    drop(ledger); // The last one closes it.
    let bytes = bytes_on_disk(&dir);
    std::fs::remove_dir_all(&dir).map_err(Failure::unexpected)?;
    let raw = conditions.home.join("raw");
    let commits_per_sync = commits / syncs.max(1);
    let append =
        |what, batch| yardstick::raw_append(what, &raw, &sample, batch, conditions.until());
    let yardsticks = vec![
        append("in batches as large as ours came to be", commits_per_sync)?,
        append("in batches of as many as were in flight", depth as u64)?,
    ];
    let facts = vec![
        ("in_flight", depth as u64),
        ("accounts", accounts),
        ("grants_per_s", per_second(granted, took)),
        ("denied_percent", denied * 100 / (denied + granted).max(1)),
        ("commits_per_sync", commits_per_sync),
        ("groups", groups),
        ("syncs", syncs),
        ("disk_flushes", flushes),
    ];
    Ok((Round { count: commits, took, times, yardsticks, facts }, bytes, events))
}

/// Opens the accounts and lets every user in once, so that nothing is new when the clock runs.
pub(super) async fn open_accounts(admission: &Admission, accounts: u64) -> Result<(), Failure> {
    let mut batch = admission.batch();
    for account in 0..accounts {
        let mut new = NewAccount::new(format!("account {account}"), "Europe/London", LICENCES);
        // So that no login ends another session behind the load's back.
        new.settings = vec![Setting::SameUser(SameUser::Separate)];
        batch.push(Request::Open(new), ADMIN);
        if batch.open() > 4_000 {
            drain(&mut batch).await?;
        }
    }
    drain(&mut batch).await?;
    for account in 1..=accounts {
        for user in 0..USERS {
            let name = format!("user {user}");
            batch.push(Request::AddUser { account: AccountId(account), name }, ADMIN);
        }
        if batch.open() > 4_000 {
            drain(&mut batch).await?;
        }
    }
    drain(&mut batch).await
}

/// People who log in and out as fast as they are answered.
struct Load {
    admission: Admission,
    accounts: u64,
    dice: Dice,
    requests: u128,
    held: Vec<Vec<SessionId>>,
    /// When each open request was made, and whose account it is about.
    asked: BTreeMap<u64, (u64, usize)>,
    times: Times,
    granted: u64,
    denied: u64,
}

impl Load {
    fn new(admission: Admission, accounts: u64, seed: u64) -> Load {
        let held = (0..accounts).map(|_| Vec::new()).collect();
        let (asked, times, dice) = (BTreeMap::new(), Times::default(), Dice(seed));
        let (requests, granted, denied) = (u128::from(seed) << 64, 0, 0);
        Load { admission, accounts, dice, requests, held, asked, times, granted, denied }
    }

    async fn drive(&mut self, depth: usize, until: u64) -> Result<(), Failure> {
        let mut batch = self.admission.batch();
        while ticks() < until {
            while batch.open() < depth {
                let (request, account) = self.next();
                let tag = batch.push(request, APP);
                self.asked.insert(tag, (ticks(), account));
            }
            self.hear(&mut batch).await?;
        }
        while batch.open() > 0 {
            self.hear(&mut batch).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        let answers = batch.answers().await;
        let now = ticks();
        for (tag, answer) in answers {
            let Some((asked, account)) = self.asked.remove(&tag) else { continue };
            self.times.add(now.saturating_sub(asked));
            match answer?.answer {
                Answer::Login { outcome: Outcome::Granted { session, .. }, .. } => {
                    self.granted += 1;
                    if let Some(held) = self.held.get_mut(account) {
                        held.push(session);
                    }
                }
                Answer::Login { .. } => self.denied += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// A log-out where somebody sits, as often as a login.
    fn next(&mut self) -> (Request, usize) {
        let account = usize::try_from(self.dice.below(self.accounts)).unwrap_or_default();
        let id = AccountId(account as u64 + 1);
        let leaves = self.dice.below(2) == 0;
        let session = self.held.get_mut(account).filter(|_| leaves).and_then(Vec::pop);
        if let Some(session) = session {
            let command = Command::LogOut { session };
            return (Request::Command { account: id, command }, account);
        }
        self.requests += 1;
        let user = u32::try_from(self.dice.below(USERS)).unwrap_or_default() + 1;
        let login = LoginRequest {
            account: id,
            user: UserId(user).into(),
            site: None,
            device: None,
            request: RequestId(self.requests.to_be_bytes()),
        };
        (Request::LogIn(login), account)
    }
}

/// Waits for all answers.
pub(super) async fn drain(batch: &mut Batch) -> Result<(), Failure> {
    while batch.open() > 0 {
        for (_, answer) in batch.answers().await {
            answer?;
        }
    }
    Ok(())
}
