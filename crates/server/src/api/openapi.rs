//! The API as OpenAPI 3.1, made from the code that answers.

use crate::api::{
    accounts, audit, backups, bulk, events, logins, people, reports, seat, sessions, webhooks,
};
use crate::problem::CODES;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Seatledger",
        description = "Seats of concurrent licences: asked for, held, given back, and why.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    security(("access_token" = [])),
    modifiers(&AccessToken),
    paths(
        logins::log_in, logins::leave, sessions::heartbeat, sessions::goodbye, sessions::log_out, sessions::status,
        sessions::release, seat::heartbeat, seat::goodbye, seat::log_out, bulk::heartbeats,
        bulk::commands, reports::occupancy, reports::why, reports::trail, reports::usage,
        reports::statement, reports::sessions, reports::denials, accounts::list, accounts::show,
        accounts::open, accounts::set_licences, accounts::set_policy, accounts::set_plan,
        accounts::change_standing, people::users, people::add_user, people::change_user,
        people::sites, people::add_site, events::of_all, events::of_account, audit::seals,
        audit::latest, audit::seal, audit::commit, audit::inclusion, audit::consistency, audit::pack,
        audit::access, backups::make, webhooks::create, webhooks::list, webhooks::remove, webhooks::dead, webhooks::retry,
    ),
    tags(
        (name = "seats", description = "What the vendor's application calls at each login."),
        (name = "browser", description = "What a user's browser calls, with its seat token (`seat.js` does)."),
        (name = "support", description = "What a support agent does."),
        (name = "reports", description = "Who, why, what happened, how much, what it costs."),
        (name = "accounts", description = "Customers: their licences, policy and plan."),
        (name = "people", description = "Users and sites."),
        (name = "bulk", description = "Many at once, for gateways."),
        (name = "events", description = "Following the log."),
        (name = "webhooks", description = "Other servers that are told what was recorded."),
        (name = "audit", description = "Seals, proofs, evidence, access records."),
    ),
)]
struct Api;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some("An access token, made by `seatledger token create`.".to_owned());
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("access_token", SecurityScheme::Http(bearer));
    }
}

/// The description.
pub(crate) fn description() -> serde_json::Value {
    let mut api = serde_json::to_value(Api::openapi()).unwrap_or_default();
    let Some(paths) = api.get_mut("paths").and_then(|paths| paths.as_object_mut()) else {
        return api;
    };
    let operations = paths.values_mut().filter_map(|path| path.as_object_mut());
    for operation in operations.flat_map(|path| path.values_mut()) {
        if let Some(responses) = operation.get_mut("responses").and_then(|r| r.as_object_mut()) {
            // Any call may be answered with any of these.
            for status in [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503] {
                let known = responses.entry(status.to_string());
                known.or_insert_with(|| problem(status));
            }
        }
    }
    api
}

fn problem(status: u16) -> serde_json::Value {
    let codes: Vec<&str> =
        CODES.iter().filter(|(_, known, _)| *known == status).map(|(code, ..)| *code).collect();
    serde_json::json!({
        "description": format!("`code` is one of {}", codes.join(", ")),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/ProblemBody" },
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let api = description();
        assert_eq!(api["openapi"], "3.1.0");
        let text = api.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let path = reference.split('"').next().unwrap();
            assert!(api.pointer(path).is_some(), "{path}");
        }
    }
}
