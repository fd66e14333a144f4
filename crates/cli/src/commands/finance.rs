//! `export`: statements as files for the books, the payment run, a spreadsheet and paper.
//!
//! That files were made is on record before they are placed: after a crash in between the record names files that
//! nobody has, which is no harm, and there are never files that the record does not name.

use super::reports::{caught_up_views, origin, record_looks};
use crate::args::{Export, ExportKind as Kind, Format};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use admission::Admission;
use exports::ExportFile;
use exports::making::{AskError, Asked, seats_of, statement_of};
use exports::workbook::SeatRow;
use ledger::{Ledger, Role, whole};
use projector::Views;
use reporting::civil::Month;
use reporting::{Reports, Statement};
use seats::{AccountId, ExportKind, Look};
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
    let words = words(asked)?;
    let names = words.names;
    let wanted = words.read()?;
    let ledger = place::open(data)?;
    let views = caught_up_views(&ledger);
    let only = asked.account.as_deref().map(|name| place::account(&ledger, name)).transpose()?;
    let statements = statements(&ledger, &views, only, wanted.month(), caller)?;
    let seats = match wanted.tells_seats() {
        true => seats(&ledger, &views, &statements, names, caller)?,
        false => Vec::new(),
    };
    let made = wanted.make(&statements, &seats, only.map(|account| vec![account]))?;
    check_room(&asked.output, made.files.iter().map(|file| file.name.as_str()))?;
    let digest = made.record.digest.to_string();
    let position = match made.files.is_empty() {
        true => None,
        false => {
            let (reason, actor) = (caller.reason.clone(), caller.actor(Role::Finance));
            let record = async |admission: &Admission| {
                admission.record_export(made.record, reason, actor).await
            };
            place::admit(ledger, only, record)?.position
        }
    };
    let position = position.map(|position| position.0);
    let told = Told {
        month: wanted.month().to_string(),
        statements: statements.len(),
        digest,
        position,
        told: made.told,
    };
    placed(&asked.output, &made.files, &told, output)
}

/// What there is to say of files that were made.
pub(crate) struct Told {
    pub(crate) month: String,
    pub(crate) statements: usize,
    /// What they are known by in the record.
    pub(crate) digest: String,
    /// Where the record says that they were made.
    pub(crate) position: Option<u64>,
    pub(crate) told: Vec<String>,
}

/// Places files that are on record, and says what there is to say of them.
pub(crate) fn placed(
    directory: &Path,
    files: &[ExportFile],
    told: &Told,
    output: Output,
) -> Result<(), Failure> {
    check_room(directory, files.iter().map(|file| file.name.as_str()))?;
    write(directory, files)?;
    for line in &told.told {
        output::talk(line);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    match output.format {
        Format::Json => output.json(&json!({
            "month": told.month, "statements": told.statements,
            "directory": directory.display().to_string(), "files": names, "told": told.told,
            "digest": told.digest, "position": told.position,
        })),
        Format::Table => output.text(&names.join("\n")),
    }
}

/// What is asked for, with what stands in the files that it names.
pub(crate) fn words(asked: &Export) -> Result<Asked, Failure> {
    let month = asked.month.clone();
    let month = month.ok_or_else(|| Failure::usage("month: say which, --month YYYY-MM"))?;
    let settings = asked.settings.as_deref().map(text).transpose()?;
    let mut words = Asked {
        kind: ExportKind::Charges,
        month,
        draft: asked.draft,
        settings: settings.unwrap_or_default(),
        template: None,
        collect_on: None,
        holidays: None,
        notice_date: None,
        names: false,
    };
    match &asked.kind {
        Kind::Charges => {}
        Kind::Xero { template } => {
            (words.kind, words.template) = (ExportKind::Xero, Some(read(template)?));
        }
        Kind::Sage => words.kind = ExportKind::Sage,
        Kind::Gocardless { template, collect_on } => {
            (words.kind, words.template) = (ExportKind::Gocardless, Some(read(template)?));
            words.collect_on.clone_from(collect_on);
        }
        Kind::Notices { holidays, notice_date } => {
            (words.kind, words.holidays) = (ExportKind::Notices, Some(text(holidays)?));
            words.notice_date = Some(notice_date.clone());
        }
        Kind::Xlsx { names } => (words.kind, words.names) = (ExportKind::Xlsx, *names),
        Kind::Html => words.kind = ExportKind::Html,
    }
    Ok(words)
}

/// The statements of the month: of one account, or of all that have any.
fn statements(
    ledger: &Ledger,
    views: &Views,
    only: Option<AccountId>,
    month: Month,
    caller: &Caller,
) -> Result<Vec<Statement>, Failure> {
    let origin = origin(ledger)?;
    let reports = Reports::new(views, &origin).without_names();
    let now = caller.clock.unwrap_or_else(place::now).max(reports.known_until()?);
    if let Some(account) = only {
        return Ok(vec![reports.statement(account, month, now)?]);
    }
    let accounts: Vec<AccountId> =
        ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM).collect();
    let bar = output::progress(&format!("read {month}"), accounts.len() as u64);
    let mut statements = Vec::new();
    for account in accounts {
        bar.inc(1);
        statements.extend(statement_of(&reports, account, month, now)?);
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
) -> Result<Vec<SeatRow>, Failure> {
    let origin = origin(ledger)?;
    let reports = Reports::new(views, &origin);
    let reports = if names { reports } else { reports.without_names() };
    let mut rows = Vec::new();
    for statement in statements {
        rows.extend(seats_of(&reports, statement)?);
    }
    if names {
        let accounts: Vec<AccountId> =
            statements.iter().map(|statement| AccountId(statement.account_number)).collect();
        record_looks(ledger, views.clone(), &accounts, Look::Trail, None, caller)?;
    }
    Ok(rows)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(path)?);
    text.map_err(|_| Failure::usage(format!("{}: it is not UTF-8", path.display())))
}

/// Refuses to write over a file that is there already.
fn check_room<'a>(
    directory: &Path,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    match names.find_map(|name| Some(directory.join(name)).filter(|path| path.exists())) {
        None => Ok(()),
        Some(there) => Err(Failure::refused(format!(
            "{} is there already; move it away, or write to another directory",
            there.display()
        ))),
    }
}

fn write(directory: &Path, files: &[ExportFile]) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::usage(format!("output: {}: {error}", path.display()))
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
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

impl From<AskError> for Failure {
    fn from(error: AskError) -> Failure {
        Failure::usage(error)
    }
}
