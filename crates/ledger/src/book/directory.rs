//! The directory: who and what the numbers of the log stand for.
//!
//! Each entry is a text with a random salt. The log holds `BLAKE3(salt ‖ text)`, which binds the entry
//! without revealing it; when salt and text are forgotten nothing can be learned from it any more, and
//! verification still passes. The text's first line is the name by which the entry is found: upper and
//! lower case and surrounding white space do not count, and within its scope a name is given once.

use super::pages::Table;
use super::{Book, BookError, VALUE_BYTES_MAX, number};
use seats::{AccountId, Commitment, DeviceId, SiteId, UserId};

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// An account; its scope is the system account.
    Account,
    /// A site of an account.
    Site,
    /// A user of an account.
    User,
    /// A device of an account.
    Device,
    /// A support agent's words. Found by number and commitment, not by name.
    Note,
}

const KINDS: [(Kind, u8); 5] =
    [(Kind::Account, 1), (Kind::Site, 2), (Kind::User, 3), (Kind::Device, 4), (Kind::Note, 5)];

/// Whom or what an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// Within which account it is numbered; [`AccountId::SYSTEM`] for accounts themselves.
    pub scope: AccountId,
    /// What it is.
    pub kind: Kind,
    /// Its number within scope and kind.
    pub number: u64,
}

impl Subject {
    /// An account.
    pub fn account(account: AccountId) -> Subject {
        Subject { scope: AccountId::SYSTEM, kind: Kind::Account, number: account.0 }
    }

    /// A site of an account.
    pub fn site(account: AccountId, site: SiteId) -> Subject {
        Subject { scope: account, kind: Kind::Site, number: site.0.into() }
    }

    /// A user of an account.
    pub fn user(account: AccountId, user: UserId) -> Subject {
        Subject { scope: account, kind: Kind::User, number: user.0.into() }
    }

    /// A device of an account.
    pub fn device(account: AccountId, device: DeviceId) -> Subject {
        Subject { scope: account, kind: Kind::Device, number: device.0.into() }
    }

    /// A note of an account; notes are numbered from 1 ([`Book::highest`]).
    pub fn note(account: AccountId, number: u64) -> Subject {
        Subject { scope: account, kind: Kind::Note, number }
    }

    fn key(&self) -> Vec<u8> {
        let mut key = prefix(self.scope, self.kind);
        key.extend_from_slice(&self.number.to_be_bytes());
        key
    }

    fn decode(key: &[u8]) -> Result<Subject, BookError> {
        let damaged = || BookError::Damaged("a key that names no subject".to_owned());
        let (scope, rest) = key.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (code, rest) = rest.split_first().ok_or_else(damaged)?;
        let (kind, _) = KINDS.iter().find(|(_, other)| other == code).ok_or_else(damaged)?;
        Ok(Subject {
            scope: AccountId(u64::from_be_bytes(*scope)),
            kind: *kind,
            number: number(rest)?,
        })
    }
}

/// What is known of a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Its text.
    Known(Profile),
    /// There was a text, and it was erased.
    Forgotten,
    /// There never was one.
    Unknown,
}

/// A text with what binds it to the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The text; its first line is the name.
    pub text: String,
    /// `BLAKE3(salt ‖ text)`, as the log holds it.
    pub commitment: Commitment,
}

impl Profile {
    /// The first line.
    pub fn name(&self) -> &str {
        first_line(&self.text)
    }
}

impl Book {
    /// Enters a text and gives the commitment by which the log is to bind it.
    ///
    /// The caller answers for the number being new: numbers are given densely, so what stands there
    /// already, or holds the name under the same or a higher number, was left by a commit that never came
    /// and is replaced. A name held by a lower number is taken.
    pub fn enrol(&self, subject: Subject, text: &str) -> Result<Commitment, BookError> {
        let salt = (self.salts)().map_err(|cause| BookError::Unavailable {
            doing: "salted, for want of randomness",
            cause,
        })?;
        let length = salt.len() + text.len();
        if length > VALUE_BYTES_MAX {
            return Err(BookError::TooLong { what: "the text", bytes: length });
        }
        let name_key = name_key(subject, text)?;
        if let Some(name_key) = &name_key {
            let holder = self
                .pages
                .get(Table::Names, name_key)?
                .map(|holder| number(&holder))
                .transpose()?;
            match holder {
                Some(holder) if holder < subject.number => {
                    let name = first_line(text).trim().to_owned();
                    return Err(BookError::NameTaken { name, kind: subject.kind, number: holder });
                }
                Some(holder) if holder > subject.number => {
                    self.replace(Subject { number: holder, ..subject }, None)?;
                }
                _ => {}
            }
        }
        self.replace(subject, None)?;
        let commitment = commit(&salt, text);
        let mut value = salt.to_vec();
        value.extend_from_slice(text.as_bytes());
        self.pages.set(Table::Profiles, &subject.key(), Some(&value))?;
        self.pages.set(Table::Commitments, &commitment.0, Some(&subject.key()))?;
        if let Some(name_key) = name_key {
            self.pages.set(Table::Names, &name_key, Some(&subject.number.to_be_bytes()))?;
        }
        Ok(commitment)
    }

    /// What is known of a subject.
    pub fn entry(&self, subject: Subject) -> Result<Entry, BookError> {
        match self.pages.get(Table::Profiles, &subject.key())? {
            None => Ok(Entry::Unknown),
            Some(value) if value.is_empty() => Ok(Entry::Forgotten),
            Some(value) => profile(&value).map(Entry::Known),
        }
    }

    /// A subject's salt and text, for whoever is to check the commitment; `None` if it is not known.
    pub fn salted(&self, subject: Subject) -> Result<Option<([u8; 32], String)>, BookError> {
        let value = self.pages.get(Table::Profiles, &subject.key())?;
        let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
        let text = profile(&value)?.text;
        Ok(value.first_chunk().map(|salt| (*salt, text)))
    }

    /// The first line of a subject's text, if it is known.
    pub fn name(&self, subject: Subject) -> Result<Option<String>, BookError> {
        match self.entry(subject)? {
            Entry::Known(profile) => Ok(Some(profile.name().to_owned())),
            Entry::Forgotten | Entry::Unknown => Ok(None),
        }
    }

    /// The number of the subject that has this name.
    pub fn number_of(
        &self,
        scope: AccountId,
        kind: Kind,
        name: &str,
    ) -> Result<Option<u64>, BookError> {
        let subject = Subject { scope, kind, number: 0 };
        let Ok(Some(key)) = name_key(subject, name) else {
            return Ok(None);
        };
        self.pages.get(Table::Names, &key)?.map(|holder| number(&holder)).transpose()
    }

    /// The account that has this name.
    pub fn account_named(&self, name: &str) -> Result<Option<AccountId>, BookError> {
        Ok(self.number_of(AccountId::SYSTEM, Kind::Account, name)?.map(AccountId))
    }

    /// Whose entry a commitment of the log binds, after computing it again from what is kept; `None` if it
    /// was forgotten or never entered here.
    pub fn check(&self, commitment: Commitment) -> Result<Option<(Subject, Profile)>, BookError> {
        let Some(key) = self.pages.get(Table::Commitments, &commitment.0)? else {
            return Ok(None);
        };
        let subject = Subject::decode(&key)?;
        match self.entry(subject)? {
            Entry::Known(profile) if profile.commitment == commitment => {
                Ok(Some((subject, profile)))
            }
            _ => Err(BookError::Damaged(format!(
                "the entry of {subject:?} does not match its commitment"
            ))),
        }
    }

    /// Erases a subject's text, salt and name; the number stays taken. Returns whether there was a text.
    /// Not durable before [`Book::sync`].
    pub fn forget(&self, subject: Subject) -> Result<bool, BookError> {
        self.unmark_used(subject)?;
        self.replace(subject, Some(&[]))
    }

    /// The highest number given within a scope, forgotten ones included; 0 if none was.
    pub fn highest(&self, scope: AccountId, kind: Kind) -> Result<u64, BookError> {
        let last = self.pages.last(Table::Profiles, &prefix(scope, kind))?;
        last.map_or(Ok(0), |(key, _)| Ok(Subject::decode(&key)?.number))
    }

    /// All numbers given within a scope, in order, with what is known of each.
    pub fn entries(&self, scope: AccountId, kind: Kind) -> Result<Vec<(u64, Entry)>, BookError> {
        let rows = self.pages.rows(Table::Profiles, &prefix(scope, kind))?;
        let entry = |(key, value): (Vec<u8>, Vec<u8>)| {
            let entry =
                if value.is_empty() { Entry::Forgotten } else { Entry::Known(profile(&value)?) };
            Ok((Subject::decode(&key)?.number, entry))
        };
        rows.into_iter().map(entry).collect()
    }

    /// Takes out a subject's entry and leaves `in_place` instead of the text.
    fn replace(&self, subject: Subject, in_place: Option<&[u8]>) -> Result<bool, BookError> {
        let Entry::Known(profile) = self.entry(subject)? else {
            return Ok(false);
        };
        if let Some(name_key) = name_key(subject, &profile.text)? {
            let holder = self.pages.get(Table::Names, &name_key)?;
            if holder.as_deref() == Some(&subject.number.to_be_bytes()) {
                self.pages.set(Table::Names, &name_key, None)?;
            }
        }
        self.pages.set(Table::Commitments, &profile.commitment.0, None)?;
        self.pages.set(Table::Profiles, &subject.key(), in_place)?;
        Ok(true)
    }
}

fn prefix(scope: AccountId, kind: Kind) -> Vec<u8> {
    let mut key = scope.0.to_be_bytes().to_vec();
    key.extend(KINDS.iter().filter(|(other, _)| *other == kind).map(|(_, code)| *code));
    key
}

/// Where a text's name is looked up; `None` for kinds that have no names.
fn name_key(subject: Subject, text: &str) -> Result<Option<Vec<u8>>, BookError> {
    if subject.kind == Kind::Note {
        return Ok(None);
    }
    let name = first_line(text).trim().to_lowercase();
    if name.is_empty() {
        return Err(BookError::NameEmpty);
    }
    let mut key = prefix(subject.scope, subject.kind);
    key.extend_from_slice(name.as_bytes());
    Ok(Some(key))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn profile(value: &[u8]) -> Result<Profile, BookError> {
    let damaged = || BookError::Damaged("an entry that is no text".to_owned());
    let (salt, text) = value.split_first_chunk::<32>().ok_or_else(damaged)?;
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    Ok(Profile { text: text.to_owned(), commitment: commit(salt, text) })
}

fn commit(salt: &[u8; 32], text: &str) -> Commitment {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt).update(text.as_bytes());
    Commitment(*hasher.finalize().as_bytes())
}
