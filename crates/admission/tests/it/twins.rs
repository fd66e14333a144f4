//! Twins: two admissions are given the same commands at the same times. One restarts again and again, or
//! is swept again and again; they must answer alike and write the same history.

use crate::rig::{APP, Rig, check_laws, login, wait};
use admission::{Answered, Error, Options};
use seats::{
    AccountId, Command, Commitment, Event, Micros, SameUser, SessionId, Setting, Timestamp,
};

/// A small generator of numbers, so that a failing script can be run again (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

const ACCOUNTS: u64 = 3;

fn begin() -> Rig {
    let rig = Rig::new(Options::one_shot());
    let policies: [&[Setting]; 3] = [
        &[],
        &[Setting::IdleAfter(Some(300)), Setting::SameUser(SameUser::Share), Setting::Overdraft(1)],
        &[Setting::Linger(60), Setting::MaxSession(Some(900)), Setting::Lease(Some(200))],
    ];
    for (n, settings) in policies.iter().enumerate() {
        rig.open(&format!("account {n}"), 2, settings);
    }
    rig
}

/// One step of the script; the same numbers give the same step.
fn step(rig: &Rig, n: usize, numbers: &mut Numbers) -> Result<Answered, Error> {
    rig.pass(numbers.below(100) as u32);
    let account = AccountId(1 + numbers.below(ACCOUNTS));
    let session = SessionId(1 + numbers.below(n as u64 / 4 + 2));
    let command = match numbers.below(10) {
        0..=3 => {
            let user = format!("user {}", numbers.below(6));
            let request = match numbers.below(8) {
                0 => numbers.below(n as u64 + 1).to_string(), // Perhaps one that was made before.
                _ => n.to_string(),
            };
            return wait(rig.admission.log_in(login(account, &user, &request), APP));
        }
        4 | 5 => Command::LogOut { session },
        6..=8 => Command::Heartbeat { session, active: numbers.below(2) == 0 },
        _ => Command::Goodbye { session },
    };
    wait(rig.admission.submit(account, command, APP))
}

type History = Vec<(Timestamp, Vec<Event>)>;

/// Runs a script and gives the answers, but for positions, and the histories.
fn run(seed: u64, after_each: impl Fn(Rig, &mut Numbers) -> Rig) -> (Vec<String>, Vec<History>) {
    let mut rig = begin();
    let (mut numbers, mut whims) = (Numbers(seed), Numbers(!seed));
    let mut answers = Vec::new();
    for n in 0..120 {
        let answer = step(&rig, n, &mut numbers);
        answers.push(format!(
            "{:?}",
            answer.map(|answer| (answer.answer, answer.user, answer.holders))
        ));
        rig = after_each(rig, &mut whims);
    }
    for account in 1..=ACCOUNTS {
        wait(rig.admission.occupancy(AccountId(account))).unwrap(); // Only what is in memory is swept.
    }
    rig.sweep();
    check_laws(rig.admission.ledger());
    (answers, (1..=ACCOUNTS).map(|account| nameless(rig.history(AccountId(account)))).collect())
}

fn compare(seed: u64, one: (Vec<String>, Vec<History>), other: (Vec<String>, Vec<History>)) {
    for (n, (one, other)) in one.0.iter().zip(&other.0).enumerate() {
        assert_eq!(one, other, "seed {seed}: answer {n}");
    }
    for (one, other) in one.1.iter().zip(&other.1) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}

/// Salts, and so commitments, are those of a run.
fn nameless(mut history: History) -> History {
    for event in history.iter_mut().flat_map(|(_, events)| events) {
        if let Event::AccountOpened { profile, .. } | Event::UserAdded { profile, .. } = event {
            *profile = Commitment([0; 32]);
        }
    }
    history
}

#[test]
fn one_that_restarts_answers_like_one_that_does_not() {
    for seed in 0..20 {
        let steady = run(seed, |rig, _| rig);
        let restarted = run(seed, |rig, whims| match whims.below(3) {
            0 => rig.restart(Micros::ZERO, Options::one_shot()),
            _ => rig,
        });
        compare(seed, steady, restarted);
    }
}

#[test]
fn the_record_does_not_depend_on_when_the_sweeper_looked() {
    for seed in 100..130 {
        let unswept = run(seed, |rig, _| rig);
        let swept = run(seed, |rig, whims| {
            if whims.below(2) == 0 {
                rig.sweep();
            }
            rig
        });
        compare(seed, unswept, swept);
    }
}
