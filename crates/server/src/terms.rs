//! On what terms sessions of an account live: what a client must know to keep one alive.
//!
//! Remembered for each account, so that a heartbeat need not ask; forgotten when the policy changes.

use crate::problem::Problem;
use admission::Admission;
use seats::{AccountId, Names, Policy};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Accounts remembered at most; beyond, all are forgotten.
const KEPT_MAX: usize = 100_000;
/// Seconds for which a seat token is good where the policy has no lease.
const WITHOUT_LEASE_S: u64 = 900;

/// How often to show signs of life, and for how long a seat token is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    /// Seconds until the next sign of life is due.
    pub(crate) heartbeat_after_s: u64,
    /// Seconds for which a token is good.
    pub(crate) token_s: u64,
    /// What a user sees of others.
    pub(crate) names: Names,
}

#[derive(Default)]
pub(crate) struct TermsOf(Mutex<HashMap<AccountId, Terms>>);

impl Terms {
    /// Three signs of life in a lease, so that one may be lost; a token is good for one lease, which is when
    /// a silent holder's seat may be taken.
    pub(crate) fn of(policy: &Policy) -> Terms {
        let lease = policy.lease_s.map(u64::from);
        let idle = policy.idle_after_s.map(u64::from);
        // Nor is a holder's silence an answer to a question that was not seen.
        let answer = policy.hand_over_s.map(u64::from);
        let all = lease.into_iter().chain(idle).chain(answer);
        let soonest = all.min().unwrap_or(WITHOUT_LEASE_S);
        Terms {
            heartbeat_after_s: (soonest / 3).clamp(1, 60),
            token_s: lease.unwrap_or(WITHOUT_LEASE_S),
            names: policy.names,
        }
    }
}

impl TermsOf {
    /// The terms of an account.
    pub(crate) async fn get(
        &self,
        admission: &Admission,
        account: AccountId,
    ) -> Result<Terms, Problem> {
        if let Some(terms) = self.lock().get(&account) {
            return Ok(*terms);
        }
        let terms = Terms::of(&admission.occupancy(account).await?.policy);
        let mut kept = self.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(account, terms);
        Ok(terms)
    }

    /// The policy has changed.
    pub(crate) fn forget(&self, account: AccountId) {
        self.lock().remove(&account);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Terms>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_signs_of_life_in_a_lease() {
        let check = |lease_s, idle_after_s, hand_over_s, heartbeat_after_s, token_s| {
            let policy = Policy { lease_s, idle_after_s, hand_over_s, ..Policy::default() };
            let terms = Terms { heartbeat_after_s, token_s, names: Names::Full };
            assert_eq!(Terms::of(&policy), terms, "{lease_s:?}");
        };
        check(Some(120), None, None, 40, 120);
        check(Some(2), None, None, 1, 2);
        check(Some(3_600), None, None, 60, 3_600);
        check(Some(3_600), Some(90), None, 30, 3_600);
        check(None, None, None, 60, 900);
        check(Some(120), None, Some(30), 10, 120);
        check(None, None, Some(30), 10, 900);
    }
}
