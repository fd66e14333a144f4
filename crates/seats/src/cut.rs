//! How what happens at one instant is laid into commits, none of which grows too large to be recorded.
//!
//! ```text
//!  close account, 2,500 sessions:   [1,000 ends] [1,000 ends] [500 ends, closed]     all at the same instant
//! ```
//!
//! One command is one commit, unless it ends more than [`ENDS_MAX`] sessions (closing an account, suspending
//! a user, taking a large shared seat over, one grant that needs many ghosts). Then the first ends fill
//! commits of their own, ahead of the one that answers, at the same instant and by the same actor. So is
//! what time makes due at one instant.
//!
//! They are appended together, and nobody is answered in between. A crash may keep only the first of them:
//! then some sessions have ended early, for a command that nobody was told of. That admits nobody above the
//! limit and locks nobody out, and the same command asked again finishes what it began.

use crate::decide::Rejection;
use crate::event::Event;
use crate::settle::Due;
use bincode::Encode;
use bincode::enc::EncoderImpl;
use bincode::enc::write::SizeWriter;

/// The most ends, or silences, in one commit.
pub const ENDS_MAX: usize = 1_000;

/// The most bytes that the events of one commit take in the record's encoding: [`ENDS_MAX`] ends and a login
/// beside them, whatever their numbers, and some way below what the record takes.
pub const EVENT_BYTES_MAX: usize = 20 * 1024;

/// Takes the ends that one commit cannot hold out of what a command comes to. They are full commits.
///
/// At least one end stays with what it was for: a seat is taken over in the commit of its grant.
pub(crate) fn ahead(events: &mut Vec<Event>) -> Vec<Vec<Event>> {
    if events.len() <= ENDS_MAX {
        return Vec::new();
    }
    let ends = events.iter().filter(|event| is_end(event)).count();
    let mut surplus = ends.saturating_sub(1) / ENDS_MAX * ENDS_MAX;
    if surplus == 0 {
        return Vec::new();
    }
    let taken = events.extract_if(.., |event| {
        let take = surplus > 0 && is_end(event);
        surplus -= usize::from(take);
        take
    });
    let taken: Vec<Event> = taken.collect();
    taken.chunks(ENDS_MAX).map(<[Event]>::to_vec).collect()
}

/// Lays what is due, in order of time, into commits.
pub(crate) fn dues(due: Vec<(crate::time::Timestamp, Event)>) -> Vec<Due> {
    let mut commits: Vec<Due> = Vec::new();
    for (at, event) in due {
        match commits.last_mut() {
            Some(last) if last.at == at && last.events.len() < ENDS_MAX => last.events.push(event),
            _ => commits.push(Due { at, events: vec![event] }),
        }
    }
    commits
}

/// Refuses what cannot be recorded in one commit.
pub(crate) fn recordable(events: &[Event]) -> Result<(), Rejection> {
    let bytes = event_bytes(events);
    if bytes > EVENT_BYTES_MAX { Err(Rejection::TooLarge { bytes }) } else { Ok(()) }
}

/// How many bytes events take in the record's encoding.
pub fn event_bytes(events: &[Event]) -> usize {
    let mut encoder = EncoderImpl::new(SizeWriter::default(), bincode::config::standard());
    // Counting bytes cannot fail; were it to, the events would count as too many.
    match events.iter().try_for_each(|event| event.encode(&mut encoder)) {
        Ok(()) => encoder.into_writer().bytes_written,
        Err(_) => usize::MAX,
    }
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::Expired { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ExpiryCause;
    use crate::ids::{Commitment, DeviceId, RequestId, SeatNo, SessionId, SiteId, UserId};
    use crate::time::{Micros, Timestamp};

    fn end(session: u64) -> Event {
        let (session, cause) = (SessionId(session), ExpiryCause::AccountClosed);
        Event::Expired { session, cause, silent: Micros::ZERO }
    }

    /// How many events the commits of a close hold that ends so many sessions.
    fn check(ends: u64, commits: &[usize]) {
        let mut events: Vec<Event> = (1..=ends).map(end).chain([Event::AccountClosed]).collect();
        let all = events.clone();
        let mut cut = ahead(&mut events);
        cut.push(events);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), commits, "{ends}");
        assert_eq!(cut.concat(), all, "{ends}");
    }

    #[test]
    fn the_last_ends_stay_with_what_they_were_for() {
        check(0, &[1]);
        check(1, &[2]);
        check(999, &[1000]);
        check(1000, &[1001]);
        check(1001, &[1000, 2]);
        check(2000, &[1000, 1001]);
        check(2001, &[1000, 1000, 2]);
    }

    #[test]
    fn what_is_due_at_one_instant_is_cut_and_never_joined_with_another() {
        let due = |at: u64, many: u64| (1..=many).map(move |n| (Timestamp(at), end(n)));
        let commits = dues(due(1, 2001).chain(due(2, 1000)).chain(due(3, 1)).collect());
        let sizes: Vec<_> = commits.iter().map(|due| (due.at.0, due.events.len())).collect();
        assert_eq!(sizes, [(1, 1000), (1, 1000), (1, 1), (2, 1000), (3, 1)]);
    }

    #[test]
    fn the_largest_commit_of_ends_can_be_recorded() {
        let (session, silent) = (SessionId(u64::MAX), Micros(u64::MAX));
        let cause = ExpiryCause::TakenOver;
        let (user, profile) = (UserId(u32::MAX), Commitment([9; 32]));
        let (device, seat) = (DeviceId(u32::MAX), SeatNo(u32::MAX));
        let request = RequestId([9; 16]);
        let mut events = vec![Event::Expired { session, cause, silent }; ENDS_MAX];
        events.extend([
            Event::UserAdded { user, profile },
            Event::DeviceAdded { device, profile },
            Event::LoginRequested {
                request,
                user,
                site: Some(SiteId(u16::MAX)),
                device: Some(device),
            },
            Event::SeatGranted { request: Some(request), session, seat, overdraft: true },
        ]);
        assert_eq!(recordable(&events), Ok(()));
        events.resize(ENDS_MAX + 100, events[0].clone());
        assert!(matches!(recordable(&events), Err(Rejection::TooLarge { .. })));
    }
}
