//! One account in memory, and who waits for it.
//!
//! An account has one append in flight at most. What arrives for it meanwhile waits and is decided
//! together when the append is on disk; what arrives before the append has left joins it.

use crate::error::Error;
use crate::inbox::Ask;
use seats::{Account, AccountId, Heard, Live, Liveness, Outage, RequestId, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// Where an account's latest commits are. The system account counts as synced always.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// On disk. What is decided without a new commit can be answered at once.
    Synced,
    /// Some are in the group being filled.
    Filling,
    /// Some are on their way to the disk; nothing is decided until they have arrived.
    InFlight,
}

pub(crate) struct Slot {
    pub(crate) live: Live,
    /// When nothing could be heard, as far as it matters to these sessions.
    pub(crate) outages: Arc<[Outage]>,
    pub(crate) phase: Phase,
    /// Questions to be decided when the append in flight is on disk.
    pub(crate) waiting: VecDeque<Ask>,
    /// Logins decided in the group being filled: which request, and by which draft.
    pub(crate) recent: Vec<(RequestId, usize)>,
    /// When the sweeper looks at it; [`Timestamp::MAX`]: it does not.
    pub(crate) sweep_at: Timestamp,
    /// Its signs of life have changed since they were last saved.
    pub(crate) unsaved: bool,
}

/// An account as the clerk found it in the record.
pub(crate) struct Loaded {
    pub(crate) account: AccountId,
    pub(crate) state: Result<(Account, Heard), Error>,
}

impl Slot {
    pub(crate) fn new(account: Account, heard: Heard, outages: Arc<[Outage]>) -> Slot {
        let liveness = Liveness::restored(heard, Arc::clone(&outages));
        Slot {
            live: Live::new(account, liveness),
            outages,
            phase: Phase::Synced,
            waiting: VecDeque::new(),
            recent: Vec::new(),
            sweep_at: Timestamp::MAX,
            unsaved: false,
        }
    }

    /// The draft of the group being filled that answers a request.
    pub(crate) fn recent(&self, request: RequestId) -> Option<usize> {
        let found = self.recent.iter().find(|(recent, _)| *recent == request);
        found.map(|(_, draft)| *draft)
    }

    /// Whether it is worth keeping: something has happened to it, or somebody waits for it.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.live.account().version() > 0 || self.phase != Phase::Synced || !self.waiting.is_empty()
    }
}
