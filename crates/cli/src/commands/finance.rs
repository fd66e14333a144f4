//! `export`: statements as files for the books, the payment run, a spreadsheet and paper.

use super::reports::{caught_up_views, origin, record_looks};
use crate::args::{Export, ExportKind};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use exports::working_days::Holidays;
use exports::xero::XeroTemplate;
use exports::{ExportFile, ExportSettings, Finality, LeftOut};
use exports::{charges, gocardless, notices, page, sage, workbook, xero};
use ledger::{Ledger, whole};
use projector::Views;
use reporting::civil::{Month, read_date};
use reporting::{Reports, Statement};
use seats::{AccountId, Look};
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Writes the files of one kind for a month.
pub(crate) fn export(
    data: &Path,
    asked: &Export,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let month = asked
        .month
        .as_deref()
        .ok_or_else(|| Failure::usage("month: say which, --month YYYY-MM"))?;
    let month = Month::read(month).map_err(Failure::usage)?;
    let settings = settings(asked)?;
    let finality = if asked.draft { Finality::Drafts } else { Finality::Closed };
    let ledger = place::open(data)?;
    let views = caught_up_views(&ledger);
    let statements = statements(&ledger, &views, asked, month, caller)?;
    let mut told: Vec<String> = Vec::new();
    let files = match &asked.kind {
        ExportKind::Charges => vec![charges::charges(&statements, &settings, finality)?],
        ExportKind::Xero { template } => {
            let template = XeroTemplate::read(&read(template)?)?;
            let made = xero::xero(&statements, &template, &settings, finality)?;
            told.extend(made.notes);
            told.extend(left_out(&made.left_out));
            made.invoices.into_iter().chain(made.credit_notes).collect()
        }
        ExportKind::Sage => {
            let made = sage::sage(&statements, &settings, finality)?;
            told.extend(left_out(&made.left_out));
            vec![made.file]
        }
        ExportKind::Gocardless { template, collect_on } => {
            let day = collect_on.as_deref().map(read_date).transpose().map_err(Failure::usage)?;
            let made = gocardless::gocardless(&statements, &read(template)?, &settings, day)?;
            told.push(format!("{} payments, {} in all", made.payments.len(), made.total));
            told.extend(made.missing.iter().map(|due| {
                format!("{} is due, and the template has no row for {:?}", due.account, due.payer)
            }));
            let unpaid = made.not_collected.iter();
            told.extend(unpaid.map(|row| format!("{row}: nothing is collected from it")));
            told.extend(left_out(&made.left_out));
            vec![made.file]
        }
        ExportKind::Notices { holidays, notice_date } => {
            let list = String::from_utf8_lossy(&read(holidays)?).into_owned();
            let list = Holidays::read(&list).map_err(Failure::usage)?;
            let day = read_date(notice_date).map_err(Failure::usage)?;
            let made = notices::notices(&statements, &settings, &list, day)?;
            let earliest = reporting::civil::show_date(made.earliest);
            told.push(format!("the earliest day of collection is {earliest}"));
            told.extend(left_out(&made.left_out));
            vec![made.file]
        }
        ExportKind::Xlsx { names } => {
            let seats = seats(&ledger, &views, &statements, *names, caller)?;
            vec![workbook::workbook(&statements, &seats, &settings, finality)?]
        }
        ExportKind::Html => {
            let page = |statement| page::page(statement, &settings, finality);
            statements.iter().map(page).collect::<Result<_, _>>()?
        }
    };
    write(&asked.output, &files)?;
    for line in &told {
        output::talk(line);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    match output.format {
        crate::args::Format::Json => output.json(&json!({
            "month": month.to_string(), "statements": statements.len(),
            "directory": asked.output.display().to_string(), "files": names, "told": told,
        })),
        crate::args::Format::Table => output.text(&names.join("\n")),
    }
}

/// The statements of the month: of one account, or of all that have any.
fn statements(
    ledger: &Ledger,
    views: &Views,
    asked: &Export,
    month: Month,
    caller: &Caller,
) -> Result<Vec<Statement>, Failure> {
    let origin = origin(ledger)?;
    let reports = Reports::new(views, &origin).without_names();
    let now = caller.clock.unwrap_or_else(place::now).max(reports.known_until()?);
    if let Some(name) = &asked.account {
        return Ok(vec![reports.statement(reports.account(name)?, month, now)?]);
    }
    let accounts: Vec<AccountId> =
        ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM).collect();
    let bar = output::progress(&format!("read {month}"), accounts.len() as u64);
    let mut statements = Vec::new();
    for account in accounts {
        bar.inc(1);
        use reporting::ReportError::{BeforeAccount, Importing};
        match reports.statement(account, month, now) {
            // Nothing was ever to be billed there.
            Ok(statement) if statement.plan.is_none() => {}
            Ok(statement) => statements.push(statement),
            Err(BeforeAccount { .. } | Importing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bar.finish_and_clear();
    Ok(statements)
}

/// Who sat where in the month; names are shown only if they are asked for, and that is on record.
fn seats(
    ledger: &Ledger,
    views: &Views,
    statements: &[Statement],
    names: bool,
    caller: &Caller,
) -> Result<Vec<workbook::SeatRow>, Failure> {
    let origin = origin(ledger)?;
    let reports = Reports::new(views, &origin);
    let reports = if names { reports } else { reports.without_names() };
    let mut rows = Vec::new();
    for statement in statements {
        let account = AccountId(statement.account_number);
        let (from, to) = (Some(statement.from.0), Some(statement.to.0));
        for row in reports.sessions(account, from, to, None)?.rows {
            rows.push(workbook::SeatRow {
                account: account.0,
                seat: row.seat,
                holder: row.user,
                from: row.granted.0,
                to: row.ended.map(|at| at.0),
                ended: row.ended_in_words.unwrap_or_default(),
            });
        }
    }
    if names {
        let accounts: Vec<AccountId> =
            statements.iter().map(|statement| AccountId(statement.account_number)).collect();
        record_looks(ledger, views.clone(), &accounts, Look::Trail, None, caller)?;
    }
    Ok(rows)
}

fn left_out(left_out: &[LeftOut]) -> impl Iterator<Item = String> {
    left_out.iter().map(ToString::to_string)
}

fn settings(asked: &Export) -> Result<ExportSettings, Failure> {
    let Some(path) = &asked.settings else {
        return ExportSettings::read("").map_err(Failure::usage);
    };
    let text = String::from_utf8(read(path)?);
    let text = text.map_err(|_| Failure::usage(format!("{}: it is not UTF-8", path.display())))?;
    ExportSettings::read(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// All files or none are there at the end; one that is there already is not written over.
fn write(directory: &Path, files: &[ExportFile]) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::usage(format!("output: {}: {error}", path.display()))
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    if let Some(there) =
        files.iter().map(|file| directory.join(&file.name)).find(|path| path.exists())
    {
        return Err(Failure::refused(format!(
            "{} is there already; move it away, or write to another directory",
            there.display()
        )));
    }
    for file in files {
        let path = directory.join(&file.name);
        let content = |to: &mut File| to.write_all(&file.bytes);
        whole::write(&path, whole::OPEN, content).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

impl From<exports::ExportError> for Failure {
    fn from(error: exports::ExportError) -> Failure {
        Failure::refused(error)
    }
}
