//! Reports: what the views come to, in figures and words, each with its provenance.
//!
//! ```text
//!  Views (projector) --+
//!                      +--> Reports --> Who, Why, Board, Trail, UsageReport, Statement, ... --> text, JSON
//!  names, plans (book)-+
//! ```
//!
//! This crate knows no clock, no HTTP and no machine: the same log and the same parameters give the same
//! bytes, wherever and whenever a report is made. Zone rules are compiled in ([`civil`]), money is whole
//! minor units ([`money`]), names are looked up only when a report is shown ([`names`]).

pub mod access;
mod adjusted;
mod advice;
pub mod billing;
pub mod board;
pub mod calendar;
pub mod civil;
pub mod closing;
pub mod closings;
pub mod commercial;
pub mod day;
pub mod denials;
pub mod explain;
pub mod facts;
pub mod glance;
pub mod heat;
pub mod hours;
pub mod money;
pub mod month_end;
pub mod names;
pub mod nearest;
pub mod object;
mod origin;
mod owed;
pub mod paged_trail;
pub mod plan;
pub mod plans;
pub mod preview;
pub mod provenance;
pub mod reconcile;
mod refused;
pub mod reports;
mod seated;
pub mod sessions;
pub mod shown;
pub mod statement;
pub mod subject;
pub mod terms;
pub mod trace;
pub mod trail;
pub mod usage;
pub mod who;
pub mod why;

pub use access::Access;
pub use board::Board;
pub use closing::{Closable, CloseError, Proposed, adjusted_in};
pub use commercial::Commercial;
pub use day::Day;
pub use denials::Denials;
pub use explain::Explained;
pub use glance::Glance;
pub use heat::Heat;
pub use origin::{OriginError, origin};
pub use paged_trail::PagedTrail;
pub use preview::{Preview, Supposed, WhatIf};
pub use reconcile::Reconciliation;
pub use reports::{ReportError, Reports};
pub use sessions::Sessions;
pub use shown::{At, Report};
pub use statement::Statement;
pub use subject::SubjectAccess;
pub use trace::Traced;
pub use trail::Trail;
pub use usage::UsageReport;
pub use who::Who;
pub use why::{Present, Why};
