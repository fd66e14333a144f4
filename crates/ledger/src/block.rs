//! A block: commits that were made durable together, and the unit in which the store keeps them.
//!
//! ```text
//!   0                32   33      35              43
//!  +------------------+---+-------+---------------+--------------------------------------+
//!  | BLAKE3 of        | 1 | count | position of   | count times:                         |
//!  | all that follows |   | u16   | the first u64 |  varint back, varint length, commit  |
//!  +------------------+---+-------+---------------+--------------------------------------+
//!                           both big end first
//! ```
//!
//! `back` is the distance to the position of the same account's previous commit, 0 for its first: with it
//! one account's history is walked newest first without any index. It stands beside the hashed bytes, not
//! in them, and `verify` derives it again.
//!
//! Validity: the digest agrees, the format byte is 1, there are exactly `count` commits, at least one, and
//! nothing is left over. It is checked whenever a block is read. A block is at most [`BLOCK_BYTES_MAX`]
//! long, so that no page of the engine grows to the size at which it is kept in unsynced files.

use crate::commit::COMMIT_BYTES_MAX;
use crate::position::Position;
use crate::varint;

/// The longest block, in bytes, digest included.
pub const BLOCK_BYTES_MAX: usize = 30 * 1024;

/// How long a block's digest is.
pub(crate) const DIGEST_BYTES: usize = 32;
const HEADER_BYTES: usize = DIGEST_BYTES + 1 + 2 + 8;
/// Where the position of the first commit stands, 8 bytes.
pub(crate) const FIRST_BYTES_BEGIN: usize = DIGEST_BYTES + 1 + 2;
const BLOCK_FORMAT: u8 = 1;

// The longest commit must fit into a block, with its two numbers.
const _: () = assert!(HEADER_BYTES + 9 + 9 + COMMIT_BYTES_MAX <= BLOCK_BYTES_MAX);

/// A whole block whose digest has been checked, or that was just built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    bytes: Vec<u8>,
    first: u64,
    count: u16,
}

/// One commit of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// Its position in the log.
    pub position: Position,
    /// The position of the same account's previous commit.
    pub previous: Option<Position>,
    /// The commit's bytes, as hashed.
    pub bytes: &'a [u8],
}

/// Why bytes are not a block: they are damaged, or a newer program wrote them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BlockError {
    /// Shorter than a block's header or longer than a block may be.
    #[error("a block of {0} bytes cannot be")]
    Length(usize),
    /// The digest does not agree: the bytes are not those that were written.
    #[error("the block's digest does not agree with its bytes")]
    Digest,
    /// The digest agrees but the format is unknown.
    #[error("block format {0} is unknown; a newer seatledger wrote it")]
    Format(u8),
    /// The digest agrees but the content is none: whoever wrote it was wrong.
    #[error("the block's content does not follow the format")]
    Content,
}

impl Block {
    /// Takes stored bytes for a block, checking digest and structure.
    pub fn check(bytes: Vec<u8>) -> Result<Block, BlockError> {
        if bytes.len() > BLOCK_BYTES_MAX {
            return Err(BlockError::Length(bytes.len()));
        }
        let length = bytes.len();
        let too_short = || BlockError::Length(length);
        let (digest, body) = bytes.split_first_chunk::<DIGEST_BYTES>().ok_or_else(too_short)?;
        if blake3::hash(body).as_bytes() != digest {
            return Err(BlockError::Digest);
        }
        let (format, body) = body.split_first().ok_or_else(too_short)?;
        if *format != BLOCK_FORMAT {
            return Err(BlockError::Format(*format));
        }
        let (count, body) = body.split_first_chunk().ok_or_else(too_short)?;
        let (first, body) = body.split_first_chunk().ok_or_else(too_short)?;
        let (count, first) = (u16::from_be_bytes(*count), u64::from_be_bytes(*first));
        let mut entries = Entries { rest: body, next: first, left: count };
        let whole = entries.by_ref().count() == usize::from(count) && entries.rest.is_empty();
        if count == 0 || !whole || first.checked_add(u64::from(count)).is_none() {
            return Err(BlockError::Content);
        }
        Ok(Block { bytes, first, count })
    }

    /// The block at the beginning of `bytes`, if there is one; whatever follows it is not looked at.
    pub(crate) fn find(bytes: &[u8]) -> Option<Block> {
        let header = bytes.get(DIGEST_BYTES..HEADER_BYTES)?;
        let (format, header) = header.split_first()?;
        let count = u16::from_be_bytes(*header.first_chunk()?);
        if *format != BLOCK_FORMAT || count == 0 {
            return None;
        }
        let rest = bytes.get(HEADER_BYTES..)?;
        // Where the entries begin does not matter for their lengths.
        let mut entries = Entries { rest, next: u64::MAX / 2, left: count };
        if entries.by_ref().count() != usize::from(count) {
            return None;
        }
        let length = bytes.len() - entries.rest.len();
        Block::check(bytes.get(..length)?.to_vec()).ok()
    }

    /// The position of its first commit.
    pub fn first(&self) -> Position {
        Position(self.first)
    }

    /// The position after its last commit.
    pub fn end(&self) -> Position {
        Position(self.first + u64::from(self.count))
    }

    /// Whether it holds the commit at `position`.
    pub fn contains(&self, position: Position) -> bool {
        (self.first()..self.end()).contains(&position)
    }

    /// The digest that it begins with.
    pub(crate) fn digest(&self) -> [u8; DIGEST_BYTES] {
        self.bytes.first_chunk().copied().unwrap_or_default()
    }

    /// The stored bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its commits in order.
    pub fn entries(&self) -> Entries<'_> {
        let body = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        Entries { rest: body, next: self.first, left: self.count }
    }

    /// The commit at `position`, if it stands in this block.
    pub fn entry(&self, position: Position) -> Option<Entry<'_>> {
        let index = position.0.checked_sub(self.first)?;
        self.entries().nth(usize::try_from(index).ok()?)
    }
}

/// The commits of a block in order. See [`Block::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    next: u64,
    left: u16,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    // Inlined, so that an entry stays in registers: written to memory and read at once as a whole, it had
    // the processor wait 40 ns for each commit.
    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        let back = varint::take(&mut self.rest)?;
        let length = usize::try_from(varint::take(&mut self.rest)?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        let position = self.next;
        let previous = match back {
            0 => None,
            back => Some(Position(position.checked_sub(back)?)),
        };
        self.rest = rest;
        self.next += 1;
        Some(Entry { position: Position(position), previous, bytes })
    }
}

/// Builds blocks one after the other.
#[derive(Debug)]
pub(crate) struct BlockBuilder {
    bytes: Vec<u8>,
    first: u64,
    count: u16,
    bytes_max: usize,
}

impl BlockBuilder {
    /// A builder of blocks of at most `bytes_max` bytes, the first of which starts at `first`. A commit
    /// that alone is longer still gets a block, up to [`BLOCK_BYTES_MAX`].
    pub(crate) fn new(first: Position, bytes_max: usize) -> BlockBuilder {
        BlockBuilder { bytes: vec![0; HEADER_BYTES], first: first.0, count: 0, bytes_max }
    }

    /// Adds the commit for the next position, of at most [`COMMIT_BYTES_MAX`] bytes. Gives back the block
    /// before it if it no longer fits.
    pub(crate) fn push(&mut self, previous: Option<Position>, commit: &[u8]) -> Option<Block> {
        debug_assert!(commit.len() <= COMMIT_BYTES_MAX, "the encoder limits a commit");
        let length = commit.len() as u64;
        let needed = 9 + varint::length(length) + commit.len();
        let full = self.count > 0
            && (self.bytes.len() + needed > self.bytes_max.min(BLOCK_BYTES_MAX)
                || self.count == u16::MAX);
        let finished = if full { self.finish() } else { None };
        let position = self.first + u64::from(self.count);
        varint::put(previous.map_or(0, |previous| position - previous.0), &mut self.bytes);
        varint::put(length, &mut self.bytes);
        self.bytes.extend_from_slice(commit);
        self.count += 1;
        finished
    }

    /// Gives back the block begun, if any, and begins the next one.
    pub(crate) fn finish(&mut self) -> Option<Block> {
        if self.count == 0 {
            return None;
        }
        let next = vec![0; HEADER_BYTES];
        let mut bytes = std::mem::replace(&mut self.bytes, next);
        let (first, count) = (self.first, self.count);
        self.first += u64::from(count);
        self.count = 0;
        let (digest, body) = bytes.split_first_chunk_mut::<DIGEST_BYTES>()?;
        let (header, _) = body.split_first_chunk_mut::<{ HEADER_BYTES - DIGEST_BYTES }>()?;
        let [format, count_high, count_low, position @ ..] = header;
        *format = BLOCK_FORMAT;
        [*count_high, *count_low] = count.to_be_bytes();
        *position = first.to_be_bytes();
        *digest = *blake3::hash(body).as_bytes();
        Some(Block { bytes, first, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn build(commits: &[(Option<u64>, Vec<u8>)], first: u64, bytes_max: usize) -> Vec<Block> {
        let mut builder = BlockBuilder::new(Position(first), bytes_max);
        let mut blocks = Vec::new();
        for (previous, bytes) in commits {
            blocks.extend(builder.push(previous.map(Position), bytes));
        }
        blocks.extend(builder.finish());
        blocks
    }

    proptest! {
        #[test]
        fn what_is_built_is_read_again(
            first in 1000u64..1 << 40,
            bytes_max in 0usize..40_000,
            commits in proptest::collection::vec((any::<Option<u16>>(), 1usize..3000), 0..60),
        ) {
            let commits: Vec<_> = commits
                .into_iter()
                .enumerate()
                .map(|(n, (back, length))| {
                    let position = first + n as u64;
                    (back.map(|back| position - 1 - u64::from(back % 999)), vec![n as u8; length])
                })
                .collect();
            let blocks = build(&commits, first, bytes_max);
            let mut position = first;
            for block in &blocks {
                prop_assert!(block.bytes().len() <= BLOCK_BYTES_MAX);
                prop_assert_eq!(&Block::check(block.bytes().to_vec()).unwrap(), block);
                prop_assert_eq!(block.first(), Position(position));
                for entry in block.entries() {
                    let (previous, bytes) = &commits[(position - first) as usize];
                    prop_assert_eq!(entry.position, Position(position));
                    prop_assert_eq!(entry.previous, previous.map(Position));
                    prop_assert_eq!(entry.bytes, bytes.as_slice());
                    prop_assert_eq!(block.entry(Position(position)), Some(entry));
                    position += 1;
                }
                prop_assert_eq!(block.end(), Position(position));
                prop_assert!(!block.contains(block.end()));
            }
            prop_assert_eq!(position, first + commits.len() as u64);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let block = build(&[(None, vec![7; 60]), (Some(9), vec![8; 3])], 10, 1000).remove(0);
        for bit in 0..block.bytes().len() * 8 {
            let mut bytes = block.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Block::check(bytes).is_err(), "bit {bit}");
        }
        for length in 0..block.bytes().len() {
            assert!(Block::check(block.bytes()[..length].to_vec()).is_err(), "length {length}");
        }
    }

    #[test]
    fn content_that_does_not_follow_the_format_is_refused_though_the_digest_agrees() {
        let check = |body: &[u8], expected: BlockError| {
            let mut bytes = blake3::hash(body).as_bytes().to_vec();
            bytes.extend_from_slice(body);
            assert_eq!(Block::check(bytes), Err(expected), "{body:?}");
        };
        let header = |format: u8, count: u8| vec![format, 0, count, 0, 0, 0, 0, 0, 0, 0, 9];
        check(&[], BlockError::Length(32));
        check(&header(2, 1), BlockError::Format(2));
        check(&header(1, 0), BlockError::Content);
        check(&[header(1, 1), vec![0, 5, 1]].concat(), BlockError::Content);
        check(&[header(1, 1), vec![0, 1, 1, 1]].concat(), BlockError::Content);
        check(&[header(1, 1), vec![10, 1, 1]].concat(), BlockError::Content);
        check(&[header(1, 2), vec![0, 1, 1]].concat(), BlockError::Content);
    }
}
