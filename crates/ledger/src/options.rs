//! How large the pieces are. What is written with one choice is read with any other.

/// Sizes. The defaults are measured; tests make them tiny.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Commits after which the next volume is begun, about.
    pub volume_commits: u64,
    /// Bytes after which the next volume is begun, about.
    pub volume_bytes: u64,
    /// Bytes of each of the journal's two files. Each time one is full the volumes are synced.
    pub journal_bytes: u64,
    /// Bytes of a block, at most; up to [`BLOCK_BYTES_MAX`](crate::block::BLOCK_BYTES_MAX).
    pub block_bytes: usize,
    /// What the engine may keep in memory of the newest volume, in bytes, about.
    pub cache_bytes: u64,
    /// What the engine may keep in memory of each finished volume that is open, in bytes, about.
    pub closed_cache_bytes: u64,
    /// How many finished volumes are open at the same time.
    pub closed_volumes_open: usize,
    /// What is kept in memory of the blocks that were read last, in bytes.
    pub block_cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            volume_commits: 1 << 19,
            volume_bytes: 64 << 20,
            journal_bytes: 8 << 20,
            block_bytes: 28 << 10,
            cache_bytes: 32 << 20,
            closed_cache_bytes: 8 << 20,
            closed_volumes_open: 4,
            block_cache_bytes: 8 << 20,
        }
    }
}
