//! Numbers that a seed decides (SplitMix64).

/// Dice.
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// Numbers at which lengths, sizes and times go wrong.
const EDGES: [u64; 24] = [
    0,
    1,
    2,
    63,
    64,
    127,
    128,
    250,
    251,
    255,
    256,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 53) + 1,
    1_700_000_000_000_000,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - 1,
    u64::MAX,
];

impl Dice {
    /// Dice that fall as this seed decides.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `below`; 0 if there is none.
    pub fn below(&mut self, below: usize) -> usize {
        let wide = u128::from(self.any()) * (below as u128);
        (wide >> 64) as usize
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A number at which something may go wrong, or one beside it, or a small one.
    pub fn edge(&mut self) -> u64 {
        let edge = self.pick(&EDGES).copied().unwrap_or_default();
        match self.below(4) {
            0 => self.below(300) as u64,
            1 => edge.wrapping_add(1),
            _ => edge,
        }
    }

    /// A range within `length`, often a short one.
    pub fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = (length - start).min(if self.once_in(3) { length } else { 16 });
        start..start + self.below(most + 1)
    }
}
