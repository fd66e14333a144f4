//! Closing a month, holding statements against the log, and what a change would cost.

use super::accounts::ask as ask_for;
use super::reports::{Asked, ask, shown};
use super::shapes::Done;
use crate::access::Act;
use crate::caller::Caller;
use crate::extract::{Body, Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use admission::Request;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use reporting::civil::Month;
use reporting::{Closable, CloseError, Supposed};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

type Shared = State<Arc<Service>>;

/// A change that might be made.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewQuery {
    /// What if so many licences were added?
    add: Option<u32>,
    /// What if so many were given back?
    remove: Option<u32>,
    /// What if there were so many?
    licences: Option<u32>,
    /// From this day or instant, in the account's zone; now if left out.
    from: Option<String>,
}

/// Why a month is closed, for the record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseBody {
    /// Why, for the record.
    reason: Option<String>,
}

/// A closed month.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClosedBody {
    /// The month, as `2026-05`.
    month: String,
    /// It was closed before; nothing changed.
    again: bool,
    /// BLAKE3 of the statement, in hexadecimal.
    statement: String,
    /// What its amounts are in.
    currency: String,
    /// The sum of its lines, in minor units.
    net: i64,
    /// With value added tax.
    gross: i64,
    /// What is to be paid.
    due: i64,
    /// Credit that is carried to the next month; 0 or less.
    carried: i64,
    /// The commit that closed it.
    position: Option<u64>,
}

/// Make a month's statement final.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/statements/{month}/close", tag = "accounts",
    params(("account" = String, Path), ("month" = String, Path, description = "YYYY-MM", pattern = "^[0-9]{4}-[0-9]{2}$")),
    request_body = CloseBody,
    responses((status = 200, description = "It is closed", body = ClosedBody)),
)]
pub(crate) async fn close(
    State(service): Shared,
    caller: Caller,
    Path((name, month)): Path<(String, String)>,
    Body(body): Body<CloseBody>,
) -> Result<Json<ClosedBody>, Problem> {
    let account = caller.account(&service, &name, Act::CloseMonths)?;
    let month = read_month(&month)?;
    let actor = caller.actor();
    let closable = ask(&service, Asked { account, named: false }, move |question| {
        Ok(question.reports.closable(account, month, question.now, actor)?)
    });
    let (closing, again, position) = match closable.await? {
        Closable::Already(note) => (note.closing, true, Some(note.recorded.position.0)),
        Closable::Now(proposed) => {
            let closing = Box::new(proposed.closing.clone());
            let request = Request::ClosePeriod { account, closing, statement: proposed.statement };
            let Done { position, .. } = ask_for(&service, &caller, request, body.reason).await?;
            (proposed.closing, false, position)
        }
    };
    Ok(Json(ClosedBody {
        month: closing.period(),
        again,
        statement: closing.statement.to_string(),
        currency: closing.currency().to_owned(),
        net: closing.net,
        gross: closing.gross,
        due: closing.due,
        carried: closing.carried,
        position,
    }))
}

/// The month so far, its forecast, and what a change of licences would cost.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/preview", tag = "reports",
    params(("account" = String, Path), PreviewQuery),
    responses((status = 200, description = "What it costs", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn preview(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<PreviewQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Statements)?;
    let PreviewQuery { add, remove, licences, from } = asked;
    let asked = Supposed { add, remove, licences, from };
    let report = ask(&service, Asked { account, named: false }, move |question| {
        let change = question.reports.what_if(account, &asked, question.now)?;
        Ok(question.reports.preview(account, question.now, change)?)
    });
    Ok(shown(&report.await?, &headers))
}

/// Whether all statements are what the log says, from its first event on.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/reconciliation", tag = "reports",
    params(("account" = String, Path)),
    responses((status = 200, description = "Each month, reckoned twice", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn reconciliation(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Statements)?;
    let report = ask(&service, Asked { account, named: false }, move |question| {
        Ok(question.reports.reconcile(account, question.now)?)
    });
    Ok(shown(&report.await?, &headers))
}

pub(crate) fn read_month(text: &str) -> Result<Month, Problem> {
    Month::read(text).map_err(|error| Problem::new("unprocessable", error))
}

impl From<CloseError> for Problem {
    fn from(error: CloseError) -> Problem {
        match error {
            CloseError::Report(error) => error.into(),
            error => Problem::new("not_closable", error),
        }
    }
}
