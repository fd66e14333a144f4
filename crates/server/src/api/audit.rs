//! What an auditor needs: seals, the commits' bytes, proofs, evidence packs, and who looked at what.

use crate::access::Act;
use crate::api::accounts;
use crate::api::reports::{Asked, SpanQuery, ask, shown as as_wanted};
use crate::caller::Caller;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use admission::Request;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use evidence::{MakeError, Wanted};
use ledger::seal::SealError;
use ledger::{Ledger, Position, ProveError};
use reporting::Reports;
use reporting::civil::Zone;
use seats::{Command, Digest};
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

type Shared = State<Arc<Service>>;

/// A seal: a signed statement of how long the log is and what its root is.
#[derive(Serialize, ToSchema)]
pub(crate) struct SealShown {
    /// Commits in the log.
    size: u64,
    /// The C2SP signed note, to be kept elsewhere.
    note: String,
}

/// The sizes at which the log was sealed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SealList {
    /// Commits in the log, smallest first.
    sizes: Vec<u64>,
}

/// The hashes of a proof.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProofShown {
    /// The size of the log that it leads to.
    size: u64,
    /// The Merkle root of that size, in hexadecimal.
    root: String,
    /// The hashes from the leaf up, in hexadecimal.
    hashes: Vec<String>,
}

/// For which commit and size an inclusion proof is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct InclusionQuery {
    /// The commit's position.
    position: u64,
    /// The size of the log; as it is now if left out.
    size: Option<u64>,
}

/// Between which sizes a consistency proof is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsistencyQuery {
    /// The smaller size.
    from: u64,
    /// The larger size; as it is now if left out.
    to: Option<u64>,
}

/// The period of an evidence pack.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackQuery {
    /// Its first instant.
    from: String,
    /// The first instant after it.
    to: String,
    /// Whether the names are in it.
    #[serde(default)]
    names: bool,
    /// Why it is taken, for the record.
    reason: Option<String>,
}

/// The sizes at which the log was sealed.
#[utoipa::path(
    get, path = "/v1/seals", tag = "audit", operation_id = "list_seals",
    responses((status = 200, description = "Sizes", body = SealList)),
)]
pub(crate) async fn seals(
    State(service): Shared,
    caller: Caller,
) -> Result<Json<SealList>, Problem> {
    caller.may(Act::Audit).or_else(|_| caller.may(Act::Look))?;
    let sizes = service.read(|views| kept(views.ledger())?.sizes().map_err(sealing));
    Ok(Json(SealList { sizes: sizes.await? }))
}

/// The last seal.
#[utoipa::path(
    get, path = "/v1/seals/latest", tag = "audit", operation_id = "latest_seal",
    responses((status = 200, description = "The last seal; with `Accept: text/plain` the note alone", content((SealShown = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn latest(
    State(service): Shared,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Act::Audit).or_else(|_| caller.may(Act::Look))?;
    let found = service.read(|views| {
        let seals = kept(views.ledger())?;
        let Some(size) = seals.sizes().map_err(sealing)?.pop() else { return Ok(None) };
        Ok(seals.kept(size).map_err(sealing)?.map(|note| (size, note.to_string())))
    });
    let Some((size, note)) = found.await? else {
        return Err(Problem::new("not_found", "the log was never sealed"));
    };
    Ok(sealed(size, note, &headers))
}

/// Seal the log as it stands.
#[utoipa::path(
    post, path = "/v1/seals", tag = "audit",
    responses((status = 200, description = "The seal", content((SealShown = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn seal(
    State(service): Shared,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Act::Audit)?;
    let made = service.read(|views| {
        let ledger = views.ledger();
        let note = kept(ledger)?.seal(ledger, &[]).map_err(sealing)?;
        let size = note.text().lines().nth(1).and_then(|size| size.parse().ok());
        Ok((size.unwrap_or_default(), note.to_string()))
    });
    let (size, note) = made.await?;
    Ok(sealed(size, note, &headers))
}

/// A commit's bytes, as hashed.
#[utoipa::path(
    get, path = "/v1/commits/{position}", tag = "audit", params(("position" = u64, Path)),
    responses((status = 200, description = "The bytes; `docs/format.md` says how to read them", content_type = "application/octet-stream", body = Vec<u8>)),
)]
pub(crate) async fn commit(
    State(service): Shared,
    caller: Caller,
    Path(position): Path<u64>,
) -> Result<Response, Problem> {
    caller.may(Act::Audit)?;
    caller.for_all_accounts()?;
    let bytes = service.read(move |views| Ok(views.ledger().bytes(Position(position))?)).await?;
    let missing =
        || Problem::new("unknown_position", format!("there is no commit at position {position}"));
    let bytes = bytes.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// That a commit is in the log of a size.
#[utoipa::path(
    get, path = "/v1/proofs/inclusion", tag = "audit", params(InclusionQuery),
    responses((status = 200, description = "The proof", body = ProofShown)),
)]
pub(crate) async fn inclusion(
    State(service): Shared,
    caller: Caller,
    Query(asked): Query<InclusionQuery>,
) -> Result<Json<ProofShown>, Problem> {
    caller.may(Act::Audit)?;
    let proof = service.read(move |views| {
        let ledger = views.ledger();
        let size = asked.size.unwrap_or(ledger.head().size);
        let hashes = ledger.prove_inclusion(Position(asked.position), size).map_err(proving)?;
        shown(ledger, size, &hashes)
    });
    proof.await.map(Json)
}

/// That the log of one size is the beginning of that of another.
#[utoipa::path(
    get, path = "/v1/proofs/consistency", tag = "audit", params(ConsistencyQuery),
    responses((status = 200, description = "The proof", body = ProofShown)),
)]
pub(crate) async fn consistency(
    State(service): Shared,
    caller: Caller,
    Query(asked): Query<ConsistencyQuery>,
) -> Result<Json<ProofShown>, Problem> {
    caller.may(Act::Audit)?;
    let proof = service.read(move |views| {
        let ledger = views.ledger();
        let size = asked.to.unwrap_or(ledger.head().size);
        let hashes = ledger.prove_consistency(asked.from, size).map_err(proving)?;
        shown(ledger, size, &hashes)
    });
    proof.await.map(Json)
}

/// An evidence pack of an account's period, for somebody who does not trust us. That it was taken is recorded.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/evidence", tag = "audit", operation_id = "take_evidence",
    params(("account" = String, Path), PackQuery),
    responses((status = 200, description = "The pack, a zip file; `docs/evidence.md` says how to check it", content_type = "application/zip", body = Vec<u8>)),
)]
pub(crate) async fn pack(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<PackQuery>,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Audit)?;
    service
        .read(|views| kept(views.ledger())?.key().map_err(sealing)?.map(drop).ok_or_else(no_key))
        .await?;
    let names = asked.names;
    let period = ask(&service, Asked { account, named: false }, move |question| {
        let from = question.instant("from", Some(&asked.from))?.unwrap_or_default();
        let to = question.instant("to", Some(&asked.to))?.unwrap_or_default();
        match from < to {
            true => Ok((from, to)),
            false => Err(Problem::new("unprocessable", "the period ends before it begins")),
        }
    });
    let (from, to) = period.await?;
    // Recorded before anything is handed out; and what is recorded now closes the period.
    let taken = Request::Command { account, command: Command::TakeEvidence { from, to, names } };
    accounts::ask(&service, &caller, taken, asked.reason).await?;
    let pack = service.read(move |views| {
        let seals = kept(views.ledger())?;
        seals.seal(views.ledger(), &[]).map_err(sealing)?;
        let mut pack = Cursor::new(Vec::new());
        let wanted = Wanted { account, from, to, names };
        evidence::make(&views.renewed(), seals, &wanted, &mut pack).map_err(making)?;
        Ok(pack.into_inner())
    });
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"evidence.zip\""),
    ];
    Ok((headers, pack.await?).into_response())
}

/// Who looked at names, and who changed what by hand, when and why. Users are numbers.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/access", tag = "audit",
    params(("account" = String, Path), SpanQuery),
    responses((status = 200, description = "Access records", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn access(
    State(service): Shared,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<SpanQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = caller.account(&service, &name, Act::Audit)?;
    let report = ask(&service, Asked { account, named: true }, move |question| {
        let (from, to) = question.range(asked.from.as_deref(), asked.to.as_deref())?;
        Ok(question.reports.access(Some(account), from, Some(to))?)
    });
    Ok(as_wanted(&report.await?, &headers))
}

/// The same of all accounts, with what concerns none: tokens, files handed out, the clock.
#[utoipa::path(
    get, path = "/v1/access", tag = "audit", operation_id = "access_to_all", params(SpanQuery),
    responses((status = 200, description = "Access records", content((serde_json::Value = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn access_to_all(
    State(service): Shared,
    caller: Caller,
    Query(asked): Query<SpanQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Act::Audit)?;
    caller.for_all_accounts()?;
    let read = |field: &str, text: Option<String>| {
        let read = text.map(|text| Zone::UTC.read_time(&text)).transpose();
        read.map_err(|error| Problem::new("unprocessable", format!("{field}: {error}")))
    };
    let (from, to) = (read("from", asked.from)?, read("to", asked.to)?);
    let origin = service.origin.clone();
    let report =
        service.read(move |views| Ok(Reports::new(views, &origin).access(None, from, to)?));
    Ok(as_wanted(&report.await?, &headers))
}

fn kept(ledger: &Ledger) -> Result<&ledger::seal::Seals, Problem> {
    ledger.seals().ok_or_else(|| Problem::new("not_found", "this ledger keeps no seals"))
}

fn sealed(size: u64, note: String, headers: &HeaderMap) -> Response {
    match crate::extract::wants_text(headers) {
        true => note.into_response(),
        false => Json(SealShown { size, note }).into_response(),
    }
}

fn shown(ledger: &Ledger, size: u64, hashes: &[Digest]) -> Result<ProofShown, Problem> {
    let head = ledger.head_at(size).map_err(proving)?;
    let hashes = hashes.iter().map(Digest::to_string).collect();
    Ok(ProofShown { size, root: head.root.to_string(), hashes })
}

fn no_key() -> Problem {
    Problem::new("not_found", "the ledger has no key to seal with; `seatledger key new` makes one")
}

fn sealing(error: SealError) -> Problem {
    match error {
        SealError::NoKey => no_key(),
        error => Problem::new("unexpected", error),
    }
}

fn proving(error: ProveError) -> Problem {
    match error {
        ProveError::TooLong { .. } => Problem::new("unknown_position", error),
        ProveError::Read(error) => error.into(),
    }
}

fn making(error: MakeError) -> Problem {
    match error {
        MakeError::Seal(error) => sealing(error),
        MakeError::Prove(error) => proving(error),
        MakeError::Read(error) => error.into(),
        MakeError::Book(error) => error.into(),
        MakeError::Io(error) => Problem::new("unexpected", error),
        error => Problem::new("unprocessable", error),
    }
}
