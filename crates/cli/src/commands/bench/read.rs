//! Reading a history again: replay (read, decode, fold) and full verification, beside plain hashing of the
//! same leaves; what a ledger of so many events costs on disk, and how long it takes to open.

use super::{Conditions, bytes_on_disk, per_second, ratio, ticks, yardstick};
use crate::failure::Failure;
use ledger::{Actor, Draft, Ledger, Options, Position, Role};
use projector::Occupancy;
use seats::{
    AccountId, Command, Effective, Live, Liveness, LogIn, PoolId, RequestId, SessionId, Timestamp,
    UserId,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub(super) const COLUMNS: &[&str] = &["what", "events", "events_per_s", "of_raw_hash", "value"];

const ACCOUNTS: u64 = 1_000;

pub(super) fn run(conditions: &Conditions, events: u64) -> Result<Vec<Value>, Failure> {
    let dir = conditions.home.join("history");
    let made = make(&dir, events, conditions.seed)?;

    let begun = ticks();
    let ledger = Ledger::open(&dir, &Options::default())?;
    let opened = ticks().saturating_sub(begun);
    let sample = yardstick::commits(&ledger, 500_000)?;
    let leaves_per_s = yardstick::raw_hash(&sample);
    let (replayed, replay_per_s) = replay(&ledger)?;
    let begun = ticks();
    let report = ledger::verify::ledger(&ledger, |_, _| {});
    let verified = ticks().saturating_sub(begun);
    let commits = report.commits;
    drop(ledger);
    if !report.ok {
        return Err(Failure::unexpected("the history just made does not verify"));
    }
    let bytes = bytes_on_disk(&dir);
    let row = |what: &str, per_s: u64, share: Option<String>, value: String| {
        json!({
            "what": what, "events": replayed, "events_per_s": per_s, "of_raw_hash": share,
            "value": value,
        })
    };
    let verify_share = ratio(per_second(commits, verified), leaves_per_s);
    Ok(vec![
        row("append (one sync for 1,024 commits)", made, None, String::new()),
        row("replay: read, decode, fold", replay_per_s, None, String::new()),
        row(
            "verify: bytes, tree, chains, laws",
            per_second(replayed, verified),
            Some(verify_share),
            String::new(),
        ),
        row(
            "raw BLAKE3 of the same leaves",
            per_second(leaves_per_s * replayed / commits.max(1), 1_000_000),
            None,
            format!("{leaves_per_s} leaves/s"),
        ),
        row("on disk", 0, None, format!("{} bytes/event", ratio(bytes, replayed))),
        row("open", 0, None, format!("{opened} us")),
        row("memory", 0, None, format!("{} MiB peak", peak_memory_mib())),
    ])
}

fn replay(ledger: &Ledger) -> Result<(u64, u64), Failure> {
    let mut accounts: BTreeMap<AccountId, Occupancy> = BTreeMap::new();
    let mut events = 0_u64;
    let begun = ticks();
    ledger.replay(Position(0), |record| {
        events += record.commit.events.len() as u64;
        let account = record.commit.account;
        accounts.entry(account).or_insert_with(|| Occupancy::empty(account)).apply(record);
        ControlFlow::Continue(())
    })?;
    Ok((events, per_second(events, ticks().saturating_sub(begun))))
}

/// Writes a lawful history of so many events: logins and log-outs in turn. Events a second.
fn make(dir: &std::path::Path, events: u64, seed: u64) -> Result<u64, Failure> {
    let ledger = Ledger::create(dir, &Options::default())?;
    let mut writer = ledger.writer().map_err(Failure::unexpected)?;
    let syncer = writer.syncer();
    let mut lives: Vec<Live> = Vec::new();
    let mut drafts = Vec::new();
    let (mut made, mut request, mut at) =
        (0_u64, u128::from(seed) << 64, 1_767_225_600_000_000_u64);
    let begun = ticks();
    let mut turn = 0_u64;
    while made < events {
        let number = turn % ACCOUNTS;
        turn += 1;
        at += 50;
        let now = Timestamp(at);
        let account = AccountId(number + 1);
        if turn <= ACCOUNTS {
            lives.push(Live::new(seats::Account::new(account), Liveness::default()));
        }
        let Some(live) = usize::try_from(number).ok().and_then(|n| lives.get_mut(n)) else { break };
        let command = command(live, turn, &mut request, now);
        let taken = live.take(&command, None, now);
        let commits = taken.due.into_iter().map(|due| (due.at, due.events));
        for (at, events) in commits.chain([(taken.at, taken.events)]) {
            if events.is_empty() {
                continue;
            }
            made += events.len() as u64;
            drafts.push((account, at, events));
        }
        if drafts.len() >= 1_024 || made >= events {
            let batch = draft(&writer, std::mem::take(&mut drafts), now)?;
            writer.append(&batch).map_err(Failure::unexpected)?;
            syncer.sync().map_err(Failure::unexpected)?;
        }
    }
    Ok(per_second(made, ticks().saturating_sub(begun)))
}

fn draft(
    writer: &ledger::Writer,
    commits: Vec<(AccountId, Timestamp, Vec<seats::Event>)>,
    now: Timestamp,
) -> Result<Vec<Draft>, Failure> {
    let mut versions: BTreeMap<AccountId, u64> = BTreeMap::new();
    let mut drafts = Vec::with_capacity(commits.len());
    for (account, at, events) in commits {
        let known = match versions.get(&account) {
            Some(version) => *version,
            None => writer.account_head(account)?.map_or(0, |head| head.version),
        };
        versions.insert(account, known + 1);
        drafts.push(Draft {
            account,
            expected: known,
            at,
            recorded_at: now,
            actor: Actor { role: Role::App, id: 0 },
            rules: seats::RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        });
    }
    Ok(drafts)
}

fn command(live: &Live, turn: u64, request: &mut u128, now: Timestamp) -> Command {
    let account = live.account();
    let profile = seats::Commitment([7; 32]);
    if account.version() == 0 {
        return Command::Open {
            zone: String::from("Europe/London"),
            profile,
            licences: 10,
            settings: Vec::new(),
            plan: None,
            effective: Effective { instant: now, date: None },
        };
    }
    let oldest: Option<SessionId> = account.sessions().next().map(|session| session.id);
    if let Some(session) = oldest.filter(|_| account.held() >= 5) {
        return Command::LogOut { session };
    }
    *request += 1;
    let user = UserId(u32::try_from(turn / ACCOUNTS % 12).unwrap_or_default() + 1);
    let (request, newcomer) = (RequestId(request.to_be_bytes()), Some(profile));
    Command::LogIn(LogIn { request, user, newcomer, site: None, device: None, new_device: None })
}

/// The most memory this process ever held, as the kernel counts it.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
