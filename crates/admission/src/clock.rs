//! The clock: the only file that reads one.
//!
//! Two readings are taken together. The *wall* clock says what time it is and may be set by anybody; the
//! *monotonic* clock only counts, also while the machine sleeps. The wall clock moving against the
//! monotonic one is how a step is noticed (see `time_watch`).
//!
//! [`ManualClock`] stands still until told, for tests and for playing histories.

use seats::{Micros, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// What time it is, as far as this machine knows.
    fn wall(&self) -> Timestamp;
    /// Time that only ever passes, from an origin of its own.
    fn monotonic(&self) -> Micros;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn wall(&self) -> Timestamp {
        C::wall(self)
    }

    fn monotonic(&self) -> Micros {
        C::monotonic(self)
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970: admission then refuses it as stepped.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    #[cfg(target_os = "linux")]
    fn monotonic(&self) -> Micros {
        // Rust's `Instant` stops while a machine sleeps; a laptop that wakes would seem to have had its
        // clock stepped.
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
        Micros(seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000))
    }

    #[cfg(not(target_os = "linux"))]
    fn monotonic(&self) -> Micros {
        use std::sync::OnceLock;
        use std::time::Instant;
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let since = ORIGIN.get_or_init(Instant::now).elapsed();
        Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

/// A clock that moves only when told. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    wall: Arc<AtomicU64>,
    monotonic: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands at `wall`.
    pub fn new(wall: Timestamp) -> ManualClock {
        ManualClock {
            wall: Arc::new(AtomicU64::new(wall.0)),
            monotonic: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Micros) {
        self.wall.fetch_add(by.0, Ordering::SeqCst);
        self.monotonic.fetch_add(by.0, Ordering::SeqCst);
    }

    /// Lets time pass until `wall`; does nothing if it is later already.
    pub fn advance_to(&self, wall: Timestamp) {
        self.advance(wall.since(self.wall()));
    }

    /// Sets the wall clock without time having passed.
    pub fn step(&self, wall: Timestamp) {
        self.wall.store(wall.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Micros {
        Micros(self.monotonic.load(Ordering::SeqCst))
    }
}
