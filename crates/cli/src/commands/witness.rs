//! `witness`: cosigns other people's ledgers. The clock is read here and in `place` only.

use super::seal::read_small;
use crate::args;
use crate::failure::Failure;
use crate::output::talk;
use crate::place;
use ledger::note::{KeyKind, SigningKey, VerifierKey};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tokio::net::TcpListener;
use witness::{Witness, serve};

pub(crate) fn run(asked: &args::Witness) -> Result<(), Failure> {
    let read = |key: &String| key.parse().map_err(|error| Failure::usage(format!("log: {error}")));
    let logs = asked.logs.iter().map(read).collect::<Result<Vec<VerifierKey>, Failure>>()?;
    if let Some(log) = logs.iter().find(|log| log.kind() != KeyKind::Log) {
        return Err(Failure::usage(format!("log: {} is not a ledger's key", log.name())));
    }
    fs::create_dir_all(&asked.dir)
        .map_err(|error| Failure::unexpected(format!("{}: {error}", asked.dir.display())))?;
    let key = key(&asked.dir, &asked.name)?;
    let witness = Witness::new(key, logs, &asked.dir.join("seen")).map_err(Failure::unexpected)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::unexpected)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(asked.listen).await;
        let listener = listener
            .map_err(|error| Failure::unexpected(format!("listen: {}: {error}", asked.listen)))?;
        let at = listener.local_addr().map_err(Failure::unexpected)?;
        talk(&format!("witness {}\nlistening on http://{at}", witness.verifier()));
        let stop = async {
            // Without a signal handler it stops as processes do.
            let _ = tokio::signal::ctrl_c().await;
        };
        let clock = || place::now().0 / 1_000_000;
        serve::run(witness, clock, listener, stop).await.map_err(Failure::unexpected)
    })
}

/// The witness's key; made the first time.
fn key(dir: &Path, name: &str) -> Result<SigningKey, Failure> {
    let path = dir.join("key");
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    if !path.exists() {
        let key = SigningKey::generate(name, KeyKind::Witness).map_err(Failure::unexpected)?;
        let key = key.map_err(|error| Failure::usage(format!("name: {error}")))?;
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(&path);
        let written = opened.and_then(|mut file| {
            writeln!(file, "{}", key.secret())?;
            file.sync_all()
        });
        written.map_err(|error| Failure::unexpected(format!("{}: {error}", path.display())))?;
        return Ok(key);
    }
    let text = String::from_utf8(read_small(&path)?).map_err(|error| wrong(&error))?;
    let key = SigningKey::parse(text.trim_end()).map_err(|error| wrong(&error))?;
    if key.name() != name || key.verifier().kind() != KeyKind::Witness {
        return Err(wrong(&format!("it is the key of {}, not of the witness {name}", key.name())));
    }
    Ok(key)
}
