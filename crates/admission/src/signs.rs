//! Signs of life beside the log, as bytes.
//!
//! ```text
//!  +---------+------+--------+---------+   per session, in order of session
//!  | session | seen | active | goodbye |   four u64, big end first; no goodbye: all ones
//!  +---------+------+--------+---------+
//!  | 0       | request id    | seen    |   and per login in line, which is no session
//!  +---------+---------------+---------+
//! ```
//!
//! Records of one fixed length, so that a row that was being replaced when the machine crashed, and is half
//! new and half old, still reads as signs that were once true; of two of one session or login the later counts.

use crate::error::Error;
use crate::past::recorded_past;
use ledger::Ledger;
use seats::{AccountId, Heard, Liveness, RequestId, SessionId, Signs, Timestamp};

const SIGNS_BYTES: usize = 32;
/// Sessions are numbered from 1.
const NO_SESSION: u64 = 0;

/// The signs of life of an account as they were saved last, for those who look at a ledger without
/// admitting logins to it.
///
/// # Errors
/// [`Error::Unreadable`](crate::Error::Unreadable): they, or the outages in the log, cannot be read.
pub fn saved_signs(ledger: &Ledger, account: AccountId) -> Result<Liveness, Error> {
    let heard = decode(&ledger.book().liveness(account)?);
    Ok(Liveness::restored(heard, recorded_past(ledger)?.outages.into()))
}

/// The row of one account.
pub(crate) fn encode(heard: &Heard) -> Vec<u8> {
    let records = heard.sessions.len().saturating_add(heard.waiters.len());
    let mut row = Vec::with_capacity(records.saturating_mul(SIGNS_BYTES));
    for (session, Signs { seen, active, goodbye }) in &heard.sessions {
        let goodbye = goodbye.unwrap_or(Timestamp::MAX);
        for number in [session.0, seen.0, active.0, goodbye.0] {
            row.extend_from_slice(&number.to_be_bytes());
        }
    }
    for (request, seen) in &heard.waiters {
        row.extend_from_slice(&NO_SESSION.to_be_bytes());
        row.extend_from_slice(&request.0);
        row.extend_from_slice(&seen.0.to_be_bytes());
    }
    row
}

/// The signs in a row. What is not a whole record is passed over.
pub(crate) fn decode(row: &[u8]) -> Heard {
    let mut heard = Heard::default();
    let (records, _) = row.as_chunks::<SIGNS_BYTES>();
    for record in records {
        let (numbers, _) = record.as_chunks::<8>();
        let [session, seen, active, goodbye] = numbers else { continue };
        let instant = |bytes: &[u8; 8]| Timestamp(u64::from_be_bytes(*bytes));
        if u64::from_be_bytes(*session) == NO_SESSION {
            let (mut request, heard_at) = ([0; 16], instant(goodbye));
            request.copy_from_slice(&[*seen, *active].concat());
            let kept = heard.waiters.entry(RequestId(request)).or_insert(heard_at);
            *kept = heard_at.max(*kept);
            continue;
        }
        let goodbye = Some(instant(goodbye)).filter(|goodbye| *goodbye != Timestamp::MAX);
        let found = Signs { seen: instant(seen), active: instant(active), goodbye };
        let session = SessionId(u64::from_be_bytes(*session));
        let kept = heard.sessions.entry(session).or_insert(found);
        if kept.seen < found.seen {
            *kept = found;
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(sessions: &[(u64, u64, Option<u64>)]) -> Heard {
        let one = |(session, seen, goodbye): &(u64, u64, Option<u64>)| {
            let (seen, active) = (Timestamp(*seen), Timestamp(seen / 2));
            (SessionId(*session), Signs { seen, active, goodbye: goodbye.map(Timestamp) })
        };
        Heard { sessions: sessions.iter().map(one).collect(), ..Heard::default() }
    }

    #[test]
    fn what_is_saved_is_restored() {
        let mut saved =
            signs(&[(1, 1 << 50, None), (2, 7, Some(0)), (u64::MAX, 9, Some(u64::MAX - 1))]);
        saved.waiters.insert(RequestId([7; 16]), Timestamp(1 << 50));
        saved.waiters.insert(RequestId(*b"one who waits..."), Timestamp(0));
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
