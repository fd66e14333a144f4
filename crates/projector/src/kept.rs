//! The accounts that the projector has in memory.
//!
//! Those used last are kept as they are, the others packed (some 300 bytes for an account of twenty users),
//! so that a log of a hundred thousand accounts in turn is read without going back to snapshots.
//!
//! Two generations decide who was used last: an account that is used moves into the young one; when that is
//! full it becomes the old one, and what is left of the one before is packed.

use crate::occupancy::Occupancy;
use crate::snapshots::{SnapshotError, pack, unpack};
use seats::AccountId;
use std::collections::HashMap;
use std::mem;

/// An account in work.
pub(crate) struct Work {
    pub(crate) occupancy: Occupancy,
    /// The version at which its next snapshot is due.
    pub(crate) due: u64,
}

struct Packed {
    bytes: Box<[u8]>,
    due: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Kept {
    young: HashMap<AccountId, Work>,
    old: HashMap<AccountId, Work>,
    packed: HashMap<AccountId, Packed>,
}

impl Kept {
    /// An account used lately.
    pub(crate) fn young(&mut self, account: AccountId) -> Option<&mut Work> {
        self.young.get_mut(&account)
    }

    /// Takes out an account that was not used lately.
    pub(crate) fn take(&mut self, account: AccountId) -> Option<Work> {
        let packed = self.packed.remove(&account);
        self.old.remove(&account).or_else(|| {
            let Packed { bytes, due } = packed?;
            Some(Work { occupancy: unpack(&bytes)?, due })
        })
    }

    /// Keeps an account as one used lately. There are at most `unpacked` of these, and as many used before.
    pub(crate) fn put(&mut self, work: Work, unpacked: usize) -> Result<(), SnapshotError> {
        if self.young.len() >= unpacked {
            for (account, Work { occupancy, due }) in mem::take(&mut self.old) {
                let bytes = pack(&occupancy)?.into_boxed_slice();
                self.packed.insert(account, Packed { bytes, due });
            }
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(work.occupancy.account.id(), work);
        Ok(())
    }
}
