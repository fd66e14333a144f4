//! The desk's pages, filled from the record. That names are shown is on record before they are.

use crate::access::Act;
use crate::api::reports::{Asked, Question, ask};
use crate::desk::visitor::Visitor;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::service::Service;
use admission::Seen;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use desk::{
    AccountsPage, BoardPage, Place, ReasonPage, Show, Sort, StatementPage, TrailPage, UsagePage,
    VerifyPage, WhyPage, account_path,
};
use ledger::Kind;
use ledger::seal::SealError;
use reporting::civil::{Month, read_date};
use reporting::names::Names;
use reporting::{Present, Reports};
use seats::{AccountId, CivilDate, Look, Timestamp, UserId};
use serde::Deserialize;
use std::sync::Arc;

type Shared = State<Arc<Service>>;

/// Accounts that the front page takes in at most; beyond, one searches.
const GLANCED_MAX: usize = 2_000;
/// Accounts of a user that are listed at most.
const WITH_USER_MAX: usize = 20;

#[derive(Deserialize)]
pub(crate) struct AccountsQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    sort: String,
    page: Option<usize>,
}

#[derive(Deserialize)]
pub(crate) struct WhyQuery {
    #[serde(default)]
    user: String,
    #[serde(default)]
    day: String,
}

#[derive(Deserialize)]
pub(crate) struct TrailQuery {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    user: String,
    page: Option<usize>,
}

#[derive(Deserialize)]
pub(crate) struct UsageQuery {
    weeks: Option<u32>,
    #[serde(default)]
    show: String,
}

#[derive(Deserialize)]
pub(crate) struct NextQuery {
    #[serde(default)]
    next: String,
}

/// All accounts at a glance.
pub(crate) async fn accounts(
    State(service): Shared,
    visitor: Visitor,
    Query(asked): Query<AccountsQuery>,
) -> Response {
    let filled = async {
        visitor.caller.may(Act::Look)?;
        let (origin, now) = (service.origin.clone(), service.now());
        let (token, search) = (visitor.caller.token().clone(), asked.search.trim().to_lowercase());
        let user = asked.search.trim().to_owned();
        let glance = service.read(move |views| {
            let book = views.ledger().book();
            let wanted = |account: &AccountId| {
                let name = Names::new(book, *account).account();
                token.covers(&name) && name.to_lowercase().contains(&search)
            };
            let accounts = views.ledger().accounts().into_iter();
            let accounts = accounts.filter(|account| *account != AccountId::SYSTEM);
            let mut wanted = accounts.filter(wanted);
            let accounts: Vec<AccountId> = wanted.by_ref().take(GLANCED_MAX).collect();
            let is_cut = wanted.next().is_some();
            let glance = Reports::new(views, &origin).glance(accounts, now, |_| None)?;
            let with_user = |account: AccountId| {
                let number = book.number_of(account, Kind::User, &user).ok().flatten()?;
                let number = UserId(u32::try_from(number).ok()?);
                Some((account, Names::new(book, account).account(), number))
            };
            let all = views.ledger().accounts().into_iter().filter(|_| !user.is_empty());
            let with_user = all.filter_map(with_user).filter(|(_, name, _)| token.covers(name));
            Ok((glance, is_cut, with_user.take(WITH_USER_MAX).collect()))
        });
        let ((glance, is_cut, with_user), sort) = (glance.await?, Sort::from_word(&asked.sort));
        let page = asked.page.unwrap_or(1);
        let search = asked.search.clone();
        Ok(AccountsPage { glance, is_cut, search, with_user, sort, page })
    };
    match filled.await {
        Ok(page) => Html(page.page(&visitor.frame(&service, None))).into_response(),
        Err(problem) => visitor.failed(&service, &problem),
    }
}

/// An account's board.
pub(crate) async fn board(
    State(service): Shared,
    visitor: Visitor,
    Path(account): Path<String>,
) -> Response {
    let may_release = visitor.caller.may(Act::Release).is_ok();
    let filled = fill(&service, &visitor, &account, Look::Who, move |question, place| {
        let liveness = Some(&question.liveness);
        let board = question.reports.board(question.account, question.now, liveness)?;
        Ok((BoardPage { place, board, may_release }, None))
    });
    match filled.await {
        Ok(page) => {
            let live = format!("{}/events", account_path(page.place.account));
            Html(page.page(&visitor.frame(&service, Some(live)))).into_response()
        }
        Err(problem) => visitor.failed(&service, &problem),
    }
}

/// Why a user was refused, and the day.
pub(crate) async fn why(
    State(service): Shared,
    visitor: Visitor,
    Path(account): Path<String>,
    Query(asked): Query<WhyQuery>,
) -> Response {
    let filled = fill(&service, &visitor, &account, Look::Why, move |question, place| {
        let user = question.user(Some(asked.user.trim()).filter(|user| !user.is_empty()))?;
        let day = match asked.day.trim() {
            "" => None,
            day => Some(
                read_date(day)
                    .map_err(|error| Problem::new("unprocessable", format!("day: {error}")))?,
            ),
        };
        let until = day.map(|day| question.zone.first_instant(CivilDate(day.0.saturating_add(1))));
        let until = until.flatten().map(|end| Timestamp(end.0.saturating_sub(1)).min(question.now));
        let present = Present { at: question.now, liveness: Some(&question.liveness) };
        let told = |user| question.reports.why(question.account, user, until, present);
        let why = user.map(told).transpose()?;
        // The day of the refusal, unless another was asked for.
        let refused = why.as_ref().and_then(|why| why.refusal.as_ref());
        let shown = refused.map_or(question.now, |refusal| refusal.at.0);
        let day = day.unwrap_or_else(|| question.zone.date_of(shown));
        let liveness = Some(&question.liveness);
        let day = question.reports.day(question.account, day, question.now, liveness)?;
        Ok((WhyPage { place, why, day }, user))
    });
    shown(&service, &visitor, filled.await, WhyPage::page)
}

/// The trail, page by page.
pub(crate) async fn trail(
    State(service): Shared,
    visitor: Visitor,
    Path(account): Path<String>,
    Query(asked): Query<TrailQuery>,
) -> Response {
    let filled = fill(&service, &visitor, &account, Look::Trail, move |question, place| {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (from, to, user) = (given(&asked.from), given(&asked.to), given(&asked.user));
        let user = question.user(user.as_deref())?;
        let (begin, end) = question.range(from.as_deref(), to.as_deref())?;
        let page = asked.page.unwrap_or(1);
        let reports = &question.reports;
        let trail = reports.paged_trail(question.account, user, begin, Some(end), page)?;
        Ok((TrailPage { place, trail, from: asked.from, to: asked.to }, user))
    });
    shown(&service, &visitor, filled.await, TrailPage::page)
}

/// What an account uses of what it bought.
pub(crate) async fn usage(
    State(service): Shared,
    visitor: Visitor,
    Path(account): Path<String>,
    Query(asked): Query<UsageQuery>,
) -> Response {
    let weeks = asked.weeks.unwrap_or(4).clamp(1, 52);
    let filled = fill(&service, &visitor, &account, Look::Who, move |question, place| {
        let today = question.zone.date_of(question.now);
        let first = CivilDate(today.0.saturating_sub(i32::try_from(weeks).unwrap_or(4) * 7 - 1));
        let liveness = Some(&question.liveness);
        let heat =
            question.reports.heat(question.account, (first, today), question.now, liveness)?;
        let (from, to) = (Some(heat.from.0), Some(heat.to.0));
        let usage = question.reports.usage(question.account, from, to, None, liveness)?;
        Ok((UsagePage { place, usage, heat, weeks, show: Show::from_word(&asked.show) }, None))
    });
    shown(&service, &visitor, filled.await, UsagePage::page)
}

/// The statement of a month.
pub(crate) async fn statement(
    State(service): Shared,
    visitor: Visitor,
    Path((account, month)): Path<(String, String)>,
) -> Response {
    let filled = async {
        visitor.caller.may(Act::Statements)?;
        let month = Month::read(&month);
        let month = month.map_err(|error| Problem::new("unprocessable", error))?;
        fill(&service, &visitor, &account, Look::Who, move |question, place| {
            let end = month.days(question.zone).map_or(question.now, |(_, end)| end);
            let until = question.now.min(end);
            let statement = question.reports.statement(question.account, month, until)?;
            let adjusts = statement.lines.iter().any(|line| line.adjusts.is_some());
            let explained =
                adjusts.then(|| question.reports.explain(question.account, month, None, until));
            let explained = explained.transpose()?;
            Ok((StatementPage { place, statement, explained }, None))
        })
        .await
    };
    shown(&service, &visitor, filled.await, StatementPage::page)
}

/// The current seal, and what to do with it.
pub(crate) async fn verify(State(service): Shared, visitor: Visitor) -> Response {
    let origin = service.origin.clone();
    let filled = service.read(move |views| {
        let ledger = views.ledger();
        let sealing = |error: SealError| Problem::new("unexpected", error);
        let (mut note, mut size, mut key, mut signed_by) = (String::new(), 0, None, Vec::new());
        if let Some(seals) = ledger.seals() {
            key = seals.key().map_err(sealing)?.map(|key| key.verifier().to_string());
            size = seals.sizes().map_err(sealing)?.pop().unwrap_or(0);
            if let Some(kept) = seals.kept(size).map_err(sealing)? {
                signed_by = kept.signatures().iter().map(|s| s.name().to_owned()).collect();
                note = kept.to_string();
            }
        }
        let commits = ledger.head().size;
        let root = ledger.head_at(size).map(|head| head.root.to_string());
        let root = root.map_err(|error| Problem::new("unexpected", error))?;
        let key = key.filter(|_| !note.is_empty());
        Ok(VerifyPage { origin, size, root, note, key, signed_by, commits })
    });
    shown(&service, &visitor, filled.await, VerifyPage::page)
}

/// The form in which somebody says why.
pub(crate) async fn reason(
    State(service): Shared,
    visitor: Visitor,
    Query(asked): Query<NextQuery>,
) -> Response {
    let account = super::forms::account_of(&service, &visitor, &asked.next);
    let page = account.map(|account| {
        let account = service.name_of(account);
        ReasonPage { account, next: asked.next }
    });
    shown(&service, &visitor, page, ReasonPage::page)
}

/// Fills a page of an account, and puts on record that its names are shown.
async fn fill<P: Send + 'static>(
    service: &Arc<Service>,
    visitor: &Visitor,
    account: &str,
    look: Look,
    page: impl FnOnce(&Question<'_>, Place) -> Result<(P, Option<UserId>), Problem> + Send + 'static,
) -> Result<P, Problem> {
    let account = visitor.caller.account(service, account, Act::Look)?;
    let (page, user) = ask(service, Asked { account, named: true }, move |question| {
        let names = Names::new(question.reports.views().ledger().book(), account);
        page(question, Place { account, name: names.account(), zone: question.zone })
    })
    .await?;
    let reason = visitor.sign_in.reason(account);
    let seen = Seen { account, look, user, reason };
    let (actor, now) = (visitor.caller.actor(), service.now());
    service.looked_at.record(&service.admission, seen, actor, now).await?;
    Ok(page)
}

fn shown<P>(
    service: &Service,
    visitor: &Visitor,
    filled: Result<P, Problem>,
    page: impl FnOnce(&P, &desk::Frame) -> String,
) -> Response {
    match filled {
        Ok(filled) => Html(page(&filled, &visitor.frame(service, None))).into_response(),
        Err(problem) => visitor.failed(service, &problem),
    }
}
