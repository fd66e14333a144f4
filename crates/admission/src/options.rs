//! What an embedding program may choose.

use std::time::Duration;

/// How admission works. The default suits a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether this is a service that listens for heartbeats, and not a single call. A service records its
    /// starts and stops, credits every lease with the time it was not listening, and settles sessions of
    /// all accounts when they are due.
    pub service: bool,
    /// How many groups of commits may be on their way to the disk at the same time, 1 or more.
    pub depth: usize,
    /// How many commits make a group worth sending while another is being synced, 1 or more.
    pub group_min: usize,
    /// How many requests may be waiting for their answers altogether; more are told to come back.
    pub waiting_max: usize,
    /// How many requests may be waiting for one account while its last commits are being synced, so that
    /// one account cannot take up all the room.
    pub account_waiting_max: usize,
    /// How often signs of life are saved. After a crash, this much of them is missing, and credited.
    pub save_every: Duration,
    /// How often what is due by time alone is looked for.
    pub sweep_every: Duration,
    /// A service that could not listen for longer than this, because the machine slept or the disk hung,
    /// credits the time to every lease and records it like a restart. `None`: it does not look.
    pub stall: Option<Duration>,
    /// How often a service seals the log, if the ledger has a key to sign with and anything has happened since
    /// the last seal; the first time when it begins to listen. `None`: it does not.
    pub seal_every: Option<Duration>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            service: true,
            depth: 4,
            group_min: 64,
            waiting_max: 65_536,
            account_waiting_max: 8_192,
            save_every: Duration::from_secs(10),
            sweep_every: Duration::from_secs(1),
            stall: Some(Duration::from_secs(30)),
            seal_every: Some(Duration::from_secs(3_600)),
        }
    }
}

impl Options {
    /// For a program that makes a few calls and ends, beside which nobody listens.
    pub fn one_shot() -> Options {
        Options { service: false, ..Options::default() }
    }
}
