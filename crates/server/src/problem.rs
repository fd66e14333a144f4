//! What is answered instead: RFC 9457 problem details, each with a stable `code`.
//!
//! A client acts on `status` and `code`; `detail` is for people and may be worded otherwise tomorrow. What is
//! worth asking again says so with `Retry-After`.

use admission::Error;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reporting::ReportError;
use seats::{DenialReason, Rejection};
use serde_json::{Map, Value, json};
use std::fmt::Display;

/// A problem, on its way to whoever asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem(Box<Said>);

/// What is said of it. On the heap, so that what goes well is not slowed down by what does not.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    retry_after_s: Option<u64>,
}

/// Every code that is answered, with its status and what it means. Codes are added, never changed.
pub const CODES: &[(&str, u16, &str)] = &[
    (
        "bad_request",
        400,
        "The request cannot be read: see `detail` for the field and what is wrong with it.",
    ),
    ("no_token", 401, "There is no access token. Send `Authorization: Bearer TOKEN`."),
    (
        "bad_token",
        401,
        "The access token or seat token is not one of ours, has expired or was revoked.",
    ),
    ("not_allowed", 403, "The token's role may not do this, or not for this account."),
    ("not_found", 404, "There is nothing at this path."),
    ("unknown_account", 404, "No account of that name was ever opened."),
    ("unknown_user", 404, "The account has no user of that name."),
    ("unknown_site", 404, "The account has no site of that name. Add it first."),
    ("unknown_session", 404, "No such session was ever granted."),
    ("unknown_webhook", 404, "There is no webhook of that number."),
    ("unknown_position", 404, "The log is not that long."),
    ("method_not_allowed", 405, "The path exists, and the method does not go with it."),
    (
        "not_closable",
        409,
        "The month cannot be closed now: `detail` says why, and what to do first.",
    ),
    (
        "not_exportable",
        409,
        "The files cannot be made of these statements: `detail` says why, and what to do first.",
    ),
    ("not_acceptable", 406, "Nothing is answered in the type that `Accept` asks for."),
    ("all_seats_held", 409, "The login is refused: every seat is held. `holders` says by whom."),
    ("seats_reserved", 409, "The login is refused: the free seats are reserved for other sites."),
    (
        "already_logged_in",
        409,
        "The login is refused: the user is logged in, and the policy allows one session.",
    ),
    (
        "in_line",
        409,
        "No seat yet: the login waits in line, at `place`. Ask again with the same `Idempotency-Key` when \
         `Retry-After` is over: that keeps the place, and takes the seat that is offered.",
    ),
    (
        "left_line",
        409,
        "The login waited in line and left it without a seat. Ask with another `Idempotency-Key`.",
    ),
    ("not_in_line", 409, "That login is not in line."),
    (
        "no_hand_overs",
        409,
        "The account's policy lets nobody ask for a seat. Its setting `hand-over` says how long a holder has to answer.",
    ),
    (
        "cannot_be_asked",
        409,
        "The holder of that seat cannot be asked for it now: asked already, declined to the same user, has just \
         sat down, or the asker could not have the seat. Ask without `seat`, or wait.",
    ),
    (
        "nothing_asked",
        409,
        "The seat is not asked for any more: it was answered, or the asker has gone.",
    ),
    ("not_registered", 409, "The login is refused: the account admits registered users only."),
    ("user_suspended", 409, "The login is refused: the user is suspended."),
    ("account_suspended", 409, "The login is refused: the account admits nobody new."),
    ("account_closed", 409, "The account is closed: it admits nobody, and nothing can be changed."),
    ("name_taken", 409, "The name stands for somebody or something already."),
    ("already_so", 409, "It is as asked already."),
    ("importing", 409, "The account is hidden until its import is complete."),
    ("too_young", 409, "The session is too young to be released without `forced`."),
    ("try_again", 409, "Somebody else was faster. Ask again."),
    (
        "session_over",
        410,
        "The session has ended and can never act again. `how`, `at` and `by` say why.",
    ),
    ("too_large", 413, "The body, or what it asks for at once, is too large."),
    ("unsupported_media_type", 415, "The body must be JSON, and `Content-Type` must say so."),
    (
        "request_reused",
        422,
        "The `Idempotency-Key` was used for another login. Every attempt needs its own.",
    ),
    ("reason_needed", 422, "The policy wants to know why. Send `reason`."),
    ("unprocessable", 422, "The values make no sense for this account: see `detail`."),
    ("too_many_requests", 429, "Too many failed attempts. Wait as long as `Retry-After` says."),
    (
        "unreadable",
        500,
        "The record of this account cannot be read. The operator runs `seatledger verify`.",
    ),
    (
        "unexpected",
        500,
        "A fault of ours. What was asked may have been done; ask again with the same key.",
    ),
    ("busy", 503, "More is asked than can be recorded now. Nothing was recorded."),
    (
        "outcome_unknown",
        503,
        "It may have been recorded or not. Ask again with the same `Idempotency-Key`.",
    ),
    ("not_recorded", 503, "The disk refused it. Nothing was recorded."),
    ("stopping", 503, "The server is stopping. Nothing was recorded."),
    (
        "clock_stepped",
        503,
        "The server's clock was moved; an administrator must set it right or confirm it.",
    ),
    (
        "provider_unreachable",
        503,
        "The provider of the desk's sign-in does not answer as it should. Sign in with a token, or later.",
    ),
    (
        "timeout",
        503,
        "It took too long. What was asked may have been done; ask again with the same key.",
    ),
];

/// The media type of problems.
pub const PROBLEM_TYPE: &str = "application/problem+json";

impl Problem {
    /// A problem of one of the [`CODES`], with what is to be said of this one.
    pub fn new(code: &'static str, detail: impl Display) -> Problem {
        let known = CODES.iter().find(|(known, ..)| *known == code);
        let status = known.and_then(|(_, status, _)| StatusCode::from_u16(*status).ok());
        Problem(Box::new(Said {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            detail: detail.to_string(),
            more: Map::new(),
            retry_after_s: None,
        }))
    }

    /// The same, with another member.
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Problem {
        self.0.more.insert(member.to_owned(), value.into());
        self
    }

    /// The same, worth asking again after so many seconds, 1 or more.
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.0.retry_after_s = Some(seconds.max(1));
        self
    }

    /// A request that cannot be read.
    pub fn bad_request(detail: impl Display) -> Problem {
        Problem::new("bad_request", detail)
    }

    /// The status that goes with the code.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What is said of it.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The problem as it is sent.
    pub fn body(&self) -> Value {
        let title = CODES.iter().find(|(code, ..)| *code == self.0.code);
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("/docs#{}", self.0.code)));
        body.insert("title".to_owned(), json!(title.map_or("", |(_, _, title)| title)));
        body.insert("status".to_owned(), json!(self.0.status.as_u16()));
        body.insert("code".to_owned(), json!(self.0.code));
        body.insert("detail".to_owned(), json!(self.0.detail));
        body.extend(self.0.more.clone());
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, PROBLEM_TYPE)];
        let mut response = (self.0.status, kind, self.body().to_string()).into_response();
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// The code of a refused login.
pub(crate) fn of_denial(reason: DenialReason) -> &'static str {
    match reason {
        DenialReason::AllSeatsHeld => "all_seats_held",
        DenialReason::SeatsReserved => "seats_reserved",
        DenialReason::AlreadyLoggedIn => "already_logged_in",
        DenialReason::NotRegistered => "not_registered",
        DenialReason::UserSuspended => "user_suspended",
        DenialReason::AccountSuspended => "account_suspended",
        DenialReason::AccountClosed => "account_closed",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let said = |code| Problem::new(code, &error);
        match &error {
            Error::Rejected(rejection) => of_rejection(rejection),
            Error::UnknownAccount => said("unknown_account"),
            Error::UnknownSite { .. } => said("unknown_site"),
            Error::NameTaken { .. } => said("name_taken"),
            Error::TooMany { .. } => said("too_large"),
            Error::TooLong(_) | Error::BadText(_) | Error::BadZone { .. } => said("unprocessable"),
            Error::Busy { retry_after } => {
                said("busy").retry_after(retry_after.as_millis().div_ceil(1_000) as u64)
            }
            Error::NotRecorded { .. } => said("not_recorded").retry_after(5),
            Error::Unknown => said("outcome_unknown").retry_after(1),
            Error::Stopped => said("stopping").retry_after(1),
            Error::ClockStepped { .. } => said("clock_stepped").retry_after(30),
            Error::Unreadable { .. } => said("unreadable"),
        }
    }
}

fn of_rejection(rejection: &Rejection) -> Problem {
    let code = match rejection {
        Rejection::UnknownAccount => "unknown_account",
        Rejection::AlreadyOpen => "name_taken",
        Rejection::AccountClosed => "account_closed",
        Rejection::AlreadySo(_)
        | Rejection::SameLicences { .. }
        | Rejection::UserAlready { .. }
        | Rejection::DeviceForgotten(_) => "already_so",
        Rejection::Importing => "importing",
        Rejection::UnknownUser(_) => "unknown_user",
        Rejection::UnknownSite(_) => "unknown_site",
        Rejection::UnknownSession(_) => "unknown_session",
        Rejection::SessionOver { .. } => "session_over",
        Rejection::TooYoung { .. } => "too_young",
        Rejection::NumberTaken(_) => "try_again",
        Rejection::RequestReused => "request_reused",
        Rejection::NotInLine(_) => "not_in_line",
        Rejection::NoHandOvers => "no_hand_overs",
        Rejection::CannotBeAsked(_) => "cannot_be_asked",
        Rejection::NothingAsked(_) => "nothing_asked",
        Rejection::ReasonNeeded(_) => "reason_needed",
        Rejection::TooLarge { .. } => "too_large",
        _ => "unprocessable",
    };
    Problem::new(code, rejection)
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Problem {
        let code = match &error {
            ReportError::UnknownAccount { .. } => "unknown_account",
            ReportError::UnknownUser { .. } => "unknown_user",
            ReportError::Importing { .. } => "importing",
            ReportError::NoCommit { .. } => "unknown_position",
            ReportError::Read(_)
            | ReportError::Book(_)
            | ReportError::MissingStatement { .. }
            | ReportError::Civil(_) => "unreadable",
            _ => "unprocessable",
        };
        Problem::new(code, &error)
    }
}

impl From<ledger::ReadError> for Problem {
    fn from(error: ledger::ReadError) -> Problem {
        Problem::new("unreadable", error)
    }
}

impl From<ledger::BookError> for Problem {
    fn from(error: ledger::BookError) -> Problem {
        Problem::new("unreadable", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn every_code_is_there_once_and_says_something() {
        let codes: BTreeSet<&str> = CODES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), CODES.len());
        for (code, status, meaning) in CODES {
            assert!((400..600).contains(status) && meaning.ends_with('.'), "{code}");
            assert_eq!(Problem::new(code, "x").body()["status"], *status);
        }
    }

    #[test]
    fn what_is_worth_asking_again_says_when() {
        let busy = Error::Busy { retry_after: Duration::from_millis(1_200) };
        let response = Problem::from(busy).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_TYPE);
    }
}
