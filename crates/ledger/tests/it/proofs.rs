//! Proofs: against an independent tree, from stored nodes however they are damaged, and for nothing else.

use crate::drafts::{History, fill};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::merkle::{
    Blake3, Subtrees, consistency, inclusion, leaf, root_of, verify_growth, verify_inclusion,
};
use ledger::{Ledger, Options, Position, ProveError, memory::MemoryStore};
use proptest::prelude::*;
use seats::Digest;
use std::convert::Infallible;
use std::fs;

/// A tree whose leaves are all in memory.
struct Leaves(Vec<Digest>);

impl Leaves {
    fn new(count: u64) -> Leaves {
        Leaves((0..count).map(|n| leaf::<Blake3>(&n.to_le_bytes())).collect())
    }
}

impl Subtrees for Leaves {
    type Error = Infallible;

    fn perfect(&mut self, level: u32, index: u64) -> Result<Digest, Infallible> {
        let (first, span) = ((index << level) as usize, 1 << level);
        let mut tree = ledger::merkle::Frontier::<Blake3>::new();
        self.0[first..first + span].iter().for_each(|leaf| tree.push(*leaf));
        Ok(tree.root())
    }
}

fn root(leaves: &mut Leaves, size: u64) -> Digest {
    root_of::<Blake3, _>(leaves, size).unwrap()
}

/// All of the other crate's answers at one size are ours.
fn check_size(size: u64, indices: impl Iterator<Item = u64>, sizes: impl Iterator<Item = u64>) {
    let mut leaves = Leaves::new(size);
    let mut other = MemoryBackedTree::<blake3::Hasher, _>::new();
    (0..size).for_each(|n| other.push(n.to_le_bytes()));
    let whole = root(&mut leaves, size);
    assert_eq!(whole.0.as_slice(), other.root().as_bytes().as_slice(), "size {size}");
    for index in indices {
        let path = inclusion::<Blake3, _>(&mut leaves, index, size).unwrap();
        let theirs = other.prove_inclusion(index as usize);
        let ours: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
        assert_eq!(ours, theirs.as_bytes(), "leaf {index} of {size}");
        let leaf = leaves.0[index as usize];
        assert_eq!(verify_inclusion::<Blake3>(&leaf, index, size, &path, &whole), Ok(()));
    }
    for first in sizes {
        let path = consistency::<Blake3, _>(&mut leaves, first, size).unwrap();
        let first_root = root(&mut leaves, first);
        let follows = verify_growth::<Blake3>((first, &first_root), (size, &whole), &path);
        assert_eq!(follows, Ok(()), "{first} in {size}");
        if first > 0 && first < size {
            let ours: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
            let theirs = other.prove_consistency((size - first) as usize);
            assert_eq!(ours, theirs.as_bytes(), "{first} in {size}");
        }
    }
}

#[test]
fn every_size_to_300_agrees_with_ct_merkle() {
    for size in 0..=300 {
        check_size(size, 0..size, 0..=size);
    }
}

#[test]
fn a_sample_to_70_000_agrees_with_ct_merkle() {
    for size in [65_535, 65_536, 65_537, 70_000] {
        let some = [0, 1, 255, 256, 40_000, 65_534, size - 1];
        check_size(size, some.into_iter(), some.into_iter().chain([size]));
    }
}

proptest! {
    #[test]
    fn any_prefix_is_the_beginning_of_any_longer_log(first in 0u64..400, more in 0u64..400) {
        let mut leaves = Leaves::new(first + more);
        let path = consistency::<Blake3, _>(&mut leaves, first, first + more).unwrap();
        let (a, b) = (root(&mut leaves, first), root(&mut leaves, first + more));
        prop_assert_eq!(verify_growth::<Blake3>((first, &a), (first + more, &b), &path), Ok(()));
    }

    #[test]
    fn a_path_of_one_commit_fits_no_other(size in 2u64..200, index: u64, other: u64, grown in 0u64..9) {
        let (index, other) = (index % size, other % size);
        let mut leaves = Leaves::new(size + grown);
        let path = inclusion::<Blake3, _>(&mut leaves, index, size).unwrap();
        let whole = root(&mut leaves, size);
        let fits = |leaf: u64, place, size| {
            verify_inclusion::<Blake3>(&leaves.0[leaf as usize], place, size, &path, &whole).is_ok()
        };
        prop_assert!(fits(index, index, size));
        prop_assert_eq!(fits(other, index, size), other == index);
        prop_assert_eq!(fits(other, other, size), other == index);
        prop_assert!(!fits(index, size, size));
    }

    #[test]
    fn a_changed_consistency_path_shows_nothing(
        first in 1u64..200, more in 1u64..200, place: prop::sample::Index, bit in 0usize..256, kind in 0..4,
    ) {
        let size = first + more;
        let mut leaves = Leaves::new(size);
        let mut path = consistency::<Blake3, _>(&mut leaves, first, size).unwrap();
        let place = place.index(path.len());
        match kind {
            0 => path[place].0[bit / 8] ^= 1 << (bit % 8),
            1 => drop(path.remove(place)),
            2 => path.insert(place, leaf::<Blake3>(b"more")),
            _ => path.push(leaf::<Blake3>(b"more")),
        }
        let (a, b) = (root(&mut leaves, first), root(&mut leaves, size));
        prop_assert!(verify_growth::<Blake3>((first, &a), (size, &b), &path).is_err());
    }

    /// Numbers from a stranger never take long, and never panic.
    #[test]
    fn wild_numbers_are_answered(index: u64, size: u64, start: u64, end: u64, length in 0usize..70) {
        let path = Leaves::new(length as u64).0;
        let root = leaf::<Blake3>(b"root");
        prop_assert!(verify_inclusion::<Blake3>(&leaf::<Blake3>(b"x"), index, size, &path, &root).is_err());
        let subtree = (start, end, &leaf::<Blake3>(b"y"));
        prop_assert!(ledger::merkle::verify_subtree::<Blake3>(subtree, (size, &root), &path).is_err());
    }
}

/// Proofs of some commits and of some sizes lead to the roots that the log had.
fn check_ledger(ledger: &Ledger, heads: &[ledger::Head]) {
    let head = ledger.head();
    for known in heads.iter().step_by(3) {
        assert_eq!(ledger.head_at(known.size).unwrap(), *known);
        let path = ledger.prove_consistency(known.size, head.size).unwrap();
        let (first, last) = ((known.size, &known.root), (head.size, &head.root));
        assert_eq!(verify_growth::<Blake3>(first, last, &path), Ok(()));
        let position = Position(known.size - 1);
        let path = ledger.prove_inclusion(position, head.size).unwrap();
        let leaf = leaf::<Blake3>(&ledger.bytes(position).unwrap().unwrap());
        let place = (position.0, head.size);
        assert_eq!(verify_inclusion::<Blake3>(&leaf, place.0, place.1, &path, &head.root), Ok(()));
    }
}

#[test]
fn a_ledger_proves_what_is_in_it() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let (_, heads) = fill(&ledger, &mut History::new(7, 9), 40, 30);
    check_ledger(&ledger, &heads);
    let size = ledger.head().size;
    let too_long = |result: Result<Vec<Digest>, ProveError>| {
        assert!(matches!(result, Err(ProveError::TooLong { .. })), "{result:?}");
    };
    too_long(ledger.prove_inclusion(Position(size), size));
    too_long(ledger.prove_inclusion(Position(0), size + 1));
    too_long(ledger.prove_inclusion(Position(5), 5));
    too_long(ledger.prove_consistency(5, 4));
    too_long(ledger.prove_consistency(0, size + 1));
}

#[test]
fn stored_nodes_may_be_missing_cut_or_wrong() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = Ledger::create(&dir, &Options::default()).unwrap();
    let (_, heads) = fill(&ledger, &mut History::new(8, 9), 40, 30);
    check_ledger(&ledger, &heads);
    drop(ledger);
    let tiles = dir.join("index/tiles-1");
    let whole = fs::read(&tiles).unwrap();
    assert_eq!(whole.len() as u64 / 32, heads.last().unwrap().size / 256);
    let mut wrong = whole.clone();
    wrong[40] ^= 1;
    let longer = [whole.as_slice(), &[7; 32]].concat();
    for found in [&[], &whole[..33], &wrong, &longer] {
        fs::write(&tiles, found).unwrap();
        let ledger = Ledger::open(&dir, &Options::default()).unwrap();
        check_ledger(&ledger, &heads);
        drop(ledger);
        assert_eq!(fs::read(&tiles).unwrap(), whole);
    }
    fs::remove_file(&tiles).unwrap();
    let ledger = Ledger::open(&dir, &Options::default()).unwrap();
    check_ledger(&ledger, &heads);
}
