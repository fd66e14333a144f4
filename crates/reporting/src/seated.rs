//! Who gave signs of life on which seat, from an account's commits alone (rule 10 of `docs/billing.md`).

use crate::billing::Hold;
use ledger::Commit;
use seats::{Event, Micros, SeatNo, SessionId, Timestamp};
use std::collections::BTreeMap;

/// What a commit says of a session's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Granted { seat: SeatNo, overdraft: bool, position: u64 },
    Silent(Micros),
    Heard,
    Over(Micros),
}

/// The fold. It keeps every turn with its version, so that what was known earlier can be asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seated {
    turns: Vec<(u64, Timestamp, SessionId, Turn)>,
    overdraft: bool,
}

impl Seated {
    /// Takes up the account's next commit.
    pub(crate) fn note(&mut self, position: u64, commit: &Commit) {
        for event in &commit.events {
            let (session, turn) = match *event {
                Event::SeatGranted { session, seat, overdraft, .. } => {
                    self.overdraft |= overdraft;
                    (session, Turn::Granted { seat, overdraft, position })
                }
                Event::WentDormant { session, silent } => (session, Turn::Silent(silent)),
                Event::Resumed { session } => (session, Turn::Heard),
                Event::LoggedOut { session, silent, .. }
                | Event::Expired { session, silent, .. } => (session, Turn::Over(silent)),
                _ => continue,
            };
            self.turns.push((commit.version, commit.at, session, turn));
        }
    }

    /// The times during which sessions gave signs of life, by what was known as of a version; nothing if no
    /// seat was ever granted as overdraft.
    pub(crate) fn holds(&self, as_of: u64, until: Timestamp) -> Vec<Hold> {
        let mut holds = Vec::new();
        if !self.overdraft {
            return holds;
        }
        // The session's current hold, open or not: one that fell silent may be heard of again.
        let mut sitting: BTreeMap<SessionId, (Hold, bool)> = BTreeMap::new();
        let end = |hold: Hold, at: Timestamp| Hold { to: at.max(hold.from).min(until), ..hold };
        for (_, at, session, turn) in
            self.turns.iter().take_while(|(version, ..)| *version <= as_of)
        {
            match (*turn, sitting.get_mut(session)) {
                (Turn::Granted { seat, overdraft, position: granted }, _) => {
                    let hold = Hold { seat, granted, overdraft, from: *at, to: until };
                    sitting.insert(*session, (hold, true));
                }
                (Turn::Silent(silent), Some((hold, live))) if *live => {
                    holds.push(end(*hold, *at - silent));
                    *live = false;
                }
                (Turn::Heard, Some((hold, live))) if !*live => {
                    (hold.from, *live) = (*at, true);
                }
                (Turn::Over(silent), Some((hold, live))) => {
                    holds.extend(live.then(|| end(*hold, *at - silent)));
                    sitting.remove(session);
                }
                _ => {}
            }
        }
        holds.extend(
            sitting.into_values().filter(|(_, live)| *live).map(|(hold, _)| end(hold, until)),
        );
        holds
    }
}
