//! What a run is to do: everything follows from the seed.
//!
//! A seed chooses a [`Profile`] (how many accounts and users, how often who works, what goes wrong, how
//! admission is set up), so that runs differ in kind and not only in detail. Step `n` throws its own dice,
//! so any steps may be left out without changing what the others are.

use crate::dice::Dice;
use crate::disk::Fault;
use admission::Options;
use std::fmt;
use std::time::Duration;

/// A run: a seed, and what is left of its plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// How the run is set up.
    pub profile: Profile,
    /// Which steps are taken, in this order.
    pub steps: Vec<u32>,
}

/// How a run is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Accounts, 1 or more.
    pub accounts: u32,
    /// Names of users in each.
    pub users: u32,
    /// Licences of each, at most.
    pub licences: u32,
    /// How many commands are asked for each four turns that somebody works.
    pub haste: u64,
    /// One step in so many lets time pass.
    pub time_every: u64,
    /// The longest time that passes at once, in microseconds.
    pub pause_us_max: u64,
    /// One step in so many is trouble of some kind.
    pub trouble_every: u64,
    /// Whether faults of the disk are among the trouble.
    pub faults: bool,
    /// Whether the disk says now and then that it has synced what it has not. Nothing survives that: only
    /// to see that it is noticed.
    pub lies: bool,
    /// Whether jumps of the clock are.
    pub jumps: bool,
    /// Bytes of a block, at most.
    pub block_bytes: usize,
    /// Bytes of the blocks read last that are kept in memory.
    pub block_cache_bytes: usize,
    /// One command in so many is none of logging in, logging out and signs of life.
    pub office_every: u64,
    /// Whether a projector saves snapshots beside the service.
    pub snapshots: bool,
    /// How admission works.
    pub options: Options,
}

/// Something to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    /// Ask admission something.
    Ask,
    /// The decider works.
    Decide,
    /// The syncer appends.
    Gather,
    /// The syncer syncs.
    Sync,
    /// The clerk works.
    Errand,
    /// The callers hear their answers.
    Hear,
    /// Time passes.
    Wait,
    /// The wall clock is set to another time.
    Jump,
    /// Somebody confirms the clock, or sets it right.
    MendClock,
    /// Somebody orders a sweep.
    Sweep,
    /// The disk is about to fail.
    Fail(Fault),
    /// The machine loses power.
    CutPower,
    /// The process is killed.
    Kill,
    /// The service stops in good order and starts again.
    Restart,
    /// Views, folds and live state are compared.
    Compare,
}

/// A step of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What.
    pub(crate) action: Action,
    /// For every choice within it.
    pub(crate) dice: Dice,
}

impl Plan {
    /// The plan of a seed, of at most so many steps.
    pub fn of(seed: u64, steps_max: u32) -> Plan {
        let mut dice = Dice::of(seed, u64::MAX);
        let steps = (dice.scale(500, 200_000) as u32).min(steps_max);
        let profile = Profile::of(&mut dice, u64::from(steps));
        Plan { seed, profile, steps: (0..steps).collect() }
    }

    /// A step of the plan.
    pub(crate) fn step(&self, number: u32) -> Step {
        let mut dice = Dice::of(self.seed, u64::from(number));
        Step { action: self.profile.action(&mut dice), dice }
    }
}

impl Profile {
    fn of(dice: &mut Dice, steps: u64) -> Profile {
        let (accounts, pause_us_max) = (dice.scale(1, 4_000) as u32, dice.scale(100, 200_000_000));
        // Every stall is credited to every account: for speed, few of them where accounts are many.
        let stalls = accounts < 100 || pause_us_max < 1_000_000;
        let stall = if stalls { [0, 30, 3_000] } else { [0, 3_000, 30_000] };
        Profile {
            accounts,
            users: dice.scale(2, 60) as u32,
            licences: dice.scale(1, 12) as u32,
            haste: dice.scale(2, 400),
            time_every: dice.scale(4, 200),
            pause_us_max,
            // A start reads the whole log: a long run has few troubles, a short one may be full of them.
            trouble_every: (steps / dice.scale(2, if steps > 20_000 { 12 } else { 200 })).max(20),
            faults: !dice.once_in(4),
            lies: false,
            jumps: !dice.once_in(3),
            block_bytes: dice.of_these(&[1_500, 3_000, 3_000, 3_000, 28 << 10]),
            block_cache_bytes: dice.of_these(&[20_000, 64 << 20, 64 << 20, 64 << 20]),
            office_every: dice.scale(4, 200),
            snapshots: dice.once_in(24),
            options: Options {
                service: !dice.once_in(8),
                depth: 1 + dice.index(4),
                group_min: dice.scale(1, 128) as usize,
                waiting_max: dice.of_these(&[20, 65_536, 65_536]),
                account_waiting_max: dice.of_these(&[3, 8_192, 8_192]),
                save_every: Duration::from_secs(dice.scale(1, 60)),
                sweep_every: Duration::from_secs(dice.scale(1, 60)),
                stall: Some(dice.of_these(&stall)).filter(|s| *s > 0).map(Duration::from_secs),
                // A ledger on a simulated disk keeps no seals.
                seal_every: None,
            },
        }
    }

    fn action(&self, dice: &mut Dice) -> Action {
        if dice.once_in(self.trouble_every) {
            return self.trouble(dice);
        }
        if dice.once_in(self.time_every) {
            return Action::Wait;
        }
        if dice.below(self.haste + 4) >= 4 {
            return Action::Ask;
        }
        match dice.below(8) {
            0 | 1 => Action::Decide,
            2 | 3 => Action::Gather,
            4 | 5 => Action::Sync,
            6 => Action::Errand,
            _ => Action::Hear,
        }
    }

    fn trouble(&self, dice: &mut Dice) -> Action {
        let faults = [Fault::Write, Fault::Full, Fault::Sync, Fault::SyncWithHoles, Fault::Book];
        match dice.below(16) {
            0..=2 if self.lies => Action::Fail(Fault::Lie),
            0..=2 if self.faults => Action::Fail(dice.of_these(&faults)),
            3 | 4 if self.jumps => Action::Jump,
            5..=7 => Action::MendClock,
            8 => Action::Sweep,
            9 | 10 => Action::CutPower,
            11 => Action::Kill,
            12 => Action::Restart,
            _ => Action::Compare,
        }
    }
}

impl fmt::Display for Plan {
    /// The seed, the profile and, of a short plan, the steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} steps", self.seed, self.steps.len())?;
        writeln!(f, "{:?}", self.profile)?;
        if self.steps.len() <= 100 {
            for number in &self.steps {
                writeln!(f, "  step {number}: {:?}", self.step(*number).action)?;
            }
        }
        Ok(())
    }
}
