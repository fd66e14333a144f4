//! The human side of the API: one page made from the same description, with every call and every code.

use crate::api::openapi::description;
use crate::problem::CODES;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

/// The page's style, served beside it.
pub(crate) const STYLE: &str = include_str!("docs.css");

/// The page.
pub(crate) fn page() -> Markup {
    let api = description();
    let text = |value: &Value, key: &str| -> String {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let empty = Vec::new();
    let tags = api.get("tags").and_then(Value::as_array).unwrap_or(&empty);
    let operations = operations(&api);
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Seatledger API" }
                link rel="stylesheet" href="/docs.css";
            }
            body {
                header {
                    h1 { "Seatledger API" }
                    p {
                        "Send " code { "Authorization: Bearer TOKEN" } ". Bodies and answers are JSON. The same as "
                        a href="/openapi.json" { "OpenAPI 3.1" } "."
                    }
                }
                nav {
                    ul { @for tag in tags { li { a href={ "#" (text(tag, "name")) } { (text(tag, "name")) } } } }
                    a href="#codes" { "codes of problems" }
                }
                main {
                    @for tag in tags {
                        @let name = text(tag, "name");
                        section id=(name) {
                            h2 { (name) }
                            p { (text(tag, "description")) }
                            @for (method, path, operation) in operations.iter().filter(|(.., o)| is_tagged(o, &name)) {
                                details {
                                    summary {
                                        code.method { (method) } " " code { (path) }
                                        span { (text(operation, "summary")) }
                                    }
                                    p { (text(operation, "description")) }
                                    (parameters(operation))
                                    (body(&api, operation))
                                    (answers(&api, operation))
                                }
                            }
                        }
                    }
                    section id="codes" {
                        h2 { "Codes of problems" }
                        p { "Problems are " code { "application/problem+json" } " (RFC 9457). Act on " code { "status" } " and " code { "code" } "; the words may change." }
                        table {
                            thead { tr { th scope="col" { "code" } th scope="col" { "status" } th scope="col" { "meaning" } } }
                            tbody {
                                @for (code, status, meaning) in CODES {
                                    tr id=(code) { td { code { (code) } } td { (status) } td { (meaning) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn operations(api: &Value) -> Vec<(String, String, Value)> {
    let Some(paths) = api.get("paths").and_then(Value::as_object) else { return Vec::new() };
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().into_iter().flatten();
        let path = path.clone();
        methods
            .map(move |(method, operation)| {
                (method.to_uppercase(), path.clone(), operation.clone())
            })
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn is_tagged(operation: &Value, name: &str) -> bool {
    let tags = operation.get("tags").and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == name))
}

fn parameters(operation: &Value) -> Markup {
    let empty = Vec::new();
    let parameters = operation.get("parameters").and_then(Value::as_array).unwrap_or(&empty);
    html! {
        @if !parameters.is_empty() {
            table {
                thead { tr { th scope="col" { "parameter" } th scope="col" { "in" } th scope="col" { "meaning" } } }
                tbody {
                    @for parameter in parameters {
                        @let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
                        tr {
                            td { code { (word(parameter, "name")) } @if !required { " (optional)" } }
                            td { (word(parameter, "in")) }
                            td { (word(parameter, "description")) }
                        }
                    }
                }
            }
        }
    }
}

fn body(api: &Value, operation: &Value) -> Markup {
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    html! {
        @if let Some(schema) = schema { h3 { "Body" } (fields(api, schema)) }
    }
}

fn answers(api: &Value, operation: &Value) -> Markup {
    let answers = operation.get("responses").and_then(Value::as_object);
    html! {
        h3 { "Answers" }
        @for (status, answer) in answers.into_iter().flatten() {
            @if status.starts_with('2') || !word(answer, "description").starts_with('`') {
                p { code { (status) } " " (word(answer, "description")) }
                @if let Some(schema) = answer.pointer("/content/application~1json/schema") { (fields(api, schema)) }
            }
        }
    }
}

/// The fields of a schema that is named.
fn fields(api: &Value, schema: &Value) -> Markup {
    let named = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| api.pointer(path.trim_start_matches('#')));
    let schema = named.unwrap_or(schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    html! {
        @if let Some(properties) = properties {
            table {
                thead { tr { th scope="col" { "field" } th scope="col" { "type" } th scope="col" { "meaning" } } }
                tbody {
                    @for (name, field) in properties {
                        tr { td { code { (name) } } td { (kind(field)) } td { (word(field, "description")) } }
                    }
                }
            }
        }
    }
}

fn kind(field: &Value) -> String {
    match field.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" or ")
        }
        _ => "object".to_owned(),
    }
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
