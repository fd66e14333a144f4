//! The witness over HTTP: `POST /add-checkpoint`, and `GET /` for its key.

use crate::request::BODY_BYTES_MAX;
use crate::{Answer, Witness};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Tells the time, in seconds since 1970.
pub type Clock = fn() -> u64;

struct Shared {
    witness: Witness,
    clock: Clock,
}

/// Serves until `stop` is ready.
///
/// # Errors
/// When the operating system refuses.
pub async fn run(
    witness: Witness,
    clock: Clock,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let routes = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/", get(key))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(Shared { witness, clock }));
    serve(listener, routes).with_graceful_shutdown(stop).await
}

async fn add_checkpoint(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    // Remembering waits for the disk.
    let answered =
        tokio::task::spawn_blocking(move || shared.witness.add_checkpoint(&body, (shared.clock)()));
    let Answer { status, kind, text } = match answered.await {
        Ok(answer) => answer,
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn key(State(shared): State<Arc<Shared>>) -> String {
    format!("{}\n", shared.witness.verifier())
}
