//! `verify`: the whole ledger, every byte, the tree, the chains and the rules, and the names beside it; or an
//! evidence pack; or the ledger against seals that were kept elsewhere.

use super::seal::{read_policy, read_small};
use crate::args::{Format, Verify};
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use evidence::Verdict;
use ledger::Options;
use ledger::note::{KeyKind, Note, VerifierKey};
use ledger::seal::{Seal, Standing, against};
use ledger::verify::Report;
use reporting::civil::show_utc;
use serde_json::json;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

pub(crate) fn run(data: &Path, asked: &Verify, output: Output) -> Result<(), Failure> {
    let keys = keys(&asked.key)?;
    match &asked.pack {
        Some(pack) => check_pack(pack, &keys, asked.policy.as_deref(), output),
        None if !asked.against.is_empty() => hold_against(data, &asked.against, &keys, output),
        None => everything(data, output),
    }
}

fn keys(given: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    let read = |key: &String| {
        let read: Result<VerifierKey, _> = key.parse();
        match read {
            Ok(key) if key.kind() == KeyKind::Log => Ok(key),
            Ok(_) => Err(Failure::usage(format!(
                "key: {key} is a witness's; give the ledger's own key, and witnesses in --policy FILE"
            ))),
            Err(error) => Err(Failure::usage(format!("key: {error}"))),
        }
    };
    given.iter().map(read).collect()
}

fn check_pack(
    pack: &Path,
    keys: &[VerifierKey],
    policy: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let named = |path: &Path, error: &dyn fmt::Display| {
        Failure::usage(format!("{}: {error}", path.display()))
    };
    let policy = policy.map(read_policy).transpose()?;
    let file = File::open(pack).map_err(|error| named(pack, &error))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(named(pack, &"a directory, not a pack"));
    }
    let verdict = evidence::check(BufReader::new(file), keys, policy.as_ref());
    let verdict =
        verdict.map_err(|error| Failure::unexpected(format!("{}: {error}", pack.display())))?;
    match (&verdict, output.format) {
        (Verdict::Good(summary), Format::Table) => output.text(&summary.to_string()),
        (Verdict::Bad(bad), Format::Table) => output.text(&format!("bad: {bad}")),
        (Verdict::Good(summary), Format::Json) => output.json(&json!({
            "verdict": "ok", "code": null, "position": null, "why": null,
            "origin": summary.origin, "account": summary.account, "commits": summary.commits,
            "from": show_utc(summary.from), "to": show_utc(summary.to),
            "first_seal": summary.first.size, "last_seal": summary.last.size,
            "root": summary.last.root.to_string(), "names": summary.names,
            "witnesses": summary.witnesses.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "months": summary.months.iter().map(|(month, net)| json!({
                "month": month,
                "net_minor": net.as_ref().map(|(net, _)| net),
                "currency": net.as_ref().map(|(_, currency)| currency),
            })).collect::<Vec<_>>(),
        })),
        (Verdict::Bad(bad), Format::Json) => output.json(&json!({
            "verdict": "bad", "code": bad.code.word(), "position": bad.position, "why": bad.why,
        })),
    }?;
    match verdict {
        Verdict::Good(_) => Ok(()),
        Verdict::Bad(_) => Err(Failure::new(Kind::Damaged, "")),
    }
}

/// Holds the ledger against seals that were kept elsewhere; the first one is what is asked about.
fn hold_against(
    data: &Path,
    paths: &[PathBuf],
    keys: &[VerifierKey],
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let own = super::key::seals(&ledger)?.key()?.map(|key| key.verifier());
    // Without a key from elsewhere, the ledger's own: good against accidents, not against its owner.
    let keys = if keys.is_empty() { own.into_iter().collect() } else { keys.to_vec() };
    let mut seals = Vec::new();
    for path in paths {
        let wrong = |error: &dyn fmt::Display| {
            Failure::new(Kind::Damaged, format!("{}: {error}", path.display()))
        };
        let note = Note::parse(&read_small(path)?).map_err(|error| wrong(&error))?;
        seals.push(Seal::open(&note, &keys).map_err(|error| wrong(&error))?.0);
    }
    // The longest is what is asked about; the others tell where a difference lies.
    seals.sort_by_key(|seal| seal.head.size);
    let Some((seal, others)) = seals.split_last() else { return Ok(()) };
    let standing =
        against(&ledger, seal, others).map_err(|error| Failure::new(Kind::Damaged, error))?;
    let sealed = seal.head.size;
    let (word, said, from, before) = match standing {
        Standing::Same => ("same", "the log is exactly what was sealed".to_owned(), None, None),
        Standing::Grown { by } => (
            "grown",
            format!("the log begins with what was sealed, and has grown by {by}"),
            None,
            None,
        ),
        Standing::RolledBack { size } => (
            "rolled back",
            format!(
                "{sealed} commits were sealed and {size} are left: {} are missing at the end",
                sealed - size
            ),
            Some(size),
            None,
        ),
        Standing::Rewritten { from, before, .. } => (
            "rewritten",
            format!(
                "what was sealed was changed; the first change lies at or after position {from} \
                     and before {before}"
            ),
            Some(from.0),
            Some(before.0),
        ),
    };
    match output.format {
        Format::Table => output.text(&format!(
            "{word}: {said}\n\nsealed    {sealed} commits\nsize      {}\nroot      {}",
            ledger.head().size,
            ledger.head().root
        )),
        Format::Json => output.json(&json!({
            "standing": word, "sealed": sealed, "size": ledger.head().size,
            "root": ledger.head().root.to_string(), "differs_from": from, "differs_before": before,
        })),
    }?;
    match standing {
        Standing::Same | Standing::Grown { .. } => Ok(()),
        _ => Err(Failure::new(Kind::Damaged, "")),
    }
}

pub(crate) fn everything(data: &Path, output: Output) -> Result<(), Failure> {
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
