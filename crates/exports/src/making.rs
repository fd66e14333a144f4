//! An export from what is asked for to files: the same on the command line and over HTTP.
//!
//! ```text
//! Asked (words) --read--> Wanted --make(statements, seats)--> Made: files, what to tell, what is recorded
//! ```
//!
//! Whoever calls reads the statements ([`statement_of`]; all of them are in memory at once), puts
//! [`Made::record`] on record, and only then hands out the files.

use crate::workbook::SeatRow;
use crate::working_days::{Holidays, WorkingDaysError};
use crate::xero::XeroTemplate;
use crate::{ExportError, ExportFile, ExportSettings, Finality, LeftOut, SettingsError};
use crate::{charges, gocardless, notices, page, sage, workbook, xero};
use reporting::civil::{CivilError, Month, read_date, show_date};
use reporting::shown::counted;
use reporting::statement::Standing;
use reporting::{ReportError, Reports, Statement};
use seats::{AccountId, CivilDate, Digest, ExportKind, Exported, Timestamp};

/// What is asked for, as it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Which files.
    pub kind: ExportKind,
    /// Of which month, as `2026-05`.
    pub month: String,
    /// Also a month that is not closed.
    pub draft: bool,
    /// The text of `exports.toml`; empty for none.
    pub settings: String,
    /// The template that was downloaded, for Xero and GoCardless.
    pub template: Option<Vec<u8>>,
    /// When to collect, for GoCardless; as soon as possible if left out.
    pub collect_on: Option<String>,
    /// The list of bank holidays, for notices.
    pub holidays: Option<String>,
    /// The day of notice, for notices.
    pub notice_date: Option<String>,
    /// Whether names are wanted, for the workbook.
    pub names: bool,
}

/// Why something cannot be asked for so. Whoever asks mends the field that is named.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    /// The settings are not accepted.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The template is not accepted.
    #[error(transparent)]
    Template(Box<ExportError>),
    /// The list of bank holidays is not accepted.
    #[error(transparent)]
    Holidays(#[from] WorkingDaysError),
    /// The month cannot be read.
    #[error(transparent)]
    Month(CivilError),
    /// A day cannot be read.
    #[error("{field}: {why}")]
    Date {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        why: CivilError,
    },
    /// The files cannot be made without it.
    #[error("{field}: it is missing, and {kind} needs it")]
    Missing {
        /// Which field.
        field: &'static str,
        /// Which files.
        kind: &'static str,
    },
    /// The files have no use for it.
    #[error("{field}: {kind} takes none; leave it out")]
    Unwanted {
        /// Which field.
        field: &'static str,
        /// Which files.
        kind: &'static str,
    },
}

/// What is asked for, understood.
#[derive(Clone, Debug)]
pub struct Wanted {
    kind: ExportKind,
    month: Month,
    finality: Finality,
    settings: ExportSettings,
    with: With,
}

/// What some files need beside statements.
#[derive(Clone, Debug)]
enum With {
    Nothing,
    Xero(XeroTemplate),
    Gocardless(Vec<u8>, Option<CivilDate>),
    Notices(Holidays, CivilDate),
}

/// Files, and what is to be done with them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// The files. None if every statement was left out.
    pub files: Vec<ExportFile>,
    /// What whoever asked is to know.
    pub told: Vec<String>,
    /// What is put on record before the files are handed out.
    pub record: Exported,
}

impl Asked {
    /// Understands it.
    ///
    /// # Errors
    /// [`AskError`], naming the field.
    pub fn read(self) -> Result<Wanted, AskError> {
        let (kind, word) = (self.kind, self.kind.word());
        let day = |field, text: &str| read_date(text).map_err(|why| AskError::Date { field, why });
        let month = Month::read(&self.month);
        let month = month.map_err(AskError::Month)?;
        let takes: &[&str] = match kind {
            ExportKind::Xero => &["template"],
            ExportKind::Gocardless => &["template", "collect_on"],
            ExportKind::Notices => &["holidays", "notice_date"],
            ExportKind::Xlsx => &["names"],
            ExportKind::Charges | ExportKind::Sage | ExportKind::Html => &[],
        };
        let given = [
            ("template", self.template.is_some()),
            ("collect_on", self.collect_on.is_some()),
            ("holidays", self.holidays.is_some()),
            ("notice_date", self.notice_date.is_some()),
            ("names", self.names),
        ];
        if let Some((field, _)) = given.iter().find(|(field, is)| *is && !takes.contains(field)) {
            return Err(AskError::Unwanted { field, kind: word });
        }
        let wrong = |error| AskError::Template(Box::new(error));
        let missing = |field| AskError::Missing { field, kind: word };
        let with = match kind {
            ExportKind::Xero => {
                let template = self.template.ok_or_else(|| missing("template"))?;
                With::Xero(XeroTemplate::read(&template).map_err(wrong)?)
            }
            ExportKind::Gocardless => {
                let template = self.template.ok_or_else(|| missing("template"))?;
                let collect_on = self.collect_on.as_deref();
                let collect_on = collect_on.map(|text| day("collect_on", text)).transpose()?;
                With::Gocardless(template, collect_on)
            }
            ExportKind::Notices => {
                let holidays = self.holidays.ok_or_else(|| missing("holidays"))?;
                let notice = self.notice_date.ok_or_else(|| missing("notice_date"))?;
                With::Notices(Holidays::read(&holidays)?, day("notice_date", &notice)?)
            }
            _ => With::Nothing,
        };
        let finality = if self.draft { Finality::Drafts } else { Finality::Closed };
        let settings = ExportSettings::read(&self.settings)?;
        Ok(Wanted { kind, month, finality, settings, with })
    }
}

impl Wanted {
    /// Of which month.
    pub fn month(&self) -> Month {
        self.month
    }

    /// Whether the files tell who sat where, so that [`seats_of`] is wanted.
    pub fn tells_seats(&self) -> bool {
        self.kind == ExportKind::Xlsx
    }

    /// Makes the files. `accounts`: those that were asked for; `None`: all.
    ///
    /// # Errors
    /// [`ExportError`]: nothing is made.
    pub fn make(
        &self,
        statements: &[Statement],
        seats: &[SeatRow],
        accounts: Option<Vec<AccountId>>,
    ) -> Result<Made, ExportError> {
        let (settings, finality) = (&self.settings, self.finality);
        let mut told: Vec<String> = Vec::new();
        let files = match (&self.with, self.kind) {
            (With::Xero(template), _) => {
                let made = xero::xero(statements, template, settings, finality)?;
                told.extend(made.notes);
                told.extend(left_out(&made.left_out));
                made.invoices.into_iter().chain(made.credit_notes).collect()
            }
            (With::Gocardless(template, collect_on), _) => {
                let made = gocardless::gocardless(statements, template, settings, *collect_on)?;
                let payments = counted(made.payments.len() as u64, "payment");
                told.push(format!("{payments}, {} in all", made.total));
                told.extend(made.missing.iter().map(|due| {
                    let (account, payer) = (&due.account, &due.payer);
                    format!("{account} is due, and the template has no row for {payer:?}")
                }));
                let unpaid = made.not_collected.iter();
                told.extend(unpaid.map(|row| format!("{row}: nothing is collected from it")));
                told.extend(left_out(&made.left_out));
                vec![made.file]
            }
            (With::Notices(holidays, day), _) => {
                let made = notices::notices(statements, settings, holidays, *day)?;
                let earliest = show_date(made.earliest);
                told.push(format!("the earliest day of collection is {earliest}"));
                told.extend(left_out(&made.left_out));
                vec![made.file]
            }
            (With::Nothing, ExportKind::Sage) => {
                let made = sage::sage(statements, settings, finality)?;
                told.extend(left_out(&made.left_out));
                vec![made.file]
            }
            (With::Nothing, ExportKind::Xlsx) => {
                vec![workbook::workbook(statements, seats, settings, finality)?]
            }
            (With::Nothing, ExportKind::Html) => {
                let page = |statement| page::page(statement, settings, finality);
                statements.iter().map(page).collect::<Result<_, _>>()?
            }
            (With::Nothing, _) => vec![charges::charges(statements, settings, finality)?],
        };
        let is_draft =
            |statement: &Statement| !matches!(statement.standing, Standing::Closed { .. });
        let record = Exported {
            kind: self.kind,
            year: self.month.year(),
            month: self.month.number(),
            accounts,
            statements: u32::try_from(statements.len()).unwrap_or(u32::MAX),
            digest: digest(&files),
            draft: statements.iter().any(is_draft),
        };
        Ok(Made { files, told, record })
    }
}

/// What files are known by, as `docs/format.md` says.
pub fn digest(files: &[ExportFile]) -> Digest {
    let mut by_name: Vec<&ExportFile> = files.iter().collect();
    by_name.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let mut all = blake3::Hasher::new();
    for file in by_name {
        all.update(blake3::hash(&file.bytes).as_bytes());
    }
    Digest(*all.finalize().as_bytes())
}

/// The statement of an account that is one of many; `None`: nothing was ever to be billed there.
///
/// # Errors
/// When the statement cannot be made.
pub fn statement_of(
    reports: &Reports<'_>,
    account: AccountId,
    month: Month,
    now: Timestamp,
) -> Result<Option<Statement>, ReportError> {
    match reports.statement(account, month, now) {
        Ok(statement) => Ok(Some(statement).filter(|statement| statement.plan.is_some())),
        Err(ReportError::BeforeAccount { .. } | ReportError::Importing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Who sat where in a statement's month, by name or by number as the reports are.
///
/// # Errors
/// When the log cannot be read.
pub fn seats_of(reports: &Reports<'_>, statement: &Statement) -> Result<Vec<SeatRow>, ReportError> {
    let account = AccountId(statement.account_number);
    let (from, to) = (Some(statement.from.0), Some(statement.to.0));
    let rows = reports.sessions(account, from, to, None)?.rows.into_iter();
    let rows = rows.map(|row| SeatRow {
        account: account.0,
        seat: row.seat,
        holder: row.user,
        from: row.granted.0,
        to: row.ended.map(|at| at.0),
        ended: row.ended_in_words.unwrap_or_default(),
    });
    Ok(rows.collect())
}

fn left_out(left_out: &[LeftOut]) -> impl Iterator<Item = String> {
    left_out.iter().map(ToString::to_string)
}
