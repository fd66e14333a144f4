//! What is kept so that forgetting is complete, and happens in time.
//!
//! ```text
//!  marks   "forgotten up to"           -> a position   what the log forgets before it is erased here
//!  marks   "rewrite"                   -> 1            erased, and not yet gone from the files
//!  marks   "used", account, device     -> a day        when a device logged in last, in days since 1970
//!  marks   "service"                   -> opaque bytes, see `admission`
//! ```
//!
//! None of it is precious: a mark that is lost makes somebody read more of the log, or keeps a device for
//! longer.

use super::pages::Table;
use super::{Book, BookError, Entry, Kind, Subject, number};
use seats::{AccountId, DeviceId};

const UP_TO: &[u8] = b"forgotten up to";
const REWRITE: &[u8] = b"rewrite";
const USED: &[u8] = b"used";
const SERVICE: &[u8] = b"service";

impl Book {
    /// Erases texts, salts and names, durably. Returns how many there were. The files still hold them until
    /// [`Book::rewrite`].
    pub fn erase(&self, subjects: &[Subject]) -> Result<usize, BookError> {
        let mut erased = 0;
        for subject in subjects {
            if self.forget(*subject)? {
                erased += 1;
            }
        }
        if erased > 0 {
            self.pages.set(Table::Marks, REWRITE, Some(&[1]))?;
            self.sync()?;
        }
        Ok(erased)
    }

    /// Whether something was erased since the files were last rewritten.
    pub fn is_rewrite_due(&self) -> Result<bool, BookError> {
        Ok(self.pages.get(Table::Marks, REWRITE)?.is_some())
    }

    /// Copies everything into new files and removes the old ones, so that these do not hold either what was
    /// erased. Durable when it returns; a crash leaves the old files or the new ones. Whoever else uses the
    /// book waits meanwhile.
    pub fn rewrite(&self) -> Result<(), BookError> {
        let because = self.pages.get(Table::Marks, REWRITE)?;
        let not_copied = because.as_ref().map(|_| (Table::Marks, REWRITE));
        self.pages.rewrite(not_copied)
    }

    /// Up to which position of the log everything that it forgets is erased here; `None`: nobody looked.
    pub fn forgotten_up_to(&self) -> Result<Option<u64>, BookError> {
        self.pages.get(Table::Marks, UP_TO)?.map(|mark| number(&mark)).transpose()
    }

    /// Marks up to where that is. Not durable before [`Book::sync`].
    pub fn mark_forgotten_up_to(&self, position: u64) -> Result<(), BookError> {
        self.pages.set(Table::Marks, UP_TO, Some(&position.to_be_bytes()))
    }

    /// Marks on which day a device logged in. Not durable before [`Book::sync`]; nothing is written if it is
    /// marked already.
    pub fn mark_used(
        &self,
        account: AccountId,
        device: DeviceId,
        day: u32,
    ) -> Result<(), BookError> {
        let (key, day) = (used_key(account, device), day.to_be_bytes());
        if self.pages.get(Table::Marks, &key)?.as_deref() == Some(&day) {
            return Ok(());
        }
        self.pages.set(Table::Marks, &key, Some(&day))
    }

    /// The devices of an account that are known by name, with the day on which each was used last; `None`:
    /// not marked.
    pub fn devices_used(
        &self,
        account: AccountId,
    ) -> Result<Vec<(DeviceId, Option<u32>)>, BookError> {
        let entries = self.entries(account, Kind::Device)?.into_iter();
        let known = entries.filter(|(_, entry)| matches!(entry, Entry::Known(_)));
        let used = |(device, _)| {
            let device = DeviceId(u32::try_from(device).unwrap_or(u32::MAX));
            let day = self.pages.get(Table::Marks, &used_key(account, device))?;
            let day = day.and_then(|day| day.first_chunk().copied()).map(u32::from_be_bytes);
            Ok((device, day))
        };
        known.map(used).collect()
    }

    /// Accounts that have devices whose last use is marked, in order.
    pub fn accounts_with_devices(&self) -> Result<Vec<AccountId>, BookError> {
        let mut accounts = Vec::new();
        for (key, _) in self.pages.rows(Table::Marks, USED)? {
            let account = key.get(USED.len()..).unwrap_or_default();
            let account = AccountId(number(account)?);
            if accounts.last() != Some(&account) {
                accounts.push(account);
            }
        }
        Ok(accounts)
    }

    /// What the service has noted of its own past.
    pub fn service_notes(&self) -> Result<Option<Vec<u8>>, BookError> {
        self.pages.get(Table::Marks, SERVICE)
    }

    /// Keeps that. Not durable before [`Book::sync`].
    pub fn keep_service_notes(&self, notes: &[u8]) -> Result<(), BookError> {
        self.pages.set(Table::Marks, SERVICE, Some(notes))
    }

    /// Takes the mark of a device's last use away with its entry.
    pub(super) fn unmark_used(&self, subject: Subject) -> Result<(), BookError> {
        let device = u32::try_from(subject.number).ok().filter(|_| subject.kind == Kind::Device);
        match device {
            Some(device) => {
                let key = used_key(subject.scope, DeviceId(device));
                self.pages.set(Table::Marks, &key, None)
            }
            None => Ok(()),
        }
    }
}

fn used_key(account: AccountId, device: DeviceId) -> Vec<u8> {
    let mut key = USED.to_vec();
    key.extend_from_slice(&account.0.to_be_bytes());
    key.extend_from_slice(&device.0.to_be_bytes());
    key
}
