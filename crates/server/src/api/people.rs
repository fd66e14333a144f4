//! Users and sites of an account: who may log in, and from where.

use crate::access::Act;
use crate::api::accounts::ask;
use crate::api::shapes::{Done, NameBody, ReasonBody};
use crate::caller::Caller;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::service::Service;
use admission::{Request, Seen};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::Kind;
use ledger::book::Entry;
use projector::AsOf;
use reporting::names::Names;
use seats::{AccountId, Command, Look, SiteId, UserId, UserStanding};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// A user of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserShown {
    /// The name, or `user-7` where it is forgotten.
    user: String,
    /// The number.
    user_id: u32,
    /// `active`, `suspended`, `forgotten` or `stranger` (was refused and never added).
    standing: String,
    /// Sessions that are on.
    sessions: usize,
}

/// The users of an account, by number.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserList {
    /// The users.
    users: Vec<UserShown>,
}

/// A site of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteShown {
    /// The name.
    site: String,
    /// The number.
    site_id: u16,
    /// Seats reserved for it.
    reserved: u32,
}

/// The sites of an account, by number.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteList {
    /// The sites.
    sites: Vec<SiteShown>,
}

/// The users of an account, with their names. That they were looked at is recorded.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/users", tag = "people", params(("account" = String, Path)),
    responses((status = 200, description = "Users by number", body = UserList)),
)]
pub(crate) async fn users(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<UserList>, Problem> {
    let account = caller.account(&service, &name, Act::ManagePeople)?;
    let seen = Seen { account, look: Look::Directory, user: None, reason: None };
    service.looked_at.record(&service.admission, seen, caller.actor(), service.now()).await?;
    let users = service.read(move |views| {
        let state = views.as_of(account, AsOf::Now)?.account;
        let names = Names::new(views.ledger().book(), account);
        let users = state.users().map(|(user, found)| UserShown {
            user: names.shown(user),
            user_id: user.0,
            standing: match found.standing {
                UserStanding::Stranger => "stranger",
                UserStanding::Active => "active",
                UserStanding::Suspended => "suspended",
                UserStanding::Forgotten => "forgotten",
            }
            .to_owned(),
            sessions: state.sessions_of(user).count(),
        });
        Ok(UserList { users: users.collect() })
    });
    users.await.map(Json)
}

/// Add a user.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/users", tag = "people", params(("account" = String, Path)),
    request_body = NameBody,
    responses((status = 201, description = "Added; `number` is the user's", body = Done)),
)]
pub(crate) async fn add_user(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<NameBody>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    let account = caller.account(&service, &name, Act::ManagePeople)?;
    let request = Request::AddUser { account, name: body.name };
    let done = ask(&service, &caller, request, body.reason).await?;
    Ok((StatusCode::CREATED, Json(done)))
}

/// Suspend, reinstate or forget a user.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/users/{user}/{act}", tag = "people",
    params(("account" = String, Path), ("user" = String, Path, description = "The user's name, or number as `user-7`"), ("act" = String, Path, description = "`suspend`, `reinstate`, or `forget`: erase who the user is, for good; needs a reason", pattern = "^(suspend|reinstate|forget)$")),
    request_body = ReasonBody,
    responses((status = 200, description = "Recorded", body = Done)),
)]
pub(crate) async fn change_user(
    State(service): Shared,
    caller: Caller,
    Path((name, user, act)): Path<(String, String, String)>,
    Body(body): Body<ReasonBody>,
) -> Result<Json<Done>, Problem> {
    let needed = if act == "forget" { Act::Forget } else { Act::ManagePeople };
    let account = caller.account(&service, &name, needed)?;
    let user = found(&service, account, &user)?;
    let request = match act.as_str() {
        "suspend" => Request::Command { account, command: Command::SuspendUser { user } },
        "reinstate" => Request::Command { account, command: Command::ReinstateUser { user } },
        "forget" => Request::ForgetUser { account, user },
        _ => return Err(Problem::new("not_found", "there is nothing at this path")),
    };
    ask(&service, &caller, request, body.reason).await.map(Json)
}

/// The sites of an account.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/sites", tag = "people", params(("account" = String, Path)),
    responses((status = 200, description = "Sites by number", body = SiteList)),
)]
pub(crate) async fn sites(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<SiteList>, Problem> {
    let account = caller.account(&service, &name, Act::ManagePeople)?;
    let sites = service.read(move |views| {
        let policy = views.as_of(account, AsOf::Now)?.account.policy().clone();
        let entries = views.ledger().book().entries(account, Kind::Site)?;
        let sites = entries.into_iter().filter_map(|(number, entry)| {
            let Entry::Known(profile) = entry else { return None };
            let site = SiteId(u16::try_from(number).ok()?);
            let reserved = policy.reserved.iter().find(|(known, _)| *known == site);
            let reserved = reserved.map_or(0, |(_, seats)| *seats);
            Some(SiteShown { site: profile.name().to_owned(), site_id: site.0, reserved })
        });
        Ok(SiteList { sites: sites.collect() })
    });
    sites.await.map(Json)
}

/// Add a site.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/sites", tag = "people", params(("account" = String, Path)),
    request_body = NameBody,
    responses((status = 201, description = "Added; `number` is the site's", body = Done)),
)]
pub(crate) async fn add_site(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body<NameBody>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    let account = caller.account(&service, &name, Act::ManagePeople)?;
    let request = Request::AddSite { account, name: body.name };
    let done = ask(&service, &caller, request, body.reason).await?;
    Ok((StatusCode::CREATED, Json(done)))
}

/// The user of that name or number.
pub(crate) fn found(service: &Service, account: AccountId, name: &str) -> Result<UserId, Problem> {
    let names = Names::new(service.ledger.book(), account);
    let unknown = |_| Problem::new("unknown_user", format!("the account has no user {name:?}"));
    names.find_user(name).map_err(unknown)
}
