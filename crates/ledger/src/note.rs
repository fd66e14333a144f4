//! Signed notes (C2SP signed-note v1.0.0): a short text and who signed it.
//!
//! ```text
//!  example.com/clinics/seats-b3-v1              text: lines, the last one ended as well
//!  1234
//!  3b1Z...=
//!                                               an empty line
//!  — example.com/clinics/seats-b3-v1 x08g...=   em dash, name, base64 of key id and signature
//! ```
//!
//! Signatures of keys that are not known are passed over: a note may be signed by many. One that fails for a
//! known key spoils the note. Notes come from strangers, so what is read is bounded and spelled in one way only.

mod key;

pub use key::{KeyError, KeyKind, SigningKey, VerifierKey};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 << 10;
/// The most signatures that a note may have.
pub const SIGNATURES_MAX: usize = 100;

const DASH: &str = "\u{2014} ";
const KEY_ID_BYTES: usize = 4;

/// Why something is not a note, or proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoteError {
    /// It is not spelled as a note. Whoever sent it sends it again, unchanged by editors and mail programs.
    #[error("this is not a signed note: {0}")]
    Malformed(&'static str),
    /// A key that is known has a signature that fails: the text was changed, or the key is not what it seems.
    #[error("the signature of {0} fails")]
    Fails(String),
    /// Two different keys with the same name and id are known. Whoever chose the keys takes one out.
    #[error("two known keys are called {0} and have the same id")]
    Ambiguous(String),
    /// No known key has signed it. Whoever checks it takes the right key, or does not believe it.
    #[error("it is signed by none of the known keys, only by {0}")]
    Unknown(String),
}

/// A text and who signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    name: String,
    id: [u8; KEY_ID_BYTES],
    bytes: Vec<u8>,
}

/// A signature that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified<'a> {
    /// By which key.
    pub key: &'a VerifierKey,
    /// When a witness says it signed, in seconds since 1970; a ledger does not say.
    pub at: Option<u64>,
}

impl Note {
    /// A note that nobody has signed yet.
    ///
    /// # Errors
    /// When the text does not end with a newline, or holds control characters.
    pub fn new(text: impl Into<String>) -> Result<Note, NoteError> {
        let text = text.into();
        check_text(&text)?;
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for anything but a note, spelled in the one way there is.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        use NoteError::Malformed;
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(Malformed("it is longer than 64 KiB"));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| Malformed("it is not UTF-8"))?;
        let (text, signatures) =
            note.rsplit_once("\n\n").ok_or(Malformed("no empty line precedes signatures"))?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let lines = signatures.strip_suffix('\n').ok_or(Malformed("its last line does not end"))?;
        let lines: Vec<&str> = lines.split('\n').collect();
        if lines.len() > SIGNATURES_MAX {
            return Err(Malformed("it has more than 100 signatures"));
        }
        let signatures = lines.into_iter().map(Signature::parse).collect::<Result<_, _>>()?;
        Ok(Note { text, signatures })
    }

    /// What is signed, its last newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Signs with a key; `at` is when, in seconds since 1970, which only a witness says. A signature of the
    /// same key that stands there is replaced.
    pub fn sign(&mut self, key: &SigningKey, at: u64) {
        self.add(key.sign(&self.text, at));
    }

    /// Adds a signature, unchecked. One of the same key is replaced.
    pub fn add(&mut self, signature: Signature) {
        let same = |other: &Signature| other.name == signature.name && other.id == signature.id;
        self.signatures.retain(|other| !same(other));
        self.signatures.push(signature);
    }

    /// The signatures of `known` keys, all of which hold.
    ///
    /// # Errors
    /// When one of them fails, two known keys cannot be told apart, or none has signed.
    pub fn verify<'a>(&self, known: &'a [VerifierKey]) -> Result<Vec<Verified<'a>>, NoteError> {
        let mut verified: Vec<Verified<'a>> = Vec::new();
        for signature in &self.signatures {
            let names =
                |key: &&VerifierKey| key.name() == signature.name && key.id() == signature.id;
            let mut keys = known.iter().filter(names);
            let Some(key) = keys.next() else { continue };
            if keys.next().is_some() {
                return Err(NoteError::Ambiguous(signature.name.clone()));
            }
            let at = key
                .verify(&self.text, &signature.bytes)
                .ok_or_else(|| NoteError::Fails(signature.name.clone()))?;
            if verified.iter().any(|before| before.key == key) {
                continue; // Signing twice counts once, and both must hold.
            }
            verified.push(Verified { key, at: at.said() });
        }
        if verified.is_empty() {
            let names = self.signatures.iter().map(|signature| signature.name.as_str());
            return Err(NoteError::Unknown(names.collect::<Vec<_>>().join(", ")));
        }
        Ok(verified)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl Signature {
    /// Reads a signature line, without its newline.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(line: &str) -> Result<Signature, NoteError> {
        use NoteError::Malformed;
        let line = line.strip_prefix(DASH).ok_or(Malformed("a line is no signature"))?;
        let (name, base64) = line.split_once(' ').ok_or(Malformed("a line is no signature"))?;
        if !key::is_name(name) {
            return Err(Malformed("a signature names no key"));
        }
        let bytes = STANDARD.decode(base64).map_err(|_| Malformed("a signature is not base64"))?;
        match bytes.split_first_chunk() {
            Some((id, rest)) if !rest.is_empty() => {
                Ok(Signature { name: name.to_owned(), id: *id, bytes: rest.to_vec() })
            }
            _ => Err(Malformed("a signature is too short")),
        }
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_slice(), &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    use NoteError::Malformed;
    if text.trim_end_matches('\n').is_empty() || !text.ends_with('\n') {
        return Err(Malformed("it has no text that ends with a newline"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(Malformed("its text holds a control character"));
    }
    Ok(())
}
