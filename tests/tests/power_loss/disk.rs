//! A disk that loses power.
//!
//! What a program wrote lies in a cache until it is synced. When the power goes:
//!
//! - of what was written to a file since its last sync, each 512-byte sector is there or not;
//! - of the names made, changed and removed since their directory was synced, a beginning is there, in the
//!   order in which it happened (file systems journal names in order);
//! - a file whose length grew without a sync has zeros where its bytes are missing.
//!
//! This is harsher than ext4, which syncs a new file's name with the file.

use crate::trace::Step;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

const SECTOR_BYTES: usize = 512;

#[derive(Clone, Copy, Debug)]
enum Node {
    File(usize),
    Dir,
}

type Names = BTreeMap<PathBuf, Node>;

#[derive(Clone, Debug)]
enum Rename {
    Link(PathBuf, Node),
    Unlink(PathBuf),
    Move(PathBuf, PathBuf),
}

#[derive(Clone, Debug, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    call: usize,
    returned: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

#[derive(Clone, Debug)]
enum Sync {
    File(usize, Vec<usize>),
    Dir(PathBuf, usize),
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    inodes: Vec<Inode>,
    live: Names,
    durable: Names,
    renames: Vec<Rename>,
    syncs: HashMap<usize, Sync>,
}

impl Disk {
    /// A disk that durably holds what stands in `root`, at the same paths.
    pub(crate) fn holding(root: &Path) -> Disk {
        let mut disk = Disk::default();
        disk.hold(root);
        disk.durable = disk.live.clone();
        disk
    }

    fn hold(&mut self, path: &Path) {
        if path.is_dir() {
            self.live.insert(path.to_owned(), Node::Dir);
            fs::read_dir(path).unwrap().for_each(|entry| self.hold(&entry.unwrap().path()));
        } else {
            let durable = fs::read(path).unwrap();
            self.live.insert(path.to_owned(), Node::File(self.inodes.len()));
            self.inodes.push(Inode { durable, pending: Vec::new() });
        }
    }

    /// Does one step.
    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Said(_) => {}
            Step::Create { path, truncate } => match self.live.get(path) {
                Some(Node::File(inode)) if *truncate => {
                    let change = Change { call: 0, returned: true, kind: Kind::SetLen(0) };
                    self.inodes[*inode].pending.push(change);
                }
                Some(_) => {}
                None => {
                    self.inodes.push(Inode::default());
                    self.rename(Rename::Link(path.clone(), Node::File(self.inodes.len() - 1)));
                }
            },
            Step::MakeDir { path } => self.rename(Rename::Link(path.clone(), Node::Dir)),
            Step::Remove { path } => self.rename(Rename::Unlink(path.clone())),
            Step::Rename { from, to } => self.rename(Rename::Move(from.clone(), to.clone())),
            Step::Write { call, path, at, bytes } => {
                self.change(*call, path, Kind::Write(*at, bytes.clone()));
            }
            Step::SetLen { call, path, length } => self.change(*call, path, Kind::SetLen(*length)),
            Step::Written { call } => {
                let pending = self.inodes.iter_mut().flat_map(|inode| &mut inode.pending);
                pending.filter(|change| change.call == *call).for_each(|c| c.returned = true);
            }
            Step::SyncBegins { call, path } => {
                let sync = match self.live.get(path) {
                    Some(Node::Dir) => Sync::Dir(path.clone(), self.renames.len()),
                    Some(Node::File(inode)) => {
                        let pending = self.inodes[*inode].pending.iter();
                        let returned = pending.filter(|change| change.returned);
                        Sync::File(*inode, returned.map(|change| change.call).collect())
                    }
                    None => panic!("{} is synced but does not exist", path.display()),
                };
                self.syncs.insert(*call, sync);
            }
            Step::Synced { call } => match self.syncs.remove(call) {
                None => {}
                Some(Sync::File(inode, calls)) => {
                    let inode = &mut self.inodes[inode];
                    let pending = std::mem::take(&mut inode.pending);
                    for change in pending {
                        if calls.contains(&change.call) {
                            change.kind.to(&mut inode.durable);
                        } else {
                            inode.pending.push(change);
                        }
                    }
                }
                Some(Sync::Dir(dir, begun)) => {
                    let mut n = 0;
                    let durable = &mut self.durable;
                    self.renames.retain(|rename| {
                        n += 1;
                        let done = n <= begun && rename.concerns(&dir);
                        if done {
                            rename.to(durable);
                        }
                        !done
                    });
                }
            },
        }
    }

    /// Writes what is found after the power was lost into `into`. `dice` decides, `keep` of 16 sectors are kept.
    pub(crate) fn lose_power(
        &self,
        root: &Path,
        into: &Path,
        dice: &mut impl FnMut(u64) -> u64,
        keep: u64,
    ) {
        let mut names = self.durable.clone();
        let kept = dice(self.renames.len() as u64 + 1) as usize;
        self.renames.iter().take(kept).for_each(|rename| rename.to(&mut names));
        for (path, node) in &names {
            if path.ancestors().skip(1).any(|dir| dir.starts_with(root) && !names.contains_key(dir))
            {
                continue; // Its directory did not survive.
            }
            let target = into.join(path.strip_prefix(root).unwrap());
            match node {
                Node::Dir => fs::create_dir_all(target).unwrap(),
                Node::File(inode) => {
                    let inode = &self.inodes[*inode];
                    let mut bytes = inode.durable.clone();
                    for change in &inode.pending {
                        change.kind.partly_to(&mut bytes, || dice(16) < keep);
                    }
                    fs::write(target, bytes).unwrap();
                }
            }
        }
    }

    fn rename(&mut self, rename: Rename) {
        rename.to(&mut self.live);
        self.renames.push(rename);
    }

    fn change(&mut self, call: usize, path: &Path, kind: Kind) {
        let Some(Node::File(inode)) = self.live.get(path) else {
            panic!("{} is written but does not exist", path.display())
        };
        self.inodes[*inode].pending.push(Change { call, returned: false, kind });
    }
}

impl Rename {
    fn to(&self, names: &mut Names) {
        match self {
            Rename::Link(path, node) => {
                names.insert(path.clone(), *node);
            }
            Rename::Unlink(path) => {
                names.remove(path);
            }
            Rename::Move(from, to) => {
                let moved: Vec<PathBuf> =
                    names.keys().filter(|path| path.starts_with(from)).cloned().collect();
                for path in moved {
                    if let Some(node) = names.remove(&path) {
                        let rest = path.strip_prefix(from).unwrap();
                        let target =
                            if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                        names.insert(target, node);
                    }
                }
            }
        }
    }

    fn concerns(&self, dir: &Path) -> bool {
        match self {
            Rename::Link(path, _) | Rename::Unlink(path) => path.parent() == Some(dir),
            Rename::Move(from, to) => from.parent() == Some(dir) || to.parent() == Some(dir),
        }
    }
}

impl Kind {
    fn to(&self, bytes: &mut Vec<u8>) {
        self.partly_to(bytes, || true);
    }

    fn partly_to(&self, bytes: &mut Vec<u8>, mut keep: impl FnMut() -> bool) {
        match self {
            Kind::SetLen(length) => {
                if keep() {
                    bytes.resize(*length as usize, 0);
                }
            }
            Kind::Write(at, new) => {
                let mut begin = *at as usize;
                let mut new = new.as_slice();
                while !new.is_empty() {
                    let length = (SECTOR_BYTES - begin % SECTOR_BYTES).min(new.len());
                    let (sector, rest) = new.split_at(length);
                    if keep() {
                        bytes.resize(bytes.len().max(begin + length), 0);
                        bytes[begin..begin + length].copy_from_slice(sector);
                    }
                    (begin, new) = (begin + length, rest);
                }
            }
        }
    }
}
