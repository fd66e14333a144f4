//! How far an import is, for whoever waits for it.

/// What an import is at. Told now and then, and at the end of each part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The file is read. Nothing is known of its length.
    Reading {
        /// Rows so far.
        rows: u64,
    },
    /// What is to be written is checked against the laws.
    Checking {
        /// Steps of the history so far (a row asked for, granted, given up).
        steps: u64,
        /// How many there are.
        of: u64,
    },
    /// Commits are compared with those that an earlier try stored, or written.
    Writing {
        /// Commits so far.
        commits: u64,
        /// How many there are.
        of: u64,
    },
}
