//! What can be said of the server.

use clap::{Args, Subcommand};
use seats::Timestamp;
use server::access::TokenRole;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Open a clinic that lives: a played month, and from now on people who log in and out by themselves.
    /// In --data, which must be empty or absent, else in ./seatledger-demo, made anew.
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) config: Config,
    /// How to log to stderr.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,
}

/// Settings: a file, then the environment (SEATLEDGER_LISTEN for `listen`), then these flags.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// TOML file of settings; `seatledger config keys` lists them.
    #[arg(long, value_name = "FILE", env = "SEATLEDGER_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Any other setting. Repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ConfigCommand {
    /// Check the settings and show what they come to.
    Check(Config),
    /// List every setting with its default and meaning.
    Keys,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Token {
    /// Make an access token. It is shown once, and kept nowhere.
    Create {
        /// What it is for: app, support, finance, auditor, admin or customer.
        #[arg(long, value_parser = read_role)]
        role: TokenRole,
        /// An account it is good for. Repeatable; all accounts if left out.
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
        /// Whose it is, in your own words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        /// The day or instant from which on it is no longer good (UTC).
        #[arg(long, value_name = "TIME", value_parser = read_expiry)]
        expires: Option<Timestamp>,
    },
    /// List the tokens, without their secrets.
    List,
    /// Make a token worthless, for good.
    Revoke {
        /// Its number.
        number: u32,
    },
}

fn read_role(word: &str) -> Result<TokenRole, String> {
    let all: Vec<&str> = TokenRole::ALL.iter().map(|role| role.word()).collect();
    TokenRole::from_word(word).ok_or_else(|| format!("{word:?} is not one of {}", all.join(", ")))
}

fn read_expiry(text: &str) -> Result<Timestamp, String> {
    reporting::civil::Zone::UTC.read_time(text).map_err(|error| error.to_string())
}
