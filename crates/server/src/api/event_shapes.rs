//! Events as JSON, for programs that follow the log.
//!
//! The name of an event is that of the record (`docs/format.md`); its fields are the record's, in JSON's words.
//! Users, sites and devices are numbers: to follow the log is no look at names.

use reporting::At;
use reporting::sessions::word;
use seats::account::End;
use seats::{Effective, Event};
use serde_json::{Value, json};

/// The kinds of events that there are.
pub(crate) const KINDS: &[&str] = &[
    "AccountOpened",
    "PolicyChanged",
    "LicencesChanged",
    "PlanAssigned",
    "SiteAdded",
    "UserAdded",
    "UserSuspended",
    "UserReinstated",
    "UserForgotten",
    "DeviceAdded",
    "DeviceForgotten",
    "LoginRequested",
    "SeatGranted",
    "SeatDenied",
    "Queued",
    "SeatOffered",
    "OfferLapsed",
    "OfferWithdrawn",
    "LeftQueue",
    "HandOverAsked",
    "HandOverEnded",
    "WentDormant",
    "Resumed",
    "LoggedOut",
    "Expired",
    "AccountSuspended",
    "AccountReinstated",
    "AccountClosed",
    "ImportStarted",
    "ImportCompleted",
    "ServiceStarted",
    "ServiceStopped",
    "ClockStepped",
    "SealingKeyChanged",
    "ReasonGiven",
    "IdentityShown",
    "EvidenceTaken",
    "PeriodClosed",
    "TokenMade",
    "TokenRevoked",
    "SeatTakenOffline",
    "StatementsExported",
];

/// One event.
pub(crate) fn shape(event: &Event) -> Value {
    let named = |name: &str, mut fields: Value| {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("event".to_owned(), json!(name));
        }
        fields
    };
    match event {
        Event::AccountOpened { zone, .. } => named("AccountOpened", json!({ "time_zone": zone })),
        Event::PolicyChanged { settings } => {
            named("PolicyChanged", json!({ "settings": settings.len() }))
        }
        Event::LicencesChanged { from, to, effective: at } => {
            named("LicencesChanged", json!({ "from": from, "to": to, "effective": effective(at) }))
        }
        Event::PlanAssigned { plan, effective: at } => {
            named("PlanAssigned", json!({ "plan": plan.to_string(), "effective": effective(at) }))
        }
        Event::SiteAdded { site, .. } => named("SiteAdded", json!({ "site": site.0 })),
        Event::UserAdded { user, .. } => named("UserAdded", json!({ "user": user.0 })),
        Event::UserSuspended { user } => named("UserSuspended", json!({ "user": user.0 })),
        Event::UserReinstated { user } => named("UserReinstated", json!({ "user": user.0 })),
        Event::UserForgotten { user } => named("UserForgotten", json!({ "user": user.0 })),
        Event::DeviceAdded { device, .. } => named("DeviceAdded", json!({ "device": device.0 })),
        Event::DeviceForgotten { device } => {
            named("DeviceForgotten", json!({ "device": device.0 }))
        }
        Event::LoginRequested { request, user, site, device } => named(
            "LoginRequested",
            json!({
                "request": request.to_string(), "user": user.0, "site": site.map(|site| site.0),
                "device": device.map(|device| device.0),
            }),
        ),
        Event::SeatGranted { request, session, seat, overdraft } => named(
            "SeatGranted",
            json!({
                "request": request.map(|request| request.to_string()), "session": session.0,
                "seat": seat.0, "overdraft": overdraft,
            }),
        ),
        Event::SeatDenied { request, reason, held, dormant } => named(
            "SeatDenied",
            json!({
                "request": request.map(|request| request.to_string()),
                "reason": crate::problem::of_denial(*reason), "held": held, "dormant": dormant,
            }),
        ),
        Event::Queued { reason, held, dormant } => named(
            "Queued",
            json!({
                "reason": crate::problem::of_denial(*reason), "held": held, "dormant": dormant,
            }),
        ),
        Event::SeatOffered { request, seat, until } => named(
            "SeatOffered",
            json!({ "request": request.to_string(), "seat": seat.0, "until": At(*until) }),
        ),
        Event::OfferLapsed { request } => {
            named("OfferLapsed", json!({ "request": request.to_string() }))
        }
        Event::OfferWithdrawn { request } => {
            named("OfferWithdrawn", json!({ "request": request.to_string() }))
        }
        Event::LeftQueue { request, how } => {
            named("LeftQueue", json!({ "request": request.to_string(), "how": how.word() }))
        }
        Event::HandOverAsked { handover, request, seat, until } => named(
            "HandOverAsked",
            json!({
                "handover": handover.0, "request": request.to_string(), "seat": seat.0,
                "until": At(*until),
            }),
        ),
        Event::HandOverEnded { handover, how } => {
            named("HandOverEnded", json!({ "handover": handover.0, "how": how.word() }))
        }
        Event::WentDormant { session, silent } => {
            named("WentDormant", json!({ "session": session.0, "silent_s": silent.secs() }))
        }
        Event::Resumed { session } => named("Resumed", json!({ "session": session.0 })),
        Event::LoggedOut { session, by, reason, silent, .. } => named(
            "LoggedOut",
            json!({
                "session": session.0, "how": word(End::LoggedOut(*by, *reason)),
                "reason": reason.map(|reason| reason.word()), "silent_s": silent.secs(),
            }),
        ),
        Event::Expired { session, cause, silent } => named(
            "Expired",
            json!({
                "session": session.0, "how": word(End::Expired(*cause)),
                "silent_s": silent.secs(),
            }),
        ),
        Event::AccountSuspended => named("AccountSuspended", json!({})),
        Event::AccountReinstated => named("AccountReinstated", json!({})),
        Event::AccountClosed => named("AccountClosed", json!({})),
        Event::ImportStarted { source } => {
            named("ImportStarted", json!({ "source": source.to_string() }))
        }
        Event::ImportCompleted { source } => {
            named("ImportCompleted", json!({ "source": source.to_string() }))
        }
        Event::ServiceStarted { last_alive } => {
            named("ServiceStarted", json!({ "last_alive": last_alive.map(At) }))
        }
        Event::ServiceStopped => named("ServiceStopped", json!({})),
        Event::ClockStepped { from, to } => {
            named("ClockStepped", json!({ "from": At(*from), "to": At(*to) }))
        }
        Event::SealingKeyChanged { key, previous } => named(
            "SealingKeyChanged",
            json!({ "key": key.to_string(), "previous": previous.map(|key| key.to_string()) }),
        ),
        Event::ReasonGiven { .. } => named("ReasonGiven", json!({})),
        Event::IdentityShown { account, user, .. } => named(
            "IdentityShown",
            json!({ "account": account.to_string(), "user": user.map(|user| user.0) }),
        ),
        Event::EvidenceTaken { from, to, names } => {
            named("EvidenceTaken", json!({ "from": At(*from), "to": At(*to), "names": names }))
        }
        Event::PeriodClosed(closing) => named(
            "PeriodClosed",
            json!({
                "month": closing.period(), "statement": closing.statement.to_string(),
                "plan": closing.plan.to_string(), "currency": closing.currency(), "net": closing.net,
                "gross": closing.gross, "due": closing.due, "carried": closing.carried,
            }),
        ),
        Event::TokenMade { token, capacity, accounts, expires } => named(
            "TokenMade",
            json!({
                "token": token, "role": capacity.word(),
                "accounts": accounts.as_ref().map(|all| all.iter().map(|a| a.0).collect::<Vec<_>>()),
                "expires": expires.map(At),
            }),
        ),
        Event::TokenRevoked { token } => named("TokenRevoked", json!({ "token": token })),
        Event::SeatTakenOffline { request, user, from, to } => named(
            "SeatTakenOffline",
            json!({
                "request": request.to_string(), "user": user.0, "from": At(*from), "to": At(*to),
            }),
        ),
        Event::StatementsExported(exported) => named(
            "StatementsExported",
            json!({
                "kind": exported.kind.word(), "month": exported.period(),
                "accounts": exported.accounts.as_ref().map(|all| all.iter().map(|a| a.0).collect::<Vec<_>>()),
                "statements": exported.statements, "files": exported.digest.to_string(),
                "draft": exported.draft,
            }),
        ),
    }
}

fn effective(effective: &Effective) -> Value {
    json!({
        "instant": At(effective.instant),
        "date": effective.date.map(reporting::civil::show_date),
    })
}

#[cfg(test)]
mod tests {
    use super::KINDS;

    #[test]
    fn every_kind_is_listed() {
        let source = include_str!("event_shapes.rs");
        let source = source.split("mod tests").next().unwrap();
        let told = source.split("named(").filter_map(|rest| rest.trim_start().strip_prefix('"'));
        let told: Vec<&str> = told.filter_map(|rest| rest.split('"').next()).collect();
        assert!(told.len() > 30, "{told:?}");
        assert_eq!(told, KINDS);
    }
}
