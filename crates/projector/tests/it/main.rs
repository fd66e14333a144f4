//! The views against simple models of what they should be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod endings;
mod heads;
mod log;
mod saved;
mod usage;
mod views;
