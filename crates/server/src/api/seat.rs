//! The browser's own calls. The seat token says which session they are about, so the page needs no secret but
//! the one that its user was given; and it stands in the body, so that `sendBeacon` can send it and no CORS
//! preflight is needed.

use crate::api::hand_overs::answered;
use crate::api::sessions::{given_up, sign_of_life};
use crate::api::shapes::{GivenUp, HandOverAnswered, ProblemBody, Seated};
use crate::extract::read_json;
use crate::problem::Problem;
use crate::seat_token::Claims;
use crate::service::Service;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use ledger::{Actor, Role};
use seats::{Command, HandOverId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// What a browser says, with its seat token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeatBody {
    /// The seat token. It may have expired; the session may not.
    token: String,
    /// For a heartbeat: whether the user did something since the last one.
    #[serde(default)]
    active: bool,
}

/// The body, as JSON whatever its type is called, and the session that it is about.
pub(crate) struct FromSeat {
    claims: Claims,
    active: bool,
}

impl FromRequest<Arc<Service>> for FromSeat {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<FromSeat, Problem> {
        let body: SeatBody = body_of(request, service).await?;
        Ok(FromSeat { claims: claims_of(service, &body.token)?, active: body.active })
    }
}

/// The user's browser, as an actor: the application acts for its users.
const BROWSER: Actor = Actor { role: Role::App, id: 0 };

/// A body, as JSON whatever its type is called.
async fn body_of<T: DeserializeOwned>(
    request: Request,
    service: &Arc<Service>,
) -> Result<T, Problem> {
    let bytes = axum::body::Bytes::from_request(request, service).await;
    let bytes = bytes.map_err(|error| match error.status().as_u16() {
        413 => Problem::new("too_large", error.body_text()),
        _ => Problem::bad_request(error.body_text()),
    })?;
    read_json(&bytes)
}

/// What a seat token says.
fn claims_of(service: &Service, token: &str) -> Result<Claims, Problem> {
    // Nobody is slowed down for a bad one: a signature cannot be guessed, and a whole clinic comes from one
    // address.
    let bad = || Problem::new("bad_token", "the seat token is not one of ours");
    service.seat_tokens.open_token(token).ok_or_else(bad)
}

/// A sign of life of a browser.
#[utoipa::path(
    post, path = "/v1/seat/heartbeat", tag = "browser", operation_id = "seat_heartbeat", request_body = SeatBody, security(()),
    responses(
        (status = 200, description = "The session goes on", body = Seated),
        (status = 401, description = "The seat token is not one of ours", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "The session has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn heartbeat(
    State(service): Shared,
    from: FromSeat,
) -> Result<Json<Seated>, Problem> {
    let command = Command::Heartbeat { session: from.claims.session_id(), active: from.active };
    sign_of_life(&service, from.claims.account_id(), command, BROWSER).await.map(Json)
}

/// A page goes away, perhaps only to reload.
#[utoipa::path(
    post, path = "/v1/seat/goodbye", tag = "browser", operation_id = "seat_goodbye", request_body = SeatBody, security(()),
    responses(
        (status = 200, description = "The seat is kept for the account's grace", body = Seated),
        (status = 401, description = "The seat token is not one of ours", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "The session has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn goodbye(
    State(service): Shared,
    from: FromSeat,
) -> Result<Json<Seated>, Problem> {
    let command = Command::Goodbye { session: from.claims.session_id() };
    sign_of_life(&service, from.claims.account_id(), command, BROWSER).await.map(Json)
}

/// A user logs out.
#[utoipa::path(
    post, path = "/v1/seat/logout", tag = "browser", operation_id = "seat_log_out", request_body = SeatBody, security(()),
    responses(
        (status = 200, description = "The seat is free", body = GivenUp),
        (status = 401, description = "The seat token is not one of ours", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "The session had ended already", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn log_out(
    State(service): Shared,
    from: FromSeat,
) -> Result<Json<GivenUp>, Problem> {
    let (account, session) = (from.claims.account_id(), from.claims.session_id());
    given_up(&service, account, session, BROWSER).await.map(Json)
}

/// What a browser answers to somebody who asks for the seat, with its seat token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeatAnswerBody {
    /// The seat token. It may have expired; the session may not.
    token: String,
    /// What is answered.
    handover: u32,
    /// Whether the seat is given away.
    consent: bool,
}

/// A user gives the seat to somebody who asks for it, or keeps it.
#[utoipa::path(
    post, path = "/v1/seat/hand-over", tag = "browser", request_body = SeatAnswerBody, security(()),
    responses(
        (status = 200, description = "The seat was given away, or is kept", body = HandOverAnswered),
        (status = 401, description = "The seat token is not one of ours", content_type = "application/problem+json", body = ProblemBody),
        (status = 409, description = "The seat is not asked for any more", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "The session has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn hand_over(
    State(service): Shared,
    request: Request,
) -> Result<Json<HandOverAnswered>, Problem> {
    let SeatAnswerBody { token, handover, consent } = body_of(request, &service).await?;
    let claims = claims_of(&service, &token)?;
    let asked = (claims.session_id(), HandOverId(handover));
    answered(&service, claims.account_id(), asked, consent, BROWSER).await.map(Json)
}

/// Lets pages of the origins in the settings read the answers. No cookie is ever sent or looked at here.
pub(crate) async fn allow_origins(
    State(service): Shared,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = headers.get(ORIGIN) else { return response };
    let allowed = &service.settings.cors_origins;
    if allowed.iter().any(|known| known == "*" || origin.as_bytes() == known.as_bytes()) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        // A page of another origin would not see it otherwise, and would come back too soon.
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}
