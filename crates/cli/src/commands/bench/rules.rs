//! The rules alone: settle, decide and apply logins and log-outs over many accounts in random order, one
//! after the other on one core, with nothing recorded. Beside it, one random read and write in as much memory
//! as the accounts take: the least that a decision about an account picked at random needs.

use super::Conditions;
use super::admit::{LICENCES, USERS};
use super::frame::{Measured, Round, Times};
use super::machine::{Dice, memory_kib, ticks};
use super::yardstick;
use crate::failure::Failure;
use seats::{
    Account, AccountId, Answer, Command, Commitment, Effective, Live, Liveness, LogIn, Outcome,
    RequestId, SameUser, SessionId, Setting, Timestamp, UserId,
};
use std::hint::black_box;

/// Decisions that are timed together: one alone is shorter than the clock's step.
const TOGETHER: u64 = 1_000;

pub(super) fn run(conditions: &Conditions, accounts: u64) -> Result<Measured, Failure> {
    let what = format!("{accounts} accounts, one core");
    let rounds = Measured::rounds(conditions, &what, |round| {
        Ok(one(conditions, accounts, conditions.seed ^ round))
    })?;
    let (counted, unit) = ("decisions", "1,000 decisions");
    let sync = "none: nothing is recorded".to_owned();
    Ok(Measured { what, counted, unit, disk: None, sync, rounds })
}

fn one(conditions: &Conditions, accounts: u64, seed: u64) -> Round {
    let (before, _) = memory_kib();
    let mut clinics: Vec<Clinic> = (1..=accounts).map(Clinic::open).collect();
    let (after, _) = memory_kib();
    let mut load = Load { dice: Dice(seed), requests: 0, granted: 0, denied: 0, ended: 0 };
    let (mut count, mut times) = (0, Times::default());
    let begun = ticks();
    let until = conditions.until();
    let (mut then, mut now) = (begun, begun);
    while then < until {
        for _ in 0..TOGETHER {
            let place = usize::try_from(load.dice.below(accounts)).unwrap_or_default();
            now += 1;
            if let Some(clinic) = clinics.get_mut(place) {
                load.decide(clinic, Timestamp(now));
            }
        }
        count += TOGETHER;
        let at = ticks();
        times.add(at.saturating_sub(then));
        then = at;
    }
    let took = then.saturating_sub(begun);
    let bytes = after.saturating_sub(before) * 1024;
    drop(clinics);
    let yardsticks = vec![yardstick::random_touch(bytes, conditions.until(), seed)];
    let Load { granted, denied, ended, .. } = load;
    let facts = vec![
        ("accounts", accounts),
        ("granted", granted),
        ("denied", denied),
        ("logged_out", ended),
        ("bytes_per_account", bytes / accounts),
    ];
    Round { count, took, times, yardsticks, facts }
}

/// An account, and who sits there.
struct Clinic {
    live: Live,
    held: Vec<SessionId>,
}

impl Clinic {
    /// As the accounts of `admit`.
    fn open(account: u64) -> Clinic {
        let mut live = Live::new(Account::new(AccountId(account)), Liveness::default());
        let (now, profile) = (Timestamp(0), Commitment([7; 32]));
        let open = Command::Open {
            zone: String::from("Europe/London"),
            profile,
            licences: LICENCES,
            settings: vec![Setting::SameUser(SameUser::Separate)],
            plan: None,
            effective: Effective { instant: now, date: None },
        };
        live.take(&open, None, now);
        for user in 1..=USERS {
            let user = UserId(u32::try_from(user).unwrap_or_default());
            live.take(&Command::AddUser { user, profile }, None, now);
        }
        Clinic { live, held: Vec::new() }
    }
}

struct Load {
    dice: Dice,
    requests: u128,
    granted: u64,
    denied: u64,
    ended: u64,
}

impl Load {
    /// A log-out where somebody sits, as often as a login.
    fn decide(&mut self, clinic: &mut Clinic, now: Timestamp) {
        let leaves = self.dice.below(2) == 0;
        let leaving = leaves.then(|| clinic.held.pop()).flatten();
        let command = match leaving {
            Some(session) => Command::LogOut { session },
            None => {
                self.requests += 1;
                let request = RequestId(self.requests.to_be_bytes());
                let user = u32::try_from(self.dice.below(USERS)).unwrap_or_default() + 1;
                let (site, device, new_device) = (None, None, None);
                let (user, newcomer) = (UserId(user), None);
                Command::LogIn(LogIn { request, user, newcomer, site, device, new_device })
            }
        };
        let taken = black_box(clinic.live.take(&command, None, now));
        clinic.live.recorded();
        match taken.answer {
            Ok(Answer::Login { outcome: Outcome::Granted { session, .. }, .. }) => {
                self.granted += 1;
                clinic.held.push(session);
            }
            Ok(Answer::Login { .. }) => self.denied += 1,
            Ok(_) => self.ended += 1,
            Err(_) => {}
        }
    }
}
