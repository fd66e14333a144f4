//! Bytes of commits. What is read as canonical is encoded to the same bytes, and every way to read a commit
//! gives the same one or refuses it for the same reason.

use super::{fixture, without_numbers};
use crate::{SetupError, Target};
use ledger::commit::COMMIT_BYTES_MAX;
use ledger::{Commit, DecodeError};
use seats::{Event, Micros, SessionId};

pub(super) struct Commits {
    corpus: Vec<Vec<u8>>,
    /// What the last input left behind, to be read into.
    used: Commit,
    scratch: Vec<u8>,
}

impl Commits {
    pub(super) fn new() -> Result<Commits, SetupError> {
        let text = std::fs::read_to_string(fixture("golden/commits-1.txt"))?;
        let mut corpus: Vec<Vec<u8>> = text.lines().filter_map(unhex).collect();
        if corpus.is_empty() {
            return Err("there are no golden commits".into());
        }
        // One of many events, and one as long as may be.
        let events = corpus.iter().filter_map(|bytes| Commit::decode(bytes).ok());
        let mut commit = Commit::blank();
        commit.events = events.flat_map(|commit| commit.events).collect();
        corpus.push(commit.encode()?);
        let went = Event::WentDormant { session: SessionId(9), silent: Micros(9) };
        commit.events = vec![went; (COMMIT_BYTES_MAX - 100) / 3];
        corpus.push(commit.encode()?);
        Ok(Commits { corpus, used: Commit::blank(), scratch: Vec::new() })
    }
}

impl Target for Commits {
    fn name(&self) -> &'static str {
        "commit"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        self.corpus.clone()
    }

    fn bytes_max(&self) -> usize {
        COMMIT_BYTES_MAX + 64
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let any = Commit::decode(input);
        let canonical = Commit::decode_canonical(input);
        let into = self.used.decode_into(input);
        if into.clone().map(|()| self.used.clone()) != any {
            return Err(format!("read into a used commit it is {into:?}, else {any:?}"));
        }
        let into = self.used.decode_canonical_into(input, &mut self.scratch);
        if into.clone().map(|()| self.used.clone()) != canonical {
            return Err(format!("canonical into a used commit it is {into:?}, else {canonical:?}"));
        }
        match (any, canonical) {
            (Ok(any), Ok(commit)) => {
                if any != commit {
                    return Err(format!("read in two ways it is {any:?} and {commit:?}"));
                }
                if commit.encode().as_deref() != Ok(input) {
                    return Err("it is canonical and is encoded to other bytes".to_owned());
                }
                Ok(format!("ok: {}", kinds(&commit)))
            }
            (Ok(commit), Err(DecodeError::NotCanonical)) => match commit.encode() {
                Ok(bytes) if bytes == input => Err("its own spelling is refused".to_owned()),
                Ok(bytes) if Commit::decode_canonical(&bytes) != Ok(commit) => {
                    Err("its canonical spelling says something else".to_owned())
                }
                encoded => Ok(format!("spelled otherwise, {}", encoded.is_ok())),
            },
            (Err(any), Err(canonical)) if any == canonical => Ok(without_numbers(&any.to_string())),
            (any, canonical) => Err(format!("it is {any:?} and {canonical:?}")),
        }
    }
}

/// The first kinds of event.
fn kinds(commit: &Commit) -> String {
    let says = |event: &Event| {
        let says = format!("{event:?}");
        says.split([' ', '{']).next().unwrap_or_default().to_owned()
    };
    commit.events.iter().take(2).map(says).collect::<Vec<_>>().join(" ")
}

pub(super) fn unhex(line: &str) -> Option<Vec<u8>> {
    // A leaf hash has 64 digits; every commit begins with its format.
    let is_commit = line.len() > 64 && line.starts_with("01");
    let pairs = line.as_bytes().as_chunks::<2>().0.iter();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    is_commit.then(|| pairs.map(byte).collect()).flatten()
}
