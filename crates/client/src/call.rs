//! One call, and reading its answer.

use crate::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::time::Duration;
use ureq::http::Request;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

#[derive(Clone)]
pub(crate) struct Call {
    agent: ureq::Agent,
    url: String,
    token: String,
}

/// An answer, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) retry_after_s: Option<u64>,
}

impl Call {
    pub(crate) fn new(url: &str, token: &str) -> Call {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build()
            .into();
        Call { agent, url: url.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    /// Calls once; an error says in words why there is no answer.
    pub(crate) fn once(
        &self,
        method: &str,
        path: &str,
        attempt: Option<&str>,
        body: &Value,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(attempt) = attempt {
            request = request.header("idempotency-key", attempt);
        }
        let content = if body.is_null() { String::new() } else { body.to_string() };
        if !content.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(content).map_err(|error| error.to_string())?;
        let mut response = self.agent.run(request).map_err(|error| error.to_string())?;
        let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok());
        let retry_after_s = after.and_then(|after| after.parse().ok());
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let text = text.map_err(|error| error.to_string())?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answer { status, body, retry_after_s })
    }
}

impl Answer {
    /// A text of the body; empty if it has none of that name.
    pub(crate) fn word(&self, name: &str) -> String {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_value(self.body).map_err(|error| Error::Unreadable(error.to_string()))
    }

    pub(crate) fn error(&self) -> Error {
        let (code, detail) = (self.word("code"), self.word("detail"));
        match (self.status, code.as_str()) {
            (410, "session_over") => Error::SessionOver { how: self.word("how"), detail },
            (_, "") => Error::Unreadable(format!("status {}, and no problem", self.status)),
            (status, _) => Error::Refused { status, code, detail },
        }
    }
}

/// The seat token of a grant; empty where the session has ended since.
pub(crate) fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// What stands in a path or query as it is (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as it stands in a path.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
