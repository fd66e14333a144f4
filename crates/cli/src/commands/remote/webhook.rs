//! `webhook`: who is told what, how far each is, and what was given up.

use super::call::Server;
use super::{number, text};
use crate::args::{Format, Webhook};
use crate::failure::Failure;
use crate::output::{Output, table};
use serde_json::{Value, json};

pub(super) fn run(server: &Server<'_>, asked: Webhook, output: Output) -> Result<(), Failure> {
    let path = |number: u32| format!("/v1/webhooks/{number}");
    match asked {
        Webhook::Create { url, events, accounts, label } => {
            let accounts = (!accounts.is_empty()).then_some(accounts);
            let body =
                json!({ "url": url, "events": events, "accounts": accounts, "label": label });
            let made = server.post("/v1/webhooks", &body)?.json()?;
            match output.format {
                Format::Json => output.json(&made),
                Format::Table => output.text(&format!(
                    "{}\n\nsecret of webhook {}, shown once: the receiver checks signatures with it",
                    text(&made, "secret"),
                    number(&made, "webhook")
                )),
            }
        }
        Webhook::List => {
            let columns =
                ["webhook", "url", "events", "accounts", "lag", "attempts", "why", "dead_letters"];
            rows(&server.get("/v1/webhooks")?.json()?, "webhooks", &columns, output)
        }
        Webhook::Dead { number } => {
            let told = server.get(&format!("{}/dead", path(number)))?.json()?;
            rows(&told, "dead_letters", &["position", "given_up_at", "attempts", "why"], output)
        }
        Webhook::Remove { number } => {
            server.delete(&path(number))?;
            output.done(&format!("webhook {number} is gone"))
        }
        Webhook::Retry { number: webhook, positions } => {
            let positions = (!positions.is_empty()).then_some(positions);
            let body = json!({ "positions": positions });
            let told = server.post(&format!("{}/retry", path(webhook)), &body)?.json()?;
            output.done(&format!("letters being sent once more: {}", number(&told, "letters")))
        }
    }
}

fn rows(told: &Value, list: &str, columns: &[&str], output: Output) -> Result<(), Failure> {
    if output.format == Format::Json {
        return output.json(told);
    }
    let mut rows = told.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        for value in row.values_mut() {
            if let Value::Array(items) = value {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                *value = json!(words.join(", "));
            }
        }
    }
    output.table(table(columns, &rows))
}
