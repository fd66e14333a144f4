//! What the machine tells: time, memory, disk.

use admission::{Clock, SystemClock};
use std::path::Path;

/// Microseconds by the monotonic clock.
pub(super) fn ticks() -> u64 {
    SystemClock.monotonic().0
}

/// Numbers that a seed decides.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `below`, each as likely.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The upper bits are the good ones.
        let wide = (u128::from(self.0 >> 11) * u128::from(below.max(1))) >> 53;
        u64::try_from(wide).unwrap_or_default()
    }
}

/// Memory of this process in KiB: now, and at most so far.
pub(super) fn memory_kib() -> (u64, u64) {
    (status_kib("self", "VmRSS:"), status_kib("self", "VmHWM:"))
}

/// The most memory that a process had so far, in KiB; 0 when it is gone.
pub(super) fn peak_memory_kib(process: u32) -> u64 {
    status_kib(&process.to_string(), "VmHWM:")
}

fn status_kib(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or_default()
}

/// Bytes in a directory and below it, as the file system counts them.
pub(super) fn bytes_on_disk(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_on_disk(&entry.path()),
            Ok(data) => data.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// How often the disk under a directory was made to flush its cache since the machine started, whoever asked
/// for it; `None` where the system does not count. A sync that reaches the disk is at least one flush.
pub(super) fn disk_flushes(dir: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(dir).ok()?.dev();
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00);
    let mut block = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    if block.join("partition").exists() {
        block.pop();
    }
    let stat = std::fs::read_to_string(block.join("stat")).ok()?;
    // Documented in the kernel's admin-guide/iostats: the sixteenth figure counts flush requests.
    stat.split_whitespace().nth(15)?.parse().ok()
}
