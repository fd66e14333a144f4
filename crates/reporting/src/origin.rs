//! What names a ledger in its reports.

use ledger::seal::{SealError, Seals};
use ledger::{Ledger, Position, ReadError};

/// Why the name of a ledger cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// Its signing key cannot be read. Put the file back.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The log cannot be read. Run `verify`.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The origin of a ledger's seals, or, before it has a key, the hash of its first commit, which nobody can
/// change.
///
/// # Errors
/// [`OriginError`].
pub fn origin(ledger: &Ledger) -> Result<String, OriginError> {
    if let Some(origin) = ledger.seals().map(Seals::origin).transpose()?.flatten() {
        return Ok(origin);
    }
    let first = ledger.bytes(Position(0))?.unwrap_or_default();
    let name = ledger::commit::leaf_hash(&first).to_string();
    Ok(format!("ledger-{}", name.get(..16).unwrap_or_default()))
}
