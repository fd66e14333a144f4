//! `seal` and `seals`: signed statements of how long the log is and what its root is.

use super::key::seals;
use crate::args::Format;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::place;
use ledger::seal::Seal;
use serde_json::{Value, json};
use std::path::Path;

/// Makes a seal and prints it, as it is to be kept elsewhere.
pub(crate) fn make(data: &Path, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let note = seals(&ledger)?.seal(&ledger, &[])?;
    match output.format {
        Format::Table => output.text(&note.to_string()),
        Format::Json => {
            let head = ledger.head();
            let (size, root) = (head.size, head.root.to_string());
            output.json(&json!({ "size": size, "root": root, "note": note.to_string() }))
        }
    }
}

/// Lists the seals.
pub(crate) fn list(data: &Path, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let seals = seals(&ledger)?;
    let mut rows: Vec<Value> = Vec::new();
    for size in seals.sizes()? {
        let Some(note) = seals.kept(size)? else { continue };
        let Ok(seal) = Seal::parse(note.text()) else { continue };
        let by: Vec<&str> = note.signatures().iter().map(|signature| signature.name()).collect();
        let root = seal.head.root.to_string();
        rows.push(json!({ "size": size, "root": root, "signed_by": by.join(", ") }));
    }
    match output.format {
        Format::Json => output.json(&Value::from(rows)),
        Format::Table => output.table(table(&["size", "root", "signed_by"], &rows)),
    }
}
