//! `user forget`, `device forget`, `retention run`: what is erased for good, with a receipt.

use crate::args::{Format, Retention};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use admission::{Answered, DEVICES_MAX, Request};
use ledger::commit::leaf_hash;
use ledger::{Actor, Kind, Ledger, Position, Role};
use projector::{AsOf, Views};
use reporting::At;
use seats::{AccountId, DeviceId, Event, UserStanding};
use serde_json::json;
use std::path::Path;

pub(crate) fn user(
    data: &Path,
    name: &str,
    user: &str,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, name)?;
    let found = place::user(&ledger, account, user)
        .map_err(|unknown| unknown.hint("whoever was forgotten before is known by number only"))?;
    let before = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    if before.user(found).map(|user| user.standing) == Some(UserStanding::Forgotten) {
        let gone = Event::UserForgotten { user: found };
        return already(&ledger, account, &found.to_string(), &gone, output);
    }
    let request = reasoned(caller, Request::ForgetUser { account, user: found })?;
    let answered = place::ask(ledger.clone(), account, request, caller, Role::Admin)?;
    say(&ledger, &found.to_string(), &answered, output)
}

pub(crate) fn device(
    data: &Path,
    name: &str,
    device: &str,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, name)?;
    let number = ledger.book().number_of(account, Kind::Device, device)?;
    let number = number.or_else(|| device.trim().strip_prefix("device-")?.parse().ok());
    let found = number.and_then(|number| u32::try_from(number).ok()).map(DeviceId);
    let unknown = || {
        let what = format!("{name} has no device {device:?}");
        Failure::refused(what).hint("whatever was forgotten before is known by number only")
    };
    let found = found.ok_or_else(unknown)?;
    let before = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    if before.has_forgotten(found) {
        let gone = Event::DeviceForgotten { device: found };
        return already(&ledger, account, &found.to_string(), &gone, output);
    }
    let devices = vec![found];
    let request = reasoned(caller, Request::ForgetDevices { account, devices })?;
    let answered = place::ask(ledger.clone(), account, request, caller, Role::Admin)?;
    say(&ledger, &found.to_string(), &answered, output)
}

pub(crate) fn retention(
    data: &Path,
    retention: &Retention,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let Retention::Run { account, dry_run } = retention;
    let ledger = place::open(data)?;
    let only = account.as_deref().map(|name| place::account(&ledger, name)).transpose()?;
    let views = Views::without_snapshots(&ledger);
    let all = ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM);
    let mut due: Vec<(AccountId, DeviceId)> = Vec::new();
    for account in all.filter(|id| only.is_none_or(|only| only == *id)) {
        let state = views.as_of(account, AsOf::Now)?.account;
        if !state.is_importing() {
            let devices = admission::due_devices(&ledger, &state, place::now())?;
            due.extend(devices.into_iter().map(|device| (account, device)));
        }
    }
    if !dry_run && !due.is_empty() {
        // Nobody decides it: the policy did, and time.
        let clock = caller.actor.unwrap_or(Actor { role: Role::Clock, id: 0 });
        let mut requests = Vec::new();
        for of_account in due.chunk_by(|(one, _), (other, _)| one == other) {
            for together in of_account.chunks(DEVICES_MAX) {
                let Some((account, _)) = together.first().copied() else { continue };
                let devices = together.iter().map(|(_, device)| *device).collect();
                let request = caller.because(Request::ForgetDevices { account, devices });
                requests.push((request, clock));
            }
        }
        place::admit(ledger.clone(), only, async |admission| {
            for answer in admission.submit_many(requests).await {
                answer?;
            }
            Ok(())
        })?;
    }
    let said = if *dry_run { "due" } else { "forgotten" };
    match output.format {
        Format::Json => {
            let rows = due.iter().map(|(account, device)| {
                json!({ "account": account.to_string(), "device": device.to_string() })
            });
            output.json(&json!({ said: rows.collect::<Vec<_>>() }))
        }
        Format::Table if due.is_empty() => output.text("no device was kept for its days"),
        Format::Table => {
            let rows = due.iter().map(|(account, device)| format!("{account} {device} {said}\n"));
            output.text(&rows.collect::<String>())
        }
    }
}

/// The request with its reason, without which nothing is forgotten.
fn reasoned(caller: &Caller, request: Request) -> Result<Request, Failure> {
    match caller.reason {
        Some(_) => Ok(caller.because(request)),
        None => Err(Failure::usage(
            "reason: what is forgotten is gone for good; say why, --reason TEXT",
        )),
    }
}

/// The receipt.
fn say(ledger: &Ledger, whom: &str, answered: &Answered, output: Output) -> Result<(), Failure> {
    let erased = answered.erased;
    let (entries, notes) = erased.map_or((0, 0), |erased| (erased.entries, erased.notes));
    let position = answered.position.unwrap_or(Position(0));
    let (version, leaf) = receipt(ledger, position)?;
    if erased.is_some_and(|erased| !erased.rewritten) {
        output::talk(
            "the directory's files could not be rewritten and may hold the bytes until the next start; is \
             the disk full?",
        );
    }
    match output.format {
        Format::Json => output.json(&json!({
            "forgotten": whom, "already": false, "names": entries, "notes": notes,
            "files_rewritten": erased.is_some_and(|erased| erased.rewritten),
            "position": position.0, "version": version, "leaf": leaf,
        })),
        Format::Table => output.text(&format!(
            "{whom} is forgotten\nerased    {}, {} beside it\nposition  {position}\nversion   {version}\n\
             leaf      {leaf}\nBackups made before still hold what was erased, for as long as they are kept.",
            counted(entries, "name"),
            counted(notes, "note")
        )),
    }
}

/// What is said of what was forgotten before.
fn already(
    ledger: &Ledger,
    account: AccountId,
    whom: &str,
    gone: &Event,
    output: Output,
) -> Result<(), Failure> {
    let Some(head) = ledger.account_head(account)? else { return Ok(()) };
    for record in ledger.back(head.position) {
        let record = record?;
        if !record.commit.events.contains(gone) {
            continue;
        }
        let (version, leaf) = receipt(ledger, record.position)?;
        let at = At(record.commit.at);
        let state = Views::without_snapshots(ledger).as_of(account, AsOf::Now)?.account;
        let when = place::zone(state.zone())?.show(at.0);
        return match output.format {
            Format::Json => output.json(&json!({
                "forgotten": whom, "already": true, "at": at, "position": record.position.0,
                "version": version, "leaf": leaf,
            })),
            Format::Table => output.text(&format!(
                "{whom} was forgotten at {when}\nposition  {}\nversion   {version}\nleaf      {leaf}",
                record.position
            )),
        };
    }
    Ok(())
}

/// The version and leaf hash of a commit.
fn receipt(ledger: &Ledger, position: Position) -> Result<(u64, String), Failure> {
    let version = ledger.record(position)?.map_or(0, |record| record.commit.version);
    let bytes = ledger.bytes(position)?.unwrap_or_default();
    Ok((version, leaf_hash(&bytes).to_string()))
}

fn counted(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
