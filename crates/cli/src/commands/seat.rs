//! `logout`, `heartbeat`, `goodbye`, `release`: what happens to a seat that is held.

use crate::args::{Consent, Format, Release, SessionArgs};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use admission::{Admission, Answered, Request};
use ledger::{Kind, Ledger, Role};
use projector::{AsOf, Views};
use seats::{AccountId, Answer, Command, ReleaseReason, SessionId};
use serde_json::json;
use std::path::Path;

pub(crate) fn logout(
    data: &Path,
    session: &SessionArgs,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    act(data, session, caller, |session| Command::LogOut { session }, output)
}

pub(crate) fn heartbeat(
    data: &Path,
    session: &SessionArgs,
    idle: bool,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    act(data, session, caller, |session| Command::Heartbeat { session, active: !idle }, output)
}

pub(crate) fn goodbye(
    data: &Path,
    session: &SessionArgs,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    act(data, session, caller, |session| Command::Goodbye { session }, output)
}

/// Answers for a holder who is asked for the seat.
pub(crate) fn answer(
    data: &Path,
    args: &SessionArgs,
    answer: Consent,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, &args.account)?;
    let session = session(&ledger, account, &args.session)?;
    let now = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    let seat = now.session(session).map(|held| held.seat);
    let asked = seat.and_then(|seat| now.asked_for(seat)).map(|asked| asked.id);
    let Some(handover) = asked else {
        return Err(Failure::refused(format!("nobody asks for the seat of {session}")));
    };
    let consent = answer == Consent::Consent;
    let command = Command::AnswerHandOver { session, handover, consent };
    let request = Request::Command { account, command };
    let answered = place::ask(ledger, account, request, caller, Role::App)?;
    match (&answered.answer, output.format) {
        (Answer::Ended { seat }, Format::Table) => {
            output.text(&format!("{seat} handed over ({session})"))
        }
        _ => say(&answered, session, output),
    }
}

pub(crate) fn release(
    data: &Path,
    release: &Release,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let all: Vec<String> =
        ReleaseReason::all().map(|reason| reason.word().replace(' ', "-")).collect();
    let given = caller.reason.as_deref().ok_or_else(|| {
        Failure::usage(format!("reason: say why, --reason with one of {}", all.join(", ")))
    })?;
    let reason = ReleaseReason::from_words(given).ok_or_else(|| {
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
    // The word is in the event, the note beside it: there is nothing more to say.
    let actor = caller.actor(Role::Support);
    let ask = async |admission: &Admission| admission.release(asked, actor).await;
    let answered = place::admit(ledger, Some(account), ask).map_err(|failure| {
        let unsaid = release.note.is_none() && failure.what().contains("a reason is needed");
        if unsaid { failure.hint("for a release the words are its --note") } else { failure }
    })?;
    say(&answered, session, output)
}

fn act(
    data: &Path,
    args: &SessionArgs,
    caller: &Caller,
    command: impl FnOnce(SessionId) -> Command,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, &args.account)?;
    let session = session(&ledger, account, &args.session)?;
    let request = Request::Command { account, command: command(session) };
    let answered = place::ask(ledger, account, request, caller, Role::App)?;
    say(&answered, session, output)
}

fn say(answered: &Answered, session: SessionId, output: Output) -> Result<(), Failure> {
    let (seat, state) = match answered.answer {
        Answer::Ended { seat } => (seat, "ended"),
        Answer::Noted { seat, dormant: false, .. } => (seat, "live"),
        Answer::Noted { seat, dormant: true, .. } => (seat, "dormant"),
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
