//! Letting people in while the licence server cannot be reached, within a bound.
//!
//! The vendor chooses: at most so many users, for at most so many minutes of an outage. An outage begins with the
//! first login that got no answer, however often it was asked, and ends with the first that gets one. Whoever was
//! let in meanwhile may stay until then, or until the minutes are over; then they log in as usual.
//!
//! Afterwards the server is told who was let in, from when to when. It records that as facts (`SeatTakenOffline`)
//! beside the seats that it granted: they hold no seat, count as no use, and are billed to nobody. What was not
//! told yet is in memory only: an application that is restarted meanwhile forgets it, and its outage begins anew.

use crate::call::escaped;
use crate::{Client, Error, LoggedIn};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Facts that wait to be told, at most; beyond, nobody is let in.
const UNTOLD_MAX: usize = 10_000;
/// Facts that are told in one call, at most.
const TOLD_MAX: usize = 1_000;

/// How far to go without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Different users in one outage.
    pub users: usize,
    /// Minutes from its beginning.
    pub minutes: u32,
}

/// A client that lets people in within a bound. Cheap to clone; clones share the outage.
#[derive(Clone)]
pub struct Lenient {
    client: Client,
    bound: Bound,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    outage: Arc<Mutex<Outage>>,
}

/// How somebody came in.
#[derive(Clone, PartialEq, Debug)]
pub enum LetIn {
    /// As the server says.
    Answered(LoggedIn),
    /// Without the server, within the bound.
    Offline(OfflineSeat),
}

/// Somebody who was let in without the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineSeat {
    /// Under which it will be told.
    pub id: String,
    /// In which account.
    pub account: String,
    /// Who.
    pub user: String,
}

#[derive(Default)]
struct Outage {
    began: Option<Duration>,
    taken: Vec<Taken>,
}

/// A fact that is yet to be told. Times count from the client's beginning.
struct Taken {
    seat: OfflineSeat,
    from: Duration,
    to: Option<Duration>,
    /// In this outage, or in an earlier one.
    is_of_now: bool,
}

impl Lenient {
    /// Lets people in within `bound` where `client` gets no answer. `clock` tells time that only ever passes,
    /// from any origin, such as how long ago the application was started (`Instant::elapsed`).
    pub fn new(
        client: Client,
        bound: Bound,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Lenient {
        Lenient { client, bound, clock: Arc::new(clock), outage: Arc::default() }
    }

    /// Asks for a seat; without an answer, lets the user in if the bound permits it. When the server answers
    /// again, it is told who was let in.
    ///
    /// # Errors
    /// As [`Client::log_in`]; [`Error::Unreachable`] beyond the bound.
    pub fn log_in(&self, account: &str, user: &str) -> Result<LetIn, Error> {
        // In an outage one attempt is enough: nobody should wait for each of them.
        let is_out = self.lock().began.is_some();
        let client = if is_out { self.client.clone().retries(0) } else { self.client.clone() };
        match client.log_in(account, user) {
            Err(Error::Unreachable(why)) => {
                let let_in = self.lock().let_in(account, user, self.now(), self.bound);
                let_in.map(LetIn::Offline).ok_or(Error::Unreachable(why))
            }
            answer => {
                self.lock().ends(self.now(), self.bound);
                // What cannot be told now is told with the next login.
                let _ = self.tell();
                answer.map(LetIn::Answered)
            }
        }
    }

    /// Whether somebody who was let in may stay. If not, log them in as usual.
    pub fn may_stay(&self, seat: &OfflineSeat) -> bool {
        self.lock().may_stay(seat, self.now(), self.bound)
    }

    /// Somebody who was let in has left.
    pub fn leave(&self, seat: &OfflineSeat) {
        let now = self.now();
        let mut outage = self.lock();
        let found = outage.taken.iter_mut().find(|taken| taken.seat.id == seat.id);
        if let Some(taken) = found {
            taken.to.get_or_insert(now);
        }
    }

    /// Tells the server who was let in and may not stay any more; how many. What it refuses for good, as of an
    /// account that does not exist, is dropped.
    ///
    /// # Errors
    /// As any call. Nothing is lost by it.
    pub fn tell(&self) -> Result<usize, Error> {
        let mut told = 0;
        loop {
            let (now, mut ids) = (self.now(), Vec::new());
            let (account, seats) = {
                let outage = self.lock();
                let over = || outage.taken.iter().filter(|taken| taken.to.is_some());
                let Some(first) = over().next() else { return Ok(told) };
                let account = first.seat.account.clone();
                let of_account = over().filter(|taken| taken.seat.account == account);
                let ago = |then: Duration| now.saturating_sub(then).as_secs();
                let seats = of_account.take(TOLD_MAX).map(|taken| {
                    ids.push(taken.seat.id.clone());
                    json!({
                        "id": taken.seat.id, "user": taken.seat.user,
                        "began_s_ago": ago(taken.from), "ended_s_ago": ago(taken.to.unwrap_or(now)),
                    })
                });
                (account.clone(), seats.collect::<Vec<Value>>())
            };
            let path = format!("/v1/accounts/{}/outage", escaped(&account));
            let answer = self.client.ask("POST", &path, None, &json!({ "seats": seats }))?;
            if answer.status != 200 && !matches!(answer.status, 404 | 403 | 422) {
                return Err(answer.error());
            }
            self.lock().taken.retain(|taken| !ids.contains(&taken.seat.id));
            told += ids.len();
        }
    }

    fn now(&self) -> Duration {
        (self.clock)()
    }

    fn lock(&self) -> MutexGuard<'_, Outage> {
        // Whoever panicked in here left nothing half done.
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    fn let_in(
        &mut self,
        account: &str,
        user: &str,
        now: Duration,
        bound: Bound,
    ) -> Option<OfflineSeat> {
        let began = *self.began.get_or_insert(now);
        if now.saturating_sub(began) >= bound.lasts() || self.taken.len() >= UNTOLD_MAX {
            return None;
        }
        let is_theirs = |taken: &&Taken| taken.seat.account == account && taken.seat.user == user;
        let of_now = || self.taken.iter().filter(|taken| taken.is_of_now);
        if let Some(taken) = of_now().filter(is_theirs).find(|taken| taken.to.is_none()) {
            return Some(taken.seat.clone());
        }
        let mut users: Vec<(&str, &str)> =
            of_now().map(|taken| (&*taken.seat.account, &*taken.seat.user)).collect();
        users.sort_unstable();
        users.dedup();
        if !users.contains(&(account, user)) && users.len() >= bound.users {
            return None;
        }
        let id = uuid::Uuid::new_v4().to_string();
        let seat = OfflineSeat { id, account: account.to_owned(), user: user.to_owned() };
        let taken = Taken { seat: seat.clone(), from: now, to: None, is_of_now: true };
        self.taken.push(taken);
        Some(seat)
    }

    /// The server has answered.
    fn ends(&mut self, now: Duration, bound: Bound) {
        let Some(began) = self.began.take() else { return };
        let end = now.min(began.saturating_add(bound.lasts()));
        for taken in &mut self.taken {
            taken.to.get_or_insert(end);
            taken.is_of_now = false;
        }
    }

    fn may_stay(&self, seat: &OfflineSeat, now: Duration, bound: Bound) -> bool {
        let in_time = self.began.is_some_and(|began| now.saturating_sub(began) < bound.lasts());
        let sits = |taken: &Taken| taken.seat.id == seat.id && taken.to.is_none();
        in_time && self.taken.iter().any(sits)
    }
}

impl Bound {
    fn lasts(self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound { users: 2, minutes: 10 };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_users_are_let_in_for_so_many_minutes_of_an_outage() {
        let mut outage = Outage::default();
        let mut let_in = |user: &str, now| outage.let_in("clinic", user, at(now), BOUND);
        let ana = let_in("ana", 100).unwrap();
        assert_eq!(let_in("ana", 110).unwrap(), ana, "the same seat");
        assert!(let_in("bob", 120).is_some());
        assert!(let_in("carol", 130).is_none(), "a third");
        assert!(let_in("ana", 699).is_some() && let_in("ana", 700).is_none(), "too late");
        assert!(outage.may_stay(&ana, at(699), BOUND) && !outage.may_stay(&ana, at(700), BOUND));
        outage.ends(at(900), BOUND);
        assert!(!outage.may_stay(&ana, at(650), BOUND));
        assert_eq!(outage.taken[0].to, Some(at(700)), "nobody stayed beyond the bound");
        let again = outage.let_in("clinic", "carol", at(1_000), BOUND);
        assert!(again.is_some(), "another outage");
        assert!(outage.may_stay(&again.unwrap(), at(1_599), BOUND));
    }
}
