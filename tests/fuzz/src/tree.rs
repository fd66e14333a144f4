//! A small Merkle tree with all its leaves in memory, as [`Subtrees`] asks for it.

use ledger::Head;
use ledger::merkle::{Blake3, Frontier, Subtrees};
use seats::Digest;
use std::convert::Infallible;

/// All leaves of a tree.
#[derive(Clone, Debug)]
pub(crate) struct Tree(pub(crate) Vec<Digest>);

impl Tree {
    /// The head of the first `size` leaves; all of them if there are fewer.
    pub(crate) fn head(&self, size: u64) -> Head {
        let mut tree = Frontier::<Blake3>::new();
        self.0.iter().take(size as usize).for_each(|leaf| tree.push(*leaf));
        Head { size: tree.size(), root: tree.root() }
    }

    /// The path from a leaf to the root over the first `size`.
    pub(crate) fn inclusion(&mut self, index: u64, size: u64) -> Vec<Digest> {
        infallible(ledger::merkle::inclusion::<Blake3, _>(self, index, size))
    }

    /// The path from the tree of `first` leaves to that of `size`.
    pub(crate) fn consistency(&mut self, first: u64, size: u64) -> Vec<Digest> {
        infallible(ledger::merkle::consistency::<Blake3, _>(self, first, size))
    }
}

impl Subtrees for Tree {
    type Error = Infallible;

    fn perfect(&mut self, level: u32, index: u64) -> Result<Digest, Infallible> {
        let range = (index << level) as usize..((index + 1) << level) as usize;
        let mut tree = Frontier::<Blake3>::new();
        self.0.get(range).unwrap_or_default().iter().for_each(|leaf| tree.push(*leaf));
        Ok(tree.root())
    }
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
