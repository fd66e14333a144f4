//! Signs of life, which are not events.
//!
//! A heartbeat changes no history, nor does somebody in line who asks again: it is noted here, in memory, and
//! written now and then to a small tree beside the log. What history needs of it (silence and its end) is recorded as
//! [`WentDormant`](crate::Event::WentDormant) and [`Resumed`](crate::Event::Resumed).
//!
//! Our own downtime is credited: a lease runs only while we listened. A restart never expires anyone, nor
//! does it keep a ghost alive.

use crate::account::{Account, Pending, Session};
use crate::event::ExpiryCause;
use crate::hand_over::HandOver;
use crate::ids::{RequestId, SessionId};
use crate::policy::Reclaim;
use crate::time::{Micros, Timestamp};
use bincode::{Decode, Encode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was last heard of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Signs {
    /// The last sign of any kind.
    pub seen: Timestamp,
    /// The last time its user did something.
    pub active: Timestamp,
    /// When its browser said goodbye, unless something was heard since.
    pub goodbye: Option<Timestamp>,
}

/// A time during which nothing could be heard, because the service was not running.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Outage {
    /// The last instant at which the service is known to have listened.
    pub from: Timestamp,
    /// When it listened again.
    pub to: Timestamp,
}

/// Everything that was heard of one account, as it is saved beside the log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// Of its sessions.
    pub sessions: BTreeMap<SessionId, Signs>,
    /// Of those in line: when they last asked.
    pub waiters: BTreeMap<RequestId, Timestamp>,
}

impl Heard {
    /// Takes up what was heard besides.
    pub fn extend(&mut self, more: Heard) {
        self.sessions.extend(more.sessions);
        self.waiters.extend(more.waiters);
    }
}

/// Signs of life of one account's sessions, and of those in line. Who has no entry was last seen when the log
/// says so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Liveness {
    heard: Heard,
    outages: Arc<[Outage]>,
}

/// When a session falls silent, by which rule, and what its last sign of life was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Lapse {
    pub(crate) due: Timestamp,
    pub(crate) last_seen: Timestamp,
    rule: u8,
}

impl Lapse {
    pub(crate) fn cause(self) -> ExpiryCause {
        match self.rule {
            0 => ExpiryCause::LeaseEnded,
            1 => ExpiryCause::Idle,
            _ => ExpiryCause::Goodbye,
        }
    }
}

impl Liveness {
    /// Signs as they were saved, and the outages since the oldest of them, in order of time.
    pub fn restored(heard: Heard, outages: Arc<[Outage]>) -> Liveness {
        Liveness { heard, outages }
    }

    /// What is noted, to be saved.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// What is noted of sessions.
    pub fn signs(&self) -> &BTreeMap<SessionId, Signs> {
        &self.heard.sessions
    }

    /// What was last heard of a session.
    pub fn of(&self, session: &Session) -> Signs {
        let logged = Signs { seen: session.sign, active: session.sign, goodbye: None };
        match self.heard.sessions.get(&session.id) {
            Some(noted) if noted.seen >= session.sign => *noted,
            _ => logged,
        }
    }

    /// A session's last sign of life, dormant or not.
    pub fn last_seen(&self, session: &Session) -> Timestamp {
        match session.dormant {
            Some(dormant) => dormant.last_seen,
            None => self.of(session).seen,
        }
    }

    /// How long before `at` a session's last sign of life was.
    pub(crate) fn silence(&self, session: &Session, at: Timestamp) -> Micros {
        at.since(self.last_seen(session))
    }

    /// What would be known of a session after a heartbeat.
    pub(crate) fn after_heartbeat(&self, session: &Session, active: bool, at: Timestamp) -> Signs {
        let before = self.of(session);
        let seen = before.seen.max(at); // A clock that went back makes nobody older.
        Signs { seen, active: if active { seen } else { before.active }, goodbye: None }
    }

    /// Notes a heartbeat.
    pub fn heartbeat(&mut self, session: &Session, active: bool, at: Timestamp) {
        let signs = self.after_heartbeat(session, active, at);
        self.heard.sessions.insert(session.id, signs);
    }

    /// Notes a goodbye.
    pub fn goodbye(&mut self, session: &Session, at: Timestamp) {
        let before = self.of(session);
        let seen = before.seen.max(at);
        let goodbye = before.goodbye.or(Some(seen));
        self.heard.sessions.insert(session.id, Signs { seen, active: before.active, goodbye });
    }

    /// Notes that somebody in line asked again.
    pub(crate) fn asked_again(&mut self, request: RequestId, at: Timestamp) {
        let seen = self.heard.waiters.entry(request).or_insert(at);
        *seen = at.max(*seen);
    }

    /// Drops what was saved of sessions that have ended since, and of those who have left the line.
    pub(crate) fn keep(&mut self, account: &Account) {
        self.heard.sessions.retain(|session, _| account.session(*session).is_some());
        self.heard.waiters.retain(|request, _| account.place(*request).is_some());
    }

    /// Drops what was noted of a session that ended, and gives it back.
    pub fn forget(&mut self, session: SessionId) -> Option<Signs> {
        self.heard.sessions.remove(&session)
    }

    /// Drops what was noted of somebody who has left the line, and gives it back.
    pub(crate) fn forget_waiter(&mut self, request: RequestId) -> Option<Timestamp> {
        self.heard.waiters.remove(&request)
    }

    /// When somebody leaves the line if nothing more is heard: the offer is over, or else the lease.
    pub(crate) fn leaves_line(&self, account: &Account, asked: &Pending) -> Option<Timestamp> {
        let waits = asked.waits?;
        Some(match waits.offer {
            Some(offer) => self.deadline(offer.made, offer.until.since(offer.made)),
            None => {
                let heard = self.heard.waiters.get(&asked.request);
                let seen = heard.map_or(waits.sign, |heard| waits.sign.max(*heard));
                self.deadline(seen, Micros::from_secs(account.policy().wait_lease_s))
            }
        })
    }

    /// When silence answers for the holder of a seat that somebody asks for.
    pub(crate) fn answers(&self, asked: &HandOver) -> Timestamp {
        self.deadline(asked.asked, asked.until.since(asked.asked))
    }

    /// When this session falls silent if nothing more is heard; `None`: never.
    pub(crate) fn lapse(&self, account: &Account, session: &Session) -> Option<Lapse> {
        self.lapse_after(account, &self.of(session))
    }

    /// When a session falls silent if these are its last signs of life; `None`: never.
    pub(crate) fn lapse_after(&self, account: &Account, signs: &Signs) -> Option<Lapse> {
        let policy = account.policy();
        let lease = policy.lease_s.map(|lease| (0, signs.seen, signs.seen, lease));
        let idle = policy.idle_after_s.map(|idle| (1, signs.active, signs.active, idle));
        let goodbye = signs.goodbye.map(|said| (2, said, signs.seen, policy.goodbye_grace_s));
        [lease, idle, goodbye]
            .into_iter()
            .flatten()
            .map(|(rule, from, last_seen, seconds)| {
                let due = self.deadline(from, Micros::from_secs(seconds));
                Lapse { due, last_seen, rule }
            })
            .min_by_key(|lapse| (lapse.due, lapse.rule))
    }

    /// When this session changes by time alone: falls silent, is freed for it, or is over.
    pub(crate) fn next_change(&self, account: &Account, session: &Session) -> Option<Timestamp> {
        let over = longest(account, session);
        let silent = match session.dormant {
            None => self.lapse(account, session).map(|lapse| lapse.due),
            Some(dormant) if account.policy().reclaim == Reclaim::AtOnce => Some(dormant.since),
            Some(_) => None,
        };
        match (silent, over) {
            (Some(silent), Some(over)) => Some(silent.min(over)),
            (either, other) => either.or(other),
        }
    }

    /// `length` after `from`, our outages not counted.
    fn deadline(&self, from: Timestamp, length: Micros) -> Timestamp {
        let mut due = from + length;
        for outage in self.outages.iter() {
            if outage.from < due && outage.to > from {
                due = due + outage.to.since(outage.from.max(from));
            }
        }
        due
    }
}

/// The instant at which a session is over whatever its holder does.
pub(crate) fn longest(account: &Account, session: &Session) -> Option<Timestamp> {
    let longest = account.policy().max_session_s?;
    Some(session.since + Micros::from_secs(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When 10 s from second `from` are over, with outages of these seconds.
    fn check(from: u64, outages: &[(u64, u64)], due: u64) {
        let at = Timestamp::from_secs;
        let outages = outages.iter().map(|(from, to)| Outage { from: at(*from), to: at(*to) });
        let liveness = Liveness::restored(Heard::default(), outages.collect());
        let actual = liveness.deadline(at(from), Micros::from_secs(10));
        assert_eq!(actual, at(due), "{from} {:?}", liveness.outages);
    }

    #[test]
    fn outages_are_credited() {
        check(100, &[], 110);
        check(100, &[(104, 204)], 210);
        check(100, &[(50, 100)], 110);
        check(100, &[(110, 200)], 110); // It was over when the outage began.
        check(100, &[(109, 200)], 201);
        check(100, &[(104, 204), (206, 306)], 310);
        check(100, &[(104, 204), (210, 300)], 210);
        check(100, &[(100, 200)], 210);
        // Last known to have listened at 90, but a sign of 95 is known: only the time after it counts.
        check(95, &[(90, 200)], 210);
    }
}
