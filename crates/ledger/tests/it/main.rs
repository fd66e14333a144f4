//! The ledger from outside, in one binary. Each file holds one table or one property.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod appending;
mod backups;
mod book;
mod codec;
mod crashes;
mod damaged;
mod drafts;
mod forgetting;
mod golden;
mod many_cores;
mod notes;
mod on_disk;
mod proofs;
mod repairing;
mod seals;
mod verifying;
