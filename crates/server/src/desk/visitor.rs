//! Whoever looks at the desk: the sign-in of the cookie, and what a page is shown in.

use crate::caller::Caller;
use crate::desk::sign_ins::SignIn;
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use desk::{FailurePage, Frame};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// What the desk is called.
const TITLE: &str = "Seatledger";

/// Somebody who is signed in.
pub(crate) struct Visitor {
    pub(crate) caller: Caller,
    pub(crate) sign_in: SignIn,
    pub(crate) cookie: String,
    /// The page that was asked for.
    pub(crate) path: String,
}

impl FromRequestParts<Arc<Service>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Visitor, Response> {
        let path = parts.uri.path_and_query().map_or("/desk", |path| path.as_str()).to_owned();
        let sign_in_first = || Redirect::to(&sign_in_path(&path)).into_response();
        let cookie = cookie(service, &parts.headers).ok_or_else(sign_in_first)?;
        let now = service.now();
        let sign_in = service.sign_ins.get(&cookie, now).ok_or_else(sign_in_first)?;
        let token = service.access.good(sign_in.token, now).ok_or_else(sign_in_first)?;
        Ok(Visitor { caller: Caller::new(token, service), sign_in, cookie, path })
    }
}

impl Visitor {
    /// What a page is shown in. The notice of the last thing done is shown once.
    pub(crate) fn frame(&self, service: &Service, live: Option<String>) -> Frame {
        let token = self.caller.token();
        let who = match token.label.trim() {
            "" => format!("token {}", token.number),
            label => label.to_owned(),
        };
        Frame {
            signed_in_as: Some(who),
            role: token.role.word().to_owned(),
            csrf: self.sign_in.csrf.clone(),
            live,
            notice: service.sign_ins.told(&self.cookie),
            ..nobody(service)
        }
    }

    /// Refuses what another site has sent.
    pub(crate) fn check(&self, headers: &HeaderMap, csrf: &str) -> Result<(), Problem> {
        // Comparing hashes: how long that takes says nothing of the word.
        let same = blake3::hash(csrf.as_bytes()) == blake3::hash(self.sign_in.csrf.as_bytes());
        if same && is_ours(headers) {
            return Ok(());
        }
        Err(Problem::new(
            "not_allowed",
            "this form was not sent by a page of this desk; load it again",
        ))
    }

    /// A problem as a page, or the way to the page that mends it.
    pub(crate) fn failed(&self, service: &Service, problem: &Problem) -> Response {
        if problem.code() == "reason_needed" {
            return Redirect::to(&format!("/desk/reason?next={}", escaped(&self.path)))
                .into_response();
        }
        // Within an account, its board is the way back.
        let account =
            self.path.strip_prefix("/desk/").and_then(|rest| rest.split(['/', '?']).next());
        let board = account.filter(|_| matches!(problem.code(), "unknown_user" | "unprocessable"));
        let ways =
            board.map(|account| ("Back to the board".to_owned(), format!("/desk/{account}")));
        failure(problem, ways.into_iter().collect(), &self.frame(service, None))
    }
}

/// A problem as a page.
pub(crate) fn failure(problem: &Problem, ways: Vec<(String, String)>, frame: &Frame) -> Response {
    let status = problem.status();
    let page = FailurePage {
        status: status.as_u16(),
        title: match status.as_u16() {
            _ if problem.code() == "unknown_user" => "No user of that name".to_owned(),
            403 => "You may not see this".to_owned(),
            404 => "There is nothing here".to_owned(),
            400..500 => "This cannot be done".to_owned(),
            _ => "Something is wrong with the server".to_owned(),
        },
        detail: problem.detail().to_owned(),
        code: problem.code().to_owned(),
        ways,
    };
    (status, Html(page.page(frame))).into_response()
}

/// What a page is shown in to whoever is not signed in.
pub(crate) fn nobody(service: &Service) -> Frame {
    Frame {
        title: TITLE.to_owned(),
        signed_in_as: None,
        role: String::new(),
        csrf: String::new(),
        now: service.now(),
        live: None,
        notice: None,
    }
}

/// The name of the cookie. Over TLS its prefix has browsers hold us to what it promises.
pub(crate) fn cookie_name(service: &Service) -> &'static str {
    if service.settings.is_https() { "__Host-desk" } else { "desk" }
}

/// What the cookie holds.
pub(crate) fn cookie(service: &Service, headers: &HeaderMap) -> Option<String> {
    named_cookie(cookie_name(service), headers)
}

/// What the cookie of this name holds.
pub(crate) fn named_cookie(name: &str, headers: &HeaderMap) -> Option<String> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs =
        sent.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next()
}

/// Whether a form comes from a page of ours, as far as the browser says.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// A page of the desk that may be gone to after a form.
pub(crate) fn next_page(next: &str) -> &str {
    let ours = next == "/desk" || next.starts_with("/desk/") || next.starts_with("/desk?");
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours && plain { next } else { "/desk" }
}

fn sign_in_path(next: &str) -> String {
    format!("/desk/sign-in?next={}", escaped(next))
}

/// What of a path stands in a query as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path as it stands in a query.
pub(crate) fn escaped(path: &str) -> String {
    utf8_percent_encode(path, PLAIN).to_string()
}

/// Where a form leads when it is done.
pub(crate) fn see(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_elsewhere() {
        for good in ["/desk", "/desk/account-7/why?user=user-3&day=2026-03-31", "/desk?sort=name"] {
            assert_eq!(next_page(good), good);
        }
        for bad in
            ["", "//evil.example", "https://evil.example", "/desktop", "/desk/\r\nx: y", "/desk\\x"]
        {
            assert_eq!(next_page(bad), "/desk", "{bad:?}");
        }
    }
}
