//! Reading requests: JSON bodies, queries and paths, with our own words for what is wrong with them.

use crate::problem::Problem;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Body(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::new("unsupported_media_type", "send Content-Type: application/json"))
            }
            Err(error) if error.status() == 413 => {
                Err(Problem::new("too_large", error.body_text()))
            }
            Err(error) => Err(Problem::bad_request(error.body_text())),
        }
    }
}

/// What stands after the `?`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let read = read.map_err(|error: QueryRejection| Problem::bad_request(error.body_text()))?;
        Ok(Query(read.0))
    }
}

/// The variable parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let read = read.map_err(|error: PathRejection| Problem::bad_request(error.body_text()))?;
        Ok(Path(read.0))
    }
}

/// The `Idempotency-Key` of a request; quotes around it, as in the draft of the IETF, are fine.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let wanted =
        "send Idempotency-Key: a UUID of this attempt; asking again with it gives the first answer";
    let sent = headers.get("idempotency-key").ok_or_else(|| Problem::bad_request(wanted))?;
    let sent = sent.to_str().map_err(|_| Problem::bad_request(wanted))?.trim();
    let unquoted = sent.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(unquoted.unwrap_or(sent))
}

/// Whether plain text is wanted rather than JSON.
pub(crate) fn wants_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let first = accept.split(',').next().unwrap_or("").split(';').next().unwrap_or("").trim();
    first == "text/plain"
}
