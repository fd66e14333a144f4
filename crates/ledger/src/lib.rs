//! The record: everything that happened, in one append-only log that can be shown not to have been altered.
//!
//! ```text
//!  Draft --Writer::append--> commit --> block --> store ----+
//!                              | leaf                       | Syncer::sync
//!                           Merkle tree --> Head <----------+--> readers
//! ```
//!
//! A [`Commit`] is what one actor did to one account at one instant; its bytes are frozen ([`commit`]).
//! Commits stand in the log at dense [`Position`]s, in blocks ([`block`]) kept by a [`store`]; a Merkle tree
//! ([`merkle`]) binds all of them into one root. Names and everything else that may change stand in the
//! [`book`]. [`verify`] derives every byte again.
//!
//! ```
//! use ledger::{Actor, Draft, Ledger, Position, Role, memory::MemoryStore};
//! use seats::{AccountId, Event, PoolId, Timestamp};
//!
//! // On disk: Ledger::open_or_create(dir, &Options::default()).
//! let ledger = Ledger::in_memory(MemoryStore::new())?;
//! let mut writer = ledger.writer()?;
//! let syncer = writer.syncer();
//! let now = Timestamp::from_secs(1_700_000_000);
//! let ticket = writer.append(&[Draft {
//!     account: AccountId::SYSTEM,
//!     expected: 0,
//!     at: now,
//!     recorded_at: now,
//!     actor: Actor { role: Role::Service, id: 0 },
//!     rules: seats::RULES_VERSION,
//!     pool: PoolId::DEFAULT,
//!     events: vec![Event::ServiceStarted { last_alive: None }],
//! }])?;
//! assert!(ledger.record(Position(0))?.is_none(), "appended is not durable");
//! let head = syncer.sync()?;
//! assert!(ticket.is_durable(&head), "now it may be acknowledged");
//! assert_eq!(ledger.record(Position(0))?.map(|record| record.commit.version), Some(1));
//! assert!(ledger::verify::ledger(&ledger, |_, _| ()).ok);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate knows no rules beyond what a log must satisfy, no HTTP and no clock.

mod ahead;
pub mod backup;
pub mod block;
pub mod book;
mod by_account;
mod cache;
pub mod commit;
mod error;
mod guard;
mod home;
mod index;
mod ledger;
pub mod merkle;
pub mod note;
mod open;
mod options;
mod position;
mod proving;
pub mod repair;
pub mod seal;
pub mod store;
mod tiles;
mod varint;
pub mod verify;
pub mod whole;
mod writer;

pub use book::{Book, BookError, Kind, Subject};
pub use commit::{Actor, Commit, DecodeError, EncodeError, Role};
pub use error::{AppendError, Damage, OpenError, ReadError, StoreError};
pub use index::AccountHead;
pub use ledger::{Back, Ledger, Record, Scan};
pub use options::Options;
pub use position::{Head, Position};
pub use proving::ProveError;
pub use store::memory;
pub use writer::{Draft, Syncer, Ticket, Writer, WriterTaken};
