//! The directory of names, held against the log.
//!
//! A commit that makes an account, a site, a user or a device known holds the commitment to its entry, and one
//! that assigns a plan its digest. The entry must be there and give that commitment, and be found by its name.
//! One that was erased is in order: that is how people are forgotten. A note to a release, or a reason, has no number in
//! the log, so one that is missing cannot be told from one that was erased.
//!
//! The signs of life in the book are bound by nothing, and not checked.

use super::Bad;
use crate::book::{Book, BookError, Entry, Kind, Subject};
use crate::commit::Commit;
use crate::position::Position;
use seats::{Commitment, Event};

/// What was found of the directory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bound {
    /// Entries and plans that are as the log binds them.
    pub entries: u64,
    /// Entries that were erased.
    pub erased: u64,
    /// The first that is missing or altered, at the position of the commit that binds it.
    pub first_bad: Option<Bad>,
}

/// How an entry stands to the log.
enum Found {
    Whole,
    Erased,
    Bad(String),
}

impl Bound {
    /// Holds what a commit binds against the directory.
    pub(super) fn check(&mut self, book: &Book, position: Position, commit: &Commit) {
        let account = commit.account;
        for event in &commit.events {
            let found = match event {
                Event::AccountOpened { profile, .. } => {
                    entry(book, Subject::account(account), *profile)
                }
                Event::SiteAdded { site, profile } => {
                    entry(book, Subject::site(account, *site), *profile)
                }
                Event::UserAdded { user, profile } => {
                    entry(book, Subject::user(account, *user), *profile)
                }
                Event::DeviceAdded { device, profile } => {
                    entry(book, Subject::device(account, *device), *profile)
                }
                Event::LoggedOut { note: Some(note), .. } | Event::ReasonGiven { note } => {
                    match book.check(*note) {
                        Ok(Some(_)) => Found::Whole,
                        Ok(None) => Found::Erased,
                        Err(error) => Found::Bad(in_words(error)),
                    }
                }
                Event::PlanAssigned { plan, .. } => match book.plan(*plan) {
                    Ok(Some(_)) => Found::Whole,
                    Ok(None) => Found::Bad(format!("the price plan {plan} is missing")),
                    Err(error) => Found::Bad(in_words(error)),
                },
                _ => continue,
            };
            match found {
                Found::Whole => self.entries = self.entries.saturating_add(1),
                Found::Erased => self.erased = self.erased.saturating_add(1),
                Found::Bad(what) => {
                    self.first_bad.get_or_insert(Bad { position, account: Some(account), what });
                }
            }
        }
    }
}

fn entry(book: &Book, subject: Subject, commitment: Commitment) -> Found {
    let Subject { scope, kind, number } = subject;
    let bad = |what: &str| Found::Bad(format!("the entry of {} {number} {what}", word(kind)));
    match book.entry(subject) {
        Ok(Entry::Forgotten) => Found::Erased,
        Ok(Entry::Unknown) => bad("is missing"),
        Ok(Entry::Known(profile)) if profile.commitment != commitment => {
            bad("was altered: it is not the one that the log is bound to")
        }
        Ok(Entry::Known(profile)) => match book.number_of(scope, kind, profile.name()) {
            Ok(Some(found)) if found == number => Found::Whole,
            Ok(_) => bad("is not found by its name"),
            Err(error) => Found::Bad(in_words(error)),
        },
        Err(error) => Found::Bad(in_words(error)),
    }
}

fn in_words(error: BookError) -> String {
    match error {
        BookError::Damaged(what) => what,
        error => error.to_string(),
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "account",
        Kind::Site => "site",
        Kind::User => "user",
        Kind::Device => "device",
        Kind::Note => "note",
    }
}
