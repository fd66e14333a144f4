//! The desk's pages, filled from small histories.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_arguments,
    reason = "a test that cannot go on panics"
)]

mod answers;
mod clinic;
mod drawing;
mod markup;
mod stage;
mod structure;
