//! A month of all accounts: closing it, and holding all statements against the log.
//!
//! Both read every account, some of them at a time, so that others' questions are answered in between; and each is
//! done once at a time. A caller that goes away ends it; what is closed stays closed, and asking again goes on.

use crate::access::Act;
use crate::api::accounts::because;
use crate::api::finance::read_month;
use crate::caller::Caller;
use crate::extract::Body;
use crate::problem::Problem;
use crate::service::Service;
use admission::{Error, Request};
use axum::Json;
use axum::extract::State;
use reporting::Reports;
use reporting::civil::Month;
use reporting::closings::{Became, Closings, ReconciledAccount, Reconciliations, ToDo};
use seats::AccountId;
use seats::closing::Closing;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// Accounts that are read before others have their turn.
pub(crate) const SLICE: usize = 32;

/// Accounts that are held against the log before others have their turn: for each lot the log is read from its
/// beginning.
const RECONCILED_TOGETHER: usize = 4_096;

/// Which month to close.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosingsBody {
    /// The month, as `2026-05`, in each account's zone.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    /// Only this account; all that the token is for if left out.
    account: Option<String>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Make the statements of a month final, of all accounts that the token is for.
#[utoipa::path(
    post, path = "/v1/closings", tag = "accounts", operation_id = "close_all", request_body = ClosingsBody,
    responses((status = 200, description = "How many were closed, were closed before and stay open, with what each comes to or why not, and the totals", content((serde_json::Value = "application/json")))),
)]
pub(crate) async fn close(
    State(service): Shared,
    caller: Caller,
    Body(body): Body<ClosingsBody>,
) -> Result<Json<Closings>, Problem> {
    let accounts = match &body.account {
        Some(name) => vec![caller.account(&service, name, Act::CloseMonths)?],
        None => caller.may(Act::CloseMonths).map(|()| caller.accounts(&service))?,
    };
    let month = read_month(&body.month)?;
    let closed = close_of(&service, &caller, accounts, month, (body.reason, body.dry_run));
    Ok(Json(closed.await?))
}

/// Makes the statements of a month final, of these accounts, or says what they would come to.
pub(crate) async fn close_of(
    service: &Arc<Service>,
    caller: &Caller,
    accounts: Vec<AccountId>,
    month: Month,
    (reason, dry_run): (Option<String>, bool),
) -> Result<Closings, Problem> {
    let _alone = service.closing.try_lock().map_err(|_| busy("months are being closed"))?;
    if accounts.len() > SLICE {
        service.tail.save_heads().await;
    }
    let actor = caller.actor();
    let mut became: Vec<(AccountId, Became)> = Vec::new();
    // The log before the first month is closed is sealed, and the log with all of them.
    let mut before = None;
    for slice in accounts.chunks(SLICE) {
        let (slice, clock, origin) = (slice.to_vec(), service.now(), service.origin.clone());
        let todo = service.read(move |views| {
            let reports = Reports::new(views, &origin).without_names();
            let todo = slice.into_iter().map(|account| {
                let now = clock.max(reports.last_at(account)?);
                Ok((account, ToDo::of(reports.closable(account, month, now, actor))))
            });
            todo.collect::<Result<Vec<_>, Problem>>()
        });
        let mut to_close: Vec<(AccountId, Closing)> = Vec::new();
        let mut requests = Vec::new();
        for (account, todo) in todo.await? {
            match todo {
                ToDo::Skip => {}
                ToDo::Nothing(what) => became.push((account, what)),
                ToDo::Close(proposed) if dry_run => {
                    became.push((account, Became::Closed(Box::new(proposed.closing))));
                }
                ToDo::Close(proposed) => {
                    let closing = Box::new(proposed.closing.clone());
                    let statement = proposed.statement;
                    let request = Request::ClosePeriod { account, closing, statement };
                    requests.push((because(request, reason.clone()), actor));
                    to_close.push((account, proposed.closing));
                }
            }
        }
        if !requests.is_empty() && before.is_none() {
            before = Some(seal(service).await?);
        }
        let answers = service.admission.submit_many(requests).await;
        for ((account, closing), answer) in to_close.into_iter().zip(answers) {
            match answer {
                Ok(_) => became.push((account, Became::Closed(Box::new(closing)))),
                // It changed since it was read, or a reason is wanted; the others are closed all the same.
                Err(Error::Rejected(why)) => {
                    became.push((account, Became::Refused(why.to_string())))
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    let sealed = match before.flatten() {
        Some(_) => seal(service).await?,
        None => None,
    };
    became.sort_unstable_by_key(|(account, _)| *account);
    let became = became.into_iter().map(|(account, became)| (service.name_of(account), became));
    Ok(Closings::new(month, dry_run, sealed, became))
}

/// Whether the statements of all accounts that the token is for are what the log says.
#[utoipa::path(
    get, path = "/v1/reconciliation", tag = "reports", operation_id = "reconcile_all",
    responses((status = 200, description = "Each account, reckoned twice", content((serde_json::Value = "application/json")))),
)]
pub(crate) async fn reconcile(
    State(service): Shared,
    caller: Caller,
) -> Result<Json<Reconciliations>, Problem> {
    caller.may(Act::Statements)?;
    let _alone = service
        .reconciling
        .try_lock()
        .map_err(|_| busy("statements are being held against the log"))?;
    service.tail.save_heads().await;
    let mut reconciled = Vec::new();
    for slice in caller.accounts(&service).chunks(RECONCILED_TOGETHER) {
        let (slice, clock, origin) = (slice.to_vec(), service.now(), service.origin.clone());
        let read = service.read(move |views| {
            let reports = Reports::new(views, &origin).without_names();
            let now = clock.max(reports.known_until()?);
            let mut reconciled = Vec::new();
            reports.reconcile_all(&slice, now, |report| {
                reconciled.extend(ReconciledAccount::all(report)?);
                Ok::<(), Problem>(())
            })?;
            Ok(reconciled)
        });
        reconciled.extend(read.await?);
    }
    Ok(Json(Reconciliations::new(reconciled)))
}

/// Seals the log, if there is a key to seal it with; the sealed size.
async fn seal(service: &Service) -> Result<Option<u64>, Problem> {
    let sealed = service.read(|views| {
        let ledger = views.ledger();
        let unsealed = |error| Problem::new("unexpected", error);
        let Some(seals) = ledger.seals() else { return Ok(None) };
        if seals.key().map_err(unsealed)?.is_none() {
            return Ok(None);
        }
        seals.seal(ledger, &[]).map_err(unsealed)?;
        Ok(Some(ledger.head().size))
    });
    sealed.await
}

/// It is done already, for somebody else.
pub(crate) fn busy(what: &str) -> Problem {
    Problem::new("busy", what).retry_after(10)
}
