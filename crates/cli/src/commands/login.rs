//! `login`: ask for a seat; what was answered, and who holds the seats if it was no.

use crate::args::{Format, Login};
use crate::caller::Caller;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use admission::{Answered, Holder, LoginRequest, Request};
use ledger::{Ledger, Role};
use projector::{AsOf, Views};
use reporting::At;
use reporting::civil::Zone;
use reporting::names::Names;
use reporting::usage::word;
use reporting::who::{SeatRow, SeatState, seats};
use seats::answer::Present;
use seats::notation::{Notation, denial};
use seats::{
    Account, AccountId, Answer, DenialReason, Naming, Outcome, RequestId, SeatNo, Timestamp,
};
use serde_json::{Value, json};
use std::path::Path;

/// `asks`: for a seat, or for that of this number, whose holder is asked if none is free.
pub(crate) fn run(
    data: &Path,
    login: Login,
    asks: Option<Option<u32>>,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
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
    let asked = match asks {
        None => Request::LogIn(asked),
        Some(seat) => Request::AskHandOver { login: asked, seat: seat.map(SeatNo) },
    };
    let answered = place::ask(ledger.clone(), account, asked, caller, Role::App);
    let answered = answered.map_err(|failure| {
        // Whatever became of it, asking again with this id is safe.
        let again =
            format!("`--request {request}` asks this very thing again, without a second seat");
        if failure.is_unexpected() { failure.hint(&again) } else { failure }
    })?;
    let Answer::Login { outcome, again, at, present } = answered.answer else {
        return Err(Failure::unexpected("a login was answered with something else"));
    };
    let names = Names::new(ledger.book(), account);
    let told = Told { ledger: &ledger, account, before: &before, names, zone, at, again };
    let json = json!({
        "granted": matches!(outcome, Outcome::Granted { .. }), "again": again, "answered_at": At(at),
        "request": request.to_string(), "position": answered.position.map(|p| p.0),
    });
    match outcome {
        Outcome::Granted { session, seat, overdraft } => match output.format {
            Format::Json => output.json(&joined(
                json,
                json!({
                    "seat": seat.0, "session": session.0, "overdraft": overdraft,
                    "present": told.present(present),
                }),
            )),
            Format::Table => {
                let overdraft = if overdraft { ", overdraft" } else { "" };
                let since = told.since(present);
                output.text(&format!("{seat} ({session}{overdraft}){since}"))
            }
        },
        Outcome::Denied { reason, held, dormant } => {
            let limit = before.limit(at.max(before.last_at()));
            let why = denial(reason, held, dormant, Some(limit));
            let rows = told.holders(&answered, reason)?;
            match output.format {
                Format::Json => {
                    let rows: Vec<Value> =
                        rows.iter().map(|row| told.row(row, &answered)).collect();
                    let denied = json!({
                        "reason": word(reason), "explanation": why, "held": held,
                        "dormant": dormant, "holders": rows,
                    });
                    output.json(&joined(json, denied))?;
                }
                Format::Table => {
                    output.text(&format!("denied: {why}{}", told.since(None)))?;
                    let rows: Vec<Value> =
                        rows.iter().map(|row| told.cells(row, &answered)).collect();
                    if !rows.is_empty() {
                        let columns = ["seat", "user", "since", "last_seen", "state"];
                        output.table(output::table(&columns, &rows))?;
                    }
                }
            }
            Err(Failure::new(Kind::Denied, ""))
        }
        Outcome::Waiting { place } => {
            let now = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
            let asking = answered.user.and_then(|user| now.asking(user));
            match output.format {
                Format::Json => {
                    let asking = asking.map(|asking| json!({
                        "handover": asking.id.0, "seat": asking.seat.0, "until": At(asking.until),
                        "of": told.names.to_refused(asking.holder, now.policy().names),
                    }));
                    let waiting = json!({ "waiting": true, "place": place, "hand_over": asking });
                    output.json(&joined(json, waiting))?;
                }
                Format::Table => {
                    let asking = asking.map_or_else(String::new, |asking| {
                        let of = told.names.to_refused(asking.holder, now.policy().names);
                        let (of, until) =
                            (of.unwrap_or("its holder".to_owned()), zone.show(asking.until));
                        format!(
                            "{of} is asked for {} and has until {until} to answer; ",
                            asking.seat
                        )
                    });
                    output.text(&format!(
                        "{asking}in line, place {place}; `login --request {request}` asks again, which keeps \
                         the place and takes the seat when one is free"
                    ))?;
                }
            }
            Err(Failure::new(Kind::Denied, ""))
        }
        Outcome::Lapsed | Outcome::Left(_) => {
            let why = match outcome {
                Outcome::Left(how) => how.word(),
                _ => "did not take the offered seat in time",
            };
            match output.format {
                Format::Json => {
                    output.json(&joined(json, json!({ "waiting": false, "left": why })))?;
                }
                Format::Table => {
                    output.text(&format!("left the line: {why}{}", told.since(None)))?;
                }
            }
            Err(Failure::new(Kind::Denied, ""))
        }
    }
}

/// One JSON object of two.
fn joined(mut json: Value, more: Value) -> Value {
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}

/// What an answer is told with.
struct Told<'a> {
    ledger: &'a Ledger,
    account: AccountId,
    before: &'a Account,
    names: Names<'a>,
    zone: Zone,
    /// When it was answered, the first time.
    at: Timestamp,
    /// Whether that was before.
    again: bool,
}

impl Told<'_> {
    /// What the session of a granted login is now.
    fn present(&self, present: Option<Present>) -> Value {
        match present {
            None | Some(Present::Live) => json!({ "state": "live" }),
            Some(Present::Dormant) => json!({ "state": "dormant" }),
            Some(Present::Ended(ending)) => json!({
                "state": "ended",
                "ended_at": ending.map(|ending| At(ending.at)),
                "how": ending.map(|ending| self.ending(&ending)),
            }),
        }
    }

    /// The same in words, if the answer was given before.
    fn since(&self, present: Option<Present>) -> String {
        if !self.again {
            return String::new();
        }
        let now = match present {
            None => String::new(),
            Some(Present::Live) => "; live now".to_owned(),
            Some(Present::Dormant) => "; dormant now".to_owned(),
            Some(Present::Ended(None)) => "; it has ended since".to_owned(),
            Some(Present::Ended(Some(ending))) => {
                format!("; it ended at {}", self.ending(&ending))
            }
        };
        format!(", as answered at {}{now}", self.zone.show(self.at))
    }

    fn ending(&self, ending: &seats::account::Ending) -> String {
        let time = |at: Timestamp| self.zone.show(at);
        Notation { names: &self.names, time: &time }.ending(ending)
    }

    /// Who held the seats, where that is why: everybody, or the user's own sessions.
    fn holders(&self, answered: &Answered, reason: DenialReason) -> Result<Vec<SeatRow>, Failure> {
        let own = match reason {
            DenialReason::AllSeatsHeld | DenialReason::SeatsReserved => false,
            DenialReason::AlreadyLoggedIn => true,
            _ => return Ok(Vec::new()),
        };
        let rows = match (&answered.holders, answered.position) {
            (Some(holders), _) => holders.iter().map(|holder| self.seat(holder)).collect(),
            // Asked again: the log says who sat there then.
            (None, Some(position)) => {
                let views = Views::without_snapshots(self.ledger);
                let then = views.as_of(self.account, AsOf::Position(position))?.account;
                seats(&then, None, &self.names, self.at)
            }
            (None, None) => Vec::new(),
        };
        let wanted = |row: &SeatRow| !own || Some(row.user_id) == answered.user.map(|user| user.0);
        Ok(rows.into_iter().filter(wanted).collect())
    }

    fn seat(&self, holder: &Holder) -> SeatRow {
        SeatRow {
            seat: holder.seat.0,
            user: self.names.shown(holder.user),
            session: Some(holder.session.0),
            since: Some(At(holder.since)),
            last_seen: Some(At(holder.last_seen)),
            state: holder.dormant.map_or(SeatState::Live, |_| SeatState::Dormant),
            state_since_or_until: holder.dormant.map(At),
            site: holder.site.and_then(|site| self.names.site(site)),
            overdraft: holder.overdraft,
            user_id: holder.user.0,
        }
    }

    /// A row as the account's policy lets a refused user see it: oneself always, others by the policy.
    fn row(&self, row: &SeatRow, answered: &Answered) -> Value {
        let (policy, holder) = (self.before.policy().names, seats::UserId(row.user_id));
        if policy == seats::Names::Full || answered.user == Some(holder) {
            return json!(row);
        }
        let user = self.names.to_refused(holder, policy);
        joined(json!(row), json!({ "user": user, "user_id": null }))
    }

    /// The same for people.
    fn cells(&self, row: &SeatRow, answered: &Answered) -> Value {
        let shown = self.row(row, answered);
        let time = |at: Option<At>| at.map(|at| self.zone.show(at.0));
        json!({
            "seat": row.seat,
            "user": shown.get("user").and_then(Value::as_str).unwrap_or("(not shown)"),
            "since": time(row.since),
            "last_seen": time(row.last_seen),
            "state": shown.get("state"),
        })
    }
}
