//! Accounts: opening them, and what they have bought and chosen.

use crate::access::Act;
use crate::api::shapes::{
    Done, LicencesBody, OpenBody, PlanBody, PolicyBody, ProblemBody, ReasonBody,
};
use crate::caller::Caller;
use crate::extract::{Body, Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use admission::{Answered, NewAccount, Request};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::Kind;
use projector::{AsOf, Views};
use reporting::civil::{Zone, read_date};
use reporting::names::Names;
use reporting::plans::PlanRefused;
use seats::{
    Account, AccountId, Command, Effective, Setting, SiteId, Standing, Timestamp, UserStanding,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::MutexGuard;
use utoipa::{IntoParams, ToSchema};

type Shared = State<Arc<Service>>;

/// Accounts listed at a time, at most.
const LISTED_MAX: usize = 500;

/// Which accounts to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only accounts with a number above this.
    #[serde(default)]
    after: u64,
    /// How many, at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// An account in the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountShown {
    /// Its name.
    account: String,
    /// Its number.
    account_id: u64,
    /// `open`, `suspended` or `closed`.
    standing: String,
    /// Licences in force.
    licences: u32,
    /// Seats allowed above them.
    overdraft: u32,
    /// Seats taken: held or lingering.
    seats_taken: u32,
    /// Of these, seats whose holder has gone silent.
    dormant: usize,
    /// Users that were added.
    users: usize,
    /// The zone its days are counted in.
    time_zone: String,
}

/// Accounts, by number.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountList {
    /// The accounts.
    accounts: Vec<AccountShown>,
    /// Ask with `after` set to this for more; `null`: there are none.
    next: Option<u64>,
}

/// The accounts that the token is for.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "accounts", operation_id = "list_accounts", params(ListQuery),
    responses((status = 200, description = "Accounts by number", body = AccountList)),
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Query(asked): Query<ListQuery>,
) -> Result<Json<AccountList>, Problem> {
    caller.may(Act::Look).or_else(|_| caller.may(Act::ManageAccounts))?;
    let limit = asked.limit.unwrap_or(100);
    if !(1..=LISTED_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit: {limit} is not from 1 to {LISTED_MAX}")));
    }
    let now = service.now();
    let listed = service.read(move |views| {
        let mut accounts = Vec::new();
        for account in views.ledger().accounts() {
            if account == AccountId::SYSTEM || account.0 <= asked.after {
                continue;
            }
            let name = Names::new(views.ledger().book(), account).account();
            if !caller.token().covers(&name) {
                continue;
            }
            if let Some(shown) = shown(views, account, name, now)? {
                accounts.push(shown);
            }
            if accounts.len() > limit {
                break;
            }
        }
        let more = accounts.len() > limit;
        accounts.truncate(limit);
        let next = accounts.last().filter(|_| more).map(|last| last.account_id);
        Ok(AccountList { accounts, next })
    });
    listed.await.map(Json)
}

/// One account.
#[utoipa::path(
    get, path = "/v1/accounts/{account}", tag = "accounts", operation_id = "show_account", params(("account" = String, Path)),
    responses(
        (status = 200, description = "The account", body = AccountShown),
        (status = 404, description = "There is none of that name", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn show(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<AccountShown>, Problem> {
    let act = if caller.may(Act::Look).is_ok() { Act::Look } else { Act::UseSeats };
    let account = caller.account(&service, &name, act)?;
    let (now, name) = (service.now(), service.name_of(account));
    let found = service.read(move |views| shown(views, account, name, now)).await?;
    found.map(Json).ok_or_else(|| Problem::new("importing", "the account is being imported"))
}

fn shown(
    views: &Views,
    account: AccountId,
    name: String,
    now: Timestamp,
) -> Result<Option<AccountShown>, Problem> {
    let state = views.as_of(account, AsOf::Now)?.account;
    if state.standing() == Standing::Unopened || state.is_importing() {
        return Ok(None);
    }
    let now = now.max(state.last_at());
    let standing = match state.standing() {
        Standing::Suspended => "suspended",
        Standing::Closed => "closed",
        Standing::Open | Standing::Unopened => "open",
    };
    Ok(Some(AccountShown {
        account: name,
        account_id: account.0,
        standing: standing.to_owned(),
        licences: state.licences().at(now),
        overdraft: state.policy().overdraft,
        seats_taken: state.taken(now),
        dormant: state.dormant_seats().len(),
        users: state.users().filter(|(_, user)| user.standing != UserStanding::Stranger).count(),
        time_zone: state.zone().to_owned(),
    }))
}

/// Open an account.
#[utoipa::path(
    post, path = "/v1/accounts", tag = "accounts", operation_id = "open_account", request_body = OpenBody,
    responses(
        (status = 201, description = "The account is open", body = Done),
        (status = 409, description = "The name is taken", content_type = "application/problem+json", body = ProblemBody),
    ),
)]
pub(crate) async fn open(
    State(service): Shared,
    caller: Caller,
    Body(body): Body<OpenBody>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    caller.may(Act::ManageAccounts)?;
    if body.plan.is_some() {
        caller.may(Act::SetPrices)?;
    }
    caller.for_all_accounts()?;
    let _one_at_a_time = match &body.plan {
        None => None,
        Some(plan) => Some(assignable(&service, plan).await?),
    };
    let new = NewAccount {
        name: body.name,
        zone: body.time_zone,
        licences: body.licences,
        settings: settings(&body.policy, |_| None)?,
        plan: body.plan,
        effective: None,
    };
    let done = ask(&service, &caller, Request::Open(new), body.reason).await?;
    Ok((StatusCode::CREATED, Json(done)))
}

/// Set how many licences there are.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/licences", tag = "accounts",
    params(("account" = String, Path)), request_body = LicencesBody,
    responses((status = 200, description = "Recorded", body = Done)),
)]
pub(crate) async fn set_licences(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<LicencesBody>,
) -> Result<Json<Done>, Problem> {
    let account = caller.account(&service, &name, Act::ManageAccounts)?;
    let effective = effective(&service, account, body.from).await?;
    let request = Request::SetLicences { account, to: body.licences, effective };
    let done = ask(&service, &caller, request, body.reason).await?;
    adjusted(&service, account, effective, done).await.map(Json)
}

/// Change settings of the policy.
#[utoipa::path(
    patch, path = "/v1/accounts/{account}/policy", tag = "accounts",
    params(("account" = String, Path)), request_body = PolicyBody,
    responses((status = 200, description = "Recorded", body = Done)),
)]
pub(crate) async fn set_policy(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<PolicyBody>,
) -> Result<Json<Done>, Problem> {
    let account = caller.account(&service, &name, Act::ManageAccounts)?;
    let site = |name: &str| {
        let number = service.ledger.book().number_of(account, Kind::Site, name).ok().flatten()?;
        u16::try_from(number).ok().map(SiteId)
    };
    let command = Command::ChangePolicy { settings: settings(&body.policy, site)? };
    let request = Request::Command { account, command };
    let done = ask(&service, &caller, request, body.reason).await?;
    service.terms.forget(account);
    Ok(Json(done))
}

/// Assign a price plan.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/plan", tag = "accounts",
    params(("account" = String, Path)), request_body = PlanBody,
    responses((status = 200, description = "Recorded", body = Done)),
)]
pub(crate) async fn set_plan(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<PlanBody>,
) -> Result<Json<Done>, Problem> {
    let account = caller.account(&service, &name, Act::SetPrices)?;
    let _one_at_a_time = assignable(&service, &body.plan).await?;
    let effective = effective(&service, account, body.from).await?;
    let request = Request::AssignPlan { account, plan: body.plan, effective };
    let done = ask(&service, &caller, request, body.reason).await?;
    adjusted(&service, account, effective, done).await.map(Json)
}

/// The same, with the month in which it becomes an adjustment, if it counts from within a closed one.
async fn adjusted(
    service: &Service,
    account: AccountId,
    effective: Option<Effective>,
    done: Done,
) -> Result<Done, Problem> {
    let Some(Effective { instant, .. }) = effective else { return Ok(done) };
    let found = service.read(move |views| {
        let state = views.as_of(account, AsOf::Now)?.account;
        let zone = Zone::parse(state.zone()).map_err(|error| Problem::new("unreadable", error))?;
        Ok(reporting::adjusted_in(&state, instant, zone).map(|month| month.to_string()))
    });
    Ok(Done { adjustment_in: found.await?, ..done })
}

/// Suspend, reinstate or close an account.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/{act}", tag = "accounts",
    params(("account" = String, Path), ("act" = String, Path, description = "`suspend`: admit nobody new; `reinstate`: admit again; `close`: end it and all its sessions, for good", pattern = "^(suspend|reinstate|close)$")),
    request_body = ReasonBody,
    responses((status = 200, description = "Recorded", body = Done)),
)]
pub(crate) async fn change_standing(
    State(service): Shared,
    caller: Caller,
    Path((name, act)): Path<(String, String)>,
    Body(body): Body<ReasonBody>,
) -> Result<Json<Done>, Problem> {
    let command = match act.as_str() {
        "suspend" => Command::Suspend,
        "reinstate" => Command::Reinstate,
        "close" => Command::Close,
        _ => return Err(Problem::new("not_found", "there is nothing at this path")),
    };
    let account = caller.account(&service, &name, Act::ManageAccounts)?;
    let request = Request::Command { account, command };
    ask(&service, &caller, request, body.reason).await.map(Json)
}

/// Asks admission for something by hand.
pub(crate) async fn ask(
    service: &Arc<Service>,
    caller: &Caller,
    request: Request,
    reason: Option<String>,
) -> Result<Done, Problem> {
    let answered = service.admission.ask(because(request, reason), caller.actor()).await?;
    Ok(done(service, &answered))
}

/// The request with why it is asked, if that was said.
pub(crate) fn because(request: Request, reason: Option<String>) -> Request {
    match reason {
        Some(reason) => request.because(reason),
        None => request,
    }
}

/// What was done.
pub(crate) fn done(service: &Service, answered: &Answered) -> Done {
    Done {
        account: service.name_of(answered.account),
        account_id: answered.account.0,
        position: answered.position.map(|position| position.0),
        number: answered.user.map(|user| user.0).or(answered.site.map(|site| u32::from(site.0))),
        adjustment_in: None,
    }
}

/// Settings in the words of the command line.
pub(crate) fn settings(
    given: &BTreeMap<String, String>,
    site: impl Fn(&str) -> Option<SiteId>,
) -> Result<Vec<Setting>, Problem> {
    let one_by_one = given.iter().flat_map(|(name, value)| {
        let name = name.replace('_', "-");
        // Reservations, the one setting that may be given for several sites.
        let separator = |c: char| c == ',' && name == "reserved";
        let values: Vec<String> = value.split(separator).map(str::to_owned).collect();
        values.into_iter().map(move |value| format!("{name} {}", value.trim()))
    });
    let read = one_by_one.map(|words| {
        Setting::from_words(&words, &site).map_err(|error| Problem::new("unprocessable", error))
    });
    read.collect()
}

/// Refuses a plan file that is not accepted, or that another one stands in the way of. Nobody else assigns a plan
/// while the guard is held.
async fn assignable<'a>(service: &'a Service, plan: &str) -> Result<MutexGuard<'a, ()>, Problem> {
    let alone = service.pricing.lock().await;
    let plan = plan.to_owned();
    let checked =
        service.read(move |views| match reporting::plans::assignable(views.ledger(), &plan) {
            Ok(_) => Ok(()),
            Err(PlanRefused::Book(error)) => Err(error.into()),
            Err(PlanRefused::Read(error)) => Err(error.into()),
            Err(error) => Err(Problem::new("unprocessable", format!("plan: {error}"))),
        });
    checked.await.map(|()| alone)
}

/// A civil day in the account's zone, or an instant.
async fn effective(
    service: &Service,
    account: AccountId,
    text: Option<String>,
) -> Result<Option<Effective>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let state: Account =
        service.read(move |views| Ok(views.as_of(account, AsOf::Now)?.account)).await?;
    let wrong = |error| Problem::new("unprocessable", format!("from: {error}"));
    let zone = Zone::parse(state.zone()).map_err(wrong)?;
    let effective = match read_date(&text) {
        Ok(day) => zone.effective(day).map_err(wrong)?,
        Err(_) => Effective { instant: zone.read_time(&text).map_err(wrong)?, date: None },
    };
    Ok(Some(effective))
}
