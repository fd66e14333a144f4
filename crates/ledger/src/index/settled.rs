//! The part of the index that is written down. See [`super`].

use super::checked;
use super::generation::Generation;
use super::requests::{self, Rows, Run};
use crate::error::{OpenError, ReadError};
use crate::merkle::Frontier;
use crate::position::Position;
use crate::whole::names_in;
use seats::{AccountId, Digest};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ACCOUNTS: &[u8; 8] = b"seatacc1";
const TREE: &[u8; 8] = b"seattre1";

/// How many of the files of which only the newest is needed are kept, in case that one is damaged.
const KEPT: usize = 2;

/// What is settled. A newer one replaces it; what they have in common is shared.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    // None for a ledger in memory, which never settles.
    dir: Option<PathBuf>,
    // Latest commits before `accounts_end`, in order of account.
    accounts: Arc<Vec<(AccountId, Position)>>,
    accounts_end: Position,
    // In order of position; they may leave gaps only while the ledger is being opened.
    runs: Vec<Arc<Run>>,
    tree: Frontier,
}

impl Settled {
    /// Nothing, and nowhere to write it down.
    pub(crate) fn none() -> Settled {
        Settled {
            dir: None,
            accounts: Arc::default(),
            accounts_end: Position(0),
            runs: Vec::new(),
            tree: Frontier::new(),
        }
    }

    /// Reads what is written down about the commits before `end`, as far as it is whole.
    pub(crate) fn open(dir: &Path, end: Position) -> Result<Settled, OpenError> {
        let settled = Settled { dir: Some(dir.to_owned()), ..Settled::none() };
        settled.read(dir, end).map_err(OpenError::io(format!("reading {}", dir.display())))
    }

    fn read(mut self, dir: &Path, end: Position) -> io::Result<Settled> {
        fs::create_dir_all(dir)?;
        let names = names_in(dir)?;
        for (size, path) in numbered(&names, "accounts-", dir).filter(|(size, _)| *size <= end) {
            if let Some(accounts) =
                checked::read(&path, ACCOUNTS)?.as_deref().and_then(decode_accounts)
            {
                (self.accounts, self.accounts_end) = (Arc::new(accounts), size);
                break;
            }
        }
        for (size, path) in numbered(&names, "tree-", dir).filter(|(size, _)| *size <= end) {
            if let Some(tree) =
                checked::read(&path, TREE)?.and_then(|peaks| decode_tree(size, &peaks))
            {
                self.tree = tree;
                break;
            }
        }
        let mut runs = Vec::new();
        for name in names.iter().filter(|name| name.starts_with("requests-") && !name.contains('.'))
        {
            runs.extend(
                Run::open(&dir.join(name))?.filter(|run| run.end <= end && run.first < run.end),
            );
        }
        // A merge that was interrupted leaves the merged run and those it was made of: the widest count.
        runs.sort_by_key(|run| (run.first, std::cmp::Reverse(run.end)));
        let mut covered = Position(0);
        for run in runs {
            if run.first >= covered {
                covered = run.end;
                self.runs.push(Arc::new(run));
            } else {
                fs::remove_file(run.path())?;
            }
        }
        Ok(self)
    }

    /// Whether everything about the volume from `first` to `end` is settled.
    pub(crate) fn covers(&self, first: Position, end: Position) -> bool {
        self.accounts_end >= end && self.tree.size() >= end.0 && self.covers_requests(first)
    }

    fn covers_requests(&self, first: Position) -> bool {
        self.runs.iter().any(|run| (run.first..run.end).contains(&first))
    }

    /// The Merkle tree as far as it is settled.
    pub(crate) fn tree(&self) -> &Frontier {
        &self.tree
    }

    pub(super) fn account(&self, account: AccountId) -> Option<Position> {
        let index = self.accounts.binary_search_by_key(&account, |(account, _)| *account).ok()?;
        self.accounts.get(index).map(|(_, position)| *position)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().map(|(account, _)| *account)
    }

    pub(super) fn request(&self, key: u64, found: &mut Vec<Position>) -> Result<(), ReadError> {
        self.runs.iter().rev().try_for_each(|run| run.find(key, found))
    }

    pub(super) fn requests(&self) -> Vec<Rows> {
        self.runs.iter().map(Run::rows).collect()
    }

    /// Settles one more volume as far as it is not settled already. At its `end` the Merkle tree is `tree`.
    pub(crate) fn with(
        &self,
        volume: &Generation,
        end: Position,
        tree: &Frontier,
    ) -> Result<Settled, ReadError> {
        let unavailable = || ReadError::unavailable("the index, while writing it down");
        let Some(dir) = &self.dir else {
            return Ok(self.clone());
        };
        self.extended(dir, volume, end, tree).map_err(unavailable())
    }

    fn extended(
        &self,
        dir: &Path,
        volume: &Generation,
        end: Position,
        tree: &Frontier,
    ) -> io::Result<Settled> {
        let first = volume.first();
        let mut settled = self.clone();
        if !self.covers_requests(first) {
            let rows = volume.requests();
            let run = Run::write(dir, first, end, rows.len() as u64, rows.into_iter().map(Ok))?;
            settled.runs.push(Arc::new(run));
            settled.runs.sort_by_key(|run| run.first);
            settled.merge(dir)?;
        }
        if self.accounts_end < end {
            settled.accounts = Arc::new(overlay(&self.accounts, &volume.latest()));
            settled.accounts_end = end;
            let path = dir.join(format!("accounts-{:020}", end.0));
            checked::write(&path, ACCOUNTS, &encode_accounts(&settled.accounts))?;
            remove_all_but_newest(dir, "accounts-")?;
        }
        if self.tree.size() < end.0 {
            settled.tree = tree.clone();
            let path = dir.join(format!("tree-{:020}", end.0));
            let peaks: Vec<u8> = settled.tree.peaks().iter().flat_map(|peak| peak.0).collect();
            checked::write(&path, TREE, &peaks)?;
            remove_all_but_newest(dir, "tree-")?;
        }
        Ok(settled)
    }

    /// Whether a run was found damaged since it was opened, and so must be built again.
    pub(crate) fn lost_a_run(&self) -> bool {
        self.runs.iter().any(|run| !run.path().exists())
    }

    /// Merges neighbouring runs of similar size. A damaged one stays as it is: it was taken out of use, and
    /// says so when it is asked.
    fn merge(&mut self, dir: &Path) -> io::Result<()> {
        while let [.., older, newer] = self.runs.as_slice() {
            if older.end != newer.first || older.rows >= 2 * newer.rows.max(1) {
                break;
            }
            let merged = match requests::merge(dir, older, newer) {
                Err(_) if self.lost_a_run() => break,
                merged => merged?,
            };
            for run in [older, newer] {
                fs::remove_file(run.path())?;
            }
            self.runs.truncate(self.runs.len() - 2);
            self.runs.push(Arc::new(merged));
        }
        Ok(())
    }
}

/// The older list with the newer positions where there are any.
fn overlay(
    older: &[(AccountId, Position)],
    newer: &[(AccountId, Position)],
) -> Vec<(AccountId, Position)> {
    let mut merged = Vec::with_capacity(older.len() + newer.len());
    let (mut older, mut newer) = (older.iter().peekable(), newer.iter().peekable());
    while let Some((account, _)) = older.peek() {
        match newer.peek() {
            Some((other, _)) if other < account => merged.extend(newer.next()),
            Some((other, _)) if other == account => {
                older.next();
            }
            _ => merged.extend(older.next()),
        }
    }
    merged.extend(newer);
    merged
}

fn encode_accounts(accounts: &[(AccountId, Position)]) -> Vec<u8> {
    accounts
        .iter()
        .flat_map(|(account, position)| [account.0.to_be_bytes(), position.0.to_be_bytes()])
        .flatten()
        .collect()
}

fn decode_accounts(bytes: &[u8]) -> Option<Vec<(AccountId, Position)>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let (rows, odd) = numbers.as_chunks::<2>();
    let row = |[account, position]: &[[u8; 8]; 2]| {
        (AccountId(u64::from_be_bytes(*account)), Position(u64::from_be_bytes(*position)))
    };
    (rest.is_empty() && odd.is_empty()).then(|| rows.iter().map(row).collect())
}

fn decode_tree(size: Position, bytes: &[u8]) -> Option<Frontier> {
    let (peaks, rest) = bytes.as_chunks::<32>();
    rest.is_empty()
        .then(|| Frontier::resume(size.0, peaks.iter().map(|peak| Digest(*peak)).collect()))?
}

/// Files named by a prefix and a position, newest first.
fn numbered(
    names: &[String],
    prefix: &str,
    dir: &Path,
) -> impl Iterator<Item = (Position, PathBuf)> {
    let parse =
        |name: &String| Some((Position(name.strip_prefix(prefix)?.parse().ok()?), dir.join(name)));
    let mut files: Vec<_> = names.iter().filter_map(parse).collect();
    files.sort_unstable();
    files.into_iter().rev()
}

fn remove_all_but_newest(dir: &Path, prefix: &str) -> io::Result<()> {
    let names = names_in(dir)?;
    numbered(&names, prefix, dir).skip(KEPT).try_for_each(|(_, path)| fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Gathered;
    use crate::index::generation::Generation;
    use seats::{Event, RequestId, UserId};

    fn request(n: u64) -> RequestId {
        let mut request = [7; 16];
        request[..8].copy_from_slice(&n.to_le_bytes());
        RequestId(request)
    }

    fn volume(first: u64, count: u64, tree: &mut Frontier) -> Generation {
        let mut generation = Generation::new(Position(first), tree.clone());
        let mut gathered = Gathered::default();
        for position in first..first + count {
            let leaf = Digest([position as u8; 32]);
            let head = crate::AccountHead {
                position: Position(position),
                version: 1,
                leaf,
                at: seats::Timestamp(position),
                recorded_at: seats::Timestamp(position),
            };
            let asked = Event::LoginRequested {
                request: request(position),
                user: UserId(1),
                site: None,
                device: None,
            };
            gathered.note(AccountId(position % 7), head, &[asked]);
            tree.push(leaf);
        }
        generation.take_in(&gathered.heads, &gathered.requests);
        generation
    }

    fn check(settled: &Settled, size: u64) {
        for account in 0..7 {
            let latest = (0..size).rev().find(|position| position % 7 == account).map(Position);
            assert_eq!(settled.account(AccountId(account)), latest, "account {account} of {size}");
        }
        for position in 0..size {
            let mut found = Vec::new();
            let key = requests::key(AccountId(position % 7), request(position));
            settled.request(key, &mut found).unwrap();
            assert_eq!(found, [Position(position)]);
        }
    }

    #[test]
    fn volumes_are_settled_one_by_one_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Frontier::new();
        let mut settled = Settled::open(dir.path(), Position(0)).unwrap();
        for n in 0..40 {
            let generation = volume(n * 30, 30, &mut tree);
            let end = Position((n + 1) * 30);
            assert!(!settled.covers(Position(n * 30), end));
            settled = settled.with(&generation, end, &tree).unwrap();
            let opened = Settled::open(dir.path(), end).unwrap();
            for settled in [&settled, &opened] {
                check(settled, end.0);
                assert!((0..=n).all(|n| settled.covers(Position(n * 30), Position((n + 1) * 30))));
                assert_eq!(settled.tree(), &tree);
                assert!(settled.runs.len() <= 6, "{} runs of {n} volumes", settled.runs.len());
            }
        }
        assert!(names_in(dir.path()).unwrap().len() <= 10, "nothing is left over");
    }

    #[test]
    fn what_lies_beyond_the_newest_volume_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Frontier::new();
        let first = volume(0, 30, &mut tree);
        let at_30 = tree.clone();
        let second = volume(30, 30, &mut tree);
        let settled = Settled::open(dir.path(), Position(0)).unwrap();
        let settled = settled.with(&first, Position(30), &at_30).unwrap();
        let before: Vec<_> = names_in(dir.path()).unwrap();
        settled.with(&second, Position(60), &tree).unwrap();
        // The crash came before the merge removed what it merged.
        let run = before.iter().find(|name| name.starts_with("requests-")).unwrap();
        Run::write(dir.path(), Position(0), Position(30), 0, std::iter::empty()).unwrap();
        assert!(dir.path().join(run).exists());
        let opened = Settled::open(dir.path(), Position(60)).unwrap();
        check(&opened, 60);
        assert!(!dir.path().join(run).exists(), "the widest run counts, the other goes");
        let opened = Settled::open(dir.path(), Position(30)).unwrap();
        assert_eq!(opened.tree(), &at_30);
        assert_eq!(opened.account(AccountId(1)), Some(Position(29)));
    }
}
