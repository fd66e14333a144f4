//! Reports: what the views come to, in figures and words, each with its provenance.
//!
//! This crate knows no clock, no HTTP and no machine: the same log and the same parameters give the same
//! bytes, wherever and whenever a report is made. Zone rules are compiled in ([`civil`]), money is whole
//! minor units ([`money`]), names are looked up only when a report is shown.

pub mod billing;
pub mod civil;
pub mod money;
pub mod nearest;
pub mod plan;
