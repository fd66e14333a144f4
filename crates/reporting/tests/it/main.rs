//! Reports against worked examples and simple models.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod billing;
mod board;
mod charges;
mod civil;
mod clinic;
mod commercial;
mod commercial_sums;
mod day;
mod late_facts;
mod month_end;
mod plan;
mod practices;
mod statement;
mod trail;
mod usage;
mod who;
mod why;
