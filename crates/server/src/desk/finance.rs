//! The desk's pages for finance: a month of all accounts, closing it, and commercial reports.

use crate::access::Act;
use crate::api::closings::close_of;
use crate::api::commercial;
use crate::api::exports::{self, ExportBody};
use crate::api::finance::read_month;
use crate::desk::visitor::{Visitor, see};
use crate::extract::{Body, Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use desk::{CommercialPage, FinancePage, Notice, Tone, finance_path};
use reporting::Reports;
use reporting::civil::{Month, Zone};
use reporting::closings::Closings;
use reporting::commercial::{Kind, Months};
use reporting::shown::counted;
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

#[derive(Deserialize)]
pub(crate) struct ExportForm {
    #[serde(default)]
    csrf: String,
    month: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    draft: bool,
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
        let may_export = visitor.caller.may(Act::Export).is_ok();
        let (month_end, page) = (month_end.await?, asked.page.unwrap_or(1));
        Ok(FinancePage { month, month_end, is_cut, may_close, may_export, page })
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
    match reported(&service, &visitor, &kind, &asked).await {
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
    let reported = reported(&service, &visitor, &kind, &asked).await;
    let file = reported.and_then(|page| commercial::file(&page.report, page.kind, page.months));
    file.unwrap_or_else(|problem| visitor.failed(&service, &problem))
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
        let reason = said(&form.reason, "say why the month is closed")?;
        let accounts = match form.account.as_str() {
            "" => visitor.caller.accounts(&service),
            name => vec![visitor.caller.account(&service, name, Act::CloseMonths)?],
        };
        let how = (Some(reason), false);
        let closed = close_of(&service, &visitor.caller, accounts, month, how).await;
        Ok((month, closed))
    };
    let (month, closed) = match done.await {
        Ok(done) => done,
        Err(problem) => return visitor.failed(&service, &problem),
    };
    let notice = match closed {
        Ok(closed) => came_of(&closed, month),
        Err(problem) => Notice { tone: Tone::Refused, text: problem.detail().to_owned() },
    };
    service.sign_ins.tell(&visitor.cookie, notice);
    see(&finance_path(month))
}

/// The statements of a month as a file.
pub(crate) async fn export(
    State(service): Shared,
    visitor: Visitor,
    Path(kind): Path<String>,
    headers: HeaderMap,
    form: Result<Form<ExportForm>, FormRejection>,
) -> Response {
    let done = async {
        let Ok(Form(form)) = form else {
            return Err(Problem::bad_request("the form cannot be read"));
        };
        visitor.check(&headers, &form.csrf)?;
        let reason = said(&form.reason, "say what the file is for")?;
        let body = ExportBody::of_month(form.month, form.draft, Some(reason));
        let (service, caller) = (State(Arc::clone(&service)), visitor.caller.clone());
        // Whatever the browser prefers, it is the file that is wanted.
        exports::export(service, caller, Path(kind), HeaderMap::new(), Body(body)).await
    };
    done.await.unwrap_or_else(|problem| visitor.failed(&service, &problem))
}

/// A reason, which the desk always wants.
fn said(reason: &str, otherwise: &str) -> Result<String, Problem> {
    match reason.trim() {
        "" => Err(Problem::new("unprocessable", format!("reason: {otherwise}"))),
        reason => Ok(reason.to_owned()),
    }
}

/// What came of closing, in a sentence.
fn came_of(closed: &Closings, month: Month) -> Notice {
    let mut text = format!("{}: {} closed", month.in_words(), counted(closed.closed, "account"));
    for total in &closed.totals {
        text += &format!(", {} {} net", total.currency, total.net);
    }
    if closed.closed_before > 0 {
        text += &format!("; {} closed before", closed.closed_before);
    }
    if closed.open > 0 {
        text += &format!("; {} still open, see why below", closed.open);
    }
    let tone = if closed.closed > 0 || closed.open == 0 { Tone::Done } else { Tone::Refused };
    Notice { tone, text: text + "." }
}

/// The last month that is over in UTC.
fn last_over(service: &Service) -> Result<Month, Problem> {
    let today = Month::of(Zone::UTC.date_of(service.now()));
    let before =
        today.and_then(|month| Month::of(CivilDate(month.first_day().0.saturating_sub(1))));
    before.ok_or_else(|| Problem::new("unprocessable", "month: say which"))
}

/// A report that is asked for: of the last month that is over where none is named.
async fn reported(
    service: &Arc<Service>,
    visitor: &Visitor,
    kind: &str,
    asked: &MonthsQuery,
) -> Result<CommercialPage, Problem> {
    let kind = Kind::from_word(kind);
    let kind = kind.ok_or_else(|| Problem::new("not_found", "there is nothing at this path"))?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let months = match given(&asked.from) {
        Some(from) => commercial::months(&from, given(&asked.to).as_deref())?,
        None => Months::one(last_over(service)?),
    };
    let account = given(&asked.account);
    let report = commercial::ask(service, &visitor.caller, kind, months, account.as_deref());
    let (report, account) = (report.await?, account.unwrap_or_default());
    Ok(CommercialPage { kind, months, account, report })
}
