//! `who`, `why`, `trail`, `usage`, `statement`: questions to the record.

use crate::args::{Format, Naming, Preview, Range};
use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use admission::{Admission, ManualClock, Seen, SystemClock};
use ledger::{Ledger, Role};
use projector::{ProjectError, Projector, Views};
use reporting::civil::{Month, Zone};
use reporting::{Present, Report, ReportError, Reports, Supposed};
use seats::{AccountId, Liveness, Look, Timestamp, UserId};
use std::path::Path;

pub(crate) fn who(
    data: &Path,
    account: &str,
    at: Option<&str>,
    shown: Shown<'_>,
    output: Output,
) -> Result<(), Failure> {
    let report = look(data, account, Look::Who, shown, |question| {
        let at = question.instant("at", at)?.unwrap_or(question.now);
        let liveness = question.liveness()?;
        Ok((question.reports.who(question.account, at, Some(&liveness))?, None))
    })?;
    print(&report, output)
}

pub(crate) fn why(
    data: &Path,
    account: &str,
    user: &str,
    at: Option<&str>,
    shown: Shown<'_>,
    output: Output,
) -> Result<(), Failure> {
    let report = look(data, account, Look::Why, shown, |question| {
        let at = question.instant("at", at)?;
        let user = question.reports.user(question.account, user)?;
        let liveness = question.liveness()?;
        let present = Present { at: question.now, liveness: Some(&liveness) };
        Ok((question.reports.why(question.account, user, at, present)?, Some(user)))
    })?;
    print(&report, output)
}

pub(crate) fn trail(
    data: &Path,
    account: &str,
    user: Option<&str>,
    range: &Range,
    shown: Shown<'_>,
    output: Output,
) -> Result<(), Failure> {
    let report = look(data, account, Look::Trail, shown, |question| {
        let user = user.map(|user| question.reports.user(question.account, user)).transpose()?;
        let (from, to) = question.range(range)?;
        Ok((question.reports.trail(question.account, user, from, to)?, user))
    })?;
    print(&report, output)
}

pub(crate) fn usage(
    data: &Path,
    account: &str,
    range: &Range,
    output: Output,
) -> Result<(), Failure> {
    ask(data, account, output, |question| {
        let (from, to) = question.range(range)?;
        // Sessions that are still open are used up to now, whenever something was recorded last.
        let to = to.unwrap_or(question.end);
        let liveness = question.liveness()?;
        let account = question.account;
        Ok(question.reports.usage(account, from, Some(to), None, Some(&liveness))?)
    })
}

pub(crate) fn statement(
    data: &Path,
    account: &str,
    month: &str,
    output: Output,
) -> Result<(), Failure> {
    let month = Month::read(month).map_err(Failure::usage)?;
    ask(data, account, output, |question| {
        // The log knows nothing of the days since its last commit; the clock does.
        Ok(question.reports.statement(question.account, month, question.now)?)
    })
}

/// What a month is coming to, and what a change would cost.
pub(crate) fn preview(data: &Path, asked: &Preview, output: Output) -> Result<(), Failure> {
    ask(data, &asked.account, output, |question| {
        let Preview { add, remove, licences, from, .. } = asked;
        let (add, remove, licences, from) = (*add, *remove, *licences, from.clone());
        let asked = Supposed { add, remove, licences, from };
        let change = question.reports.what_if(question.account, &asked, question.now)?;
        Ok(question.reports.preview(question.account, question.now, change)?)
    })
}

/// What a question is asked of.
pub(crate) struct Question<'a> {
    ledger: &'a Ledger,
    pub(crate) reports: Reports<'a>,
    pub(crate) account: AccountId,
    zone: Zone,
    /// What *now* means: the clock, or the account's last commit if the clock has gone back behind it.
    now: Timestamp,
    /// The first instant after everything that is known.
    end: Timestamp,
}

impl Question<'_> {
    fn liveness(&self) -> Result<Liveness, Failure> {
        Ok(admission::saved_signs(self.ledger, self.account)?)
    }

    /// An instant that has come. Nobody knows what will be recorded after it.
    fn instant(&self, field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Failure> {
        let read = text.map(|text| self.zone.read_time(text));
        match read.transpose().map_err(Failure::usage)? {
            Some(at) if at > self.now => Err(Failure::usage(format!(
                "{field}: {} has not come yet; it is {}",
                self.zone.show(at),
                self.zone.show(self.now)
            ))),
            at => Ok(at),
        }
    }

    /// A range; what has not come yet is left out of it, and said to be.
    fn range(&self, range: &Range) -> Result<(Option<Timestamp>, Option<Timestamp>), Failure> {
        let from = self.instant("from", range.from.as_deref())?;
        let to = range.to.as_ref().map(|text| self.zone.read_time(text));
        let to = to.transpose().map_err(Failure::usage)?;
        if let Some(to) = to.filter(|to| *to > self.end) {
            output::talk(&format!(
                "to: {} has not come yet; the report ends now, {}",
                self.zone.show(to),
                self.zone.show(self.now)
            ));
        }
        Ok((from, to.map(|to| to.min(self.end))))
    }
}

/// How a report with names is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) naming: Naming,
}

/// Opens the ledger, asks and prints.
fn ask<R: Report>(
    data: &Path,
    account: &str,
    output: Output,
    question: impl FnOnce(&Question<'_>) -> Result<R, Failure>,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let report = answer(&ledger, &caught_up_views(&ledger), account, true, question)?;
    print(&report.1, output)
}

/// Opens the ledger and asks for something with names, which is given back once it is on record that somebody
/// looks: at one user, if the question says so.
pub(crate) fn look<R>(
    data: &Path,
    account: &str,
    kind: Look,
    shown: Shown<'_>,
    question: impl FnOnce(&Question<'_>) -> Result<(R, Option<UserId>), Failure>,
) -> Result<R, Failure> {
    let ledger = place::open(data)?;
    let (views, named) = (caught_up_views(&ledger), !shown.naming.no_names);
    let (account, (report, user)) = answer(&ledger, &views, account, named, question)?;
    if named {
        record_looks(&ledger, views, &[account], kind, user, shown.caller)?;
    }
    Ok(report)
}

/// Puts on record that somebody is about to be shown the names of these accounts.
pub(crate) fn record_looks(
    ledger: &Ledger,
    views: Views,
    accounts: &[AccountId],
    look: Look,
    user: Option<UserId>,
    caller: &Caller,
) -> Result<(), Failure> {
    let (actor, only) = (caller.actor(Role::Support), accounts.first().copied());
    let work = async |admission: &Admission| {
        for account in accounts.iter().copied() {
            let reason = caller.reason.clone();
            admission.record_look(Seen { account, look, user, reason }, actor).await?;
        }
        Ok(())
    };
    let recorded = match caller.clock {
        Some(at) => place::admit_at(ledger.clone(), only, Some(views), ManualClock::new(at), work),
        None => place::admit_at(ledger.clone(), only, Some(views), SystemClock, work),
    };
    recorded.map_err(|failure| {
        failure.hint("--no-names shows numbers instead of names, and leaves no record")
    })
}

/// Asks a question about an account.
fn answer<T>(
    ledger: &Ledger,
    views: &Views,
    account: &str,
    named: bool,
    question: impl FnOnce(&Question<'_>) -> Result<T, Failure>,
) -> Result<(AccountId, T), Failure> {
    let origin = origin(ledger)?;
    let reports = Reports::new(views, &origin);
    let reports = if named { reports } else { reports.without_names() };
    let account = reports.account(account)?;
    let zone = reports.zone(account)?;
    let last_at = reports.last_at(account)?;
    let now = place::now().max(last_at);
    let end = now.max(Timestamp(last_at.0.saturating_add(1)));
    let answer = question(&Question { ledger, reports, account, zone, now, end })?;
    Ok((account, answer))
}

pub(crate) fn print(report: &impl Report, output: Output) -> Result<(), Failure> {
    match output.format {
        Format::Json => output.text(&report.json()),
        Format::Table => output.text(&report.text()),
    }
}

/// How many commits are read before what was learnt of them is saved.
const BATCH: u64 = 1 << 16;

/// The views through saved snapshots, brought up to date first; without these if they cannot be had.
pub(crate) fn caught_up_views(ledger: &Ledger) -> Views {
    views(ledger, false)
}

/// The same for whoever looks at all accounts: each is saved as it is now first, so that it is found at once.
pub(crate) fn views_of_all(ledger: &Ledger) -> Views {
    views(ledger, true)
}

fn views(ledger: &Ledger, of_all: bool) -> Views {
    match caught_up(ledger, of_all) {
        None => Views::without_snapshots(ledger),
        Some(Ok(views)) => views,
        Some(Err(error)) => {
            output::talk(&format!("views: {error}; reading the log instead"));
            Views::without_snapshots(ledger)
        }
    }
}

fn caught_up(ledger: &Ledger, of_all: bool) -> Option<Result<Views, ProjectError>> {
    let mut projector = match Projector::open(ledger)? {
        Ok(projector) => projector,
        Err(error) => return Some(Err(error)),
    };
    let size = ledger.head().size;
    let bar = output::progress("views", size);
    loop {
        match projector.catch_up(BATCH) {
            Ok(0) => break,
            Ok(left) => bar.set_position(size.saturating_sub(left)),
            Err(error) => return Some(Err(error)),
        }
    }
    bar.finish_and_clear();
    if of_all {
        let bar = output::progress("accounts", ledger.accounts().len() as u64);
        if let Err(error) = projector.save_heads(|done| bar.inc(done)) {
            return Some(Err(error));
        }
        bar.finish_and_clear();
    }
    Some(Ok(projector.views()))
}

/// What names this ledger in every report.
pub(crate) fn origin(ledger: &Ledger) -> Result<String, Failure> {
    reporting::origin(ledger).map_err(|error| Failure::new(Kind::Damaged, error))
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        let kind = match &error {
            ReportError::Read(_) | ReportError::Book(_) | ReportError::MissingStatement { .. } => {
                Kind::Damaged
            }
            ReportError::Backwards { .. }
            | ReportError::TooManyMonths { .. }
            | ReportError::BadChange { .. }
            | ReportError::Civil(_) => Kind::Usage,
            _ => Kind::Refused,
        };
        Failure::new(kind, error)
    }
}
