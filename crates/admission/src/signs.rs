//! Signs of life beside the log, as bytes.
//!
//! ```text
//!  +---------+------+--------+---------+   per session, in order of session
//!  | session | seen | active | goodbye |   four u64, big end first; no goodbye: all ones
//!  +---------+------+--------+---------+
//! ```
//!
//! Records of one fixed length, so that a row that was being replaced when the machine crashed, and is half
//! new and half old, still reads as signs that were once true; of two of one session the later counts.

use crate::error::Error;
use crate::past::recorded_past;
use ledger::Ledger;
use seats::{AccountId, Liveness, SessionId, Signs, Timestamp};
use std::collections::BTreeMap;

const SIGNS_BYTES: usize = 32;

/// The signs of life of an account as they were saved last, for those who look at a ledger without
/// admitting logins to it.
///
/// # Errors
/// [`Error::Unreadable`](crate::Error::Unreadable): they, or the outages in the log, cannot be read.
pub fn saved_signs(ledger: &Ledger, account: AccountId) -> Result<Liveness, Error> {
    let signs = decode(&ledger.book().liveness(account)?);
    Ok(Liveness::restored(signs, recorded_past(ledger)?.outages.into()))
}

/// The row of one account.
pub(crate) fn encode(signs: &BTreeMap<SessionId, Signs>) -> Vec<u8> {
    let mut row = Vec::with_capacity(signs.len().saturating_mul(SIGNS_BYTES));
    for (session, Signs { seen, active, goodbye }) in signs {
        let goodbye = goodbye.unwrap_or(Timestamp::MAX);
        for number in [session.0, seen.0, active.0, goodbye.0] {
            row.extend_from_slice(&number.to_be_bytes());
        }
    }
    row
}

/// The signs in a row. What is not a whole record is passed over.
pub(crate) fn decode(row: &[u8]) -> BTreeMap<SessionId, Signs> {
    let mut signs: BTreeMap<SessionId, Signs> = BTreeMap::new();
    let (records, _) = row.as_chunks::<SIGNS_BYTES>();
    for record in records {
        let (numbers, _) = record.as_chunks::<8>();
        let [session, seen, active, goodbye] = numbers else { continue };
        let instant = |bytes: &[u8; 8]| Timestamp(u64::from_be_bytes(*bytes));
        let goodbye = Some(instant(goodbye)).filter(|goodbye| *goodbye != Timestamp::MAX);
        let found = Signs { seen: instant(seen), active: instant(active), goodbye };
        let kept = signs.entry(SessionId(u64::from_be_bytes(*session))).or_insert(found);
        if kept.seen < found.seen {
            *kept = found;
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(sessions: &[(u64, u64, Option<u64>)]) -> BTreeMap<SessionId, Signs> {
        let one = |(session, seen, goodbye): &(u64, u64, Option<u64>)| {
            let (seen, active) = (Timestamp(*seen), Timestamp(seen / 2));
            (SessionId(*session), Signs { seen, active, goodbye: goodbye.map(Timestamp) })
        };
        sessions.iter().map(one).collect()
    }

    #[test]
    fn what_is_saved_is_restored() {
        let saved =
            signs(&[(1, 1 << 50, None), (2, 7, Some(0)), (u64::MAX, 9, Some(u64::MAX - 1))]);
        assert_eq!(decode(&encode(&saved)), saved);
        assert_eq!(decode(&[]), signs(&[]));
    }

    #[test]
    fn a_row_half_new_and_half_old_is_still_true() {
        let old = encode(&signs(&[(1, 10, None), (2, 10, None), (3, 10, None)]));
        let new = encode(&signs(&[(2, 30, Some(25)), (3, 30, None)]));
        // Session 1 has ended; the row's first part was written, its last was not.
        let torn = [&new[..], &old[64..]].concat();
        assert_eq!(decode(&torn), signs(&[(2, 30, Some(25)), (3, 30, None)]));
        assert_eq!(decode(&torn[..70]), signs(&[(2, 30, Some(25)), (3, 30, None)]));
    }
}
