//! A ledger held against a seal that was kept elsewhere.

use super::Seal;
use crate::ledger::Ledger;
use crate::position::{Head, Position};
use crate::proving::ProveError;

/// How a ledger stands to an older seal of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The log is exactly what was sealed.
    Same,
    /// The log begins with exactly what was sealed, and goes on.
    Grown {
        /// By how many commits.
        by: u64,
    },
    /// The log is shorter than what was sealed: commits are missing at its end.
    RolledBack {
        /// How long it is.
        size: u64,
    },
    /// The log is as long, but is not what was sealed: something before the seal's size was changed.
    Rewritten {
        /// The root it has at the seal's size.
        found: Head,
        /// Where the first difference lies: at or after this position ...
        from: Position,
        /// ... and before this one. The nearest other seals that are known to agree and to differ say so.
        before: Position,
    },
}

/// How the ledger stands to a seal. `others` are further seals of the same ledger, from the same safe place:
/// the more there are, the closer a difference is told.
///
/// # Errors
/// When the log cannot be read.
pub fn against(ledger: &Ledger, seal: &Seal, others: &[Seal]) -> Result<Standing, ProveError> {
    let (size, sealed) = (ledger.head().size, seal.head);
    if size < sealed.size {
        return Ok(Standing::RolledBack { size });
    }
    let found = ledger.head_at(sealed.size)?;
    if found == sealed {
        return Ok(match size - sealed.size {
            0 => Standing::Same,
            by => Standing::Grown { by },
        });
    }
    let (mut from, mut before) = (Position(0), Position(sealed.size));
    for other in others.iter().filter(|other| other.origin == seal.origin) {
        let head = other.head;
        if head.size >= before.0 || head.size <= from.0 {
            continue;
        }
        if ledger.head_at(head.size)? == head {
            from = Position(head.size);
        } else {
            before = Position(head.size);
        }
    }
    Ok(Standing::Rewritten { found, from, before })
}
