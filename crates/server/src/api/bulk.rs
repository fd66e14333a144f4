//! Many at once, for gateways: signs of life, and commands. Each has its own answer, in the order asked.

use crate::access::Act;
use crate::api::hand_overs;
use crate::api::logins::{granted, refused, terms};
use crate::api::sessions::lost;
use crate::caller::Caller;
use crate::extract::Body;
use crate::problem::Problem;
use crate::service::Service;
use admission::{Answered, Error, LoginRequest, Request};
use axum::Json;
use axum::extract::State;
use ledger::Actor;
use seats::{AccountId, Answer, Command, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// Commands or signs of life in a call, at most.
const AT_ONCE_MAX: usize = 1_000;

/// A sign of life among many.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beat {
    /// The account's name.
    account: String,
    /// The session.
    session: u64,
    /// Whether the user did something since the last one.
    #[serde(default)]
    active: bool,
}

/// Signs of life.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beats {
    /// Up to 1,000.
    #[schema(max_items = 1000)]
    heartbeats: Vec<Beat>,
}

/// Who wants a seat, as in the single call; what is wrong with it is said in its own answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogInAsked {
    /// The user's name in the vendor's application.
    user: String,
    /// From which site; it must have been added.
    site: Option<String>,
    /// From which device.
    device: Option<String>,
}

/// A command among many.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Asked {
    /// Log in.
    LogIn {
        /// The account's name.
        account: String,
        /// An id of this attempt, as in `Idempotency-Key`.
        request: String,
        /// Who, and from where.
        login: LogInAsked,
    },
    /// Log out.
    LogOut {
        /// The account's name.
        account: String,
        /// The session.
        session: u64,
    },
    /// A sign of life.
    Heartbeat {
        /// The account's name.
        account: String,
        /// The session.
        session: u64,
        /// Whether the user did something since the last one.
        #[serde(default)]
        active: bool,
    },
}

/// Commands.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commands {
    /// Up to 1,000.
    #[schema(max_items = 1000)]
    commands: Vec<Asked>,
}

/// An answer among many: what the single call would have answered, with its status.
#[derive(Serialize, ToSchema)]
pub(crate) struct Told {
    /// The HTTP status that the single call would have had.
    status: u16,
    /// What it would have answered.
    body: Value,
}

/// Answers, in the order asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answers {
    /// One for each.
    answers: Vec<Told>,
}

/// Many signs of life.
#[utoipa::path(
    post, path = "/v1/heartbeats", tag = "bulk", request_body = Beats,
    responses((status = 200, description = "An answer for each, in order; without new seat tokens", body = Answers)),
)]
pub(crate) async fn heartbeats(
    State(service): Shared,
    caller: Caller,
    Body(body): Body<Beats>,
) -> Result<Json<Answers>, Problem> {
    let asked = body.heartbeats.into_iter().map(|beat| {
        let Beat { account, session, active } = beat;
        Asked::Heartbeat { account, session, active }
    });
    answer(&service, &caller, asked.collect()).await.map(Json)
}

/// Many commands, each decided and recorded for itself.
#[utoipa::path(
    post, path = "/v1/commands", tag = "bulk", request_body = Commands,
    responses((status = 200, description = "An answer for each, in order", body = Answers)),
)]
pub(crate) async fn commands(
    State(service): Shared,
    caller: Caller,
    Body(body): Body<Commands>,
) -> Result<Json<Answers>, Problem> {
    answer(&service, &caller, body.commands).await.map(Json)
}

async fn answer(
    service: &Arc<Service>,
    caller: &Caller,
    asked: Vec<Asked>,
) -> Result<Answers, Problem> {
    caller.may(Act::UseSeats)?;
    if asked.len() > AT_ONCE_MAX {
        let why = format!("{} are too many; send up to {AT_ONCE_MAX} in a call", asked.len());
        return Err(Problem::new("too_large", why));
    }
    let mut accounts: HashMap<String, Result<AccountId, Problem>> = HashMap::new();
    let mut find = |name: &str| {
        let found = accounts.entry(name.to_owned());
        found.or_insert_with(|| caller.account(service, name, Act::UseSeats)).clone()
    };
    // What cannot be asked keeps its place among the answers.
    let requests: Vec<Result<Request, Problem>> =
        asked.into_iter().map(|one| request(one, &mut find)).collect();
    let actor = caller.actor();
    let asked: Vec<(Request, Actor)> =
        requests.iter().flatten().map(|request| (request.clone(), actor)).collect();
    let mut answered = service.admission.submit_many(asked).await.into_iter();
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        let told = match request {
            Err(problem) => problem_told(&problem),
            Ok(request) => {
                let answer = answered.next().unwrap_or(Err(Error::Unknown));
                told(service, &request, answer).await
            }
        };
        answers.push(told);
    }
    Ok(Answers { answers })
}

fn request(
    asked: Asked,
    find: &mut impl FnMut(&str) -> Result<AccountId, Problem>,
) -> Result<Request, Problem> {
    match asked {
        Asked::LogIn { account, request, login } => {
            let account = find(&account)?;
            let request = admission::request_id(&request).map_err(Problem::bad_request)?;
            let LogInAsked { user, site, device } = login;
            let (user, site) = (user.into(), site.map(Into::into));
            Ok(Request::LogIn(LoginRequest { account, user, site, device, request }))
        }
        Asked::LogOut { account, session } => {
            let command = Command::LogOut { session: SessionId(session) };
            Ok(Request::Command { account: find(&account)?, command })
        }
        Asked::Heartbeat { account, session, active } => {
            let command = Command::Heartbeat { session: SessionId(session), active };
            Ok(Request::Command { account: find(&account)?, command })
        }
    }
}

async fn told(service: &Arc<Service>, request: &Request, answer: Result<Answered, Error>) -> Told {
    let account = match request {
        Request::LogIn(login) => login.account,
        Request::Command { account, .. } => *account,
        _ => AccountId::SYSTEM,
    };
    let answered = match answer {
        Ok(answered) => answered,
        Err(error) => return problem_told(&lost(service, account, error).await),
    };
    match answered.answer {
        Answer::Noted { seat, dormant, asked } => {
            let state = if dormant { "dormant" } else { "live" };
            let asked_for = match (asked, terms(service, account).await) {
                (Some(asked), Ok(terms)) => {
                    Some(hand_overs::told(service, account, &asked, terms.names))
                }
                _ => None,
            };
            let body = json!({ "state": state, "seat": seat.0, "asked_for": asked_for });
            Told { status: 200, body }
        }
        Answer::Ended { seat } => {
            Told { status: 200, body: json!({ "state": "ended", "seat": seat.0 }) }
        }
        Answer::Login { .. } => match granted(service, account, &answered).await {
            Ok(Some(granted)) => Told { status: 201, body: json!(granted) },
            Ok(None) => match refused(service, account, &answered).await {
                Ok(problem) | Err(problem) => problem_told(&problem),
            },
            Err(problem) => problem_told(&problem),
        },
        Answer::Done => Told { status: 200, body: json!({ "state": "done" }) },
    }
}

fn problem_told(problem: &Problem) -> Told {
    Told { status: problem.status().as_u16(), body: problem.body() }
}
