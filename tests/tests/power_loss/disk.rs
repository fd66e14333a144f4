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
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const SECTOR_BYTES: usize = 512;

#[derive(Clone, Copy, Debug)]
enum Node {
    File(usize),
    Dir(usize),
}

/// Of each directory, by its number, what is in it. The first is the root.
type Names = Vec<BTreeMap<OsString, Node>>;

/// A name in a directory.
type Place = (usize, OsString);

#[derive(Clone, Debug)]
enum Rename {
    Link(Place, Node),
    Unlink(Place),
    Move(Place, Place),
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
    Dir(usize, usize),
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    inodes: Vec<Inode>,
    live: Names,
    durable: Names,
    renames: Vec<Rename>,
    syncs: HashMap<usize, Sync>,
}

impl Disk {
    /// A disk that durably holds what stands in `root`.
    pub(crate) fn holding(root: &Path) -> Disk {
        let mut disk = Disk {
            root: root.to_owned(),
            inodes: Vec::new(),
            live: vec![BTreeMap::new()],
            durable: Vec::new(),
            renames: Vec::new(),
            syncs: HashMap::new(),
        };
        disk.hold(root, 0);
        disk.durable = disk.live.clone();
        disk
    }

    fn hold(&mut self, path: &Path, dir: usize) {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let node = if entry.file_type().unwrap().is_dir() {
                let node = self.new_dir();
                self.hold(&entry.path(), self.live.len() - 1);
                node
            } else {
                let durable = fs::read(entry.path()).unwrap();
                self.inodes.push(Inode { durable, pending: Vec::new() });
                Node::File(self.inodes.len() - 1)
            };
            self.live[dir].insert(entry.file_name(), node);
        }
    }

    fn new_dir(&mut self) -> Node {
        self.live.push(BTreeMap::new());
        self.durable.push(BTreeMap::new());
        Node::Dir(self.live.len() - 1)
    }

    fn find(&self, path: &Path) -> Option<Node> {
        let mut node = Node::Dir(0);
        for name in path.strip_prefix(&self.root).unwrap() {
            let Node::Dir(dir) = node else { return None };
            node = *self.live[dir].get(name)?;
        }
        Some(node)
    }

    fn place(&self, path: &Path) -> Place {
        match self.find(path.parent().unwrap()) {
            Some(Node::Dir(dir)) => (dir, path.file_name().unwrap().to_owned()),
            _ => panic!("{} is in no directory", path.display()),
        }
    }

    /// Does one step.
    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Said(_) => {}
            Step::Create { path, truncate } => match self.find(path) {
                Some(Node::File(inode)) if *truncate => {
                    let change = Change { call: 0, returned: true, kind: Kind::SetLen(0) };
                    self.inodes[inode].pending.push(change);
                }
                Some(_) => {}
                None => {
                    self.inodes.push(Inode::default());
                    let node = Node::File(self.inodes.len() - 1);
                    self.rename(Rename::Link(self.place(path), node));
                }
            },
            Step::MakeDir { path } => {
                let node = self.new_dir();
                self.rename(Rename::Link(self.place(path), node));
            }
            Step::Remove { path } => self.rename(Rename::Unlink(self.place(path))),
            Step::Rename { from, to } => {
                self.rename(Rename::Move(self.place(from), self.place(to)));
            }
            Step::Write { call, path, at, bytes } => {
                self.change(*call, path, Kind::Write(*at, bytes.clone()));
            }
            Step::Copy { call, from, from_at, path, at, length } => {
                let bytes = self.read(from, *from_at as usize, *length as usize);
                self.change(*call, path, Kind::Write(*at, bytes));
            }
            Step::SetLen { call, path, length } => self.change(*call, path, Kind::SetLen(*length)),
            Step::Written { call } => {
                let pending = self.inodes.iter_mut().flat_map(|inode| &mut inode.pending);
                pending.filter(|change| change.call == *call).for_each(|c| c.returned = true);
            }
            Step::SyncBegins { call, path } => {
                let sync = match self.find(path) {
                    Some(Node::Dir(dir)) => Sync::Dir(dir, self.renames.len()),
                    Some(Node::File(inode)) => {
                        let pending = self.inodes[inode].pending.iter();
                        let returned = pending.filter(|change| change.returned);
                        Sync::File(inode, returned.map(|change| change.call).collect())
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
                        let done = n <= begun && rename.concerns(dir);
                        if done {
                            rename.to(durable);
                        }
                        !done
                    });
                }
            },
        }
    }

    /// Writes what is found after the power was lost into `into`. `dice` decides; `keep` of 16 sectors are
    /// kept.
    pub(crate) fn lose_power(&self, into: &Path, dice: &mut impl FnMut(u64) -> u64, keep: u64) {
        let mut names = self.durable.clone();
        let kept = dice(self.renames.len() as u64 + 1) as usize;
        self.renames.iter().take(kept).for_each(|rename| rename.to(&mut names));
        self.restore(&names, 0, into, &mut || dice(16) < keep);
    }

    fn restore(&self, names: &Names, dir: usize, into: &Path, keep: &mut impl FnMut() -> bool) {
        fs::create_dir_all(into).unwrap();
        for (name, node) in &names[dir] {
            match node {
                Node::Dir(dir) => self.restore(names, *dir, &into.join(name), keep),
                Node::File(inode) => {
                    let inode = &self.inodes[*inode];
                    let mut bytes = inode.durable.clone();
                    for change in &inode.pending {
                        change.kind.partly_to(&mut bytes, &mut *keep);
                    }
                    fs::write(into.join(name), bytes).unwrap();
                }
            }
        }
    }

    /// What a program reads of a file.
    fn read(&self, path: &Path, at: usize, length: usize) -> Vec<u8> {
        let Some(Node::File(inode)) = self.find(path) else {
            panic!("{} is read but does not exist", path.display())
        };
        let mut bytes = self.inodes[inode].durable.clone();
        self.inodes[inode].pending.iter().for_each(|change| change.kind.to(&mut bytes));
        bytes[at..at + length].to_vec()
    }

    fn rename(&mut self, rename: Rename) {
        rename.to(&mut self.live);
        self.renames.push(rename);
    }

    fn change(&mut self, call: usize, path: &Path, kind: Kind) {
        let Some(Node::File(inode)) = self.find(path) else {
            panic!("{} is written but does not exist", path.display())
        };
        self.inodes[inode].pending.push(Change { call, returned: false, kind });
    }
}

impl Rename {
    fn to(&self, names: &mut Names) {
        match self {
            Rename::Link((dir, name), node) => {
                names[*dir].insert(name.clone(), *node);
            }
            Rename::Unlink((dir, name)) => {
                names[*dir].remove(name);
            }
            Rename::Move((from, old), (to, new)) => {
                if let Some(node) = names[*from].remove(old) {
                    names[*to].insert(new.clone(), node);
                }
            }
        }
    }

    fn concerns(&self, dir: usize) -> bool {
        match self {
            Rename::Link(place, _) | Rename::Unlink(place) => place.0 == dir,
            Rename::Move(from, to) => from.0 == dir || to.0 == dir,
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
