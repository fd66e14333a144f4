//! Seals: signed statements of how long the log is and what its Merkle root is (C2SP tlog-checkpoint).
//!
//! ```text
//!  example.com/clinics/seats-b3-v1     origin: which ledger, and by which hash
//!  1234                                how many commits
//!  3b1Z...=                            the root over them
//! ```
//!
//! Whoever keeps a seal elsewhere can tell later whether the log still is what it was, or has grown honestly
//! ([`against`](fn@against)). [`Seals`] makes and keeps them; witnesses, run by others, add their signatures, and a
//! [`Policy`] says which of them must have.

mod against;
mod keeper;
mod policy;

pub use against::{Standing, against};
pub(crate) use keeper::dir;
pub use keeper::{SealError, Seals};
pub use policy::{Policy, PolicyError};

use crate::note::{KeyKind, Note, NoteError, Verified, VerifierKey};
use crate::position::Head;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seats::Digest;

/// How the origin of a ledger ends: the hash of its tree is BLAKE3, and this is the first format.
pub const ORIGIN_SUFFIX: &str = "/seats-b3-v1";

/// What a seal says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seal {
    /// Which ledger.
    pub origin: String,
    /// How long its log is, and the root over it.
    pub head: Head,
}

/// Why something is not a seal of the ledger that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSeal {
    /// Its text is not origin, size and root. Whoever sent it sends it again, unchanged.
    #[error("this is not a seal: {0}")]
    Malformed(&'static str),
    /// It is no note, or is not signed as it must be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// It is of another ledger than the keys that check it.
    #[error("it is a seal of {found}, and none of the keys is of that ledger")]
    Origin {
        /// The origin it names.
        found: String,
    },
}

impl Seal {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let Seal { origin, head } = self;
        format!("{origin}\n{}\n{}\n", head.size, STANDARD.encode(head.root.0))
    }

    /// Reads the text.
    ///
    /// # Errors
    /// When it is anything else than three lines, each spelled in the one way there is.
    pub fn parse(text: &str) -> Result<Seal, BadSeal> {
        use BadSeal::Malformed;
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(Malformed("it has not three lines"));
        };
        if origin.is_empty() || origin.contains([' ', '+']) {
            return Err(Malformed("its first line names no ledger"));
        }
        let number: u64 = size.parse().map_err(|_| Malformed("its second line is no size"))?;
        if number.to_string() != *size {
            return Err(Malformed("its second line is no size"));
        }
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = Digest(root.ok_or(Malformed("its third line is no root"))?);
        Ok(Seal { origin: (*origin).to_owned(), head: Head { size: number, root } })
    }

    /// Reads a seal and checks that its own ledger signed it: the key's name is the origin. Gives back all
    /// known keys that signed it.
    ///
    /// # Errors
    /// When it is malformed, a known key's signature fails, or no known key of its ledger signed it.
    pub fn open<'a>(
        note: &Note,
        known: &'a [VerifierKey],
    ) -> Result<(Seal, Vec<Verified<'a>>), BadSeal> {
        let seal = Seal::parse(note.text())?;
        let verified = note.verify(known)?;
        let own = |verified: &Verified<'_>| {
            verified.key.kind() == KeyKind::Log && verified.key.name() == seal.origin
        };
        if !verified.iter().any(own) {
            return Err(BadSeal::Origin { found: seal.origin });
        }
        Ok((seal, verified))
    }
}
