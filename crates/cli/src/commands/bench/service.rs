//! The service that `open` and `memory` start in a process of its own: opens the ledger, answers a login,
//! says so in one line of JSON, and works on until its standard input ends, or until it is killed.

use super::admit::{APP, LICENCES, drain, runtime};
use super::machine::{memory_kib, ticks};
use crate::failure::Failure;
use admission::{Admission, FromViews, LoginRequest, Options, Request, SystemClock, request_id};
use ledger::Ledger;
use projector::Projector;
use seats::{AccountId, Command, SessionId, UserId};
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;

pub(super) fn run(dir: &Path, commands: u64, hear: u64) -> Result<(), Failure> {
    runtime()?.block_on(serve(dir, commands, hear))
}

async fn serve(dir: &Path, commands: u64, hear: u64) -> Result<(), Failure> {
    let begun = ticks();
    let ledger = Ledger::open(dir, &ledger::Options::default())?;
    let opened = ticks();
    let projector = Projector::open(&ledger)
        .ok_or_else(|| Failure::unexpected("a ledger on disk keeps views"))?
        .map_err(Failure::unexpected)?;
    let viewed = ticks();
    let source = FromViews::new(projector.views());
    let options = Options::default();
    let admission = Admission::start_from(ledger.clone(), options, SystemClock, source)?;
    log_in(&admission, 0).await?;
    let answered = ticks();
    let mut batch = admission.batch();
    for account in 1..=hear {
        for session in 1..=u64::from(LICENCES) {
            let command = Command::Heartbeat { session: SessionId(session), active: true };
            batch.push(Request::Command { account: AccountId(account), command }, APP);
        }
        if batch.open() > 4_000 {
            drain(&mut batch).await?;
        }
    }
    drain(&mut batch).await?;
    let heard = ticks();
    let (now, most) = memory_kib();
    let line = json!({
        "opened_us": opened.saturating_sub(begun), "views_us": viewed.saturating_sub(opened),
        "answered_us": answered.saturating_sub(begun),
        "heard_us": heard.saturating_sub(begun), "memory_kib": now, "peak_memory_kib": most,
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Failure::unexpected)?;
    for number in 1..=commands {
        log_in(&admission, number).await?;
    }
    writeln!(stdout, "done").and_then(|()| stdout.flush()).map_err(Failure::unexpected)?;
    let _ = std::io::stdin().read_to_end(&mut Vec::new()); // Any end is the end.
    let stopped = admission.stop().await;
    stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))
}

/// A login of the first user of some account, granted or not.
async fn log_in(admission: &Admission, number: u64) -> Result<(), Failure> {
    let accounts = admission.ledger().accounts();
    let account = accounts.get(usize::try_from(number % 1_000).unwrap_or_default() + 1);
    let account = account.or_else(|| accounts.last()).copied().unwrap_or(AccountId(1));
    let id = format!("{}-{}-{number}", std::process::id(), ticks());
    let request = request_id(&id).map_err(Failure::unexpected)?;
    let (user, site, device) = (UserId(1).into(), None, None);
    admission.log_in(LoginRequest { account, user, site, device, request }, APP).await?;
    Ok(())
}
