//! The history that is measured: accounts whose users log in and out, under the rules, for years.
//!
//! Every account has 5 licences and 12 users and a thousand events a year, whatever the size of the history:
//! a longer one has more accounts or more years, so that a month of one account is the same in all. One login
//! in eight is refused. In every fourth account nobody shows signs of life, so that its sessions go dormant
//! and are reclaimed. It ends on 1 January 2026.
//!
//! A history that is kept stands in a directory beside a file that says what it is:
//!
//! ```text
//!  bench.json   what was asked for, and whether it is whole
//!  ledger/      an ordinary ledger, with its views
//! ```

use super::Conditions;
use super::frame::per_second;
use super::machine::{Dice, bytes_on_disk, ticks};
use crate::args::HistoryArgs;
use crate::failure::Failure;
use crate::output;
use ledger::{Actor, Draft, Ledger, Options, Role, Writer};
use projector::Projector;
use seats::{
    AccountId, Command, Digest, Effective, Live, Liveness, LogIn, Micros, PoolId, RequestId,
    Setting, Timestamp, UserId,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Users of each account.
pub(super) const USERS: u64 = 12;

/// 1 January 2026.
const END: Timestamp = Timestamp(1_767_225_600_000_000);
const YEAR: u64 = 365 * 86_400_000_000;
/// Commands that make a thousand events.
const COMMANDS_A_YEAR: u64 = 610;
const LICENCES: u32 = 5;
/// Commits that are made durable together.
const GROUP: usize = 1_024;

/// A history on disk.
pub(super) struct History {
    pub(super) ledger: PathBuf,
    /// Bytes on disk when it was made, everything included.
    pub(super) bytes: u64,
    /// Events it was made with.
    pub(super) events: u64,
}

impl History {
    /// The history asked for: that of an earlier run if it is there, else made now.
    pub(super) fn take(conditions: &Conditions, wanted: HistoryArgs) -> Result<History, Failure> {
        let dir = conditions.data.unwrap_or(&conditions.home);
        let (note, ledger) = (dir.join("bench.json"), dir.join("ledger"));
        let asked = json!({
            "events": wanted.events, "accounts": wanted.accounts, "seed": conditions.seed,
        });
        let unusable = |error| Failure::unexpected(format!("{}: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(unusable)?;
        match std::fs::read(&note) {
            Ok(found) => {
                let found: Value = serde_json::from_slice(&found).unwrap_or_default();
                let field = |name: &str| found.get(name).unwrap_or(&Value::Null);
                if *field("asked") != asked {
                    return Err(Failure::usage(format!(
                        "{} holds the history {}; ask for that, or name another directory with --data",
                        dir.display(),
                        field("asked")
                    )));
                }
                if let (Some(bytes), Some(events)) =
                    (field("bytes").as_u64(), field("events").as_u64())
                {
                    return Ok(History { ledger, bytes, events });
                }
                // It was not made to its end.
                std::fs::remove_dir_all(&ledger).map_err(unusable)?;
            }
            Err(_) if dir.join("FORMAT").exists() || ledger.exists() => {
                return Err(Failure::refused(format!(
                    "{} holds something that `bench` did not make; name another directory with --data",
                    dir.display()
                )));
            }
            Err(_) => {}
        }
        std::fs::write(&note, json!({ "asked": asked }).to_string()).map_err(unusable)?;
        let events = make(&ledger, Shape::years(wanted), conditions.seed)?;
        let bytes = bytes_on_disk(&ledger);
        let whole = json!({ "asked": asked, "bytes": bytes, "events": events });
        std::fs::write(&note, whole.to_string()).map_err(unusable)?;
        Ok(History { ledger, bytes, events })
    }

    /// Opens it.
    pub(super) fn open(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open(&self.ledger, &Options::default())?)
    }
}

/// When a history of that shape begins.
pub(super) fn begin(shape: HistoryArgs) -> Timestamp {
    let years = u128::from(shape.events) * u128::from(YEAR) / 1_000 / u128::from(shape.accounts);
    Timestamp(END.0.saturating_sub(u64::try_from(years).unwrap_or(u64::MAX)))
}

/// What a history is like.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) accounts: u64,
    /// It begins here and ends before `end`, or with so many events.
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    pub(super) events: u64,
    /// Commands in a year of one account.
    pub(super) commands_a_year: u64,
    /// The price plan of every account.
    pub(super) plan: Option<&'a str>,
}

impl Shape<'_> {
    /// A thousand events an account and year, to the end of 2025.
    fn years(wanted: HistoryArgs) -> Self {
        let HistoryArgs { events, accounts } = wanted;
        let (begin, end) = (begin(wanted), Timestamp::MAX);
        Shape { accounts, begin, end, events, commands_a_year: COMMANDS_A_YEAR, plan: None }
    }
}

/// Writes a lawful history into a new ledger, and brings its views up to it. Gives back how many events.
pub(super) fn make(dir: &Path, shape: Shape<'_>, seed: u64) -> Result<u64, Failure> {
    let ledger = Ledger::create(dir, &Options::default())?;
    let plan = shape.plan.map(|plan| ledger.book().keep_plan(plan.as_bytes()));
    let plan = plan.transpose().map_err(Failure::unexpected)?;
    let mut writer = ledger.writer().map_err(Failure::unexpected)?;
    let syncer = writer.syncer();
    let mut lives: Vec<Live> = (1..=shape.accounts)
        .map(|account| Live::new(seats::Account::new(AccountId(account)), Liveness::default()))
        .collect();
    let apart = Micros((YEAR / shape.commands_a_year / shape.accounts).max(1));
    let mut people = People { dice: Dice(seed), request: u128::from(seed) << 64, plan };
    let (mut commits, mut made, mut at) = (Vec::new(), 0_u64, shape.begin);
    let bar = output::progress("events", shape.events);
    let begun = ticks();
    while made < shape.events && at < shape.end {
        for (number, live) in lives.iter_mut().enumerate() {
            at = at + apart;
            let command = people.command(live, number);
            let taken = live.take(&command(at), None, at);
            let due = taken.due.into_iter().map(|due| (due.at, due.events));
            let own =
                taken.ahead.into_iter().chain([taken.events]).map(|events| (taken.at, events));
            for (at, events) in due.chain(own).filter(|(_, events)| !events.is_empty()) {
                made += events.len() as u64;
                commits.push((live.account().id(), at, events));
            }
            if commits.len() >= GROUP {
                append(&mut writer, std::mem::take(&mut commits), at)?;
                syncer.sync().map_err(Failure::unexpected)?;
                bar.set_position(made);
            }
            if made >= shape.events {
                break;
            }
        }
    }
    append(&mut writer, commits, at)?;
    syncer.sync().map_err(Failure::unexpected)?;
    let wrote = ticks();
    drop(writer);
    bar.finish_and_clear();
    if let Some(projector) = Projector::open(&ledger) {
        let mut projector = projector.map_err(Failure::unexpected)?;
        while projector.catch_up(1 << 16).map_err(Failure::unexpected)? > 0 {}
    }
    let projected = ticks();
    output::talk(&format!(
        "{made} events written ({} a second) and projected ({} a second)",
        per_second(made, wrote.saturating_sub(begun)),
        per_second(made, projected.saturating_sub(wrote))
    ));
    Ok(made)
}

fn append(
    writer: &mut Writer,
    commits: Vec<(AccountId, Timestamp, Vec<seats::Event>)>,
    now: Timestamp,
) -> Result<(), Failure> {
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
    writer.append(&drafts).map_err(Failure::unexpected)?;
    Ok(())
}

/// What people do next.
struct People {
    dice: Dice,
    request: u128,
    plan: Option<Digest>,
}

impl People {
    fn command(&mut self, live: &Live, number: usize) -> impl FnOnce(Timestamp) -> Command + use<> {
        let account = live.account();
        let profile = seats::Commitment([7; 32]);
        let unopened = account.version() == 0;
        let full = account.held() >= LICENCES;
        let refused = self.dice.below(8) == 0;
        let oldest = account.sessions().next().map(|session| session.id);
        let leaving = oldest.filter(|_| full && !refused);
        self.request += 1;
        let request = RequestId(self.request.to_be_bytes());
        let user = UserId(u32::try_from(self.dice.below(USERS)).unwrap_or_default() + 1);
        let newcomer = account.user(user).is_none().then_some(profile);
        let (lease, plan) = (Setting::Lease(None), self.plan);
        move |now| match (unopened, leaving) {
            (true, _) => Command::Open {
                zone: String::from("Europe/London"),
                profile,
                licences: LICENCES,
                settings: if number.is_multiple_of(4) { Vec::new() } else { vec![lease] },
                plan,
                effective: Effective { instant: now, date: None },
            },
            (false, Some(session)) => Command::LogOut { session },
            (false, None) => {
                let (site, device, new_device) = (None, None, None);
                Command::LogIn(LogIn { request, user, newcomer, site, device, new_device })
            }
        }
    }
}
