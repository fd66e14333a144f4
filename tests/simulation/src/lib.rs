//! The simulator.

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
mod shrink;
mod tree;
mod world;

pub use plan::{Plan, Profile};
pub use shrink::{attempt, shrink};
pub use world::{Broken, Survived, run};
