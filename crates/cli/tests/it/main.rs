//! The command line as a user meets it: what it prints, what it refuses, with which exit code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod accountant;
mod answers;
mod bench;
mod commands;
mod commercial;
mod damage;
mod demo;
mod evidence;
mod finance;
mod licences;
mod machine;
mod place;
mod privacy;
mod seats_by_name;
mod served;
mod time;
