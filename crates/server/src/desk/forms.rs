//! What the desk's forms do: sign in and out, say why, release a seat.

use crate::access::{Act, TokenRole};
use crate::api::sessions::released;
use crate::api::shapes::ReleaseBody;
use crate::caller::address;
use crate::desk::visitor::{
    Visitor, cookie, cookie_name, escaped, failure, is_ours, next_page, nobody, see,
};
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use desk::{Notice, SignInPage, Tone, account_path};
use seats::{AccountId, Micros, SessionId, Timestamp};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

type Shared = State<Arc<Service>>;

#[derive(Deserialize)]
pub(crate) struct SignInQuery {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct SignInForm {
    token: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct SignOutForm {
    #[serde(default)]
    csrf: String,
}

#[derive(Deserialize)]
pub(crate) struct ReasonForm {
    #[serde(default)]
    csrf: String,
    reason: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct ReleaseForm {
    #[serde(default)]
    csrf: String,
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    forced: bool,
}

/// The form in which somebody signs in.
pub(crate) async fn sign_in_page(
    State(service): Shared,
    Query(asked): Query<SignInQuery>,
) -> Response {
    Html(sign_in_form(&service, asked.next).page(&nobody(&service))).into_response()
}

/// Signs in with an access token.
pub(crate) async fn sign_in(
    State(service): Shared,
    connected: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Response {
    let from = address(&service, connected.map(|found| found.0), &headers);
    let now = service.now();
    let Ok(Form(form)) = form else {
        return failure(&Problem::bad_request("the form cannot be read"), &nobody(&service));
    };
    let checked = service.guesses.check(from, now).and_then(|()| {
        if !is_ours(&headers) {
            return Err(Problem::new("not_allowed", "another site has sent this form"));
        }
        let token = service.access.check(form.token.trim(), now);
        token.inspect_err(|_| service.guesses.failed(from, now))
    });
    let token = checked.and_then(|token| match token.role {
        TokenRole::App => {
            Err(Problem::new("not_allowed", "a token of an application opens no desk"))
        }
        _ => Ok(token),
    });
    let begun = token.and_then(|token| {
        let lasts = Micros(service.settings.desk_session_s.saturating_mul(1_000_000));
        let begun =
            service.sign_ins.begin(token.number, now, Timestamp(now.0.saturating_add(lasts.0)));
        begun.map_err(|error| Problem::new("unexpected", error))
    });
    match begun {
        Ok(cookie) => {
            let lasts = service.settings.desk_session_s.to_string();
            with_cookie(&service, see(next_page(&form.next)), &cookie, &lasts)
        }
        Err(problem) => refused(&service, &problem, form.next),
    }
}

/// Signs out.
pub(crate) async fn sign_out(
    State(service): Shared,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<SignOutForm>,
) -> Response {
    if let Err(problem) = visitor.check(&headers, &form.csrf) {
        return visitor.failed(&service, &problem);
    }
    if let Some(cookie) = cookie(&service, &headers) {
        service.sign_ins.end(&cookie);
    }
    with_cookie(&service, see("/desk/sign-in"), "", "0")
}

/// Notes why somebody looks.
pub(crate) async fn reason(
    State(service): Shared,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<ReasonForm>,
) -> Response {
    let noted = visitor.check(&headers, &form.csrf).and_then(|()| {
        let account = account_of(&service, &visitor, &form.next)?;
        match form.reason.trim() {
            "" => Err(Problem::new("reason_needed", "say why, in a few words")),
            reason => {
                service.sign_ins.because(&visitor.cookie, account, reason.to_owned());
                Ok(())
            }
        }
    });
    match noted {
        Ok(()) => see(next_page(&form.next)),
        Err(problem) => visitor.failed(&service, &problem),
    }
}

/// Releases a seat.
pub(crate) async fn release(
    State(service): Shared,
    visitor: Visitor,
    Path((account, session)): Path<(String, u64)>,
    headers: HeaderMap,
    form: Result<Form<ReleaseForm>, FormRejection>,
) -> Response {
    let done = async {
        let Ok(Form(form)) = form else {
            return Err(Problem::bad_request("the form cannot be read"));
        };
        visitor.check(&headers, &form.csrf)?;
        let account = visitor.caller.account(&service, &account, Act::Release)?;
        let note = Some(form.note.trim().to_owned()).filter(|note| !note.is_empty());
        let body = ReleaseBody { reason: form.reason, note, forced: form.forced };
        let released = released(&service, &visitor.caller, account, SessionId(session), body).await;
        Ok((account, released))
    };
    let (account, released) = match done.await {
        Ok(done) => done,
        Err(problem) => return visitor.failed(&service, &problem),
    };
    let notice = match released {
        Ok(free) => Notice { tone: Tone::Done, text: format!("Seat {} is free.", free.seat) },
        Err(problem) => Notice { tone: Tone::Refused, text: problem.detail().to_owned() },
    };
    service.sign_ins.tell(&visitor.cookie, notice);
    see(&account_path(account))
}

/// The account that a page of the desk is about.
pub(crate) fn account_of(
    service: &Service,
    visitor: &Visitor,
    page: &str,
) -> Result<AccountId, Problem> {
    let rest = next_page(page).strip_prefix("/desk/").unwrap_or_default();
    let name = rest.split(['/', '?']).next().unwrap_or_default();
    visitor.caller.account(service, name, Act::Look)
}

/// The form again, with why somebody is not signed in.
pub(crate) fn refused(service: &Service, problem: &Problem, next: String) -> Response {
    let notice = Notice { tone: Tone::Refused, text: problem.detail().to_owned() };
    let frame = desk::Frame { notice: Some(notice), ..nobody(service) };
    (problem.status(), Html(sign_in_form(service, next).page(&frame))).into_response()
}

fn sign_in_form(service: &Service, next: String) -> SignInPage {
    let elsewhere = service
        .oidc
        .as_ref()
        .map(|oidc| (oidc.name().to_owned(), format!("/desk/oidc?next={}", escaped(&next))));
    SignInPage { next, elsewhere }
}

/// The answer with the cookie of a sign-in.
pub(crate) fn with_cookie(
    service: &Service,
    mut response: Response,
    value: &str,
    lasts_s: &str,
) -> Response {
    let secure = if service.settings.is_https() { "; Secure" } else { "" };
    let name = cookie_name(service);
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
