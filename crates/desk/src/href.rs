//! Addresses of pages. Accounts, sessions and users stand in them by number.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reporting::civil::Month;
use reporting::commercial::{Kind, Months};
use seats::{AccountId, SessionId, UserId};

/// The front page: accounts at a glance.
pub(crate) const FRONT: &str = "/desk";
/// The seal, and what to do with it.
pub(crate) const VERIFY: &str = "/desk/verify";
/// Where one signs in.
pub(crate) const SIGN_IN: &str = "/desk/sign-in";
/// Where one signs out.
pub(crate) const SIGN_OUT: &str = "/desk/sign-out";
/// Where one says why one looks.
pub(crate) const REASON: &str = "/desk/reason";

/// A month of all accounts.
pub(crate) const FINANCE: &str = "/desk/finance";
/// Where months are closed.
pub(crate) const FINANCE_CLOSE: &str = "/desk/finance/close";
/// Where statements are had as files, before the kind.
pub(crate) const FINANCE_EXPORTS: &str = "/desk/finance/exports/";

/// A month of all accounts.
pub fn finance_path(month: Month) -> String {
    with_query(FINANCE, &[("month", Some(&month.to_string()))])
}

/// Where a commercial report is asked for.
pub(crate) fn report_form(kind: Kind) -> String {
    format!("{FINANCE}/reports/{}", kind.word())
}

/// A commercial report, as a page or as a file.
pub(crate) fn report_path(kind: Kind, months: Months, account: &str, file: bool) -> String {
    let (from, to) = (months.first().to_string(), months.last().to_string());
    let path = format!("{}{}", report_form(kind), if file { "/file" } else { "" });
    let fields =
        [("from", Some(from.as_str())), ("to", Some(to.as_str())), ("account", Some(account))];
    with_query(&path, &fields)
}

/// An account's statement of a month.
pub(crate) fn statement_path(account: AccountId, month: Month) -> String {
    format!("{}/statements/{month}", account_path(account))
}

/// The board of an account.
pub fn account_path(account: AccountId) -> String {
    format!("{FRONT}/{account}")
}

/// Where a session is released.
pub fn session_path(account: AccountId, session: SessionId) -> String {
    format!("{}/sessions/{}/release", account_path(account), session.0)
}

/// Why a user was refused, on a day.
pub(crate) fn why(account: AccountId, user: Option<UserId>, day: Option<&str>) -> String {
    let user = user.map(|user| user.to_string());
    let path = format!("{}/why", account_path(account));
    with_query(&path, &[("user", user.as_deref()), ("day", day)])
}

/// The trail of a user.
pub(crate) fn trail(account: AccountId, user: UserId) -> String {
    let path = format!("{}/trail", account_path(account));
    with_query(&path, &[("user", Some(&user.to_string()))])
}

/// A path with a query of what is there and not empty.
pub(crate) fn with_query(path: &str, fields: &[(&str, Option<&str>)]) -> String {
    let given = fields.iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(format!("{name}={}", encoded(value)))
    });
    let query = given.collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// What stands in a query as it is (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as it stands in a query.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_cannot_leave_its_field() {
        let check = |value: &str, expected: &str| {
            assert_eq!(with_query("/desk", &[("search", Some(value)), ("page", None)]), expected);
        };
        check("", "/desk");
        check("St Anne's & co", "/desk?search=St%20Anne%27s%20%26%20co");
        check("\"><script>#?é", "/desk?search=%22%3E%3Cscript%3E%23%3F%C3%A9");
        let why = why(AccountId(7), Some(UserId(12)), Some("2026-03-28"));
        assert_eq!(why, "/desk/account-7/why?user=user-12&day=2026-03-28");
    }
}
