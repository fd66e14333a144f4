//! Percentiles of waiting times.

/// Waiting times in microseconds, every one kept.
#[derive(Default)]
pub(super) struct Latency(Vec<u32>);

impl Latency {
    pub(super) fn add(&mut self, micros: u64) {
        self.0.push(u32::try_from(micros).unwrap_or(u32::MAX));
    }

    /// The time within which so many of a thousand were answered, in microseconds.
    pub(super) fn per_mille(&mut self, of_thousand: usize) -> u64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let place = (self.0.len() * of_thousand / 1000).min(last);
        self.0.get(place).copied().map(u64::from).unwrap_or_default()
    }
}
