//! The desk's pages for finance: a month of all accounts, closing it, and commercial reports.

use crate::access::Act;
use crate::api::commercial;
use crate::api::finance::read_month;
use crate::desk::visitor::{Visitor, see};
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use desk::{CommercialPage, FinancePage, Notice, Tone, finance_path};
use reporting::Reports;
use reporting::civil::{Month, Zone};
use reporting::commercial::{Kind, Months};
use seats::CivilDate;
use serde::Deserialize;
use std::sync::Arc;

type Shared = State<Arc<Service>>;

/// Accounts whose month the page takes in at most.
const ACCOUNTS_MAX: usize = 2_000;

#[derive(Deserialize)]
pub(crate) struct MonthQuery {
    #[serde(default)]
    month: String,
    page: Option<usize>,
}

#[derive(Deserialize)]
pub(crate) struct MonthsQuery {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    account: String,
}

#[derive(Deserialize)]
pub(crate) struct CloseForm {
    #[serde(default)]
    csrf: String,
    month: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    reason: String,
}

/// A month of all accounts; the last that is over if none is named.
pub(crate) async fn month(
    State(service): Shared,
    visitor: Visitor,
    Query(asked): Query<MonthQuery>,
) -> Response {
    let filled = async {
        visitor.caller.may(Act::Statements)?;
        let month = match asked.month.trim() {
            "" => last_over(&service)?,
            month => read_month(month)?,
        };
        let mut accounts = visitor.caller.accounts(&service);
        let is_cut = accounts.len() > ACCOUNTS_MAX;
        accounts.truncate(ACCOUNTS_MAX);
        let (origin, now) = (service.origin.clone(), service.now());
        let actor = visitor.caller.actor();
        let month_end = service.read(move |views| {
            let reports = Reports::new(views, &origin).without_names();
            Ok(reports.month_end(accounts, month, now, actor)?)
        });
        let may_close = visitor.caller.may(Act::CloseMonths).is_ok();
        let page = asked.page.unwrap_or(1);
        Ok(FinancePage { month, month_end: month_end.await?, is_cut, may_close, page })
    };
    match filled.await {
        Ok(page) => Html(page.page(&visitor.frame(&service, None))).into_response(),
        Err(problem) => visitor.failed(&service, &problem),
    }
}

/// A commercial report as a page.
pub(crate) async fn report(
    State(service): Shared,
    visitor: Visitor,
    Path(kind): Path<String>,
    Query(asked): Query<MonthsQuery>,
) -> Response {
    let filled = async {
        let (kind, months, account) = wanted(&service, &kind, &asked)?;
        let report =
            commercial::ask(&service, &visitor.caller, kind, months, account.as_deref()).await?;
        let account = account.unwrap_or_default();
        Ok(CommercialPage { kind, months, account, report })
    };
    match filled.await {
        Ok(page) => Html(page.page(&visitor.frame(&service, None))).into_response(),
        Err(problem) => visitor.failed(&service, &problem),
    }
}

/// A commercial report as a file.
pub(crate) async fn report_file(
    State(service): Shared,
    visitor: Visitor,
    Path(kind): Path<String>,
    Query(asked): Query<MonthsQuery>,
) -> Response {
    let filled = async {
        let (kind, months, account) = wanted(&service, &kind, &asked)?;
        let report =
            commercial::ask(&service, &visitor.caller, kind, months, account.as_deref()).await?;
        commercial::file(&report, kind, months)
    };
    filled.await.unwrap_or_else(|problem| visitor.failed(&service, &problem))
}

/// Closes the month of one account, or of all that are ready.
pub(crate) async fn close(
    State(service): Shared,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<CloseForm>, FormRejection>,
) -> Response {
    let done = async {
        let Ok(Form(form)) = form else {
            return Err(Problem::bad_request("the form cannot be read"));
        };
        visitor.check(&headers, &form.csrf)?;
        visitor.caller.may(Act::CloseMonths)?;
        let month = read_month(&form.month)?;
        let reason = Some(form.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.is_none() {
            return Err(Problem::new("reason_needed", "say why the month is closed"));
        }
        Ok((month, form.account, reason))
    };
    todo!()
}

/// The last month that is over in UTC.
fn last_over(service: &Service) -> Result<Month, Problem> {
    let today = Month::of(Zone::UTC.date_of(service.now()));
    let before = today.and_then(|month| Month::of(CivilDate(month.first_day().0.saturating_sub(1))));
    before.ok_or_else(|| Problem::new("unprocessable", "month: say which"))
}

/// Which report of which months: the last month that is over where none is named.
fn wanted(
    service: &Service,
    kind: &str,
    asked: &MonthsQuery,
) -> Result<(Kind, Months, Option<String>), Problem> {
    let kind = Kind::from_word(kind);
    let kind = kind.ok_or_else(|| Problem::new("not_found", "there is nothing at this path"))?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let months = match given(&asked.from) {
        Some(from) => commercial::months(&from, given(&asked.to).as_deref())?,
        None => Months::one(last_over(service)?),
    };
    Ok((kind, months, given(&asked.account)))
}
