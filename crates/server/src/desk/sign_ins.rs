//! Who is signed in to the desk.
//!
//! A sign-in is 256 random bits in a cookie that scripts cannot read and other sites cannot send; what is kept,
//! in memory, is its hash, the number of the access token it was made with, and the word that every form sends
//! back. It ends with its time, with the token, with a sign-out, and with the server.

use crate::access::secret;
use desk::Notice;
use seats::{AccountId, Timestamp};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sign-ins at the same time. Beyond, those whose time is over go, and if that does not help, all do.
const SIGN_INS_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct SignIns(Mutex<HashMap<blake3::Hash, SignIn>>);

/// What is known of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    /// The access token's number.
    pub(crate) token: u32,
    /// What every form sends back.
    pub(crate) csrf: String,
    until: Timestamp,
    /// Why names are looked at, by account, as far as that was said.
    reasons: HashMap<AccountId, String>,
    /// What came of the last thing that was done.
    notice: Option<Notice>,
}

impl SignIns {
    /// Signs somebody in; what the cookie is to hold.
    pub(crate) fn begin(&self, token: u32, now: Timestamp, until: Timestamp) -> io::Result<String> {
        let (cookie, csrf) = (secret()?, secret()?);
        let mut open = self.lock();
        if open.len() >= SIGN_INS_MAX {
            open.retain(|_, sign_in| now < sign_in.until);
            if open.len() >= SIGN_INS_MAX {
                open.clear();
            }
        }
        let sign_in = SignIn { token, csrf, until, reasons: HashMap::new(), notice: None };
        open.insert(blake3::hash(cookie.as_bytes()), sign_in);
        Ok(cookie)
    }

    /// The sign-in of a cookie, if it is on.
    pub(crate) fn get(&self, cookie: &str, now: Timestamp) -> Option<SignIn> {
        let open = self.lock();
        open.get(&blake3::hash(cookie.as_bytes())).filter(|sign_in| now < sign_in.until).cloned()
    }

    /// Signs out.
    pub(crate) fn end(&self, cookie: &str) {
        self.lock().remove(&blake3::hash(cookie.as_bytes()));
    }

    /// Notes why somebody looks at an account's names.
    pub(crate) fn because(&self, cookie: &str, account: AccountId, reason: String) {
        if let Some(sign_in) = self.lock().get_mut(&blake3::hash(cookie.as_bytes())) {
            sign_in.reasons.insert(account, reason);
        }
    }

    /// Leaves a notice for the next page.
    pub(crate) fn tell(&self, cookie: &str, notice: Notice) {
        if let Some(sign_in) = self.lock().get_mut(&blake3::hash(cookie.as_bytes())) {
            sign_in.notice = Some(notice);
        }
    }

    /// The notice that was left, once.
    pub(crate) fn told(&self, cookie: &str) -> Option<Notice> {
        self.lock().get_mut(&blake3::hash(cookie.as_bytes()))?.notice.take()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<blake3::Hash, SignIn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignIn {
    /// Why names of an account are looked at, if that was said.
    pub(crate) fn reason(&self, account: AccountId) -> Option<String> {
        self.reasons.get(&account).cloned()
    }
}
