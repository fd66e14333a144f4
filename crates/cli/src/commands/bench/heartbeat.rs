//! Signs of life: a closed loop of heartbeats of sessions that are live, through the admission of a service.
//!
//! A heartbeat is not an event and is not synced: it is noted in memory, saved now and then beside the log,
//! and what a crash takes of it is credited. So there is nothing on the disk to compare with; beside it stands
//! the same loop through a queue between two threads in which nothing is decided. That no heartbeat made a
//! commit, and that every session's sign was saved at the stop, is looked at and said.

use super::Conditions;
use super::admit::{APP, LICENCES, drain, open_accounts, runtime};
use super::frame::{Measured, Round, Times};
use super::machine::{Dice, ticks};
use super::yardstick;
use crate::args::LoadArgs;
use crate::failure::Failure;
use admission::{Admission, LoginRequest, Options, Request, SystemClock, saved_signs};
use ledger::Ledger;
use seats::{AccountId, Command, RequestId, SessionId, UserId};
use std::collections::BTreeMap;

pub(super) fn run(conditions: &Conditions, load: &LoadArgs) -> Result<Vec<Measured>, Failure> {
    load.in_flight.iter().map(|depth| measure(conditions, *depth, load.accounts)).collect()
}

fn measure(conditions: &Conditions, depth: usize, accounts: u64) -> Result<Measured, Failure> {
    let runtime = runtime()?;
    let sessions = accounts * u64::from(LICENCES);
    let what = format!("{depth} in flight, {sessions} sessions of {accounts} accounts");
    let rounds = Measured::rounds(conditions, &what, |round| {
        runtime.block_on(one(conditions, depth, accounts, round))
    })?;
    let (counted, unit, sync) = ("heartbeats", "one answer", String::new());
    let mut measured = Measured { what, counted, unit, disk: None, sync, rounds };
    measured.sync = format!(
        "none before the answer, by design: {} commits made; the stop saved {} of {} sessions heard",
        measured.fact("commits"),
        measured.fact("sessions_saved"),
        measured.fact("sessions_heard")
    );
    Ok(measured)
}

async fn one(
    conditions: &Conditions<'_>,
    depth: usize,
    accounts: u64,
    round: u64,
) -> Result<Round, Failure> {
    let dir = conditions.home.join(format!("ledger-{depth}-{round}"));
    let ledger = Ledger::create(&dir, &ledger::Options::default())?;
    let admission = Admission::start(ledger.clone(), Options::default(), SystemClock)?;
    open_accounts(&admission, accounts).await?;
    fill(&admission, 1..=accounts).await?;

    let (mut dice, mut times, mut asked) =
        (Dice(conditions.seed ^ round), Times::default(), BTreeMap::new());
    let first = ledger.head().size;
    let mut batch = admission.batch();
    let mut heard =
        vec![false; usize::try_from(accounts * u64::from(LICENCES)).unwrap_or_default()];
    let begun = ticks();
    let until = conditions.until();
    let (mut now, mut count) = (begun, 0_u64);
    while now < until {
        while batch.open() < depth {
            let (account, seat) = (dice.below(accounts), dice.below(u64::from(LICENCES)));
            let place = usize::try_from(account * u64::from(LICENCES) + seat).unwrap_or_default();
            if let Some(heard) = heard.get_mut(place) {
                *heard = true;
            }
            let command = Command::Heartbeat { session: SessionId(seat + 1), active: true };
            let request = Request::Command { account: AccountId(account + 1), command };
            asked.insert(batch.push(request, APP), ticks());
        }
        let answers = batch.answers().await;
        now = ticks();
        for (tag, answer) in answers {
            answer?;
            count += 1;
            times.add(now.saturating_sub(asked.remove(&tag).unwrap_or(now)));
        }
    }
    let took = now.saturating_sub(begun);
    drain(&mut batch).await?;
    let commits = ledger.head().size - first;
    let stopped = admission.stop().await;
    stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))?;
    let mut saved = 0;
    for account in 1..=accounts {
        saved += saved_signs(&ledger, AccountId(account))?.signs().len() as u64;
    }
    drop(batch);
    drop(admission);
    drop(ledger);
    std::fs::remove_dir_all(&dir).map_err(Failure::unexpected)?;
    let yardsticks = vec![yardstick::echo(depth, conditions.until())];
    let facts = vec![
        ("in_flight", depth as u64),
        ("accounts", accounts),
        ("commits", commits),
        ("sessions_heard", heard.iter().filter(|heard| **heard).count() as u64),
        ("sessions_saved", saved),
    ];
    Ok(Round { count, took, times, yardsticks, facts })
}

/// Fills every seat of these accounts; their sessions are numbered from 1, as the accounts are new.
pub(super) async fn fill(
    admission: &Admission,
    accounts: impl Iterator<Item = u64>,
) -> Result<(), Failure> {
    let mut batch = admission.batch();
    for account in accounts {
        for user in 1..=LICENCES {
            let login = LoginRequest {
                account: AccountId(account),
                user: UserId(user).into(),
                site: None,
                device: None,
                request: RequestId((u128::from(account) << 64 | u128::from(user)).to_be_bytes()),
            };
            batch.push(Request::LogIn(login), APP);
        }
        if batch.open() > 4_000 {
            drain(&mut batch).await?;
        }
    }
    drain(&mut batch).await
}
