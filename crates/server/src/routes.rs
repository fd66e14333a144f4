//! All routes, and what is done around each call: limits, counting, and an answer whatever happens.

use crate::api;
use crate::desk;
use crate::docs;
use crate::metrics::Log;
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ledger::Position;
use seats::Micros;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;

type Shared = State<Arc<Service>>;

/// The client for browsers.
const SEAT_JS: &str = include_str!("../web/seat.js");

/// Everything that is answered.
pub fn routes(service: Arc<Service>) -> Router {
    let quick = Router::new()
        .merge(api::routes())
        .merge(desk::routes())
        .route("/openapi.json", get(|| async { Json(api::openapi::description()) }))
        .route("/docs", get(|| async { html(docs::page().into_string()) }))
        .route("/docs.css", get(|| async { of_type("text/css; charset=utf-8", docs::STYLE) }))
        .route("/seat.js", get(|| async { script(SEAT_JS) }))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .layer(from_fn_with_state(Arc::clone(&service), in_time));
    // Also an answer that comes too late is for pages of other origins to read.
    let of_browsers = api::of_browsers()
        .layer(from_fn_with_state(Arc::clone(&service), in_time))
        .layer(from_fn_with_state(Arc::clone(&service), api::seat::allow_origins));
    Router::new()
        .merge(quick)
        .merge(of_browsers)
        .merge(api::streams())
        .merge(desk::streams())
        .fallback(|| async { Problem::new("not_found", "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new("method_not_allowed", "this path does not take this method")
        })
        .layer(DefaultBodyLimit::max(service.settings.body_bytes_max))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Problem::new("unexpected", "a fault of ours").into_response()
        }))
        .layer(from_fn_with_state(Arc::clone(&service), counted))
        .with_state(service)
}

/// Answers in time, one way or the other. What was asked goes on, and its answer is given to whoever asks again.
async fn in_time(State(service): Shared, request: Request, next: Next) -> Response {
    let claimed =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let claimed: Option<usize> = claimed.and_then(|length| length.parse().ok());
    if claimed.is_some_and(|claimed| claimed > service.settings.body_bytes_max) {
        // It need not be sent first.
        let max = service.settings.body_bytes_max;
        return Problem::new("too_large", format!("a body may have {max} bytes")).into_response();
    }
    let longest = Duration::from_secs(service.settings.request_seconds);
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new("timeout", "it took too long").retry_after(1).into_response(),
    }
}

/// Counts and logs each call, by the path's pattern: names in it are nobody's business.
async fn counted(State(service): Shared, request: Request, next: Next) -> Response {
    let begun = service.monotonic();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let (status, took) =
        (response.status().as_u16(), service.monotonic().0.saturating_sub(begun.0));
    service.metrics.answered(status, took);
    let path = path.as_deref().unwrap_or("(no route)");
    tracing::info!(%method, path, status, took_us = took, "answered");
    let headers = response.headers_mut();
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn jwks(State(service): Shared) -> impl IntoResponse {
    Json(service.seat_tokens.jwks())
}

async fn ready(State(service): Shared) -> Response {
    match service.admission.stopped() {
        None => "ready\n".into_response(),
        Some(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("{failure}\n")).into_response(),
    }
}

async fn metrics(State(service): Shared) -> Response {
    let now = service.now();
    let commits = service.ledger.head().size;
    let unsaved = Position(service.metrics.projected());
    let oldest = if unsaved.0 < commits {
        let read = service.read(move |views| Ok(views.ledger().record(unsaved)?));
        read.await.ok().flatten().map(|record| record.commit.recorded_at)
    } else {
        None
    };
    let oldest_unsaved = oldest.map_or(Micros::ZERO, |recorded_at| now.since(recorded_at));
    let log = Log { commits, oldest_unsaved };
    let totals = service.occupied.totals(now);
    let mut text = service.metrics.text(&service.admission.counts(), &totals, log);
    text.push_str(&service.webhooks.metrics());
    of_type("text/plain; version=0.0.4; charset=utf-8", text)
}

fn of_type(kind: &'static str, content: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

fn script(content: &'static str) -> Response {
    // A script from the licence server in the page of a vendor.
    let anywhere = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (anywhere, of_type("text/javascript; charset=utf-8", content)).into_response()
}

fn html(content: String) -> Response {
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    (policy, of_type("text/html; charset=utf-8", content)).into_response()
}
