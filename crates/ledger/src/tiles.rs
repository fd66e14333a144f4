//! Stored nodes of the Merkle tree, so that a proof costs as much in a long log as in a short one.
//!
//! ```text
//!  index/tiles-1     roots over leaves 0-255, 256-511, ...           32 bytes each
//!  index/tiles-2     roots over 256 of these, that is 65,536 leaves
//!  index/tiles-3     ...
//! ```
//!
//! That is the grid of C2SP tlog-tiles without its lowest row: leaves are hashed again from the commits, 256
//! at most for a proof, because storing a row of them would cost as much as a third of the log. A root between
//! two rows comes from at most 128 hashes that stand next to each other.
//!
//! Nothing here is precious or synced: files may be deleted, cut or damaged at any time. Whoever makes a proof
//! checks that it leads to the root the ledger knows ([`proving`](crate::proving)), and if it does not the
//! tiles are made again.

use crate::ahead::each_block;
use crate::block::Block;
use crate::commit::leaf_hash;
use crate::error::{Damage, ReadError};
use crate::ledger::Ledger;
use crate::merkle::{Frontier, Subtrees};
use crate::position::Position;
use seats::Digest;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A row holds the roots over 2^8 times as many leaves as the row below it.
const LEVELS_A_ROW: u32 = 8;
const WIDTH: u64 = 1 << LEVELS_A_ROW;
/// Roots of the highest row cover 2^40 leaves.
const ROWS: usize = 5;
const DIGEST_BYTES: u64 = 32;

/// The stored rows, lowest first.
#[derive(Debug)]
pub(crate) struct Tiles {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    kept: Kept,
    /// How many roots it holds.
    length: u64,
}

#[derive(Debug)]
enum Kept {
    File(File),
    Memory(Vec<Digest>),
}

impl Tiles {
    /// The tiles kept in `dir`; in memory if there is none, or it cannot be written to.
    pub(crate) fn open(dir: Option<&Path>) -> Tiles {
        let kept = |dir: &Path| {
            let rows = (1..=ROWS).map(|row| Row::open(&dir.join(format!("tiles-{row}"))));
            rows.collect::<io::Result<Vec<Row>>>().ok()
        };
        let in_memory = || {
            let row = |_| Row { kept: Kept::Memory(Vec::new()), length: 0 };
            (0..ROWS).map(row).collect()
        };
        Tiles { rows: dir.and_then(kept).unwrap_or_else(in_memory) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.rows.iter_mut().try_for_each(|row| row.cut(0))
    }

    /// Adds what the log has completed since, and drops what it never had.
    pub(crate) fn catch_up(&mut self, ledger: &Ledger) -> Result<(), ReadError> {
        let size = ledger.head().size;
        let mut most = size;
        for row in &mut self.rows {
            most /= WIDTH;
            if row.length > most {
                row.cut(most).map_err(ReadError::unavailable("the stored nodes"))?;
            }
        }
        let Some(lowest) = self.rows.first().map(|row| row.length) else { return Ok(()) };
        if size / WIDTH > lowest {
            let whole = size / WIDTH * WIDTH;
            let mut roots = Vec::new();
            let mut tree: Frontier = Frontier::new();
            let first = Position(lowest * WIDTH);
            let blocks = Arc::clone(&ledger.0.store).scan(first);
            each_block(blocks, leaves, |block, leaves| {
                let places = (block.first().0..).zip(leaves);
                for (_, leaf) in places.filter(|(place, _)| (first.0..whole).contains(place)) {
                    tree.push(leaf);
                    if tree.size() == WIDTH {
                        roots.push(tree.root());
                        tree = Frontier::new();
                    }
                }
                let done = block.end().0 >= whole;
                Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            self.add(0, &roots).map_err(ReadError::unavailable("the stored nodes"))?;
        }
        self.join_rows().map_err(ReadError::unavailable("the stored nodes"))
    }

    /// Adds to every row but the lowest what the one below it has completed.
    fn join_rows(&mut self) -> io::Result<()> {
        for row in 1..self.rows.len() {
            let (below, here) = match (self.rows.get(row - 1), self.rows.get(row)) {
                (Some(below), Some(here)) => (below, here.length),
                _ => break,
            };
            let roots = (here..below.length / WIDTH)
                .map(|index| Ok(joined(below.read(index * WIDTH, WIDTH)?)))
                .collect::<io::Result<Vec<Digest>>>()?;
            self.add(row, &roots)?;
        }
        Ok(())
    }

    fn add(&mut self, row: usize, roots: &[Digest]) -> io::Result<()> {
        self.rows.get_mut(row).map_or(Ok(()), |row| row.add(roots))
    }

    /// The root over `index << level` and what follows, from the highest row that helps.
    fn stored(&self, level: u32, index: u64) -> Result<Digest, ReadError> {
        let row = ((level / LEVELS_A_ROW) as usize).min(self.rows.len());
        let span = level.saturating_sub(row as u32 * LEVELS_A_ROW);
        let (first, count) = (index << span, 1_u64 << span);
        let row = row.checked_sub(1).and_then(|row| self.rows.get(row));
        let missing = || Damage::at(Position(index << level), "the stored nodes are not there");
        let row = row.filter(|row| first + count <= row.length).ok_or_else(missing)?;
        let roots = row.read(first, count).map_err(ReadError::unavailable("the stored nodes"))?;
        Ok(joined(roots))
    }
}

impl Row {
    fn open(path: &Path) -> io::Result<Row> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let length = file.metadata()?.len() / DIGEST_BYTES;
        Ok(Row { kept: Kept::File(file), length })
    }

    fn read(&self, first: u64, count: u64) -> io::Result<Vec<Digest>> {
        match &self.kept {
            Kept::Memory(roots) => {
                let range = first as usize..(first + count) as usize;
                let roots = roots.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
                Ok(roots.to_vec())
            }
            Kept::File(file) => {
                let mut bytes = vec![0; (count * DIGEST_BYTES) as usize];
                file.read_exact_at(&mut bytes, first * DIGEST_BYTES)?;
                Ok(bytes.as_chunks().0.iter().map(|root| Digest(*root)).collect())
            }
        }
    }

    fn add(&mut self, roots: &[Digest]) -> io::Result<()> {
        match &mut self.kept {
            Kept::Memory(kept) => kept.extend_from_slice(roots),
            Kept::File(file) => {
                let bytes: Vec<u8> = roots.iter().flat_map(|root| root.0).collect();
                file.write_all_at(&bytes, self.length * DIGEST_BYTES)?;
            }
        }
        self.length += roots.len() as u64;
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        match &mut self.kept {
            Kept::Memory(kept) => kept.truncate(length as usize),
            Kept::File(file) => file.set_len(length * DIGEST_BYTES)?,
        }
        self.length = length;
        Ok(())
    }
}

/// Roots of perfect subtrees of a ledger's log, from tiles and, below them, from the commits.
pub(crate) struct Stored<'a> {
    tiles: &'a Tiles,
    ledger: &'a Ledger,
    size: u64,
    /// The leaves under one root of the lowest row: which, and their hashes.
    leaves: Option<(u64, Vec<Digest>)>,
}

impl<'a> Stored<'a> {
    /// Of the first `size` commits, which `tiles` has caught up with.
    pub(crate) fn new(tiles: &'a Tiles, ledger: &'a Ledger, size: u64) -> Stored<'a> {
        Stored { tiles, ledger, size, leaves: None }
    }

    /// The leaves of group `group` of 256, as far as they are before the size.
    fn leaves(&mut self, group: u64) -> Result<&[Digest], ReadError> {
        if self.leaves.as_ref().is_none_or(|(known, _)| *known != group) {
            let end = ((group + 1) * WIDTH).min(self.size);
            let leaves = (group * WIDTH..end)
                .map(|position| self.ledger.leaf(Position(position)))
                .collect::<Result<_, _>>()?;
            self.leaves = Some((group, leaves));
        }
        Ok(self.leaves.as_ref().map_or(&[], |(_, leaves)| leaves))
    }
}

impl Subtrees for Stored<'_> {
    type Error = ReadError;

    fn perfect(&mut self, level: u32, index: u64) -> Result<Digest, ReadError> {
        if level >= LEVELS_A_ROW {
            return self.tiles.stored(level, index);
        }
        let first = index << level;
        let within = (first % WIDTH) as usize..(first % WIDTH) as usize + (1 << level);
        let missing = || Damage::at(Position(first), "the log ends before it");
        let leaves = self.leaves(first / WIDTH)?.get(within).ok_or_else(missing)?;
        Ok(joined(leaves.to_vec()))
    }
}

fn leaves(block: &Block) -> Vec<Digest> {
    block.entries().map(|entry| leaf_hash(entry.bytes)).collect()
}

/// The root over perfect subtrees of the same height that stand next to each other.
fn joined(roots: Vec<Digest>) -> Digest {
    let mut tree: Frontier = Frontier::new();
    roots.into_iter().for_each(|root| tree.push(root));
    tree.root()
}
