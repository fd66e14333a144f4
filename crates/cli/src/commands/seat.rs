//! `logout`, `heartbeat`, `goodbye`, `release`: what happens to a seat that is held.

use crate::args::{Format, Release, SessionArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use admission::{Admission, Answered};
use ledger::{Actor, Kind, Ledger, Role};
use projector::{AsOf, Views};
use seats::{AccountId, Answer, Command, ReleaseReason, SessionId};
use serde_json::json;
use std::path::Path;

/// The vendor's application, played by the command line.
pub(crate) const APP: Actor = Actor { role: Role::App, id: 0 };
/// A support agent at the command line.
const SUPPORT: Actor = Actor { role: Role::Support, id: 0 };

pub(crate) fn logout(data: &Path, session: &SessionArgs, output: Output) -> Result<(), Failure> {
    act(data, session, APP, |session| Command::LogOut { session }, output)
}

pub(crate) fn heartbeat(
    data: &Path,
    session: &SessionArgs,
    idle: bool,
    output: Output,
) -> Result<(), Failure> {
    act(data, session, APP, |session| Command::Heartbeat { session, active: !idle }, output)
}

pub(crate) fn goodbye(data: &Path, session: &SessionArgs, output: Output) -> Result<(), Failure> {
    act(data, session, APP, |session| Command::Goodbye { session }, output)
}

pub(crate) fn release(data: &Path, release: &Release, output: Output) -> Result<(), Failure> {
    let reason = ReleaseReason::from_words(&release.reason).ok_or_else(|| {
        let all: Vec<String> =
            ReleaseReason::all().map(|reason| reason.word().replace(' ', "-")).collect();
        let given = &release.reason;
        Failure::usage(format!("reason: {given:?} is not one of {}", all.join(", ")))
    })?;
    let ledger = place::open(data)?;
    let account = place::account(&ledger, &release.session.account)?;
    let session = session(&ledger, account, &release.session.session)?;
    let asked = admission::Release {
        account,
        session,
        reason,
        note: release.note.clone(),
        forced: release.force,
    };
    let ask = async |admission: &Admission| admission.release(asked, SUPPORT).await;
    let answered = place::admit(ledger, Some(account), ask)?;
    say(&answered, session, output)
}

fn act(
    data: &Path,
    args: &SessionArgs,
    actor: Actor,
    command: impl FnOnce(SessionId) -> Command,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, &args.account)?;
    let session = session(&ledger, account, &args.session)?;
    let command = command(session);
    let submit = async |admission: &Admission| admission.submit(account, command, actor).await;
    let answered = place::admit(ledger, Some(account), submit)?;
    say(&answered, session, output)
}

fn say(answered: &Answered, session: SessionId, output: Output) -> Result<(), Failure> {
    let (seat, state) = match answered.answer {
        Answer::Ended { seat } => (seat, "ended"),
        Answer::Noted { seat, dormant: false } => (seat, "live"),
        Answer::Noted { seat, dormant: true } => (seat, "dormant"),
        Answer::Done | Answer::Login { .. } => return output.done("done"),
    };
    match output.format {
        Format::Json => {
            output.json(&json!({ "session": session.0, "seat": seat.0, "state": state }))
        }
        Format::Table if state == "ended" => output.text(&format!("{seat} free ({session})")),
        Format::Table => output.text(&format!("{seat} {state} ({session})")),
    }
}

/// The session written `session-12`, or that of the user of this name, if the user has one.
///
/// A bare number is a name, never a session: staff numbers are common names, and a log-out must not hit
/// whoever happens to have the session of that number.
fn session(ledger: &Ledger, account: AccountId, text: &str) -> Result<SessionId, Failure> {
    let number = text.trim().strip_prefix("session-").and_then(|number| number.parse().ok());
    if let Some(number) = number {
        return match ledger.book().number_of(account, Kind::User, text)? {
            None => Ok(SessionId(number)),
            Some(user) => Err(Failure::usage(format!(
                "{text:?} is a session and also the name of a user; write user-{user} for the user, or \
                 the name of the session's user"
            ))),
        };
    }
    let user = place::user(ledger, account, text).map_err(|unknown| match text.parse::<u64>() {
        Ok(number) => unknown.hint(&format!("a session is written session-{number}")),
        Err(_) => unknown,
    })?;
    let occupancy = Views::without_snapshots(ledger).as_of(account, AsOf::Now)?;
    let sessions: Vec<SessionId> = occupancy.account.sessions_of(user).map(|s| s.id).collect();
    match sessions.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::refused(format!("{text} is not logged in"))),
        several => Err(Failure::usage(format!(
            "{text} has {} sessions; name one of them: {}",
            several.len(),
            listed(several)
        ))),
    }
}

/// The first few sessions, and how many more there are.
fn listed(sessions: &[SessionId]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = sessions.iter().take(SHOWN).map(SessionId::to_string).collect();
    match sessions.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
