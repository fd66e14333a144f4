//! The same commands against a running server: `--server URL --token TOKEN`.
//!
//! Each command becomes one call of the API; a report comes back as the text or the JSON that the command
//! prints on a directory, because both are made by the same code.

mod call;
mod commercial;
mod finance;
mod hand_over;
mod webhook;

use crate::args::{Account, Command, Evidence, Format, Login, Preview, Range, Release, Site, User};
use crate::commands::account::adjustment;
use crate::commands::backup;
use crate::failure::{Failure, Kind};
use crate::output::{Output, table};
use call::{Answer, Server};
use ledger::whole;
use reporting::civil::Month;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;

/// Which server, and the token that is shown to it.
pub(crate) struct Remote<'a> {
    pub(crate) url: &'a str,
    pub(crate) token: Option<&'a str>,
    /// Why, for the record.
    pub(crate) reason: Option<&'a str>,
}

pub(crate) fn run(remote: &Remote<'_>, command: Command, output: Output) -> Result<(), Failure> {
    let is_quick = !matches!(
        command,
        Command::Backup { .. }
            | Command::Close(_)
            | Command::Reconcile { .. }
            | Command::Export(_)
            | Command::Access { .. }
            | Command::Report(_)
    );
    let server = Server::new(remote, output.format, is_quick)?;
    let account = |name: &str| format!("/v1/accounts/{}", call::escaped(name));
    match command {
        Command::Login(login) => log_in(&server, &login, output),
        Command::HandOver(asked) => hand_over::run(&server, &asked, output),
        Command::Logout(asked) => {
            let path = session(&server, &asked.account, &asked.session)?;
            seat(&server.post(&format!("{path}/logout"), &json!({}))?, output)
        }
        Command::Heartbeat { session: asked, idle } => {
            let path = session(&server, &asked.account, &asked.session)?;
            let body = json!({ "active": !idle });
            seat(&server.post(&format!("{path}/heartbeat"), &body)?, output)
        }
        Command::Goodbye(asked) => {
            let path = session(&server, &asked.account, &asked.session)?;
            seat(&server.post(&format!("{path}/goodbye"), &json!({}))?, output)
        }
        Command::Release(asked) => release(&server, &asked, remote.reason, output),
        Command::Who { account: name, at, naming } => {
            let query = [("at", at), named(naming.no_names)];
            server.report(&format!("{}/occupancy", account(&name)), &query, output)
        }
        Command::Why { account: name, user, at, naming } => {
            let query = [("user", Some(user)), ("at", at), named(naming.no_names)];
            server.report(&format!("{}/why", account(&name)), &query, output)
        }
        Command::Trail { account: name, user, range, naming } => {
            let [from, to] = span(range);
            let query = [("user", user), from, to, named(naming.no_names)];
            server.report(&format!("{}/trail", account(&name)), &query, output)
        }
        Command::Usage { account: name, range } => {
            server.report(&format!("{}/usage", account(&name)), &span(range), output)
        }
        Command::Access { account: Some(name), range } => {
            server.report(&format!("{}/access", account(&name)), &span(range), output)
        }
        Command::Statement { account: name, month } => {
            let path = format!("{}/statements/{}", account(&name), call::escaped(&month));
            server.report(&path, &[], output)
        }
        Command::Access { account: None, range } => {
            server.report("/v1/access", &span(range), output)
        }
        Command::Close(close) => finance::close(&server, &close, output),
        Command::Reconcile { account } => finance::reconcile(&server, account.as_deref(), output),
        Command::Export(asked) => finance::export(&server, &asked, output),
        Command::Report(asked) => commercial::run(&server, &asked, output),
        Command::Preview(Preview { account: name, add, remove, licences, from }) => {
            let number = |number: Option<u32>| number.map(|number| number.to_string());
            let query = [
                ("add", number(add)),
                ("remove", number(remove)),
                ("licences", number(licences)),
                ("from", from),
            ];
            server.report(&format!("{}/preview", account(&name)), &query, output)
        }
        Command::Account(asked) => change(&server, asked, output),
        Command::User(User::Add { account: name, user }) => done(
            &server.post(
                &format!("{}/users", account(&name)),
                &server.said(json!({ "name": user })),
            )?,
            output,
        ),
        Command::User(User::Suspend { account: name, user }) => {
            of_user(&server, &account(&name), &user, "suspend", output)
        }
        Command::User(User::Reinstate { account: name, user }) => {
            of_user(&server, &account(&name), &user, "reinstate", output)
        }
        Command::User(User::Forget { account: name, user }) => {
            of_user(&server, &account(&name), &user, "forget", output)
        }
        Command::Site(Site::Add { account: name, site }) => done(
            &server.post(
                &format!("{}/sites", account(&name)),
                &server.said(json!({ "name": site })),
            )?,
            output,
        ),
        Command::Seal { policy: None } => output.text(&server.post("/v1/seals", &json!({}))?.text),
        Command::Backup { dest: None } => {
            backup::print(&server.post("/v1/backups", &json!({}))?.json()?, output)
        }
        Command::Backup { dest: Some(_) } => Err(Failure::usage(
            "dest: a running server backs up into the folder of its settings; leave it out",
        )),
        Command::Webhook(asked) => webhook::run(&server, asked, output),
        Command::Evidence(asked) => evidence(&server, &asked, output),
        _ => Err(Failure::usage(
            "server: this command works on a directory only; give --data instead of --server",
        )),
    }
}

fn named(no_names: bool) -> (&'static str, Option<String>) {
    ("names", no_names.then(|| "false".to_owned()))
}

fn span(range: Range) -> [(&'static str, Option<String>); 2] {
    [("from", range.from), ("to", range.to)]
}

fn log_in(server: &Server<'_>, login: &Login, output: Output) -> Result<(), Failure> {
    let attempt = match &login.request {
        Some(attempt) => attempt.clone(),
        None => uuid::Uuid::new_v4().to_string(),
    };
    let body = json!({ "user": login.user, "site": login.site, "device": login.device });
    let path = format!("/v1/accounts/{}/logins", call::escaped(&login.account));
    let answer = server.attempt(&path, &attempt, &body).map_err(|failure| {
        let again =
            format!("`--request {attempt}` asks this very thing again, without a second seat");
        if failure.is_unexpected() { failure.hint(&again) } else { failure }
    })?;
    let told = answer.json()?;
    if answer.status != 409 || told.get("holders").is_none() {
        answer.check()?;
        return match output.format {
            Format::Json => output.json(&told),
            Format::Table => {
                let (seat, session) = (number(&told, "seat"), number(&told, "session"));
                output.text(&format!("seat {seat} (session-{session})"))
            }
        };
    }
    match output.format {
        Format::Json => output.json(&told)?,
        Format::Table => {
            output.text(&format!("denied: {}", text(&told, "detail")))?;
            let rows = told.get("holders").and_then(Value::as_array).cloned().unwrap_or_default();
            if !rows.is_empty() {
                output.table(table(&["seat", "user", "since", "last_seen", "state"], &rows))?;
            }
        }
    }
    Err(Failure::new(Kind::Denied, ""))
}

fn release(
    server: &Server<'_>,
    asked: &Release,
    reason: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let reason = reason.ok_or_else(|| {
        Failure::usage(
            "reason: say why, --reason with browser-closed, holder-away, holder-asked, \
             needed-elsewhere, unauthorised or other",
        )
    })?;
    let path = session(server, &asked.session.account, &asked.session.session)?;
    let body = json!({ "reason": reason, "note": asked.note, "forced": asked.force });
    seat(&server.post(&format!("{path}/release"), &body)?, output)
}

/// The path of a session, written `session-12`, or that of the user of this name if the user has one.
fn session(server: &Server<'_>, account: &str, text: &str) -> Result<String, Failure> {
    let path = format!("/v1/accounts/{}", call::escaped(account));
    if let Some(number) = text.trim().strip_prefix("session-").and_then(|n| n.parse::<u64>().ok()) {
        return Ok(format!("{path}/sessions/{number}"));
    }
    let seats = server.get(&format!("{path}/occupancy"))?.json()?;
    let rows = seats.get("seats").and_then(Value::as_array).cloned().unwrap_or_default();
    let own: Vec<u64> = rows
        .iter()
        .filter(|row| row.get("user").and_then(Value::as_str) == Some(text))
        .filter_map(|row| row.get("session").and_then(Value::as_u64))
        .collect();
    match own.as_slice() {
        [one] => Ok(format!("{path}/sessions/{one}")),
        [] => Err(Failure::refused(format!("{text} is not logged in"))),
        several => {
            let several: Vec<String> = several.iter().map(|n| format!("session-{n}")).collect();
            let several = several.join(", ");
            Err(Failure::usage(format!("{text} has several sessions; name one of them: {several}")))
        }
    }
}

fn seat(answer: &Answer, output: Output) -> Result<(), Failure> {
    answer.check()?;
    let told = answer.json()?;
    match output.format {
        Format::Json => output.json(&told),
        Format::Table => {
            let state = text(&told, "state");
            let state = if state == "ended" { "free" } else { state };
            output.text(&format!("seat {} {state}", number(&told, "seat")))
        }
    }
}

fn change(server: &Server<'_>, asked: Account, output: Output) -> Result<(), Failure> {
    let path = |name: &str| format!("/v1/accounts/{}", call::escaped(name));
    let answer = match asked {
        Account::Open(new) => {
            let plan = new.plan.as_deref().map(fs::read_to_string).transpose();
            let plan = plan.map_err(|error| Failure::usage(format!("plan: {error}")))?;
            let body = json!({
                "name": new.name, "licences": new.licences, "time_zone": new.time_zone,
                "policy": new.policy.words(), "plan": plan,
            });
            server.post("/v1/accounts", &server.said(body))?
        }
        Account::SetLicences { account, licences, from } => {
            let body = server.said(json!({ "licences": licences, "from": from }));
            server.put(&format!("{}/licences", path(&account)), &body)?
        }
        Account::SetPolicy { account, policy } => {
            let body = server.said(json!({ "policy": policy.words() }));
            server.patch(&format!("{}/policy", path(&account)), &body)?
        }
        Account::SetPlan { account, plan, from } => {
            let plan = fs::read_to_string(&plan)
                .map_err(|error| Failure::usage(format!("plan: {}: {error}", plan.display())))?;
            let body = server.said(json!({ "plan": plan, "from": from }));
            server.put(&format!("{}/plan", path(&account)), &body)?
        }
        Account::Suspend { account } => {
            server.post(&format!("{}/suspend", path(&account)), &server.said(json!({})))?
        }
        Account::Reinstate { account } => {
            server.post(&format!("{}/reinstate", path(&account)), &server.said(json!({})))?
        }
        Account::Close { account } => {
            server.post(&format!("{}/close", path(&account)), &server.said(json!({})))?
        }
        Account::List => return list(server, output),
    };
    done(&answer, output)
}

fn list(server: &Server<'_>, output: Output) -> Result<(), Failure> {
    let (mut rows, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let answer = server.get(&format!("/v1/accounts?limit=500&after={from}"))?;
        let told = answer.json()?;
        rows.extend(told.get("accounts").and_then(Value::as_array).cloned().unwrap_or_default());
        after = told.get("next").and_then(Value::as_u64);
    }
    match output.format {
        Format::Json => output.json(&json!({ "accounts": rows })),
        Format::Table => {
            let columns = ["account", "standing", "licences", "seats_taken", "users", "time_zone"];
            output.table(table(&columns, &rows))
        }
    }
}

fn of_user(
    server: &Server<'_>,
    account: &str,
    user: &str,
    act: &str,
    output: Output,
) -> Result<(), Failure> {
    let path = format!("{account}/users/{}/{act}", call::escaped(user));
    done(&server.post(&path, &server.said(json!({})))?, output)
}

fn done(answer: &Answer, output: Output) -> Result<(), Failure> {
    answer.check()?;
    let told = answer.json()?;
    match output.format {
        Format::Json => output.json(&told),
        Format::Table => {
            let month = Month::read(text(&told, "adjustment_in")).ok();
            let adjusted = month.map(adjustment).unwrap_or_default();
            output.text(&format!("{}: done{adjusted}", text(&told, "account")))
        }
    }
}

fn evidence(server: &Server<'_>, asked: &Evidence, output: Output) -> Result<(), Failure> {
    let path = format!("/v1/accounts/{}/evidence", call::escaped(&asked.account));
    let names = asked.names.then(|| "true".to_owned());
    let query =
        [("from", Some(asked.from.clone())), ("to", Some(asked.to.clone())), ("names", names)];
    let pack = server.bytes(&path, &query, "application/zip")?;
    let kept = whole::write(&asked.output, whole::OPEN, |file| file.write_all(&pack));
    kept.map_err(|error| Failure::unexpected(format!("{}: {error}", asked.output.display())))?;
    output.done(&format!("{}: {} bytes", asked.output.display(), pack.len()))
}

fn number(told: &Value, field: &str) -> u64 {
    told.get(field).and_then(Value::as_u64).unwrap_or_default()
}

fn text<'a>(told: &'a Value, field: &str) -> &'a str {
    told.get(field).and_then(Value::as_str).unwrap_or_default()
}
