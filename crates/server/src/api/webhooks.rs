//! Webhooks, for an administrator: who is told what, how far each is, and what was given up.

use crate::access::Act;
use crate::caller::Caller;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::service::Service;
use crate::webhooks::kept::{Progress, Subscription};
use crate::webhooks::{NewSubscription, SubscribeError};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use reporting::At;
use seats::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookBody {
    /// Where letters are posted; https, and an address of the public internet, unless the settings say otherwise.
    url: String,
    /// A commit with an event of one of these kinds is told, such as `SeatDenied`; all if left out.
    #[serde(default)]
    events: Vec<String>,
    /// Of these accounts only, by name; all if left out.
    accounts: Option<Vec<String>>,
    /// Whose it is, in your own words.
    #[serde(default)]
    label: String,
}

/// A webhook, and how far it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookShown {
    /// Its number.
    webhook: u32,
    /// Where letters are posted.
    url: String,
    /// Whose it is.
    label: String,
    /// Kinds of events; empty: all.
    events: Vec<String>,
    /// Accounts; null: all.
    accounts: Option<Vec<String>>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    made_at: At,
    /// The number of the token that made it.
    made_by: u32,
    /// Everything before this position was accepted, given up, or not wanted.
    cursor: u64,
    /// Commits that it is behind.
    lag: u64,
    /// How often the letter at the cursor was refused; 0: nothing is wrong.
    attempts: u32,
    /// What was wrong the last time.
    why: Option<String>,
    /// Since when the receiver refuses.
    #[schema(value_type = Option<String>, format = "date-time")]
    refusing_since: Option<At>,
    /// When the letter is sent again.
    #[schema(value_type = Option<String>, format = "date-time")]
    next_attempt_at: Option<At>,
    /// Dead letters that are listed.
    dead_letters: usize,
    /// Dead letters that were dropped, because there were too many.
    dead_letters_dropped: u64,
    /// What letters are signed with (Standard Webhooks). Shown when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookList {
    /// By number.
    webhooks: Vec<WebhookShown>,
}

/// A letter that was given up.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadShown {
    /// Its `webhook-id`.
    id: String,
    /// The commit that it was about.
    position: u64,
    /// When it was sent the last time.
    #[schema(value_type = String, format = "date-time")]
    given_up_at: At,
    /// How often it was sent.
    attempts: u32,
    /// What was wrong the last time.
    why: String,
    /// It is about to be sent once more.
    again: bool,
}

/// Dead letters.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadList {
    /// Oldest first.
    dead_letters: Vec<DeadShown>,
}

/// Which dead letters are sent once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgainBody {
    /// Those about the commits at these positions; all if left out.
    positions: Option<Vec<u64>>,
}

/// How many are sent once more.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgainShown {
    /// So many.
    letters: usize,
}

/// Make a webhook. It tells from the next commit on.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks", request_body = WebhookBody,
    responses((status = 201, description = "Made; `secret` is shown once", body = WebhookShown)),
)]
pub(crate) async fn create(
    State(service): Shared,
    caller: Caller,
    Body(body): Body<WebhookBody>,
) -> Result<(StatusCode, Json<WebhookShown>), Problem> {
    allowed(&caller)?;
    let named = |names: Vec<String>| {
        let found = names.iter().map(|name| service.account(name).map(|account| account.0));
        found.collect::<Result<Vec<u64>, Problem>>()
    };
    let accounts = body.accounts.map(named).transpose()?;
    let (by, label) = (caller.actor().id, body.label);
    let new = NewSubscription { url: body.url, events: body.events, accounts, label, by };
    let made = blocking(&service, move |service| service.webhooks.subscribe(new)).await?;
    let made = made.map_err(|error| match error {
        SubscribeError::Io(error) => Problem::new("unexpected", format!("webhooks: {error}")),
        error => Problem::new("unprocessable", error),
    })?;
    let secret = Some(made.secret.clone());
    let cursor = service.ledger.head().size;
    let shown = shown(&service, made, Progress { cursor, ..Progress::default() });
    Ok((StatusCode::CREATED, Json(WebhookShown { secret, ..shown })))
}

/// All webhooks, without their secrets.
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, description = "Webhooks by number", body = WebhookList)),
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
) -> Result<Json<WebhookList>, Problem> {
    allowed(&caller)?;
    let all = service.webhooks.all().into_iter();
    let webhooks = all.map(|(subscription, progress)| shown(&service, subscription, progress));
    Ok(Json(WebhookList { webhooks: webhooks.collect() }))
}

/// Remove a webhook, with its dead letters.
#[utoipa::path(
    delete, path = "/v1/webhooks/{webhook}", operation_id = "remove_webhook", tag = "webhooks", params(("webhook" = u32, Path)),
    responses((status = 204, description = "Removed")),
)]
pub(crate) async fn remove(
    State(service): Shared,
    caller: Caller,
    Path(number): Path<u32>,
) -> Result<StatusCode, Problem> {
    allowed(&caller)?;
    let removed = blocking(&service, move |service| service.webhooks.remove(number)).await?;
    match removed.map_err(|error| Problem::new("unexpected", format!("webhooks: {error}")))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown(number)),
    }
}

/// The letters of a webhook that were given up.
#[utoipa::path(
    get, path = "/v1/webhooks/{webhook}/dead", operation_id = "list_dead_letters", tag = "webhooks", params(("webhook" = u32, Path)),
    responses((status = 200, description = "Dead letters", body = DeadList)),
)]
pub(crate) async fn dead(
    State(service): Shared,
    caller: Caller,
    Path(number): Path<u32>,
) -> Result<Json<DeadList>, Problem> {
    allowed(&caller)?;
    let (subscription, progress) = service.webhooks.get(number).ok_or_else(|| unknown(number))?;
    let dead_letters = progress.dead.into_iter().map(|dead| DeadShown {
        id: subscription.id(dead.position),
        position: dead.position,
        given_up_at: At(Timestamp(dead.at)),
        attempts: dead.attempts,
        why: dead.why,
        again: dead.again,
    });
    Ok(Json(DeadList { dead_letters: dead_letters.collect() }))
}

/// Send dead letters once more. One that is refused again stays a dead letter.
#[utoipa::path(
    post, path = "/v1/webhooks/{webhook}/retry", tag = "webhooks", params(("webhook" = u32, Path)),
    request_body = AgainBody,
    responses((status = 202, description = "They are sent in a moment", body = AgainShown)),
)]
pub(crate) async fn retry(
    State(service): Shared,
    caller: Caller,
    Path(number): Path<u32>,
    Body(body): Body<AgainBody>,
) -> Result<(StatusCode, Json<AgainShown>), Problem> {
    allowed(&caller)?;
    let asked = service.webhooks.again(number, body.positions.as_deref());
    let letters = asked.ok_or_else(|| unknown(number))?;
    Ok((StatusCode::ACCEPTED, Json(AgainShown { letters })))
}

fn allowed(caller: &Caller) -> Result<(), Problem> {
    caller.may(Act::Administer)?;
    caller.for_all_accounts()
}

fn unknown(number: u32) -> Problem {
    Problem::new("unknown_webhook", format!("there is no webhook {number}"))
}

/// What waits for the disk or a thread, on a thread of its own.
async fn blocking<T: Send + 'static>(
    service: &Arc<Service>,
    work: impl FnOnce(&Service) -> T + Send + 'static,
) -> Result<T, Problem> {
    let service = Arc::clone(service);
    let done = tokio::task::spawn_blocking(move || work(&service)).await;
    done.map_err(|error| Problem::new("unexpected", error))
}

fn shown(service: &Service, subscription: Subscription, progress: Progress) -> WebhookShown {
    let at = |at: u64| At(Timestamp(at));
    let name = |account: &u64| service.name_of(AccountId(*account));
    let failing = progress.failing;
    WebhookShown {
        webhook: subscription.number,
        url: subscription.url,
        label: subscription.label,
        events: subscription.events,
        accounts: subscription.accounts.map(|accounts| accounts.iter().map(name).collect()),
        made_at: at(subscription.made_at),
        made_by: subscription.made_by,
        cursor: progress.cursor,
        lag: service.ledger.head().size.saturating_sub(progress.cursor),
        attempts: failing.as_ref().map_or(0, |failing| failing.attempts),
        why: failing.as_ref().map(|failing| failing.why.clone()),
        refusing_since: progress.refusing_since.map(at),
        next_attempt_at: failing.map(|failing| at(failing.next_at)),
        dead_letters: progress.dead.len(),
        dead_letters_dropped: progress.dropped,
        secret: None,
    }
}
