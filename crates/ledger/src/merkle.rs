//! The Merkle tree of RFC 6962 (2.1) over the log, one leaf a commit, with BLAKE3 as its hash.
//!
//! ```text
//!  leaf(d)       = H(0x00 ‖ d)
//!  node(l, r)    = H(0x01 ‖ l ‖ r)
//!  root(none)    = H("")
//!  root(n leaves)= node(root(first k), root(the rest)), k the largest power of two below n
//! ```
//!
//! A [`Frontier`] is all that must be kept to add leaves and to tell the root: the roots of the perfect
//! subtrees from left to right, one for each bit set in the size. Two trees of the same size have the same
//! root if and only if all their leaves are the same.
//!
//! The tree is generic over its hash so that the published vectors for SHA-256 can be run against it.

mod path;
mod proof;

pub use path::{Subtrees, consistency, inclusion, root_of};
pub use proof::{
    PATH_LENGTH_MAX, ProofError, is_subtree, verify_consistency, verify_growth, verify_inclusion,
    verify_subtree,
};

use seats::Digest;
use std::marker::PhantomData;

/// A hash function with 32 bytes of output.
pub trait Hash {
    /// The hash of all parts one after the other.
    fn hash(parts: &[&[u8]]) -> [u8; 32];
}

/// BLAKE3 in its plain mode: the hash of this ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blake3 {}

/// Inputs up to this many bytes are gathered on the stack: setting up an incremental hasher takes longer
/// than hashing a commit. Nearly all commits fit, and clearing more takes longer.
const GATHERED_BYTES_MAX: usize = 192;

impl Hash for Blake3 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        let mut gathered = [0; GATHERED_BYTES_MAX];
        let mut length = 0;
        let fits = parts.iter().all(|part| {
            let room = gathered.get_mut(length..length + part.len());
            length += part.len();
            room.map(|room| room.copy_from_slice(part)).is_some()
        });
        if let (true, Some(input)) = (fits, gathered.get(..length)) {
            return *blake3::hash(input).as_bytes();
        }
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

/// The hash of one leaf's data.
pub fn leaf<H: Hash>(data: &[u8]) -> Digest {
    Digest(H::hash(&[&[0x00], data]))
}

/// The hash of an inner node.
pub fn node<H: Hash>(left: &Digest, right: &Digest) -> Digest {
    Digest(H::hash(&[&[0x01], &left.0, &right.0]))
}

/// The root of a tree without leaves.
pub fn empty_root<H: Hash>() -> Digest {
    Digest(H::hash(&[]))
}

/// A growing tree: its size and the roots of its perfect subtrees, largest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frontier<H = Blake3> {
    size: u64,
    peaks: Vec<Digest>,
    hash: PhantomData<H>,
}

impl<H: Hash> Frontier<H> {
    /// The tree without leaves.
    pub fn new() -> Frontier<H> {
        Frontier { size: 0, peaks: Vec::new(), hash: PhantomData }
    }

    /// A tree taken up again from what [`Frontier::peaks`] gave; `None` if their number does not fit the
    /// size.
    pub fn resume(size: u64, peaks: Vec<Digest>) -> Option<Frontier<H>> {
        (peaks.len() == size.count_ones() as usize).then_some(Frontier {
            size,
            peaks,
            hash: PhantomData,
        })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Adds one leaf, given by its hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_subtree(0, leaf);
    }

    /// Adds the leaves of a stretch; `false`, and nothing is added, if it does not begin at this size.
    pub fn append(&mut self, stretch: &Stretch<H>) -> bool {
        let follows = stretch.first == self.size;
        if follows {
            stretch.subtrees.iter().for_each(|(level, root)| self.push_subtree(*level, *root));
        }
        follows
    }

    /// Adds a perfect subtree of 2^`level` leaves. The size is a multiple of them.
    fn push_subtree(&mut self, level: u32, root: Digest) {
        let mut right = root;
        // Each bit set at the low end of the size is a perfect subtree that the new one completes.
        for _ in 0..(self.size >> level).trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            right = node::<H>(&left, &right);
        }
        self.peaks.push(right);
        self.size += 1 << level;
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root::<H>(),
            Some(smallest) => peaks.fold(*smallest, |right, left| node::<H>(left, &right)),
        }
    }
}

impl<H: Hash> Default for Frontier<H> {
    fn default() -> Frontier<H> {
        Frontier::new()
    }
}

/// Consecutive leaves anywhere in a tree, as far as they are joined without those before and after them: the
/// roots of the perfect subtrees among them. It is made without the tree, so on any thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch<H = Blake3> {
    first: u64,
    // Level and root from left to right: levels grow, then shrink, as the subtrees' places allow.
    subtrees: Vec<(u32, Digest)>,
    hash: PhantomData<H>,
}

impl<H: Hash> Stretch<H> {
    /// The stretch of these leaves, given by their hashes, the first of which stands at `first`.
    pub fn new(first: u64, leaves: &[Digest]) -> Stretch<H> {
        let mut subtrees: Vec<(u32, Digest)> = Vec::new();
        for (place, leaf) in (first..).zip(leaves) {
            let (mut level, mut root) = (0, *leaf);
            // A right child joins its left sibling, if that is in the stretch as a whole.
            while place >> level & 1 == 1
                && let Some((_, left)) = subtrees.pop_if(|(left, _)| *left == level)
            {
                root = node::<H>(&left, &root);
                level += 1;
            }
            subtrees.push((level, root));
        }
        Stretch { first, subtrees, hash: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6962 section 2.1, word for word.
    fn naive(leaves: &[Digest]) -> Digest {
        match leaves.len() {
            0 => empty_root::<Blake3>(),
            1 => leaves[0],
            n => {
                let k = n.next_power_of_two() / 2;
                node::<Blake3>(&naive(&leaves[..k]), &naive(&leaves[k..]))
            }
        }
    }

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count as u64).map(|n| leaf::<Blake3>(&n.to_le_bytes())).collect()
    }

    #[test]
    fn every_size_to_300_agrees_with_the_rfc() {
        let all = leaves(300);
        let mut tree = Frontier::<Blake3>::new();
        for size in 0..=all.len() {
            assert_eq!(tree.root(), naive(&all[..size]), "size {size}");
            assert_eq!(tree.size(), size as u64);
            if size < all.len() {
                tree.push(all[size]);
            }
        }
    }

    #[test]
    fn the_empty_tree_has_the_published_root() {
        assert_eq!(
            Frontier::<Blake3>::new().root().to_string(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }

    #[test]
    fn peaks_that_do_not_fit_the_size_are_refused() {
        assert!(Frontier::<Blake3>::resume(3, leaves(1)).is_none());
        assert!(Frontier::<Blake3>::resume(4, leaves(2)).is_none());
    }

    proptest! {
        #[test]
        fn stretches_give_the_tree_of_their_leaves(lengths in proptest::collection::vec(0usize..70, 0..9)) {
            let all = leaves(lengths.iter().sum());
            let (mut tree, mut first) = (Frontier::<Blake3>::new(), 0);
            for length in lengths {
                let stretch = Stretch::new(first as u64, &all[first..first + length]);
                prop_assert!(!tree.append(&Stretch::new(first as u64 + 1, &[])));
                prop_assert!(tree.append(&stretch));
                first += length;
                prop_assert_eq!(tree.root(), naive(&all[..first]));
                prop_assert_eq!(tree.peaks().len(), first.count_ones() as usize);
            }
        }

        #[test]
        fn taken_up_again_anywhere_it_grows_the_same(size in 0usize..500, cut in 0usize..500) {
            let all = leaves(size);
            let cut = cut.min(size);
            let mut tree = Frontier::<Blake3>::new();
            all[..cut].iter().for_each(|leaf| tree.push(*leaf));
            let mut tree = Frontier::<Blake3>::resume(tree.size(), tree.peaks().to_vec()).unwrap();
            all[cut..].iter().for_each(|leaf| tree.push(*leaf));
            prop_assert_eq!(tree.root(), naive(&all));
        }
    }
}
