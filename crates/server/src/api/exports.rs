//! Statements as files, over HTTP: those of the command line, made by the same code, and recorded as the same act.
//!
//! All statements of an export are in memory at once, and so are its files; so one export is made at a time, of at
//! most [`STATEMENTS_MAX`] statements. They are read some at a time, so that others' questions are answered in
//! between. What is about to be handed out is on record first; an answer that does not arrive leaves a record of
//! files that nobody has, never files without one.

use crate::access::Act;
use crate::api::closings::{SLICE, busy};
use crate::caller::Caller;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::service::Service;
use ::exports::making::{AskError, Asked, Made, Wanted, seats_of, statement_of};
use ::exports::workbook::SeatRow;
use ::exports::{ExportError, ExportFile};
use admission::Seen;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reporting::{Reports, Statement};
use seats::{AccountId, ExportKind, Look};
use serde::{Deserialize, Serialize};
use std::io::{Cursor, Write};
use std::sync::Arc;
use utoipa::ToSchema;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Shared = State<Arc<Service>>;

/// Statements in an export, at most. A month of more accounts is exported from the directory.
const STATEMENTS_MAX: usize = 100_000;

/// What is to be exported. What a kind takes beside the month is in `docs/exports.md`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    /// The month, as `2026-05`, in each account's zone.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    /// Only this account; all that the token is for if left out.
    account: Option<String>,
    /// Also months that are not closed; every file says so.
    #[serde(default)]
    draft: bool,
    /// The text of `exports.toml`.
    settings: Option<String>,
    /// `xero`, `gocardless`: the template that was downloaded there, as text.
    template: Option<String>,
    /// The same, in base64, if it is no UTF-8.
    template_base64: Option<String>,
    /// `gocardless`: the day of collection; as soon as possible if left out.
    collect_on: Option<String>,
    /// `notices`: bank holidays, one ISO date a line.
    holidays: Option<String>,
    /// `notices`: the day on which notice is given.
    notice_date: Option<String>,
    /// `xlsx`: the seat timeline with names, which is recorded as a look.
    #[serde(default)]
    names: bool,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
}

impl ExportBody {
    /// All statements of a month, without settings.
    pub(crate) fn of_month(month: String, draft: bool, reason: Option<String>) -> ExportBody {
        ExportBody { month, draft, reason, ..ExportBody::default() }
    }
}

/// A file.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileShown {
    /// What to call it.
    name: String,
    /// What is in it, in base64.
    content: String,
}

/// Files that were made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportShown {
    /// The month.
    month: String,
    /// How many statements they were made from.
    statements: usize,
    /// What they are known by in the record, see `docs/format.md`.
    digest: String,
    /// The commit that records it; `null`: there are no files.
    position: Option<u64>,
    /// What to know before they are used.
    told: Vec<String>,
    /// The files.
    files: Vec<FileShown>,
}

/// Statements of a month as files. That they were handed out is recorded.
#[utoipa::path(
    post, path = "/v1/exports/{kind}", tag = "accounts", operation_id = "export",
    params(("kind" = String, Path, description = "What the files are for", pattern = "^(charges|xero|sage|gocardless|notices|xlsx|html)$")),
    request_body = ExportBody,
    responses((
        status = 200,
        description = "The file; of `xero` and `html` a zip of all. With `Accept: application/json` the files in base64, with what the command line tells beside them. `Seatledger-Digest` and `Seatledger-Position` say what the record knows them by.",
        content(
            (ExportShown = "application/json"), (Vec<u8> = "application/zip"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    )),
)]
pub(crate) async fn export(
    State(service): Shared,
    caller: Caller,
    Path(kind): Path<String>,
    headers: HeaderMap,
    Body(body): Body<ExportBody>,
) -> Result<Response, Problem> {
    let kind = ExportKind::from_word(&kind)
        .ok_or_else(|| Problem::new("not_found", "there is nothing at this path"))?;
    let only = match &body.account {
        Some(name) => Some(caller.account(&service, name, Act::Export)?),
        None => caller.may(Act::Export).map(|()| None)?,
    };
    let (names, reason) = (body.names, body.reason.clone());
    let wanted = Arc::new(asked(kind, body)?.read()?);
    let _alone = service.exporting.try_lock().map_err(|_| busy("an export is being made"))?;
    let statements = Arc::new(statements(&service, &caller, &wanted, only).await?);
    let seats = match wanted.tells_seats() {
        true => seat_rows(&service, &statements, names).await?,
        false => Vec::new(),
    };
    let accounts = match only {
        Some(account) => Some(vec![account]),
        None => caller.token().accounts.is_some().then(|| caller.accounts(&service)),
    };
    let count = statements.len();
    let (making, of) = (Arc::clone(&wanted), Arc::clone(&statements));
    let made = service.read(move |_| Ok(making.make(&of, &seats, accounts)?)).await?;
    if names {
        for statement in statements.iter() {
            let account = AccountId(statement.account_number);
            let seen = Seen { account, look: Look::Trail, user: None, reason: reason.clone() };
            let (actor, now) = (caller.actor(), service.now());
            service.looked_at.record(&service.admission, seen, actor, now).await?;
        }
    }
    let Made { files, told, record } = made;
    let digest = record.digest.to_string();
    let position = match files.is_empty() {
        true => None,
        false => service.admission.record_export(record, reason, caller.actor()).await?.position,
    };
    let position = position.map(|position| position.0);
    let mut response = if wants_json(&headers) {
        let encoded =
            |file: ExportFile| FileShown { name: file.name, content: STANDARD.encode(&file.bytes) };
        Json(ExportShown {
            month: wanted.month().to_string(),
            statements: count,
            digest: digest.clone(),
            position,
            told,
            files: files.into_iter().map(encoded).collect(),
        })
        .into_response()
    } else {
        as_file(kind, &wanted, files)?
    };
    let known_by = [
        (HeaderName::from_static("seatledger-digest"), Some(digest)),
        (HeaderName::from_static("seatledger-position"), position.map(|at| at.to_string())),
    ];
    for (name, value) in known_by {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// What is asked for, in the words of the command line.
fn asked(kind: ExportKind, body: ExportBody) -> Result<Asked, Problem> {
    let template =
        match (body.template, body.template_base64) {
            (Some(_), Some(_)) => {
                let both = "template_base64: the template is there already as `template`";
                return Err(Problem::new("unprocessable", both));
            }
            (Some(text), None) => Some(text.into_bytes()),
            (None, Some(encoded)) => Some(STANDARD.decode(encoded).map_err(|error| {
                Problem::new("unprocessable", format!("template_base64: {error}"))
            })?),
            (None, None) => None,
        };
    Ok(Asked {
        kind,
        month: body.month,
        draft: body.draft,
        settings: body.settings.unwrap_or_default(),
        template,
        collect_on: body.collect_on,
        holidays: body.holidays,
        notice_date: body.notice_date,
        names: body.names,
    })
}

/// The statements of the month: of one account, or of all that the token is for and that have any.
async fn statements(
    service: &Arc<Service>,
    caller: &Caller,
    wanted: &Wanted,
    only: Option<AccountId>,
) -> Result<Vec<Statement>, Problem> {
    let month = wanted.month();
    let accounts = only.map_or_else(|| caller.accounts(service), |account| vec![account]);
    if only.is_none() {
        service.tail.save_heads().await;
    }
    let mut statements = Vec::new();
    for slice in accounts.chunks(SLICE) {
        let (slice, clock, origin) = (slice.to_vec(), service.now(), service.origin.clone());
        let read = service.read(move |views| {
            let reports = Reports::new(views, &origin).without_names();
            let statements = slice.into_iter().map(|account| {
                let now = clock.max(reports.last_at(account)?);
                match only {
                    // Whoever asks for one account is told why it has no statement.
                    Some(_) => Ok(Some(reports.statement(account, month, now)?)),
                    None => Ok(statement_of(&reports, account, month, now)?),
                }
            });
            statements.collect::<Result<Vec<_>, Problem>>()
        });
        statements.extend(read.await?.into_iter().flatten());
        if statements.len() > STATEMENTS_MAX {
            let why = format!(
                "there are more than {STATEMENTS_MAX} statements; export on the directory, or by tokens for some accounts"
            );
            return Err(Problem::new("too_large", why));
        }
    }
    Ok(statements)
}

/// Who sat where in the month, by name or by number.
async fn seat_rows(
    service: &Arc<Service>,
    statements: &Arc<Vec<Statement>>,
    names: bool,
) -> Result<Vec<SeatRow>, Problem> {
    let mut rows = Vec::new();
    for first in (0..statements.len()).step_by(SLICE) {
        let (origin, statements) = (service.origin.clone(), Arc::clone(statements));
        let read = service.read(move |views| {
            let reports = Reports::new(views, &origin);
            let reports = if names { reports } else { reports.without_names() };
            let mut rows = Vec::new();
            for statement in statements.iter().skip(first).take(SLICE) {
                rows.extend(seats_of(&reports, statement)?);
            }
            Ok(rows)
        });
        rows.append(&mut read.await?);
    }
    Ok(rows)
}

/// The file as it is, or all of them in one.
fn as_file(
    kind: ExportKind,
    wanted: &Wanted,
    mut files: Vec<ExportFile>,
) -> Result<Response, Problem> {
    let (media_type, file) = match kind {
        ExportKind::Xero | ExportKind::Html => {
            let name = format!("{}-{}.zip", kind.word(), wanted.month());
            let bytes = zipped(&files).map_err(|error| Problem::new("unexpected", error))?;
            ("application/zip", ExportFile { name, bytes })
        }
        kind => {
            let media_type = match kind {
                ExportKind::Xlsx => {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                }
                _ => "text/csv; charset=utf-8",
            };
            let file = files.pop().ok_or_else(|| Problem::new("unexpected", "no file was made"))?;
            (media_type, file)
        }
    };
    // Names of files are made by us: letters, digits, hyphens, dots.
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    let headers =
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, file.bytes).into_response())
}

/// Always the same bytes of the same files.
fn zipped(files: &[ExportFile]) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        zip.start_file(file.name.as_str(), SimpleFileOptions::default())?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Whether JSON is wanted rather than the files themselves.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let first = accept.split(',').next().unwrap_or("").split(';').next().unwrap_or("").trim();
    first == "application/json"
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Problem {
        Problem::new("unprocessable", error)
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Problem {
        Problem::new("not_exportable", error)
    }
}
