//! A filter that knows of most keys that they were never added, without reading anything.
//!
//! Nearly every login request is new, and to find that out every run would have to be read. So each run has
//! a filter in memory: a row of lines of 64 bytes. A key sets six bits in one line; a key one of whose bits
//! is not set was never added. At one byte a key about one in forty of the others passes all the same and is
//! looked up in vain.

use super::layout::KEY_BITS;

const WORDS_A_LINE: usize = 8;
const BITS_A_KEY: usize = 6;

/// See the module. Keys have 48 bits, evenly spread.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// A filter of so many bytes, to which no key is added yet.
    pub(super) fn new(bytes: usize) -> Filter {
        Filter { words: vec![0; bytes / 8] }
    }

    /// How many bytes a filter for so many keys takes: one each, in whole lines; `None` if there are too
    /// many.
    pub(super) fn bytes(keys: u64) -> Option<usize> {
        keys.max(1).checked_next_multiple_of(8 * WORDS_A_LINE as u64)?.try_into().ok()
    }

    pub(super) fn add(&mut self, key: u64) {
        let (line, bits) = place(key, self.words.len());
        for bit in bits {
            if let Some(word) = self.words.get_mut(line + bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    /// Whether the key may have been added; false means that it was not.
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let (line, bits) = place(key, self.words.len());
        let is_set = |bit: usize| {
            self.words.get(line + bit / 64).is_some_and(|word| (word >> (bit % 64)) & 1 == 1)
        };
        bits.into_iter().all(is_set)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    pub(super) fn decode(bytes: &[u8]) -> Filter {
        let (words, _) = bytes.as_chunks();
        Filter { words: words.iter().map(|word| u64::from_be_bytes(*word)).collect() }
    }
}

/// In a filter of so many words, the first word of the key's line and the key's bits in that line.
fn place(key: u64, words: usize) -> (usize, [usize; BITS_A_KEY]) {
    let lines = (words / WORDS_A_LINE) as u128;
    let line = ((u128::from(key) * lines) >> KEY_BITS) as usize;
    // The line is named by the leading bits; multiplying twice mixes all of them into the top.
    let mixed =
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (line * WORDS_A_LINE, [10, 19, 28, 37, 46, 55].map(|shift| ((mixed >> shift) & 511) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(from: u64, count: u64) -> impl Iterator<Item = u64> {
        let key = |n: u64| {
            let digest = blake3::hash(&n.to_le_bytes());
            u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap()) >> 16
        };
        (from..from + count).map(key)
    }

    #[test]
    fn what_was_added_passes_and_most_of_the_rest_does_not() {
        for count in [0, 1, 64, 65, 1000, 20_000] {
            let bytes = Filter::bytes(count).unwrap();
            let mut filter = Filter::new(bytes);
            keys(0, count).for_each(|key| filter.add(key));
            let filter = Filter::decode(&filter.encode());
            assert_eq!(filter.encode().len(), bytes);
            assert!(keys(0, count).all(|key| filter.may_hold(key)));
            let passed = keys(1 << 40, 20_000).filter(|key| filter.may_hold(*key)).count();
            assert!(passed < 800, "{passed} of 20,000 with {count} keys");
        }
    }
}
