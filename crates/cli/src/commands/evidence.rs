//! `evidence`: a pack of an account's history for somebody who does not trust us.

use super::key::seals;
use super::reports::caught_up_views;
use super::seal::{cosigned, read_policy};
use crate::args::{Evidence, Format};
use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::place;
use admission::Request;
use evidence::{Made, MakeError, Wanted};
use ledger::Role;
use ledger::seal::SealError;
use projector::{AsOf, Views};
use reporting::civil::show_utc;
use seats::{Command, Timestamp};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    asked: &Evidence,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    if seals(&ledger)?.key()?.is_none() {
        return Err(SealError::NoKey.into());
    }
    let account = place::account(&ledger, &asked.account)?;
    let known = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    let zone = place::zone(known.zone())?;
    let time = |field: &str, text: &str| {
        let read = zone.read_time(text);
        read.map_err(|error| Failure::usage(format!("{field}: {error}")))
    };
    let (from, to) = (time("from", &asked.from)?, time("to", &asked.to)?);
    let names = asked.names;
    check(from, to, place::now().max(known.last_at()))?;
    // Recorded before anything is handed out; and what is recorded now closes the period.
    let command = Command::TakeEvidence { from, to, names };
    let request = Request::Command { account, command };
    place::ask(ledger.clone(), account, request, caller, Role::Auditor)?;
    let policy = asked.policy.as_deref().map(read_policy).transpose()?;
    let seals = seals(&ledger)?;
    let note = seals.seal(&ledger, &[])?;
    if let Some(policy) = &policy {
        cosigned(&ledger, note, policy)?;
    }

    let part = asked.output.with_extension("part");
    let file = File::create(&part).map_err(|error| unwritten(&part, &error))?;
    let wanted = Wanted { account, from, to, names };
    let made = evidence::make(&caught_up_views(&ledger), seals, &wanted, &file);
    let made = made.inspect_err(|_| drop(fs::remove_file(&part)))?;
    let kept = file.sync_all().and_then(|()| fs::rename(&part, &asked.output));
    kept.map_err(|error| unwritten(&asked.output, &error))?;
    let Made { commits, months, paths, names, first, last } = made;
    let bytes = fs::metadata(&asked.output).map_or(0, |file| file.len());
    match output.format {
        Format::Json => output.json(&json!({
            "pack": asked.output, "bytes": bytes, "commits": commits, "months": months,
            "paths": paths, "names": names, "first_seal": first.size, "last_seal": last.size,
        })),
        Format::Table => output.text(&format!(
            "{}: {bytes} bytes\n\
             {commits} commits of {} from its opening to {}, {months} monthly statements, {names} names\n\
             sealed at {} and {} commits of the whole log\n\n\
             The auditor checks it with: seatledger verify {} --key KEY",
            asked.output.display(),
            asked.account,
            zone.show(to),
            first.size,
            last.size,
            asked.output.display(),
        )),
    }
}

fn check(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<(), Failure> {
    if to <= from {
        let (from, to) = (show_utc(from), show_utc(to));
        return Err(Failure::usage(format!("the period ends ({to}) before it begins ({from})")));
    }
    if to > now {
        let (to, now) = (show_utc(to), show_utc(now));
        return Err(Failure::usage(format!(
            "to: {to} has not come yet, it is {now}; evidence is of a period that is over"
        )));
    }
    Ok(())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unexpected(format!("{}: {error}", path.display()))
}

impl From<MakeError> for Failure {
    fn from(error: MakeError) -> Failure {
        let kind = match error {
            MakeError::Seal(error) => return error.into(),
            MakeError::NoAccount(_)
            | MakeError::Open(_)
            | MakeError::TooMany
            | MakeError::TooLong
            | MakeError::Statement(_) => Kind::Refused,
            MakeError::Prove(_) | MakeError::Read(_) | MakeError::Book(_) => Kind::Damaged,
            MakeError::Civil(_) => Kind::Usage,
            MakeError::Io(_) => Kind::Unexpected,
        };
        Failure::new(kind, error)
    }
}
