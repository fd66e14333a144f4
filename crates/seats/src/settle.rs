//! What time does by itself.
//!
//! [`settle`] gives the events that are due by `at`, each with the instant at which it was due, in order of
//! time. It always runs before a command is decided, so no answer depends on when a sweeper last ran, and
//! the log reads the same whether the sweeper ran at 18:00 or somebody logged in at nine the next morning.
//!
//! What time does to sessions is here; what it does to those in line, and what a seat that came free means for
//! them, is in `line`.

use crate::account::{Account, Session};
use crate::cut;
use crate::event::{Event, ExpiryCause};
use crate::line;
use crate::liveness::{Liveness, longest};
use crate::policy::Reclaim;
use crate::time::Timestamp;

/// Events that were due at one instant: one commit, whose `at` is that instant. Several follow one another
/// if more is due at once than one holds (see [`cut`](mod@crate::cut)); whoever stops between two of them
/// finds the rest due at the same instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// When they happened.
    pub at: Timestamp,
    /// What happened: to sessions, by their number; or to those in line, by their place.
    pub events: Vec<Event>,
}

/// The events due by time alone at or before `at`, oldest first. Empty if `at` is before the last commit.
///
/// Nothing is due before the account's last commit: a rule that was changed then counts from then.
pub fn settle(account: &Account, liveness: &Liveness, at: Timestamp) -> Vec<Due> {
    match account.has_line() {
        true => line::settle(account, liveness, at),
        false => sessions(account, liveness, at),
    }
}

/// What is due of sessions alone.
pub(crate) fn sessions(account: &Account, liveness: &Liveness, at: Timestamp) -> Vec<Due> {
    let mut due: Vec<(Timestamp, Event)> = Vec::new();
    for session in account.sessions() {
        changes(account, liveness, session, at, &mut due);
    }
    due.sort_by_key(|(when, _)| *when); // Stable: by session at one instant.
    cut::dues(due)
}

/// Appends what is due of one session: falling silent, being freed for it, being over.
fn changes(
    account: &Account,
    liveness: &Liveness,
    session: &Session,
    at: Timestamp,
    due: &mut Vec<(Timestamp, Event)>,
) {
    let id = session.id;
    let floor = account.last_at();
    let over = longest(account, session).map(|over| over.max(floor)).filter(|over| *over <= at);
    let at_once = account.policy().reclaim == Reclaim::AtOnce;

    let mut last_seen = liveness.last_seen(session);
    if session.dormant.is_some() {
        if at_once && floor <= at {
            let silent = floor.since(last_seen);
            let cause = ExpiryCause::LeaseEnded;
            due.push((floor, Event::Expired { session: id, cause, silent }));
            return;
        }
    } else if let Some(lapse) = liveness.lapse(account, session) {
        let when = lapse.due.max(floor);
        if when <= at && over.is_none_or(|over| when < over) {
            let silent = when.since(lapse.last_seen);
            if at_once {
                let cause = lapse.cause();
                due.push((when, Event::Expired { session: id, cause, silent }));
                return;
            }
            due.push((when, Event::WentDormant { session: id, silent }));
            last_seen = lapse.last_seen;
        }
    }
    if let Some(over) = over {
        let cause = ExpiryCause::MaxSession;
        let silent = over.since(last_seen);
        due.push((over, Event::Expired { session: id, cause, silent }));
    }
}
