//! Many questions, each about another account at another instant, anywhere in a history.

use super::Conditions;
use super::frame::{Measured, Round, Times};
use super::history::{History, begin};
use super::machine::{Dice, memory_kib, ticks};
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use ledger::Ledger;
use projector::{Projector, Views};
use reporting::{ReportError, Reports};
use seats::{AccountId, Micros, Timestamp};

/// A history that is open, with views that are up to date.
pub(super) struct Asked<'a> {
    conditions: &'a Conditions<'a>,
    history: HistoryArgs,
    made: History,
    // Closed before the projector's database is.
    _ledger: Ledger,
    views: Views,
}

/// Where a question points.
pub(super) struct Aim {
    pub(super) account: AccountId,
    pub(super) at: Timestamp,
    /// The last instant that anything is known of.
    pub(super) known_until: Timestamp,
    /// A number below a million, for whatever else is to be chosen.
    pub(super) any: u64,
}

impl<'a> Asked<'a> {
    pub(super) fn open(
        conditions: &'a Conditions<'a>,
        history: HistoryArgs,
    ) -> Result<Asked<'a>, Failure> {
        let made = History::take(conditions, history)?;
        let ledger = made.open()?;
        let mut projector = Projector::open(&ledger)
            .ok_or_else(|| Failure::unexpected("a ledger on disk keeps views"))?
            .map_err(Failure::unexpected)?;
        while projector.catch_up(1 << 16).map_err(Failure::unexpected)? > 0 {}
        let views = projector.views();
        Ok(Asked { conditions, history, made, _ledger: ledger, views })
    }

    /// The history that is open.
    pub(super) fn made(&self) -> &History {
        &self.made
    }

    /// Its views, and its ledger through them.
    pub(super) fn views(&self) -> &Views {
        &self.views
    }

    /// Asks for as long as a round takes; `question` gives back how much it found. `blocks`: how many blocks
    /// of the log an answer needs at least.
    pub(super) fn measure(
        &self,
        what: &str,
        found: &'static str,
        blocks: u64,
        question: impl Fn(&Reports<'_>, &Aim) -> Result<u64, ReportError>,
    ) -> Result<Measured, Failure> {
        let reports = Reports::new(&self.views, "bench");
        let begin = begin(self.history);
        let known_until = reports.known_until().map_err(Failure::from)?;
        let mut dice = Dice(self.conditions.seed);
        let mut ask = |until: u64, times: &mut Times| -> Result<(u64, u64), Failure> {
            let (mut asked, mut found, mut now) = (0_u64, 0_u64, ticks());
            while now < until {
                let account = AccountId(1 + dice.below(self.history.accounts));
                let at = Timestamp(begin.0 + dice.below(known_until.since(begin).0));
                let aim = Aim { account, at, known_until, any: dice.below(1_000_000) };
                found += question(&reports, &aim)?;
                asked += 1;
                let then = ticks();
                times.add(then.saturating_sub(now));
                now = then;
            }
            Ok((asked, found))
        };
        // What is asked about is warm, as far as caches hold it.
        ask(self.conditions.until(), &mut Times::default())?;
        let rounds = Measured::rounds(self.conditions, what, |round| {
            let (mut times, begun) = (Times::default(), ticks());
            let (count, sum) = ask(self.conditions.until(), &mut times)?;
            let took = ticks().saturating_sub(begun);
            let (until, seed) = (self.conditions.until(), self.conditions.seed ^ round);
            let yardsticks = vec![yardstick::reads(&self.made.ledger, blocks, until, seed)?];
            let facts = vec![
                ("events", self.made.events),
                ("accounts", self.history.accounts),
                (found, sum / count.max(1)),
                ("peak_memory_mib", memory_kib().1 / 1024),
            ];
            Ok(Round { count, took, times, yardsticks, facts })
        })?;
        let sync = "none: nothing is written".to_owned();
        let disk = Some((self.made.bytes, self.made.events));
        let (what, counted, unit) = (what.to_owned(), "answers", "one answer");
        Ok(Measured { what, counted, unit, disk, sync, rounds })
    }
}

/// Thirty days.
pub(super) const MONTH: Micros = Micros::from_secs(30 * 86_400);
