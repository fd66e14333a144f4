//! Signed notes, and the lines that keys and signatures are written in. What is read prints the same bytes,
//! and a signature of a known key holds only under a text that was signed with it.

use super::{key, without_numbers};
use crate::{SetupError, Target};
use ledger::Head;
use ledger::note::{KeyKind, Note, NoteError, Signature, SigningKey, VerifierKey};
use ledger::seal::Seal;
use seats::Digest;
use std::collections::BTreeSet;

const ORIGIN: &str = "example.com/clinics/seats-b3-v1";
const TIMES: [u64; 2] = [0, 1_700_000_000];

pub(super) struct Notes {
    corpus: Vec<Vec<u8>>,
    known: Vec<VerifierKey>,
    /// Everything that was signed: name of the key, when, text.
    signed: BTreeSet<(String, Option<u64>, String)>,
}

impl Notes {
    pub(super) fn new() -> Result<Notes, SetupError> {
        let log = key(ORIGIN, KeyKind::Log)?;
        let witnesses =
            [key("north.example", KeyKind::Witness)?, key("south.example", KeyKind::Witness)?];
        let stranger = key("stranger.example", KeyKind::Log)?;
        let known: Vec<VerifierKey> =
            std::iter::once(&log).chain(&witnesses).map(SigningKey::verifier).collect();
        let mut notes = Notes { corpus: Vec::new(), known, signed: BTreeSet::new() };
        let seal = |size| {
            let root = Digest(*blake3::hash(format!("{size}").as_bytes()).as_bytes());
            Seal { origin: ORIGIN.to_owned(), head: Head { size, root } }.text()
        };
        for text in [seal(0), seal(1_234), seal(u64::MAX), "a\n\nb\n".to_owned()] {
            notes.sign(&text, &[&log], 0)?;
            for at in TIMES {
                let [north, south] = &witnesses;
                notes.sign(&text, &[&log, north, south], at)?;
                notes.sign(&text, &[south, &stranger], at)?;
            }
            notes.sign(&text, &[&stranger], 0)?;
        }
        for key in [&log, &stranger].into_iter().chain(&witnesses) {
            notes.corpus.push(key.secret().into_bytes());
            notes.corpus.push(key.verifier().to_string().into_bytes());
            notes.corpus.push(key.sign("a\n", 3).to_string().into_bytes());
        }
        Ok(notes)
    }

    fn sign(&mut self, text: &str, keys: &[&SigningKey], at: u64) -> Result<(), NoteError> {
        let mut note = Note::new(text)?;
        for key in keys {
            note.sign(key, at);
            let at = (key.verifier().kind() == KeyKind::Witness).then_some(at);
            self.signed.insert((key.name().to_owned(), at, text.to_owned()));
        }
        self.corpus.push(note.to_string().into_bytes());
        Ok(())
    }
}

impl Target for Notes {
    fn name(&self) -> &'static str {
        "note"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        self.corpus.clone()
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let lines = std::str::from_utf8(input).map(same_line).unwrap_or(Ok(""))?;
        let note = match Note::parse(input) {
            Ok(note) => note,
            Err(error) => return Ok(format!("{lines}{}", without_numbers(&error.to_string()))),
        };
        if note.to_string().as_bytes() != input {
            return Err("it is a note that prints other bytes".to_owned());
        }
        let seal = Seal::parse(note.text());
        if seal.as_ref().is_ok_and(|seal| seal.text() != note.text()) {
            return Err("it is a seal that prints another text".to_owned());
        }
        let verified = match note.verify(&self.known) {
            Ok(verified) => verified,
            Err(error) => {
                let kind = match error {
                    NoteError::Malformed(why) => return Err(why.to_owned()),
                    NoteError::Fails(_) => "fails",
                    NoteError::Ambiguous(_) => "ambiguous",
                    NoteError::Unknown(_) => "unknown",
                };
                return Ok(format!("{kind}, {} lines", note.signatures().len().min(5)));
            }
        };
        for signer in &verified {
            let text = (signer.key.name().to_owned(), signer.at, note.text().to_owned());
            if !self.signed.contains(&text) {
                return Err(format!("{} never signed this", signer.key.name()));
            }
        }
        let opened = Seal::open(&note, &self.known).is_ok();
        let lines = note.signatures().len().min(5);
        Ok(format!("signed by {} of {lines}, seal {} {opened}", verified.len(), seal.is_ok()))
    }
}

/// Whether the text, if it is a key's or a signature's line, is printed as it was read.
fn same_line(text: &str) -> Result<&'static str, String> {
    let differs = |what: &str| Err(format!("it is the line of a {what} that prints another"));
    if let Ok(key) = text.parse::<VerifierKey>() {
        return if key.to_string() == text { Ok("key: ") } else { differs("key") };
    }
    if let Ok(key) = SigningKey::parse(text) {
        return if key.secret() == text { Ok("secret: ") } else { differs("secret key") };
    }
    if let Ok(signature) = Signature::parse(text) {
        let same = signature.to_string() == text;
        return if same { Ok("signature: ") } else { differs("signature") };
    }
    Ok("")
}
