//! Closing months, holding statements against the log, and files for the books, at a server.

use super::call::{self, Server};
use super::{number, text};
use crate::args::{Close, Export};
use crate::commands::close;
use crate::commands::finance::{Told, placed, words};
use crate::failure::Failure;
use crate::output::Output;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exports::ExportFile;
use serde_json::{Value, json};

pub(super) fn close(server: &Server<'_>, asked: &Close, output: Output) -> Result<(), Failure> {
    let Close { account, month, dry_run } = asked;
    let body = json!({ "month": month, "account": account, "dry_run": dry_run });
    close::told(&server.post("/v1/closings", &server.said(body))?.json()?, output)
}

pub(super) fn reconcile(
    server: &Server<'_>,
    account: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let Some(account) = account else {
        return close::told_reconciled(&server.get("/v1/reconciliation")?.json()?, output);
    };
    let path = format!("/v1/accounts/{}/reconciliation", call::escaped(account));
    let agrees = server.get(&path)?.json()?.get("agrees") == Some(&Value::Bool(true));
    server.report(&path, &[], output)?;
    if agrees { Ok(()) } else { Err(close::not_reconciled(1)) }
}

pub(super) fn export(server: &Server<'_>, asked: &Export, output: Output) -> Result<(), Failure> {
    let words = words(asked)?;
    let body = server.said(json!({
        "month": words.month, "account": asked.account, "draft": words.draft, "settings": words.settings,
        "template_base64": words.template.map(|template| STANDARD.encode(template)),
        "collect_on": words.collect_on, "holidays": words.holidays, "notice_date": words.notice_date,
        "names": words.names,
    }));
    let made = server.post(&format!("/v1/exports/{}", words.kind.word()), &body)?.json()?;
    let listed = |key: &str| made.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let file = |file: &Value| {
        let bytes = STANDARD.decode(text(file, "content"));
        let bytes = bytes.map_err(|error| Failure::unexpected(format!("server: {error}")))?;
        Ok(ExportFile { name: plain(text(file, "name"))?, bytes })
    };
    let files = listed("files").iter().map(file).collect::<Result<Vec<_>, Failure>>()?;
    let told = Told {
        month: text(&made, "month").to_owned(),
        statements: usize::try_from(number(&made, "statements")).unwrap_or(usize::MAX),
        digest: text(&made, "digest").to_owned(),
        position: made.get("position").and_then(Value::as_u64),
        told: listed("told").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    };
    placed(&asked.output, &files, &told, output)
}

/// The name of a file, which leads into no other folder.
fn plain(name: &str) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    match !name.is_empty() && !name.starts_with('.') && name.chars().all(plain) {
        true => Ok(name.to_owned()),
        false => Err(Failure::unexpected(format!("server: {name:?} is no name of a file"))),
    }
}
