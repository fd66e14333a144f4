//! Making proofs: the paths of RFC 9162, 2.1.3.1 and 2.1.4.1, from the roots of perfect subtrees.
//!
//! Both definitions cut a range of leaves at the largest power of two below its length, so every left part is
//! perfect and stands at a multiple of its length. What is asked of [`Subtrees`] is at most one perfect
//! subtree for each bit of the size, at each of as many levels.

use super::{Hash, empty_root, node};
use seats::Digest;

/// Roots of perfect subtrees of one tree.
pub trait Subtrees {
    /// Why a root cannot be told.
    type Error;

    /// The root over the leaves from `index << level` to before `(index + 1) << level`, all of which exist.
    fn perfect(&mut self, level: u32, index: u64) -> Result<Digest, Self::Error>;
}

/// The root over the first `size` leaves.
pub fn root_of<H: Hash, S: Subtrees>(subtrees: &mut S, size: u64) -> Result<Digest, S::Error> {
    if size == 0 {
        return Ok(empty_root::<H>());
    }
    range::<H, S>(subtrees, 0, size)
}

/// The path from the leaf at `index` to the root over the first `size` leaves; `index` is below `size`.
pub fn inclusion<H: Hash, S: Subtrees>(
    subtrees: &mut S,
    index: u64,
    size: u64,
) -> Result<Vec<Digest>, S::Error> {
    // From the root down; turned round at the end.
    let mut path = Vec::new();
    let (mut first, mut end) = (0, size);
    while end - first > 1 {
        let middle = first + left_part(end - first);
        if index < middle {
            path.push(range::<H, S>(subtrees, middle, end)?);
            end = middle;
        } else {
            path.push(range::<H, S>(subtrees, first, middle)?);
            first = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The path that shows that the first `first_size` leaves are the beginning of the first `size`; empty if
/// there are none, or as many.
pub fn consistency<H: Hash, S: Subtrees>(
    subtrees: &mut S,
    first_size: u64,
    size: u64,
) -> Result<Vec<Digest>, S::Error> {
    let mut path = Vec::new();
    if first_size == 0 || first_size == size {
        return Ok(path);
    }
    let (mut first, mut end) = (0, size);
    while first_size < end {
        let middle = first + left_part(end - first);
        if first_size <= middle {
            path.push(range::<H, S>(subtrees, middle, end)?);
            end = middle;
        } else {
            path.push(range::<H, S>(subtrees, first, middle)?);
            first = middle;
        }
    }
    // What is left ends where the smaller tree ends. If it begins at 0 it is that tree, whose root is known.
    if first > 0 {
        path.push(range::<H, S>(subtrees, first, end)?);
    }
    path.reverse();
    Ok(path)
}

/// The root over the leaves from `first` to before `end`; `first` is a multiple of the least power of two that
/// is not below their number.
fn range<H: Hash, S: Subtrees>(subtrees: &mut S, first: u64, end: u64) -> Result<Digest, S::Error> {
    let length = end - first;
    if length.is_power_of_two() {
        let level = length.trailing_zeros();
        return subtrees.perfect(level, first >> level);
    }
    let middle = first + left_part(length);
    let left = range::<H, S>(subtrees, first, middle)?;
    Ok(node::<H>(&left, &range::<H, S>(subtrees, middle, end)?))
}

/// The largest power of two below `length`, which is above 1.
fn left_part(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}
