//! The API under `/v1`: each file one resource, each function one call.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod bulk;
pub(crate) mod closings;
pub(crate) mod commercial;
pub(crate) mod event_shapes;
pub(crate) mod events;
pub(crate) mod exports;
pub(crate) mod finance;
pub(crate) mod hand_overs;
pub(crate) mod logins;
pub(crate) mod openapi;
pub(crate) mod outage;
pub(crate) mod people;
pub(crate) mod reports;
pub(crate) mod seat;
pub(crate) mod sessions;
pub(crate) mod shapes;
pub(crate) mod webhooks;

use crate::service::Service;
use axum::Router;
use axum::routing::{delete, get, patch, post, put};
use std::sync::Arc;

/// Everything under `/v1` that is answered in a moment.
pub(crate) fn routes() -> Router<Arc<Service>> {
    let account = Router::new()
        .route("/", get(accounts::show))
        .route("/licences", put(accounts::set_licences))
        .route("/policy", patch(accounts::set_policy))
        .route("/plan", put(accounts::set_plan))
        .route("/logins", post(logins::log_in))
        .route("/logins/leave", post(logins::leave))
        .route("/outage", post(outage::tell))
        .route("/hand-overs", get(hand_overs::open).post(hand_overs::ask))
        .route("/sessions/{session}/hand-over", post(hand_overs::answer))
        .route("/sessions", get(reports::sessions))
        .route("/sessions/{session}", get(sessions::status))
        .route("/sessions/{session}/heartbeat", post(sessions::heartbeat))
        .route("/sessions/{session}/goodbye", post(sessions::goodbye))
        .route("/sessions/{session}/logout", post(sessions::log_out))
        .route("/sessions/{session}/release", post(sessions::release))
        .route("/denials", get(reports::denials))
        .route("/occupancy", get(reports::occupancy))
        .route("/why", get(reports::why))
        .route("/trail", get(reports::trail))
        .route("/usage", get(reports::usage))
        .route("/statements/{month}", get(reports::statement))
        .route("/statements/{month}/close", post(finance::close))
        .route("/preview", get(finance::preview))
        .route("/reconciliation", get(finance::reconciliation))
        .route("/users", get(people::users).post(people::add_user))
        .route("/users/{user}/{act}", post(people::change_user))
        .route("/sites", get(people::sites).post(people::add_site))
        .route("/evidence", get(audit::pack))
        .route("/access", get(audit::access))
        .route("/{act}", post(accounts::change_standing));
    Router::new()
        .route("/v1/accounts", get(accounts::list).post(accounts::open))
        .nest("/v1/accounts/{account}", account)
        .route("/v1/heartbeats", post(bulk::heartbeats))
        .route("/v1/commands", post(bulk::commands))
        .route("/v1/seals", get(audit::seals).post(audit::seal))
        .route("/v1/seals/latest", get(audit::latest))
        .route("/v1/commits/{position}", get(audit::commit))
        .route("/v1/proofs/inclusion", get(audit::inclusion))
        .route("/v1/proofs/consistency", get(audit::consistency))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{webhook}", delete(webhooks::remove))
        .route("/v1/webhooks/{webhook}/dead", get(webhooks::dead))
        .route("/v1/webhooks/{webhook}/retry", post(webhooks::retry))
}

/// The browser's own calls.
pub(crate) fn of_browsers() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/seat/heartbeat", post(seat::heartbeat))
        .route("/v1/seat/goodbye", post(seat::goodbye))
        .route("/v1/seat/logout", post(seat::log_out))
        .route("/v1/seat/hand-over", post(seat::hand_over))
}

/// The streams, which go on for as long as somebody listens, and what takes as long as it takes.
pub(crate) fn streams() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/backups", post(backups::make))
        .route("/v1/closings", post(closings::close))
        .route("/v1/reconciliation", get(closings::reconcile))
        .route("/v1/exports/{kind}", post(exports::export))
        .route("/v1/access", get(audit::access_to_all))
        .route("/v1/reports/{kind}", get(commercial::report))
        .route("/v1/events", get(events::of_all))
        .route("/v1/accounts/{account}/events", get(events::of_account))
}
