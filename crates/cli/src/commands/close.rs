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
use reporting::civil::Month;
use reporting::money::Currency;
use reporting::{Closable, CloseError, Reports};
use seats::closing::Closing;
use seats::{AccountId, Timestamp};
use serde_json::{Value, json};
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

/// What became of one account's month.
enum Became {
    Closed(Closing),
    Already(Closing),
    Refused(String),
}

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
            let proposed = match reports.closable(*account, month, now, actor) {
                Ok(Closable::Now(proposed)) => proposed,
                Ok(Closable::Already(note)) => {
                    became.insert(*account, Became::Already(note.closing));
                    continue;
                }
                Err(error) => {
                    became.extend(refused(error).map(|why| (*account, Became::Refused(why))));
                    continue;
                }
            };
            if close.dry_run {
                became.insert(*account, Became::Closed(proposed.closing));
                continue;
            }
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
    told(&ledger, month, &became, close.dry_run, sealed, output)
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
            Ok(_) => drop(became.insert(account, Became::Closed(closing))),
            Err(Error::Rejected(why)) => {
                became.insert(account, Became::Refused(why.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Why an account's month is not closed; `None`: there is nothing to close in it.
fn refused(error: CloseError) -> Option<String> {
    use reporting::ReportError::{BeforeAccount, Importing};
    match error {
        CloseError::Report(BeforeAccount { .. } | Importing { .. }) => None,
        error => Some(error.to_string()),
    }
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

fn told(
    ledger: &Ledger,
    month: Month,
    became: &BTreeMap<AccountId, Became>,
    dry_run: bool,
    sealed: Option<u64>,
    output: Output,
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let (mut closed, mut already, mut open) = (0_u64, 0_u64, 0_u64);
    for (account, became) in became {
        let name = reporting::names::Names::new(ledger.book(), *account).account();
        let (closing, what) = match became {
            Became::Closed(closing) => {
                closed += 1;
                (closing, if dry_run { "would be closed" } else { "closed" })
            }
            Became::Already(closing) => {
                already += 1;
                (closing, "closed before")
            }
            Became::Refused(why) => {
                open += 1;
                rows.push(json!({ "account": name, "status": "open", "why": why }));
                continue;
            }
        };
        let code = closing.currency();
        let show = |minor: i64| Currency::parse(code).map(|currency| currency.show(minor));
        let sum = sums.entry(code.to_owned()).or_default();
        *sum = (sum.0.saturating_add(closing.net), sum.1.saturating_add(closing.due));
        rows.push(json!({
            "account": name, "status": what, "currency": code, "net": show(closing.net),
            "due": show(closing.due), "credit_carried": show(closing.carried),
            "statement": closing.statement.to_string(),
        }));
    }
    let totals: Vec<Value> = sums
        .iter()
        .map(|(code, (net, due))| {
            let show = |minor: i64| Currency::parse(code).map(|currency| currency.show(minor));
            json!({ "currency": code, "net": show(*net), "due": show(*due) })
        })
        .collect();
    match output.format {
        Format::Json => output.json(&json!({
            "month": month.to_string(), "closed": closed, "closed_before": already, "open": open,
            "sealed_size": sealed, "totals": totals, "accounts": rows,
        }))?,
        Format::Table => {
            output.table(output::headed(&CLOSED, &rows))?;
            let would = if dry_run { "would be closed" } else { "closed" };
            let mut text =
                format!("\n{month}: {closed} {would}, {already} closed before, {open} open");
            for total in &totals {
                let of =
                    |key: &str| total.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
                let (code, net, due) = (of("currency"), of("net"), of("due"));
                text += &format!("; {code} {net} net, {code} {due} to pay");
            }
            output.text(&text)?;
            if !dry_run && closed > 0 {
                output::talk(&match sealed {
                    Some(size) => format!("the log is sealed at {size} commits"),
                    None => "the log is not sealed: there is no key yet (`seatledger key new`)"
                        .to_owned(),
                });
            }
        }
    }
    match open {
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
    let (mut rows, mut wrong) = (Vec::new(), 0_u64);
    reports.reconcile_all(&accounts, now, |report| {
        bar.inc(1);
        let report = match report {
            Ok(report) => report,
            Err(reporting::ReportError::Importing { .. }) => return Ok(()),
            Err(error) => return Err(Failure::from(error)),
        };
        wrong += u64::from(!report.agrees);
        rows.extend(report.sums().into_iter().map(|sum| {
            let (stated, recomputed) = (sum.stated_minor, sum.recomputed_minor);
            json!({
                "account": report.account, "months": sum.months, "currency": sum.code(),
                "stated": sum.show(stated), "stated_minor": stated,
                "recomputed": sum.show(recomputed), "recomputed_minor": recomputed,
                "difference": sum.show(recomputed.saturating_sub(stated)),
                "agrees": if report.agrees { "yes" } else { "NO" },
            })
        }));
        Ok(())
    })?;
    bar.finish_and_clear();
    match output.format {
        Format::Json => output.json(&json!({ "agrees": wrong == 0, "accounts": rows }))?,
        Format::Table => {
            output.table(output::headed(&RECONCILED, &rows))?;
            let verdict = match rows.len() {
                0 => "There is nothing to reconcile yet.",
                _ if wrong == 0 => "All statements agree with the log from its first event on.",
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

fn not_reconciled(accounts: u64) -> Failure {
    Failure::new(
        Kind::Damaged,
        format!("{accounts} not reconciled: statements are not what the log says"),
    )
    .hint("`seatledger verify` says whether the log is whole; `seatledger reconcile ACCOUNT` shows the months")
}
