//! The projector beside the service, in a share of the runs: its snapshots stand on a real disk, outlive every
//! crash of the simulated one, and must never show anything but the log.

use crate::dice::Dice;
use crate::model::Objection;
use ledger::{Ledger, Position};
use projector::{AsOf, Projector, Spacing, Views};
use seats::AccountId;
use tempfile::TempDir;

/// Often and of everything, so that short runs have many.
const SPACING: Spacing = Spacing { commits: 5, span: 400, bytes_per_commit: 1 << 16, unpacked: 8 };

/// See the module.
pub(crate) struct Saved {
    dir: TempDir,
    projector: Option<Projector>,
}

impl Saved {
    /// Nothing yet.
    pub(crate) fn new() -> Result<Saved, Objection> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        Ok(Saved { dir, projector: None })
    }

    /// The projector starts with the service, on what it saved before.
    pub(crate) fn start(&mut self, ledger: &Ledger) -> Result<(), Objection> {
        let opened = Projector::open_in(ledger, self.dir.path(), SPACING);
        self.projector = Some(opened.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// It ends with the service.
    pub(crate) fn stop(&mut self) {
        self.projector = None;
    }

    /// Reads on, all or some of what is new. An account as of any position or instant is then what it is
    /// without snapshots.
    pub(crate) fn compare(
        &mut self,
        ledger: &Ledger,
        account: AccountId,
        dice: &mut Dice,
    ) -> Result<(), Objection> {
        let Some(projector) = &mut self.projector else { return Ok(()) };
        let commits = if dice.once_in(2) { u64::MAX } else { dice.below(1_000) };
        projector.catch_up(commits).map_err(|error| error.to_string())?;
        let (saved, folded) = (projector.views(), Views::without_snapshots(ledger));
        let position = Position(dice.below(ledger.head().size));
        let record = ledger.record(position).map_err(|error| error.to_string())?;
        let at = record.map(|record| record.commit.at).unwrap_or_default();
        for until in [AsOf::Now, AsOf::Position(position), AsOf::Instant(at), AsOf::Before(at)] {
            let saved = saved.as_of(account, until).map_err(|error| error.to_string())?;
            let folded = folded.as_of(account, until).map_err(|error| error.to_string())?;
            if saved != folded {
                return Err(format!("the snapshots of {account} are not its log, {until:?}"));
            }
        }
        Ok(())
    }
}
