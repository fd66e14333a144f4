//! A witness: somebody else's small server that cosigns a ledger's seals, and never two that contradict each
//! other.
//!
//! ```text
//!  ledger --- add-checkpoint: old size, path, seal ---> witness --- cosignature --->
//!                                                          |
//!                                                   size and root, synced
//! ```
//!
//! Whoever holds a ledger's key can write its whole history anew and seal it again; nothing in the ledger
//! itself shows that. A witness remembers the last seal it saw, on its own disk, and signs the next one only
//! if the log has grown from it. So a seal with its cosignature is the only history that was ever shown to it.
//!
//! The protocol is C2SP tlog-witness v1.0.0 (`add-checkpoint`), with BLAKE3 as the hash of the tree: a witness
//! for other logs computes SHA-256 and refuses ours with 422.

pub mod client;
mod memory;
mod request;
pub mod serve;

pub use memory::MemoryError;
pub use request::Request;

use ledger::Head;
use ledger::merkle::{Blake3, verify_growth};
use ledger::note::{SigningKey, VerifierKey};
use ledger::seal::{BadSeal, Seal};
use memory::Memory;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A witness: its key, the ledgers it watches, and what it remembers of them.
pub struct Witness {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    /// One seal at a time: comparing, remembering and signing are one step.
    memory: Mutex<Memory>,
}

/// What a witness answers, in the words of HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type of the text.
    pub kind: &'static str,
    /// What is said.
    pub text: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
/// The media type that C2SP gives to the size of a tree.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

impl Witness {
    /// A witness that watches these ledgers and keeps what it remembers in `dir`.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn new(
        key: SigningKey,
        logs: Vec<VerifierKey>,
        dir: &Path,
    ) -> Result<Witness, MemoryError> {
        Ok(Witness { key, logs, memory: Mutex::new(Memory::open(dir)?) })
    }

    /// What checks its cosignatures.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Answers a request to cosign, at `now`, in seconds since 1970. What is signed was remembered durably
    /// before.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Answer {
        let refused = |status, text: String| Answer { status, kind: TEXT, text: text + "\n" };
        let request = match Request::parse(body) {
            Ok(request) => request,
            Err(why) => return refused(400, why),
        };
        let Request { old, path, note } = request;
        let origin = note.text().lines().next().unwrap_or_default();
        let known: Vec<VerifierKey> =
            self.logs.iter().filter(|log| log.name() == origin).cloned().collect();
        if known.is_empty() {
            return refused(404, format!("the ledger {origin:?} is not watched here"));
        }
        let seal = match Seal::open(&note, &known) {
            Ok((seal, _)) => seal,
            Err(BadSeal::Malformed(why)) => return refused(400, why.to_owned()),
            Err(error) => return refused(403, error.to_string()),
        };
        let next = seal.head;
        if old > next.size {
            return refused(400, format!("old is {old}, and the seal is of {} only", next.size));
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match memory.last(origin) {
            Ok(last) => last,
            Err(error) => return refused(500, error.to_string()),
        };
        let last =
            last.unwrap_or_else(|| Head { size: 0, root: ledger::merkle::empty_root::<Blake3>() });
        let conflict = || Answer { status: 409, kind: SIZE_TYPE, text: format!("{}\n", last.size) };
        if old != last.size || (next.size == last.size && next.root != last.root) {
            return conflict();
        }
        let grown =
            verify_growth::<Blake3>((last.size, &last.root), (next.size, &next.root), &path);
        if let Err(error) = grown {
            return refused(422, format!("the log has not grown from {}: {error}", last.size));
        }
        if next != last
            && let Err(error) = memory.remember(origin, next)
        {
            return refused(500, error.to_string());
        }
        let cosignature = self.key.sign(note.text(), now);
        Answer { status: 200, kind: TEXT, text: format!("{cosignature}\n") }
    }
}
