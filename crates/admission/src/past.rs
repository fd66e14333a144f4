//! What the log knows of earlier services, and how it is known without reading all of it each time.
//!
//! The system account holds a commit for each start, stop and step of the clock, and one for each look at
//! names; the looks are many. What the starts say is kept beside the log, with the last commit that it was
//! read from:
//!
//! ```text
//!  position  leaf hash  started        from  to   from  to  ...
//!  u64       32 bytes   u64 or ones    an outage: two u64
//! ```
//!
//! Numbers are big end first. It counts if the commit at that position still has that hash; else everything
//! is read again.

use ledger::commit::leaf_hash;
use ledger::{Ledger, Position, ReadError};
use seats::{AccountId, Event, Outage, Timestamp};

/// From how many commits on what was read is noted.
const WORTH_NOTING: u64 = 256;
/// More than this is not noted.
const OUTAGES_MAX: usize = 1_000;

/// What the log knows of earlier services.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Past {
    /// When nothing could be heard, in order of time.
    pub(crate) outages: Vec<Outage>,
    /// When the last one began to listen.
    pub(crate) started: Option<Timestamp>,
}

/// Reads what the log knows of earlier services.
pub(crate) fn recorded_past(ledger: &Ledger) -> Result<Past, ReadError> {
    let Some(head) = ledger.account_head(AccountId::SYSTEM)? else { return Ok(Past::default()) };
    let noted = noted(ledger)?;
    let (mut newer, mut read) = (Past::default(), 0_u64);
    for record in ledger.back(head.position) {
        let record = record?;
        if noted.as_ref().is_some_and(|(position, _)| record.position <= *position) {
            break;
        }
        read = read.saturating_add(1);
        let commit = record.commit;
        for event in &commit.events {
            let Event::ServiceStarted { last_alive } = event else { continue };
            newer.started = newer.started.or(Some(commit.at));
            if let Some(from) = last_alive.filter(|from| *from < commit.at) {
                newer.outages.push(Outage { from, to: commit.at });
            }
        }
    }
    newer.outages.reverse();
    let mut past = noted.map(|(_, past)| past).unwrap_or_default();
    past.started = newer.started.or(past.started);
    past.outages.append(&mut newer.outages);
    if read >= WORTH_NOTING && past.outages.len() <= OUTAGES_MAX {
        // If it is lost, it is read again.
        let _ = ledger.book().keep_service_notes(&encode(head.position, head.leaf.0, &past));
    }
    Ok(past)
}

fn noted(ledger: &Ledger) -> Result<Option<(Position, Past)>, ReadError> {
    let notes = ledger.book().service_notes().ok().flatten();
    let Some((position, leaf, past)) = notes.and_then(|notes| decode(&notes)) else {
        return Ok(None);
    };
    let bytes = ledger.bytes(position)?;
    Ok(bytes.filter(|bytes| leaf_hash(bytes).0 == leaf).map(|_| (position, past)))
}

fn encode(position: Position, leaf: [u8; 32], past: &Past) -> Vec<u8> {
    let mut notes = position.0.to_be_bytes().to_vec();
    notes.extend_from_slice(&leaf);
    notes.extend_from_slice(&past.started.unwrap_or(Timestamp::MAX).0.to_be_bytes());
    for Outage { from, to } in &past.outages {
        notes.extend_from_slice(&from.0.to_be_bytes());
        notes.extend_from_slice(&to.0.to_be_bytes());
    }
    notes
}

fn decode(notes: &[u8]) -> Option<(Position, [u8; 32], Past)> {
    let (position, rest) = notes.split_first_chunk()?;
    let (leaf, rest) = rest.split_first_chunk()?;
    let (numbers, odd) = rest.as_chunks::<8>();
    let mut numbers = numbers.iter().map(|number| Timestamp(u64::from_be_bytes(*number)));
    let started = numbers.next()?;
    let mut past = Past {
        started: Some(started).filter(|started| *started != Timestamp::MAX),
        ..Past::default()
    };
    while let Some(from) = numbers.next() {
        past.outages.push(Outage { from, to: numbers.next()? });
    }
    odd.is_empty().then_some((Position(u64::from_be_bytes(*position)), *leaf, past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back_and_half_of_it_is_nothing() {
        let outages = vec![Outage { from: Timestamp(3), to: Timestamp(9) }];
        for started in [None, Some(Timestamp(8))] {
            let past = Past { outages: outages.clone(), started };
            let notes = encode(Position(7), [5; 32], &past);
            assert_eq!(decode(&notes), Some((Position(7), [5; 32], past)));
            assert_eq!(decode(&notes[..notes.len() - 8]), None);
            assert_eq!(decode(&notes[..notes.len() - 1]), None);
        }
        assert_eq!(decode(&[]), None);
    }
}
