//! `account`: open one, change what it has bought, list them.

mod licences;

pub(crate) use licences::adjustment;

use crate::args::{Account, AccountOpen, Format};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use admission::{Admission, NewAccount, Request};
use ledger::{Kind, Ledger, Role};
use projector::{AsOf, Views};
use reporting::adjusted_in;
use reporting::civil::{self, Zone};
use reporting::plans::PlanRefused;
use seats::words::SettingError;
use seats::{AccountId, Command, Effective, Standing, UserStanding};
use serde_json::json;
use std::fs;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    account: Account,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    match account {
        Account::Open(new) => open(data, *new, caller, output),
        Account::SetLicences { account, licences, from } => {
            licences::set(data, &account, licences, from.as_deref(), caller, output)
        }
        Account::SetPolicy { account, policy } => {
            let ledger = place::open(data)?;
            let id = place::account(&ledger, &account)?;
            let settings = policy.settings(|name| place::site(&ledger, id, name));
            let settings = settings.map_err(|error| match error {
                SettingError::Site { .. } => Failure::refused(error),
                error => Failure::usage(error),
            })?;
            let command = Command::ChangePolicy { settings };
            let request = Request::Command { account: id, command };
            let after = change(ledger, id, request, caller)?;
            licences::remark_on_reservations(&after);
            output.done(&format!("{account}: policy changed"))
        }
        Account::SetPlan { account, plan, from } => {
            let ledger = place::open(data)?;
            let id = place::account(&ledger, &account)?;
            let effective = from.map(|from| effective(&ledger, id, &from)).transpose()?;
            let plan = read_plan(&plan)?;
            assignable(&ledger, &plan)?;
            let zone = zone_of(&ledger, id)?;
            let request = Request::AssignPlan { account: id, plan, effective };
            let after = change(ledger, id, request, caller)?;
            let adjusted = effective.and_then(|at| adjusted_in(&after, at.instant, zone));
            let adjusted = adjusted.map(adjustment).unwrap_or_default();
            output.done(&format!("{account}: plan assigned{adjusted}"))
        }
        Account::Suspend { account } => {
            simple(data, &account, Command::Suspend, caller)?;
            output.done(&format!("{account}: suspended; those logged in stay"))
        }
        Account::Reinstate { account } => {
            simple(data, &account, Command::Reinstate, caller)?;
            output.done(&format!("{account}: open"))
        }
        Account::Close { account } => {
            simple(data, &account, Command::Close, caller)?;
            output.done(&format!("{account}: closed"))
        }
        Account::List => list(data, output),
    }
}

fn open(data: &Path, new: AccountOpen, caller: &Caller, output: Output) -> Result<(), Failure> {
    // A new account has no sites to reserve seats for.
    let settings = new.policy.settings(|_| None).map_err(Failure::usage)?;
    let plan = new.plan.as_deref().map(read_plan).transpose()?;
    place::zone(&new.time_zone)?;
    let account = NewAccount {
        name: new.name.clone(),
        zone: new.time_zone,
        licences: new.licences,
        settings,
        plan,
        effective: None,
    };
    let ledger = place::open_or_create(data)?;
    account.plan.as_deref().map_or(Ok(()), |plan| assignable(&ledger, plan))?;
    let (request, actor) = (caller.because(Request::Open(account)), caller.actor(Role::Admin));
    let ask = async |admission: &Admission| admission.ask(request, actor).await;
    let answered = place::admit(ledger, None, ask)?;
    match output.format {
        Format::Json => output.json(&json!({
            "account": new.name, "id": answered.account.to_string(), "licences": new.licences,
        })),
        Format::Table => output.done(&format!("{}: open, licences {}", new.name, new.licences)),
    }
}

/// Checks a plan file before it is recorded for ever.
fn read_plan(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("plan: {}: {error}", path.display())))?;
    reporting::plan::Plan::read(&text)
        .map_err(|error| Failure::usage(format!("plan: {}: {error}", path.display())))?;
    Ok(text)
}

/// Refuses a plan that another one, assigned before, stands in the way of.
fn assignable(ledger: &Ledger, plan: &str) -> Result<(), Failure> {
    match reporting::plans::assignable(ledger, plan) {
        Ok(_) => Ok(()),
        Err(PlanRefused::Book(error)) => Err(error.into()),
        Err(PlanRefused::Read(error)) => Err(error.into()),
        Err(error) => Err(Failure::usage(format!("plan: {error}"))),
    }
}

/// A civil day in the account's zone, or an instant.
fn effective(ledger: &Ledger, account: AccountId, text: &str) -> Result<Effective, Failure> {
    let zone = zone_of(ledger, account)?;
    match civil::read_date(text) {
        Ok(day) => zone.effective(day).map_err(Failure::usage),
        Err(_) => {
            let instant = zone.read_time(text).map_err(Failure::usage)?;
            Ok(Effective { instant, date: None })
        }
    }
}

/// The zone in which an account's days are counted.
pub(crate) fn zone_of(ledger: &Ledger, account: AccountId) -> Result<Zone, Failure> {
    let occupancy = Views::without_snapshots(ledger).as_of(account, AsOf::Now)?;
    place::zone(occupancy.account.zone())
}

fn simple(data: &Path, account: &str, command: Command, caller: &Caller) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, account)?;
    change(ledger, account, Request::Command { account, command }, caller)?;
    Ok(())
}

/// Makes a change and gives back the account after it.
fn change(
    ledger: Ledger,
    account: AccountId,
    request: Request,
    caller: &Caller,
) -> Result<seats::Account, Failure> {
    place::ask(ledger.clone(), account, request, caller, Role::Admin)?;
    Ok(Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account)
}

fn list(data: &Path, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let views = Views::without_snapshots(&ledger);
    let clock = place::now();
    let mut rows = Vec::new();
    for (number, name) in place::names(&ledger, AccountId::SYSTEM, Kind::Account)? {
        let recorded = views.as_of(AccountId(number), AsOf::Now)?;
        let now = clock.max(recorded.account.last_at());
        // As `who` does: what is due by time alone has happened.
        let signs = admission::saved_signs(&ledger, AccountId(number))?;
        let account = recorded.settled(&signs, now);
        if account.standing() == Standing::Unopened || account.is_importing() {
            continue; // Never opened after all, or not whole yet.
        }
        let users = account.users().filter(|(_, u)| u.standing != UserStanding::Stranger).count();
        let standing = match account.standing() {
            Standing::Suspended => "suspended",
            Standing::Closed => "closed",
            Standing::Open | Standing::Unopened => "open",
        };
        rows.push(json!({
            "account": name,
            "standing": standing,
            "licences": account.licences().at(now),
            "seats_taken": account.taken(now),
            "users": users,
            "time_zone": account.zone(),
        }));
    }
    match output.format {
        Format::Json => output.json(&json!({ "accounts": rows })),
        Format::Table => {
            let columns = ["account", "standing", "licences", "seats_taken", "users", "time_zone"];
            output.table(output::table(&columns, &rows))
        }
    }
}
