//! Whoever guesses tokens is slowed down.
//!
//! Each address may fail a few times a minute; after that it is told to wait, without its token being looked
//! at. A good token is not slowed down by failures from elsewhere.

use crate::problem::Problem;
use seats::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const MINUTE_S: u64 = 60;
/// Addresses remembered at most. Beyond, those whose minute is over are forgotten, and if that does not help,
/// all are.
const KEPT_MAX: usize = 50_000;

pub(crate) struct Guesses {
    /// Failures that an address has in a minute.
    failures_max: usize,
    known: Mutex<HashMap<IpAddr, (Timestamp, usize)>>,
}

impl Guesses {
    pub(crate) fn new(failures_max: usize) -> Guesses {
        Guesses { failures_max, known: Mutex::default() }
    }

    /// Refuses an address that has failed too often.
    pub(crate) fn check(&self, from: IpAddr, now: Timestamp) -> Result<(), Problem> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((since, failures)) = known.get(&network(from)) else { return Ok(()) };
        let passed = now.since(*since).secs();
        if passed >= MINUTE_S || *failures < self.failures_max {
            return Ok(());
        }
        let wait = MINUTE_S.saturating_sub(passed);
        let why = format!("{} failed attempts in a minute; wait {wait} s", self.failures_max);
        Err(Problem::new("too_many_requests", why).retry_after(wait))
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, from: IpAddr, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |since: Timestamp| now.since(since).secs() >= MINUTE_S;
        if known.len() >= KEPT_MAX {
            known.retain(|_, (since, _)| !is_over(*since));
            if known.len() >= KEPT_MAX {
                known.clear();
            }
        }
        let entry = known.entry(network(from)).or_insert((now, 0));
        if is_over(entry.0) {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

/// Of an IPv6 address the network: whoever has one has 2^64 addresses in it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURES_MAX: usize = 3;
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn an_address_that_fails_too_often_waits_for_its_minute_to_end() {
        let guesses = Guesses::new(FAILURES_MAX);
        let at = Timestamp::from_secs;
        for _ in 0..FAILURES_MAX {
            assert!(guesses.check(HERE, at(10)).is_ok());
            guesses.failed(HERE, at(10));
        }
        let refused = guesses.check(HERE, at(40)).unwrap_err();
        assert_eq!(refused.code(), "too_many_requests");
        assert!(refused.detail().contains("wait 30 s"), "{}", refused.detail());
        assert!(guesses.check("10.0.0.1".parse().unwrap(), at(40)).is_ok(), "others go on");
        assert!(guesses.check(HERE, at(70)).is_ok());
        guesses.failed(HERE, at(70));
        assert!(guesses.check(HERE, at(71)).is_ok(), "a new minute is counted anew");
    }

    #[test]
    fn a_network_is_one_guesser() {
        let guesses = Guesses::new(FAILURES_MAX);
        for host in 0..FAILURES_MAX {
            guesses.failed(format!("2001:db8::{host:x}").parse().unwrap(), Timestamp::ZERO);
        }
        assert!(guesses.check("2001:db8::ffff".parse().unwrap(), Timestamp::ZERO).is_err());
        assert!(guesses.check("2001:db8:0:1::1".parse().unwrap(), Timestamp::ZERO).is_ok());
    }
}
