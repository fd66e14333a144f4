//! `log`: the raw history, one line of notation per event.

use crate::args::Format;
use crate::commands::reports::{Shown, record_looks};
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use ledger::{Ledger, Position, Record};
use projector::{AsOf, Views};
use reporting::civil::{Zone, show_utc};
use reporting::names::Names;
use seats::notation::Notation;
use seats::{Account, AccountId, Event, Look, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    from: u64,
    account: Option<&str>,
    shown: Shown<'_>,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let only = account.map(|name| place::account(&ledger, name)).transpose()?;
    let size = ledger.head().size;
    if from > size {
        return Err(Failure::usage(format!("from: the ledger ends at position {size}")));
    }
    let named = !shown.naming.no_names;
    if named {
        let all = ledger.accounts().into_iter().filter(|id| *id != AccountId::SYSTEM);
        let looked_at: Vec<_> = all.filter(|id| only.is_none_or(|only| only == *id)).collect();
        let views = Views::without_snapshots(&ledger);
        record_looks(&ledger, views, &looked_at, Look::Trail, None, shown.caller)?;
    }
    let mut accounts =
        Accounts { views: Views::without_snapshots(&ledger), folded: BTreeMap::new() };
    for record in ledger.scan(Position(from)) {
        let record = record?;
        if record.position.0 >= size {
            break; // That somebody looks is in the next one.
        }
        if only.is_none_or(|only| record.commit.account == only) {
            print(&ledger, &mut accounts, &record, named, output)?;
        }
    }
    Ok(())
}

/// Accounts as they were before the commit that is printed next.
struct Accounts {
    views: Views,
    folded: BTreeMap<AccountId, Account>,
}

impl Accounts {
    fn before(&mut self, record: &Record) -> Result<&mut Account, Failure> {
        let id = record.commit.account;
        if !self.folded.contains_key(&id) {
            let before = match record.previous {
                Some(previous) => self.views.as_of(id, AsOf::Position(previous))?.account,
                None => Account::new(id),
            };
            self.folded.insert(id, before);
        }
        Ok(self.folded.entry(id).or_insert_with(|| Account::new(id)))
    }
}

fn print(
    ledger: &Ledger,
    accounts: &mut Accounts,
    record: &Record,
    named: bool,
    output: Output,
) -> Result<(), Failure> {
    let commit = &record.commit;
    let account = accounts.before(record)?;
    let names = Names::new(ledger.book(), commit.account);
    let names = if named { names } else { names.hidden() };
    let opened = commit.events.iter().find_map(|event| match event {
        Event::AccountOpened { zone, .. } => Some(zone.as_str()),
        _ => None,
    });
    let zone = Zone::parse(opened.unwrap_or(account.zone())).ok();
    let time = |at: Timestamp| match zone {
        Some(zone) => zone.show(at),
        None => show_utc(at),
    };
    let notation = Notation { names: &names, time: &time };
    let name = names.account();
    for event in &commit.events {
        match output.format {
            Format::Table => {
                let line = notation.line(commit.at, event, Some(account));
                output.text(&format!("{:>8} {name} {line}", record.position.0))?;
            }
            Format::Json => {
                // One object a line, so that a long log can be read as it comes.
                let object = json!({
                    "position": record.position.0, "account": name, "version": commit.version,
                    "at": show_utc(commit.at), "recorded_at": show_utc(commit.recorded_at),
                    "actor": commit.actor.role.to_string(), "event": notation.event(commit.at, event, Some(account)),
                });
                output.text(&object.to_string())?;
            }
        }
    }
    account.apply(commit.at, &commit.events);
    Ok(())
}
