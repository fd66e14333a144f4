//! The simulator: admission, ledger and views on a disk and a clock that fail, in one thread, from a seed.
//!
//! ```text
//!              seed --> plan: steps, each with dice of its own
//!                        |
//!  callers --ask--> admission::stepped --> ledger --> simulated disk (live, durable)
//!     ^                  |                   |              |
//!     '---- answers -----'                 views          what is durable
//!     |                                      |              v
//!     '------------- objections --------- compare ----- naive model
//! ```
//!
//! A [`Plan`] follows from its seed alone: how many accounts and users, who works when, when time passes,
//! when the clock jumps, what goes wrong with the disk, when the power goes. The steps are those of the
//! threads of the product ([`admission::stepped`]); in which order they come is chosen by the seed.
//!
//! The naive model reads the durable bytes of the disk and shares no code with the rules or the writer. It
//! is asked at every step:
//!
//! - whatever is acknowledged is durable, as it was answered;
//! - a request has one answer and one record, however often it is asked, across any crash;
//! - no seat is granted above licences and overdraft, to two holders, or past the lowest free one; no denial
//!   while a seat was free or a ghost held it; nobody is thrown out for nothing, nor after a heartbeat that
//!   was acknowledged;
//! - versions, chains, times and roots are what they must be; after a crash the log goes on from what was
//!   seen of it before.
//!
//! At intervals and at the end: accounts in memory, folds of the log, views at any position and the model
//! agree; everybody is answered; the log verifies; one bit turned over is noticed.
//!
//! ```sh
//! cargo run --release -p simulation -- --seconds 600           # fresh seeds
//! cargo run --release -p simulation -- --seed 7                # seed 7 again
//! ```
//!
//! A run that breaks prints its seed, and a smaller plan that breaks too.

#![allow(
    clippy::indexing_slicing,
    reason = "a simulation that is wrong about itself may panic: that is reported as a failure"
)]

mod callers;
mod clinic;
mod compare;
mod dice;
mod disk;
mod model;
mod plan;
mod policy;
mod saved;
mod shrink;
mod survived;
mod tree;
mod world;

pub use plan::{Plan, Profile};
pub use shrink::{attempt, shrink};
pub use survived::{AT_THE_END, Broken, Survived};
pub use world::run;
