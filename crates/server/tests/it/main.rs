//! The server as a client meets it, without a socket: requests in, answers out, a clock that is told.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    missing_docs
)]

mod api_description;
mod backups;
mod browser_calls;
mod bulk;
mod commercial;
mod desk;
mod desk_finance;
mod events;
mod exports;
mod fight;
mod finance;
mod hand_overs;
mod harness;
mod hostile;
mod logins;
mod oidc;
mod outage;
mod packs;
mod provider;
mod reports;
mod roles;
mod tls;
mod tokens;
mod webhooks;
