//! Where the parts of a run stand in its file. See [`super`].

use super::filter::Filter;

pub(super) const HEADER_BYTES: usize = 64;
pub(super) const BUCKET_BYTES: usize = 8;
pub(super) const ROW_BYTES: usize = 12;
pub(super) const KEY_BITS: u32 = 48;
const ROWS_A_BUCKET: u64 = 256;

/// The extent of each part of a run with a certain number of rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) buckets: usize,
    pub(super) filter_bytes: usize,
    /// Offset of the first row.
    pub(super) rows_at: u64,
    /// Length of the file.
    pub(super) length: u64,
}

impl Layout {
    /// `None` if so many rows do not fit any file.
    pub(super) fn of(rows: u64) -> Option<Layout> {
        let buckets =
            usize::try_from((rows / ROWS_A_BUCKET).max(1)).ok()?.checked_next_power_of_two()?;
        let filter_bytes = Filter::bytes(rows)?;
        let header = buckets
            .checked_mul(BUCKET_BYTES)?
            .checked_add(filter_bytes)?
            .checked_add(HEADER_BYTES)?;
        let rows_at = u64::try_from(header).ok()?;
        let length = rows.checked_mul(ROW_BYTES as u64)?.checked_add(rows_at)?;
        Some(Layout { buckets, filter_bytes, rows_at, length })
    }
}

/// Which of so many buckets (a power of two) a key belongs to: its leading bits name it.
pub(super) fn bucket_of(key: u64, buckets: usize) -> usize {
    (key >> (KEY_BITS - buckets.trailing_zeros())) as usize
}

/// What is kept of the BLAKE3 of a bucket's rows.
pub(super) fn check_of(digest: &blake3::Hash) -> u32 {
    u32::from_be_bytes(*digest.as_bytes().first_chunk().unwrap_or(&[0; 4]))
}
