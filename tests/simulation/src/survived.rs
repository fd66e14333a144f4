//! What a run came to: what it survived, or what broke it.

use crate::dice::mixed;
use crate::model::Objection;
use std::fmt;
use std::ops::AddAssign;

/// What was survived.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Survived {
    /// Runs.
    pub runs: u64,
    /// Commands that were answered, definitely or not.
    pub commands: u64,
    /// Commits that became durable.
    pub commits: u64,
    /// Crashes: power cuts, kills, and failures of the disk that stopped the service.
    pub crashes: u64,
    /// Faults of the disk that struck.
    pub faults: u64,
    /// Jumps of the clock.
    pub jumps: u64,
    /// A digest of all answers and roots.
    pub digest: u64,
}

/// In place of a step: after the last.
pub const AT_THE_END: u32 = u32::MAX;

/// What must never be, and was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// In which step; [`AT_THE_END`] for what was found after the last.
    pub step: u32,
    /// What.
    pub what: Objection,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            AT_THE_END => write!(f, "at the end: {}", self.what),
            step => write!(f, "in step {step}: {}", self.what),
        }
    }
}

impl AddAssign for Survived {
    fn add_assign(&mut self, other: Survived) {
        self.runs += other.runs;
        self.commands += other.commands;
        self.commits += other.commits;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.jumps += other.jumps;
        self.digest = mixed(self.digest ^ other.digest);
    }
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Survived { runs, commands, commits, crashes, faults, jumps, digest } = self;
        write!(
            f,
            "runs {runs}, commands {commands}, commits {commits}, crashes {crashes}, \
             faults {faults}, clock jumps {jumps}, digest {digest:016x}"
        )
    }
}
