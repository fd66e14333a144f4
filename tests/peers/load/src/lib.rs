//! What every peer is asked to do, so that all of them do the same: people of `--accounts` accounts with ten
//! licences each log in and out as fast as they are answered. The dice, the share of log-outs and the
//! closed loop are those of `seatledger bench admit`. Half of the licences are in use before the clock
//! runs, so that slow peers, too, are measured on logins and log-outs in equal parts.
//!
//! A peer is let off lightly where the work differs: a refused login writes nothing (Seatledger records
//! it), a grant is one row or event (Seatledger writes two), nothing is hashed or chained.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Licences of each account.
pub const LICENCES: usize = 10;
/// Seats of each account that are held when the clock starts.
pub const HELD: usize = 5;
/// Users of each account.
pub const USERS: u64 = 12;
/// Bytes of a row or event that stands for one whole request: a request id (16), session (8), two times
/// (16), user (4), seat and flags (4).
pub const REQUEST_BYTES: usize = 48;

/// One person's wish about an account, counted from 0.
#[derive(Clone, Copy, Debug)]
pub enum Request {
    /// A login of this user.
    LogIn {
        /// Which account, from 0.
        account: usize,
        /// Which of its users, from 1.
        user: u64,
    },
    /// The end of this session.
    LogOut {
        /// Which account, from 0.
        account: usize,
        /// The session, as the peer named it when it was granted.
        session: i64,
    },
}

/// Draws requests: a log-out as often as a login, where somebody sits.
#[derive(Debug)]
pub struct People {
    dice: u64,
    held: Vec<Vec<i64>>,
}

impl People {
    /// People of so many accounts; `seed` decides everything they will ask.
    pub fn new(accounts: usize, seed: u64) -> People {
        People { dice: seed, held: vec![Vec::new(); accounts.max(1)] }
    }

    /// The next wish. A session to be ended is forgotten here: nobody else asks to end it.
    pub fn wish(&mut self) -> Request {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let roll = self.dice >> 20;
        let account = (roll % self.held.len() as u64) as usize;
        let leaves = roll >> 40 & 1 == 0;
        match self.held[account].pop_if(|_| leaves) {
            Some(session) => Request::LogOut { account, session },
            None => Request::LogIn { account, user: (roll >> 30) % USERS + 1 },
        }
    }

    /// Somebody sits now who can log out later.
    pub fn granted(&mut self, account: usize, session: i64) {
        self.held[account].push(session);
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A seat, under this session.
    Granted(i64),
    /// Every licence was in use.
    Denied,
    /// The session has ended.
    LoggedOut,
}

/// Answers counted and timed, after the clock has started.
#[derive(Debug, Default)]
pub struct Tally {
    grants: u64,
    denials: u64,
    log_outs: u64,
    micros: Vec<u32>,
}

impl Tally {
    /// Counts an answer and how long it was waited for.
    pub fn add(&mut self, outcome: Outcome, waited: Duration) {
        match outcome {
            Outcome::Granted(_) => self.grants += 1,
            Outcome::Denied => self.denials += 1,
            Outcome::LoggedOut => self.log_outs += 1,
        }
        self.micros.push(u32::try_from(waited.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds what another counted.
    pub fn join(&mut self, other: Tally) {
        self.grants += other.grants;
        self.denials += other.denials;
        self.log_outs += other.log_outs;
        self.micros.extend(other.micros);
    }

    /// The figures as one line of JSON.
    pub fn json(mut self, begun: Instant) -> String {
        let took = begun.elapsed().as_secs_f64();
        let stored = self.grants + self.log_outs;
        self.micros.sort_unstable();
        let within = |share: f64| {
            let place = (self.micros.len() as f64 * share) as usize;
            self.micros.get(place).or(self.micros.last()).copied().unwrap_or_default()
        };
        format!(
            "{{\"grants_per_s\": {:.0}, \"stored_per_s\": {:.0}, \"stored\": {}, \"denied_percent\": {:.1}, \
             \"p50_us\": {}, \"p99_us\": {}}}",
            self.grants as f64 / took,
            stored as f64 / took,
            stored,
            self.denials as f64 * 100.0 / (self.grants + self.denials).max(1) as f64,
            within(0.50),
            within(0.99),
        )
    }
}

/// `--name value` pairs of the command line.
#[derive(Debug)]
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// A word that is not a `--name`, or a name without a value.
    pub fn read() -> Result<Arguments, String> {
        let mut words = std::env::args().skip(1);
        let mut found = BTreeMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or(format!("{word}: expected --NAME VALUE"))?;
            let value = words.next().ok_or(format!("--{name} needs a value"))?;
            found.insert(name.to_string(), value);
        }
        Ok(Arguments(found))
    }

    /// The text given as `--name`.
    ///
    /// # Errors
    /// Not given.
    pub fn text(&self, name: &str) -> Result<String, String> {
        self.0.get(name).cloned().ok_or(format!("--{name} is missing"))
    }

    /// The number given as `--name`.
    ///
    /// # Errors
    /// Not given, or no number.
    pub fn number(&self, name: &str) -> Result<usize, String> {
        let text = self.text(name)?;
        text.parse().map_err(|_| format!("--{name} {text}: expected a number"))
    }
}
