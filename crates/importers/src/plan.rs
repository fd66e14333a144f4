//! From a history to commits, whatever format the history came in.
//!
//! ```text
//!  version 1        AccountOpened, PolicyChanged, LicencesChanged from 0, ImportStarted   first instant
//!  one an instant   log-outs; sessions without length; grants; requests that wait         its instant
//!  the last         ImportCompleted                                                       last instant
//! ```
//!
//! Same history and same [`Parameters`], same commits: nothing here is random and nothing reads a clock.
//! So an import that was interrupted is repeated, compared with what is stored, and carried on.
//! [`Plan::new`] runs the whole of it past [`seats::Laws`] before anybody writes a byte.

use crate::expansion::each_commit;
use crate::history::{History, Row, name_fault, name_key, shown};
use crate::progress::Progress;
use crate::rfc3339::show;
use crate::timeline::{Peak, Step, beyond, peak, timeline};
use seats::decide::LICENCES_MAX;
use seats::{AccountId, Breach, Commitment, Digest, Event, Laws, Timestamp, UserId};
use thiserror::Error;

/// How often a caller is told how far the checking is.
const STEPS_BETWEEN_WORDS: u64 = 4096;

/// How many licences the account is to have had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Licences {
    /// As many as the history needed at its peak.
    Auto,
    /// So many; fewer than the peak are refused.
    Exactly(u32),
}

/// What an import is to make of a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// The name of the new account.
    pub account: String,
    /// IANA name of the zone in which its civil days are counted; that it exists is checked by the caller.
    pub zone: String,
    /// Licences from its first instant.
    pub licences: Licences,
}

/// Why a history cannot become an account. Nothing was written.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PlanError {
    /// The account's name is none. Choose another.
    #[error("account: {value} {why}")]
    Account {
        /// The name, shortened.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The zone's name is none. Write it as in `Europe/London`.
    #[error("time zone: {value} {why}")]
    Zone {
        /// The name, shortened.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A number of licences that nobody can buy.
    #[error("licences: {licences} is not between 1 and {LICENCES_MAX}")]
    Licences {
        /// What was asked.
        licences: u32,
    },
    /// The history held more seats than there are to be licences. Take the peak, or `auto`.
    #[error(
        "line {line}: it is the first to need {seats} seats at once, at {}; licences: {licences} \
         are too few, the peak of the history is {peak}", show(*.at)
    )]
    BelowPeak {
        /// The line of the first row for which there would have been no seat.
        line: u64,
        /// Its instant.
        at: Timestamp,
        /// Seats held with it.
        seats: u64,
        /// What was asked.
        licences: u32,
        /// What is needed.
        peak: u64,
    },
    /// The history held more seats at once than anybody can buy. Check its column `seats`.
    #[error("line {line}: {seats} seats are held at once at {}; an account has {LICENCES_MAX} at most", show(*.at))]
    PeakTooHigh {
        /// The line of the row that needed the last of them.
        line: u64,
        /// Its instant.
        at: Timestamp,
        /// Seats held then.
        seats: u64,
    },
    /// The plan breaks a law of the ledger: a mistake in this program. Report it, with the file if you can.
    #[error(
        "commit {version} of the import would break a law of the ledger: {breach}; report this"
    )]
    Unlawful {
        /// Which commit of the account.
        version: u64,
        /// Which law.
        breach: Breach,
    },
}

/// What the directory says of an account and its users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolled {
    /// The commitment to the account's name.
    pub account: Commitment,
    /// Number and commitment of each user, by the user's place in [`History::users`].
    pub users: Vec<(UserId, Commitment)>,
}

/// An import, ready to be written.
#[derive(Clone, Debug)]
pub struct Plan {
    history: History,
    steps: Vec<Step>,
    account: String,
    zone: String,
    licences: u32,
    peak: Peak,
    first: Timestamp,
    last: Timestamp,
    source: Digest,
    newcomers: Vec<u32>,
    commits: u64,
    events: u64,
}

impl Plan {
    /// Plans the import of a history that was read from a file of `format`, and checks every commit of it.
    ///
    /// # Errors
    /// [`PlanError`]: a parameter is wrong, the licences do not suffice, or the ledger's laws would break.
    pub fn new(
        history: History,
        format: &str,
        parameters: &Parameters,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Plan, PlanError> {
        let Parameters { account, zone, licences } = parameters.clone();
        if let Some(why) = name_fault(&account) {
            return Err(PlanError::Account { value: shown(&account), why });
        }
        if let Some(why) = name_fault(&zone) {
            return Err(PlanError::Zone { value: shown(&zone), why });
        }
        let steps = timeline(&history.rows);
        let peak =
            peak(&history.rows, &steps).unwrap_or(Peak { seats: 0, at: Timestamp::ZERO, line: 0 });
        let licences = enough(&history.rows, &steps, peak, licences)?;
        let mut plan = Plan {
            source: source(format, &history.content, &account, &zone, licences),
            newcomers: newcomers(&history, &steps),
            first: steps.first().map_or(Timestamp::ZERO, |step| step.at),
            last: steps.last().map_or(Timestamp::ZERO, |step| step.at),
            history,
            steps,
            account,
            zone,
            licences,
            peak,
            commits: 0,
            events: 0,
        };
        plan.check(progress)?;
        Ok(plan)
    }

    /// What it is made from.
    pub fn history(&self) -> &History {
        &self.history
    }
    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }
    /// IANA name of its time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
    /// Licences from the first instant.
    pub fn licences(&self) -> u32 {
        self.licences
    }
    /// The most seats held at once.
    pub fn peak(&self) -> Peak {
        self.peak
    }
    /// The first instant: of the first request.
    pub fn first(&self) -> Timestamp {
        self.first
    }
    /// The last instant: of the last end.
    pub fn last(&self) -> Timestamp {
        self.last
    }
    /// What makes two imports the same: BLAKE3 of the content's hash, the account and the parameters.
    pub fn source(&self) -> Digest {
        self.source
    }
    /// Places in [`History::users`], in the order of the users' first requests: the order of their numbers.
    pub fn newcomers(&self) -> &[u32] {
        &self.newcomers
    }
    /// How many commits [`Plan::each_commit`] makes.
    pub fn commits(&self) -> u64 {
        self.commits
    }
    /// How many events these hold.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Makes the commits, one after the other from version 1, until `take` fails.
    ///
    /// # Errors
    /// Whatever `take` returns.
    pub fn each_commit<E>(
        &self,
        enrolled: &Enrolled,
        take: &mut dyn FnMut(Timestamp, Vec<Event>) -> Result<(), E>,
    ) -> Result<(), E> {
        each_commit(self, enrolled, take)
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Runs every commit past the laws, and counts.
    fn check(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), PlanError> {
        let mut laws = Laws::new(AccountId(1));
        let (mut commits, mut events) = (0_u64, 0_u64);
        let of = self.steps.len() as u64;
        let mut take = |at: Timestamp, made: Vec<Event>| {
            commits = commits.saturating_add(1);
            events = events.saturating_add(made.len() as u64);
            if commits % STEPS_BETWEEN_WORDS == 0 {
                let steps = self.steps.partition_point(|step| step.at <= at) as u64;
                progress(Progress::Checking { steps, of });
            }
            laws.check(at, &made).map_err(|breach| PlanError::Unlawful { version: commits, breach })
        };
        self.each_commit(&self.unnamed(), &mut take)?;
        progress(Progress::Checking { steps: of, of });
        (self.commits, self.events) = (commits, events);
        Ok(())
    }

    /// What the directory would say if it knew nobody; commitments make no difference to the laws.
    fn unnamed(&self) -> Enrolled {
        let blank = Commitment([0; 32]);
        let mut users = vec![(UserId(0), blank); self.history.users.len()];
        for (number, place) in (1..).zip(&self.newcomers) {
            if let Some(user) = users.get_mut(*place as usize) {
                *user = (UserId(number), blank);
            }
        }
        Enrolled { account: blank, users }
    }
}

/// The licences to record, if they suffice.
fn enough(rows: &[Row], steps: &[Step], peak: Peak, licences: Licences) -> Result<u32, PlanError> {
    let needed = u32::try_from(peak.seats).ok().filter(|seats| *seats <= LICENCES_MAX);
    let Some(needed) = needed else {
        let Peak { seats, at, line } = peak;
        return Err(PlanError::PeakTooHigh { line, at, seats });
    };
    let licences = match licences {
        Licences::Auto => return Ok(needed),
        Licences::Exactly(licences) => licences,
    };
    if !(1..=LICENCES_MAX).contains(&licences) {
        return Err(PlanError::Licences { licences });
    }
    match beyond(rows, steps, u64::from(licences)) {
        Some(Peak { seats, at, line }) => {
            Err(PlanError::BelowPeak { line, at, seats, licences, peak: peak.seats })
        }
        None => Ok(licences),
    }
}

/// The users, in the order of their first requests.
fn newcomers(history: &History, steps: &[Step]) -> Vec<u32> {
    let mut seen = vec![false; history.users.len()];
    let mut newcomers = Vec::with_capacity(history.users.len());
    for row in steps.iter().filter_map(|step| history.rows.get(step.row)) {
        if let Some(seen) = seen.get_mut(row.user as usize)
            && !*seen
        {
            *seen = true;
            newcomers.push(row.user);
        }
    }
    newcomers
}

/// BLAKE3 over the hash of the content and each parameter, its length before it.
///
/// The licences count as they were resolved, so `auto` and the number it stands for are the same import.
fn source(format: &str, content: &Digest, account: &str, zone: &str, licences: u32) -> Digest {
    let mut hash = blake3::Hasher::new();
    let (licences, account) = (licences.to_le_bytes(), name_key(account));
    for part in
        [&content.0, account.as_bytes(), format.as_bytes(), zone.as_bytes(), licences.as_slice()]
    {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Digest(*hash.finalize().as_bytes())
}
