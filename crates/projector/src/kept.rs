//! The accounts that the projector has in memory.
//!
//! Those used last are kept as they are, the others packed (some 300 bytes for an account of twenty users),
//! so that a log of a hundred thousand accounts in turn is read without going back to snapshots.
//!
//! Two generations decide who was used last: an account that is used moves into the young one; when that is
//! full it becomes the old one, and what is left of the one before is packed.

use crate::occupancy::Occupancy;
use crate::snapshots::{SnapshotError, pack, unpack};
use ledger::Position;
use seats::AccountId;
use std::collections::HashMap;
use std::mem;

/// An account in work.
pub(crate) struct Work {
    pub(crate) occupancy: Occupancy,
    pub(crate) saved: Saved,
}

/// An account's last snapshot: the commit it follows, and its size. If there is none, version and size are 0
/// and the position is that of the account's first commit.
#[derive(Clone, Copy)]
pub(crate) struct Saved {
    pub(crate) position: Position,
    pub(crate) version: u64,
    pub(crate) bytes: usize,
}

struct Packed {
    bytes: Box<[u8]>,
    saved: Saved,
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
            let Packed { bytes, saved } = packed?;
            Some(Work { occupancy: unpack(&bytes)?, saved })
        })
    }

    /// Keeps an account as one used lately. There are at most `unpacked` of these, and as many used before.
    pub(crate) fn put(&mut self, work: Work, unpacked: usize) -> Result<(), SnapshotError> {
        if self.young.len() >= unpacked {
            for (account, Work { occupancy, saved }) in mem::take(&mut self.old) {
                let bytes = pack(&occupancy)?.into_boxed_slice();
                self.packed.insert(account, Packed { bytes, saved });
            }
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(work.occupancy.account.id(), work);
        Ok(())
    }
}
