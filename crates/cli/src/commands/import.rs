//! `import`: another system's history into a new account.

use crate::args::{Format, Import};
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use admission::SystemClock;
use importers::{Found, ImportError, Imported, Licences, Parameters, Plan, Progress};
use indicatif::ProgressBar;
use reporting::civil::show_utc;
use serde_json::json;
use std::fs::File;
use std::path::Path;

pub(crate) fn run(data: &Path, import: Import, output: Output) -> Result<(), Failure> {
    let Import::Csv { file, account, licences, time_zone } = import;
    place::zone(&time_zone)?;
    let licences = match licences.as_str() {
        "auto" => Licences::Auto,
        number => Licences::Exactly(number.parse().map_err(|_| {
            Failure::usage(format!("licences: {number:?} is neither a number nor `auto`"))
        })?),
    };
    let now = place::now();
    let source = File::open(&file)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let bar = output::progress("read", 0);
    let history = importers::csv::read(source, now, &mut |step| show(&bar, step))
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let parameters = Parameters { account: account.clone(), zone: time_zone, licences };
    let plan = Plan::new(history, "csv", &parameters, &mut |step| show(&bar, step));
    let plan = plan.map_err(Failure::usage)?;

    let ledger = place::open_or_create(data)?;
    let now = admission::time_on(&ledger, SystemClock)?.max(place::recorded_at(&ledger)?);
    let imported = importers::import(&ledger, &plan, now, &mut |step| show(&bar, step))?;
    bar.finish_and_clear();
    say(&account, &imported, output)
}

fn show(bar: &ProgressBar, step: Progress) {
    let (what, done, of) = match step {
        Progress::Reading { rows } => ("read", rows, rows),
        Progress::Checking { steps, of } => ("check", steps, of),
        Progress::Writing { commits, of } => ("write", commits, of),
    };
    bar.set_message(what);
    bar.set_length(of);
    bar.set_position(done);
}

fn say(account: &str, imported: &Imported, output: Output) -> Result<(), Failure> {
    if imported.found == Found::All {
        output::talk("this file was imported into this account before; nothing was changed");
    }
    match output.format {
        Format::Json => output.json(&json!({
            "account": account,
            "already_imported": imported.found == Found::All,
            "rows": imported.rows,
            "sessions": imported.sessions,
            "users": imported.users,
            "commits": imported.commits,
            "licences": imported.licences,
            "peak_sessions": imported.peak.seats,
            "peak_at": show_utc(imported.peak.at),
            "first": show_utc(imported.first),
            "last": show_utc(imported.last),
            "source": imported.source.to_string(),
        })),
        Format::Table => output.text(&format!(
            "{account}: {} sessions of {} users in {} rows, {} to {}\n\
             peak {} at {}; licences {}; {} commits",
            imported.sessions,
            imported.users,
            imported.rows,
            show_utc(imported.first),
            show_utc(imported.last),
            imported.peak.seats,
            show_utc(imported.peak.at),
            imported.licences,
            imported.commits,
        )),
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        let kind = match &error {
            ImportError::Book(_) | ImportError::Read(_) => Kind::Damaged,
            ImportError::Append(_) | ImportError::Store(_) | ImportError::WriterTaken(_) => {
                Kind::Unexpected
            }
            _ => Kind::Refused,
        };
        Failure::new(kind, error)
    }
}
