//! `user`, `device` and `site`: who may log in, from what, and from where.

use crate::args::{Device, Site, User};
use crate::caller::Caller;
use crate::commands::{export, forget};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use admission::Request;
use ledger::Role;
use seats::{AccountId, Command, UserId};
use std::path::Path;

pub(crate) fn user(
    data: &Path,
    user: User,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    match user {
        User::Add { account, user } => {
            let add = |account| Request::AddUser { account, name: user.clone() };
            ask(data, &account, caller, add)?;
            output.done(&format!("{account}: {user} added"))
        }
        User::Suspend { account, user } => {
            standing(data, &account, &user, caller, |user| Command::SuspendUser { user })?;
            output.done(&format!("{account}: {user} suspended"))
        }
        User::Reinstate { account, user } => {
            standing(data, &account, &user, caller, |user| Command::ReinstateUser { user })?;
            output.done(&format!("{account}: {user} may log in"))
        }
        User::Forget { account, user } => forget::user(data, &account, &user, caller, output),
        User::Export { account, user, output: file } => {
            export::run(data, &account, &user, file.as_deref(), caller, output)
        }
    }
}

pub(crate) fn device(
    data: &Path,
    device: &Device,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let Device::Forget { account, device } = device;
    forget::device(data, account, device, caller, output)
}

pub(crate) fn site(
    data: &Path,
    site: Site,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let Site::Add { account, site } = site;
    ask(data, &account, caller, |account| Request::AddSite { account, name: site.clone() })?;
    output.done(&format!("{account}: site {site} added"))
}

fn ask(
    data: &Path,
    account: &str,
    caller: &Caller,
    request: impl FnOnce(AccountId) -> Request,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, account)?;
    place::ask(ledger, account, request(account), caller, Role::Admin)?;
    Ok(())
}

fn standing(
    data: &Path,
    account: &str,
    user: &str,
    caller: &Caller,
    command: impl FnOnce(UserId) -> Command,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, account)?;
    let command = command(place::user(&ledger, account, user)?);
    place::ask(ledger, account, Request::Command { account, command }, caller, Role::Admin)?;
    Ok(())
}
