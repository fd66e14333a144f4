//! What happens to a session that was granted: signs of life, log-out, release, and what became of it.

use crate::access::Act;
use crate::api::hand_overs::told;
use crate::api::logins::terms;
use crate::api::shapes::{GivenUp, HeartbeatBody, ProblemBody, ReleaseBody, Seated, SessionShown};
use crate::caller::Caller;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::seat_token::Grant;
use crate::service::Service;
use admission::{Answered, Error, Release};
use axum::Json;
use axum::extract::State;
use ledger::{Actor, Role};
use reporting::At;
use reporting::civil::Zone;
use reporting::sessions::word;
use seats::account::End;
use seats::{
    AccountId, Answer, Command, EndedBy, Event, ExpiryCause, HandOverEnd, Rejection, ReleaseReason,
    SeatNo, SessionId, UserId,
};
use serde_json::json;
use std::sync::Arc;

type Shared = State<Arc<Service>>;

/// A sign of life of a session.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sessions/{session}/heartbeat", tag = "seats",
    params(("account" = String, Path), ("session" = u64, Path)), request_body = HeartbeatBody,
    responses(
        (status = 200, description = "The session goes on", body = Seated),
        (status = 410, description = "It has ended; `how`, `at` and `by` say why", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn heartbeat(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
    Body(body): Body<HeartbeatBody>,
) -> Result<Json<Seated>, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    let command = Command::Heartbeat { session: SessionId(session), active: body.active };
    sign_of_life(&service, account, command, caller.actor()).await.map(Json)
}

/// The browser of a session goes away, perhaps only to reload.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sessions/{session}/goodbye", tag = "seats",
    params(("account" = String, Path), ("session" = u64, Path)),
    responses(
        (status = 200, description = "The seat is kept for the account's grace", body = Seated),
        (status = 410, description = "It has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn goodbye(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
) -> Result<Json<Seated>, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    let command = Command::Goodbye { session: SessionId(session) };
    sign_of_life(&service, account, command, caller.actor()).await.map(Json)
}

/// Give a seat back.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sessions/{session}/logout", tag = "seats",
    params(("account" = String, Path), ("session" = u64, Path)),
    responses(
        (status = 200, description = "The seat is free", body = GivenUp),
        (status = 410, description = "It had ended already", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn log_out(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
) -> Result<Json<GivenUp>, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    given_up(&service, account, SessionId(session), caller.actor()).await.map(Json)
}

/// End somebody's session.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sessions/{session}/release", tag = "support",
    params(("account" = String, Path), ("session" = u64, Path)), request_body = ReleaseBody,
    responses(
        (status = 200, description = "The seat is free", body = GivenUp),
        (status = 409, description = "The session is too young to be released without `forced`", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "It had ended already", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn release(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
    Body(body): Body<ReleaseBody>,
) -> Result<Json<GivenUp>, Problem> {
    let account = caller.account(&service, &name, Act::Release)?;
    released(&service, &caller, account, SessionId(session), body).await.map(Json)
}

/// A session as it stands.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/sessions/{session}", tag = "seats", operation_id = "session_status",
    params(("account" = String, Path), ("session" = u64, Path)),
    responses(
        (status = 200, description = "It holds its seat", body = SessionShown),
        (status = 410, description = "It has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn status(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
) -> Result<Json<SessionShown>, Problem> {
    let account = match caller.may(Act::UseSeats) {
        Ok(()) => caller.account(&service, &name, Act::UseSeats)?,
        Err(_) => caller.account(&service, &name, Act::Look)?,
    };
    let now = service.admission.occupancy(account).await?;
    let Some(found) = now.holders.iter().find(|holder| holder.session.0 == session) else {
        return Err(over(&service, account, SessionId(session)).await);
    };
    Ok(Json(SessionShown {
        session,
        seat: found.seat.0,
        user: found.user.0,
        state: if found.dormant.is_some() { "dormant" } else { "live" }.to_owned(),
        since: At(found.since).into(),
        last_seen: At(found.last_seen).into(),
        overdraft: found.overdraft,
    }))
}

/// Submits a sign of life, and makes a new seat token.
pub(crate) async fn sign_of_life(
    service: &Arc<Service>,
    account: AccountId,
    command: Command,
    actor: Actor,
) -> Result<Seated, Problem> {
    let session = session_of(&command);
    let answered = acted(service, account, command, actor).await?;
    let Answer::Noted { seat, dormant, asked } = answered.answer else {
        return Err(Problem::new("unexpected", "a sign of life was answered with something else"));
    };
    let user = answered.user.unwrap_or(UserId(0));
    let seated = seated(service, account, session, (user, seat), dormant).await?;
    let Some(asked) = asked else { return Ok(seated) };
    let names = terms(service, account).await?.names;
    Ok(Seated { asked_for: Some(told(service, account, &asked, names)), ..seated })
}

async fn seated(
    service: &Arc<Service>,
    account: AccountId,
    session: SessionId,
    (user, seat): (UserId, SeatNo),
    dormant: bool,
) -> Result<Seated, Problem> {
    let terms = terms(service, account).await?;
    let name = service.name_of(account);
    let grant = Grant { account: &name, account_id: account, user, session, seat };
    let (token, expires_at) = service.seat_tokens.make(&grant, service.now(), terms.token_s);
    Ok(Seated {
        state: if dormant { "dormant" } else { "live" }.to_owned(),
        seat: seat.0,
        token,
        expires_at: At(expires_at).into(),
        heartbeat_after_s: terms.heartbeat_after_s,
        asked_for: None,
    })
}

/// Logs a session out.
pub(crate) async fn given_up(
    service: &Arc<Service>,
    account: AccountId,
    session: SessionId,
    actor: Actor,
) -> Result<GivenUp, Problem> {
    ended(acted(service, account, Command::LogOut { session }, actor).await?)
}

/// Releases a session.
pub(crate) async fn released(
    service: &Arc<Service>,
    caller: &Caller,
    account: AccountId,
    session: SessionId,
    body: ReleaseBody,
) -> Result<GivenUp, Problem> {
    let reason = ReleaseReason::from_words(&body.reason).ok_or_else(|| {
        let all: Vec<String> =
            ReleaseReason::all().map(|reason| reason.word().replace(' ', "-")).collect();
        let why = format!("reason: {:?} is not one of {}", body.reason, all.join(", "));
        Problem::new("unprocessable", why)
    })?;
    let forced = body.forced;
    let release = Release { account, session, reason, note: body.note, forced };
    match service.admission.release(release, caller.actor()).await {
        Ok(answered) => ended(answered),
        Err(error) => Err(lost(service, account, error).await),
    }
}

fn ended(answered: Answered) -> Result<GivenUp, Problem> {
    match answered.answer {
        Answer::Ended { seat } => Ok(GivenUp { state: "ended".to_owned(), seat: seat.0 }),
        _ => Err(Problem::new("unexpected", "a session did not end")),
    }
}

async fn acted(
    service: &Arc<Service>,
    account: AccountId,
    command: Command,
    actor: Actor,
) -> Result<Answered, Problem> {
    match service.admission.submit(account, command, actor).await {
        Ok(answered) => Ok(answered),
        Err(error) => Err(lost(service, account, error).await),
    }
}

/// An error as a problem; one about a session that is over says how it ended.
pub(crate) async fn lost(service: &Arc<Service>, account: AccountId, error: Error) -> Problem {
    match error {
        Error::Rejected(Rejection::SessionOver { session, .. }) => {
            over(service, account, session).await
        }
        other => other.into(),
    }
}

/// Why a session is over, or that it never was.
async fn over(service: &Arc<Service>, account: AccountId, session: SessionId) -> Problem {
    let read = service.read(move |views| {
        let zone = views.as_of(account, projector::AsOf::Now)?.account.zone().to_owned();
        Ok((views.ending_of(account, session)?, zone))
    });
    let (record, zone) = match read.await {
        Ok((Some(record), zone)) => (record, zone),
        Ok((None, _)) => {
            return Problem::new(
                "unknown_session",
                format!("there is no {session} in this account"),
            );
        }
        Err(problem) => return problem,
    };
    let commit = record.commit;
    let Some(end) = commit.events.iter().find_map(|event| end_in(event, session)) else {
        return Problem::new("unreadable", "the commit that ended the session does not say so");
    };
    let reason = match end {
        End::LoggedOut(_, reason) => reason,
        End::Expired(_) => None,
    };
    let by = match commit.actor.role {
        Role::Service | Role::Importer => "the rules".to_owned(),
        role => role.to_string(),
    };
    let at = commit.at;
    let when = Zone::parse(&zone).map_or_else(|_| String::new(), |zone| zone.show(at));
    let because = reason.map_or_else(String::new, |reason| format!(": {}", reason.word()));
    Problem::new(
        "session_over",
        format!("The seat is gone since {when}: {}{because}.", to_holder(end, &commit.events)),
    )
    .with("how", word(end))
    .with("at", json!(At(at)))
    .with("by", by)
    .with("reason", json!(reason.map(ReleaseReason::word)))
    .with("session", session.0)
    .with("position", record.position.0)
}

/// How an event ended a session.
fn end_in(event: &Event, wanted: SessionId) -> Option<End> {
    match event {
        Event::LoggedOut { session, by, reason, .. } if *session == wanted => {
            Some(End::LoggedOut(*by, *reason))
        }
        Event::Expired { session, cause, .. } if *session == wanted => Some(End::Expired(*cause)),
        _ => None,
    }
}

/// How a session ended, for the one who sat there.
fn to_holder(end: End, events: &[Event]) -> &'static str {
    let silent =
        |event: &Event| matches!(event, Event::HandOverEnded { how: HandOverEnd::Silent, .. });
    match end {
        End::LoggedOut(EndedBy::User, _) => "you logged out",
        End::LoggedOut(EndedBy::Release, _) => "somebody released it",
        End::Expired(cause) => match cause {
            ExpiryCause::Reclaimed => "nothing was heard of you, and a colleague needed it",
            ExpiryCause::TakenOver => "you logged in somewhere else",
            ExpiryCause::LeaseEnded => "nothing was heard of you",
            ExpiryCause::Idle => "you did nothing for too long",
            ExpiryCause::Goodbye => "the page was closed and did not come back",
            ExpiryCause::MaxSession => "the longest permitted session was over",
            ExpiryCause::UserSuspended => "you were suspended",
            ExpiryCause::AccountClosed => "the account was closed",
            ExpiryCause::HandedOver if events.iter().any(silent) => {
                "a colleague asked for it, and nobody answered in time"
            }
            ExpiryCause::HandedOver => "it was handed over to a colleague who asked for it",
        },
    }
}

fn session_of(command: &Command) -> SessionId {
    match command {
        Command::Heartbeat { session, .. }
        | Command::Goodbye { session }
        | Command::LogOut { session }
        | Command::Release { session, .. } => *session,
        _ => SessionId(0),
    }
}
