//! The command line of `verify`, `key`, `evidence` and `witness`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// An evidence pack, made by `seatledger evidence`.
    #[arg(conflicts_with = "against", requires = "key")]
    pub(crate) pack: Option<PathBuf>,
    /// The ledger's public key, as `seatledger key show` prints it, from somewhere you trust. Repeatable:
    /// give older ones too if the key was changed.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Which witnesses must have cosigned the pack's last seal: a C2SP tlog-policy file.
    #[arg(long, value_name = "FILE", requires = "pack")]
    pub(crate) policy: Option<PathBuf>,
    /// A seal that was kept elsewhere. Repeatable: the more there are, the closer a difference is told.
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Vec<PathBuf>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Key {
    /// Make the key, once. Its public half is printed: give it to auditors and customers.
    New {
        /// Names the ledger in every seal: a host and path you own, such as example.com/clinics.
        origin: String,
    },
    /// The public key, as auditors need it.
    Show,
    /// Change to a new key. Recorded; the log is sealed once with both.
    Rotate,
}

#[derive(Args, Debug)]
pub(crate) struct Witness {
    /// Its name, such as its host; it stands in every cosignature.
    #[arg(long)]
    pub(crate) name: String,
    /// Where it keeps its key and what it remembers; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The public key of a ledger to watch. Repeatable.
    #[arg(long = "log", value_name = "KEY", required = true)]
    pub(crate) logs: Vec<String>,
    /// Where to listen. Put it behind a proxy with TLS to listen to the world.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7480")]
    pub(crate) listen: std::net::SocketAddr,
}

#[derive(Args, Debug)]
pub(crate) struct Evidence {
    /// The account's name.
    pub(crate) account: String,
    /// The first instant of the period.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// The first instant after it; it has come.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// Where to write the pack.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Put the names into it, for an auditor who is entitled to them.
    #[arg(long)]
    pub(crate) names: bool,
    /// Have its last seal cosigned by the witnesses of this C2SP tlog-policy file.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}
