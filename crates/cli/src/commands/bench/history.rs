//! A history made for measuring: accounts whose users log in and out, under the rules.

use super::{per_second, ticks};
use crate::failure::Failure;
use ledger::{Actor, Draft, Ledger, Options, Role};
use seats::{
    AccountId, Command, Effective, Live, Liveness, LogIn, Micros, PoolId, RequestId, SessionId,
    Timestamp, UserId,
};
use std::collections::BTreeMap;
use std::path::Path;

/// How many accounts there are.
pub(super) const ACCOUNTS: u64 = 1_000;

/// When it begins: 1 January 2026.
pub(super) const BEGIN: Timestamp = Timestamp(1_767_225_600_000_000);

/// The time between two commands at 20,000 a second, when nobody falls silent.
pub(super) const BUSY: Micros = Micros(50);

/// Writes a lawful history of so many events into a new ledger in `dir`: logins and log-outs in turn, so far
/// apart. Gives back how many events a second were written.
pub(super) fn make(dir: &Path, events: u64, seed: u64, apart: Micros) -> Result<u64, Failure> {
    let ledger = Ledger::create(dir, &Options::default())?;
    let mut writer = ledger.writer().map_err(Failure::unexpected)?;
    let syncer = writer.syncer();
    let mut lives: Vec<Live> = Vec::new();
    let mut drafts = Vec::new();
    let (mut made, mut request, mut at) = (0_u64, u128::from(seed) << 64, BEGIN);
    let begun = ticks();
    let mut turn = 0_u64;
    while made < events {
        let number = turn % ACCOUNTS;
        turn += 1;
        at = at + apart;
        let now = at;
        let account = AccountId(number + 1);
        if turn <= ACCOUNTS {
            lives.push(Live::new(seats::Account::new(account), Liveness::default()));
        }
        let Some(live) = usize::try_from(number).ok().and_then(|n| lives.get_mut(n)) else { break };
        let command = command(live, turn, &mut request, now);
        let taken = live.take(&command, None, now);
        let due = taken.due.into_iter().map(|due| (due.at, due.events));
        let own = taken.ahead.into_iter().chain([taken.events]).map(|events| (taken.at, events));
        for (at, events) in due.chain(own) {
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
