//! Following the log: server-sent events, of all accounts or of one, resumable at any position.
//!
//! Each event's id is the position after its commit, so a client that reconnects with `Last-Event-ID` misses
//! nothing and sees nothing twice. A stream reads the log at its own pace, a few commits at a time: a client
//! that does not read keeps its own few commits waiting, and nobody else's.

use crate::access::Act;
use crate::api::event_shapes::shape;
use crate::caller::Caller;
use crate::extract::{Path, Query};
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use ledger::{Position, Record};
use reporting::At;
use seats::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};

type Shared = State<Arc<Service>>;

/// Commits read at a time for one stream.
const READ_MAX: usize = 64;
/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// From where on to follow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowQuery {
    /// The first position; from now on if left out. `Last-Event-ID` counts before it.
    from: Option<u64>,
}

/// An event of a stream, with the fields that `text/event-stream` has.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by axum, field by field")]
pub(crate) struct CommitTold {
    /// The position after the commit: send it as `Last-Event-ID` to go on from there.
    id: String,
    /// `commit`.
    event: String,
    /// The commit, as JSON: `position`, `account`, `account_id`, `version`, `at`, `recorded_at`, `by`, `events`.
    data: String,
}

/// Follow one account.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/events", tag = "events", operation_id = "follow_account",
    params(("account" = String, Path), FollowQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, description = "Server-sent events `commit`, one for each commit", content_type = "text/event-stream", body = CommitTold)),
)]
pub(crate) async fn of_account(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<FollowQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>>, Problem> {
    let act = if caller.may(Act::Look).is_ok() { Act::Look } else { Act::UseSeats };
    let account = caller.account(&service, &name, act)?;
    let from = from(&service, &asked, &headers)?;
    Ok(stream(service, Some(account), from))
}

/// Follow all accounts.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "follow_all",
    params(FollowQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, description = "Server-sent events `commit`, one for each commit", content_type = "text/event-stream", body = CommitTold)),
)]
pub(crate) async fn of_all(
    State(service): Shared,
    caller: Caller,
    Query(asked): Query<FollowQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>>, Problem> {
    caller.may(Act::Look).or_else(|_| caller.may(Act::UseSeats))?;
    caller.for_all_accounts()?;
    let from = from(&service, &asked, &headers)?;
    Ok(stream(service, None, from))
}

fn from(service: &Service, asked: &FollowQuery, headers: &HeaderMap) -> Result<u64, Problem> {
    let size = service.ledger.head().size;
    let from = match headers.get("last-event-id") {
        Some(last) => {
            let read = last.to_str().ok().and_then(|last| last.trim().parse().ok());
            read.ok_or_else(|| Problem::bad_request("Last-Event-ID: it is not a position"))?
        }
        None => asked.from.unwrap_or(size),
    };
    if from > size {
        let why = format!("there is no commit at position {from}; the log has {size}");
        return Err(Problem::new("unknown_position", why));
    }
    Ok(from)
}

struct Following {
    service: Arc<Service>,
    account: Option<AccountId>,
    next: u64,
    read: VecDeque<Record>,
    grown: watch::Receiver<u64>,
    _counted: Counted,
}

/// A stream that is open.
struct Counted(Arc<Metrics>);

impl Counted {
    fn new(metrics: &Arc<Metrics>) -> Counted {
        metrics.add_streams(1);
        Counted(Arc::clone(metrics))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add_streams(-1);
    }
}

/// The commits from `next` on, of one account or of all.
pub(crate) fn stream(
    service: Arc<Service>,
    account: Option<AccountId>,
    next: u64,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>> {
    let grown = service.tail.listen(account);
    let _counted = Counted::new(&service.metrics);
    let read = VecDeque::new();
    let following = Following { service, account, next, read, grown, _counted };
    let events = unfold(following, |mut following| async move {
        let record = following.next_record().await?;
        let sent = sent(&following.service, &record);
        Some((Ok(sent), following))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

impl Following {
    /// The next commit, when there is one; `None` when the server stops or the log cannot be read.
    async fn next_record(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.read.pop_front() {
                self.next = record.position.0.saturating_add(1);
                return Some(record);
            }
            self.grown.mark_unchanged();
            self.read = self.more().await?;
            if self.read.is_empty() {
                self.grown.changed().await.ok()?;
            }
        }
    }

    async fn more(&mut self) -> Option<VecDeque<Record>> {
        let (account, next) = (self.account, self.next);
        let read = self.service.read(move |views| {
            let read: Result<VecDeque<Record>, ledger::ReadError> =
                match (account, next.checked_sub(1)) {
                    (None, _) => views
                        .ledger()
                        .scan(Position(next))
                        .filter(|r| {
                            r.as_ref().map_or(true, |r| r.commit.account != AccountId::SYSTEM)
                        })
                        .take(READ_MAX)
                        .collect(),
                    (Some(account), Some(before)) => {
                        views.since(account, Position(before))?.take(READ_MAX).collect()
                    }
                    (Some(account), None) => {
                        let all = views.history(
                            account,
                            seats::Timestamp::ZERO,
                            seats::Timestamp::MAX,
                        )?;
                        all.take(READ_MAX).collect()
                    }
                };
            Ok(read?)
        });
        match read.await {
            Ok(read) => Some(read),
            Err(problem) => {
                tracing::error!(detail = problem.detail(), "a stream of events ends");
                None
            }
        }
    }
}

fn sent(service: &Service, record: &Record) -> Sent {
    let told = body(&service.name_of(record.commit.account), record);
    let id = record.position.0.saturating_add(1).to_string();
    Sent::default().id(id).event("commit").data(told.to_string())
}

/// A commit of the account of this name, as those who follow the log are told.
pub(crate) fn body(account: &str, record: &Record) -> Value {
    let commit = &record.commit;
    json!({
        "position": record.position.0,
        "account": account,
        "account_id": commit.account.0,
        "version": commit.version,
        "at": At(commit.at),
        "recorded_at": At(commit.recorded_at),
        "by": { "role": commit.actor.role.to_string(), "number": commit.actor.id },
        "events": commit.events.iter().map(shape).collect::<Vec<_>>(),
    })
}
