//! Checking proofs: that a leaf stands in a tree, and that a smaller tree is the beginning of a larger one.
//!
//! Inclusion is checked as in RFC 9162, 2.1.3.2. Consistency is checked for any *subtree*, that is the leaves
//! from `start` to before `end` where `start` is a multiple of the least power of two that is not below
//! `end - start` (draft-ietf-plants-merkle-tree-certs, 4.1 and 4.4.3); from 0 on it is RFC 9162, 2.1.4.2.
//!
//! A proof comes from a stranger: sizes may be anything, and a path is never followed further than the tree
//! is high.

use super::{Hash, empty_root, node};
use seats::Digest;

/// The most hashes a path can have: a tree of 2^64 leaves is 64 high, and a consistency path has one more.
pub const PATH_LENGTH_MAX: usize = 65;

/// Why a proof proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf or beginning in a tree of that size. Whoever made the proof got the numbers wrong.
    #[error("the tree has no such leaf or beginning")]
    OutOfRange,
    /// It has too few or too many hashes for its place.
    #[error("the path has {found} hashes, which does not fit its place in the tree")]
    Length {
        /// How many it has.
        found: usize,
    },
    /// It leads to another root than the one given.
    #[error("the path leads to another root")]
    Root,
}

/// Whether the leaf with this hash stands at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// When it does not follow from the path.
pub fn verify_inclusion<H: Hash>(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let length = ProofError::Length { found: path.len() };
    let (mut place, mut last, mut found) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(length);
        }
        if place & 1 == 1 || place == last {
            found = node::<H>(sibling, &found);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            found = node::<H>(&found, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match (last, found == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(length),
    }
}

/// Whether a log of `first_size` leaves with `first_root` can have grown to `size` leaves with `root`, as C2SP
/// has it: from nothing, with an empty path, to anything; else as [`verify_consistency`] says.
///
/// # Errors
/// When it does not follow from the path.
pub fn verify_growth<H: Hash>(
    (first_size, first_root): (u64, &Digest),
    (size, root): (u64, &Digest),
    path: &[Digest],
) -> Result<(), ProofError> {
    if first_size == 0 {
        return verify_subtree::<H>((0, 0, first_root), (size, root), path);
    }
    verify_consistency::<H>((first_size, first_root), (size, root), path)
}

/// Whether the tree of `first_size` leaves with `first_root` is the beginning of the one of `size` leaves with
/// `root`. Of the empty tree there is nothing to prove.
///
/// # Errors
/// When it does not follow from the path.
pub fn verify_consistency<H: Hash>(
    (first_size, first_root): (u64, &Digest),
    (size, root): (u64, &Digest),
    path: &[Digest],
) -> Result<(), ProofError> {
    if first_size == 0 {
        return Err(ProofError::OutOfRange);
    }
    verify_subtree::<H>((0, first_size, first_root), (size, root), path)
}

/// Whether the leaves from `start` to before `end`, whose root as a tree of their own is `first_root`, stand
/// there in the tree of `size` leaves with `root`.
///
/// # Errors
/// When it does not follow from the path, or there is no such subtree.
pub fn verify_subtree<H: Hash>(
    (start, end, first_root): (u64, u64, &Digest),
    (size, root): (u64, &Digest),
    path: &[Digest],
) -> Result<(), ProofError> {
    let length = ProofError::Length { found: path.len() };
    if start == end && end <= size {
        return match (path.is_empty(), *first_root == empty_root::<H>()) {
            (false, _) => Err(length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    if !is_subtree(start, end) || end > size {
        return Err(ProofError::OutOfRange);
    }
    let (mut from, mut last, mut whole) = (start, end - 1, size - 1);
    // Up to the largest subtree that both have in common.
    while from != last && (last == whole || last & 1 == 1) {
        (from, last, whole) = (from >> 1, last >> 1, whole >> 1);
    }
    let mut path = path.iter();
    let common = if from == last { first_root } else { path.next().ok_or(length)? };
    let (mut first, mut second) = (*common, *common);
    for sibling in path {
        if whole == 0 {
            return Err(length);
        }
        if last & 1 == 1 || last == whole {
            if from < last {
                first = node::<H>(sibling, &first);
            }
            second = node::<H>(sibling, &second);
            while last & 1 == 0 && last != 0 {
                (from, last, whole) = (from >> 1, last >> 1, whole >> 1);
            }
        } else {
            second = node::<H>(&second, sibling);
        }
        (from, last, whole) = (from >> 1, last >> 1, whole >> 1);
    }
    match (whole, first == *first_root && second == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(length),
    }
}

/// Whether these leaves are a subtree of any tree that holds them.
pub fn is_subtree(start: u64, end: u64) -> bool {
    let span = end.checked_sub(start).filter(|span| *span > 0);
    let aligned = span.and_then(u64::checked_next_power_of_two);
    match (span, aligned) {
        (None, _) => false,
        (Some(_), Some(aligned)) => start.is_multiple_of(aligned),
        (Some(_), None) => start == 0,
    }
}
