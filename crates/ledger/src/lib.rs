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
//! This crate knows no rules beyond what a log must satisfy, no HTTP and no clock.

mod ahead;
pub mod block;
pub mod book;
mod cache;
pub mod commit;
mod error;
mod guard;
mod home;
mod index;
mod ledger;
pub mod merkle;
mod open;
mod options;
mod position;
pub mod store;
mod varint;
pub mod verify;
mod writer;

pub use book::{Book, BookError, Kind, Subject};
pub use commit::{Actor, Commit, DecodeError, EncodeError, Role};
pub use error::{AppendError, Damage, OpenError, ReadError, StoreError};
pub use index::AccountHead;
pub use ledger::{Back, Ledger, Record, Scan};
pub use options::Options;
pub use position::{Head, Position};
pub use store::memory;
pub use writer::{Draft, Syncer, Ticket, Writer, WriterTaken};
