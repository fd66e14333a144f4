//! Evidence: what an auditor gets, and how it is checked without trusting whoever made it.
//!
//! ```text
//!  ledger, views --> make --> pack.zip --> check --> Verdict
//!                                |            ^
//!                                v            | keys, policy: brought by the auditor
//!                            verify.py -------'
//! ```
//!
//! A pack holds one account's commits byte for byte, the proofs that they stand in the sealed log, and the
//! facts of its statements; `docs/evidence.md` is its specification and that of the order of all checks.
//! [`check`](fn@check) and `docs/verify.py` were both written from that page and must agree on every pack.

mod check;
mod layout;
mod make;
mod members;
mod pack;
mod verdict;

pub use check::check;
pub use make::{Made, MakeError, Wanted, make};
pub use pack::{About, BYTES_MAX, COMMITS_MAX, MEMBERS_MAX, OTHER_BYTES_MAX};
pub use verdict::{Bad, Code, Summary, Verdict};
