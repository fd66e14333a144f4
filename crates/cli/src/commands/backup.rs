//! `backup` and `restore`.

use crate::args::Format;
use crate::failure::{Failure, Kind};
use crate::output::{self, Output};
use crate::place;
use ledger::Options;
use ledger::backup::{BackupError, Restored, Saved, restore as restored_from};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn backup(data: &Path, dest: Option<&Path>, output: Output) -> Result<(), Failure> {
    let dest = dest.ok_or_else(|| Failure::usage("dest: say where to, a directory"))?;
    let ledger = place::open(data)?;
    let Saved { before, head } = ledger.backup(dest)?;
    let told = json!({
        "backup": dest, "before": before, "size": head.size, "root": head.root.to_string(),
    });
    print(&told, output)
}

/// Prints what a backup came to, here or on a server.
pub(crate) fn print(told: &Value, output: Output) -> Result<(), Failure> {
    let number = |field: &str| told.get(field).and_then(Value::as_u64).unwrap_or(0);
    let text = |field: &str| told.get(field).and_then(Value::as_str).unwrap_or_default();
    match output.format {
        Format::Json => output.json(told),
        Format::Table => output.text(&format!(
            "{}: {} commits, {} of them new, and all names\nroot {}",
            text("backup"),
            number("size"),
            number("size").saturating_sub(number("before")),
            text("root")
        )),
    }
}

pub(crate) fn restore(data: &Path, from: &Path, output: Output) -> Result<(), Failure> {
    let bar = output::progress("restore", 0);
    let restored = restored_from(from, data, &Options::default(), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let Restored { head, seals } = restored?;
    match output.format {
        Format::Json => output.json(&json!({
            "data": data, "size": head.size, "root": head.root.to_string(), "seals": seals,
        })),
        Format::Table => output.text(&format!(
            "{}: {} commits, every one verified; {seals} seals agree\nroot {}{}",
            data.display(),
            head.size,
            head.root,
            if seals > 0 {
                "\nTo seal again, put your copy of the signing key back as seals/key."
            } else {
                ""
            },
        )),
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Failure {
        let kind = match error {
            BackupError::Open(error) => return error.into(),
            BackupError::Taken(_) | BackupError::OtherHistory { .. } => Kind::Refused,
            BackupError::Io { .. } | BackupError::Write(_) => Kind::Unexpected,
            BackupError::Damaged { .. }
            | BackupError::Bad(_)
            | BackupError::Read(_)
            | BackupError::Prove(_)
            | BackupError::Book(_) => Kind::Damaged,
        };
        Failure::new(kind, error)
    }
}
