//! `verify`: the whole ledger, every byte, the tree, the chains and the rules, and the names beside it.

use crate::args::Format;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use ledger::Options;
use ledger::verify::Report;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(data: &Path, output: Output) -> Result<(), Failure> {
    let bar = output::progress("verify", 0);
    let report = verify(data, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = match report {
        Ok(report) => report,
        // Programs that ask for JSON get JSON, also where there is nothing to verify.
        Err(failure) if output.format == Format::Json => {
            output.json(&json!({
                "ok": false, "commits": 0, "events": 0, "accounts": 0, "size": 0, "root": null,
                "first_bad": null, "error": failure.what(),
            }))?;
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    };
    let bad = report.first_bad.as_ref().or(report.book.first_bad.as_ref());
    match output.format {
        Format::Json => output.json(&json!({
            "ok": bad.is_none(),
            "commits": report.commits,
            "events": report.events,
            "accounts": report.accounts,
            "size": report.size,
            "root": report.root.to_string(),
            "first_bad": bad.map(|bad| json!({
                "position": bad.position.0,
                "account": bad.account.map(|account| account.to_string()),
                "what": bad.what,
            })),
            "acknowledged": report.acknowledged,
            "log_ok": report.ok,
            "names": report.book.entries,
            "names_erased": report.book.erased,
            "names_ok": report.book.first_bad.is_none(),
        }))?,
        Format::Table => output.text(&in_words(&report))?,
    }
    if bad.is_none() { Ok(()) } else { Err(Failure::new(Kind::Damaged, "")) }
}

fn verify(data: &Path, progress: impl FnMut(u64, u64)) -> Result<Report, Failure> {
    place::check_there(data)?;
    Ok(ledger::verify::directory(data, &Options::default(), progress)?)
}

fn in_words(report: &Report) -> String {
    let mut said = match &report.first_bad {
        None => "whole: every byte, chain and rule of the log holds\n".to_owned(),
        Some(bad) => format!(
            "BAD at position {}: {}\nThe log is whole up to there. Restore it from a backup, or save \
             what is whole with `seatledger repair --into NEW`; keep what is left as it is.\n",
            bad.position, bad.what
        ),
    };
    said += &match &report.book.first_bad {
        Some(bad) => format!("BAD names, bound at position {}: {}\n", bad.position, bad.what),
        None if !report.ok => "the names beside the log were not checked\n".to_owned(),
        None => "names and plans are those that the log is bound to\n".to_owned(),
    };
    let acknowledged = report.acknowledged.filter(|acknowledged| *acknowledged > report.commits);
    let of = acknowledged.map_or_else(String::new, |all| format!(" of {all} acknowledged"));
    let erased = match report.book.erased {
        0 => String::new(),
        erased => format!(", and {erased} erased"),
    };
    said + &format!(
        "\ncommits   {}{of}\nevents    {}\naccounts  {}\nnames     {}{erased}\nsize      {}\nroot      {}",
        report.commits,
        report.events,
        report.accounts,
        report.book.entries,
        report.size,
        report.root
    )
}
