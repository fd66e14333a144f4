//! What the vendor's application did while it could not reach us: whom it let in, told afterwards.
//!
//! Each is recorded as a fact, once: the application's id of it tells it from the others, and a report that is
//! sent again finds it in the account's last days. Times are told as seconds ago, so that a clock of the
//! application that is wrong does no harm.

use crate::access::Act;
use crate::api::accounts::ask;
use crate::caller::Caller;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::service::Service;
use admission::{Request, request_id};
use axum::Json;
use axum::extract::State;
use projector::AsOf;
use reporting::names::Names;
use seats::{AccountId, Command, Event, RequestId, Timestamp, UserId, UserPolicy};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// Facts told in one call, at most.
const TOLD_MAX: usize = 1_000;
/// How long ago it may have been, in seconds: a week.
const AGO_MAX_S: u64 = 7 * 86_400;

/// Somebody who was let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LetIn {
    /// The application's id of it, a UUID: told twice, it is recorded once.
    id: String,
    /// Who, by name.
    user: String,
    /// How many seconds ago it began; a week at most.
    began_s_ago: u64,
    /// How many seconds ago it ended.
    ended_s_ago: u64,
}

/// What happened while we could not be reached.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutageBody {
    /// Up to 1,000.
    #[schema(max_items = 1000)]
    seats: Vec<LetIn>,
}

/// One that is not recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotRecorded {
    /// The application's id of it.
    id: String,
    /// Why, for programs.
    code: String,
    /// Why, for people.
    detail: String,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutageShown {
    /// How many were recorded now.
    recorded: usize,
    /// How many had been recorded before.
    known: usize,
    /// Those that are not, and why; to tell them again is of no use.
    refused: Vec<NotRecorded>,
}

/// Tell whom the application let in while it could not ask. Facts: they hold no seat and are billed to nobody.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/outage", tag = "seats", params(("account" = String, Path)),
    request_body = OutageBody,
    responses((status = 200, description = "Recorded, each once", body = OutageShown)),
)]
pub(crate) async fn tell(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<OutageBody>,
) -> Result<Json<OutageShown>, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    if body.seats.len() > TOLD_MAX {
        return Err(Problem::new("too_large", format!("a call may tell {TOLD_MAX} seats")));
    }
    // Two reports of the same at once would not see each other.
    let _alone = service.outages.lock().await;
    let mut known = recorded(&service, account).await?;
    let mut shown = OutageShown { recorded: 0, known: 0, refused: Vec::new() };
    for seat in body.seats {
        match record(&service, &caller, account, &seat, &mut known).await {
            Ok(true) => shown.recorded += 1,
            Ok(false) => shown.known += 1,
            // What may be over in a moment is for the whole call to be asked again.
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) => shown.refused.push(NotRecorded {
                id: seat.id,
                code: problem.code().to_owned(),
                detail: problem.detail().to_owned(),
            }),
        }
    }
    Ok(Json(shown))
}

/// What was recorded in the time that can be told of.
async fn recorded(service: &Service, account: AccountId) -> Result<HashSet<RequestId>, Problem> {
    let since = ago(service.now(), AGO_MAX_S);
    let read = service.read(move |views| {
        let mut known = HashSet::new();
        for record in views.history(account, since, Timestamp::MAX)? {
            known.extend(record?.commit.events.iter().filter_map(|event| match event {
                Event::SeatTakenOffline { request, .. } => Some(*request),
                _ => None,
            }));
        }
        Ok(known)
    });
    read.await
}

/// Records one, unless it is known.
async fn record(
    service: &Arc<Service>,
    caller: &Caller,
    account: AccountId,
    seat: &LetIn,
    known: &mut HashSet<RequestId>,
) -> Result<bool, Problem> {
    let wrong = |why: String| Problem::new("unprocessable", why);
    let request = request_id(&seat.id).map_err(|error| wrong(format!("id: {error}")))?;
    if known.contains(&request) {
        return Ok(false);
    }
    if seat.began_s_ago > AGO_MAX_S || seat.ended_s_ago > seat.began_s_ago {
        return Err(wrong(format!(
            "began_s_ago: {} is more than {AGO_MAX_S}, or it ended before it began",
            seat.began_s_ago
        )));
    }
    let user = user(service, caller, account, &seat.user).await?;
    let now = service.now();
    let (from, to) = (ago(now, seat.began_s_ago), ago(now, seat.ended_s_ago));
    let command = Command::NoteOffline { request, user, from, to };
    ask(service, caller, Request::Command { account, command }, None).await?;
    known.insert(request);
    Ok(true)
}

/// The user of that name; added where anybody may log in, as a login would.
async fn user(
    service: &Arc<Service>,
    caller: &Caller,
    account: AccountId,
    name: &str,
) -> Result<UserId, Problem> {
    if let Ok(found) = Names::new(service.ledger.book(), account).find_user(name) {
        return Ok(found);
    }
    let policy = service.read(move |views| Ok(views.as_of(account, AsOf::Now)?.account));
    if policy.await?.policy().users == UserPolicy::Registered {
        let why = format!("the account admits registered users only, and {name:?} is none");
        return Err(Problem::new("not_registered", why));
    }
    let request = Request::AddUser { account, name: name.to_owned() };
    let done = ask(service, caller, request, None).await?;
    done.number.map(UserId).ok_or_else(|| Problem::new("unexpected", "the user has no number"))
}

fn ago(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp(now.0.saturating_sub(seconds.saturating_mul(1_000_000)))
}
