//! Keys of notes: Ed25519, with a name, spelled in one line.
//!
//! ```text
//!  name+<8 hex digits: id>+<base64: type, public key>                 for everybody
//!  PRIVATE+KEY+name+<id>+<base64: type, secret seed>                  for the signer
//!  id = first 4 bytes of SHA-256(name, newline, type, public key)
//! ```

use super::Signature;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

const SECRET: &str = "PRIVATE+KEY+";

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// A log signs its checkpoints: type 0x01.
    Log,
    /// A witness cosigns checkpoints it has seen to be consistent: type 0x04.
    Witness,
}

/// Why a line is not a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// It is not spelled `name+id+base64`. Whoever gave it gives the whole line.
    #[error("{0:?} is not a key, which is written name+id+base64")]
    Malformed(String),
    /// Its type is neither a log's nor a witness's Ed25519 key. Use one of those.
    #[error(
        "the key of {name} has type {kind:#04x}; known are 0x01 (a log's) and 0x04 (a witness's)"
    )]
    UnknownKind {
        /// The key's name.
        name: String,
        /// Its type.
        kind: u8,
    },
    /// Id and key do not belong together: a character was lost or changed. Copy the line again.
    #[error("the id of the key of {0} does not fit it; copy the line again")]
    WrongId(String),
    /// A name has no white space, no control character and no plus sign, and is 1 to 200 bytes long.
    #[error("{0:?} cannot be a key's name: 1 to 200 bytes, no white space, no plus sign")]
    BadName(String),
}

/// A key that checks signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::VerifyingKey,
}

/// A key that signs. Nothing shows the secret but [`SigningKey::secret`].
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::SigningKey,
}

/// When somebody says they signed, if they say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Said(Option<u64>);

impl Said {
    pub(super) fn said(self) -> Option<u64> {
        self.0
    }
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            KeyKind::Log => 0x01,
            KeyKind::Witness => 0x04,
        }
    }

    /// What is signed.
    fn message(self, text: &str, at: u64) -> Vec<u8> {
        match self {
            KeyKind::Log => text.as_bytes().to_vec(),
            KeyKind::Witness => format!("cosignature/v1\ntime {at}\n{text}").into_bytes(),
        }
    }
}

impl VerifierKey {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key itself.
    pub fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    pub(super) fn id(&self) -> [u8; 4] {
        id(&self.name, self.kind, self.key.as_bytes())
    }

    /// Whether the signature holds, and when the signer says it was made.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<Said> {
        let (at, signature) = match self.kind {
            KeyKind::Log => (None, signature),
            KeyKind::Witness => {
                let (at, rest) = signature.split_first_chunk()?;
                (Some(u64::from_be_bytes(*at)), rest)
            }
        };
        let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
        let message = self.kind.message(text, at.unwrap_or_default());
        self.key.verify_strict(&message, &signature).ok()?;
        Some(Said(at))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(line: &str) -> Result<VerifierKey, KeyError> {
        let (name, id, kind, public) = parts(line)?;
        let malformed = || KeyError::Malformed(line.to_owned());
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public).map_err(|_| malformed())?;
        let key = VerifierKey { name, kind, key };
        if key.id() != id {
            return Err(KeyError::WrongId(key.name));
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(bytes))
    }
}

impl SigningKey {
    /// The key that follows from 32 random bytes.
    ///
    /// # Errors
    /// When the name cannot be a key's.
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<SigningKey, KeyError> {
        if !is_name(name) {
            return Err(KeyError::BadName(name.to_owned()));
        }
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(SigningKey { name: name.to_owned(), kind, key })
    }

    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// When the name cannot be a key's; or, as an I/O error, when there is no randomness.
    pub fn generate(name: &str, kind: KeyKind) -> std::io::Result<Result<SigningKey, KeyError>> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(SigningKey::from_seed(name, kind, &seed))
    }

    /// Reads what [`SigningKey::secret`] wrote.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(line: &str) -> Result<SigningKey, KeyError> {
        // The secret is not repeated in an error.
        let malformed = || KeyError::Malformed(SECRET.to_owned());
        let line = line.strip_prefix(SECRET).ok_or_else(malformed)?;
        let (name, id, kind, seed) = parts(line).map_err(|error| match error {
            KeyError::Malformed(_) => malformed(),
            error => error,
        })?;
        let key = SigningKey::from_seed(&name, kind, &seed)?;
        if key.verifier().id() != id {
            return Err(KeyError::WrongId(name));
        }
        Ok(key)
    }

    /// The line to keep secret.
    pub fn secret(&self) -> String {
        let id = u32::from_be_bytes(self.verifier().id());
        let bytes = [&[self.kind.byte()], self.key.as_bytes().as_slice()].concat();
        format!("{SECRET}{}+{id:08x}+{}", self.name, STANDARD.encode(bytes))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What checks its signatures.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), kind: self.kind, key: self.key.verifying_key() }
    }

    /// Signs a text; `at` is when, in seconds since 1970, which only a witness says.
    pub fn sign(&self, text: &str, at: u64) -> Signature {
        let signature = self.key.sign(&self.kind.message(text, at)).to_bytes();
        let bytes = match self.kind {
            KeyKind::Log => signature.to_vec(),
            KeyKind::Witness => [at.to_be_bytes().as_slice(), &signature].concat(),
        };
        Signature { name: self.name.clone(), id: self.verifier().id(), bytes }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

/// Whether a key may have that name.
pub(super) fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn id(name: &str, kind: KeyKind, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', kind.byte()]);
    hasher.update(public);
    let hash: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

/// Name, id, type and the 32 bytes of a line.
fn parts(line: &str) -> Result<(String, [u8; 4], KeyKind, [u8; 32]), KeyError> {
    let malformed = || KeyError::Malformed(line.to_owned());
    let (name, rest) = line.split_once('+').ok_or_else(malformed)?;
    let (id, base64) = rest.split_once('+').ok_or_else(malformed)?;
    if !is_name(name)
        || id.len() != 8
        || id.bytes().any(|c| !matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Err(malformed());
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| malformed())?.to_be_bytes();
    let bytes = STANDARD.decode(base64).map_err(|_| malformed())?;
    let (kind, key) = bytes.split_first().ok_or_else(malformed)?;
    let kind = match kind {
        0x01 => KeyKind::Log,
        0x04 => KeyKind::Witness,
        other => return Err(KeyError::UnknownKind { name: name.to_owned(), kind: *other }),
    };
    let key = key.try_into().map_err(|_| malformed())?;
    Ok((name.to_owned(), id, kind, key))
}
