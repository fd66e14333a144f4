//! The targets: one file for each kind of input.

mod commit;
mod forge;
mod note;
mod pack;
mod policy;
mod proof;
mod witness;

use crate::{SetupError, Target};
use ledger::note::{KeyKind, SigningKey};
use std::path::{Path, PathBuf};

/// The names of all targets.
pub const NAMES: [&str; 6] = ["note", "proof", "pack", "commit", "policy", "witness"];

/// Sets a target up.
///
/// # Errors
/// When there is no such target, or a fixture that it is made from is not there.
pub fn named(name: &str) -> Result<Box<dyn Target>, SetupError> {
    Ok(match name {
        "note" => Box::new(note::Notes::new()?),
        "proof" => Box::new(proof::Proofs::new()),
        "pack" => Box::new(pack::Packs::new()?),
        "commit" => Box::new(commit::Commits::new()?),
        "policy" => Box::new(policy::Policies::new()?),
        "witness" => Box::new(witness::Witnesses::new()?),
        _ => return Err(format!("there is no target {name}, only {}", NAMES.join(", ")).into()),
    })
}

/// The key that follows from its name.
fn key(name: &str, kind: KeyKind) -> Result<SigningKey, SetupError> {
    Ok(SigningKey::from_seed(name, kind, blake3::hash(name.as_bytes()).as_bytes())?)
}

/// Where the fixtures of the product stand.
fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

/// A message without what the input put into it: its digits and whatever it quotes.
fn without_numbers(message: &str) -> String {
    let mut text = String::new();
    let mut quoted = false;
    for c in message.chars() {
        quoted ^= c == '"';
        if !quoted && !c.is_ascii_digit() {
            text.push(c);
        }
    }
    text
}
