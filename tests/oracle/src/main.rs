//! Plays account-years through the product's rules, for the oracle: a line of JSON in, a line of JSON out.
//!
//! `README.md` says what stands in the lines. Every command is decided, recorded in a ledger in memory and
//! folded; statements come from [`reporting::Reports`], closings from its `closable`. A command that the rules
//! refuse is passed over.

mod facts;
mod stage;

use reporting::civil::Month;
use serde::Deserialize;
use serde_json::{Value, json};
use stage::Stage;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

/// An account-year, as it is written.
#[derive(Deserialize)]
struct Year {
    year: String,
    zone: String,
    plans: BTreeMap<String, String>,
    commands: Vec<Told>,
}

/// A command and when it is given.
#[derive(Deserialize)]
struct Told {
    at: u64,
    #[serde(flatten)]
    deed: Deed,
}

/// An instant, or a civil day of the zone.
#[derive(Deserialize)]
#[serde(untagged)]
enum From {
    Instant(u64),
    Day(String),
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Deed {
    Open { licences: u32, settings: Vec<String>, plan: Option<String>, effective: Option<From> },
    SetPlan { plan: String, effective: Option<From> },
    SetLicences { to: u32, effective: Option<From> },
    SetPolicy { settings: Vec<String> },
    Login { user: u32 },
    Heartbeat { user: u32 },
    Logout { user: u32 },
    CloseMonth { month: String },
    CloseAccount,
    Ask { months: Vec<String> },
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let played = play(&line?);
        writeln!(out, "{played}")?;
    }
    out.flush()
}

fn play(line: &str) -> Value {
    let year: Year = match serde_json::from_str(line) {
        Ok(year) => year,
        Err(error) => return json!({ "year": null, "error": error.to_string() }),
    };
    match played(&year) {
        Ok(played) => played,
        Err(error) => json!({ "year": year.year, "error": error }),
    }
}

fn played(year: &Year) -> Result<Value, String> {
    let mut stage = Stage::new(&year.zone, &year.plans)?;
    let mut refused = Vec::new();
    let mut statements = BTreeMap::new();
    for (number, told) in year.commands.iter().enumerate() {
        stage.pass_to(told.at);
        match &told.deed {
            Deed::Ask { months } => {
                for month in months {
                    let asked = Month::read(month).map_err(|error| error.to_string())?;
                    match stage.statement(asked) {
                        Ok(text) => drop(statements.insert(month.clone(), Value::String(text))),
                        Err(why) => refused.push(json!([number, why])),
                    }
                }
            }
            deed => {
                if let Err(why) = stage.take(deed) {
                    refused.push(json!([number, why]));
                }
            }
        }
    }
    let commits = stage.commits()?;
    Ok(json!({
        "year": year.year, "commits": commits, "refused": refused, "statements": statements,
    }))
}
