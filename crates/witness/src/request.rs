//! The body of a request: `old <size>`, a consistency path, an empty line, the seal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::note::{NOTE_BYTES_MAX, Note};
use seats::Digest;
use std::fmt;

/// The most hashes that C2SP allows in a path.
pub(crate) const PATH_LENGTH_MAX: usize = 63;
/// The longest body that is read, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = NOTE_BYTES_MAX + (PATH_LENGTH_MAX + 1) * 64;

/// A request to cosign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The size that the ledger believes the witness to have signed last.
    pub old: u64,
    /// That the log has grown from there.
    pub path: Vec<Digest>,
    /// The seal.
    pub note: Note,
}

impl Request {
    /// Reads a body.
    ///
    /// # Errors
    /// In words, when it is none.
    pub fn parse(body: &[u8]) -> Result<Request, String> {
        if body.len() > BODY_BYTES_MAX {
            return Err("the request is too long".to_owned());
        }
        let body = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        let (head, note) = body.split_once("\n\n").ok_or("no empty line precedes the seal")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).unwrap_or_default();
        let size: u64 = old.parse().map_err(|_| "its first line is not `old` and a size")?;
        if size.to_string() != old {
            return Err("its first line is not `old` and a size".to_owned());
        }
        let path: Vec<Digest> = lines
            .map(|line| Some(Digest(STANDARD.decode(line).ok()?.try_into().ok()?)))
            .collect::<Option<_>>()
            .ok_or("a line of the path is not a hash in base64")?;
        if path.len() > PATH_LENGTH_MAX {
            return Err(format!("the path has more than {PATH_LENGTH_MAX} hashes"));
        }
        let note = Note::parse(note.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Request { old: size, path, note })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}
