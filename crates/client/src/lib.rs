//! A client of the licence server, for vendors whose application is written in Rust.
//!
//! ```no_run
//! use client::{Client, LoggedIn};
//!
//! let client = Client::new("https://licences.example.com", "sl_2_...");
//! match client.log_in("clinic", "alice")? {
//!     LoggedIn::Granted(seat) => println!("seat {}; give the browser {}", seat.seat, seat.token),
//!     LoggedIn::InLine { place, .. } => println!("in line, place {place}"),
//!     LoggedIn::Refused(refusal) => println!("{}", refusal.detail),
//! }
//! # Ok::<(), client::Error>(())
//! ```
//!
//! A login that gets no answer is asked again under the same id, so that it never takes two seats: what was
//! granted the first time is what the second asking is told. After [`Client::retries`] it fails *closed*: nobody
//! is let in who was not granted a seat. A vendor who would rather let a few in for a while asks through
//! [`Lenient`], which tells the server afterwards.
//!
//! On each request of a user, [`Checker`] tells from the seat token alone whether the seat is still theirs; no
//! call is made. A token outlives its session by less than one lease, and only if somebody released the seat.
//!
//! Calls block; in an async program make them on a thread that may (`tokio::task::spawn_blocking`).

mod call;
mod checker;
mod lenient;

pub use checker::{BadToken, Checker, Seat};
pub use lenient::{Bound, Lenient, LetIn, OfflineSeat};

use call::{Answer, Call};
use serde::Deserialize;
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// A client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    call: Call,
    retries: u32,
}

/// A seat that was granted.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Granted {
    /// The session.
    pub session: u64,
    /// The seat, from 1.
    pub seat: u32,
    /// The user's number in the account.
    pub user: u32,
    /// The seat token, for the user's browser and for [`Checker`].
    #[serde(deserialize_with = "call::token")]
    pub token: String,
    /// Seconds until the next sign of life is due.
    pub heartbeat_after_s: u64,
}

/// A login that was refused.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// Why, for programs: `all_seats_held` and its like.
    pub code: String,
    /// Why, for people.
    pub detail: String,
    /// Who holds the seats, as far as the account's policy shows it.
    pub holders: Vec<Value>,
    /// After how many seconds it is worth trying again, as a new login.
    pub retry_after_s: Option<u64>,
}

/// The answer to a login.
#[derive(Clone, PartialEq, Debug)]
pub enum LoggedIn {
    /// A seat.
    Granted(Granted),
    /// Not yet: the login waits in line. Ask again with [`Client::log_in_as`] under the same id when
    /// `retry_after_s` is over: that keeps the place, and takes the seat that is offered.
    InLine {
        /// The id under which to ask again.
        attempt: String,
        /// How many are before it, and one.
        place: u64,
        /// After how many seconds to ask again.
        retry_after_s: u64,
        /// What a holder was asked with [`Client::ask_hand_over`], and not withdrawn.
        asking: Option<Asking>,
    },
    /// None, and why.
    Refused(Refusal),
}

/// What a holder was asked.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Asking {
    /// The number of the asking in the account.
    pub handover: u32,
    /// `asked`, or `declined`: then another may be asked.
    pub state: String,
    /// Who is asked, as far as the account's policy shows names.
    pub of: Option<String>,
    /// Until when there is time to answer, as RFC 3339 in UTC; then silence is consent.
    pub until: Option<String>,
}

/// Somebody asks for the seat of a session.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct AskedFor {
    /// Who, as far as the account's policy shows names.
    pub by: String,
    /// Until when there is time to answer, as RFC 3339 in UTC; then silence is consent.
    pub until: String,
    /// What to answer with [`Client::answer_hand_over`].
    pub handover: u32,
}

/// A session that goes on.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Seated {
    /// `live` or `dormant`.
    pub state: String,
    /// The seat.
    pub seat: u32,
    /// A new seat token.
    pub token: String,
    /// Seconds until the next sign of life is due.
    pub heartbeat_after_s: u64,
    /// Somebody asks for the seat.
    #[serde(default)]
    pub asked_for: Option<AskedFor>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Error {
    /// The session has ended and can never act again. Log the user out of the application.
    #[error("{detail}")]
    SessionOver {
        /// How: `reclaimed`, `released`, `taken_over`, ...
        how: String,
        /// The same in words, for the user.
        detail: String,
    },
    /// The server refuses the call itself: a wrong token, account or value. Mend the call.
    #[error("the server refuses, {status} {code}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: String,
        /// In words.
        detail: String,
    },
    /// The server cannot be reached, or could not answer, however often it was asked. Nobody is let in.
    #[error("the licence server does not answer: {0}")]
    Unreachable(String),
    /// The answer cannot be read. The two are of different versions, or something stands between them.
    #[error("the answer of the licence server cannot be read: {0}")]
    Unreadable(String),
}

impl Client {
    /// A client of the server at `url`, with an access token of the role `app`.
    pub fn new(url: &str, token: &str) -> Client {
        Client { call: Call::new(url, token), retries: 5 }
    }

    /// Asks this often again before it gives up: after 100 ms, then twice as long each time, or as long as the
    /// server says. 5 unless set.
    pub fn retries(self, retries: u32) -> Client {
        Client { retries, ..self }
    }

    /// Asks for a seat, under an id of its own.
    ///
    /// # Errors
    /// [`Error::Refused`] if the call itself is wrong, [`Error::Unreachable`]. A refused login is an answer.
    pub fn log_in(&self, account: &str, user: &str) -> Result<LoggedIn, Error> {
        self.log_in_as(account, user, &uuid::Uuid::new_v4().to_string())
    }

    /// Asks for a seat under this id. Asked again with it, even after years, the first answer is given.
    ///
    /// # Errors
    /// As [`Client::log_in`].
    pub fn log_in_as(&self, account: &str, user: &str, attempt: &str) -> Result<LoggedIn, Error> {
        let path = format!("/v1/accounts/{}/logins", call::escaped(account));
        let answer = self.ask("POST", &path, Some(attempt), &json!({ "user": user }))?;
        logged_in(answer, attempt)
    }

    /// Asks a holder for the seat, under this id: that of a login in line, or a new one. Which seat; `None`:
    /// that of the holder who did nothing for longest. What becomes of it is asked with
    /// [`Client::log_in_as`] under the same id; after a decline the next holder may be asked under it.
    ///
    /// # Errors
    /// As [`Client::log_in`]; [`Error::Refused`] with `no_hand_overs` or `cannot_be_asked`.
    pub fn ask_hand_over(
        &self,
        account: &str,
        user: &str,
        attempt: &str,
        seat: Option<u32>,
    ) -> Result<LoggedIn, Error> {
        let path = format!("/v1/accounts/{}/hand-overs", call::escaped(account));
        let body = json!({ "user": user, "seat": seat });
        logged_in(self.ask("POST", &path, Some(attempt), &body)?, attempt)
    }

    /// Answers somebody who asks for the seat of a session: gives it away, or keeps it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `nothing_asked` if the seat is not asked for any more,
    /// [`Error::SessionOver`].
    pub fn answer_hand_over(
        &self,
        account: &str,
        session: u64,
        handover: u32,
        consent: bool,
    ) -> Result<(), Error> {
        let body = json!({ "handover": handover, "consent": consent });
        self.of_session(account, session, "hand-over", &body).map(drop)
    }

    /// A sign of life of a session; `active` if the user did something since the last one.
    ///
    /// # Errors
    /// [`Error::SessionOver`] if the seat is gone, and why.
    pub fn heartbeat(&self, account: &str, session: u64, active: bool) -> Result<Seated, Error> {
        self.of_session(account, session, "heartbeat", &json!({ "active": active }))?.read()
    }

    /// Leaves the line in which a login of this id waits.
    ///
    /// # Errors
    /// [`Error::Refused`] if it does not wait, [`Error::Unreachable`].
    pub fn leave_line(&self, account: &str, attempt: &str) -> Result<(), Error> {
        let path = format!("/v1/accounts/{}/logins/leave", call::escaped(account));
        let answer = self.ask("POST", &path, Some(attempt), &Value::Null)?;
        if answer.status == 200 { Ok(()) } else { Err(answer.error()) }
    }

    /// Gives a seat back. A session that has ended already is no error: the seat is free, as asked.
    ///
    /// # Errors
    /// [`Error::Refused`] if there was no such session, [`Error::Unreachable`].
    pub fn log_out(&self, account: &str, session: u64) -> Result<(), Error> {
        match self.of_session(account, session, "logout", &json!({})) {
            Ok(_) | Err(Error::SessionOver { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What checks the server's seat tokens. Ask for it once, and again when a token of an unknown key appears.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Unreadable`].
    pub fn checker(&self) -> Result<Checker, Error> {
        let answer = self.ask("GET", "/.well-known/jwks.json", None, &Value::Null)?;
        if answer.status != 200 {
            return Err(answer.error());
        }
        Checker::from_jwks(&answer.body)
    }

    fn of_session(
        &self,
        account: &str,
        session: u64,
        act: &str,
        body: &Value,
    ) -> Result<Answer, Error> {
        let path = format!("/v1/accounts/{}/sessions/{session}/{act}", call::escaped(account));
        let answer = self.ask("POST", &path, None, body)?;
        if answer.status == 200 { Ok(answer) } else { Err(answer.error()) }
    }

    /// Asks until there is an answer. Everything that is asked here may be asked again: logins by their id,
    /// signs of life and log-outs by what they are.
    fn ask(
        &self,
        method: &str,
        path: &str,
        attempt: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Error> {
        let mut wait = Duration::from_millis(100);
        for left in (0..=self.retries).rev() {
            let said = match self.call.once(method, path, attempt, body) {
                Ok(answer) if answer.status < 500 && answer.status != 429 => return Ok(answer),
                Ok(answer) if left == 0 => answer.word("detail"),
                Ok(answer) => {
                    let wanted = answer.retry_after_s.map(Duration::from_secs);
                    wait = wanted.unwrap_or(wait).max(wait).min(LONGEST_WAIT);
                    String::new()
                }
                Err(said) => said,
            };
            if left == 0 {
                return Err(Error::Unreachable(said));
            }
            thread::sleep(wait);
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
        Err(Error::Unreachable("it was not asked".to_owned()))
    }
}

/// How long to wait between two askings, at most.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a login, or the asking for a seat, is told.
fn logged_in(answer: Answer, attempt: &str) -> Result<LoggedIn, Error> {
    let holders = answer.body.get("holders").and_then(Value::as_array);
    let asked = answer.status == 202;
    match (answer.status, holders) {
        (201, _) => Ok(LoggedIn::Granted(answer.read()?)),
        (202 | 409, _) if asked || answer.word("code") == "in_line" => {
            let asking = answer.body.get("hand_over").cloned().unwrap_or_default();
            Ok(LoggedIn::InLine {
                attempt: attempt.to_owned(),
                place: answer.body.get("place").and_then(Value::as_u64).unwrap_or(0),
                retry_after_s: answer.retry_after_s.unwrap_or(1),
                asking: serde_json::from_value(asking).unwrap_or_default(),
            })
        }
        (409, Some(holders)) => Ok(LoggedIn::Refused(Refusal {
            code: answer.word("code"),
            detail: answer.word("detail"),
            holders: holders.clone(),
            retry_after_s: answer.retry_after_s,
        })),
        _ => Err(answer.error()),
    }
}
