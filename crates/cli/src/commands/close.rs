//! `close` and `reconcile`: making a month's statements final, and holding all of them against the log.

use super::key::seals;
use super::reports::{caught_up_views, origin, print, views_of_all};
use crate::args::{Close, Format};
use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use admission::{Admission, Answered, Batch, Error, Request};
use ledger::{Ledger, Role};
use reporting::Reports;
use reporting::civil::Month;
use reporting::closings::{Became, Closings, ReconciledAccount, Reconciliations, ToDo};
use seats::closing::Closing;
use seats::{AccountId, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// How many months are on their way to the log together.
const TOGETHER: usize = 512;

/// The columns of `close`.
const CLOSED: [(&str, &str); 7] = [
    ("account", "Account"),
    ("status", "Status"),
    ("currency", "Currency"),
    ("net", "Net"),
    ("due", "To pay"),
    ("credit_carried", "Credit carried on"),
    ("why", "Why not"),
];

/// The columns of `reconcile`: what was charged, and what it comes to from the first event on.
const RECONCILED: [(&str, &str); 7] = [
    ("account", "Account"),
    ("months", "Months"),
    ("currency", "Currency"),
    ("stated", "Charged"),
    ("recomputed", "From the first event"),
    ("difference", "Difference"),
    ("agrees", "Agrees"),
];

/// Closes a month of one account or of all.
pub(crate) fn run(
    data: &Path,
    close: &Close,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let month = Month::read(&close.month).map_err(Failure::usage)?;
    let ledger = place::open(data)?;
    let accounts = match &close.account {
        Some(name) => vec![place::account(&ledger, name)?],
        None => ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM).collect(),
    };
    let views = match close.account {
        Some(_) => caught_up_views(&ledger),
        None => views_of_all(&ledger),
    };
    let origin = origin(&ledger)?;
    let reports = Reports::new(&views, &origin).without_names();
    let now = caller.clock.unwrap_or_else(place::now).max(reports.known_until()?);
    let actor = caller.actor(Role::Finance);
    let bar = output::progress(&format!("close {month}"), accounts.len() as u64);
    let mut became: BTreeMap<AccountId, Became> = BTreeMap::new();
    // The log before the first month is closed is sealed, and the log with all of them.
    let mut before: Option<Result<Option<u64>, Failure>> = None;
    let close_all = async |admission: &Admission| -> Result<(), Error> {
        let mut batch = admission.batch();
        let mut sent: BTreeMap<u64, (AccountId, Closing)> = BTreeMap::new();
        for account in &accounts {
            bar.inc(1);
            let proposed = match ToDo::of(reports.closable(*account, month, now, actor)) {
                ToDo::Close(proposed) if close.dry_run => {
                    became.insert(*account, Became::Closed(Box::new(proposed.closing)));
                    continue;
                }
                ToDo::Close(proposed) => proposed,
                ToDo::Nothing(what) => {
                    became.insert(*account, what);
                    continue;
                }
                ToDo::Skip => continue,
            };
            if before.get_or_insert_with(|| seal(&ledger)).is_err() {
                break;
            }
            let closing = Box::new(proposed.closing.clone());
            let (account, statement) = (*account, proposed.statement);
            let request = Request::ClosePeriod { account, closing, statement };
            sent.insert(batch.push(caller.because(request), actor), (account, proposed.closing));
            if sent.len() >= TOGETHER {
                take(&mut batch, &mut sent, &mut became).await?;
            }
        }
        while !sent.is_empty() {
            take(&mut batch, &mut sent, &mut became).await?;
        }
        Ok(())
    };
    let only = close.account.as_ref().and(accounts.first().copied());
    place::admit_through(ledger.clone(), only, Some(views.clone()), close_all)?;
    bar.finish_and_clear();
    let sealed = match before.transpose()?.flatten() {
        Some(_) => seal(&ledger)?,
        None => None,
    };
    let name = |account| reporting::names::Names::new(ledger.book(), account).account();
    let became = became.into_iter().map(|(account, became)| (name(account), became));
    let summary = Closings::new(month, close.dry_run, sealed, became);
    told(&serde_json::to_value(summary).map_err(Failure::unexpected)?, output)
}

/// Takes the answers that have arrived.
async fn take(
    batch: &mut Batch,
    sent: &mut BTreeMap<u64, (AccountId, Closing)>,
    became: &mut BTreeMap<AccountId, Became>,
) -> Result<(), Error> {
    for (tag, answer) in batch.answers().await {
        let Some((account, closing)) = sent.remove(&tag) else { continue };
        let outcome: Result<Answered, Error> = answer;
        match outcome {
            Ok(_) => drop(became.insert(account, Became::Closed(Box::new(closing)))),
            Err(Error::Rejected(why)) => {
                became.insert(account, Became::Refused(why.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Seals the log, if there is a key to seal it with; the sealed size.
fn seal(ledger: &Ledger) -> Result<Option<u64>, Failure> {
    let seals = seals(ledger)?;
    if seals.key()?.is_none() {
        return Ok(None);
    }
    seals.seal(ledger, &[])?;
    Ok(Some(ledger.head().size))
}

/// Says what became of a month of all accounts; open ones are a failure.
pub(crate) fn told(summary: &Value, output: Output) -> Result<(), Failure> {
    let number = |key: &str| summary.get(key).and_then(Value::as_u64).unwrap_or_default();
    let rows = |key: &str| summary.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let dry_run = summary.get("dry_run").and_then(Value::as_bool).unwrap_or_default();
    match output.format {
        Format::Json => output.json(summary)?,
        Format::Table => {
            output.table(output::headed(&CLOSED, &rows("accounts")))?;
            let would = if dry_run { "would be closed" } else { "closed" };
            let month = summary.get("month").and_then(Value::as_str).unwrap_or_default();
            let (closed, before) = (number("closed"), number("closed_before"));
            let open = number("open");
            let mut text =
                format!("\n{month}: {closed} {would}, {before} closed before, {open} open");
            for total in &rows("totals") {
                let of = |key: &str| total.get(key).and_then(Value::as_str).unwrap_or_default();
                let (code, net, due) = (of("currency"), of("net"), of("due"));
                text += &format!("; {code} {net} net, {code} {due} to pay");
            }
            output.text(&text)?;
            if !dry_run && closed > 0 {
                output::talk(&match summary.get("sealed_size").and_then(Value::as_u64) {
                    Some(size) => format!("the log is sealed at {size} commits"),
                    None => "the log is not sealed: there is no key yet (`seatledger key new`)"
                        .to_owned(),
                });
            }
        }
    }
    match number("open") {
        0 => Ok(()),
        open => Err(Failure::refused(format!("{open} not closed; the table says why"))),
    }
}

/// Reckons every statement twice.
pub(crate) fn reconcile(
    data: &Path,
    account: Option<&str>,
    now: Option<Timestamp>,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let views = match account {
        Some(_) => caught_up_views(&ledger),
        None => views_of_all(&ledger),
    };
    let origin = origin(&ledger)?;
    let reports = Reports::new(&views, &origin).without_names();
    let now = now.unwrap_or_else(place::now).max(reports.known_until()?);
    if let Some(name) = account {
        let report = reports.reconcile(reports.account(name)?, now)?;
        let agrees = report.agrees;
        print(&report, output)?;
        return if agrees { Ok(()) } else { Err(not_reconciled(1)) };
    }
    let accounts: Vec<AccountId> =
        ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM).collect();
    let bar = output::progress("reconcile", accounts.len() as u64);
    let mut reconciled = Vec::new();
    reports.reconcile_all(&accounts, now, |report| {
        bar.inc(1);
        reconciled.extend(ReconciledAccount::all(report)?);
        Ok::<(), Failure>(())
    })?;
    bar.finish_and_clear();
    let summary = Reconciliations::new(reconciled);
    told_reconciled(&serde_json::to_value(summary).map_err(Failure::unexpected)?, output)
}

/// Says whether the statements of all accounts are what the log says; if not, that is a failure.
pub(crate) fn told_reconciled(summary: &Value, output: Output) -> Result<(), Failure> {
    let rows = summary.get("accounts").and_then(Value::as_array).cloned().unwrap_or_default();
    let wrong = summary.get("not_reconciled").and_then(Value::as_u64).unwrap_or_default();
    match output.format {
        Format::Json => output.json(summary)?,
        Format::Table => {
            output.table(output::headed(&RECONCILED, &rows))?;
            let verdict = match (rows.len(), wrong) {
                (0, _) => "There is nothing to reconcile yet.",
                (_, 0) => "All statements agree with the log from its first event on.",
                _ => "NOT RECONCILED: statements differ from what the log says.",
            };
            output.text(&format!("\n{verdict}"))?;
        }
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(not_reconciled(wrong)),
    }
}

pub(crate) fn not_reconciled(accounts: u64) -> Failure {
    Failure::new(
        Kind::Damaged,
        format!("{accounts} not reconciled: statements are not what the log says"),
    )
    .hint("`seatledger verify` says whether the log is whole; `seatledger reconcile ACCOUNT` shows the months")
}
