//! Commits as the oracle reads them: what statements depend on, and nothing else.

use ledger::Record;
use seats::Event;
use serde_json::{Value, json};

pub(crate) fn commit(record: &Record) -> Value {
    let events: Vec<Value> = record.commit.events.iter().filter_map(event).collect();
    json!({
        "version": record.commit.version, "position": record.position.0, "at": record.commit.at.0,
        "events": events,
    })
}

fn event(event: &Event) -> Option<Value> {
    Some(match event {
        Event::AccountOpened { zone, .. } => json!(["AccountOpened", zone]),
        Event::LicencesChanged { from, to, effective } => {
            json!(["LicencesChanged", from, to, effective.instant.0])
        }
        Event::PlanAssigned { plan, effective } => {
            json!(["PlanAssigned", plan.to_string(), effective.instant.0])
        }
        Event::SeatGranted { session, seat, overdraft, .. } => {
            json!(["SeatGranted", session.0, seat.0, overdraft])
        }
        Event::WentDormant { session, silent } => json!(["WentDormant", session.0, silent.0]),
        Event::LoggedOut { session, silent, .. } => json!(["LoggedOut", session.0, silent.0]),
        Event::Expired { session, silent, .. } => json!(["Expired", session.0, silent.0]),
        Event::Resumed { session } => json!(["Resumed", session.0]),
        Event::AccountClosed => json!(["AccountClosed"]),
        Event::PeriodClosed(closing) => json!(["PeriodClosed", {
            "month": closing.period(), "from": closing.from.0, "to": closing.to.0,
            "as_of": closing.as_of, "until": closing.until.0,
            "statement": closing.statement.to_string(), "plan": closing.plan.to_string(),
            "currency": closing.currency(), "net": closing.net, "gross": closing.gross,
            "due": closing.due, "carried": closing.carried,
        }]),
        _ => return None,
    })
}
