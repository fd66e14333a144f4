//! `user` and `site`: who may log in, and from where.

use crate::args::{Site, User};
use crate::commands::account::ADMIN;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use admission::{Admission, Request};
use seats::{AccountId, Command, UserId};
use std::path::Path;

pub(crate) fn user(data: &Path, user: User, output: Output) -> Result<(), Failure> {
    match user {
        User::Add { account, user } => {
            ask(data, &account, |account| Request::AddUser { account, name: user.clone() })?;
            output.done(&format!("{account}: {user} added"))
        }
        User::Suspend { account, user } => {
            standing(data, &account, &user, |user| Command::SuspendUser { user })?;
            output.done(&format!("{account}: {user} suspended"))
        }
        User::Reinstate { account, user } => {
            standing(data, &account, &user, |user| Command::ReinstateUser { user })?;
            output.done(&format!("{account}: {user} may log in"))
        }
    }
}

pub(crate) fn site(data: &Path, site: Site, output: Output) -> Result<(), Failure> {
    let Site::Add { account, site } = site;
    ask(data, &account, |account| Request::AddSite { account, name: site.clone() })?;
    output.done(&format!("{account}: site {site} added"))
}

fn ask(
    data: &Path,
    account: &str,
    request: impl FnOnce(AccountId) -> Request,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, account)?;
    let request = request(account);
    place::admit(ledger, Some(account), async |admission| admission.ask(request, ADMIN).await)?;
    Ok(())
}

fn standing(
    data: &Path,
    account: &str,
    user: &str,
    command: impl FnOnce(UserId) -> Command,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, account)?;
    let command = command(place::user(&ledger, account, user)?);
    let submit = async |admission: &Admission| admission.submit(account, command, ADMIN).await;
    place::admit(ledger, Some(account), submit)?;
    Ok(())
}
