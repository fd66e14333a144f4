//! The API as OpenAPI 3.1, made from the code that answers.

use crate::api::{
    accounts, audit, backups, bulk, closings, commercial, events, exports, finance, hand_overs,
    logins, outage, people, reports, seat, sessions, webhooks,
};
use crate::problem::CODES;
use serde_json::{Map, Value, json};
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
        logins::log_in, logins::leave, outage::tell, hand_overs::ask, hand_overs::open, hand_overs::answer,
        seat::hand_over, sessions::heartbeat, sessions::goodbye, sessions::log_out, sessions::status,
        sessions::release, seat::heartbeat, seat::goodbye, seat::log_out, bulk::heartbeats,
        bulk::commands, reports::occupancy, reports::why, reports::trail, reports::usage,
        reports::statement, finance::close, finance::preview, finance::reconciliation, closings::close, closings::reconcile, exports::export, reports::sessions, reports::denials, commercial::report, accounts::list, accounts::show,
        accounts::open, accounts::set_licences, accounts::set_policy, accounts::set_plan,
        accounts::change_standing, people::users, people::add_user, people::change_user,
        people::sites, people::add_site, events::of_all, events::of_account, audit::seals,
        audit::latest, audit::seal, audit::commit, audit::inclusion, audit::consistency, audit::pack,
        audit::access, audit::access_to_all, backups::make, webhooks::create, webhooks::list, webhooks::remove, webhooks::dead, webhooks::retry,
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

/// A parameter, and where its value stands.
type Given = (&'static str, &'static str);
/// The operation, its status, what can be asked next, and with which of its values.
type Link = (&'static str, &'static str, &'static str, &'static [Given]);

/// What answers are good for.
const LINKS: &[Link] = &[
    ("open_account", "201", "show_account", OPENED),
    ("open_account", "201", "set_licences", OPENED),
    ("open_account", "201", "set_policy", OPENED),
    ("open_account", "201", "add_user", OPENED),
    ("open_account", "201", "add_site", OPENED),
    ("open_account", "201", "log_in", OPENED),
    ("open_account", "201", "occupancy", OPENED),
    ("open_account", "201", "trail", OPENED),
    ("open_account", "201", "usage", OPENED),
    (
        "add_user",
        "201",
        "change_user",
        &[("account", "$request.path.account"), ("user", "$request.body#/name")],
    ),
    ("log_in", "201", "session_status", GRANTED),
    ("log_in", "201", "heartbeat", GRANTED),
    ("log_in", "201", "goodbye", GRANTED),
    ("log_in", "201", "log_out", GRANTED),
    ("log_in", "201", "release", GRANTED),
    (
        "log_in",
        "201",
        "why",
        &[("account", "$request.path.account"), ("user", "$request.body#/user")],
    ),
    ("log_in", "201", "commit", &[("position", "$response.body#/position")]),
    ("log_in", "201", "inclusion", &[("position", "$response.body#/position")]),
    ("seal", "200", "consistency", &[("from", "$response.body#/size")]),
];
const OPENED: &[Given] = &[("account", "$response.body#/account")];
const GRANTED: &[Given] =
    &[("account", "$request.path.account"), ("session", "$response.body#/session")];

/// The description.
pub(crate) fn description() -> Value {
    let mut api = serde_json::to_value(Api::openapi()).unwrap_or_default();
    whole_numbers(&mut api);
    for way in api.pointer_mut("/components/schemas/Asked/oneOf").into_iter().flat_map(elements) {
        way["additionalProperties"] = json!(false);
    }
    let Some(paths) = api.get_mut("paths").and_then(|paths| paths.as_object_mut()) else {
        return api;
    };
    let operations = paths.values_mut().filter_map(|path| path.as_object_mut());
    for operation in operations.flat_map(|path| path.values_mut()) {
        for parameter in operation.get_mut("parameters").into_iter().flat_map(elements) {
            left_out_or_given(parameter);
        }
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or("").to_owned();
        if let Some(responses) = operation.get_mut("responses").and_then(|r| r.as_object_mut()) {
            // Any call may be answered with any of these.
            for status in [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503] {
                let known = responses.entry(status.to_string());
                known.or_insert_with(|| problem(status));
            }
            for (_, status, next, with) in LINKS.iter().filter(|(from, ..)| *from == id) {
                let with: Map<String, Value> =
                    with.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                if let Some(response) = responses.get_mut(*status).and_then(Value::as_object_mut) {
                    let links = response.entry("links").or_insert_with(|| json!({}));
                    links[*next] = json!({ "operationId": next, "parameters": with });
                }
            }
        }
    }
    api
}

/// Our numbers are unsigned, for which `format` has no word: its `int64` would end at half of them.
fn whole_numbers(api: &mut Value) {
    if let Some(schema) = api.as_object_mut()
        && schema.get("minimum").is_some_and(|minimum| minimum.as_u64().is_some())
    {
        let maximum = match schema.get("format").and_then(Value::as_str) {
            Some("int64") => Some(u64::MAX),
            Some("int32") => Some(u64::from(u32::MAX)),
            _ => None,
        };
        if let Some(maximum) = maximum {
            schema.remove("format");
            schema.entry("maximum").or_insert(json!(maximum));
        }
    }
    elements(api).for_each(whole_numbers);
}

/// What stands in a path, query or header can be left out, and cannot be `null`.
fn left_out_or_given(parameter: &mut Value) {
    if let Some(kind) = parameter.pointer_mut("/schema/type")
        && let Some(kinds) = kind.as_array()
        && let [given] = kinds.iter().filter(|kind| **kind != "null").collect::<Vec<_>>()[..]
    {
        *kind = given.clone();
    }
}

fn elements(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(elements) => Box::new(elements.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

fn problem(status: u16) -> Value {
    let codes: Vec<&str> =
        CODES.iter().filter(|(_, known, _)| *known == status).map(|(code, ..)| *code).collect();
    json!({
        "description": format!("`code` is one of {}", codes.join(", ")),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/ProblemBody" },
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn operations(api: &Value) -> Vec<(&str, &Value)> {
        let paths = api["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, methods)| {
            methods.as_object().unwrap().values().map(move |operation| (path.as_str(), operation))
        });
        operations.collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_links_lead_to_one() {
        let api = description();
        let operations = operations(&api);
        let names: BTreeSet<&str> =
            operations.iter().filter_map(|(_, o)| o["operationId"].as_str()).collect();
        assert_eq!(names.len(), operations.len());
        for (from, status, next, with) in LINKS {
            let find = |id| operations.iter().find(|(_, o)| o["operationId"] == id).unwrap().1;
            let given = &find(*from)["responses"][status]["links"][next];
            assert_eq!(given["operationId"], *next, "{from} {status}");
            let known = find(*next)["parameters"].as_array().unwrap();
            for (name, _) in *with {
                assert!(known.iter().any(|parameter| parameter["name"] == *name), "{next}: {name}");
            }
        }
    }

    #[test]
    fn parameters_stand_where_they_are_said_to() {
        for (path, operation) in operations(&description()) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let in_path = path.contains(&format!("{{{name}}}"));
                assert_eq!(parameter["in"] == "path", in_path, "{path} {name}");
                assert!(parameter["schema"]["type"].is_string(), "{path} {name}");
                assert!(parameter["schema"]["format"] != "int64", "{path} {name}");
            }
        }
    }

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
