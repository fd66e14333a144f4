//! What is kept of webhooks, beside the access tokens.
//!
//! ```text
//! access/webhooks.json      who is told what, and the secrets to sign with
//! access/webhooks/3.json    how far subscription 3 is: cursor, failure, dead letters
//! ```
//!
//! Both are written whole or not at all, and only their owner may read them (mode 0600): a secret must be kept
//! as it is to sign with it. Letters are not kept, only their positions: the log has the rest.

use ledger::whole;
use seats::AccountId;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Dead letters kept for one subscription. Beyond, the oldest is dropped, and counted.
pub(crate) const DEAD_MAX: usize = 1_000;

/// Who is told what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    /// Its number, from 1; never used again.
    pub(crate) number: u32,
    /// Where it is told.
    pub(crate) url: String,
    /// A commit with an event of one of these kinds is told; empty: every commit.
    pub(crate) events: Vec<String>,
    /// Of these accounts only; `None`: of all.
    pub(crate) accounts: Option<Vec<u64>>,
    /// Whose it is, in the words of whoever made it.
    pub(crate) label: String,
    /// What its letters' ids begin with, so that two ledgers' letters differ.
    pub(crate) key: String,
    /// What letters are signed with, as `whsec_` and base64.
    pub(crate) secret: String,
    /// When it was made, µs since 1970.
    pub(crate) made_at: u64,
    /// The number of the token that made it.
    pub(crate) made_by: u32,
}

impl Subscription {
    /// Whether a commit of this account with events of these kinds is told.
    pub(crate) fn wants<'a>(
        &self,
        account: AccountId,
        mut kinds: impl Iterator<Item = &'a str>,
    ) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(&account.0))
            && (self.events.is_empty()
                || kinds.any(|kind| self.events.iter().any(|wanted| wanted == kind)))
    }

    /// The id of the letter about the commit at a position: the same each time that it is sent.
    pub(crate) fn id(&self, position: u64) -> String {
        format!("msg_{}_{position}", self.key)
    }
}

/// How far a subscription is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Everything before this position was accepted, is a dead letter, or was not wanted.
    pub(crate) cursor: u64,
    /// The letter at the cursor, if it was refused.
    pub(crate) failing: Option<Failing>,
    /// When the receiver began to refuse, µs since 1970; `None`: it accepted the last one.
    pub(crate) refusing_since: Option<u64>,
    /// What was given up, oldest first.
    pub(crate) dead: VecDeque<Dead>,
    /// Dead letters that are no longer listed, because there were too many.
    pub(crate) dropped: u64,
}

/// A letter that was refused, and will be sent again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Failing {
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// When it is sent next, µs since 1970.
    pub(crate) next_at: u64,
    /// What was wrong the last time.
    pub(crate) why: String,
}

/// A letter that was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Dead {
    /// The commit that it was about.
    pub(crate) position: u64,
    /// When it was given up, µs since 1970.
    pub(crate) at: u64,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// What was wrong the last time.
    pub(crate) why: String,
    /// It is to be sent once more.
    pub(crate) again: bool,
}

impl Progress {
    /// Gives up the letter about the commit at a position.
    pub(crate) fn bury(&mut self, dead: Dead) {
        if self.dead.len() >= DEAD_MAX {
            self.dead.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.dead.push_back(dead);
    }
}

/// The files.
pub(crate) struct Kept {
    dir: PathBuf,
}

impl Kept {
    /// In the directory of a ledger's access tokens.
    pub(crate) fn open(access: &Path) -> io::Result<Kept> {
        fs::create_dir_all(access.join("webhooks"))?;
        Ok(Kept { dir: access.to_owned() })
    }

    /// All subscriptions, and the number that the next one gets.
    pub(crate) fn subscriptions(&self) -> io::Result<(Vec<Subscription>, u32)> {
        let list: List = read(&self.dir.join("webhooks.json"))?.unwrap_or_default();
        Ok((list.subscriptions, list.next.max(1)))
    }

    /// Keeps the subscriptions.
    pub(crate) fn keep(&self, subscriptions: Vec<Subscription>, next: u32) -> io::Result<()> {
        write(&self.dir.join("webhooks.json"), &List { next, subscriptions })
    }

    /// How far a subscription is; `None`: it was never written.
    pub(crate) fn progress(&self, number: u32) -> io::Result<Option<Progress>> {
        read(&self.of(number))
    }

    /// Keeps how far a subscription is.
    pub(crate) fn keep_progress(&self, number: u32, progress: &Progress) -> io::Result<()> {
        write(&self.of(number), progress)
    }

    /// Drops what is known of a subscription that is gone.
    pub(crate) fn drop_progress(&self, number: u32) -> io::Result<()> {
        match fs::remove_file(self.of(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn of(&self, number: u32) -> PathBuf {
        self.dir.join("webhooks").join(format!("{number}.json"))
    }
}

#[derive(Default, Serialize, Deserialize)]
struct List {
    next: u32,
    subscriptions: Vec<Subscription>,
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(content) => {
            let wrong = |error| io::Error::other(format!("{}: {error}", path.display()));
            serde_json::from_slice(&content).map(Some).map_err(wrong)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, content: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(content)?;
    whole::write(path, whole::SECRET, |file| file.write_all(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_dead_letters_drop_the_oldest_and_say_so() {
        let mut progress = Progress::default();
        for position in 0..DEAD_MAX as u64 + 3 {
            let why = "500".to_owned();
            progress.bury(Dead { position, at: 0, attempts: 1, why, again: false });
        }
        assert_eq!((progress.dead.len(), progress.dropped), (DEAD_MAX, 3));
        assert_eq!(progress.dead[0].position, 3);
    }
}
