//! `token`: makes, lists and revokes access tokens. A running server sees what has changed.

use crate::args::{Format, Token};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use ledger::Role;
use reporting::civil::show_utc;
use seats::Timestamp;
use serde_json::{Value, json};
use server::access::{Access, NewToken};
use std::path::{Path, PathBuf};

/// The directory of tokens and of the key of seat tokens, beside the log.
pub(crate) fn access_dir(data: &Path) -> PathBuf {
    data.join("access")
}

pub(crate) fn run(
    data: &Path,
    token: Token,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    place::check_there(data)?;
    let access = Access::open(&access_dir(data)).map_err(unusable)?;
    // The log says who it was, as soon as a server has it open.
    let (now, by) = (place::now(), caller.actor(Role::Admin));
    match token {
        Token::Create { role, accounts, label, expires } => {
            if expires.is_some_and(|expires| expires <= now) {
                return Err(Failure::usage("expires: that is over already"));
            }
            let accounts = (!accounts.is_empty()).then_some(accounts);
            let new = NewToken { role, accounts, label, expires_at: expires };
            let (made, text) = access.make_by(new, by, now).map_err(unusable)?;
            match output.format {
                Format::Json => output.json(&json!({
                    "number": made.number, "role": made.role.word(), "accounts": made.accounts,
                    "token": text,
                })),
                Format::Table => output.text(&format!(
                    "{text}\n\ntoken {} for {}, shown once: keep it as you keep a password",
                    made.number,
                    made.role.word()
                )),
            }
        }
        Token::List => {
            let rows: Vec<Value> = access
                .tokens()
                .into_iter()
                .map(|token| {
                    let at = |at: u64| show_utc(Timestamp(at));
                    json!({
                        "number": token.number,
                        "role": token.role.word(),
                        "accounts": token.accounts.map_or("all".to_owned(), |names| names.join(", ")),
                        "label": token.label,
                        "made": at(token.made_at),
                        "expires": token.expires_at.map(at),
                        "revoked": token.revoked_at.map(at),
                    })
                })
                .collect();
            match output.format {
                Format::Json => output.json(&json!({ "tokens": rows })),
                Format::Table => {
                    let columns =
                        ["number", "role", "accounts", "label", "made", "expires", "revoked"];
                    output.table(output::table(&columns, &rows))
                }
            }
        }
        Token::Revoke { number } => match access.revoke_by(number, by, now).map_err(unusable)? {
            true => output.done(&format!("token {number} is worthless now")),
            false => Err(Failure::refused(format!("there is no token {number}"))),
        },
    }
}

pub(crate) fn unusable(error: std::io::Error) -> Failure {
    Failure::unexpected(format!("access tokens: {error}"))
}
