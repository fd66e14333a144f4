//! `demo`: a clinic's month through the real admission path on a real ledger, then the questions that
//! support, finance and the auditor ask, answered by the same commands that anybody can run afterwards.

mod month;
mod play;
mod stage;

use crate::args::{Format, Naming, Range};
use crate::caller::Caller;
use crate::commands::reports::Shown;
use crate::commands::{reports, verify};
use crate::failure::Failure;
use crate::output::{self, Output};
use admission::{Admission, ManualClock, NewAccount};
use chrono::{Datelike, NaiveDate, TimeZone};
use chrono_tz::Europe::London;
use ledger::{Actor, Ledger, Options, Role};
use play::{Play, Played};
use seats::{CivilDate, Effective, Reclaim, Setting, Timestamp};
use serde_json::json;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// The clinic.
pub(crate) const ACCOUNT: &str = "harley-street";
/// The month that is played if nobody chooses.
pub(crate) const SEED: u64 = 2026;
/// When Carol rings.
const MORNING: &str = "2026-04-15T09:00";
const PLAN: &str = include_str!("../../../../../fixtures/plans/standard-2026.toml");

pub(crate) fn run(data: Option<&Path>, seed: u64, output: Output) -> Result<(), Failure> {
    let dir = stage::clean(data)?;
    output::talk(&format!(
        "Playing {} at a London clinic with three licences and eight people, into {}",
        month::MONTH,
        dir.display()
    ));
    let played = fill(&dir, seed)?;
    output::talk(&format!(
        "{} logins, {} of them refused, each on disk before it was answered; {} heartbeats\n",
        played.logins, played.denials, played.heartbeats
    ));
    match output.format {
        Format::Table => QUESTIONS.iter().try_for_each(|question| {
            output.text(&format!(
                "\n{}: {}\n$ seatledger --data {} {}\n",
                question.who,
                question.asks,
                dir.display(),
                question.command
            ))?;
            (question.answer)(&dir, output)
        }),
        Format::Json => {
            let answers = RefCell::new(Vec::new());
            let gather = Output { format: Format::Json, part_of: Some(&answers) };
            QUESTIONS.iter().try_for_each(|question| (question.answer)(&dir, gather))?;
            let answers = QUESTIONS.iter().zip(answers.take()).map(|(question, answer)| {
                json!({
                    "who": question.who, "asks": question.asks, "command": question.command,
                    "answer": answer,
                })
            });
            output.json(&json!({
                "data": dir.display().to_string(), "month": month::MONTH, "seed": seed,
                "logins": played.logins, "denials": played.denials,
                "heartbeats": played.heartbeats, "questions": answers.collect::<Vec<_>>(),
            }))
        }
    }
}

/// Plays the month for somebody who goes on from there; where it is.
pub(crate) fn stage(data: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = stage::clean(data)?;
    fill(&dir, SEED)?;
    Ok(dir)
}

fn fill(dir: &Path, seed: u64) -> Result<Played, Failure> {
    let ledger = Ledger::create(dir, &Options::default())?;
    stage::mark(dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::unexpected(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let opened = instant(2026, 3, 2, 9);
        let clock = ManualClock::new(opened);
        let options = admission::Options { service: false, ..admission::Options::default() };
        let admission = Admission::start(ledger, options, clock.clone())?;
        let mut account = NewAccount::new(ACCOUNT, "Europe/London", 3);
        account.settings = vec![Setting::Reclaim(Reclaim::Never)];
        account.plan = Some(PLAN.to_owned());
        let account = admission.open_account(account, ADMIN).await?.account;

        let (first, last) = (month::london(1, 0, 0), month::london(30, 23, 59));
        let bar = output::progress("April 2026", last.since(first).secs());
        let play = Play::new(&admission, &clock, account, seed);
        let played = play.play(|at| bar.set_position(at.since(first).secs())).await?;
        bar.finish_and_clear();

        clock.advance_to(instant(2026, 5, 1, 9));
        admission.sweep().await?;
        let stopped = admission.stop().await;
        stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))?;
        Ok(played)
    })
}

/// The administrator of the service.
const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };

/// What people ask, with the command that answers it.
struct Question {
    who: &'static str,
    asks: &'static str,
    command: &'static str,
    answer: fn(&Path, Output<'_>) -> Result<(), Failure>,
}

const QUESTIONS: &[Question] = &[
    Question {
        who: "Support",
        asks: "Wednesday the 15th, nine o'clock. Carol rings: she cannot log in. Who holds the seats?",
        command: "who harley-street --at 2026-04-15T09:00",
        answer: |dir, output| reports::who(dir, ACCOUNT, Some(MORNING), shown(&asking()), output),
    },
    Question {
        who: "Support",
        asks: "Why was she refused?",
        command: "why harley-street carol --at 2026-04-15T09:00",
        answer: |dir, output| {
            reports::why(dir, ACCOUNT, "carol", Some(MORNING), shown(&asking()), output)
        },
    },
    Question {
        who: "Support",
        asks: "What happened, exactly?",
        command: "trail harley-street --from 2026-04-14T17:00 --to 2026-04-15T10:00",
        answer: |dir, output| {
            let range = range("2026-04-14T17:00", "2026-04-15T10:00");
            reports::trail(dir, ACCOUNT, None, &range, shown(&asking()), output)
        },
    },
    Question {
        who: "The practice",
        asks: "Did we need the fourth licence?",
        command: "usage harley-street --from 2026-04-01 --to 2026-05-01",
        answer: |dir, output| {
            reports::usage(dir, ACCOUNT, &range("2026-04-01", "2026-05-01"), output)
        },
    },
    Question {
        who: "Finance",
        asks: "What does April cost?",
        command: "statement harley-street --month 2026-04",
        answer: |dir, output| reports::statement(dir, ACCOUNT, month::MONTH, output),
    },
    Question {
        who: "The auditor",
        asks: "Has anything been altered?",
        command: "verify",
        answer: verify::everything,
    },
];

/// Who asks in the demo: support, at the instant at which the play ends, so that the same seed gives the same
/// ledger with the looks that are recorded in it.
fn asking() -> Caller {
    Caller { clock: Some(instant(2026, 5, 1, 9)), ..Caller::default() }
}

fn shown(caller: &Caller) -> Shown<'_> {
    Shown { caller, naming: Naming::default() }
}

fn range(from: &str, to: &str) -> Range {
    Range { from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

/// From the start of a day in April.
fn from_day(day: u32) -> Effective {
    let date = NaiveDate::from_ymd_opt(2026, 4, day).unwrap_or_default();
    let since_1970 = date.num_days_from_ce() - NaiveDate::default().num_days_from_ce();
    Effective { instant: month::london(day, 0, 0), date: Some(CivilDate(since_1970)) }
}

/// A full hour in London.
fn instant(year: i32, month: u32, day: u32, hour: u32) -> Timestamp {
    let time = London.with_ymd_and_hms(year, month, day, hour, 0, 0).earliest();
    let micros = time.and_then(|time| u64::try_from(time.timestamp_micros()).ok());
    Timestamp(micros.unwrap_or_default())
}
