//! Reading requests: JSON bodies, queries and paths, with our own words for what is wrong with them.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        if !is_json(request.headers()) {
            let wanted = "send Content-Type: application/json";
            return Err(Problem::new("unsupported_media_type", wanted));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| match error.status().as_u16() {
            413 => Problem::new("too_large", error.body_text()),
            _ => Problem::bad_request(error.body_text()),
        })?;
        read_json(&bytes).map(Body)
    }
}

/// Reads a body that is JSON.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match axum::Json::<T>::from_bytes(bytes) {
        Ok(axum::Json(body)) => Ok(body),
        Err(error) => {
            again_with_whole_numbers(bytes).ok_or_else(|| Problem::bad_request(error.body_text()))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let kind = essence.strip_prefix("application/");
    kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// Reads a body that could not be read with every `3.0` in it as `3`: to JSON they are the same number, and some
/// languages write one where they mean the other.
fn again_with_whole_numbers<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut body: Value = serde_json::from_slice(bytes).ok()?;
    make_whole(&mut body).then(|| serde_json::from_value(body).ok())?
}

/// Whether there was one.
fn make_whole(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|float| !number.is_u64() && float.fract() == 0.0);
            // Up to 2^53 each whole number is itself.
            match whole.filter(|whole| (0.0..=9_007_199_254_740_992.0).contains(whole)) {
                Some(whole) => {
                    *value = Value::from(whole as u64);
                    true
                }
                None => false,
            }
        }
        Value::Array(elements) => {
            elements.iter_mut().fold(false, |found, element| make_whole(element) | found)
        }
        Value::Object(members) => {
            members.values_mut().fold(false, |found, member| make_whole(member) | found)
        }
        _ => false,
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
    wants(headers, "text/plain")
}

/// Whether the answer is wanted as this type.
pub(crate) fn wants(headers: &HeaderMap, wanted: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let first = accept.split(',').next().unwrap_or("").split(';').next().unwrap_or("").trim();
    first == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let check = |text: &str, expected: Option<Vec<u64>>| {
            assert_eq!(again_with_whole_numbers::<Vec<u64>>(text.as_bytes()), expected, "{text}");
        };
        check("[3.0, 4, 1e3]", Some(vec![3, 4, 1000]));
        check("[3.5]", None);
        check("[-3.0]", None);
        check("[1e300]", None);
        check("[\"3.0\"]", None);
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        let check = |sent: &str, expected: bool| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, sent.parse().unwrap())]);
            assert_eq!(is_json(&headers), expected, "{sent}");
        };
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/merge-patch+json", true);
        check("text/json", false);
        check("application/x-www-form-urlencoded", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
