//! The support desk: `desk`'s pages, filled and served; signing in; what its forms do.

mod finance;
mod forms;
mod oidc;
mod pages;
pub(crate) mod sign_ins;
mod visitor;

use crate::service::Service;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// The pages, their forms and what they are made of.
pub(crate) fn routes() -> Router<Arc<Service>> {
    let asset = |kind: &'static str, content: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], content) })
    };
    Router::new()
        .route("/", get(|| async { Redirect::to("/desk") }))
        .route("/desk", get(pages::accounts))
        .route("/desk/verify", get(pages::verify))
        .route("/desk/sign-in", get(forms::sign_in_page).post(forms::sign_in))
        .route("/desk/oidc", get(oidc::begin))
        .route("/desk/oidc/callback", get(oidc::callback))
        .route("/desk/sign-out", post(forms::sign_out))
        .route("/desk/reason", get(pages::reason).post(forms::reason))
        .route("/desk/{account}", get(pages::board))
        .route("/desk/{account}/why", get(pages::why))
        .route("/desk/{account}/trail", get(pages::trail))
        .route("/desk/{account}/usage", get(pages::usage))
        .route("/desk/{account}/statements/{month}", get(pages::statement))
        .route("/desk/{account}/sessions/{session}/release", post(forms::release))
        .route(desk::CSS_PATH, asset("text/css; charset=utf-8", desk::CSS))
        .route(desk::SCRIPT_PATH, asset("text/javascript; charset=utf-8", desk::SCRIPT))
        .route(desk::ICON_PATH, asset("image/svg+xml", desk::ICON))
        .layer(from_fn(guarded))
}

/// What changes in an account, for the script of its board; and what reads all accounts, and takes as long as it
/// takes.
pub(crate) fn streams() -> Router<Arc<Service>> {
    let finance = Router::new()
        .route("/desk/finance", get(finance::month))
        .route("/desk/finance/close", post(finance::close))
        .route("/desk/finance/exports/{kind}", post(finance::export))
        .route("/desk/finance/reports/{kind}", get(finance::report))
        .route("/desk/finance/reports/{kind}/file", get(finance::report_file))
        .layer(from_fn(guarded));
    Router::new().route("/desk/{account}/events", get(changes)).merge(finance)
}

async fn changes(
    State(service): State<Arc<Service>>,
    visitor: visitor::Visitor,
    crate::extract::Path(account): crate::extract::Path<String>,
) -> Response {
    let act = crate::access::Act::Look;
    match visitor.caller.account(&service, &account, act) {
        Ok(account) => {
            let size = service.ledger.head().size;
            crate::api::events::stream(service, Some(account), size).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// Every page comes with what browsers are to hold it to.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, desk::CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
