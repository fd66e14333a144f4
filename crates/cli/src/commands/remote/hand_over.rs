//! Asking a holder for the seat, and answering, at a server.

use super::call::{self, Server};
use super::{number, seat, session, text};
use crate::args::{Consent, Format, HandOver};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use serde_json::{Value, json};

pub(super) fn run(server: &Server<'_>, asked: &HandOver, output: Output) -> Result<(), Failure> {
    let (login, wanted) = match asked {
        HandOver::Answer { session: of, answer } => {
            let path = session(server, &of.account, &of.session)?;
            let account = format!("/v1/accounts/{}", call::escaped(&of.account));
            let now = server.get(&path)?;
            now.check()?;
            let held = number(&now.json()?, "seat");
            let open = server.get(&format!("{account}/hand-overs"))?.json()?;
            let open = open.get("hand_overs").and_then(Value::as_array).cloned();
            let open = open.unwrap_or_default();
            let Some(asked) = open.iter().find(|asked| number(asked, "seat") == held) else {
                return Err(Failure::refused(format!("nobody asks for seat {held}")));
            };
            let consent = *answer == Consent::Consent;
            let body = json!({ "handover": number(asked, "handover"), "consent": consent });
            return seat(&server.post(&format!("{path}/hand-over"), &body)?, output);
        }
        HandOver::Ask { login, seat } => (login, seat),
    };
    let made_up = || uuid::Uuid::new_v4().to_string();
    let attempt = login.request.clone().unwrap_or_else(made_up);
    let body = json!({
        "user": login.user, "site": login.site, "device": login.device, "seat": wanted,
    });
    let path = format!("/v1/accounts/{}/hand-overs", call::escaped(&login.account));
    let answer = server.attempt(&path, &attempt, &body)?;
    answer.check()?;
    let told = answer.json()?;
    let asking = told.get("hand_over");
    match (output.format, asking) {
        (Format::Json, _) => output.json(&told)?,
        (Format::Table, None) => {
            let (seat, session) = (number(&told, "seat"), number(&told, "session"));
            output.text(&format!("seat {seat} (session-{session})"))?;
        }
        (Format::Table, Some(asking)) => {
            let of = asking.get("of").and_then(Value::as_str).unwrap_or("its holder");
            output.text(&format!(
                "{of} is asked for seat {} and has until {} to answer; in line, place {}; `login --request \
                 {attempt}` asks again, which keeps the place",
                number(asking, "seat"),
                text(asking, "until"),
                number(&told, "place")
            ))?;
        }
    }
    asking.map_or(Ok(()), |_| Err(Failure::new(Kind::Denied, "")))
}
