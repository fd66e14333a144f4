//! The socket: connections accepted, limited, served and ended in good order.
//!
//! Headers must come in time and be of bearable size; a connection may rest between calls for a while; connections have a bound, and more wait in the kernel's
//! queue. When told to stop, no connection is accepted any more, those that are working finish, and streams
//! are cut.

use crate::patience::{Calls, Patient};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

/// The most room that the headers of a request may take, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// How long calls that are being answered may take when the server is told to stop.
const LAST_CALLS: Duration = Duration::from_secs(10);
/// How long to wait when the operating system has no room for a connection.
const NO_ROOM: Duration = Duration::from_millis(50);

/// How connections are limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections at the same time, 1 or more.
    pub connections_max: usize,
    /// How long a client may take to send its headers.
    pub header_time: Duration,
    /// How long a connection may rest between two calls.
    pub idle_time: Duration,
}

/// Serves until `stop` is ready, with TLS if `tls` is given; returns when the last call is answered.
pub async fn run(
    routes: Router,
    listener: TcpListener,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                // Answers are small and waited for.
                let _ = stream.set_nodelay(true);
                let connection = Connection { routes: routes.clone(), from, limits, place };
                match &tls {
                    None => connection.serve(stream, &graceful),
                    Some(tls) => {
                        connection.shake_hands(stream, tls.clone(), Arc::downgrade(&graceful))
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
    drop(listener);
    // Connections that are shaking hands still hold it weakly: they end with this.
    let Some(graceful) = Arc::into_inner(graceful) else { return };
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(LAST_CALLS) => tracing::warn!("some calls were cut off"),
    }
}

/// A connection, and its place among all that may be.
struct Connection {
    routes: Router,
    from: SocketAddr,
    limits: Limits,
    place: OwnedSemaphorePermit,
}

impl Connection {
    /// Speaks TLS first, in as much time as headers have.
    fn shake_hands(self, stream: TcpStream, tls: TlsAcceptor, graceful: Weak<GracefulShutdown>) {
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(self.limits.header_time, tls.accept(stream)).await;
            if let (Ok(Ok(stream)), Some(graceful)) = (shaken, graceful.upgrade()) {
                self.serve(stream, &graceful);
            }
        });
    }

    fn serve<S>(self, stream: S, graceful: &GracefulShutdown)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Connection { routes, from, limits, place } = self;
        let calls = Calls::default();
        let stream = Patient::new(stream, calls.clone(), limits.header_time, limits.idle_time);
        let mut builder = Builder::new();
        builder.header_read_timeout(None).max_buf_size(HEADER_BYTES_MAX);
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from));
            let answer = routes.clone().call(request.map(axum::body::Body::new));
            let calls = calls.clone();
            async move { calls.answer(answer).await }
        });
        let service = TowerToHyperService::new(service);
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that breaks off is its own affair.
            let _ = connection.await;
            drop(place);
        });
    }
}
