//! One commit: what one actor did to one account at one instant, and its frozen bytes.
//!
//! ```text
//!  +---+---------+---------+----------+----+----------+-------+-------+------+------------------+
//!  | 1 | account | version | previous | at | recorded | actor | rules | pool | count, events... |
//!  +---+---------+---------+----------+----+----------+-------+-------+------+------------------+
//!   u8   varint    varint    32 bytes  vint   vint     role,id  vint    vint    vint, each a tag
//! ```
//!
//! The first byte is the format, 1. The rest is bincode 2 in its standard configuration; `recorded` is how
//! many microseconds after `at` the commit was written. These bytes are hashed as they stand (the leaf of
//! the Merkle tree is `BLAKE3(0x00 ‖ bytes)`) and are never encoded again, so a change of this file must
//! never change them: `fixtures/golden/` holds one commit for each kind of event, for ever.
//!
//! Validity: the format byte is known; every field is read; at least one event; nothing is left over; and
//! encoding what was read gives the same bytes (bincode reads some numbers in more than one spelling; only
//! the shortest is valid). The last rule is checked by `verify` only: most commits are read by a reader that
//! takes nothing but canonical bytes (`strict`), the others are encoded again.
//!
//! The hashed bytes hold neither the position nor the root, so that an engine that orders commits of
//! several nodes can assign the position afterwards.

mod strict;

use bincode::de::read::Reader;
use bincode::de::{Decoder, DecoderImpl};
use bincode::enc::EncoderImpl;
use bincode::enc::write::Writer;
use bincode::{Decode, Encode};
use seats::{AccountId, Digest, Event, Micros, PoolId, Timestamp};
use std::fmt;

/// The only commit format there is so far.
pub const COMMIT_FORMAT: u8 = 1;

/// The longest commit that is accepted, in bytes, so that a block of commits stays below
/// [`BLOCK_BYTES_MAX`](crate::block::BLOCK_BYTES_MAX).
pub const COMMIT_BYTES_MAX: usize = 24 * 1024;

/// The leaf hash that the first commit of an account names as its previous one.
pub const NO_PREVIOUS: Digest = Digest([0; 32]);

/// In which capacity something was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Role {
    /// Nobody: time alone made it due.
    Clock,
    /// The vendor's application, for a user.
    App,
    /// A support agent.
    Support,
    /// Somebody of finance.
    Finance,
    /// An auditor.
    Auditor,
    /// An administrator of the service.
    Admin,
    /// The customer's own manager.
    Customer,
    /// An import of another system's history.
    Importer,
    /// The service itself.
    Service,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Clock => "clock",
            Role::App => "app",
            Role::Support => "support",
            Role::Finance => "finance",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
            Role::Customer => "customer",
            Role::Importer => "importer",
            Role::Service => "service",
        })
    }
}

/// Who did it. The id is that of the token or operator; 0 where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Actor {
    /// In which capacity.
    pub role: Role,
    /// Which one of that role; what is known of them stands in the directory.
    pub id: u32,
}

/// Events appended together for one account, atomically: one command, one commit, unless it ends more sessions
/// than one commit holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Whose history it belongs to.
    pub account: AccountId,
    /// Its place in the account's history: dense, from 1.
    pub version: u64,
    /// Leaf hash of the account's previous commit, [`NO_PREVIOUS`] for the first.
    pub previous: Digest,
    /// When it happened.
    pub at: Timestamp,
    /// When it was written; `at` or later, and it never goes back over the whole log.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Version of the rules that made it.
    pub rules: u16,
    /// The licence pool it concerns.
    pub pool: PoolId,
    /// What happened, in this order. Never empty.
    pub events: Vec<Event>,
}

/// Why a commit cannot be encoded. Each is a mistake of the caller; nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// A commit without events says nothing.
    #[error("the commit holds no events; a commit needs at least one")]
    Empty,
    /// The time of writing lies before the time of happening.
    #[error(
        "recorded_at {recorded_at} µs lies before at {at} µs; nothing is recorded before it happens"
    )]
    RecordedBeforeAt {
        /// `at`, in microseconds since 1970.
        at: u64,
        /// `recorded_at`, in microseconds since 1970.
        recorded_at: u64,
    },
    /// The commit is longer than [`COMMIT_BYTES_MAX`]; split the command.
    #[error(
        "the commit takes {bytes} bytes, the limit is {COMMIT_BYTES_MAX}; split the command into several"
    )]
    TooLarge {
        /// Its encoded length.
        bytes: usize,
    },
}

/// Why bytes are not a commit. Whoever holds the bytes has damaged or foreign data, or a newer format.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// The first byte names a format this program does not know; a newer program wrote it.
    #[error("commit format {0} is unknown; a newer seatledger wrote it")]
    Format(u8),
    /// The bytes end early or say something impossible.
    #[error("the commit's bytes cannot be read: {0}")]
    Malformed(String),
    /// A commit must hold at least one event.
    #[error("the commit holds no events")]
    Empty,
    /// `at` plus the delay of recording is later than can be said.
    #[error("the commit's recorded_at is beyond the end of time")]
    TimeOverflow,
    /// Bytes follow the last event.
    #[error("{0} bytes follow the commit's last event")]
    TrailingBytes(usize),
    /// The same commit has a shorter spelling; only the shortest is valid.
    #[error("the commit's bytes are not in their canonical form")]
    NotCanonical,
}

/// Everything of a commit but its events, for encoding and decoding.
#[derive(Encode, Decode)]
struct Fields {
    account: AccountId,
    version: u64,
    previous: Digest,
    at: Timestamp,
    delay: Micros,
    actor: Actor,
    rules: u16,
    pool: PoolId,
}

/// A commit whose events are borrowed, so that a draft is encoded without a copy.
pub(crate) struct CommitRef<'a> {
    pub(crate) account: AccountId,
    pub(crate) version: u64,
    pub(crate) previous: Digest,
    pub(crate) at: Timestamp,
    pub(crate) recorded_at: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) rules: u16,
    pub(crate) pool: PoolId,
    pub(crate) events: &'a [Event],
}

impl Commit {
    /// The commit's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(128);
        self.borrow().encode_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a commit. Accepts every spelling bincode accepts; see [`Commit::decode_canonical`].
    pub fn decode(bytes: &[u8]) -> Result<Commit, DecodeError> {
        let mut commit = Commit::blank();
        commit.decode_into(bytes)?;
        Ok(commit)
    }

    /// Reads a commit and refuses every spelling but the one [`Commit::encode`] writes.
    pub fn decode_canonical(bytes: &[u8]) -> Result<Commit, DecodeError> {
        let mut commit = Commit::blank();
        commit.decode_canonical_into(bytes, &mut Vec::new())?;
        Ok(commit)
    }

    /// Reads a commit into this one, reusing its list of events. After an error the content is undefined
    /// but harmless.
    pub fn decode_into(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        strict::read(bytes, self).map_or_else(|| self.decode_any(bytes), Ok)
    }

    /// As [`Commit::decode_into`], and refuses every spelling but the one [`Commit::encode`] writes.
    /// `scratch` is overwritten.
    pub fn decode_canonical_into(
        &mut self,
        bytes: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        if strict::read(bytes, self).is_some() {
            return Ok(());
        }
        self.decode_any(bytes)?;
        scratch.clear();
        match self.borrow().encode_into(scratch) {
            Ok(()) if scratch.as_slice() == bytes => Ok(()),
            _ => Err(DecodeError::NotCanonical),
        }
    }

    /// Reads any commit in any spelling, with bincode.
    fn decode_any(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let (format, rest) = bytes.split_first().ok_or_else(|| malformed("no bytes"))?;
        if *format != COMMIT_FORMAT {
            return Err(DecodeError::Format(*format));
        }
        let mut decoder = DecoderImpl::new(Rest(rest), decoding(), ());
        let fields = Fields::decode(&mut decoder).map_err(malformed)?;
        let count = u64::decode(&mut decoder).map_err(malformed)?;
        self.events.clear();
        // Every event takes at least a byte, so a count beyond the rest is a lie found early.
        if count > decoder.reader().0.len() as u64 {
            return Err(malformed("more events are announced than bytes are left"));
        }
        for _ in 0..count {
            self.events.push(Event::decode(&mut decoder).map_err(malformed)?);
        }
        if self.events.is_empty() {
            return Err(DecodeError::Empty);
        }
        let left = decoder.reader().0.len();
        if left > 0 {
            return Err(DecodeError::TrailingBytes(left));
        }
        let recorded_at =
            fields.at.0.checked_add(fields.delay.0).ok_or(DecodeError::TimeOverflow)?;
        self.account = fields.account;
        self.version = fields.version;
        self.previous = fields.previous;
        self.at = fields.at;
        self.recorded_at = Timestamp(recorded_at);
        self.actor = fields.actor;
        self.rules = fields.rules;
        self.pool = fields.pool;
        Ok(())
    }

    /// An empty commit to decode into.
    pub fn blank() -> Commit {
        Commit {
            account: AccountId::SYSTEM,
            version: 0,
            previous: NO_PREVIOUS,
            at: Timestamp::ZERO,
            recorded_at: Timestamp::ZERO,
            actor: Actor { role: Role::Clock, id: 0 },
            rules: 0,
            pool: PoolId::DEFAULT,
            events: Vec::new(),
        }
    }

    fn borrow(&self) -> CommitRef<'_> {
        CommitRef {
            account: self.account,
            version: self.version,
            previous: self.previous,
            at: self.at,
            recorded_at: self.recorded_at,
            actor: self.actor,
            rules: self.rules,
            pool: self.pool,
            events: &self.events,
        }
    }
}

impl CommitRef<'_> {
    /// Appends the commit's bytes to `bytes`; on an error `bytes` is as before.
    pub(crate) fn encode_into(&self, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.events.is_empty() {
            return Err(EncodeError::Empty);
        }
        if self.recorded_at < self.at {
            return Err(EncodeError::RecordedBeforeAt {
                at: self.at.0,
                recorded_at: self.recorded_at.0,
            });
        }
        let start = bytes.len();
        bytes.push(COMMIT_FORMAT);
        let fields = Fields {
            account: self.account,
            version: self.version,
            previous: self.previous,
            at: self.at,
            delay: self.recorded_at.since(self.at),
            actor: self.actor,
            rules: self.rules,
            pool: self.pool,
        };
        let mut encoder = EncoderImpl::new(Bytes(bytes), bincode::config::standard());
        let written = fields.encode(&mut encoder).and_then(|()| self.events.encode(&mut encoder));
        let length = bytes.len().saturating_sub(start);
        if written.is_err() || length > COMMIT_BYTES_MAX {
            bytes.truncate(start);
            return Err(EncodeError::TooLarge { bytes: length });
        }
        Ok(())
    }
}

/// Whose commit these bytes are, without reading on; `None` if they do not begin as a commit does.
#[inline]
pub(crate) fn account_of(bytes: &[u8]) -> Option<AccountId> {
    let rest = bytes.strip_prefix(&[COMMIT_FORMAT])?;
    let any_spelling = || bincode::decode_from_slice(rest, decoding()).ok().map(|(id, _)| id);
    crate::varint::take(&mut { rest }).map(AccountId).or_else(any_spelling)
}

/// The leaf of the Merkle tree for a commit's bytes: `BLAKE3(0x00 ‖ bytes)`.
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    crate::merkle::leaf::<crate::merkle::Blake3>(bytes)
}

/// bincode's standard configuration with a bound on what a length may make it allocate: a commit is at most
/// 24 KiB, and no element it holds is more than sixteen times as large in memory as in the bytes.
fn decoding() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<{ 16 * COMMIT_BYTES_MAX }>()
}

fn malformed(reason: impl ToString) -> DecodeError {
    DecodeError::Malformed(reason.to_string())
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Reader for Rest<'_> {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), bincode::error::DecodeError> {
        let Some((head, rest)) = self.0.split_at_checked(bytes.len()) else {
            return Err(bincode::error::DecodeError::UnexpectedEnd {
                additional: bytes.len().saturating_sub(self.0.len()),
            });
        };
        bytes.copy_from_slice(head);
        self.0 = rest;
        Ok(())
    }

    #[inline]
    fn peek_read(&mut self, length: usize) -> Option<&[u8]> {
        self.0.get(..length)
    }

    #[inline]
    fn consume(&mut self, length: usize) {
        self.0 = self.0.get(length..).unwrap_or_default();
    }
}

/// Appends to a vector.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Writer for Bytes<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
