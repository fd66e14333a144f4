//! Questions to the record: who, why, trail, usage, statements. The same reports as on the command line; as
//! JSON, or with `Accept: text/plain` as the same text.

use crate::access::Act;
use crate::caller::Caller;
use crate::extract::{Path, Query, wants_text};
use crate::problem::Problem;
use crate::service::Service;
use admission::Seen;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use reporting::civil::{Month, Zone};
use reporting::{Present, Report, Reports};
use seats::{AccountId, Liveness, Look, Timestamp, UserId};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

type Shared = State<Arc<Service>>;

/// An instant, and whether with names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtQuery {
    /// The instant, RFC 3339, or a local time such as `2026-05-12 09:40` in the account's zone; now if left out.
    at: Option<String>,
    /// `false`: numbers instead of names, which leaves no access record.
    names: Option<bool>,
    /// Why somebody looks, for the record.
    reason: Option<String>,
}

/// Who was refused.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhyQuery {
    /// The user's name, or number as `user-7`.
    user: String,
    /// The last refusal at or before this instant; the last of all if left out.
    at: Option<String>,
    /// `false`: numbers instead of names.
    names: Option<bool>,
    /// Why somebody looks, for the record.
    reason: Option<String>,
}

/// A range of time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeQuery {
    /// From this instant; from the beginning if left out.
    from: Option<String>,
    /// Up to, not including, this instant; up to now if left out.
    to: Option<String>,
    /// `false`: numbers instead of names.
    names: Option<bool>,
    /// Why somebody looks, for the record.
    reason: Option<String>,
}

/// A range of time, perhaps of one user only.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrailQuery {
    /// From this instant; from the beginning if left out.
    from: Option<String>,
    /// Up to, not including, this instant; up to now if left out.
    to: Option<String>,
    /// Only this user.
    user: Option<String>,
    /// `false`: numbers instead of names.
    names: Option<bool>,
    /// Why somebody looks, for the record.
    reason: Option<String>,
}

/// A range of time, of figures without names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanQuery {
    /// From this instant; from the beginning if left out.
    pub(crate) from: Option<String>,
    /// Up to, not including, this instant; up to now if left out.
    pub(crate) to: Option<String>,
}

/// A question about an account, with all that answers it.
pub(crate) struct Question<'a> {
    pub(crate) reports: Reports<'a>,
    pub(crate) account: AccountId,
    pub(crate) zone: Zone,
    /// What *now* means: the clock, or the account's last commit if the clock has gone back behind it.
    pub(crate) now: Timestamp,
    /// The first instant after everything that is known.
    pub(crate) end: Timestamp,
    pub(crate) liveness: Liveness,
}

impl Question<'_> {
    /// An instant that has come.
    pub(crate) fn instant(
        &self,
        field: &str,
        text: Option<&str>,
    ) -> Result<Option<Timestamp>, Problem> {
        let read = text.map(|text| self.zone.read_time(text)).transpose();
        let read =
            read.map_err(|error| Problem::new("unprocessable", format!("{field}: {error}")))?;
        match read {
            Some(at) if at > self.now => {
                let why = format!("{field}: {} has not come yet", self.zone.show(at));
                Err(Problem::new("unprocessable", why))
            }
            at => Ok(at),
        }
    }

    /// A range; what has not come yet is left out of it.
    pub(crate) fn range(
        &self,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(Option<Timestamp>, Timestamp), Problem> {
        let from = self.instant("from", from)?;
        let to = to.map(|text| self.zone.read_time(text)).transpose();
        let to = to.map_err(|error| Problem::new("unprocessable", format!("to: {error}")))?;
        Ok((from, to.unwrap_or(self.end).min(self.end)))
    }

    /// A user of the account.
    pub(crate) fn user(&self, name: Option<&str>) -> Result<Option<UserId>, Problem> {
        let user = name.map(|name| self.reports.user(self.account, name)).transpose();
        // A suggestion would be a look.
        user.map_err(|_| {
            let name = name.unwrap_or_default();
            Problem::new("unknown_user", format!("the account has no user {name:?}"))
        })
    }
}

/// How a report is asked for.
pub(crate) struct Asked {
    pub(crate) account: AccountId,
    pub(crate) named: bool,
}

/// Asks the record something about an account, on a thread of its own.
pub(crate) async fn ask<T: Send + 'static>(
    service: &Arc<Service>,
    Asked { account, named }: Asked,
    question: impl FnOnce(&Question<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let occupancy = service.admission.occupancy(account).await?;
    let (origin, clock) = (service.origin.clone(), service.now());
    let read = service.read(move |views| {
        let reports = Reports::new(views, &origin);
        let reports = if named { reports } else { reports.without_names() };
        let zone = reports.zone(account)?;
        let now = clock.max(reports.last_at(account)?);
        let end = Timestamp(now.0.saturating_add(1));
        let liveness = occupancy.liveness;
        question(&Question { reports, account, zone, now, end, liveness })
    });
    read.await
}

/// The same for a report with names: that somebody looks is on record before anything is shown.
pub(crate) async fn look<R: Report + Send + 'static>(
    service: &Arc<Service>,
    caller: &Caller,
    asked: Asked,
    (look, reason): (Look, Option<String>),
    question: impl FnOnce(&Question<'_>) -> Result<(R, Option<UserId>), Problem> + Send + 'static,
) -> Result<R, Problem> {
    let Asked { account, named } = asked;
    let (report, user) = ask(service, asked, question).await?;
    if named {
        let seen = Seen { account, look, user, reason };
        service.looked_at.record(&service.admission, seen, caller.actor(), service.now()).await?;
    }
    Ok(report)
}

/// A report as it is wanted.
pub(crate) fn shown(report: &impl Report, headers: &HeaderMap) -> Response {
    if wants_text(headers) {
        return report.text().into_response();
    }
    ([(header::CONTENT_TYPE, "application/json")], report.json()).into_response()
}

/// Who holds, or held, each seat.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/occupancy", tag = "reports",
    params(("account" = String, Path), AtQuery),
    responses((status = 200, description = "Who sits where", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn occupancy(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<AtQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let how = Asked { account, named: asked.names.unwrap_or(true) };
    let report = look(&service, &caller, how, (Look::Who, asked.reason), move |question| {
        let at = question.instant("at", asked.at.as_deref())?.unwrap_or(question.now);
        Ok((question.reports.who(account, at, Some(&question.liveness))?, None))
    });
    Ok(shown(&report.await?, &headers))
}

/// Why a user was refused, and what can be done.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/why", tag = "reports",
    params(("account" = String, Path), WhyQuery),
    responses((status = 200, description = "The refusal, explained", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn why(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<WhyQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let how = Asked { account, named: asked.names.unwrap_or(true) };
    let report = look(&service, &caller, how, (Look::Why, asked.reason), move |question| {
        let at = question.instant("at", asked.at.as_deref())?;
        let user = question.user(Some(&asked.user))?.unwrap_or(UserId(0));
        let present = Present { at: question.now, liveness: Some(&question.liveness) };
        Ok((question.reports.why(account, user, at, present)?, Some(user)))
    });
    Ok(shown(&report.await?, &headers))
}

/// What happened, in words, with the commits that record it.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/trail", tag = "reports",
    params(("account" = String, Path), TrailQuery),
    responses((status = 200, description = "The trail", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn trail(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<TrailQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let how = Asked { account, named: asked.names.unwrap_or(true) };
    let report = look(&service, &caller, how, (Look::Trail, asked.reason), move |question| {
        let user = question.user(asked.user.as_deref())?;
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        Ok((question.reports.trail(account, user, from, Some(to))?, user))
    });
    Ok(shown(&report.await?, &headers))
}

/// Sessions in a range of time.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/sessions", tag = "reports",
    params(("account" = String, Path), RangeQuery),
    responses((status = 200, description = "Who sat where, from when to when, and how it ended", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn sessions(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let how = Asked { account, named: asked.names.unwrap_or(true) };
    let report = look(&service, &caller, how, (Look::Trail, asked.reason), move |question| {
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        let liveness = Some(&question.liveness);
        Ok((question.reports.sessions(account, from, Some(to), liveness)?, None))
    });
    Ok(shown(&report.await?, &headers))
}

/// Runs of refusals in a range of time, and what they came to.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/denials", tag = "reports",
    params(("account" = String, Path), RangeQuery),
    responses((status = 200, description = "Who was refused, how often, why, and what became of it", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn denials(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let how = Asked { account, named: asked.names.unwrap_or(true) };
    let report = look(&service, &caller, how, (Look::Trail, asked.reason), move |question| {
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        Ok((question.reports.denials(account, from, Some(to), question.now)?, None))
    });
    Ok(shown(&report.await?, &headers))
}

/// How much the licences were used.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/usage", tag = "reports",
    params(("account" = String, Path), SpanQuery),
    responses((status = 200, description = "Peak, logins, denials, hours at capacity", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn usage(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<SpanQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let report = ask(&service, Asked { account, named: false }, move |question| {
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        Ok(question.reports.usage(account, from, Some(to), None, Some(&question.liveness))?)
    });
    Ok(shown(&report.await?, &headers))
}

/// The month's licence fees, itemised. Not a VAT invoice.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/statements/{month}", tag = "reports",
    params(("account" = String, Path), ("month" = String, Path, description = "YYYY-MM", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")),
    responses((status = 200, description = "The statement", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn statement(
    State(service): Shared,
    caller: Caller,
    Path((name, month)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Statements)?;
    let month = Month::read(&month);
    let month = month.map_err(|error| Problem::new("unprocessable", error))?;
    let report = ask(&service, Asked { account, named: false }, move |question| {
        Ok(question.reports.statement(account, month, question.now)?)
    });
    Ok(shown(&report.await?, &headers))
}
