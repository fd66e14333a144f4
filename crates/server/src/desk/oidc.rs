//! Signing in to the desk at a provider: the way there and the way back.

use crate::caller::address;
use crate::desk::forms::{refused, with_cookie};
use crate::desk::visitor::{named_cookie, next_page, see};
use crate::extract::Query;
use crate::oidc::{BEGUN_S, Back};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};
use seats::{Micros, Timestamp};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

type Shared = State<Arc<Service>>;

/// The cookie that ties a sign-in to the browser that began it. `Lax`: the way back begins at the provider.
const COOKIE: &str = "desk-oidc";

#[derive(Deserialize)]
pub(crate) struct NextQuery {
    #[serde(default)]
    next: String,
}

/// Sends the browser to the provider.
pub(crate) async fn begin(State(service): Shared, Query(asked): Query<NextQuery>) -> Response {
    let (next, now) = (next_page(&asked.next).to_owned(), service.now());
    let begun = waiting(&service, move |service| {
        let oidc = service.oidc.as_ref().ok_or_else(none)?;
        oidc.begin(&next, now)
    });
    match begun.await {
        Ok(way) => with_own_cookie(&service, see(&way.to), &way.cookie, BEGUN_S),
        Err(problem) => refused(&service, &problem, asked.next),
    }
}

/// The browser comes back from the provider.
pub(crate) async fn callback(
    State(service): Shared,
    connected: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Response {
    let from = address(&service, connected.map(|found| found.0), &headers);
    let now = service.now();
    let cookie = named_cookie(COOKIE, &headers).unwrap_or_default();
    let signed_in = waiting(&service, move |service| {
        service.guesses.check(from, now)?;
        let oidc = service.oidc.as_ref().ok_or_else(none)?;
        let person = oidc.finish(&back, &cookie, now).inspect_err(|problem| {
            if problem.code() == "bad_token" {
                service.guesses.failed(from, now);
            }
        })?;
        let failed = |error| Problem::new("unexpected", error);
        let token = service.access.person(&person.subject, person.token, now).map_err(failed)?;
        let token = token.ok_or_else(|| {
            Problem::new("not_allowed", "your sign-in was revoked; ask whoever runs the server")
        })?;
        let lasts = Micros(service.settings.desk_session_s.saturating_mul(1_000_000));
        let until = Timestamp(now.0.saturating_add(lasts.0));
        let cookie = service.sign_ins.begin(token.number, now, until).map_err(failed)?;
        Ok((cookie, person.next))
    });
    let answer = match signed_in.await {
        Ok((cookie, next)) => {
            let lasts = service.settings.desk_session_s.to_string();
            with_cookie(&service, onwards(&next), &cookie, &lasts)
        }
        Err(problem) => refused(&service, &problem, String::new()),
    };
    with_own_cookie(&service, answer, "", 0)
}

/// A page that leads on by itself. A redirect would still count as coming from the provider, and browsers keep
/// a cookie that is `SameSite=Strict` to themselves then.
fn onwards(next: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content=(format!("0;url={next}"));
                title { "Signed in" }
            }
            body { p { a href=(next) { "Go on" } } }
        }
    };
    Html(page.into_string()).into_response()
}

fn none() -> Problem {
    Problem::new("not_found", "no provider is set up; sign in with a token")
}

fn with_own_cookie(
    service: &Service,
    mut response: Response,
    value: &str,
    lasts_s: u64,
) -> Response {
    let secure = if service.settings.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={value}; Path=/desk/oidc; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}"
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What waits for the provider or the disk, on a thread of its own.
async fn waiting<T: Send + 'static>(
    service: &Arc<Service>,
    work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let service = Arc::clone(service);
    let done = tokio::task::spawn_blocking(move || work(&service)).await;
    done.map_err(|error| Problem::new("unexpected", error))?
}
