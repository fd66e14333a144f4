//! What can be said of people and devices, and of who saw their names.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand, Debug)]
pub(crate) enum User {
    /// Register a user. Users are free; with `--users open` this happens at first login by itself.
    Add {
        /// The account's name.
        account: String,
        /// The user's name.
        user: String,
    },
    /// Keep a user from logging in; ends the user's sessions.
    Suspend {
        /// The account's name.
        account: String,
        /// The user's name.
        user: String,
    },
    /// Let a suspended user log in again.
    Reinstate {
        /// The account's name.
        account: String,
        /// The user's name.
        user: String,
    },
    /// Erase who a user is, for good: name and notes go, seats and fees stay under a number.
    ///
    /// Ends the user's sessions and records that the user was forgotten; then erases name, salt and notes
    /// from the directory and rewrites its files. Needs --reason, which stays and must not name the user.
    /// Backups made before still hold the name: see docs/privacy.md.
    Forget {
        /// The account's name.
        account: String,
        /// The user's name, or number such as user-3.
        user: String,
    },
    /// Everything that is held about one person, as JSON, with a plain word on each part. Recorded as a look.
    Export {
        /// The account's name.
        account: String,
        /// The user's name, or number such as user-3.
        user: String,
        /// Write it into this new file instead of stdout.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Device {
    /// Erase what a device is, for good; its number stays. Needs --reason.
    Forget {
        /// The account's name.
        account: String,
        /// The device's name, or number such as device-3.
        device: String,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Site {
    /// Add a site.
    Add {
        /// The account's name.
        account: String,
        /// The site's name.
        site: String,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Retention {
    /// Forget the devices whose last login is longer ago than their account's policy keeps them.
    ///
    /// A service does this by itself once a day; single commands never do.
    Run {
        /// Only this account.
        #[arg(long)]
        account: Option<String>,
        /// Only say which; change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Whether names are shown.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Naming {
    /// Show numbers (user-3) instead of names. Then nothing is recorded; a look at names is.
    #[arg(long)]
    pub(crate) no_names: bool,
}
