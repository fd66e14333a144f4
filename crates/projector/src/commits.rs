//! One account's commits in order, oldest first, in bounded memory.
//!
//! The log can be walked back along one account, or scanned forward over all accounts. Going from stop to
//! stop (the account's snapshots, and at last its head), each stretch is read in the cheaper way: walked
//! back when the account's commits are few among many others, scanned when they are many or close together.
//! A walk remembers positions only, so that a stretch without snapshots needs eight bytes a commit.

use crate::views::Views;
use ledger::{Position, ReadError, Record, Scan};
use seats::AccountId;

/// Commits in a stretch from which on it is scanned.
const WALK_MAX: u64 = 1 << 16;

/// Scanning so many commits costs about as much as one step of a walk.
const SCANNED_PER_STEP: u64 = 16;

pub(crate) struct Commits {
    views: Views,
    account: AccountId,
    /// The last commit given, and its version.
    given: Option<(Position, u64)>,
    /// The last commit of the stretch being read.
    stop: Option<Position>,
    /// The last commit to give.
    last: Option<Position>,
    way: Way,
}

enum Way {
    /// Positions still to be read, the next one last.
    Walk(Vec<Position>),
    Scan(Box<Scan>),
}

impl Commits {
    /// The commits after `after`, given by position and version, up to `last`, which is one.
    pub(crate) fn new(
        views: &Views,
        account: AccountId,
        after: Option<(Position, u64)>,
        last: Position,
    ) -> Commits {
        let last = Some(last);
        Commits {
            last,
            given: after,
            stop: after.map(|(position, _)| position),
            ..Commits::none(views, account)
        }
    }

    /// No commits.
    pub(crate) fn none(views: &Views, account: AccountId) -> Commits {
        let way = Way::Walk(Vec::new());
        Commits { views: views.clone(), account, given: None, stop: None, last: None, way }
    }

    fn read_next(&mut self) -> Result<Option<Record>, ReadError> {
        let given = self.given.map(|(position, _)| position);
        if given >= self.last {
            return Ok(None);
        }
        if given >= self.stop {
            self.next_stretch(given)?;
        }
        let record = match &mut self.way {
            Way::Walk(positions) => match positions.pop() {
                Some(position) => self.views.ledger().record(position)?,
                None => None,
            },
            Way::Scan(scan) => {
                let account = self.account;
                scan.find(|record| record.as_ref().map_or(true, |r| r.commit.account == account))
                    .transpose()?
            }
        };
        match &record {
            Some(record) => self.given = Some((record.position, record.commit.version)),
            // The log holds less than was said of it; verification tells what.
            None => self.last = None,
        }
        Ok(record)
    }

    /// Decides how the stretch after `given` is read.
    fn next_stretch(&mut self, given: Option<Position>) -> Result<(), ReadError> {
        let ledger = self.views.ledger().clone();
        let next = self.views.next_stop(self.account, given)?;
        let stop = next.filter(|stop| Some(*stop) < self.last).or(self.last);
        self.stop = stop;
        let Some(stop) = stop else { return Ok(()) };
        let first = given.map_or(Position(0), |given| Position(given.0.saturating_add(1)));
        let version = ledger.record(stop)?.map_or(0, |record| record.commit.version);
        let commits = version.saturating_sub(self.given.map_or(0, |(_, version)| version));
        let span = stop.0.saturating_sub(first.0);
        if commits > WALK_MAX || span / SCANNED_PER_STEP <= commits {
            if !matches!(self.way, Way::Scan(_)) {
                self.way = Way::Scan(Box::new(ledger.scan(first)));
            }
            return Ok(());
        }
        let mut positions = Vec::new();
        for record in ledger.back(stop) {
            let record = record?;
            if record.position < first {
                break;
            }
            positions.push(record.position);
            if record.previous.is_none_or(|previous| previous < first) {
                break;
            }
        }
        self.way = Way::Walk(positions);
        Ok(())
    }
}

impl Iterator for Commits {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read_next();
        if next.is_err() {
            self.last = None;
        }
        next.transpose()
    }
}
