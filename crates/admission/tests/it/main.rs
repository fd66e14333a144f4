//! Admission over a store in memory that can fail and crash, with a clock that moves when told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bounds;
mod clock;
mod contention;
mod durability;
mod forgetting;
mod mass;
mod repeats;
mod rig;
mod sealing;
mod service;
mod sources;
mod steps;
mod twins;
mod waiting;
