//! The views against simple models of what they should be.

mod log;
mod usage;
