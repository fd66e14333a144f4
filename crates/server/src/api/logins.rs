//! Asking for a seat: the grant with its seat token, or the refusal with who holds the seats.

use crate::access::Act;
use crate::api::accounts::done;
use crate::api::hand_overs;
use crate::api::shapes::{Done, Granted, HolderShown, LogInBody, Remedy};
use crate::caller::Caller;
use crate::extract::{Body, Path, idempotency_key};
use crate::problem::{Problem, of_denial};
use crate::seat_token::Grant;
use crate::service::Service;
use crate::terms::Terms;
use admission::{Answered, Holder, LoginRequest, Occupancy};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use projector::AsOf;
use reporting::At;
use reporting::names::Names;
use reporting::who::{SeatRow, SeatState, seats};
use seats::answer::Present;
use seats::notation::denial;
use seats::{
    AccountId, Answer, Command, DenialReason, Micros, Naming, Outcome, Reclaim, Timestamp, UserId,
};
use serde_json::json;
use std::sync::Arc;

/// Seconds after which a refused user may try again, where nothing better is known.
const TRY_AGAIN_S: u64 = 30;
/// The most seconds between two questions of somebody in line: an offer is short.
const POLL_S: u64 = 10;

/// Log a user in.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/logins", tag = "seats", operation_id = "log_in",
    params(
        ("account" = String, Path, description = "Name of the account, or its number as `account-7`"),
        ("Idempotency-Key" = String, Header, description = "An id of this attempt, best a UUID; asked again with it, the first answer is given, for ever", min_length = 1, max_length = 128),
    ),
    request_body = LogInBody,
    responses(
        (status = 201, description = "A seat", body = Granted),
        (status = 409, description = "Refused; `code` says why, `holders` who holds the seats", content_type = "application/problem+json", body = crate::api::shapes::ProblemBody),
    ),
)]
pub(crate) async fn log_in(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<LogInBody>,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    let request = idempotency_key(&headers)?;
    let request = admission::request_id(request).map_err(Problem::bad_request)?;
    let user = body.user.clone();
    let login = LoginRequest {
        account,
        user: user.into(),
        site: body.site.map(Into::into),
        device: body.device,
        request,
    };
    let answered = service.admission.log_in(login, caller.actor()).await?;
    match granted(&service, account, &answered).await? {
        Some(granted) => Ok((StatusCode::CREATED, Json(granted)).into_response()),
        None => Err(refused(&service, account, &answered).await?),
    }
}

/// Leave the line.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/logins/leave", tag = "seats", operation_id = "leave_line",
    params(
        ("account" = String, Path, description = "Name of the account, or its number as `account-7`"),
        ("Idempotency-Key" = String, Header, description = "The id of the login that waits", min_length = 1, max_length = 128),
    ),
    responses(
        (status = 200, description = "The login waits no longer", body = Done),
        (status = 409, description = "That login is not in line", content_type = "application/problem+json", body = crate::api::shapes::ProblemBody),
    ),
)]
pub(crate) async fn leave(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Done>, Problem> {
    let account = caller.account(&service, &name, Act::UseSeats)?;
    let request = idempotency_key(&headers)?;
    let request = admission::request_id(request).map_err(Problem::bad_request)?;
    let command = Command::LeaveQueue { request };
    let answered = service.admission.submit(account, command, caller.actor()).await?;
    Ok(Json(done(&service, &answered)))
}

/// The grant as it is told; `None` if there is none.
pub(crate) async fn granted(
    service: &Service,
    account: AccountId,
    answered: &Answered,
) -> Result<Option<Granted>, Problem> {
    let Answer::Login { outcome, again, at, present } = answered.answer else { return Ok(None) };
    let Outcome::Granted { session, seat, overdraft } = outcome else { return Ok(None) };
    let terms = service.terms.get(&service.admission, account).await?;
    let user = answered.user.unwrap_or(UserId(0));
    let state = match present {
        None | Some(Present::Live) => "live",
        Some(Present::Dormant) => "dormant",
        Some(Present::Ended(_)) => "ended",
    };
    // Whoever asks again after the session has ended gets the first answer, and nothing to sit down with.
    let made = (state != "ended").then(|| {
        let account_name = service.name_of(account);
        let grant = Grant { account: &account_name, account_id: account, user, session, seat };
        service.seat_tokens.make(&grant, service.now(), terms.token_s)
    });
    let (token, expires_at) = made.unzip();
    Ok(Some(Granted {
        session: session.0,
        seat: seat.0,
        user: user.0,
        overdraft,
        again,
        answered_at: At(at).into(),
        position: answered.position.map(|position| position.0),
        state: state.to_owned(),
        token,
        expires_at: expires_at.map(|at| At(at).into()),
        heartbeat_after_s: terms.heartbeat_after_s,
    }))
}

/// The refusal as a problem: why, who holds the seats, and what can be done.
pub(crate) async fn refused(
    service: &Arc<Service>,
    account: AccountId,
    answered: &Answered,
) -> Result<Problem, Problem> {
    let Answer::Login { outcome, again, at, .. } = answered.answer else {
        return Err(Problem::new("unexpected", "a login was answered with something else"));
    };
    let now = service.admission.occupancy(account).await?;
    let (reason, held, dormant) = match outcome {
        Outcome::Denied { reason, held, dormant } => (reason, held, dormant),
        Outcome::Waiting { place } => {
            let asker = answered.user.unwrap_or(UserId(0));
            let hand_over = hand_overs::of_waiter(service, &now, asker);
            let waits = Problem::new("in_line", format!("in line, place {place}"))
                .with("place", place)
                .with("again", again)
                .with("since", json!(At(at)))
                .with("hand_over", json!(hand_over));
            return Ok(waits.retry_after(poll_s(&now)));
        }
        Outcome::Lapsed => {
            return Ok(Problem::new("left_line", "the offered seat was not taken in time"));
        }
        Outcome::Left(how) => return Ok(Problem::new("left_line", how.word())),
        Outcome::Granted { .. } => {
            return Err(Problem::new("unexpected", "a granted login is not refused"));
        }
    };
    let limit = now.licences.saturating_add(now.overdraft);
    let why = denial(reason, held, dormant, Some(limit));
    let holders = holders(service, account, answered, reason, &now).await?;
    let mut problem = Problem::new(of_denial(reason), &why)
        .with("reason", reporting::usage::word(reason))
        .with("held", held)
        .with("dormant", dormant)
        .with("licences", now.licences)
        .with("again", again)
        .with("answered_at", json!(At(at)))
        .with("position", json!(answered.position.map(|position| position.0)))
        .with("holders", json!(holders))
        .with("what_can_be_done", json!(remedies(reason, &now)));
    if matches!(reason, DenialReason::AllSeatsHeld | DenialReason::SeatsReserved) {
        problem = problem.retry_after(soonest(&now));
    }
    Ok(problem)
}

/// Seconds until somebody in line asks again.
pub(crate) fn poll_s(now: &Occupancy) -> u64 {
    u64::from(now.policy.wait_lease_s / 3).clamp(1, POLL_S)
}

/// Who held the seats, as far as the account's policy lets a refused user see it.
async fn holders(
    service: &Arc<Service>,
    account: AccountId,
    answered: &Answered,
    reason: DenialReason,
    now: &Occupancy,
) -> Result<Vec<HolderShown>, Problem> {
    let own = match reason {
        DenialReason::AllSeatsHeld | DenialReason::SeatsReserved => false,
        DenialReason::AlreadyLoggedIn => true,
        _ => return Ok(Vec::new()),
    };
    let asker = answered.user;
    let at = match answered.answer {
        Answer::Login { at, .. } => at,
        _ => now.at,
    };
    let names = Names::new(service.ledger.book(), account);
    let rows: Vec<SeatRow> = match (&answered.holders, answered.position) {
        (Some(holders), _) => holders.iter().map(|holder| row(holder, &names)).collect(),
        // Asked again: the log says who sat there then.
        (None, Some(position)) => {
            let read = move |views: &projector::Views| {
                let names = Names::new(views.ledger().book(), account);
                let then = views.as_of(account, AsOf::Position(position))?.account;
                Ok(seats(&then, None, &names, at))
            };
            service.read(read).await?
        }
        (None, None) => Vec::new(),
    };
    let wanted = |row: &SeatRow| !own || Some(UserId(row.user_id)) == asker;
    let shown = rows.into_iter().filter(wanted).map(|row| {
        let holder = UserId(row.user_id);
        let user = match asker == Some(holder) {
            true => Some(row.user),
            false => names.to_refused(holder, now.policy.names),
        };
        HolderShown {
            seat: row.seat,
            user,
            since: row.since.map(Into::into),
            last_seen: row.last_seen.map(Into::into),
            silent_s: row.last_seen.map(|At(seen)| at.since(seen).secs()),
            state: match row.state {
                SeatState::Live => "live",
                SeatState::Dormant => "dormant",
                SeatState::Lingering => "lingering",
                SeatState::Offered => "offered",
            }
            .to_owned(),
            site: row.site,
        }
    });
    Ok(shown.collect())
}

fn row(holder: &Holder, names: &Names<'_>) -> SeatRow {
    SeatRow {
        seat: holder.seat.0,
        user: names.shown(holder.user),
        session: Some(holder.session.0),
        since: Some(At(holder.since)),
        last_seen: Some(At(holder.last_seen)),
        state: holder.dormant.map_or(SeatState::Live, |_| SeatState::Dormant),
        state_since_or_until: holder.dormant.map(At),
        site: holder.site.and_then(|site| names.site(site)),
        overdraft: holder.overdraft,
        user_id: holder.user.0,
    }
}

/// What a refused user, or whoever helps, can do.
fn remedies(reason: DenialReason, now: &Occupancy) -> Vec<Remedy> {
    let remedy =
        |code: &str, words: &str| Remedy { code: code.to_owned(), words: words.to_owned() };
    let wait = match now.policy.reclaim {
        Reclaim::Never => "Try again when somebody has logged out.",
        _ => "Try again: a seat whose holder goes silent is yours when you ask for it.",
    };
    match reason {
        DenialReason::AllSeatsHeld | DenialReason::SeatsReserved => vec![
            remedy("wait", wait),
            match now.policy.hand_over_s {
                None => remedy("ask_holder", "Ask one of those who hold a seat to log out."),
                Some(time_s) => {
                    let time = seats::words::duration(time_s.into());
                    let words = format!(
                        "Ask for a hand-over: whoever does nothing for longest is asked for the seat, and has {time} to answer."
                    );
                    remedy("hand_over", &words)
                }
            },
            remedy("release", "The account's manager or support can release a seat."),
            remedy("more_licences", "The account can have more licences."),
        ],
        DenialReason::AlreadyLoggedIn => {
            vec![remedy(
                "log_out",
                "Log out where you are logged in, or have that session released.",
            )]
        }
        DenialReason::NotRegistered => {
            vec![remedy("register", "The account's manager adds you as a user first.")]
        }
        DenialReason::UserSuspended => {
            vec![remedy("reinstate", "The account's manager or support can reinstate you.")]
        }
        DenialReason::AccountSuspended | DenialReason::AccountClosed => {
            vec![remedy("contact", "The vendor can say why, and what is to be done.")]
        }
    }
}

/// Seconds until a seat might be had: when the first of the holders may be silent for a whole lease.
fn soonest(now: &Occupancy) -> u64 {
    let Some(lease) = now.policy.lease_s.filter(|_| now.policy.reclaim != Reclaim::Never) else {
        return TRY_AGAIN_S;
    };
    let lapses = now.holders.iter().map(|holder| holder.last_seen + Micros::from_secs(lease));
    let first: Option<Timestamp> = lapses.min();
    let wait = first.map_or(TRY_AGAIN_S, |first| first.since(now.at).0.div_ceil(1_000_000));
    wait.clamp(1, TRY_AGAIN_S)
}

/// The terms on which a session of the account lives.
pub(crate) async fn terms(service: &Service, account: AccountId) -> Result<Terms, Problem> {
    service.terms.get(&service.admission, account).await
}
