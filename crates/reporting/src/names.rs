//! Names, looked up in the directory when a report is shown and nowhere else.
//!
//! A report is made from numbers. Whoever is not known, or was forgotten, appears as `user-7`; such a number
//! may be written where a name is asked for.

use crate::money::Currency;
use crate::nearest::nearest;
use ledger::book::Entry;
use ledger::{Book, Kind, Subject};
use seats::{AccountId, DeviceId, Nameless, Naming, SiteId, UserId};

/// The names of one account.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    book: &'a Book,
    account: AccountId,
    hidden: bool,
}

impl<'a> Names<'a> {
    /// The names that a directory has for an account.
    pub fn new(book: &'a Book, account: AccountId) -> Names<'a> {
        Names { book, account, hidden: false }
    }

    /// The same, but nobody and no device is called by name. They can still be found by it.
    pub fn hidden(self) -> Names<'a> {
        Names { hidden: true, ..self }
    }

    /// The account's name, or its number.
    pub fn account(&self) -> String {
        self.name(Subject::account(self.account)).unwrap_or_else(|| self.account.to_string())
    }

    /// A user's name, or number.
    pub fn shown(&self, user: UserId) -> String {
        self.user(user).unwrap_or_else(|| user.to_string())
    }

    /// What a user who was refused may see of a holder, as the account's policy says. `None`: nothing.
    pub fn to_refused(&self, holder: UserId, policy: seats::Names) -> Option<String> {
        match policy {
            seats::Names::Full => Some(self.shown(holder)),
            seats::Names::Initials => Some(initials(&self.shown(holder))),
            seats::Names::None => None,
        }
    }

    /// The user of that name or number; else names spelled much like it.
    ///
    /// # Errors
    /// The names that are spelled much like it.
    pub fn find_user(&self, name: &str) -> Result<UserId, Vec<String>> {
        let found = self.book.number_of(self.account, Kind::User, name).ok().flatten();
        let found = found.or_else(|| number(name, "user-"));
        match found.and_then(|number| u32::try_from(number).ok()) {
            Some(user) => Ok(UserId(user)),
            None if self.hidden => Err(Vec::new()), // A suggestion would be a look.
            None => Err(near(self.book, self.account, Kind::User, name)),
        }
    }

    // A directory that cannot be read knows nobody: the numbers are shown.
    fn name(&self, subject: Subject) -> Option<String> {
        self.book.name(subject).ok().flatten()
    }
}

impl Naming for Names<'_> {
    fn user(&self, user: UserId) -> Option<String> {
        self.name(Subject::user(self.account, user)).filter(|_| !self.hidden)
    }
    fn site(&self, site: SiteId) -> Option<String> {
        self.name(Subject::site(self.account, site))
    }
    fn device(&self, device: DeviceId) -> Option<String> {
        self.name(Subject::device(self.account, device)).filter(|_| !self.hidden)
    }
    fn money(&self, code: &str, minor: i64) -> String {
        match Currency::parse(code) {
            Some(currency) => format!("{code} {}", currency.show(minor)),
            None => Nameless.money(code, minor),
        }
    }
}

/// The account of that name or number; else names spelled much like it.
///
/// # Errors
/// The names that are spelled much like it.
pub fn find_account(book: &Book, name: &str) -> Result<AccountId, Vec<String>> {
    let found = book.account_named(name).ok().flatten();
    let numbered = || number(name, "account-").map(AccountId).filter(|id| *id != AccountId::SYSTEM);
    found.or_else(numbered).ok_or_else(|| near(book, AccountId::SYSTEM, Kind::Account, name))
}

/// The first letter of each word: `A. O.` of `Ann-Marie O'Neill`.
fn initials(name: &str) -> String {
    let firsts = name.split_whitespace().filter_map(|word| word.chars().next());
    firsts.map(|first| format!("{first}.")).collect::<Vec<_>>().join(" ")
}

fn number(name: &str, prefix: &str) -> Option<u64> {
    name.trim().strip_prefix(prefix)?.parse().ok()
}

fn near(book: &Book, scope: AccountId, kind: Kind, name: &str) -> Vec<String> {
    let entries = book.entries(scope, kind).unwrap_or_default();
    let names: Vec<String> = entries
        .into_iter()
        .filter_map(|(_, entry)| match entry {
            Entry::Known(profile) => Some(profile.name().to_owned()),
            Entry::Forgotten | Entry::Unknown => None,
        })
        .collect();
    nearest(name, names.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}
