//! Durable logins: a closed loop of logins and log-outs over many accounts through admission, every answer
//! synced first, beside raw appends of the same commits: in batches as large as ours were, and in batches
//! of as many as were in flight.

use super::latency::Latency;
use super::yardstick;
use super::{Conditions, bytes_on_disk, median, per_second, ratio, throw, ticks};
use crate::commands::account::ADMIN;
use crate::failure::Failure;
use crate::output;
use admission::{Admission, Batch, LoginRequest, NewAccount, Options, Request, SystemClock};
use ledger::{Actor, Ledger, Role};
use seats::{AccountId, Answer, Command, Outcome, RequestId, SameUser, SessionId, Setting, UserId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const COLUMNS: &[&str] = &[
    "in_flight",
    "answers_per_s",
    "grants_per_s",
    "denied_percent",
    "p50_us",
    "p99_us",
    "p999_us",
    "commits_per_sync",
    "bytes_per_event",
    "raw_per_s",
    "raw_p50_us",
    "of_raw",
    "of_raw_same_batches",
];

const APP: Actor = Actor { role: Role::App, id: 0 };
/// Licences of each account, and users who want them.
const LICENCES: u32 = 10;
const USERS: u64 = 12;

pub(super) fn run(
    conditions: &Conditions,
    in_flight: &[usize],
    accounts: u64,
) -> Result<Vec<Value>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::unexpected(format!("cannot start: {error}")))?;
    let mut rows = Vec::new();
    for depth in in_flight {
        let mut rounds = Vec::new();
        for round in 0..conditions.rounds {
            output::talk(&format!(
                "{depth} in flight, round {} of {}",
                round + 1,
                conditions.rounds
            ));
            rounds.push(runtime.block_on(one(conditions, *depth, accounts, round))?);
        }
        rows.push(summary(*depth, &rounds));
    }
    Ok(rows)
}

/// One round: ours, then the yardstick on the same bytes.
struct Round {
    answers_per_s: u64,
    grants_per_s: u64,
    denied_percent: u64,
    p50: u64,
    p99: u64,
    p999: u64,
    bytes_per_event: u64,
    commits_per_sync: u64,
    raw_per_s: u64,
    raw_p50: u64,
    /// In batches as large as ours were on average.
    raw_same_per_s: u64,
}

fn summary(depth: usize, rounds: &[Round]) -> Value {
    let mid = |field: fn(&Round) -> u64| {
        let mut values: Vec<u64> = rounds.iter().map(field).collect();
        median(&mut values)
    };
    let share = |raw: fn(&Round) -> u64| {
        let shares = rounds.iter().map(|r| r.answers_per_s * 10_000 / raw(r).max(1));
        ratio(median(&mut shares.collect::<Vec<u64>>()), 10_000)
    };
    json!({
        "in_flight": depth,
        "sync": "fdatasync of log and head before each answer",
        "rounds": rounds.len(),
        "answers_per_s": mid(|r| r.answers_per_s),
        "grants_per_s": mid(|r| r.grants_per_s),
        "denied_percent": mid(|r| r.denied_percent),
        "p50_us": mid(|r| r.p50),
        "p99_us": mid(|r| r.p99),
        "p999_us": mid(|r| r.p999),
        "commits_per_sync": mid(|r| r.commits_per_sync),
        "bytes_per_event": mid(|r| r.bytes_per_event),
        "raw_per_s": mid(|r| r.raw_per_s),
        "raw_p50_us": mid(|r| r.raw_p50),
        "of_raw": share(|r| r.raw_per_s),
        "of_raw_same_batches": share(|r| r.raw_same_per_s),
    })
}

async fn one(
    conditions: &Conditions,
    depth: usize,
    accounts: u64,
    round: u64,
) -> Result<Round, Failure> {
    let dir = conditions.home.join(format!("ledger-{depth}-{round}"));
    let ledger = Ledger::create(&dir, &ledger::Options::default())?;
    let options = Options { service: false, ..Options::default() };
    let admission = Admission::start(ledger.clone(), options, SystemClock)?;
    let mut load = Load::new(admission.clone(), accounts, conditions.seed ^ round);
    load.prepare().await?;
    let (first, before) = (ledger.head().size, admission.counts());
    let begun = ticks();
    load.drive(depth, begun + conditions.seconds * 1_000_000).await?;
    let took = ticks().saturating_sub(begun);
    let syncs = admission.counts().syncs - before.syncs;
    let stopped = admission.stop().await;
    stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))?;

    let commits = ledger.head().size - first;
    let sample = yardstick::commits(&ledger, 500_000)?;
    let mut events = 0_u64;
    for record in ledger.scan(ledger::Position(0)) {
        events += record?.commit.events.len() as u64;
    }
    let (granted, denied) = (load.granted, load.denied);
    let mut latency = std::mem::take(&mut load.latency);
    drop(load);
    drop(admission);
    drop(ledger); // The last one closes it.
    let bytes = bytes_on_disk(&dir);
    std::fs::remove_dir_all(&dir).map_err(Failure::unexpected)?;
    let raw = conditions.home.join("raw");
    let commits_per_sync = commits / syncs.max(1);
    let same = usize::try_from(commits_per_sync).unwrap_or(depth);
    let (raw_same_per_s, _) = yardstick::raw_append(&raw, &sample, same, conditions.seconds)?;
    let (raw_per_s, mut raw) = yardstick::raw_append(&raw, &sample, depth, conditions.seconds)?;
    Ok(Round {
        answers_per_s: per_second(commits, took),
        grants_per_s: per_second(granted, took),
        denied_percent: denied * 100 / (denied + granted).max(1),
        p50: latency.per_mille(500),
        p99: latency.per_mille(990),
        p999: latency.per_mille(999),
        commits_per_sync,
        bytes_per_event: bytes / events.max(1),
        raw_same_per_s,
        raw_per_s,
        raw_p50: raw.per_mille(500),
    })
}

/// People who log in and out as fast as they are answered.
struct Load {
    admission: Admission,
    accounts: u64,
    dice: u64,
    requests: u128,
    held: Vec<Vec<SessionId>>,
    /// When each open request was made, and whose account it is about.
    asked: BTreeMap<u64, (u64, usize)>,
    latency: Latency,
    granted: u64,
    denied: u64,
}

impl Load {
    fn new(admission: Admission, accounts: u64, seed: u64) -> Load {
        let held = (0..accounts).map(|_| Vec::new()).collect();
        let (asked, latency) = (BTreeMap::new(), Latency::default());
        let (requests, granted, denied) = (u128::from(seed) << 64, 0, 0);
        Load { admission, accounts, dice: seed, requests, held, asked, latency, granted, denied }
    }

    /// Opens the accounts and lets every user in once, so that nothing is new when the clock runs.
    async fn prepare(&mut self) -> Result<(), Failure> {
        let mut batch = self.admission.batch();
        for account in 0..self.accounts {
            let mut new = NewAccount::new(format!("account {account}"), "Europe/London", LICENCES);
            // So that no login ends another session behind the load's back.
            new.settings = vec![Setting::SameUser(SameUser::Separate)];
            batch.push(Request::Open(new), ADMIN);
        }
        drain(&mut batch).await?;
        for account in 1..=self.accounts {
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
            self.latency.add(now.saturating_sub(asked));
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
        let roll = throw(&mut self.dice) >> 20;
        let account = usize::try_from(roll % self.accounts).unwrap_or_default();
        let id = AccountId(account as u64 + 1);
        let leaves = roll >> 40 & 1 == 0;
        let session = self.held.get_mut(account).filter(|_| leaves).and_then(Vec::pop);
        if let Some(session) = session {
            let command = Command::LogOut { session };
            return (Request::Command { account: id, command }, account);
        }
        self.requests += 1;
        let user = u32::try_from((roll >> 30) % USERS).unwrap_or_default() + 1;
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

async fn drain(batch: &mut Batch) -> Result<(), Failure> {
    while batch.open() > 0 {
        for (_, answer) in batch.answers().await {
            answer?;
        }
    }
    Ok(())
}
