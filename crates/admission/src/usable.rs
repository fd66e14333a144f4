//! What is refused before anybody is entered in the directory for it.

use crate::error::Error;
use crate::request::{By, LoginRequest, Request};
use seats::{Account, Command, LogIn, Rejection, Standing, UserId};

/// Rejects what the rules would reject whoever asks, before anybody is entered in the directory for it, and
/// numbers that nobody was given, which would leave a gap.
pub(crate) fn usable(account: &Account, request: &Request) -> Result<(), Error> {
    let (request, _) = request.parts();
    if matches!(request, Request::Open(_) | Request::Command { command: Command::Open { .. }, .. })
    {
        return Ok(());
    }
    match account.standing() {
        Standing::Unopened => return Err(Error::UnknownAccount),
        _ if account.is_importing() => return Err(Error::Rejected(Rejection::Importing)),
        Standing::Closed
            if matches!(request, Request::AddUser { .. } | Request::AddSite { .. }) =>
        {
            return Err(Error::Rejected(Rejection::AccountClosed));
        }
        _ => {}
    }
    let met = |user: UserId| account.user(user).is_some();
    let next = |user: UserId| user == account.next_user();
    let user = match request {
        Request::LogIn(LoginRequest { user: By::Id(user), .. })
        | Request::AskHandOver { login: LoginRequest { user: By::Id(user), .. }, .. }
            if !met(*user) =>
        {
            *user
        }
        Request::Command { command: Command::LogIn(LogIn { user, .. }), .. }
        | Request::Command {
            command: Command::AskHandOver { login: LogIn { user, .. }, .. },
            ..
        }
        | Request::Command { command: Command::AddUser { user, .. }, .. }
            if !met(*user) && !next(*user) =>
        {
            *user
        }
        _ => return Ok(()),
    };
    Err(Error::Rejected(Rejection::UnknownUser(user)))
}
