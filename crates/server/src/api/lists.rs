//! Sessions and denials of a range of time, row by row, for programs.

use crate::access::Act;
use crate::api::reports::{Asked, Question, RangeQuery, ask};
use crate::api::shapes::Instant;
use crate::caller::Caller;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use admission::Seen;
use axum::Json;
use axum::extract::State;
use projector::{GAP, Outcome, SessionView};
use reporting::At;
use reporting::names::Names;
use reporting::usage::word;
use seats::account::End;
use seats::{AccountId, EndedBy, ExpiryCause, Look, Naming, Timestamp, UserId};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// Rows in an answer, at most. A narrower range shows the rest.
const ROWS_MAX: usize = 10_000;

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionRow {
    /// Its number.
    session: u64,
    /// Who.
    user: String,
    /// The user's number.
    user_id: u32,
    /// The seat.
    seat: u32,
    /// From which site.
    site: Option<String>,
    /// When it was granted.
    since: Instant,
    /// When it ended; `null`: it has not, as far as the range goes.
    until: Option<Instant>,
    /// How it ended.
    how: Option<String>,
    /// The last sign of life that is recorded.
    last_seen: Instant,
    /// Granted above the licences bought.
    overdraft: bool,
    /// When its holder was silent.
    silences: Vec<SilenceShown>,
    /// The commit of the grant.
    position: u64,
}

/// A time of silence.
#[derive(Serialize, ToSchema)]
pub(crate) struct SilenceShown {
    /// The last sign of life before it.
    last_seen: Instant,
    /// When the session went dormant for it.
    since: Instant,
    /// When the holder was heard of again, or the session ended.
    until: Option<Instant>,
}

/// Sessions that held a seat at some time in the range.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionRows {
    /// First those that ended in it, by their ends, then the others by number.
    sessions: Vec<SessionRow>,
    /// There are more than can be shown at once: ask for a narrower range.
    cut: bool,
}

/// A run of refusals of one user.
#[derive(Serialize, ToSchema)]
pub(crate) struct DenialRow {
    /// Who.
    user: String,
    /// The user's number.
    user_id: u32,
    /// The first refusal.
    first: Instant,
    /// The last.
    last: Instant,
    /// How many.
    attempts: u64,
    /// The reason of the last.
    reason: String,
    /// Seats taken at the last.
    held: u32,
    /// `granted`, `abandoned` or `open`.
    outcome: String,
    /// When the user got a seat.
    granted_at: Option<Instant>,
    /// The commit of the first refusal.
    position: u64,
}

/// Runs of refusals that began in the range.
#[derive(Serialize, ToSchema)]
pub(crate) struct DenialRows {
    /// By first refusal.
    denials: Vec<DenialRow>,
    /// There are more than can be shown at once: ask for a narrower range.
    cut: bool,
}

/// Sessions in a range of time.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/sessions", tag = "reports",
    params(("account" = String, Path), RangeQuery),
    responses((status = 200, description = "Sessions", body = SessionRows)),
)]
pub(crate) async fn sessions(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<RangeQuery>,
) -> Result<Json<SessionRows>, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let reason = asked.reason.clone();
    let (named, looked) = (asked.names.unwrap_or(true), asked.user.is_some());
    let rows = ask(&service, Asked { account, named }, move |question| {
        let user = question.user(asked.user.as_deref())?;
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        let names = names(question, account, named);
        let mut rows = SessionRows { sessions: Vec::new(), cut: false };
        question.reports.views().sessions(account, from.unwrap_or_default(), to, |session| {
            if user.is_none_or(|user| user == session.user) {
                match rows.sessions.len() < ROWS_MAX {
                    true => rows.sessions.push(row(&session, &names, to)),
                    false => rows.cut = true,
                }
            }
        })?;
        Ok((rows, user))
    });
    let (rows, user) = rows.await?;
    record(&service, &caller, (account, named), user.filter(|_| looked), reason).await?;
    Ok(Json(rows))
}

/// Runs of refusals in a range of time, and what they came to.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/denials", tag = "reports",
    params(("account" = String, Path), RangeQuery),
    responses((status = 200, description = "Denials", body = DenialRows)),
)]
pub(crate) async fn denials(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<RangeQuery>,
) -> Result<Json<DenialRows>, Problem> {
    let account = caller.account(&service, &name, Act::Look)?;
    let reason = asked.reason.clone();
    let named = asked.names.unwrap_or(true);
    let rows = ask(&service, Asked { account, named }, move |question| {
        let user = question.user(asked.user.as_deref())?;
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        let names = names(question, account, named);
        let from = from.unwrap_or_default();
        let episodes = question.reports.views().episodes(account, from, to, GAP, question.now)?;
        let mut rows = DenialRows { denials: Vec::new(), cut: false };
        for episode in episodes.iter().filter(|e| user.is_none_or(|user| user == e.user)) {
            if rows.denials.len() >= ROWS_MAX {
                rows.cut = true;
                break;
            }
            let (outcome, granted_at) = match episode.outcome {
                Outcome::Granted { at, .. } => ("granted", Some(At(at.at).into())),
                Outcome::Abandoned => ("abandoned", None),
                Outcome::Open => ("open", None),
            };
            rows.denials.push(DenialRow {
                user: names.shown(episode.user),
                user_id: episode.user.0,
                first: At(episode.first.at.at).into(),
                last: At(episode.last.at.at).into(),
                attempts: episode.attempts,
                reason: word(episode.last.reason).to_owned(),
                held: episode.last.held,
                outcome: outcome.to_owned(),
                granted_at,
                position: episode.first.at.position.0,
            });
        }
        Ok((rows, user))
    });
    let (rows, user) = rows.await?;
    record(&service, &caller, (account, named), user, reason).await?;
    Ok(Json(rows))
}

/// Puts on record that somebody is about to be shown these rows.
async fn record(
    service: &Arc<Service>,
    caller: &Caller,
    (account, named): (AccountId, bool),
    user: Option<UserId>,
    reason: Option<String>,
) -> Result<(), Problem> {
    if !named {
        return Ok(());
    }
    let seen = Seen { account, look: Look::Trail, user, reason };
    service.looked_at.record(&service.admission, seen, caller.actor(), service.now()).await
}

fn names<'a>(question: &Question<'a>, account: AccountId, named: bool) -> Names<'a> {
    let names = Names::new(question.reports.views().ledger().book(), account);
    if named { names } else { names.hidden() }
}

fn row(session: &SessionView, names: &Names<'_>, to: Timestamp) -> SessionRow {
    let ended = session.ended.filter(|ended| ended.at.at < to);
    SessionRow {
        session: session.session.0,
        user: names.shown(session.user),
        user_id: session.user.0,
        seat: session.seat.0,
        site: session.site.and_then(|site| names.site(site)),
        since: At(session.granted.at).into(),
        until: ended.map(|ended| At(ended.at.at).into()),
        how: ended.map(|ended| ending(ended.how).to_owned()),
        last_seen: At(session.last_seen).into(),
        overdraft: session.overdraft,
        silences: session
            .silences
            .iter()
            .map(|silence| SilenceShown {
                last_seen: At(silence.last_seen).into(),
                since: At(silence.since).into(),
                until: silence.until.map(|until| At(until).into()),
            })
            .collect(),
        position: session.granted.position.0,
    }
}

/// How a session ended, for programs.
pub(crate) fn ending(end: End) -> &'static str {
    match end {
        End::LoggedOut(EndedBy::User, _) => "logged_out",
        End::LoggedOut(EndedBy::Release, _) => "released",
        End::Expired(cause) => match cause {
            ExpiryCause::Reclaimed => "reclaimed",
            ExpiryCause::TakenOver => "taken_over",
            ExpiryCause::LeaseEnded => "lease_ended",
            ExpiryCause::Idle => "idle",
            ExpiryCause::Goodbye => "goodbye",
            ExpiryCause::MaxSession => "max_session",
            ExpiryCause::UserSuspended => "user_suspended",
            ExpiryCause::AccountClosed => "account_closed",
        },
    }
}
