//! Admission over a store in memory that can fail and crash, with a clock that moves when told.

mod bounds;
mod clock;
mod contention;
mod durability;
mod repeats;
mod rig;
mod service;
mod twins;
