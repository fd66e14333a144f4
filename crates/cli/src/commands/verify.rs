//! `verify`: the whole ledger, every byte, the tree, the chains and the rules.

use crate::args::Format;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use ledger::Options;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(data: &Path, output: Output) -> Result<(), Failure> {
    let bar = output::progress("verify", 0);
    let report = ledger::verify::directory(data, &Options::default(), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let first_bad = report.first_bad.as_ref().map(|bad| {
        json!({
            "position": bad.position.0,
            "account": bad.account.map(|account| account.to_string()),
            "what": bad.what,
        })
    });
    match output.format {
        Format::Json => output.json(&json!({
            "ok": report.ok,
            "commits": report.commits,
            "events": report.events,
            "accounts": report.accounts,
            "size": report.size,
            "root": report.root.to_string(),
            "first_bad": first_bad,
        }))?,
        Format::Table => {
            let verdict = match &report.first_bad {
                None => String::from("whole: every byte, chain and rule holds"),
                Some(bad) => format!("BAD at position {}: {}", bad.position.0, bad.what),
            };
            output.text(&format!(
                "{verdict}\n\ncommits   {}\nevents    {}\naccounts  {}\nsize      {}\nroot      {}",
                report.commits, report.events, report.accounts, report.size, report.root
            ))?;
        }
    }
    if report.ok { Ok(()) } else { Err(Failure::new(Kind::Damaged, "")) }
}
