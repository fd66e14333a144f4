//! The licence server: seats over HTTP.
//!
//! ```text
//!  vendor's app --\                 +--> admission --> ledger
//!  browsers -------+--> routes -----+                    |
//!  support, audit -/    (api)       +--> reports <-- views, tail --> streams of events
//! ```
//!
//! The application asks for a seat at each login and gets it with a signed seat token, or a refusal that says
//! who holds the seats. The user's browser shows signs of life with the seat token alone. Support, finance and
//! auditors ask with access tokens of their roles ([`access`]).
//!
//! Nothing is decided here: `admission` decides, and an answer leaves when its commit is on disk. This crate
//! reads no clock but the one it is given.

pub mod access;
mod api;
mod caller;
mod desk;
mod docs;
mod extract;
mod guesses;
mod looks;
mod metrics;
mod occupied;
mod oidc;
mod outgoing;
mod patience;
pub mod problem;
pub mod proxies;
mod routes;
pub mod seat_token;
pub mod serve;
mod service;
pub mod settings;
mod tail;
mod terms;
pub mod tls;
mod webhooks;

pub use routes::routes;
pub use service::{READERS, Service, ServiceError};
pub use settings::Settings;
