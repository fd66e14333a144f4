//! `serve`: the licence server, and with `--demo` a clinic that lives in it.

mod living;

use crate::args::{LogFormat, Serve};
use crate::commands::config::settings;
use crate::commands::demo;
use crate::commands::token::{access_dir, unusable};
use crate::failure::Failure;
use crate::output::talk;
use crate::place;
use admission::{Options, SystemClock};
use server::access::{NewToken, TokenRole};
use server::serve::{Limits, run as serve};
use server::tls::acceptor;
use server::{Service, Settings};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How often to look whether another process has made or revoked tokens.
const RECORD_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn run(given: Option<&Path>, data: &Path, asked: &Serve) -> Result<(), Failure> {
    let settings = settings(&asked.config)?;
    log(asked.log);
    let data = match asked.demo {
        true => demo::stage(given)?,
        false => data.to_owned(),
    };
    let ledger = place::open_or_create(&data)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::unexpected)?;
    runtime.block_on(async {
        let access = access_dir(&data);
        let service =
            Service::start(ledger, &access, settings.clone(), Options::default(), SystemClock);
        let service = Arc::new(service.map_err(Failure::unexpected)?);
        first_token(&service)?;
        recorded(&service).await;
        let recording = Arc::clone(&service);
        let recording = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RECORD_EVERY).await;
                recorded(&recording).await;
            }
        });
        let living = match asked.demo {
            true => Some(tokio::spawn(living::run(service.admission().clone()))),
            false => None,
        };
        let served = listen(&service, &settings).await;
        if let Some(living) = living {
            living.abort();
        }
        recording.abort();
        let stopped = service.stop().await.map_err(Failure::unexpected);
        served.and(stopped)
    })
}

/// Puts on record what was done to the access tokens, by this process or by another.
async fn recorded(service: &Service) {
    if let Err(problem) = service.record_tokens().await {
        tracing::warn!(detail = problem.detail(), "access tokens are not on record yet");
    }
}

async fn listen(service: &Arc<Service>, settings: &Settings) -> Result<(), Failure> {
    let tls = settings.tls.as_ref().map(|(certificate, key)| acceptor(certificate, key));
    let tls = tls.transpose().map_err(Failure::usage)?;
    let listener = TcpListener::bind(settings.listen).await;
    let listener = listener
        .map_err(|error| Failure::unexpected(format!("listen: {}: {error}", settings.listen)))?;
    let at = listener.local_addr().map_err(Failure::unexpected)?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    talk(&format!("listening on {scheme}://{at}; the API is explained at /docs"));
    let limits = Limits {
        connections_max: settings.connections_max,
        header_time: Duration::from_secs(settings.header_seconds),
        idle_time: Duration::from_secs(settings.idle_seconds),
    };
    let mut ended = signal(SignalKind::terminate()).map_err(Failure::unexpected)?;
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = ended.recv() => {}
        }
        talk("stopping: what was asked is being answered");
    };
    serve(server::routes(Arc::clone(service)), listener, limits, tls, stop).await;
    Ok(())
}

/// The first start makes an administrator's token and says so.
fn first_token(service: &Service) -> Result<(), Failure> {
    if !service.access().tokens().is_empty() {
        return Ok(());
    }
    let label = "made at the first start".to_owned();
    let new = NewToken { role: TokenRole::Admin, accounts: None, label, expires_at: None };
    let (_, text) = service.access().make(new, place::now()).map_err(unusable)?;
    talk(&format!("administrator's token, shown once: {text}"));
    Ok(())
}

fn log(format: LogFormat) {
    let to_stderr = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // A second subscriber in one process is refused; there is only this one.
    let _ = match format {
        LogFormat::Text => to_stderr.with_max_level(tracing::Level::WARN).try_init(),
        LogFormat::Json => to_stderr.json().with_max_level(tracing::Level::INFO).try_init(),
    };
}
