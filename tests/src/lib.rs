//! Scenarios across crates: given, when, then, one line each, in the notation of `seats::notation`.
//!
//! ```text
//! Logging out frees the seat for whoever comes next.
//!
//! given 1 licence
//! given 09:00 login alice -> seat 1
//! when 09:05 logout alice
//! then seat 1 free
//! when 09:06 login bob
//! then seat 1
//! ```
//! [`script`] reads such a file, [`cast`] numbers its people and tells its time, [`stage`] plays it on
//! [`seats::Live`], and [`drama::check`] compares. Fixtures stand in `fixtures/scenarios`.
//!
//! [`victim`] is for the tests that crash the real thing.

pub mod cast;
pub mod drama;
pub mod script;
pub mod stage;
pub mod victim;
