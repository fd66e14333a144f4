//! A history that somebody else recorded: who held how many seats, from when to when.
//!
//! Independent of the format it was read from. A reader of a format hands each of its rows to a
//! [`Gathering`]; what comes out is a [`History`] of which every row can be right, or the first rows that
//! cannot, each with its line, the reason and the value. A history is taken whole or not at all.
//!
//! Validity of a row: 1970 <= requested <= granted <= ended <= now; 1 to [`SEATS_MAX`] seats; a user's name
//! of 1 to [`NAME_BYTES_MAX`] bytes without control characters. Names that differ only in upper and lower
//! case or in blanks around them are one user's, as in the directory.

use crate::rfc3339::show;
use seats::{Digest, Timestamp};
use std::collections::HashMap;
use thiserror::Error;

/// The longest name of a user or an account, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// More seats in one session than licences can be bought are a slip of the keyboard.
pub const SEATS_MAX: u32 = seats::decide::LICENCES_MAX;

/// The most sessions one history may hold after expansion to one seat each.
pub const SESSIONS_MAX: u64 = 20_000_000;

/// How many bad rows are kept to be shown; the others are only counted.
pub const BAD_ROWS_SHOWN: usize = 20;

/// One holding of one or more seats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// Whose: a place in [`History::users`].
    pub user: u32,
    /// How many seats, 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// When they were asked for.
    pub requested: Timestamp,
    /// When they were granted.
    pub granted: Timestamp,
    /// When they were given up. May be the instant of the grant.
    pub ended: Timestamp,
}

/// A history of which every row can be right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// BLAKE3 of the file's content, after decompression.
    pub content: Digest,
    /// The users' names as first written, each user once, in the order in which the file names them.
    pub users: Vec<String>,
    /// The rows, in the order of the file. Never empty.
    pub rows: Vec<Row>,
    /// Sessions after expansion: the sum of the rows' seats.
    pub sessions: u64,
}

/// Why a row cannot be right.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Fault {
    /// It has more or fewer fields than the header. Look for a missing comma or an open quotation mark.
    #[error("it has {found} field{} where the header has {expected}", if *.found == 1 { "" } else { "s" })]
    Fields {
        /// Fields of this row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// It begins a quotation that lasts to the end of the file. Close it.
    #[error("a quotation mark is never closed")]
    QuoteOpen,
    /// A field that is read is not UTF-8. Convert the file.
    #[error("{column}: {value} is not UTF-8")]
    NotUtf8 {
        /// Which column.
        column: &'static str,
        /// What stands there, the impossible bytes replaced.
        value: String,
    },
    /// A user's name is empty, too long, or holds what no name holds.
    #[error("user: {value} {why}")]
    User {
        /// The name, shortened.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A time that is none. Write it as in `1996-09-30T12:10:27Z`, with its offset from UTC.
    #[error("{column}: {value} is not an RFC 3339 time such as 1996-09-30T12:10:27Z")]
    Time {
        /// Which column.
        column: &'static str,
        /// What stands there, shortened.
        value: String,
    },
    /// A time before 1970, which the ledger cannot say; mostly an empty date of the exporting system.
    #[error("{column}: {value} is before 1970")]
    Before1970 {
        /// Which column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// A time that has not come yet. A history ends in the past; a session that still lasts is left out.
    #[error("{column}: {} is later than now, {}", show(*.at), show(*.now))]
    Future {
        /// Which column.
        column: &'static str,
        /// The time.
        at: Timestamp,
        /// Now, as the caller gave it.
        now: Timestamp,
    },
    /// Granted before it was asked for.
    #[error("granted_at: {} is before requested_at {}", show(*.granted), show(*.requested))]
    GrantedBeforeRequested {
        /// When it was asked for.
        requested: Timestamp,
        /// When it is said to have been granted.
        granted: Timestamp,
    },
    /// Given up before it was granted.
    #[error("ended_at: {} is before granted_at {}", show(*.ended), show(*.granted))]
    EndedBeforeGranted {
        /// When it was granted.
        granted: Timestamp,
        /// When it is said to have been given up.
        ended: Timestamp,
    },
    /// A number of seats that is none, is zero or is absurd.
    #[error("seats: {value} is not a whole number between 1 and {SEATS_MAX}")]
    Seats {
        /// What stands there, shortened.
        value: String,
    },
}

/// A row that cannot be right.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {fault}")]
pub struct BadRow {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// What is wrong with a history whose file could be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Unsound {
    /// Some rows cannot be right. Mend the file; nothing was imported.
    #[error("{}", rows_told(.total, .first))]
    BadRows {
        /// How many.
        total: u64,
        /// The first of them, at most [`BAD_ROWS_SHOWN`].
        first: Vec<BadRow>,
    },
    /// There is nothing to import.
    #[error("the file holds no rows besides its header")]
    NoRows,
    /// Too much for one account. Split the history by customer.
    #[error(
        "line {line}: more than {SESSIONS_MAX} sessions of one seat each; split the history by customer"
    )]
    TooMany {
        /// The row that was too much.
        line: u64,
    },
}

/// What a row of a file says, before it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The user's name.
    pub user: &'a str,
    /// When seats were asked for.
    pub requested: Timestamp,
    /// When they were granted.
    pub granted: Timestamp,
    /// When they were given up.
    pub ended: Timestamp,
    /// How many.
    pub seats: u32,
}

/// Takes the rows of a file, in order, and keeps those that can be right.
#[derive(Debug)]
pub struct Gathering {
    now: Timestamp,
    names: HashMap<String, u32>,
    users: Vec<String>,
    rows: Vec<Row>,
    sessions: u64,
    bad: Vec<BadRow>,
    bad_total: u64,
    too_many: Option<u64>,
}

impl Gathering {
    /// Nothing yet; a time later than `now` cannot be right.
    pub fn new(now: Timestamp) -> Gathering {
        Gathering {
            now,
            names: HashMap::new(),
            users: Vec::new(),
            rows: Vec::new(),
            sessions: 0,
            bad: Vec::new(),
            bad_total: 0,
            too_many: None,
        }
    }

    /// Takes the row that begins on `line`: what it says, or why it says nothing.
    pub fn row(&mut self, line: u64, claim: Result<Claim<'_>, Fault>) {
        let checked = claim.and_then(|claim| check(&claim, self.now).map(|()| claim));
        match checked {
            Err(fault) => {
                self.bad_total = self.bad_total.saturating_add(1);
                if self.bad.len() < BAD_ROWS_SHOWN {
                    self.bad.push(BadRow { line, fault });
                }
            }
            // Once a row is bad, the rest is read for its bad rows only.
            Ok(_) if self.bad_total > 0 || self.too_many.is_some() => {}
            Ok(claim) => self.keep(line, &claim),
        }
    }

    /// How many rows were taken that can be right.
    pub fn kept(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The history, once the file is at its end; `content` is the BLAKE3 of what was read.
    ///
    /// # Errors
    /// [`Unsound`]: rows that cannot be right, none at all, or too many.
    pub fn finish(self, content: Digest) -> Result<History, Unsound> {
        if self.bad_total > 0 {
            return Err(Unsound::BadRows { total: self.bad_total, first: self.bad });
        }
        if let Some(line) = self.too_many {
            return Err(Unsound::TooMany { line });
        }
        if self.rows.is_empty() {
            return Err(Unsound::NoRows);
        }
        let (users, rows, sessions) = (self.users, self.rows, self.sessions);
        Ok(History { content, users, rows, sessions })
    }

    fn keep(&mut self, line: u64, claim: &Claim<'_>) {
        let sessions = self.sessions.saturating_add(u64::from(claim.seats));
        if sessions > SESSIONS_MAX {
            self.too_many = Some(line);
            return;
        }
        self.sessions = sessions;
        let key = name_key(claim.user);
        let user = match self.names.get(&key) {
            Some(user) => *user,
            None => {
                // At most SESSIONS_MAX rows, so at most as many users.
                let user = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
                self.users.push(claim.user.trim().to_owned());
                self.names.insert(key, user);
                user
            }
        };
        let Claim { requested, granted, ended, seats, .. } = *claim;
        self.rows.push(Row { line, user, seats, requested, granted, ended });
    }
}

/// What is wrong with a name, if anything is.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is no name")
    } else if name.len() > NAME_BYTES_MAX {
        Some("is longer than 200 bytes")
    } else if name.chars().any(char::is_control) {
        Some("holds a control character")
    } else {
        None
    }
}

/// What makes two names the same: the rule of the ledger's directory.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A value as a message shows it: quoted, control characters escaped, not too long.
pub(crate) fn shown(value: &str) -> String {
    const CHARS_MAX: usize = 60;
    match value.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{:?}...", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

fn check(claim: &Claim<'_>, now: Timestamp) -> Result<(), Fault> {
    if let Some(why) = name_fault(claim.user) {
        return Err(Fault::User { value: shown(claim.user), why });
    }
    let Claim { requested, granted, ended, seats, .. } = *claim;
    if granted < requested {
        return Err(Fault::GrantedBeforeRequested { requested, granted });
    }
    if ended < granted {
        return Err(Fault::EndedBeforeGranted { granted, ended });
    }
    for (column, at) in [("requested_at", requested), ("granted_at", granted), ("ended_at", ended)]
    {
        if at > now {
            return Err(Fault::Future { column, at, now });
        }
    }
    if !(1..=SEATS_MAX).contains(&seats) {
        return Err(Fault::Seats { value: seats.to_string() });
    }
    Ok(())
}

fn rows_told(total: &u64, first: &[BadRow]) -> String {
    let rows = if *total == 1 { "row" } else { "rows" };
    let mut told = format!("{total} {rows} cannot be right; nothing was imported");
    for bad in first {
        told.push_str(&format!("\n  {bad}"));
    }
    let left = total.saturating_sub(first.len() as u64);
    if left > 0 {
        told.push_str(&format!("\n  and {left} more"));
    }
    told
}
