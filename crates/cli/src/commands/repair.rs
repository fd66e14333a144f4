//! `repair`: what can be saved of a damaged ledger, in a new directory, and exactly what cannot.

use crate::args::Format;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use ledger::repair::{RepairError, Salvage, repair};
use ledger::{Options, Record};
use reporting::civil::show_utc;
use seats::notation::{Nameless, Notation};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    into: &Path,
    lost: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let unwritable =
        |path: &Path, error| Failure::unexpected(format!("{}: {error}", path.display()));
    let mut list = match lost {
        Some(path) => {
            let file = File::create_new(path).map_err(|error| unwritable(path, error))?;
            Some((path, BufWriter::new(file)))
        }
        None => None,
    };
    let mut failed = None;
    let bar = output::progress("saved", 0);
    let salvage = repair(
        data,
        into,
        &Options::default(),
        |done| bar.set_position(done),
        |record| {
            if let Some((path, list)) = &mut list {
                let written =
                    lines(record).into_iter().try_for_each(|line| writeln!(list, "{line}"));
                failed = failed.take().or(written.err().map(|error| unwritable(path, error)));
            }
        },
    )
    .map_err(|error| match error {
        RepairError::Open(error) => error.into(),
        RepairError::Changed(_) => Failure::new(Kind::Damaged, error),
        RepairError::Write(_) => Failure::unexpected(error),
    })?;
    bar.finish_and_clear();
    if let Some((path, mut list)) = list {
        list.flush().map_err(|error| unwritable(path, error))?;
    }
    failed.map_or(Ok(()), Err)?;
    let unsaved = salvage.known.saturating_sub(salvage.saved.size);
    match output.format {
        Format::Json => output.json(&json!({
            "whole": salvage.first_bad.is_none(),
            "saved": salvage.saved.size,
            "root": salvage.saved.root.to_string(),
            "first_bad": salvage.first_bad.as_ref().map(|bad| {
                json!({ "position": bad.position.0, "what": bad.what })
            }),
            "lost": unsaved,
            "lost_but_readable": salvage.readable,
            "names_lost": salvage.names_lost,
        })),
        Format::Table => output.text(&told(&salvage, unsaved, into, lost)),
    }
}

fn told(salvage: &Salvage, unsaved: u64, into: &Path, lost: Option<&Path>) -> String {
    let size = salvage.saved.size;
    let mut text = match &salvage.first_bad {
        None => format!("Nothing is lost: all {size} commits stand in {}.\n", into.display()),
        Some(bad) => {
            let mut text = format!(
                "{size} commits are saved in {}: every one before position {size}.\n\
                 The log breaks off at position {}: {}.\n",
                into.display(),
                bad.position,
                bad.what
            );
            text += &if unsaved == 0 {
                String::from("Nothing that was acknowledged is known to follow.\n")
            } else {
                let last = salvage.known.saturating_sub(1);
                let lines = match unsaved {
                    1 => format!("1 commit is lost: position {last}.\n"),
                    _ => format!("{unsaved} commits are lost: positions {size} to {last}.\n"),
                };
                let readable = match (salvage.readable, lost) {
                    (0, _) => String::from("None of it can be read any more.\n"),
                    (n, None) => {
                        format!(
                            "{n} can be read, but stand behind a gap; --lost FILE lists them.\n"
                        )
                    }
                    (n, Some(path)) => {
                        let path = path.display();
                        format!("{n} can be read, but stand behind a gap; {path} lists them.\n")
                    }
                };
                lines + &readable
            };
            text
        }
    };
    if let Some(why) = &salvage.names_lost {
        text += &format!(
            "The directory of names could not be taken over ({why}); everybody is a number there.\n"
        );
    }
    text + &format!("\nsize      {size}\nroot      {}", salvage.saved.root)
}

/// A commit that is lost, one line for each event. Accounts and people are numbers: what they were called
/// may be lost as well.
fn lines(record: &Record) -> Vec<String> {
    let commit = &record.commit;
    let notation = Notation { names: &Nameless, time: &show_utc };
    let events = commit.events.iter();
    let line = |event| {
        format!(
            "{:>8} {} {}",
            record.position.0,
            commit.account,
            notation.line(commit.at, event, None)
        )
    };
    events.map(line).collect()
}
