//! Other people's histories, into commits.
//!
//! ```text
//!  a file --csv::read--> History --Plan::new--> Plan --import--> ledger
//!           (one file     (rows that            (commits,        (compare with what is
//!            a format)     can be right)         lawful)          stored, append, sync)
//! ```
//!
//! A history is taken whole or not at all: everything is read, planned and checked before the first write;
//! the account is hidden until its last commit stands; and an import that was interrupted is finished by
//! running it again. This crate knows no clock (now is an argument) and no HTTP.
//!
//! A new format is a file beside [`csv`] that hands its rows to a [`history::Gathering`].

mod content;
pub mod csv;
mod expansion;
pub mod history;
pub mod import;
pub mod plan;
pub mod progress;
mod rfc3339;
mod seating;
mod timeline;

pub use history::{BadRow, Fault, History, Row, Unsound};
pub use import::{Found, ImportError, Imported, import};
pub use plan::{Enrolled, Licences, Parameters, Plan, PlanError};
pub use progress::Progress;
pub use timeline::Peak;
