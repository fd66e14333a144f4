//! What can go wrong on the command line, what is said of it, and the exit code.

use std::fmt;
use std::process::ExitCode;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    what: String,
}

/// The exit code of a failure, as `seatledger --help` documents them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Something failed that should not: a full disk, a pipe that broke.
    Unexpected = 1,
    /// A value on the command line, or in a file it names, is wrong.
    Usage = 2,
    /// A login was denied, or waits in line. The answer stands on stdout already.
    Denied = 3,
    /// No such account, user or session, or it makes no sense now.
    Refused = 4,
    /// The ledger is damaged, foreign or fails verification.
    Damaged = 5,
    /// Another process has the ledger open.
    InUse = 6,
}

impl Failure {
    pub(crate) fn new(kind: Kind, what: impl fmt::Display) -> Failure {
        Failure { kind, what: what.to_string() }
    }

    pub(crate) fn usage(what: impl fmt::Display) -> Failure {
        Failure::new(Kind::Usage, what)
    }

    pub(crate) fn refused(what: impl fmt::Display) -> Failure {
        Failure::new(Kind::Refused, what)
    }

    pub(crate) fn unexpected(what: impl fmt::Display) -> Failure {
        Failure::new(Kind::Unexpected, what)
    }

    /// The same, with one more thing to try.
    pub(crate) fn hint(self, hint: &str) -> Failure {
        Failure { what: format!("{}; {hint}", self.what), ..self }
    }

    /// Whether it is nobody's mistake.
    pub(crate) fn is_unexpected(&self) -> bool {
        self.kind == Kind::Unexpected
    }

    /// What is said of it.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Says what failed on stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.what.is_empty() {
            eprintln!("seatledger: {}", self.what);
        }
        ExitCode::from(self.kind as u8)
    }
}
