//! Hand-overs: a user who finds no seat asks a holder for one, and the holder answers.

use crate::access::Act;
use crate::api::logins::{granted, refused};
use crate::api::sessions::lost;
use crate::api::shapes::{
    AnswerBody, AskBody, Asked, AskedForShown, Asking, Granted, HandOverAnswered, HandOversShown,
    OpenHandOver, ProblemBody,
};
use crate::caller::Caller;
use crate::extract::{Body, Path, idempotency_key};
use crate::problem::Problem;
use crate::service::Service;
use admission::{Answered, LoginRequest, Occupancy};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::Actor;
use reporting::At;
use reporting::names::Names;
use seats::{
    AccountId, Answer, AskedFor, Command, HandOver, HandOverId, Outcome, SeatNo, SessionId, UserId,
};
use std::sync::Arc;

type Shared = State<Arc<Service>>;

/// What stands for a name that the account's policy hides.
const SOMEBODY: &str = "A colleague";

/// Ask a holder for the seat.
///
/// If a seat is free it is granted. If nobody can be asked the answer is that of a login.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/hand-overs", tag = "seats", operation_id = "ask_hand_over",
    params(
        ("account" = String, Path, description = "Name of the account, or its number as `account-7`"),
        ("Idempotency-Key" = String, Header, description = "An id of this attempt, or that of a login in line. What becomes of it is asked by logging in with the same id", min_length = 1, max_length = 128),
    ),
    request_body = AskBody,
    responses(
        (status = 201, description = "A seat: one was free", body = Granted),
        (status = 202, description = "A holder is asked; the login waits in line", body = Asked),
        (status = 409, description = "Nobody can be asked: the login is refused, or waits", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn ask(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<AskBody>,
) -> Result<Response, Problem> {
    let account = of(&service, &caller, &name)?;
    let request = idempotency_key(&headers)?;
    let request = admission::request_id(request).map_err(Problem::bad_request)?;
    let seat = body.seat.map(SeatNo);
    let login = LoginRequest {
        account,
        user: body.user.into(),
        site: body.site.map(Into::into),
        device: body.device,
        request,
    };
    let answered = service.admission.ask_hand_over(login, seat, caller.actor()).await?;
    if let Some(granted) = granted(&service, account, &answered).await? {
        return Ok((StatusCode::CREATED, Json(granted)).into_response());
    }
    let now = service.admission.occupancy(account).await?;
    let asker = answered.user.unwrap_or(UserId(0));
    let Answer::Login { outcome: Outcome::Waiting { place }, .. } = answered.answer else {
        return Err(refused(&service, account, &answered).await?);
    };
    match now.hand_overs.iter().find(|asked| asked.asker == asker) {
        None => Err(refused(&service, account, &answered).await?),
        Some(asked) => {
            let retry_after_s = crate::api::logins::poll_s(&now);
            let hand_over = asking(&service, &now, asked);
            let retry = [(header::RETRY_AFTER, retry_after_s.to_string())];
            let asked = Asked { place, hand_over, retry_after_s };
            Ok((StatusCode::ACCEPTED, retry, Json(asked)).into_response())
        }
    }
}

/// The askings that are not answered.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/hand-overs", tag = "seats", operation_id = "hand_overs",
    params(("account" = String, Path, description = "Name of the account, or its number as `account-7`")),
    responses((status = 200, description = "By number; users are numbers", body = HandOversShown)),
)]
pub(crate) async fn open(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<HandOversShown>, Problem> {
    let account = match caller.may(Act::UseSeats) {
        Ok(()) => caller.account(&service, &name, Act::UseSeats)?,
        Err(_) => caller.account(&service, &name, Act::Look)?,
    };
    let now = service.admission.occupancy(account).await?;
    let shown = |asked: &HandOver| OpenHandOver {
        handover: asked.id.0,
        seat: asked.seat.0,
        holder: asked.holder.0,
        asker: asked.asker.0,
        asked_at: At(asked.asked).into(),
        until: At(asked.until).into(),
    };
    Ok(Json(HandOversShown { hand_overs: now.hand_overs.iter().map(shown).collect() }))
}

/// Answer for the holder of a session's seat.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sessions/{session}/hand-over", tag = "seats", operation_id = "answer_hand_over",
    params(("account" = String, Path), ("session" = u64, Path)), request_body = AnswerBody,
    responses(
        (status = 200, description = "The seat was given away, or is kept", body = HandOverAnswered),
        (status = 409, description = "The seat is not asked for any more", content_type = "application/problem+json", body = ProblemBody),
        (status = 410, description = "The session has ended", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn answer(
    State(service): Shared,
    caller: Caller,
    Path((name, session)): Path<(String, u64)>,
    Body(body): Body<AnswerBody>,
) -> Result<Json<HandOverAnswered>, Problem> {
    let account = of(&service, &caller, &name)?;
    let asked = (SessionId(session), HandOverId(body.handover));
    answered(&service, account, asked, body.consent, caller.actor()).await.map(Json)
}

/// The account, if the caller acts for users there: the application does, and who may release seats.
fn of(service: &Service, caller: &Caller, name: &str) -> Result<AccountId, Problem> {
    let act = caller.may(Act::UseSeats).map_or(Act::Release, |()| Act::UseSeats);
    caller.account(service, name, act)
}

/// Answers for a session.
pub(crate) async fn answered(
    service: &Arc<Service>,
    account: AccountId,
    (session, handover): (SessionId, HandOverId),
    consent: bool,
    actor: Actor,
) -> Result<HandOverAnswered, Problem> {
    let command = Command::AnswerHandOver { session, handover, consent };
    let (state, seat) = match service.admission.submit(account, command, actor).await {
        Ok(Answered { answer: Answer::Ended { seat }, .. }) => ("ended", seat.0),
        Ok(Answered { answer: Answer::Noted { seat, .. }, .. }) => ("live", seat.0),
        Ok(_) => return Err(Problem::new("unexpected", "an answer was answered otherwise")),
        Err(error) => return Err(lost(service, account, error).await),
    };
    Ok(HandOverAnswered { state: state.to_owned(), seat })
}

/// What somebody in line has asked, and whether it was declined; `None`: nobody was asked.
pub(crate) fn of_waiter(service: &Service, now: &Occupancy, asker: UserId) -> Option<Asking> {
    if let Some(asked) = now.hand_overs.iter().find(|asked| asked.asker == asker) {
        return Some(asking(service, now, asked));
    }
    let declined = now.declines.iter().rev().find(|declined| declined.asker == asker)?;
    Some(Asking {
        handover: declined.handover.0,
        state: "declined".to_owned(),
        seat: None,
        of: named(service, now.account, declined.holder, now.policy.names),
        until: None,
    })
}

fn asking(service: &Service, now: &Occupancy, asked: &HandOver) -> Asking {
    Asking {
        handover: asked.id.0,
        state: "asked".to_owned(),
        seat: Some(asked.seat.0),
        of: named(service, now.account, asked.holder, now.policy.names),
        until: Some(At(asked.until).into()),
    }
}

/// What a holder is told who is asked for the seat.
pub(crate) fn told(
    service: &Service,
    account: AccountId,
    asked: &AskedFor,
    names: seats::Names,
) -> AskedForShown {
    let by = named(service, account, asked.by, names);
    let by = by.unwrap_or_else(|| SOMEBODY.to_owned());
    AskedForShown { by, until: At(asked.until).into(), handover: asked.handover.0 }
}

/// A name, as far as the account's policy shows it to another user.
fn named(
    service: &Service,
    account: AccountId,
    user: UserId,
    policy: seats::Names,
) -> Option<String> {
    Names::new(service.ledger.book(), account).to_refused(user, policy)
}
