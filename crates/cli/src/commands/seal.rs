//! `seal` and `seals`: signed statements of how long the log is and what its root is.

use super::key::seals;
use crate::args::Format;
use crate::failure::Failure;
use crate::output::{Output, table, talk};
use crate::place;
use ledger::Ledger;
use ledger::note::Note;
use ledger::seal::{Policy, Seal};
use serde_json::{Value, json};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use witness::client::ask;

/// Makes a seal, has it cosigned if there is a policy, and prints it, as it is to be kept elsewhere.
pub(crate) fn make(data: &Path, policy: Option<&Path>, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let policy = policy.map(read_policy).transpose()?;
    let mut note = seals(&ledger)?.seal(&ledger, &[])?;
    if let Some(policy) = &policy {
        note = cosigned(&ledger, note, policy)?;
    }
    match output.format {
        Format::Table => output.text(&note.to_string()),
        Format::Json => {
            let head = ledger.head();
            let (size, root) = (head.size, head.root.to_string());
            output.json(&json!({ "size": size, "root": root, "note": note.to_string() }))
        }
    }
}

/// Asks every witness whose address the policy gives. One that does not answer is told about; it is a failure
/// only if the policy is not met without it.
pub(crate) fn cosigned(ledger: &Ledger, mut note: Note, policy: &Policy) -> Result<Note, Failure> {
    let size = ledger.head().size;
    for (name, key, url) in policy.witnesses() {
        let Some(url) = url else { continue };
        match ask(ledger, &note, url, key) {
            Ok(signature) => note = seals(ledger)?.add(size, &[signature])?,
            Err(error) => talk(&format!("{name}: {error}")),
        }
    }
    let own = seals(ledger)?.key()?.map(|key| key.verifier());
    let mut keys = policy.keys();
    keys.extend(own.filter(|own| !policy.logs().contains(own)));
    let met = note.verify(&keys).is_ok_and(|verified| policy.is_met(&verified));
    match met {
        true => Ok(note),
        false => Err(Failure::refused(
            "the log is sealed, but not cosigned as the policy asks; ask again later with the same command",
        )),
    }
}

/// Reads a policy of witnesses.
pub(crate) fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let named = |error: &dyn fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = String::from_utf8(read_small(path)?).map_err(|error| named(&error))?;
    Policy::parse(&text).map_err(|error| named(&error))
}

/// Reads a seal, a key or a policy: nothing longer than these is read.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let opened =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    opened.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// Seals and policies are small.
const FILE_BYTES_MAX: u64 = 1 << 20;

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
