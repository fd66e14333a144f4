//! Calls to the server, and what failures among them mean.

use super::Remote;
use crate::args::Format;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::time::Duration;
use ureq::http::Request;

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 30;

pub(super) struct Server<'a> {
    agent: ureq::Agent,
    url: &'a str,
    token: &'a str,
    reason: Option<&'a str>,
    format: Format,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text)
            .map_err(|error| Failure::unexpected(format!("server: the answer is no JSON: {error}")))
    }

    /// Refuses an answer that is a problem, in its words.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if (200..300).contains(&self.status) {
            return Ok(());
        }
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let detail = problem.get("detail").and_then(Value::as_str);
        let said =
            detail.map_or_else(|| format!("the server answers {}", self.status), str::to_owned);
        let kind = match self.status {
            400 | 413 | 415 | 422 => Kind::Usage,
            401 | 403 | 404 | 409 | 410 | 429 => Kind::Refused,
            _ => Kind::Unexpected,
        };
        Err(Failure::new(kind, said))
    }
}

impl<'a> Server<'a> {
    /// A server that answers in time, if what is asked `is_quick`.
    pub(super) fn new(
        remote: &Remote<'a>,
        format: Format,
        is_quick: bool,
    ) -> Result<Server<'a>, Failure> {
        let token = remote.token.ok_or_else(|| {
            Failure::usage("token: give an access token, --token or SEATLEDGER_TOKEN; `seatledger token create` makes one")
        })?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(is_quick.then_some(TIMEOUT))
            .build()
            .into();
        let (url, reason) = (remote.url.trim_end_matches('/'), remote.reason);
        Ok(Server { agent, url, token, reason, format })
    }

    /// A body with why it is asked, if that was said.
    pub(super) fn said(&self, mut body: Value) -> Value {
        if let (Some(body), Some(reason)) = (body.as_object_mut(), self.reason) {
            body.insert("reason".to_owned(), json!(reason));
        }
        body
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, Failure> {
        let answer = self.call("GET", path, None, None, "application/json")?;
        answer.check()?;
        Ok(answer)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let accept = if path == "/v1/seals" && self.format == Format::Table {
            "text/plain"
        } else {
            "application/json"
        };
        let answer = self.call("POST", path, Some(body), None, accept)?;
        answer.check()?;
        Ok(answer)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call("PUT", path, Some(body), None, "application/json")
    }

    pub(super) fn delete(&self, path: &str) -> Result<Answer, Failure> {
        let answer = self.call("DELETE", path, None, None, "application/json")?;
        answer.check()?;
        Ok(answer)
    }

    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call("PATCH", path, Some(body), None, "application/json")
    }

    /// An attempt that may be made again under the same id.
    pub(super) fn attempt(&self, path: &str, id: &str, body: &Value) -> Result<Answer, Failure> {
        self.call("POST", path, Some(body), Some(id), "application/json")
    }

    /// A report, printed as it comes.
    pub(super) fn report(
        &self,
        path: &str,
        query: &[(&str, Option<String>)],
        output: Output,
    ) -> Result<(), Failure> {
        let accept = match self.format {
            Format::Json => "application/json",
            Format::Table => "text/plain",
        };
        let answer = self.call("GET", &self.with_query(path, query), None, None, accept)?;
        answer.check()?;
        output.text(&answer.text)
    }

    /// Bytes of a type, as they are.
    pub(super) fn bytes(
        &self,
        path: &str,
        query: &[(&str, Option<String>)],
        accept: &str,
    ) -> Result<Vec<u8>, Failure> {
        let path = self.with_query(path, query);
        let request = self.request("GET", &path, accept).body(String::new());
        let request = request.map_err(Failure::usage)?;
        let mut response = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| self.unreachable(&error))?;
        if status != 200 {
            Answer { status, text: String::from_utf8_lossy(&body).into_owned() }.check()?;
        }
        Ok(body)
    }

    fn with_query(&self, path: &str, query: &[(&str, Option<String>)]) -> String {
        let reason = ("reason", self.reason.map(str::to_owned));
        let wants_reason =
            ["occupancy", "why", "trail", "evidence"].iter().any(|end| path.ends_with(end));
        let reason = std::iter::once(&reason).filter(|_| wants_reason);
        let given = query.iter().chain(reason);
        let given = given.filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let pairs: Vec<String> =
            given.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }

    fn request(&self, method: &str, path: &str, accept: &str) -> ureq::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", accept)
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        attempt: Option<&str>,
        accept: &str,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path, accept);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        if let Some(attempt) = attempt {
            request = request.header("idempotency-key", attempt);
        }
        let request = request.body(body.map(Value::to_string).unwrap_or_default());
        let request = request.map_err(|error| Failure::usage(format!("server: {error}")))?;
        let mut response = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        Ok(Answer { status, text: text.map_err(|error| self.unreachable(&error))? })
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::unexpected(format!("the server at {} cannot be reached: {error}", self.url))
    }
}

/// What stands in a path or query as it is (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as it stands in a path or query.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
