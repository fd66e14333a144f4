//! Commercial reports over months, of all accounts of the token or one.

use super::reports::shown;
use crate::access::{Act, TokenRole};
use crate::caller::Caller;
use crate::extract::{Path, Query, wants};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use reporting::civil::Month;
use reporting::commercial::{Accounts, Kind, Months, Scope};
use reporting::names::Names;
use reporting::{Commercial, Reports};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

type Shared = State<Arc<Service>>;

/// Which months, and of whom.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonthsQuery {
    /// The first month, in each account's zone.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    from: String,
    /// The last month, included; the first if left out.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    to: Option<String>,
    /// Only this account; all that the token is for if left out.
    account: Option<String>,
}

/// Licence movement, commercial changes, revenue by plan, accounts at capacity, licences never used.
#[utoipa::path(
    get, path = "/v1/reports/{kind}", tag = "reports", operation_id = "commercial_report",
    params(("kind" = String, Path, description = "`movement`: licences at the beginning, added, given back, at the end; `changes`: what was recorded that bears on money, by whom and why; `revenue`: what statements say, by month and plan; `at-capacity`: who was refused because all seats were taken; `never-used`: licences that were paid for and never used", pattern = "^(movement|changes|revenue|at-capacity|never-used)$"), MonthsQuery),
    responses((status = 200, description = "The report", content((serde_json::Value = "application/json"), (String = "text/plain"), (String = "text/csv")))),
)]
pub(crate) async fn report(
    State(service): Shared,
    caller: Caller,
    Path(kind): Path<String>,
    Query(asked): Query<MonthsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = Kind::from_word(&kind);
    let kind = kind.ok_or_else(|| Problem::new("not_found", "there is nothing at this path"))?;
    let months = months(&asked.from, asked.to.as_deref())?;
    let report = ask(&service, &caller, kind, months, asked.account.as_deref()).await?;
    match wants(&headers, "text/csv") {
        true => file(&report, kind, months),
        false => Ok(shown(&report, &headers)),
    }
}

/// The report as a file to be kept.
pub(crate) fn file(report: &Commercial, kind: Kind, months: Months) -> Result<Response, Problem> {
    let file = exports::report::csv(report, kind, months);
    let file = file.map_err(|error| Problem::new("unexpected", error))?;
    let named = format!("attachment; filename=\"{}\"", file.name);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((headers, file.bytes).into_response())
}

/// From one month to another.
pub(crate) fn months(from: &str, to: Option<&str>) -> Result<Months, Problem> {
    let read = |field: &str, text: &str| {
        let wrong = |error| Problem::new("unprocessable", format!("{field}: {error}"));
        Month::read(text).map_err(wrong)
    };
    let first = read("from", from)?;
    Ok(Months::new(first, to.map_or(Ok(first), |to| read("to", to))?)?)
}

/// Makes a report of the accounts that the caller may see. Of all accounts one is made at a time, so that others'
/// questions are answered meanwhile; it is read to its end even if nobody waits for it any more.
pub(crate) async fn ask(
    service: &Arc<Service>,
    caller: &Caller,
    kind: Kind,
    months: Months,
    account: Option<&str>,
) -> Result<Commercial, Problem> {
    caller.may(Act::Statements)?;
    let one = account.map(|name| caller.account(service, name, Act::Statements)).transpose()?;
    let alone = match one {
        Some(_) => None,
        None => Some(Arc::clone(&service.reporting).try_lock_owned().map_err(|_| busy())?),
    };
    let (origin, now, token) = (service.origin.clone(), service.now(), caller.token().clone());
    let read = service.read(move |views| {
        let reports = Reports::new(views, &origin).without_names();
        let book = views.ledger().book();
        let accounts = match (one, &token.accounts) {
            (Some(account), _) => Accounts::One(account),
            (None, None) => Accounts::All,
            (None, Some(_)) => {
                let covers = |account| token.covers(&Names::new(book, account).account());
                let accounts = views.ledger().accounts().into_iter();
                Accounts::Some(accounts.filter(|account| covers(*account)).collect())
            }
        };
        let scope = Scope { accounts, months, now: now.max(reports.known_until()?) };
        let liveness = |account| admission::saved_signs(views.ledger(), account).ok();
        let report = reports.commercial(kind, &scope, liveness)?;
        drop(alone);
        Ok(report)
    });
    let report = read.await?;
    Ok(match caller.token().role {
        TokenRole::Customer => report.without_reasons(),
        _ => report,
    })
}

fn busy() -> Problem {
    Problem::new("busy", "a report of all accounts is being made").retry_after(10)
}
