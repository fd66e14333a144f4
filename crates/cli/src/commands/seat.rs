//! `login`, `logout`, `heartbeat`, `goodbye`, `release`: what happens to a seat.

use crate::args::{Format, Login, Release, SessionArgs};
use crate::failure::{self, Failure};
use crate::output::{self, Output};
use crate::place;
use admission::{Answered, Holder, LoginRequest};
use ledger::{Actor, Kind, Ledger, Role};
use projector::{AsOf, Views};
use reporting::civil::Zone;
use reporting::names::Names;
use seats::notation::denial;
use seats::{AccountId, Answer, Command, Outcome, ReleaseReason, RequestId, SessionId};
use serde_json::{Value, json};
use std::path::Path;

/// The vendor's application, played by the command line.
const APP: Actor = Actor { role: Role::App, id: 0 };
/// A support agent at the command line.
const SUPPORT: Actor = Actor { role: Role::Support, id: 0 };

pub(crate) fn login(data: &Path, login: Login, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, &login.account)?;
    let request = match &login.request {
        Some(text) => admission::request_id(text).map_err(Failure::usage)?,
        None => RequestId(*uuid::Uuid::new_v4().as_bytes()),
    };
    let asked = LoginRequest {
        account,
        user: login.user.as_str().into(),
        site: login.site.as_deref().map(Into::into),
        device: login.device.clone(),
        request,
    };
    let before = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    let zone = place::zone(before.zone())?;
    let limit = before.licences().at(place::now()).saturating_add(before.policy().overdraft);
    let book = ledger.clone();
    let names = Names::new(book.book(), account);
    let answered =
        place::admit(ledger, async |admission| Ok(admission.log_in(asked, APP).await?))?;
    let Answer::Login { outcome, again, at, .. } = answered.answer else {
        return Err(Failure::unexpected("a login was answered with something else"));
    };
    if again {
        let at = zone.show(at);
        output::talk(&format!("this request was answered before, at {at}; this is that answer"));
    }
    match outcome {
        Outcome::Granted { session, seat, overdraft } => match output.format {
            Format::Json => output.json(&json!({
                "granted": true, "seat": seat.0, "session": session.0, "overdraft": overdraft,
                "request": request.to_string(), "position": answered.position.map(|p| p.0),
            })),
            Format::Table => {
                let overdraft = if overdraft { ", as overdraft" } else { "" };
                output.text(&format!("{seat} ({session}{overdraft})"))
            }
        },
        Outcome::Denied { reason, held, dormant } => {
            let why = denial(reason, held, dormant, Some(limit));
            let holders = holders(&answered, &names, zone);
            match output.format {
                Format::Json => output.json(&json!({
                    "granted": false, "reason": why, "held": held, "dormant": dormant,
                    "holders": holders, "request": request.to_string(),
                    "position": answered.position.map(|p| p.0),
                }))?,
                Format::Table => {
                    output.text(&format!("denied: {why}"))?;
                    if !holders.is_empty() {
                        let columns = ["seat", "user", "since", "last_seen", "state"];
                        output.table(output::table(&columns, &holders))?;
                    }
                }
            }
            Err(Failure::new(failure::Kind::Denied, ""))
        }
        Outcome::Waiting => output.done("waiting for a seat"),
    }
}

fn holders(answered: &Answered, names: &Names<'_>, zone: Zone) -> Vec<Value> {
    let holder = |holder: &Holder| {
        json!({
            "seat": holder.seat.0,
            "user": names.shown(holder.user),
            "session": holder.session.0,
            "since": zone.show(holder.since),
            "last_seen": zone.show(holder.last_seen),
            "state": if holder.dormant.is_some() { "dormant" } else { "live" },
        })
    };
    answered.holders.iter().flat_map(|holders| holders.iter()).map(holder).collect()
}

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
    let answered =
        place::admit(ledger, async |admission| Ok(admission.release(asked, SUPPORT).await?))?;
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
    let answered = place::admit(ledger, async |admission| {
        Ok(admission.submit(account, command, actor).await?)
    })?;
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
