//! Looks at names go on record before they happen, once for a while.
//!
//! A page that is shown again every few seconds is one look, not hundreds: what one token sees of one account,
//! or of one user, in one kind of report for one reason, counts once for as long as the settings say.

use crate::problem::Problem;
use admission::{Admission, Seen};
use ledger::Actor;
use seats::{AccountId, Look, Timestamp, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Looks remembered at most; beyond, all are forgotten, and recorded again.
const KEPT_MAX: usize = 100_000;

pub(crate) struct LookedAt {
    lasts_s: u64,
    seen: Mutex<HashMap<Key, Timestamp>>,
}

/// Who looked, at which account and user of it, in which kind of report, and why.
type Key = (u32, AccountId, Option<UserId>, u8, Option<String>);

impl LookedAt {
    pub(crate) fn new(lasts_s: u64) -> LookedAt {
        LookedAt { lasts_s, seen: Mutex::default() }
    }

    /// Puts on record that somebody is about to be shown names, unless that is known.
    pub(crate) async fn record(
        &self,
        admission: &Admission,
        seen: Seen,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let key = (actor.id, seen.account, seen.user, kind(seen.look), seen.reason.clone());
        if self.is_known(&key, now) {
            return Ok(());
        }
        admission.record_look(seen, actor).await?;
        let mut known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(key, now);
        Ok(())
    }

    fn is_known(&self, key: &Key, now: Timestamp) -> bool {
        let known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|at| now.since(*at).secs() < self.lasts_s)
    }
}

fn kind(look: Look) -> u8 {
    match look {
        Look::Who => 0,
        Look::Why => 1,
        Look::Trail => 2,
        Look::Evidence => 3,
        Look::SubjectAccess => 4,
        Look::Directory => 5,
    }
}
